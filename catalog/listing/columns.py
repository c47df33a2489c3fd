"""The columns of a listing's table, by kind, and what stands in their cells."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from catalog.listing.filters import ListingFilterSet
from catalog.models.choices import EntryKind
from catalog.values import FuzzyDate, Money, Quantity, format_number

# What a listing shows beside name and summary.
COLUMNS = {
    EntryKind.MODEL: ("maker", "released", "parameters", "access", "checked"),
    EntryKind.ORGANIZATION: ("country", "founded", "segment", "latest_round", "funding", "checked"),
    EntryKind.PRODUCT: ("maker", "launched", "segment", "built_on", "checked"),
}
DATE_COLUMNS = frozenset({"released", "founded", "launched"})
NUMBER_COLUMNS = frozenset({"parameters", "funding"})


@dataclass
class Column:
    """One column: the parameter that it is known by, its heading, and the class of its cells."""

    name: str
    label: object

    @property
    def style(self) -> str:
        if self.name in NUMBER_COLUMNS:
            return "number"
        return "date" if self.name in DATE_COLUMNS else self.name if self.name == "checked" else ""


def list_columns(filterset: ListingFilterSet) -> list[Column]:
    """The columns of a listing, name and summary aside."""
    labels = {name.removesuffix("_min"): item.label for name, item in filterset.filters.items()}
    return [Column(name=name, label=labels[name]) for name in COLUMNS[filterset.kind]]


def cell_values(name: str, row, language: str) -> list:
    """The values in one cell of a `ListingRow`, none where nothing is recorded; `language` is the reader's."""
    entry = row.entry
    if name in DATE_COLUMNS:
        return [format_days(entry.date_from, entry.date_to, language)] if entry.date_from else []
    if name == "checked":
        return [format_days(row.checked, row.checked, language)] if row.checked else []
    if name == "parameters":
        if entry.parameters_low is None:
            return [label for value, label in row.facets["size"] if value == "undisclosed"]
        return [format_numbers(entry.parameters_low, entry.parameters_high, language)]
    if name == "funding":
        return [] if entry.funding_usd is None else [format_dollars(entry.funding_usd, language)]
    return [label for value, label in row.facets[name]]


@lru_cache(maxsize=20_000)
def format_days(first: date, last: date, language: str) -> str:
    """A date by which an entry is listed, as precise as its first and last day say."""
    days = (last - first).days
    parts = [first.year, first.month, first.day]
    return FuzzyDate(*parts[: 1 if days > 31 else 2 if days else 3]).format(language)


@lru_cache(maxsize=20_000)
def format_dollars(amount: float, language: str) -> str:
    """An amount of US dollars. Money is kept as a float in listings; cents are nobody's funding."""
    # A float has no more digits than these.
    return Money.exact(Decimal(f"{amount:.15g}").to_integral_value(), "USD").format(language)


@lru_cache(maxsize=20_000)
def format_numbers(low: float, high: float, language: str) -> str:
    """A number, or from one to another."""
    if low == high:
        return format_number(low, language)
    return Quantity(low=low, high=high, kind="reported").format(language)
