"""The options of facets: which there are, in which order, and what they are called in the reader's language."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from heapq import nsmallest

import numpy as np
from django.db.models import CharField, F, Value
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from catalog.listing.as_of import AsOf
from catalog.listing.derive import ENTRY_FACETS, KNOWN, by_sound
from catalog.listing.table import Table
from catalog.models import Layer, Modality, Segment
from catalog.models.choices import (
    Access,
    EntryKind,
    OrganizationStatus,
    OrganizationType,
    ReleaseStatus,
    RoundKind,
)
from catalog.models.listing import UNKNOWN
from catalog.models.verification import State
from catalog.values import BilingualText, language_key

YES_NO = {"yes": _("Yes"), "no": _("No")}
HOW_KNOWN = {"reported": _("Reported"), "estimated": _("Estimated"), "undisclosed": _("Undisclosed")}
WHETHER_KNOWN = {KNOWN: _("Known")}
# So many options of one facet are offered at once; of more than that those that most entries have.
MOST_OPTIONS = 40
CHOICES = {
    "type": dict(OrganizationType.choices),
    "access": dict(Access.choices),
    "latest_round": dict(RoundKind.choices),
    "freshness": {
        State.VERIFIED: _("Verified"),
        State.OVERDUE: _("Check overdue"),
        State.FLAGGED: _("Source gone or changed"),
        State.UNVERIFIED: _("Not checked yet"),
        State.DISPUTED: _("Sources differ"),
        State.HISTORICAL: _("No longer tracked"),
    },
    "multimodal": YES_NO,
    "free_plan": YES_NO,
    "size": HOW_KNOWN,
    "funding_known": HOW_KNOWN,
    "valuation_known": HOW_KNOWN,
    "founded_known": WHETHER_KNOWN,
    "released_known": WHETHER_KNOWN,
    "launched_known": WHETHER_KNOWN,
}
VOCABULARIES = {
    "layer": Layer,
    "modality": Modality,
    "input": Modality,
    "output": Modality,
    "segment": Segment,
}
# Facets whose values are words that do not depend on the entries.
CLOSED = {"status", *CHOICES, *VOCABULARIES}


class FacetOptions:
    """The options of all facets of a kind; at most three queries, whatever the number of entries.

    `everything` are the rows of the listing before any filter, a mask, and `scope` names them; `tables` has the table
    of each kind.
    """

    def __init__(
        self, *, kind: EntryKind, everything, scope: str, tables: Mapping[EntryKind, Table], as_of: AsOf
    ) -> None:
        self.kind, self.everything, self.scope, self.tables, self.as_of = kind, everything, scope, tables, as_of
        self.table = tables[kind]
        self.language = language_key()
        # The parent of each segment that has one; known once the words of segments are.
        self.parents: dict[str, str] = {}
        # What was read: the words of vocabularies and of facets.
        self._vocabularies: dict[type, dict[str, BilingualText]] = {}
        self._words: dict[str, dict[str, object]] = {}

    def _hold(self, facet: str, *key: str, make: Callable):
        """What follows from the table, and from the one that the values of the facet point to: made once for both."""
        other = self.tables[ENTRY_FACETS[facet]].stamp if facet in ENTRY_FACETS else None
        held = self.table.cache.get((facet, *key))
        if held is None or held[0] is not other:
            held = self.table.cache[facet, *key] = other, make()
        return held[1]

    def numbers(self, facet: str) -> dict[str, int]:
        """How many entries of the listing have each known value, before any filter."""

        def count() -> dict[str, int]:
            numbers = self.table.count(facet, self.everything)
            # Of entries only the live ones: that a draft exists is nobody's business.
            live = self.tables[ENTRY_FACETS[facet]].slot_at if facet in ENTRY_FACETS else numbers
            return {
                value: number for value, number in numbers.items() if number and (value in live or value == UNKNOWN)
            }

        return self._hold(facet, "numbers", self.scope, make=count)

    def is_known(self, facet: str, value: str) -> bool:
        """Whether a value may be asked for: a word of the vocabulary, or what an entry has."""
        return value == UNKNOWN or value in self.numbers(facet) or (facet in CLOSED and value in self.words(facet))

    def words(self, facet: str) -> dict[str, object]:
        """What the values of a closed facet are called, in the order shown."""
        if facet not in self._words:
            self._words[facet] = self._read_words(facet)
        return self._words[facet]

    def _read_words(self, facet: str) -> dict[str, object]:
        if facet not in VOCABULARIES:
            return translate_choices(facet, is_organization=self.kind == EntryKind.ORGANIZATION, language=self.language)
        words = dict(self._read_vocabulary(VOCABULARIES[facet]))
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
        if facet in ENTRY_FACETS:
            table = self.tables[ENTRY_FACETS[facet]]
            slot = table.slot_at[value]
            return BilingualText(en=table.texts["name_en"][slot], zh=table.texts["name_zh"][slot])
        if facet == "country":
            return name_country(value, self.language)[1]
        return self.words(facet).get(value, value) if facet in CLOSED else value

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
        if facet in CLOSED:
            return {value: place for place, value in enumerate(self.words(facet))}
        return self._hold(facet, "positions", self.language, make=lambda: self._read_positions(facet))

    def _read_positions(self, facet: str) -> dict[str, int]:
        column = self.table.facets.get(facet)
        values = [value for value in column.values if value != UNKNOWN] if column else []
        if facet in ENTRY_FACETS:
            other = self.tables[ENTRY_FACETS[facet]]
            rank, slots = other.rank(self.language).tolist(), other.slot_at
            return {value: rank[slots[value]] for value in values if value in slots}
        if facet == "country":
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
def translate_choices(facet: str, *, is_organization: bool, language: str) -> dict[str, str]:
    """What the choices of a facet are called in the active language (which is `language`), in their order."""
    if facet == "status":
        choices = dict((OrganizationStatus if is_organization else ReleaseStatus).choices)
    else:
        choices = CHOICES[facet]
    return {value: str(label) for value, label in choices.items()}


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
