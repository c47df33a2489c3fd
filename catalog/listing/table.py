"""The listing rows of one kind in memory, column by column, for filters, counts, orders and sums.

A row is a slot, the same number in every column; a set of rows is a mask, with one bool for each slot. A table is
immutable: `with_changes()` returns another one, with copies of the columns, and the same facet columns if they have not
changed.
"""

from collections.abc import Hashable, Iterable, Sequence
from copy import copy
from datetime import date
from functools import cached_property
from heapq import merge
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from catalog.listing.facets import FACET_SETS, CheckedRange, Unit
from catalog.models import FacetValue, ListingEntry
from catalog.models.kinds import EntryKind

# A set of rows: one bool for each slot.
Mask = NDArray[np.bool_]
# One number for each slot, NaN where there is none.
Numbers = NDArray[np.float64]

TEXTS = ("slug", "name_en", "name_zh", "sort_en", "sort_zh", "aliases")

# The texts that decide the order of names, and in which languages.
SORTED_BY = {"sort_en": ("en",), "sort_zh": ("zh",), "slug": ("en", "zh")}

# A facet value: its slot, the value, the first day on which it is valid, and the day after the last.
SortKey = tuple[int, str, int, int]


class FacetColumn:
    """The values of one facet: pairs of a slot and the code of a value, with the days on which each is valid."""

    def __init__(self, values: list[str], *columns: NDArray[np.int32]) -> None:
        self.values = values
        self.slots, self.codes, self.since, self.until = self.columns = columns

    @classmethod
    def of(cls, pairs: Iterable[SortKey], *, codes: dict[str, int] | None = None) -> "FacetColumn":
        """Return a column of pairs; values that have a code in `codes` keep it."""
        codes = dict(codes or {})
        coded = [(slot, codes.setdefault(value, len(codes)), since, until) for slot, value, since, until in pairs]
        columns = np.array(coded, dtype=np.int32).reshape(-1, 4).T
        return cls(list(codes), *(np.ascontiguousarray(column) for column in columns))

    @cached_property
    def code_of(self) -> dict[str, int]:
        return {value: code for code, value in enumerate(self.values)}

    def on(self, day: int) -> "FacetColumn":
        """Return the column of the pairs that are valid on a day."""
        valid = (self.since <= day) & (self.until > day)
        return self if valid.all() else self.where(valid)

    def where(self, pairs: Mask) -> "FacetColumn":
        """Return the column of some pairs (a mask)."""
        return FacetColumn(self.values, *(column[pairs] for column in self.columns))

    def pairs_of(self, pairs: Mask) -> list[SortKey]:
        """Return some pairs (a mask) in the form in which they were added."""
        found = zip(*(column[pairs].tolist() for column in self.columns), strict=True)
        return [(slot, self.values[code], since, until) for slot, code, since, until in found]

    def with_pairs(self, *, touched: Mask, pairs: list[SortKey]) -> "FacetColumn":
        """Return the column with the pairs of changed slots (a mask) replaced; the same column if nothing differs."""
        old = touched[self.slots]
        if set(self.pairs_of(old)) == set(pairs):
            return self
        kept, added = self.where(~old), FacetColumn.of(pairs, codes=self.code_of)
        columns = zip(kept.columns, added.columns, strict=True)
        return FacetColumn(added.values, *map(np.concatenate, columns))


