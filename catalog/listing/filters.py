"""The filters that follow from the facets and ranges of a kind; each gives a mask, the rows that it lets through."""

from copy import copy
from typing import Literal

import numpy as np
from django import forms
from django_filters import CharFilter, Filter

from catalog.listing.facets import CheckedRange, Facet, FacetSet, Range, Unit
from catalog.listing.table import Table
from catalog.values.forms import FuzzyDateFormField, NumberFormField


class ValuesField(forms.Field):
    """All values that a parameter was given; which of them are known is for the filter set to say."""

    widget = forms.SelectMultiple

    def clean(self, value: list[str] | None) -> list[str]:
        return list(dict.fromkeys(value or []))


class Shared:
    """A filter whose settings never change: a filter set, which takes a copy of each, need not copy these, too."""

    def __deepcopy__(self, memo: dict):
        return copy(self)


class FacetFilter(Shared, Filter):
    """Rows that have any of the chosen values in a facet."""

    field_class = ValuesField

    def __init__(self, facet: Facet) -> None:
        self.facet = facet
        super().__init__(label=facet.label)

    def filter(self, table: Table, value: list[str]):
        name = self.facet.name
        known = [item for item in value if self.parent.options.is_known(name, item)]
        return table.choose(name, known) if known else None


class TextFilter(Shared, CharFilter):
    """Rows that the search engine finds."""

    def filter(self, table: Table, value: str):
        mask = np.zeros(table.size, dtype=bool)
        mask[self.parent.found] = True
        return mask


class BoundFilter(Shared, Filter):
    """One end of a range over what may itself be a range: it is let through where the two overlap."""

    def __init__(self, declared: Range | CheckedRange, *, bound: Literal["min", "max"]) -> None:
        self.bound = bound
        low, high = declared.ends
        self.column = high if bound == "min" else low
        super().__init__(label=declared.label)

    def filter(self, table: Table, value):
        # What has no number is in no range.
        end, column = self.read(value), table.columns[self.column]
        return column >= end if self.bound == "min" else column <= end


class DateBoundFilter(BoundFilter):
    """From the first day of `2020`, `June 2020` … (min), or to its last (max)."""

    field_class = FuzzyDateFormField

    def read(self, value) -> float:
        return (value.first_day if self.bound == "min" else value.last_day).toordinal()


class NumberBoundFilter(BoundFilter):
    """From `10 billion`, `10B`, `100 亿` … (min), or up to it (max)."""

    field_class = NumberFormField

    def read(self, value) -> float:
        return float(value)


def make_filters(facet_set: FacetSet) -> dict[str, Filter]:
    """The filters of a kind by parameter, in the order of the panel."""
    filters: dict[str, Filter] = {}
    for declared in facet_set.all:
        if isinstance(declared, Facet):
            filters[declared.name] = FacetFilter(declared)
        else:
            filter_class = DateBoundFilter if declared.unit is Unit.DATE else NumberBoundFilter
            for bound in ("min", "max"):
                filters[f"{declared.name}_{bound}"] = filter_class(declared, bound=bound)
    return filters
