"""Words for the search index, out of text in any mixture of scripts.

Index and query go through the same functions, and neither database's own parser sees the text: PostgreSQL's
takes `Copy.ai` for a host name and `-3` for a number, SQLite's takes a run of Chinese for one word. What they
get are finished tokens, so both answer alike.

Chinese (with kana and hangul) becomes overlapping pairs of characters plus the single ones: any substring is
found, whatever a dictionary would call a word. Other words become their parts (`gpt`, `3`) and their spelling
without punctuation (`gpt3`).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

#: A longer query is cut: nobody types it, and each further word costs a look-up.
MAX_QUERY_CHARS = 512
MAX_QUERY_CLAUSES = 64
#: Longer words (hashes, data addresses) keep their beginning; in the query too, so that they still meet.
MAX_TOKEN_CHARS = 64
MAX_NAME_CHARS = 128
#: More parts than this are a path or a list, and nobody types it without punctuation.
MAX_JOINED_PARTS = 6

#: Starts the token that holds a whole name. A private-use character is never part of a word.
NAME_MARK = "\ue001"

_JOINERS = frozenset("-._/&+'\u2019\u00b7\u2010\u2011\u2012\u2013\u2027\u30fb")
_CJK = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u309f\u30a1-\u30fa\u30fc-\u312f"
    "\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_SEGMENTS = re.compile("c+|w+(?:jw+)*")
_PARTS = re.compile("w+")
_LETTERS_THEN_DIGITS = re.compile(r"([^\W\d]{2,})(\d.*)")


@dataclass(frozen=True)
class Term:
    """One token to look up: the whole token, or any that begins with it."""

    token: str
    prefix: bool = False


#: Each clause must match, by all the terms of one of its alternatives.
Clause = tuple[tuple[Term, ...], ...]


@dataclass(frozen=True)
class Query:
    """A parsed query string.

    `name` is its whole text as a name would be indexed, to tell the names that begin with it.
    """

    clauses: tuple[Clause, ...] = ()
    name: str = ""

    def __bool__(self) -> bool:
        return bool(self.clauses)


@lru_cache(maxsize=20_000)
def _kind(char: str) -> str:
    """Say by a letter what a character is: c (CJK), w (of a word), j (joins parts of a word), or a blank."""
    if char in _JOINERS:
        return "j"
    category = unicodedata.category(char)
    if _CJK.match(char):
        return "c" if category[0] in "LNM" else " "
    # Marks belong to words: without them words of Indic scripts would fall apart.
    return "w" if category[0] in "LNM" else " "


def fold(text: str) -> str:
    """Bring `text` into the form that is compared: half-width, lower case, no accents, nothing invisible."""
    text = unicodedata.normalize("NFKC", "".join(c for c in text if not _invisible(c))).casefold()
    if text.isascii():
        return text
    # Only the Latin and Greek accents go: the marks of kana tell words apart.
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text)))


@lru_cache(maxsize=20_000)
def _invisible(char: str) -> bool:
    """Whether `char` must not split a word: zero-width spaces, soft hyphens, variation selectors."""
    if unicodedata.category(char) == "Cf":
        return True
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


@dataclass(frozen=True)
class _Segment:
    """A run of CJK characters, or one word with its parts."""

    cjk: str = ""
    parts: tuple[str, ...] = ()
    #: Only blanks stand between the word before and this one.
    adjacent: bool = False

    @property
    def joined(self) -> str:
        return self.cjk or "".join(self.parts)

    @property
    def groups(self) -> tuple[str, ...]:
        """The parts, with numbers put to what they number: Claude-3-Opus is claude3, opus."""
        groups: list[str] = []
        for part in self.parts:
            if groups and part[0].isdigit():
                groups[-1] += part
            else:
                groups.append(part)
        return tuple(groups)


def _segments(text: str) -> Iterator[_Segment]:
    """The runs and words of folded text, in order."""
    kinds = "".join(map(_kind, text))
    last_end = None
    for match in _SEGMENTS.finditer(kinds):
        start, end = match.span()
        if kinds[start] == "c":
            yield _Segment(cjk=text[start:end])
            last_end = None
        else:
            parts = tuple(text[slice(*part.span())] for part in _PARTS.finditer(kinds, start, end))
            yield _Segment(parts=parts, adjacent=last_end is not None and text[last_end:start].isspace())
            last_end = end


def _cut(token: str) -> str:
    return token[:MAX_TOKEN_CHARS]


def _word_extras(word: _Segment, before: _Segment | None) -> Iterator[str]:
    """Other ways to write a word: without punctuation, with the number after it, with its number apart."""
    if 1 < len(word.parts) <= MAX_JOINED_PARTS:
        yield word.joined
    yield from word.groups
    if before and word.adjacent and word.joined[0].isdigit():
        yield before.joined + word.joined
        yield before.groups[-1] + word.joined
    for part in word.parts:
        if split := _LETTERS_THEN_DIGITS.fullmatch(part):
            yield from split.groups()


def index_tokens(text: str) -> list[str]:
    """All tokens by which `text` can be found, repeated as often as they occur."""
    tokens: list[str] = []
    before = None
    for segment in _segments(fold(text)):
        if run := segment.cjk:
            tokens.extend(run[i : i + 2] for i in range(len(run) - 1))
            tokens.extend(run)
            before = None
            continue
        parts = [_cut(part) for part in segment.parts]
        extras = dict.fromkeys(map(_cut, _word_extras(segment, before)))
        tokens.extend([*parts, *(extra for extra in extras if extra not in parts)])
        before = segment
    return tokens


def name_token(name: str) -> str:
    """Return the token for a whole name, without blanks and punctuation; empty if nothing is left."""
    key = "".join(segment.joined for segment in _segments(fold(name)))
    return NAME_MARK + key[:MAX_NAME_CHARS] if key else ""


def name_tokens(names: Iterable[str]) -> list[str]:
    """The tokens of all `names` that have one."""
    return [token for name in names if (token := name_token(name))]


def parse(query_string: str) -> Query:
    """Say what to look up for a query string. Any is fine; without a letter or digit the query is empty."""
    query_string = query_string[:MAX_QUERY_CHARS]
    segments = list(_segments(fold(query_string)))
    words = [i for i, segment in enumerate(segments) if segment.parts]
    clauses: dict[Clause, None] = {}
    for i, segment in enumerate(segments):
        if run := segment.cjk:
            pairs = [run[j : j + 2] for j in range(len(run) - 1)] or [run]
            clauses.update({((Term(pair),),): None for pair in pairs})
        else:
            clauses[_word_clause(segment, prefix=i == words[-1])] = None
    return Query(tuple(clauses)[:MAX_QUERY_CLAUSES], name_token(query_string))


def _word_clause(word: _Segment, prefix: bool) -> Clause:
    """How a typed word may be written in the index: with its parts together, or apart as in "text to image".

    A number never stands apart: `gpt-3` would find all that says GPT and, somewhere else, 3.
    """
    spellings = [(word.joined,)] if len(word.parts) <= MAX_JOINED_PARTS else []
    if len(word.groups) > 1 or not spellings:
        spellings.append(word.groups if spellings else word.parts)
    return tuple(_terms(spelling, prefix) for spelling in spellings)


def _terms(tokens: tuple[str, ...], prefix: bool) -> tuple[Term, ...]:
    *whole, last = map(_cut, tokens)
    return (*map(Term, whole), Term(last, prefix))
