"""What a reader meant by a misspelt Latin word: the word of a name that is fewest keystrokes away."""

from collections.abc import Callable, Collection, Iterable

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from catalog.listing.search.tokens import MAX_QUERY_CHARS, latin_words, words_of
from catalog.listing.table import Table

#: Shorter words have too many neighbours.
SHORTEST = 3
#: As many mistakes are put right in a word of this length or more. In three letters only two may have changed places.
MISTAKES = ((7, 2), (SHORTEST, 1))
#: A text of more words is no name, and each is compared with all that names have.
MAX_WORDS = 8


def find_meant(typed: str, *, finds: Callable[[str], object], tables: Iterable[Table]) -> str | None:
    """Return what may have been meant where nothing is found as typed, if that finds something.

    `finds` says whether a query finds anything; words are those of the names in `tables`.
    """
    if not typed or finds(typed):
        return None
    meant = correct(typed, words=known_words(tables))
    return meant if meant and finds(meant) else None


def correct(query_string: str, *, words: Collection[str]) -> str | None:
    """Return the query with each misspelt Latin word replaced by one of `words`, or None if none is.

    `words` are folded. What is among them, or begins one as the last word, stays as typed; so does all else.
    """
    query_string = query_string[:MAX_QUERY_CHARS]
    typed = latin_words(query_string)
    if len(typed) > MAX_WORDS:
        return None
    corrected = query_string
    # From the end, so that places stay right.
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
    """Return the word that is fewest keystrokes away, if there is one near enough; first those that begin alike."""
    allowed = next((mistakes for length, mistakes in MISTAKES if len(word) >= length), 0)
    if not allowed:
        return None
    near = process.extract(word, words, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    if len(word) == SHORTEST:
        near = [it for it in near if sorted(it[0]) == sorted(word)]
    # What was left off is missed more often than what was typed wrong.
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
    """The Latin words of the names of all that is listed, folded."""
    return set().union(*map(_words_in, tables))


def _words_in(table: Table) -> set[str]:
    if "words" not in table.cache:
        columns = [table.texts[name] for name in ("name_en", "name_zh", "aliases")]
        names = {column[slot] for slot in np.flatnonzero(table.rows).tolist() for column in columns}
        table.cache["words"] = {word for text in names for name in text.splitlines() for word in words_of(name)}
    return table.cache["words"]
