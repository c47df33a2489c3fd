"""Filters for the ends of ranges. What can't be read is an error of the form, in a plain sentence."""

from typing import Literal

import django_filters

from .forms import FuzzyDateFormField, NumberFormField

_LOOKUPS = {"min": "gte", "max": "lte"}


class BoundFilter(django_filters.Filter):
    """One end of a range over a column; `bound` says which. Empty leaves the rows as they are."""

    def __init__(self, field_name=None, *, bound: Literal["min", "max"], **kwargs):
        self.bound = bound
        super().__init__(field_name, _LOOKUPS[bound], **kwargs)

    def compared(self, value):
        """What the column is compared with."""
        return value

    def filter(self, qs, value):
        return super().filter(qs, None if value is None else self.compared(value))


class FuzzyDateBoundFilter(BoundFilter):
    """On a date column: from the first day of `2020`, `June 2020` … (min), or to its last (max)."""

    field_class = FuzzyDateFormField

    def compared(self, value):
        return value.first_day if self.bound == "min" else value.last_day


class NumberBoundFilter(BoundFilter):
    """On a float column: from `10 billion`, `10B`, `100 亿` … (min), or up to it (max)."""

    field_class = NumberFormField

    def compared(self, value):
        return float(value)
