"""Finds a query in a text: the best passage, with the matches marked, even if they are spelt differently."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pypinyin import Style, lazy_pinyin

from .tokens import MAX_QUERY_CHARS, MIN_SOUND_CHARS, fold, is_cjk, key_of

#: The approximate length of a passage in each language, in characters.
PASSAGE_CHARS = {"en": 160, "zh-hans": 80}
MAX_PARTS = 16
_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?](?!\s|$)[^.!?。！？\n]*)*[.!?。！？]*[”’）)\]]*\s*")
#: What may be between the parts of a word.
_BETWEEN = r"[\s\-._/&+'’·‐‑–]*"
_PIECES = re.compile("[a-z]+|[0-9]+|[^\\W\\da-z_]+")


class _Folds(dict[int, str]):
    """The folded form of each character; for `str.translate`."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = fold(chr(code))
        return folded


_FOLDS = _Folds()


#: A text in pieces, each with whether it matches the query.
Pieces = list[tuple[str, bool]]


@dataclass(frozen=True)
class Passage:
    """A part of a text; `found` tells how much of the query it contains."""

    pieces: Pieces
    language: str
    found: int


class Highlighter:
    """Marks one query in any number of texts."""

    def __init__(self, query_string: str) -> None:
        folded = fold(query_string[:MAX_QUERY_CHARS])
        self.key = key_of(query_string[:MAX_QUERY_CHARS])
        pieces = _PIECES.findall(folded)[:MAX_PARTS]
        # The whole query first, then each word, then pairs of characters of Chinese runs that occur nowhere as a
        # whole.
        self.whole = _pattern(pieces) if pieces else None
        self.words = [_pattern(_PIECES.findall(word)) for word in _words(folded)[:MAX_PARTS]]
        self.pairs = [
            re.compile(re.escape(piece[start : start + 2]))
            for piece in pieces
            if is_cjk(piece[0]) and len(piece) > 2
            for start in range(min(len(piece) - 1, MAX_PARTS))
        ]

    def find(self, text: str) -> tuple[int, list[tuple[int, int]]]:
        """Return how much of the query a text contains, and where: first position, and position after the last."""
        folded, places = _fold_with_places(text)
        if self.whole and (spans := [match.span() for match in self.whole.finditer(folded)]):
            found = len(self.words) + 1
        else:
            by_word = [[match.span() for match in word.finditer(folded)] for word in self.words]
            spans, found = [span for its in by_word for span in its], sum(map(bool, by_word))
            if not found:
                by_pair = [[match.span() for match in pair.finditer(folded)] for pair in self.pairs]
                spans, found = [span for its in by_pair for span in its], any(by_pair)
        return int(found), _merge((places[start], places[end - 1] + 1) for start, end in spans)

    def find_sound(self, name: str) -> list[tuple[int, int]]:
        """Return where the query is the sound of a Chinese name, in pinyin or its initials."""
        folded, places = _fold_with_places(name)
        if len(self.key) < MIN_SOUND_CHARS or not re.fullmatch("[a-z][a-z0-9]*", self.key):
            return []
        syllables = _read(folded)
        for start in range(len(folded)):
            if is_cjk(folded[start]) and (end := _follow(self.key, syllables, start)):
                return [(places[start], places[end - 1] + 1)]
        initials = [it[:1] if is_cjk(char) else it for char, it in zip(folded, syllables, strict=True)]
        if end := _follow(self.key, initials, 0):
            return [(places[0], places[end - 1] + 1)]
        return []

    def mark_name(self, name: str) -> tuple[int, Pieces]:
        """Return how much of the query a name contains, and the name with the matches marked."""
        found, spans = self.find(name)
        if not spans and (spans := self.find_sound(name)):
            found = 1
        return found, _cut(name, spans)

    def find_passage(self, text: str, *, language: str) -> Passage:
        """Return the passage of a text that contains most of the query; the beginning of the text if none does."""
        best, place = 0, 0
        for match in _SENTENCE.finditer(text):
            found, spans = self.find(match.group())
            if spans and found > best:
                best, place = found, match.start()
                first = match.start() + spans[0][0]
                if first - place > PASSAGE_CHARS[language] // 2:
                    place = _start_of_word(text, first - PASSAGE_CHARS[language] // 3)
        end = _end_of_word(text, place + PASSAGE_CHARS[language])
        if end <= place:
            # A single word that is too long is cut anywhere.
            end = place + PASSAGE_CHARS[language]
        passage = text[place:end].strip()
        _found, spans = self.find(passage)
        pieces = _cut(passage, spans)
        if place and text[place - 1 : place].strip() and text[place - 1] not in "。！？":
            pieces.insert(0, ("…", False))
        if end < len(text) and not passage.endswith((".", "。", "!", "！", "?", "？")):
            pieces.append(("…", False))
        return Passage(pieces, language, best)


def _words(folded: str) -> list[str]:
    """Return the words of a folded query, a Chinese run being one; numbers count only if there are no other words."""
    words = [word for word in folded.split() if _PIECES.search(word)]
    return [word for word in words if not word.isdecimal()] or words


def _pattern(pieces: list[str]) -> re.Pattern[str]:
    """Return a pattern for pieces in this order with only punctuation between them; a Latin word from its beginning."""
    text = _BETWEEN.join(map(re.escape, pieces))
    return re.compile(text if is_cjk(pieces[0][0]) else rf"(?<![a-z0-9]){text}")


def _fold_with_places(text: str) -> tuple[str, range | list[int]]:
    """Return a text folded character by character, and the position in `text` of each folded character."""
    folded = text.translate(_FOLDS)
    if all(len(_FOLDS[ord(char)]) == 1 for char in set(text)):
        return folded, range(len(text))
    return folded, [place for place, char in enumerate(text) for _piece in _FOLDS[ord(char)]]


def _merge(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, with touching ones merged."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _cut(text: str, spans: list[tuple[int, int]]) -> Pieces:
    """Return a text cut at the ends of spans; the pieces in spans match."""
    pieces, last = [], 0
    for start, end in spans:
        pieces += [(text[last:start], False), (text[start:end], True)]
        last = end
    return [(piece, is_match) for piece, is_match in [*pieces, (text[last:], False)] if piece]


def _read(folded: str) -> list[str]:
    """Return the sound of each character of a folded name: pinyin, other letters as they are, punctuation empty."""
    sounds: list[str] = []
    for run in re.findall("[\u3400-\u4dbf\u4e00-\u9fff]+|[^\u3400-\u4dbf\u4e00-\u9fff]", folded):
        if is_cjk(run[0]):
            syllables = lazy_pinyin(run, style=Style.NORMAL)
            sounds += syllables if len(syllables) == len(run) else [*run]
        else:
            sounds.append(run if run.isalnum() else "")
    return sounds


def _follow(key: str, sounds: list[str], start: int) -> int:
    """Return the position after the last character whose sound the key has, from `start` on; 0 if the sounds differ."""
    rest = key
    for place in range(start, len(sounds)):
        if rest.startswith(sounds[place]):
            rest = rest[len(sounds[place]) :]
        elif sounds[place].startswith(rest):
            rest = ""
        else:
            return 0
        if not rest:
            return place + 1
    return 0


def _start_of_word(text: str, place: int) -> int:
    """Return the next start of a word at or after a position; every Chinese character is one."""
    while 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum() and not is_cjk(text[place]):
        place += 1
    return max(place, 0)


def _end_of_word(text: str, place: int) -> int:
    """Return the last end of a word at or before a position."""
    if place >= len(text):
        return len(text)
    while place > 0 and text[place - 1].isalnum() and text[place].isalnum() and not is_cjk(text[place]):
        place -= 1
    return place
