"""The classes that declare facets and ranges: their labels, their values, how these are derived, and where they appear.

A facet needs only its declaration in the module of its kind: the index, filters, panel, columns, orders, sums, exports
and checks of their counts follow it. A range also needs columns of `ListingEntry`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import models

from catalog.models.choices import FieldGroup
from catalog.models.document import path_of
from catalog.models.kinds import EntryKind
from catalog.models.listing import ALWAYS_FROM, ALWAYS_UNTIL
from catalog.models.verification import Verification
from catalog.values import FuzzyDate

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# --- what values are derived from ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subject:
    """The input of derivations: an entry's public document, its verifications by field group, and the day."""

    document: dict[str, Any]
    verifications: Mapping[str, Verification]
    on: date

    @property
    def kind(self) -> str:
        return str(self.document["kind"])

    @property
    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = self.document["fields"]
        return fields

    @property
    def children(self) -> dict[str, dict[str, Any]]:
        children: dict[str, dict[str, Any]] = self.document["children"]
        return children

    def current_until(self, path: str, *, group: FieldGroup) -> date:
        """Return the day from which a value is no longer current: two intervals after its latest source's date."""
        dates = [
            FuzzyDate.parse(citation["as_of"]).last_day
            for citation in self.document["citations"]
            if path in (citation["field"], path_of(citation))
        ]
        return max(dates) + timedelta(days=2 * self.verifications[group].interval) if dates else ALWAYS_FROM


class During(NamedTuple):
    """A facet value that is valid only on the days `since <= day < until`."""

    value: str
    since: date = ALWAYS_FROM
    until: date = ALWAYS_UNTIL


class Ends(NamedTuple):
    """A value of a range: its lower and upper end, which may be equal, and the day from which it is not current."""

    low: date | float
    high: date | float
    until: date = ALWAYS_UNTIL


# --- what values are called ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Choices:
    """Values with fixed labels, offered in their order."""

    labels: Mapping[str, "StrOrPromise"]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words of a vocabulary, offered in its order."""

    model: type[models.Model]


@dataclass(frozen=True, eq=False)
class Entries:
    """The slugs of entries or terms of a kind, offered in the order of their names."""

    kind: EntryKind


@dataclass(frozen=True, eq=False)
class Countries:
    """Country codes, offered in the order of the countries' names."""


@dataclass(frozen=True, eq=False)
class AsRecorded:
    """Values that are their own labels, offered in alphabetical order."""


Options = Choices | Vocabulary | Entries | Countries | AsRecorded

# --- what comes from neighbours --------------------------------------------------------------------------------


@dataclass(frozen=True)
class FromMade:
    """Makers inherit values of a facet, or one fixed value, from the live entries of a kind that they made."""

    kind: EntryKind
    facet: str = ""
    value: str = ""


@dataclass(frozen=True)
class FromMakers:
    """A model or product inherits the values of a facet from its makers."""

    facet: str


# --- facets and ranges -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class Facet:
    """A facet of one kind: values of entries to filter by.

    `name` is its query parameter. Its values are those of the document's `field`, or what `derive` returns instead
    (without empty ones), and those `inherited` from neighbours; an entry without any has the value `unknown`.
    """

    name: str
    label: "StrOrPromise"
    options: Options
    field: str = ""
    derive: Callable[[Subject], Iterable[str | During | None]] | None = None
    inherited: tuple[FromMade | FromMakers, ...] = ()
    # Whether values have parents that include them: options are shown as a tree.
    tree: bool = False
    # Its position among the columns of the table, from left to right; None if it is no column.
    column: int | None = None
    # The field group whose interval its values depend on; and whether they change with checks alone.
    interval: FieldGroup | None = None
    follows_checks: bool = False
    # Its column in exports, if its values are derived; fields of the document have their own columns.
    exported: str = ""

    def read(self, subject: Subject) -> list[During]:
        """Return the values that come from the entry itself."""
        if self.derive:
            values = self.derive(subject)
        else:
            raw = subject.fields[self.field] if self.field else None
            values = raw if isinstance(raw, list) else [raw]
        return [it if isinstance(it, During) else During(it) for it in values if it]


class Unit(Enum):
    """The unit of a range: days, plain numbers, or US dollars."""

    DATE = "date"
    NUMBER = "number"
    MONEY = "money"


class Sums(Enum):
    """The figures shown for a range's values in the results: none, their median, or also their total."""

    NONE = "none"
    MEDIAN = "median"
    TOTAL = "total"


