"""The options of facets: which there are, in which order, and what they are called in the reader's language."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from heapq import nsmallest

import numpy as np
from django.db.models import CharField, F, Value
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from catalog.listing.as_of import AsOf
from catalog.listing.derive import by_sound
from catalog.listing.facets import FACET_SETS, Choices, Countries, Entries, Vocabulary
from catalog.listing.table import Table
from catalog.models import Segment
from catalog.models.kinds import EntryKind
from catalog.models.listing import UNKNOWN
from catalog.values import BilingualText, language_key

# So many options of one facet are offered at once; of more than that those that most entries have.
MOST_OPTIONS = 40


class FacetOptions:
    """The options of all facets of a kind; at most three queries, whatever the number of entries.

    `everything` are the rows of the listing before any filter, a mask, and `scope` names them; `tables` has the table
    of each kind.
    """

    def __init__(
        self, *, kind: EntryKind, everything, scope: str, tables: Mapping[EntryKind, Table], as_of: AsOf
    ) -> None:
        self.everything, self.scope, self.tables, self.as_of = everything, scope, tables, as_of
        self.table, self.facets = tables[kind], FACET_SETS[kind].facets
        self.language = language_key()
        # The parent of each segment that has one; known once the words of segments are.
        self.parents: dict[str, str] = {}
        # What was read: the words of vocabularies and of facets.
        self._vocabularies: dict[type, dict[str, BilingualText]] = {}
        self._words: dict[str, dict[str, object]] = {}

    def _hold(self, facet: str, *key: str, make: Callable):
        """What follows from the table, and from the one that the values of the facet point to: made once for both."""
        targets = self._targets(facet)
        other = targets.stamp if targets else None
        held = self.table.cache.get((facet, *key))
        if held is None or held[0] is not other:
            held = self.table.cache[facet, *key] = other, make()
        return held[1]

    def _targets(self, facet: str) -> Table | None:
        """The table of what the values of a facet are the addresses of, if they are."""
        options = self.facets[facet].options
        return self.tables[options.kind] if isinstance(options, Entries) else None

    def _is_closed(self, facet: str) -> bool:
        """Whether the values of a facet are words that do not depend on the entries."""
        return isinstance(self.facets[facet].options, Choices | Vocabulary)

    def numbers(self, facet: str) -> dict[str, int]:
        """How many entries of the listing have each known value, before any filter."""

        def count() -> dict[str, int]:
            numbers = self.table.count(facet, self.everything)
            # Of entries only the live ones: that a draft exists is nobody's business.
            targets = self._targets(facet)
            live = targets.slot_at if targets else numbers
            return {
                value: number for value, number in numbers.items() if number and (value in live or value == UNKNOWN)
            }

        return self._hold(facet, "numbers", self.scope, make=count)

    def is_known(self, facet: str, value: str) -> bool:
        """Whether a value may be asked for: a word of the vocabulary, or what an entry has."""
        return (
            value == UNKNOWN or value in self.numbers(facet) or (self._is_closed(facet) and value in self.words(facet))
        )

    def words(self, facet: str) -> dict[str, object]:
        """What the values of a closed facet are called, in the order shown."""
        if facet not in self._words:
            self._words[facet] = self._read_words(facet)
        return self._words[facet]

    def _read_words(self, facet: str) -> dict[str, object]:
        options = self.facets[facet].options
        if isinstance(options, Choices):
            return translate_choices(options, language=self.language)
        words = dict(self._read_vocabulary(options.model))
        if self.as_of.is_past:
            # Of vocabularies only the present words are known; a former address stands for itself.
            former = self.numbers(facet).keys() - words.keys() - {UNKNOWN}
            words.update((value, value) for value in sorted(former))
        return words

    def _read_vocabulary(self, model: type) -> dict[str, BilingualText]:
        if model not in self._vocabularies:
            parent = F("parent__slug") if model is Segment else Value(None, CharField())
            rows = list(model.objects.values_list("slug", "name_en", "name_zh", parent))
            self._vocabularies[model] = ordered_labels(rows)
            self.parents.update({slug: its_parent for slug, _en, _zh, its_parent in rows if its_parent})
        return self._vocabularies[model]

    def label(self, facet: str, value: str):
        """What a known value is called."""
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
        """The (value, label) pairs to offer, in a fixed order: those that any entry has, and those chosen.

        Of more than `MOST_OPTIONS` those that most entries have; with `find`, of those that have this text in a name.
        """
        if find:
            text = find.casefold()
            values = self.find_most(facet, (value for value in self.numbers(facet) if text in self.names(facet, value)))
        else:
            values = self._hold(facet, "most", self.scope, make=lambda: self.find_most(facet, self.numbers(facet)))
        values = {*values, *(value for value in chosen if self.is_known(facet, value))}
        positions = self.positions(facet)
        ordered = sorted(values, key=lambda value: (value == UNKNOWN, positions.get(value, len(positions)), value))
        return [(value, self.label(facet, value)) for value in ordered]

    def names(self, facet: str, value: str) -> str:
        """What a known value is called, in both languages where it has a name in each, to look for a text in."""
        label = self.label(facet, value)
        return (f"{label.en}\n{label.zh}" if isinstance(label, BilingualText) else str(label)).casefold()

    def find_most(self, facet: str, values: Iterable[str]) -> list[str]:
        """Those of some values that most entries have."""
        numbers = self.numbers(facet)
        return nsmallest(MOST_OPTIONS, values, key=lambda value: (-numbers[value], value))

    def number(self, facet: str) -> int:
        """How many options there are."""
        return len(self.numbers(facet))

    def positions(self, facet: str) -> dict[str, int]:
        """The place of each value in the order shown; what is unknown has none."""
        if self._is_closed(facet):
            return {value: place for place, value in enumerate(self.words(facet))}
        return self._hold(facet, "positions", self.language, make=lambda: self._read_positions(facet))

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

    def order_rows(self, facet: str):
        """For each slot the place of the first of its values, NaN where it has none."""
        first = np.full(self.table.size, np.inf)
        if column := self.table.facets.get(facet):
            positions = self.positions(facet)
            places = np.array([positions.get(value, np.inf) for value in column.values], dtype=float)
            np.minimum.at(first, column.slots, places[column.codes])
        return np.where(first < np.inf, first, np.nan)


@lru_cache(maxsize=100)
def translate_choices(choices: Choices, *, language: str) -> dict[str, str]:
    """What choices are called in the active language (which is `language`), in their order."""
    return {value: str(label) for value, label in choices.labels.items()}


@lru_cache(maxsize=1000)
def name_country(code: str, language: str) -> tuple[str, str]:
    """The key by which a country stands in order, and its name, in the active language (which is `language`)."""
    name = str(countries.name(code) or code)
    return by_sound(name), name


def ordered_labels(rows: list[tuple]) -> dict[str, BilingualText]:
    """The labels of a vocabulary in its order; children follow their parent. Rows: slug, English, Chinese, parent."""
    labels: dict[str, BilingualText] = {}
    for slug, en, zh, parent in rows:
        if parent is None:
            labels[slug] = BilingualText(en=en, zh=zh)
            labels.update({child: BilingualText(en=e, zh=z) for child, e, z, its_parent in rows if its_parent == slug})
    return labels
