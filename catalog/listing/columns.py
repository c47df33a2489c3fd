"""The columns of a listing's table, by kind, and what stands in their cells."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from catalog.listing.filters import ListingFilterSet
from catalog.models.kinds import EntryKind, kind_of, list_entry_kinds
from catalog.values import FuzzyDate, Money, Quantity

# What a listing shows beside name and summary.
COLUMNS = {
    EntryKind.MODEL: ("maker", "released", "parameters", "access", "checked"),
    EntryKind.ORGANIZATION: ("country", "founded", "segment", "latest_round", "funding", "checked"),
    EntryKind.PRODUCT: ("maker", "launched", "segment", "built_on", "checked"),
}
DATE_COLUMNS = frozenset(kind.date for kind in list_entry_kinds() if kind.date)
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
    date = kind_of(filterset.kind).date
    columns = COLUMNS.get(filterset.kind, (*([date] if date else []), "checked"))
    labels = {name.removesuffix("_min"): item.label for name, item in filterset.filters.items()}
    return [Column(name=name, label=labels[name]) for name in columns]


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
        return [format_numbers(entry.parameters_low, entry.parameters_high, kind_of_number(row, "size"), language)]
    if name == "funding":
        if entry.funding_usd is None:
            return []
        return [to_dollars(entry.funding_usd, kind_of_number(row, "funding_known")).format(language)]
    return [label for value, label in row.facets[name]]


@lru_cache(maxsize=20_000)
def format_days(first: date, last: date, language: str) -> str:
    """A date by which an entry is listed, as precise as its first and last day say."""
    days = (last - first).days
    parts = [first.year, first.month, first.day]
    return FuzzyDate(*parts[: 1 if days > 31 else 2 if days else 3]).format(language)


def kind_of_number(row, facet: str) -> str:
    """Whether a number of a `ListingRow` is reported or an estimate, by the facet that says how it is known."""
    return "estimated" if any(value == "estimated" for value, label in row.facets[facet]) else "reported"


@lru_cache(maxsize=20_000)
def to_dollars(amount: float | Decimal, kind: str = "reported") -> Money:
    """An amount of US dollars that listings keep as a float, which has no more than fifteen digits."""
    # Cents are nobody's funding.
    return Money.exact(Decimal(f"{amount:.15g}").to_integral_value(), "USD", kind=kind)


@lru_cache(maxsize=20_000)
def format_numbers(low: float, high: float, kind: str, language: str) -> str:
    """A number, or from one to another."""
    return Quantity(low=low, high=high, kind=kind).format(language)
