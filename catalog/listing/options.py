"""The options of facets: which there are, their order, and their labels in the reader's language."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from heapq import nsmallest
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from django.db.models import CharField, F, Model, Value
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from catalog.listing.as_of import AsOf
from catalog.listing.derive import pinyin_key
from catalog.listing.facets import FACET_SETS, Choices, Countries, Entries, Vocabulary
from catalog.listing.table import Mask, Numbers, Table
from catalog.models import Segment
from catalog.models.kinds import EntryKind
from catalog.models.listing import UNKNOWN
from catalog.values import BilingualText, language_key

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Cached = TypeVar("Cached")
Words = str | BilingualText

# The maximum number of options of a facet that are offered at once: those that most entries have.
MOST_OPTIONS = 40


class FacetOptions:
    """The options of all facets of a kind; at most three queries, whatever the number of entries.

    `everything` is a mask of the listing's rows before any filter, and `scope` names it in cache keys; `tables` has the
    table of each kind.
    """

    def __init__(
        self, *, kind: EntryKind, everything: Mask, scope: str, tables: Mapping[EntryKind, Table], as_of: AsOf
    ) -> None:
        self.everything, self.scope, self.tables, self.as_of = everything, scope, tables, as_of
        self.table, self.facets = tables[kind], FACET_SETS[kind].facets
        self.language = language_key()
        # The parent of each segment that has one; filled when the labels of segments are read.
        self.parents: dict[str, str] = {}
        # Labels that were read from the database, by vocabulary and by facet.
        self._vocabularies: dict[type[Model], dict[str, BilingualText]] = {}
        self._words: dict[str, Mapping[str, Words]] = {}

    def _cached(self, facet: str, *key: str, make: Callable[[], Cached]) -> Cached:
        """Return a value from the table's cache; make it again if the table that the values refer to has changed."""
        targets = self._targets(facet)
        other = targets.stamp if targets else None
        cached: tuple[object, Cached] | None = self.table.cache.get((facet, *key))
        if cached is None or cached[0] is not other:
            cached = self.table.cache[facet, *key] = other, make()
        return cached[1]

    def _targets(self, facet: str) -> Table | None:
        """Return the table of the entries that a facet's values refer to; None if they refer to none."""
        options = self.facets[facet].options
        return self.tables[options.kind] if isinstance(options, Entries) else None

    def _is_closed(self, facet: str) -> bool:
        """Return whether the values of a facet are fixed words, independent of the entries."""
        return isinstance(self.facets[facet].options, Choices | Vocabulary)

    def numbers(self, facet: str) -> dict[str, int]:
        """Return how many entries of the listing have each known value, before any filter."""

        def count() -> dict[str, int]:
            numbers = self.table.count(facet, self.everything)
            # Only live entries: readers must not learn that a draft exists.
            targets = self._targets(facet)
            live = targets.slot_at if targets else numbers
            return {
                value: number for value, number in numbers.items() if number and (value in live or value == UNKNOWN)
            }

        return self._cached(facet, "numbers", self.scope, make=count)

    def is_known(self, facet: str, value: str) -> bool:
        """Return whether a value may be asked for: a word of the vocabulary, or a value that an entry has."""
        return (
            value == UNKNOWN or value in self.numbers(facet) or (self._is_closed(facet) and value in self.words(facet))
        )

    def words(self, facet: str) -> Mapping[str, Words]:
        """Return the labels of the values of a facet with fixed words, in the order shown."""
        if facet not in self._words:
            self._words[facet] = self._read_words(facet)
        return self._words[facet]

    def _read_words(self, facet: str) -> Mapping[str, Words]:
        options = self.facets[facet].options
        if isinstance(options, Choices):
            return translate_choices(options, language=self.language)
        if not isinstance(options, Vocabulary):
            raise TypeError(f"The facet {facet} has no fixed words.")
        words: dict[str, Words] = {**self._read_vocabulary(options.model)}
        if self.as_of.is_past:
            # Only the current words of vocabularies are known, so a former slug is its own label.
            former = self.numbers(facet).keys() - words.keys() - {UNKNOWN}
            words.update((value, value) for value in sorted(former))
        return words

    def _read_vocabulary(self, model: type[Model]) -> dict[str, BilingualText]:
        if model not in self._vocabularies:
            parent = F("parent__slug") if model is Segment else Value(None, CharField())
            rows = list(model._default_manager.values_list("slug", "name_en", "name_zh", parent))
            self._vocabularies[model] = ordered_labels(rows)
            self.parents.update({slug: its_parent for slug, _en, _zh, its_parent in rows if its_parent})
        return self._vocabularies[model]

    def label(self, facet: str, value: str) -> "Words | StrPromise":
        """Return the label of a known value."""
        if value == UNKNOWN:
            return _("Unknown")
        match self.facets[facet].options:
            case Entries(kind):
                table = self.tables[kind]
                slot = table.slot_at[value]
                return BilingualText(en=table.texts["name_en"][slot], zh=table.texts["name_zh"][slot])
            case Countries():
                return name_country(value, self.language)[1]
            case Choices() | Vocabulary():
                return self.words(facet).get(value, value)
        return value

    def shown(self, facet: str, *, chosen: Iterable[str] = (), find: str = "") -> list[tuple[str, object]]:
        """Return the (value, label) pairs to offer in a fixed order: the most frequent ones, and those chosen.

        At most `MOST_OPTIONS`, apart from those chosen; with `find`, only those that have this text in a label.
        """
        if find:
            text = find.casefold()
            most = self.find_most(facet, (value for value in self.numbers(facet) if text in self.names(facet, value)))
        else:
            most = self._cached(facet, "most", self.scope, make=lambda: self.find_most(facet, self.numbers(facet)))
        values = {*most, *(value for value in chosen if self.is_known(facet, value))}
        positions = self.positions(facet)
        ordered = sorted(values, key=lambda value: (value == UNKNOWN, positions.get(value, len(positions)), value))
        return [(value, self.label(facet, value)) for value in ordered]

    def names(self, facet: str, value: str) -> str:
        """Return the label of a known value in lower case, in both languages if it has two, to search for a text."""
        label = self.label(facet, value)
        return (f"{label.en}\n{label.zh}" if isinstance(label, BilingualText) else str(label)).casefold()

    def find_most(self, facet: str, values: Iterable[str]) -> list[str]:
        """Return the most frequent ones of some values."""
        numbers = self.numbers(facet)
        return nsmallest(MOST_OPTIONS, values, key=lambda value: (-numbers[value], value))

    def number(self, facet: str) -> int:
        """Return the number of options."""
        return len(self.numbers(facet))

    def positions(self, facet: str) -> dict[str, int]:
        """Return the position of each value in the order shown; `unknown` has none."""
        if self._is_closed(facet):
            return {value: place for place, value in enumerate(self.words(facet))}
        return self._cached(facet, "positions", self.language, make=lambda: self._read_positions(facet))

    def _read_positions(self, facet: str) -> dict[str, int]:
        column = self.table.facets.get(facet)
        values = [value for value in column.values if value != UNKNOWN] if column else []
        if targets := self._targets(facet):
            rank, slots = targets.rank(self.language).tolist(), targets.slot_at
            return {value: rank[slots[value]] for value in values if value in slots}
        if isinstance(self.facets[facet].options, Countries):
            values.sort(key=lambda code: name_country(code, self.language))
        else:
            values.sort(key=lambda value: (value.casefold(), value))
        return {value: place for place, value in enumerate(values)}

    def order_rows(self, facet: str) -> Numbers:
        """Return for each slot the position of its first value, NaN if it has none."""
        first = np.full(self.table.size, np.inf)
        if column := self.table.facets.get(facet):
            positions = self.positions(facet)
            places = np.array([positions.get(value, np.inf) for value in column.values], dtype=float)
            np.minimum.at(first, column.slots, places[column.codes])
        ordered: Numbers = np.where(first < np.inf, first, np.nan)
        return ordered


@lru_cache(maxsize=100)
def translate_choices(choices: Choices, *, language: str) -> dict[str, str]:
    """Return the labels of choices in the active language (which is `language`), in their order."""
    return {value: str(label) for value, label in choices.labels.items()}


@lru_cache(maxsize=1000)
def name_country(code: str, language: str) -> tuple[str, str]:
    """Return the sort key and the name of a country, in the active language (which is `language`)."""
    name = str(countries.name(code) or code)
    return pinyin_key(name), name


def ordered_labels(rows: list[tuple[str, str, str, str | None]]) -> dict[str, BilingualText]:
    """Return the labels of a vocabulary, children after their parent. Rows: slug, English, Chinese, parent's slug."""
    labels: dict[str, BilingualText] = {}
    for slug, en, zh, parent in rows:
        if parent is None:
            labels[slug] = BilingualText(en=en, zh=zh)
            labels.update({child: BilingualText(en=e, zh=z) for child, e, z, its_parent in rows if its_parent == slug})
    return labels