@dataclass(frozen=True, kw_only=True, eq=False)
class Range:
    """A range of one kind: a value to filter by bounds, `<name>_min` and `<name>_max`.

    `low` and `high` are the columns of `ListingEntry` that store what `derive` returns; `until`, if set, is the column
    for the day from which the value is not current and not found any more. `field` is the field that it is derived
    from.
    """

    name: str
    label: "StrOrPromise"
    unit: Unit
    field: str
    derive: Callable[[Subject], Ends | None]
    low: str
    high: str
    until: str = ""
    # The facet that tells how its values are known; shown with the range.
    known: Facet | None = None
    sums: Sums = Sums.NONE
    column: int | None = None
    interval: FieldGroup | None = None
    # Its columns in exports, each with the column of `ListingEntry` that it shows.
    exported: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def stored(self) -> dict[str, Unit]:
        """The columns of `ListingEntry` that it fills, with their units."""
        ends = {self.low: self.unit, self.high: self.unit}
        return {**ends, self.until: Unit.DATE} if self.until else ends

    @property
    def ends(self) -> tuple[str, str]:
        """The columns of a table with its lower and upper ends; with `until`, those that have only current values."""
        return (f"current_{self.low}", f"current_{self.high}") if self.until else (self.low, self.high)

    def read(self, subject: Subject) -> dict[str, date | float | None]:
        """Return an entry's values for its columns of `ListingEntry`."""
        ends = self.derive(subject)
        row = {self.low: ends and ends.low, self.high: ends and ends.high}
        return {**row, self.until: ends.until if ends else ALWAYS_UNTIL} if self.until else row


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckedRange:
    """A range of days: the oldest check in one field group, or in all of them.

    Each day is stored as a facet value, since a check changes no row of `ListingEntry`.
    """

    name: str
    label: "StrOrPromise"
    group: FieldGroup | None = None
    column: int | None = None
    unit = Unit.DATE
    known = None
    follows_checks = True
    interval = None

    @property
    def ends(self) -> tuple[str, str]:
        """The column of a table with its days, twice."""
        return self.name, self.name

    def read(self, subject: Subject) -> list[During]:
        """Return the day (UTC) of the oldest check, if every group has one."""
        checks = [it.checked_at for group, it in subject.verifications.items() if self.group in (None, group)]
        times = [time for time in checks if time]
        return [During(min(times).astimezone(UTC).date().isoformat())] if times and len(times) == len(checks) else []


class FacetSet:
    """The facets and ranges of a kind, in the order of the panel.

    `orders` are the orders with their own labels, the default first; results can be sorted by every range and column
    anyway.
    """

    def __init__(
        self, *, kind: EntryKind, declared: Iterable[Facet | Range | CheckedRange], orders: Mapping[str, object]
    ) -> None:
        self.kind, self.declared, self.orders = kind, list(declared), orders

    @cached_property
    def all(self) -> list[Facet | Range | CheckedRange]:
        """All facets and ranges, each range before the facet that tells how its values are known."""
        return [it for item in self.declared for it in (item, getattr(item, "known", None)) if it]

    @cached_property
    def by_name(self) -> dict[str, Facet | Range | CheckedRange]:
        return {item.name: item for item in self.all}

    @cached_property
    def facets(self) -> dict[str, Facet]:
        return {item.name: item for item in self.all if isinstance(item, Facet)}

    @cached_property
    def ranges(self) -> dict[str, Range | CheckedRange]:
        return {item.name: item for item in self.all if not isinstance(item, Facet)}

    @cached_property
    def stored_ranges(self) -> list[Range]:
        """The ranges with columns of `ListingEntry`."""
        return [item for item in self.all if isinstance(item, Range)]

    @cached_property
    def stored_columns(self) -> dict[str, Unit]:
        """The columns of `ListingEntry` that ranges fill, with their units."""
        return {name: unit for item in self.stored_ranges for name, unit in item.stored.items()}

    @cached_property
    def valued(self) -> list[Facet | CheckedRange]:
        """Everything that is stored as facet values: facets, and days of checks."""
        return [item for item in self.all if not isinstance(item, Range)]

    @cached_property
    def following_checks(self) -> list[Facet | CheckedRange]:
        """Those of `valued` that change with checks alone."""
        return [item for item in self.valued if item.follows_checks]

    @cached_property
    def columns(self) -> list[Facet | Range | CheckedRange]:
        """The columns of the table, without name and summary."""
        return sorted((item for item in self.all if item.column is not None), key=lambda item: item.column or 0)

    @cached_property
    def shown_facets(self) -> list[Facet]:
        """The facets that the table shows, or needs to show how a number is known."""
        shown = (
            item if isinstance(item, Facet) else item.known
            for item in self.columns
            if isinstance(item, Facet) or item.unit is not Unit.DATE
        )
        return [facet for facet in shown if facet]

    @cached_property
    def sortable(self) -> set[str]:
        """The names that results can be sorted by."""
        return {"name", *self.ranges, *(item.name for item in self.columns)}

    @cached_property
    def summed(self) -> list[Range]:
        """The ranges with figures about the results."""
        return [item for item in self.stored_ranges if item.sums is not Sums.NONE]

    @cached_property
    def by_field(self) -> dict[str, str]:
        """The facet with exactly the values of a field, by field; pages of entries link to it."""
        return {facet.field: facet.name for facet in self.facets.values() if facet.field and not facet.derive}

    @cached_property
    def from_makers(self) -> dict[str, str]:
        """The facets of makers from which the kind inherits, by its own facet."""
        return {
            facet.name: source.facet
            for facet in self.facets.values()
            for source in facet.inherited
            if isinstance(source, FromMakers)
        }

    @cached_property
    def from_made(self) -> list[tuple[str, FromMade]]:
        """What the kind inherits from entries that it made, each with its own facet."""
        return [
            (facet.name, source)
            for facet in self.facets.values()
            for source in facet.inherited
            if isinstance(source, FromMade)
        ]

    def inherit(self, made: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
        """Yield a maker's inherited (facet, value) pairs, given the (kind, facet, value) of what it made."""
        for kind, facet, value in made:
            for name, source in self.from_made:
                if source.kind == kind and (source.value or source.facet == facet):
                    yield name, source.value or value
