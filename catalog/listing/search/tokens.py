"""Tokens for the search index, from text in any mixture of scripts.

Index and query use the same functions, and the databases' own parsers never see the text: PostgreSQL's takes `Copy.ai`
for a host name and `-3` for a number, SQLite's takes a run of Chinese for one word. They get finished tokens, so both
give the same results.

Chinese (with kana and hangul) becomes overlapping pairs of characters plus the single ones: any substring is found,
whatever a dictionary would call a word. Traditional characters become simplified ones. Other words become their parts
(`gpt`, `3`) and their spelling without punctuation (`gpt3`). Chinese names are also found by their sound, in pinyin or
its initials.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from opencc import OpenCC
from pypinyin import Style, lazy_pinyin

#: Longer queries are cut: nobody types them, and each further word costs a look-up.
MAX_QUERY_CHARS = 512
MAX_QUERY_CLAUSES = 64
#: Longer words (hashes, data URLs) keep their beginning, in queries too, so that they still match.
MAX_TOKEN_CHARS = 64
MAX_NAME_CHARS = 128
#: Words with more parts are paths or lists, and nobody types them without punctuation.
MAX_JOINED_PARTS = 6

#: First characters of the tokens for a whole name, the sound of a whole name, the sound of a name from a later
#: character on, and a whole short line of a text, such as the name of a segment. A private-use character is never part
#: of a word.
NAME_MARK, SOUND_MARK, LATER_SOUND_MARK, LINE_MARK = "\ue001", "\ue002", "\ue003", "\ue004"
#: Fewer letters are too ambiguous as a sound: "ai" begins a hundred names.
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
class QueryTerm:
    """One token to look up: the whole token, or any token that begins with it."""

    token: str
    prefix: bool = False


#: Alternatives, each a tuple of terms. A clause matches if all terms of one alternative do.
Clause = tuple[tuple[QueryTerm, ...], ...]


@dataclass(frozen=True)
class Query:
    """A parsed query string.

    `key` is its whole text without spaces and punctuation, to find objects with this exact name. `sounds` are its
    clauses with one more alternative for each Latin word: that it is the sound of a part of a Chinese name.
    """

    clauses: tuple[Clause, ...] = ()
    sounds: tuple[Clause, ...] = ()
    key: str = ""

    @property
    def name(self) -> QueryTerm:
        """The term for objects with exactly this name."""
        return QueryTerm(NAME_MARK + self.key[:MAX_NAME_CHARS])

    @property
    def line(self) -> QueryTerm:
        """The term for objects with exactly this line in a text."""
        return QueryTerm(LINE_MARK + self.key[:MAX_NAME_CHARS])

    @property
    def sound(self) -> QueryTerm | None:
        """The term for Chinese names with this sound, if the query can be one."""
        is_sound = len(self.key) >= MIN_SOUND_CHARS and _SOUND.fullmatch(self.key)
        return QueryTerm(SOUND_MARK + self.key[:MAX_NAME_CHARS]) if is_sound else None

    def __bool__(self) -> bool:
        return bool(self.clauses)


@lru_cache(maxsize=20_000)
def _kind(char: str) -> str:
    """Return the class of a character: c (CJK), w (word), j (joins parts of a word), or a space."""
    if char in _JOINERS:
        return "j"
    category = unicodedata.category(char)
    if _CJK.match(char):
        return "c" if category[0] in "LNM" else " "
    # Marks belong to words: without them, words of Indic scripts would fall apart.
    return "w" if category[0] in "LNM" else " "


def is_cjk(char: str) -> bool:
    """Return whether a character is Chinese, kana or hangul."""
    return bool(_CJK.match(char))


def fold(text: str) -> str:
    """Return `text` normalized: half-width, lower case, simplified, without accents or invisible characters."""
    text = unicodedata.normalize("NFKC", "".join(c for c in text if not _invisible(c))).casefold()
    if text.isascii():
        return text
    # Only Latin and Greek accents are removed: the marks of kana tell words apart.
    text = unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text)))
    return text.translate(_SIMPLIFIED)


class _Simplified(dict[int, str]):
    """The simplified form of each character on its own, so that a part of a text folds as in the whole text."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        simplified: str = _converter().convert(char) if _HAN.match(char) else char
        self[code] = simplified
        return simplified


_SIMPLIFIED = _Simplified()


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(maxsize=20_000)
def _invisible(char: str) -> bool:
    """Return whether `char` must not split a word: zero-width spaces, soft hyphens, variation selectors."""
    if unicodedata.category(char) == "Cf":
        return True
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


