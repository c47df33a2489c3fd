"""Words for the search index, out of text in any mixture of scripts.

Index and query go through the same functions, and neither database's own parser sees the text: PostgreSQL's
takes `Copy.ai` for a host name and `-3` for a number, SQLite's takes a run of Chinese for one word. What they
get are finished tokens, so both answer alike.

Chinese (with kana and hangul) becomes overlapping pairs of characters plus the single ones: any substring is
found, whatever a dictionary would call a word. Traditional characters become simplified ones. Other words become
their parts (`gpt`, `3`) and their spelling without punctuation (`gpt3`). Chinese names are also found by how they
sound, in pinyin or its initials.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from opencc import OpenCC
from pypinyin import Style, lazy_pinyin

#: A longer query is cut: nobody types it, and each further word costs a look-up.
MAX_QUERY_CHARS = 512
MAX_QUERY_CLAUSES = 64
#: Longer words (hashes, data addresses) keep their beginning; in the query too, so that they still meet.
MAX_TOKEN_CHARS = 64
MAX_NAME_CHARS = 128
#: More parts than this are a path or a list, and nobody types it without punctuation.
MAX_JOINED_PARTS = 6

#: Start the tokens that hold a whole name, the sound of a whole name, the sound of a name from a later character on,
#: and a whole short line of a text, such as the name of a segment. A private-use character is never part of a word.
NAME_MARK, SOUND_MARK, LATER_SOUND_MARK, LINE_MARK = "\ue001", "\ue002", "\ue003", "\ue004"
#: Fewer letters say too little of a sound: "ai" begins a hundred names.
MIN_SOUND_CHARS = 3
#: Longer lines are sentences, which nobody types.
MAX_LINE_CHARS = 60
#: Nobody types the sound of a longer name.
MAX_SOUND_SYLLABLES = 16

_JOINERS = frozenset("-._/&+'\u2019\u00b7\u2010\u2011\u2012\u2013\u2027\u30fb")
_CJK = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u309f\u30a1-\u30fa\u30fc-\u312f"
    "\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_SEGMENTS = re.compile("c+|w+(?:jw+)*")
_PARTS = re.compile("w+")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
# Also with accents, and full-width.
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\uff21-\uff3a\uff41-\uff5a]+")
# Folded.
_LETTERS = re.compile("[a-z]+")
_WORDS = re.compile(r"[a-z]+(?:[-._/&+'’·][a-z]+)*")
_SOUND = re.compile("[a-z][a-z0-9]*")
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

    `key` is its whole text without blanks and punctuation, to tell what has this very name. `sounds` are its clauses
    where each Latin word may also be the sound of a part of a Chinese name.
    """

    clauses: tuple[Clause, ...] = ()
    sounds: tuple[Clause, ...] = ()
    key: str = ""

    @property
    def name(self) -> Term:
        """What has this very name."""
        return Term(NAME_MARK + self.key[:MAX_NAME_CHARS])

    @property
    def line(self) -> Term:
        """What has this very line in a text."""
        return Term(LINE_MARK + self.key[:MAX_NAME_CHARS])

    @property
    def sound(self) -> Term | None:
        """What has a Chinese name that sounds so, if the query can be one's sound."""
        is_sound = len(self.key) >= MIN_SOUND_CHARS and _SOUND.fullmatch(self.key)
        return Term(SOUND_MARK + self.key[:MAX_NAME_CHARS]) if is_sound else None

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


def is_cjk(char: str) -> bool:
    """Whether a character is Chinese, kana or hangul."""
    return bool(_CJK.match(char))


def fold(text: str) -> str:
    """Bring `text` into the form that is compared: half-width, lower case, simplified, no accents or invisible ones."""
    text = unicodedata.normalize("NFKC", "".join(c for c in text if not _invisible(c))).casefold()
    if text.isascii():
        return text
    # Only the Latin and Greek accents go: the marks of kana tell words apart.
    text = unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text)))
    return text.translate(_SIMPLIFIED)


