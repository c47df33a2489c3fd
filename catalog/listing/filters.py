"""The filters of a kind, made from its facets and ranges; each returns a mask of the rows that match."""

from copy import copy
from decimal import Decimal
from typing import Any, Literal, Protocol, Self

import numpy as np
from django import forms
from django_filters import CharFilter, Filter

from catalog.listing.facets import CheckedRange, Facet, FacetSet, Range, Unit
from catalog.listing.options import FacetOptions
from catalog.listing.table import Mask, Table
from catalog.values import FuzzyDate
from catalog.values.forms import FuzzyDateFormField, NumberFormField


class ValuesField(forms.Field):
    """All values of a parameter; the filter set decides which of them are known."""

    widget = forms.SelectMultiple

    def clean(self, value: list[str] | None) -> list[str]:
        return list(dict.fromkeys(value or []))


class FilterSetOfRows(Protocol):
    """What a filter needs of the filter set that it belongs to."""

    @property
    def options(self) -> FacetOptions: ...

    @property
    def found(self) -> list[int]: ...


class RowFilter(Filter):
    """A filter of the rows of a table, not of a queryset."""

    parent: FilterSetOfRows

    def match(self, table: Table, value: Any) -> Mask | None:
        """Return a mask of the rows that match; None if the value asks for nothing that is known."""
        raise NotImplementedError

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Filter sets copy their filters; a shallow copy is enough, since settings never change.
        return copy(self)


class FacetFilter(RowFilter):
    """Matches rows that have any of the chosen values of a facet."""

    field_class = ValuesField

    def __init__(self, facet: Facet) -> None:
        self.facet = facet
        super().__init__(label=facet.label)

    def match(self, table: Table, value: list[str]) -> Mask | None:
        name = self.facet.name
        known = [item for item in value if self.parent.options.is_known(name, item)]
        return table.choose(name, known) if known else None


class TextFilter(RowFilter, CharFilter):
    """Matches rows that the search engine finds."""

    def match(self, table: Table, value: str) -> Mask:
        mask = np.zeros(table.size, dtype=bool)
        mask[self.parent.found] = True
        return mask


class BoundFilter(RowFilter):
    """One bound of a range; a row's value may be a span too, and matches if the two overlap."""

    def __init__(self, declared: Range | CheckedRange, *, bound: Literal["min", "max"]) -> None:
        self.bound = bound
        low, high = declared.ends
        self.column = high if bound == "min" else low
        super().__init__(label=declared.label)

    def read(self, value: Any) -> float:
        """Return a typed bound in the unit of its column."""
        raise NotImplementedError

    def match(self, table: Table, value: FuzzyDate | Decimal) -> Mask:
        # NaN compares as False, so rows without a value never match.
        end, column = self.read(value), table.columns[self.column]
        mask: Mask = column >= end if self.bound == "min" else column <= end
        return mask


class DateBoundFilter(BoundFilter):
    """Matches from the first day of `2020`, `June 2020` … (min), or up to its last day (max)."""

    field_class = FuzzyDateFormField

    def read(self, value: FuzzyDate) -> float:
        return (value.first_day if self.bound == "min" else value.last_day).toordinal()


class NumberBoundFilter(BoundFilter):
    """Matches from `10 billion`, `10B`, `100 亿` … (min), or up to it (max)."""

    field_class = NumberFormField

    def read(self, value: Decimal) -> float:
        return float(value)


def make_filters(facet_set: FacetSet) -> dict[str, RowFilter]:
    """Return the filters of a kind by parameter, in the order of the panel."""
    filters: dict[str, RowFilter] = {}
    bounds: tuple[Literal["min", "max"], ...] = ("min", "max")
    for declared in facet_set.all:
        if isinstance(declared, Facet):
            filters[declared.name] = FacetFilter(declared)
        else:
            filter_class = DateBoundFilter if declared.unit is Unit.DATE else NumberBoundFilter
            for bound in bounds:
                filters[f"{declared.name}_{bound}"] = filter_class(declared, bound=bound)
    return filters
