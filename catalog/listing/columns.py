"""The columns of a listing's table by kind, and the values in their cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from catalog.listing.facets import FACET_SETS, CheckedRange, Facet, Range, Unit
from catalog.models import ListingEntry
from catalog.values import FuzzyDate, Money, Quantity
from catalog.values.numbers import to_decimal
from catalog.values.quantity import QuantityKind


class ShownRow(Protocol):
    """What cells show of a row: `catalog.listing.page.ListingRow`."""

    @property
    def entry(self) -> ListingEntry: ...

    @property
    def facets(self) -> Mapping[str, Sequence[tuple[str, object]]]: ...

    @property
    def checked(self) -> Mapping[str, date | None]: ...


STYLES = {Unit.DATE: "date", Unit.NUMBER: "number", Unit.MONEY: "number"}


@dataclass
class Column:
    """One column of the table, apart from name and summary: its name, its heading, and the CSS class of its cells."""

    declared: Facet | Range | CheckedRange

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def label(self) -> object:
        return self.declared.label

    @property
    def style(self) -> str:
        match self.declared:
            case Facet():
                return ""
            case CheckedRange():
                return "checked"
        return STYLES[self.declared.unit]


def cell_values(name: str, row: ShownRow, language: str) -> list[object]:
    """Return the values in one cell of a `ListingRow`, none if nothing is recorded; `language` is the reader's."""
    declared = FACET_SETS[row.entry.kind].by_name[name]
    if isinstance(declared, Facet):
        return [label for value, label in row.facets[name]]
    if isinstance(declared, CheckedRange):
        day = row.checked[name]
        return [format_days(day, day, language)] if day else []
    low, high = getattr(row.entry, declared.low), getattr(row.entry, declared.high)
    match declared.unit:
        case Unit.DATE:
            return [format_days(low, high, language)] if low else []
        case Unit.MONEY:
            kind = kind_of_number(row, declared)
            return [to_dollars(low, kind, high=high).format(language)] if low is not None else []
    if low is not None:
        return [format_numbers(low, high, kind_of_number(row, declared), language)]
    known = row.facets[declared.known.name] if declared.known else ()
    return [label for value, label in known if value == "undisclosed"]


@lru_cache(maxsize=20_000)
def format_days(first: date, last: date, language: str) -> str:
    """Return a date, given its first and last day, with the precision of this period: a day, a month or a year."""
    days = (last - first).days
    parts = [first.year, first.month, first.day]
    return FuzzyDate(*parts[: 1 if days > 31 else 2 if days else 3]).format(language)


def kind_of_number(row: ShownRow, declared: Range) -> QuantityKind:
    """Return whether a number of a `ListingRow` is reported or estimated, according to the range's `known` facet."""
    known = row.facets[declared.known.name] if declared.known else ()
    return "estimated" if any(value == "estimated" for value, label in known) else "reported"


@lru_cache(maxsize=20_000)
def to_dollars(amount: float | Decimal, kind: QuantityKind = "reported", *, high: float | None = None) -> Money:
    """Return an amount of US dollars, or a span up to `high`; listings store amounts as floats of up to 15 digits."""
    # Rounded to whole dollars: cents do not matter here.
    low, top = (Decimal(f"{end:.15g}").to_integral_value() for end in (amount, amount if high is None else high))
    return Money(low, top, kind, "USD")


@lru_cache(maxsize=20_000)
def format_numbers(low: float, high: float, kind: QuantityKind, language: str) -> str:
    """Return a number, or a span of numbers, as text."""
    return Quantity(low=to_decimal(low), high=to_decimal(high), kind=kind).format(language)
