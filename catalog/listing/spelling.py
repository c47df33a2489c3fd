"""Corrects misspelt Latin words in a query: to the word of a name that is fewest keystrokes away."""

from collections.abc import Callable, Collection, Iterable

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from catalog.listing.search.tokens import MAX_QUERY_CHARS, latin_words, words_of
from catalog.listing.table import Table

#: Shorter words are not corrected: they have too many neighbours.
SHORTEST = 3
#: Minimum word length, and the number of mistakes corrected. In three letters, only two swapped ones are corrected.
MISTAKES = ((7, 2), (SHORTEST, 1))
#: Queries with more words are no names, and comparing each word with all known words takes time.
MAX_WORDS = 8


def find_meant(typed: str, *, finds: Callable[[str], object], tables: Iterable[Table]) -> str | None:
    """Return a corrected query, if nothing is found as typed and the correction finds something; else None.

    `finds` returns whether a query finds anything; the known words are those of the names in `tables`.
    """
    if not typed or finds(typed):
        return None
    meant = correct(typed, words=known_words(tables))
    return meant if meant and finds(meant) else None


def correct(query_string: str, *, words: Collection[str]) -> str | None:
    """Return the query with each misspelt Latin word replaced by one of `words`, or None if none is.

    `words` are folded. Known words stay as typed, and so does the last word if a known word begins with it.
    """
    query_string = query_string[:MAX_QUERY_CHARS]
    typed = latin_words(query_string)
    if len(typed) > MAX_WORDS:
        return None
    corrected = query_string
    # From the end, so that positions stay valid.
    for number, (start, end, word) in reversed(list(enumerate(typed))):
        is_last = number == len(typed) - 1
        if word in words or (is_last and any(known.startswith(word) for known in words)):
            continue
        if meant := find_nearest(word, words=words):
            as_typed = corrected[start:end]
            meant = meant.upper() if as_typed.isupper() else meant.title() if as_typed[0].isupper() else meant
            corrected = corrected[:start] + meant + corrected[end:]
    return corrected if corrected != query_string else None


def find_nearest(word: str, *, words: Collection[str]) -> str | None:
    """Return the nearest word by keystrokes, if one is near enough; words with the same beginning are preferred."""
    allowed = next((mistakes for length, mistakes in MISTAKES if len(word) >= length), 0)
    if not allowed:
        return None
    near = process.extract(word, words, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    if len(word) == SHORTEST:
        near = [it for it in near if sorted(it[0]) == sorted(word)]
    # Readers leave out letters at the end more often than they mistype one.
    return min(
        (known for known, _mistakes, _place in near),
        key=lambda known: (
            OSA.distance(word, known),
            not known.startswith(word),
            known[0] != word[0],
            abs(len(known) - len(word)),
            known,
        ),
        default=None,
    )


def known_words(tables: Iterable[Table]) -> set[str]:
    """Return the Latin words of the names of all that is listed, folded."""
    return set().union(*map(_words_in, tables))


def _words_in(table: Table) -> set[str]:
    words: set[str] | None = table.cache.get("words")
    if words is None:
        columns = [table.texts[name] for name in ("name_en", "name_zh", "aliases")]
        names = {column[slot] for slot in np.flatnonzero(table.rows).tolist() for column in columns}
        words = {word for text in names for name in text.splitlines() for word in words_of(name)}
        table.cache["words"] = words
    return words