@dataclass(frozen=True)
class _Segment:
    """A run of CJK characters, or one word with its parts."""

    cjk: str = ""
    parts: tuple[str, ...] = ()
    #: Whether only spaces separate it from the word before.
    adjacent: bool = False

    @property
    def joined(self) -> str:
        return self.cjk or "".join(self.parts)

    @property
    def groups(self) -> tuple[str, ...]:
        """The parts, with numbers joined to the part before: Claude-3-Opus is claude3, opus."""
        groups: list[str] = []
        for part in self.parts:
            if groups and part[0].isdigit():
                groups[-1] += part
            else:
                groups.append(part)
        return tuple(groups)


def _segments(text: str) -> Iterator[_Segment]:
    """Yield the runs and words of folded text, in order."""
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
    """Yield other ways to write a word: without punctuation, joined with a number after it, with its number apart."""
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
    """Return all tokens by which `text` can be found, repeated as often as they occur."""
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
    """Return a text folded, without spaces and punctuation."""
    return "".join(segment.joined for segment in _segments(fold(text)))


def name_token(name: str) -> str:
    """Return the token for a whole name, without spaces and punctuation; empty if nothing is left."""
    key = key_of(name)
    return NAME_MARK + key[:MAX_NAME_CHARS] if key else ""


def name_tokens(names: Iterable[str]) -> list[str]:
    """Return the tokens of all `names`, and those of the sounds of Chinese ones."""
    names = list(names)
    tokens = [token for name in names if (token := name_token(name))]
    return [*tokens, *dict.fromkeys(token for name in names for token in sound_tokens(name))]


def line_token(line: str) -> str:
    """Return the token for a whole line of a text; empty if the line is a sentence."""
    key = key_of(line) if len(line) <= MAX_LINE_CHARS else ""
    return LINE_MARK + key[:MAX_NAME_CHARS] if key else ""


def sound_tokens(name: str) -> list[str]:
    """Return the tokens of a Chinese name's sounds: pinyin, from its first or a later character on, and initials.

    Words of other scripts in it stay: 文心 4.5 is wenxin45 and wx45. A character's reading depends on its neighbours
    (重庆 is chongqing, 重要 is zhongyao), so a name is read as a whole.
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
    # Characters without pinyin stay as they are, and nobody types such a sound.
    return sorted(token for token in whole | later if _SOUND.fullmatch(token[1:]))


def words_of(name: str) -> set[str]:
    """Return the words of a name that could be misspelt: Latin letters, joined and separate, folded."""
    words: set[str] = set()
    for word in _WORDS.findall(fold(name)):
        parts = _LETTERS.findall(word)
        words.update(parts)
        if 1 < len(parts) <= MAX_JOINED_PARTS:
            words.add("".join(parts))
    return words


def latin_words(text: str) -> list[tuple[int, int, str]]:
    """Return the runs of Latin letters in a text: first position, position after the last, and the folded letters."""
    return [(*match.span(), fold(match.group())) for match in _LATIN.finditer(text)]


def parse(query_string: str) -> Query:
    """Return the parsed form of any query string; it is empty without a letter or digit."""
    query_string = query_string[:MAX_QUERY_CHARS]
    segments = list(_segments(fold(query_string)))
    words = [i for i, segment in enumerate(segments) if segment.parts]
    clauses: dict[Clause, Clause] = {}
    for i, segment in enumerate(segments):
        if run := segment.cjk:
            pairs = [run[j : j + 2] for j in range(len(run) - 1)] or [run]
            clauses.update({((QueryTerm(pair),),): ((QueryTerm(pair),),) for pair in pairs})
        else:
            clause = _word_clause(segment, prefix=i == words[-1])
            clauses[clause] = (*clause, *_sound_of(segment))
    return Query(tuple(clauses)[:MAX_QUERY_CLAUSES], tuple(clauses.values())[:MAX_QUERY_CLAUSES], key_of(query_string))


def _sound_of(word: _Segment) -> Clause:
    """Return the alternative that a typed word is the sound of a part of a Chinese name; none if it can't be."""
    if len(word.joined) < MIN_SOUND_CHARS or not _SOUND.fullmatch(word.joined):
        return ()
    return ((QueryTerm(LATER_SOUND_MARK + _cut(word.joined), prefix=True),),)


def _word_clause(word: _Segment, prefix: bool) -> Clause:
    """Return how a typed word may be written in the index: with its parts joined, or apart as in "text to image".

    A number never stands alone: `gpt-3` would find every text with GPT and, somewhere else, 3.
    """
    spellings: list[tuple[str, ...]] = [(word.joined,)] if len(word.parts) <= MAX_JOINED_PARTS else []
    if len(word.groups) > 1 or not spellings:
        spellings.append(word.groups if spellings else word.parts)
    return tuple(_terms(spelling, prefix) for spelling in spellings)


def _terms(tokens: tuple[str, ...], prefix: bool) -> tuple[QueryTerm, ...]:
    *whole, last = map(_cut, tokens)
    # A single letter begins a tenth of all words; names that begin with it are found anyway.
    return (*map(QueryTerm, whole), QueryTerm(last, prefix and len(last) > 1))