class _Simplified(dict):
    """The simplified form of each character, by itself: then a piece of a text folds like the whole of it."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = _converter().convert(char) if _HAN.match(char) else char
        return self[code]


_SIMPLIFIED = _Simplified()


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


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


def key_of(text: str) -> str:
    """A folded text without blanks and punctuation."""
    return "".join(segment.joined for segment in _segments(fold(text)))


def name_token(name: str) -> str:
    """Return the token for a whole name, without blanks and punctuation; empty if nothing is left."""
    key = key_of(name)
    return NAME_MARK + key[:MAX_NAME_CHARS] if key else ""


def name_tokens(names: Iterable[str]) -> list[str]:
    """The tokens of all `names` that have one, and of how Chinese ones sound."""
    names = list(names)
    tokens = [token for name in names if (token := name_token(name))]
    return [*tokens, *dict.fromkeys(token for name in names for token in sound_tokens(name))]


def line_token(line: str) -> str:
    """Return the token for a whole line of a text; empty if it is a sentence."""
    key = key_of(line) if len(line) <= MAX_LINE_CHARS else ""
    return LINE_MARK + key[:MAX_NAME_CHARS] if key else ""


def sound_tokens(name: str) -> list[str]:
    """How a Chinese name is typed by its sound: in pinyin, from its first or a later character on, and in initials.

    Words of other scripts in it stay: 文心 4.5 is wenxin45 and wx45. Which way a character is read depends on its
    neighbours (重庆 is chongqing, 重要 is zhongyao), so a name is read as a whole.
    """
    syllables: list[str] = []
    initials: list[str] = []
    for segment in _segments(fold(name)):
        if run := segment.cjk:
            syllables += lazy_pinyin(run)
            initials += lazy_pinyin(run, style=Style.FIRST_LETTER)
        else:
            syllables.append(segment.joined)
            initials.append(segment.joined)
    if len(_HAN.findall(fold(name))) < 2 or len(syllables) > MAX_SOUND_SYLLABLES:
        return []
    whole = {SOUND_MARK + _cut("".join(syllables)), SOUND_MARK + _cut("".join(initials))}
    later = {LATER_SOUND_MARK + _cut("".join(syllables[start:])) for start in range(len(syllables))}
    # Characters without pinyin stay what they are, and nobody types such a sound.
    return sorted(token for token in whole | later if _SOUND.fullmatch(token[1:]))


def words_of(name: str) -> set[str]:
    """The words of a name that could be misspelt: of Latin letters, together and apart, folded."""
    words: set[str] = set()
    for word in _WORDS.findall(fold(name)):
        parts = _LETTERS.findall(word)
        words.update(parts)
        if 1 < len(parts) <= MAX_JOINED_PARTS:
            words.add("".join(parts))
    return words


def latin_words(text: str) -> list[tuple[int, int, str]]:
    """The runs of Latin letters in a text: first place, place after the last one, and folded."""
    return [(*match.span(), fold(match.group())) for match in _LATIN.finditer(text)]


def parse(query_string: str) -> Query:
    """Say what to look up for a query string. Any is fine; without a letter or digit the query is empty."""
    query_string = query_string[:MAX_QUERY_CHARS]
    segments = list(_segments(fold(query_string)))
    words = [i for i, segment in enumerate(segments) if segment.parts]
    clauses: dict[Clause, Clause] = {}
    for i, segment in enumerate(segments):
        if run := segment.cjk:
            pairs = [run[j : j + 2] for j in range(len(run) - 1)] or [run]
            clauses.update({((Term(pair),),): ((Term(pair),),) for pair in pairs})
        else:
            clause = _word_clause(segment, prefix=i == words[-1])
            clauses[clause] = (*clause, *_sound_of(segment))
    return Query(tuple(clauses)[:MAX_QUERY_CLAUSES], tuple(clauses.values())[:MAX_QUERY_CLAUSES], key_of(query_string))


def _sound_of(word: _Segment) -> Clause:
    """The alternative of a typed word that it is the sound of a part of a Chinese name."""
    if len(word.joined) < MIN_SOUND_CHARS or not _SOUND.fullmatch(word.joined):
        return ()
    return ((Term(LATER_SOUND_MARK + _cut(word.joined), prefix=True),),)


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
    # One letter begins a tenth of all words; names that begin with it are found all the same.
    return (*map(Term, whole), Term(last, prefix and len(last) > 1))
