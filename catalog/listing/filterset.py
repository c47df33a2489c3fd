"""The filter set of each kind of listing: one for pages, API, exports and feeds, so that they always agree.

In a query string a repeated parameter is OR within a facet, different parameters are AND, `<field>_min` and
`<field>_max` bound a range, `unknown` means "nothing recorded here", and `as_of` shows an earlier day.

Everything is computed on the columns of a `Table`.
"""

from collections import OrderedDict
from functools import cache
from typing import Any, ClassVar

import numpy as np
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_filters import Filter, FilterSet

from catalog.listing import search
from catalog.listing.as_of import AsOf
from catalog.listing.facets import FACET_SETS, FacetSet, Sums, Unit
from catalog.listing.figures import Histogram, Sum, count_bins, draw_bins, sum_up
from catalog.listing.filters import RowFilter, TextFilter, make_filters
from catalog.listing.options import FacetOptions
from catalog.listing.parameters import LONGEST_QUERY, OTHER_PARAMETERS, RELEVANCE, without_nulls
from catalog.listing.results import Results
from catalog.listing.spelling import find_meant
from catalog.listing.table import Mask, Table
from catalog.listing.table_cache import TablesOnDay
from catalog.models import ListingEntry
from catalog.models.kinds import EntryKind
from catalog.values import language_key