class Table:
    """The rows of a kind on a day (UTC). `read_table()` makes one."""

    def __init__(self, *, kind: EntryKind, on: date) -> None:
        self.kind, self.on = kind, on
        self.pks = np.empty(0, dtype=np.int64)
        # Whether a slot has a row; when an entry is no longer live, its slot stays, empty.
        self.rows = np.empty(0, dtype=bool)
        self.slot_of: dict[UUID, int] = {}
        self.texts: dict[str, list[str]] = {name: [] for name in TEXTS}
        # Columns of ranges as in `ListingEntry`, days of checks, and values while they are current. Days are ordinals;
        # NaN where there is no value.
        stored, ends = FACET_SETS[kind].stored_columns, (item.ends for item in FACET_SETS[kind].ranges.values())
        self.columns: dict[str, Numbers] = {
            name: np.empty(0) for name in (*stored, *(name for its in ends for name in its))
        }
        # As stored, including values that become valid later.
        self.stored: dict[str, FacetColumn] = {}
        self.facets: dict[str, FacetColumn] = {}
        # Slots in the order of names, by language.
        self.orders: dict[str, list[int]] = {"en": [], "zh": []}
        # What other modules derive from this table, by keys of their choice. `stamp` identifies this table in other
        # tables' caches: a reference to the table would keep it in memory.
        self.cache: dict[Hashable, Any] = {}
        self.stamp = object()

    @property
    def size(self) -> int:
        """The number of slots."""
        return len(self.rows)

    def with_changes(self, *, entries: Iterable[UUID], rows: QuerySet[ListingEntry], on: date) -> "Table":
        """Return the table on a day, with the changed entries read from `rows`; entries without a row are removed."""
        table = copy(self)
        table.on, table.cache, table.stamp = on, {}, object()
        # Drop cached properties of the old table.
        for name in ("slot_at", "slot_by_pk"):
            table.__dict__.pop(name, None)
        table._take_rows(set(entries), rows)
        table.facets = {
            name: self.facets[name] if on == self.on and column is self.stored.get(name) else column.on(on.toordinal())
            for name, column in table.stored.items()
        }
        for item in FACET_SETS[table.kind].ranges.values():
            if isinstance(item, CheckedRange):
                table.columns[item.name] = table._read_days(item.name)
            elif item.until:
                is_current = table.columns[item.until] > on.toordinal()
                for shown, name in zip(item.ends, (item.low, item.high), strict=True):
                    table.columns[shown] = np.where(is_current, table.columns[name], np.nan)
        return table

    def _take_rows(self, entries: set[UUID], rows: QuerySet[ListingEntry]) -> None:
        """Replace the rows of entries."""
        stored = FACET_SETS[self.kind].stored_columns
        names = ("pk", "entry", *TEXTS, *stored)
        found = list(rows.values_list(*names).iterator(chunk_size=2000))
        new = [row[1] for row in found if row[1] not in self.slot_of]
        self.slot_of = {**self.slot_of, **{uid: self.size + number for number, uid in enumerate(new)}}
        more = len(new)
        self.pks = np.concatenate([self.pks, np.zeros(more, dtype=np.int64)])
        self.rows = np.concatenate([self.rows, np.zeros(more, dtype=bool)])
        self.columns = {name: np.concatenate([column, np.full(more, np.nan)]) for name, column in self.columns.items()}
        self.texts = {name: [*texts, *[""] * more] for name, texts in self.texts.items()}
        touched = np.zeros(self.size, dtype=bool)
        touched[[self.slot_of[uid] for uid in entries if uid in self.slot_of]] = True
        self.rows[touched] = False
        # All rows at once, since setting single values of an array is slow.
        at = np.array([self.slot_of[row[1]] for row in found], dtype=np.int64)
        for number, (name, unit) in enumerate(stored.items(), start=len(TEXTS) + 2):
            values = (row[number] for row in found)
            if unit is Unit.DATE:
                self.columns[name][at] = [np.nan if day is None else day.toordinal() for day in values]
            else:
                self.columns[name][at] = np.array(list(values), dtype=float)
        self.pks[at] = [row[0] for row in found]
        self.rows[at] = True
        renamed: dict[str, set[int]] = {"en": set(), "zh": set()}
        for slot, row in zip(at.tolist(), found, strict=True):
            for number, name in enumerate(TEXTS, start=2):
                if self.texts[name][slot] != row[number]:
                    self.texts[name][slot] = row[number]
                    for language in SORTED_BY.get(name, ()):
                        renamed[language].add(slot)
        self.orders = {language: self._sort_again(language, slots) for language, slots in renamed.items()}
        slots = dict(zip((row[0] for row in found), at.tolist(), strict=True))
        self._take_facets(touched=touched, slots=slots, rows=rows)

    def _sort_again(self, language: str, renamed: set[int]) -> list[int]:
        """Return the slots in the order of names, after some names have changed."""
        names, slugs = self.texts[f"sort_{language}"], self.texts["slug"]

        def key(slot: int) -> tuple[str, str]:
            return names[slot], slugs[slot]

        order = self.orders[language]
        if not renamed:
            return order
        kept = (slot for slot in order if slot not in renamed)
        return list(merge(kept, sorted(renamed, key=key), key=key))

    def _take_facets(self, *, touched: Mask, slots: dict[int, int], rows: QuerySet[ListingEntry]) -> None:
        """Replace the facet values of changed slots (a mask)."""
        pairs: dict[str, list[SortKey]] = {name: [] for name in self.stored}
        values = FacetValue.objects.filter(listing__in=rows.values("pk"), until__gt=self.on).order_by()
        for pk, facet, value, since, until in values.values_list(
            "listing", "facet", "value", "since", "until"
        ).iterator(chunk_size=5000):
            # A row written after `rows` was read comes with the next change.
            if pk in slots:
                pairs.setdefault(facet, []).append((slots[pk], value, since.toordinal(), until.toordinal()))
        self.stored = {
            name: self.stored[name].with_pairs(touched=touched, pairs=its)
            if name in self.stored
            else FacetColumn.of(its)
            for name, its in pairs.items()
        }

    def _read_days(self, facet: str) -> Numbers:
        """Return a facet whose values are days as a column of ordinals."""
        column = np.full(self.size, np.nan)
        if dates := self.facets.get(facet):
            days = np.array([date.fromisoformat(value).toordinal() for value in dates.values], dtype=float)
            column[dates.slots] = days[dates.codes]
        return column

    def choose(self, facet: str, values: Iterable[str]) -> Mask:
        """Return a mask of the rows that have any of some values in a facet."""
        mask = np.zeros(self.size, dtype=bool)
        if column := self.facets.get(facet):
            wanted = np.zeros(len(column.values), dtype=bool)
            wanted[[column.code_of[value] for value in values if value in column.code_of]] = True
            mask[column.slots[wanted[column.codes]]] = True
        return mask & self.rows

    def count(self, facet: str, rows: Mask) -> dict[str, int]:
        """Return how many of some rows (a mask) have each value of a facet."""
        if (column := self.facets.get(facet)) is None:
            return {}
        numbers = np.bincount(column.codes[rows[column.slots]], minlength=len(column.values))
        return dict(zip(column.values, numbers.tolist(), strict=True))

    def values_of(self, facet: str, slots: Sequence[int]) -> dict[int, list[str]]:
        """Return the values of some slots in a facet."""
        values: dict[int, list[str]] = {slot: [] for slot in slots}
        if column := self.facets.get(facet):
            pairs = np.flatnonzero(np.isin(column.slots, slots))
            for slot, code in zip(column.slots[pairs].tolist(), column.codes[pairs].tolist(), strict=True):
                values[slot].append(column.values[code])
        return values

    def rank(self, language: str) -> NDArray[np.int64]:
        """Return the position of each slot in the order of names, then of slugs. `language` is en or zh."""
        key = ("rank", language)
        rank: NDArray[np.int64] | None = self.cache.get(key)
        if rank is None:
            rank = np.empty(self.size, dtype=np.int64)
            rank[self.orders[language]] = np.arange(self.size)
            # Only when it is complete, since other threads read it.
            self.cache[key] = rank
        return rank

    @cached_property
    def slot_at(self) -> dict[str, int]:
        """The slot of each slug."""
        slugs = self.texts["slug"]
        return {slugs[slot]: slot for slot in np.flatnonzero(self.rows).tolist()}

    @cached_property
    def slot_by_pk(self) -> dict[int, int]:
        """The slot of each row of the index, by primary key."""
        slots = np.flatnonzero(self.rows)
        return dict(zip(self.pks[slots].tolist(), slots.tolist(), strict=True))


def read_table(*, kind: EntryKind, on: date, rows: QuerySet[ListingEntry]) -> Table:
    """Return the table of a kind with the rows that were current on a day; two queries."""
    return Table(kind=kind, on=on).with_changes(entries=(), rows=rows.filter(kind=kind), on=on)


def order_slots(*, rows: Mask, key: Numbers, rank: NDArray[np.int64], start: int, stop: int) -> list[int]:
    """Return the slots from `start` to `stop` of some rows (a mask), ordered by a key, then by a rank.

    Slots whose key is NaN come last. Only rows that can be among the first `stop` are sorted.
    """
    slots = np.flatnonzero(rows)
    keys = np.where(np.isnan(key[slots]), np.inf, key[slots])
    if stop < len(slots):
        largest = np.partition(keys, stop - 1)[stop - 1]
        first = keys <= largest
        slots, keys = slots[first], keys[first]
    ordered: list[int] = slots[np.lexsort((rank[slots], keys))][start:stop].tolist()
    return ordered
