"""The filters of a kind, made from its facets and ranges; each returns a mask of the rows that match."""

from copy import copy
from typing import Literal

import numpy as np
from django import forms
from django_filters import CharFilter, Filter

from catalog.listing.facets import CheckedRange, Facet, FacetSet, Range, Unit
from catalog.listing.table import Table
from catalog.values.forms import FuzzyDateFormField, NumberFormField


class ValuesField(forms.Field):
    """All values of a parameter; the filter set decides which of them are known."""

    widget = forms.SelectMultiple

    def clean(self, value: list[str] | None) -> list[str]:
        return list(dict.fromkeys(value or []))


class Shared:
    """A filter that filter sets copy quickly: its settings never change, so a shallow copy is enough."""

    def __deepcopy__(self, memo: dict):
        return copy(self)


class FacetFilter(Shared, Filter):
    """Matches rows that have any of the chosen values of a facet."""

    field_class = ValuesField

    def __init__(self, facet: Facet) -> None:
        self.facet = facet
        super().__init__(label=facet.label)

    def filter(self, table: Table, value: list[str]):
        name = self.facet.name
        known = [item for item in value if self.parent.options.is_known(name, item)]
        return table.choose(name, known) if known else None


class TextFilter(Shared, CharFilter):
    """Matches rows that the search engine finds."""

    def filter(self, table: Table, value: str):
        mask = np.zeros(table.size, dtype=bool)
        mask[self.parent.found] = True
        return mask


class BoundFilter(Shared, Filter):
    """One bound of a range; a row's value may be a span too, and matches if the two overlap."""

    def __init__(self, declared: Range | CheckedRange, *, bound: Literal["min", "max"]) -> None:
        self.bound = bound
        low, high = declared.ends
        self.column = high if bound == "min" else low
        super().__init__(label=declared.label)

    def filter(self, table: Table, value):
        # NaN compares as False, so rows without a value never match.
        end, column = self.read(value), table.columns[self.column]
        return column >= end if self.bound == "min" else column <= end


class DateBoundFilter(BoundFilter):
    """Matches from the first day of `2020`, `June 2020` … (min), or up to its last day (max)."""

    field_class = FuzzyDateFormField

    def read(self, value) -> float:
        return (value.first_day if self.bound == "min" else value.last_day).toordinal()


class NumberBoundFilter(BoundFilter):
    """Matches from `10 billion`, `10B`, `100 亿` … (min), or up to it (max)."""

    field_class = NumberFormField

    def read(self, value) -> float:
        return float(value)


def make_filters(facet_set: FacetSet) -> dict[str, Filter]:
    """Return the filters of a kind by parameter, in the order of the panel."""
    filters: dict[str, Filter] = {}
    for declared in facet_set.all:
        if isinstance(declared, Facet):
            filters[declared.name] = FacetFilter(declared)
        else:
            filter_class = DateBoundFilter if declared.unit is Unit.DATE else NumberBoundFilter
            for bound in ("min", "max"):
                filters[f"{declared.name}_{bound}"] = filter_class(declared, bound=bound)
    return filters