class ListingFilterSet(FilterSet):
    """The base of all kinds' filter sets. `fixed` are facet values that the page itself chooses (startups)."""

    kind: ClassVar[EntryKind]
    data: QueryDict
    q = TextFilter(label=_("Search"))

    class Meta:
        model = ListingEntry
        fields: list[str] = []

    def __init__(self, data: QueryDict, *, fixed: dict[str, list[str]] | None = None) -> None:
        data = without_nulls(data)
        self.fixed = fixed or {}
        self.as_of = AsOf(data)
        self.tables = TablesOnDay(self.as_of)
        self.table: Table = self.tables[self.kind]
        self._found: dict[str, list[int]] = {}
        super().__init__(data, queryset=ListingEntry.ever.all())

    @classmethod
    def get_filters(cls) -> OrderedDict[str, Filter]:
        """Return the filters by parameter: the search, and those of the kind's facets and ranges."""
        filters = super().get_filters()
        # This class itself has no kind.
        if hasattr(cls, "kind"):
            filters.update(make_filters(FACET_SETS[cls.kind]))
        return filters

    @property
    def facet_set(self) -> FacetSet:
        """The facets and ranges of the kind."""
        return FACET_SETS[self.kind]

    @cached_property
    def cleaned(self) -> dict[str, Any]:
        """The valid values by parameter; `form.errors` has the invalid ones."""
        self.form.is_valid()
        return self.form.cleaned_data

    @cached_property
    def everything(self) -> Mask:
        """A mask of the listing's rows before any filter."""
        rows = self.table.rows
        for facet, values in self.fixed.items():
            rows = rows & self.table.choose(facet, values)
        return rows

    @cached_property
    def options(self) -> FacetOptions:
        """The options of all facets, with their labels."""
        return FacetOptions(
            kind=self.kind,
            everything=self.everything,
            scope=repr(self.fixed),
            tables=self.tables,
            as_of=self.as_of,
        )

    @property
    def facet_names(self) -> list[str]:
        """The names of the facets in the order shown, without fixed ones."""
        return [name for name in self.facet_set.facets if name not in self.fixed]

    @cached_property
    def masks(self) -> dict[str, Mask]:
        """A mask of the rows that match each valid filter, by parameter."""
        masks = {}
        for name, value in self.cleaned.items():
            declared = self.filters[name]
            if isinstance(declared, RowFilter) and name not in self.fixed and value not in (None, "", []):
                mask = declared.match(self.table, value)
                if mask is not None:
                    masks[name] = mask
        return masks

    def select(self, *, without: tuple[str, ...] = ()) -> Mask:
        """Return a mask of the rows that match all filters, except those of the parameters in `without`."""
        rows = self.everything
        for name, mask in self.masks.items():
            if name not in without:
                rows = rows & mask
        return rows

    @cached_property
    def selected(self) -> Mask:
        """A mask of the results."""
        return self.select()

    @cached_property
    def total(self) -> int:
        """The number of results."""
        return int(np.count_nonzero(self.selected))

    def count_without(self, name: str) -> int:
        """Return the number of results without one parameter."""
        return int(np.count_nonzero(self.select(without=(name,))))

    def chosen(self, facet: str) -> list[str]:
        """Return the known values chosen in a facet."""
        return [value for value in self.cleaned.get(facet) or () if self.options.is_known(facet, value)]

    @cached_property
    def counts(self) -> dict[str, dict[str, int]]:
        """For each facet, the number of results of each option, ignoring the facet's own filter."""
        return {
            name: self.table.count(name, self.select(without=(name,)) if name in self.masks else self.selected)
            for name in self.facet_names
        }

    @cached_property
    def histograms(self) -> dict[str, Histogram]:
        """For each range, the number of results in each bin, ignoring the range's own bounds."""
        histograms = {}
        for name, declared in self.facet_set.ranges.items():
            rows = self.select(without=(f"{name}_min", f"{name}_max"))
            low, high = declared.ends
            bins = draw_bins(table=self.table, low=low, high=high, is_date=declared.unit is Unit.DATE)
            histograms[name] = count_bins(bins, rows)
        return histograms

    @cached_property
    def sums(self) -> list[Sum]:
        """Totals and medians of the results."""
        sums = []
        for declared in self.facet_set.summed:
            known = declared.known
            estimated = self.table.choose(known.name, ["estimated"]) if known else np.zeros(self.table.size, dtype=bool)
            sums.append(
                sum_up(
                    name=declared.name,
                    label=declared.label,
                    values=self.table.columns[declared.ends[1]][self.selected],
                    estimated=estimated[self.selected],
                    results=self.total,
                    is_added=declared.sums is Sums.TOTAL,
                )
            )
        return sums

    @property
    def typed(self) -> str:
        """The search query as typed, up to the maximum length."""
        return (self.cleaned.get("q") or "").strip()[:LONGEST_QUERY]

    @cached_property
    def meant(self) -> str | None:
        """A corrected search query, if nothing of this kind is found as typed and the correction finds something."""
        return find_meant(self.typed, finds=self._find, tables=[self.table])

    @cached_property
    def found(self) -> list[int]:
        """The slots that the search engine finds, best first."""
        return self._find(self.meant or self.typed) if self.typed else []

    def _find(self, query: str) -> list[int]:
        if query not in self._found:
            slots = self.table.slot_by_pk
            self._found[query] = [slots[pk] for pk in search.find(query, among=slots)]
        return self._found[query]

    @property
    def sort(self) -> str:
        """The current order: the one asked for if valid, else best match for a search, else the kind's default."""
        asked = self.data.get("sort", "")
        if asked.removeprefix("-") in self.facet_set.sortable or (asked == RELEVANCE and "q" in self.masks):
            return asked
        return RELEVANCE if "q" in self.masks else next(iter(self.facet_set.orders))

    @cached_property
    def results(self) -> Results:
        """The results in order; entries without the value come last in both directions."""
        language = language_key()
        rank, name = self.table.rank(language), self.sort.removeprefix("-")
        if name == RELEVANCE:
            key = np.full(self.table.size, np.nan)
            key[self.found] = np.arange(len(self.found))
        elif name == "name":
            key = rank.astype(float)
        elif name in self.facet_set.ranges:
            key = self.table.columns[self.facet_set.ranges[name].ends[1]]
        else:
            key = self.options.order_rows(name)
        return Results(table=self.table, rows=self.selected, key=-key if self.sort.startswith("-") else key, rank=rank)

    @property
    def ignored(self) -> list[str]:
        """The unknown parts of the query string, as `name` or `name=value`."""
        known = {*self.filters, *OTHER_PARAMETERS} - set(self.fixed)
        ignored = [name for name in self.data if name not in known]
        for name in self.facet_names:
            ignored += [
                f"{name}={value}" for value in self.cleaned.get(name) or () if not self.options.is_known(name, value)
            ]
        ignored += [f"{name}={self.data.get(name)}" for name in self.form.errors]
        ignored += self.as_of.ignored
        if self.data.get("sort") and self.data.get("sort") != self.sort:
            ignored.append(f"sort={self.data.get('sort')}")
        return ignored


@cache
def find_filterset(kind: EntryKind) -> type[ListingFilterSet]:
    """Return the filter set class of a kind."""
    return type(f"{kind.value.capitalize()}FilterSet", (ListingFilterSet,), {"kind": kind})
