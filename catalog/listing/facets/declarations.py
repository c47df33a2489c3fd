"""What a facet or a range declares: its words, its values, where they come from, and where it is shown.

One declaration in the module of its kind is all that a facet takes: the index, filters, the panel, columns, orders,
sums, files and the checks of their counts follow it. A range beside it has columns of `ListingEntry`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from django.db import models

from catalog.models.choices import FieldGroup
from catalog.models.document import path_of
from catalog.models.kinds import EntryKind
from catalog.models.listing import ALWAYS_FROM, ALWAYS_UNTIL
from catalog.values import FuzzyDate

# --- what values are derived from ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subject:
    """An entry as values are derived from it: its public document, the state of its checks by group, and the day."""

    document: dict
    verifications: Mapping
    on: date

    @property
    def kind(self) -> str:
        return self.document["kind"]

    @property
    def fields(self) -> dict:
        return self.document["fields"]

    @property
    def children(self) -> dict:
        return self.document["children"]

    def current_until(self, path: str, *, group: FieldGroup) -> date:
        """The day from which a value is too old to be called current: twice its interval after its latest source."""
        dates = [
            FuzzyDate.parse(citation["as_of"]).last_day
            for citation in self.document["citations"]
            if path in (citation["field"], path_of(citation))
        ]
        return max(dates) + timedelta(days=2 * self.verifications[group].interval) if dates else ALWAYS_FROM


class During(NamedTuple):
    """A value of a facet that holds on the days `since <= day < until` only."""

    value: str
    since: date = ALWAYS_FROM
    until: date = ALWAYS_UNTIL


class Ends(NamedTuple):
    """A value of a range: its lower and upper end, which may be the same, and the day from which it isn't current."""

    low: date | float
    high: date | float
    until: date = ALWAYS_UNTIL


# --- what values are called ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Choices:
    """Values with fixed names, offered in their order."""

    labels: Mapping[str, object]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words of a vocabulary, offered in its order."""

    model: type[models.Model]


@dataclass(frozen=True, eq=False)
class Entries:
    """The addresses of entries or terms of a kind, offered in the order of their names."""

    kind: EntryKind


@dataclass(frozen=True, eq=False)
class Countries:
    """Codes of countries, offered in the order of their names."""


@dataclass(frozen=True, eq=False)
class AsRecorded:
    """Values that are their own names, offered in alphabetical order."""


Options = Choices | Vocabulary | Entries | Countries | AsRecorded

# --- what comes from neighbours --------------------------------------------------------------------------------


@dataclass(frozen=True)
class FromMade:
    """What makers have from the live entries of a kind that they made: values of a facet, or one fixed value."""

    kind: EntryKind
    facet: str = ""
    value: str = ""


@dataclass(frozen=True)
class FromMakers:
    """What a model or product has from its makers: the values of a facet of theirs."""

    facet: str


# --- facets and ranges -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class Facet:
    """A facet of one kind: values that entries have, to choose from.

    `name` is its parameter. Its values are those of `field` of the document, or what `derive` returns instead (empty
    ones are passed over), and those `inherited` from neighbours; an entry that has none is `unknown`.
    """

    name: str
    label: object
    options: Options
    field: str = ""
    derive: Callable[[Subject], Iterable[str | During | None]] | None = None
    inherited: tuple[FromMade | FromMakers, ...] = ()
    # Whether values have parents, which include them: the options are shown as a tree.
    tree: bool = False
    # Where it is among the columns of the table, from left to right; it is none without.
    column: int | None = None
    # The group of fields whose interval its values depend on; or that they follow checks, whatever the document says.
    interval: FieldGroup | None = None
    follows_checks: bool = False
    # Its column in files, for what is derived here; what the document says has columns of its own.
    exported: str = ""

    def read(self, subject: Subject) -> list[During]:
        """The values that come from an entry itself."""
        if self.derive:
            values = self.derive(subject)
        else:
            raw = subject.fields[self.field] if self.field else None
            values = raw if isinstance(raw, list) else [raw]
        return [it if isinstance(it, During) else During(it) for it in values if it]


class Unit(Enum):
    """What a range is measured in: days, plain numbers, or US dollars."""

    DATE = "date"
    NUMBER = "number"
    MONEY = "money"


class Sums(Enum):
    """What is said of the values of a range in the results: nothing, their median, or their total as well."""

    NONE = "none"
    MEDIAN = "median"
    TOTAL = "total"


@dataclass(frozen=True, kw_only=True, eq=False)
class Range:
    """A range of one kind: a value that is asked for by its bounds, `<name>_min` and `<name>_max`.

    `low` and `high` are the columns of `ListingEntry` that hold what `derive` returns; `until`, where it is named, the
    day from which the value isn't current and no longer found. `field` is what it is derived from.
    """

    name: str
    label: object
    unit: Unit
    field: str
    derive: Callable[[Subject], Ends | None]
    low: str
    high: str
    until: str = ""
    # The facet that says how its values are known; shown with it.
    known: Facet | None = None
    sums: Sums = Sums.NONE
    column: int | None = None
    interval: FieldGroup | None = None
    # Its columns in files, and the column of `ListingEntry` that each has.
    exported: Mapping[str, str] = field(default_factory=dict)

    @property
    def stored(self) -> dict[str, Unit]:
        """The columns of `ListingEntry` that it fills, and what each is measured in."""
        ends = {self.low: self.unit, self.high: self.unit}
        return {**ends, self.until: Unit.DATE} if self.until else ends

    @property
    def ends(self) -> tuple[str, str]:
        """The columns of a table that its lower and upper ends are read from: where it has `until`, while current."""
        return (f"current_{self.low}", f"current_{self.high}") if self.until else (self.low, self.high)

    def read(self, subject: Subject) -> dict[str, date | float | None]:
        """What an entry has in its columns of `ListingEntry`."""
        ends = self.derive(subject)
        row = {self.low: ends and ends.low, self.high: ends and ends.high}
        return {**row, self.until: ends.until if ends else ALWAYS_UNTIL} if self.until else row


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckedRange:
    """A range of days since which nothing is unchecked, in one group of fields or in all of them.

    Each day is kept as a value of a facet, since a check changes no row of `ListingEntry`.
    """

    name: str
    label: object
    group: FieldGroup | None = None
    column: int | None = None
    unit = Unit.DATE
    known = None
    follows_checks = True
    interval = None

    @property
    def ends(self) -> tuple[str, str]:
        """The columns of a table that its days are read from."""
        return self.name, self.name

    def read(self, subject: Subject) -> list[During]:
        """The day (UTC) of the oldest check."""
        times = [it.checked_at for group, it in subject.verifications.items() if self.group in (None, group)]
        return [During(min(times).astimezone(UTC).date().isoformat())] if times and all(times) else []


class FacetSet:
    """The facets and ranges of a kind, in the order of the panel.

    `orders` are the orders that are offered by a name of their own, the usual one first; every range and every column
    can be sorted by anyway.
    """

    def __init__(
        self, *, kind: EntryKind, declared: Iterable[Facet | Range | CheckedRange], orders: Mapping[str, object]
    ) -> None:
        self.kind, self.declared, self.orders = kind, list(declared), orders

    @cached_property
    def all(self) -> list[Facet | Range | CheckedRange]:
        """Everything declared, each range before the facet that says how its values are known."""
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
        """The ranges that have columns of `ListingEntry`."""
        return [item for item in self.all if isinstance(item, Range)]

    @cached_property
    def stored_columns(self) -> dict[str, Unit]:
        """The columns of `ListingEntry` that they fill, and what each is measured in."""
        return {name: unit for item in self.stored_ranges for name, unit in item.stored.items()}

    @cached_property
    def valued(self) -> list[Facet | CheckedRange]:
        """What is kept as values of facets: the facets, and days of checks."""
        return [item for item in self.all if not isinstance(item, Range)]

    @cached_property
    def following_checks(self) -> list[Facet | CheckedRange]:
        """Those of them that follow checks."""
        return [item for item in self.valued if item.follows_checks]

    @cached_property
    def columns(self) -> list[Facet | Range | CheckedRange]:
        """The columns of the table, name and summary aside."""
        return sorted((item for item in self.all if item.column is not None), key=lambda item: item.column)

    @cached_property
    def shown_facets(self) -> list[Facet]:
        """The facets whose values the table shows, or needs to say how a number is known."""
        shown = (
            item if isinstance(item, Facet) else item.known
            for item in self.columns
            if isinstance(item, Facet) or item.unit is not Unit.DATE
        )
        return [facet for facet in shown if facet]

    @cached_property
    def sortable(self) -> set[str]:
        """What results can be sorted by."""
        return {"name", *self.ranges, *(item.name for item in self.columns)}

    @cached_property
    def summed(self) -> list[Range]:
        """The ranges whose values are summed up in the results."""
        return [item for item in self.stored_ranges if item.sums is not Sums.NONE]

    @cached_property
    def by_field(self) -> dict[str, str]:
        """The facet that has the very values of a field, which pages of entries lead to."""
        return {facet.field: facet.name for facet in self.facets.values() if facet.field and not facet.derive}

    @cached_property
    def from_makers(self) -> dict[str, str]:
        """The facets of makers that the kind has values from, by its own facet."""
        return {
            facet.name: source.facet
            for facet in self.facets.values()
            for source in facet.inherited
            if isinstance(source, FromMakers)
        }

    @cached_property
    def from_made(self) -> list[tuple[str, FromMade]]:
        """What the kind has from what its entries made, each with its own facet."""
        return [
            (facet.name, source)
            for facet in self.facets.values()
            for source in facet.inherited
            if isinstance(source, FromMade)
        ]

    def inherit(self, made: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
        """What makers have (facet, value) because what they made has some values: kind, facet and value of each."""
        for kind, facet, value in made:
            for name, source in self.from_made:
                if source.kind == kind and (source.value or source.facet == facet):
                    yield name, source.value or value
