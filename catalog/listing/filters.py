"""The filters of each kind of listing: one FilterSet for page, API, export and feed, so that they never disagree.

In a query string a repeated parameter is OR within a facet, different parameters are AND, `<field>_min` and
`<field>_max` bound a range, `unknown` stands for "nothing recorded here", `as_of` for what was so on an earlier day.

Everything is computed on the columns of a `Table`: a filter gives a mask, the rows that it lets through.
"""

from collections.abc import Iterator
from copy import copy
from typing import Literal

import numpy as np
from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, Filter, FilterSet

from catalog.listing import search
from catalog.listing.as_of import PARAMETER, AsOf
from catalog.listing.facets import FacetOptions
from catalog.listing.figures import Histogram, Sum, count_bins, draw_bins, sum_up
from catalog.listing.spelling import find_meant
from catalog.listing.table import Table, order_slots
from catalog.listing.tables import TablesOnDay
from catalog.models import ListingEntry
from catalog.models.choices import EntryKind
from catalog.values import language_key
from catalog.values.forms import FuzzyDateFormField, NumberFormField

# Parameters that are not filters.
OTHER_PARAMETERS = frozenset({"sort", "page", "per_page", PARAMETER})
# What is longer was not typed into the search box.
LONGEST_QUERY = 200
RELEVANCE = "relevance"


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

    def filter(self, table: Table, value: list[str]):
        known = [item for item in value if self.parent.options.is_known(self.field_name, item)]
        return table.choose(self.field_name, known) if known else None


class TextFilter(Shared, CharFilter):
    """Rows that the search engine finds."""

    def filter(self, table: Table, value: str):
        mask = np.zeros(table.size, dtype=bool)
        mask[self.parent.found] = True
        return mask


class BoundFilter(Shared, Filter):
    """One end of a range; `bound` says which, `column` what it bounds."""

    def __init__(self, *, bound: Literal["min", "max"], column: str, **kwargs) -> None:
        self.bound, self.column = bound, column
        super().__init__(**kwargs)

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


def make_range(filter_class: type[BoundFilter], *, low: str, high: str, label) -> tuple:
    """The two ends of a range over what may itself be a range: it is let through where the two overlap."""
    return (
        filter_class(bound="min", column=high, label=label),
        filter_class(bound="max", column=low, label=label),
    )


class ListingFilterSet(FilterSet):
    """What all kinds share. `fixed` holds facet values that the page itself chooses (startups)."""

    kind: EntryKind
    q = TextFilter(label=_("Search"))
    # The orders on offer, the usual one first: parameter value to label.
    sorts: dict[str, object] = {}
    # What else may be sorted by: columns of the table, or facets, by parameter value without direction.
    sort_columns: dict[str, str] = {}
    # The facets whose values are shown of each result.
    shown_facets: tuple[str, ...] = ()
    # What is summed up of the results: names of ranges.
    summed: tuple[str, ...] = ()
    # The facet that says how the values of a range are known.
    known_by: dict[str, str] = {}

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

    @cached_property
    def cleaned(self) -> dict:
        """What was given and understood, by parameter; the rest is in `form.errors`."""
        self.form.is_valid()
        return self.form.cleaned_data

    @cached_property
    def everything(self):
        """The rows of the listing before any filter, a mask."""
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
        """The facets, in the order shown."""
        return [name for name, item in self.filters.items() if isinstance(item, FacetFilter) and name not in self.fixed]

    @property
    def range_names(self) -> list[str]:
        """The ranges, in the order shown."""
        return [name.removesuffix("_min") for name in self.filters if name.endswith("_min")]

    @cached_property
    def masks(self) -> dict[str, object]:
        """The rows that each filter lets through which was given and understood, by parameter."""
        masks = {}
        for name, value in self.cleaned.items():
            if name not in self.fixed and value not in (None, "", []):
                mask = self.filters[name].filter(self.table, value)
                if mask is not None:
                    masks[name] = mask
        return masks

    def select(self, *, without: tuple[str, ...] = ()):
        """The rows that every filter lets through, but for those that are left out, a mask."""
        rows = self.everything
        for name, mask in self.masks.items():
            if name not in without:
                rows = rows & mask
        return rows

    @cached_property
    def selected(self):
        """The rows of the results, a mask."""
        return self.select()

    @cached_property
    def total(self) -> int:
        """The number of results."""
        return int(np.count_nonzero(self.selected))

    def count_without(self, name: str) -> int:
        """The number of results without one parameter."""
        return int(np.count_nonzero(self.select(without=(name,))))

    def chosen(self, facet: str) -> list[str]:
        """The known values chosen in a facet."""
        return [value for value in self.cleaned.get(facet) or () if self.options.is_known(facet, value)]

    @cached_property
    def counts(self) -> dict[str, dict[str, int]]:
        """For each facet the number of results of each option, its own choice left out."""
        return {
            name: self.table.count(name, self.select(without=(name,)) if name in self.masks else self.selected)
            for name in self.facet_names
        }

    @cached_property
    def histograms(self) -> dict[str, Histogram]:
        """For each range the number of results in each part of it, its own bounds left out."""
        histograms = {}
        for name in self.range_names:
            low, high = self.filters[f"{name}_max"], self.filters[f"{name}_min"]
            rows = self.select(without=(f"{name}_min", f"{name}_max"))
            bins = draw_bins(
                table=self.table, low=low.column, high=high.column, is_date=isinstance(low, DateBoundFilter)
            )
            histograms[name] = count_bins(bins, rows)
        return histograms

    @cached_property
    def sums(self) -> list[Sum]:
        """Totals and medians of the results."""
        sums = []
        for name in self.summed:
            bound = self.filters[f"{name}_min"]
            sums.append(
                sum_up(
                    name=name,
                    label=bound.label,
                    values=self.table.columns[bound.column][self.selected],
                    estimated=self.table.choose(self.known_by[name], ["estimated"])[self.selected],
                    results=self.total,
                    is_added=name == "funding",
                )
            )
        return sums

    @property
    def typed(self) -> str:
        """What is searched for, as typed."""
        return (self.cleaned.get("q") or "").strip()[:LONGEST_QUERY]

    @cached_property
    def meant(self) -> str | None:
        """What may have been meant where nothing of this kind is found as typed, if that finds something."""
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
        """The order in force: the one asked for, else best match first for a search, else the first on offer."""
        asked = self.data.get("sort", "")
        if asked.removeprefix("-") in self.sort_columns or (asked == RELEVANCE and "q" in self.masks):
            return asked
        return RELEVANCE if "q" in self.masks else next(iter(self.sorts))

    @cached_property
    def results(self) -> "Results":
        """What was asked for, in order; entries without the value come last, whichever the direction."""
        language = language_key()
        rank, name = self.table.rank(language), self.sort.removeprefix("-")
        if name == RELEVANCE:
            key = np.full(self.table.size, np.nan)
            key[self.found] = np.arange(len(self.found))
        elif (column := self.sort_columns[name]) == "name":
            key = rank.astype(float)
        elif column in self.table.columns:
            key = self.table.columns[column]
        else:
            key = self.options.order_rows(column)
        return Results(self, key=-key if self.sort.startswith("-") else key, rank=rank)

    @property
    def ignored(self) -> list[str]:
        """What the query string has and this listing does not know, as `name` or `name=value`."""
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


class Results:
    """The rows of a filter set in order; read from the database where they are asked for."""

    def __init__(self, filterset: ListingFilterSet, *, key, rank) -> None:
        self.filterset, self.key, self.rank = filterset, key, rank

    def count(self) -> int:
        return self.filterset.total

    def __len__(self) -> int:
        return self.filterset.total

    def slots(self, start: int, stop: int) -> list[int]:
        """The slots from `start` to `stop`."""
        return order_slots(rows=self.filterset.selected, key=self.key, rank=self.rank, start=start, stop=stop)

    def __getitem__(self, part: slice) -> list[ListingEntry]:
        start, stop, _step = part.indices(len(self))
        return self.read(self.slots(start, stop))

    def read(self, slots: list[int]) -> list[ListingEntry]:
        """The rows in some slots, in their order; one query."""
        pks = self.filterset.table.pks[slots].tolist()
        rows = ListingEntry.ever.defer("text", "aliases", "sort_en", "sort_zh").in_bulk(pks)
        # What went away since the table was read is left out.
        return [rows[pk] for pk in pks if pk in rows]

    def iterator(self, chunk_size: int = 500) -> Iterator[ListingEntry]:
        """All rows, so many at a time."""
        slots = self.slots(0, len(self))
        for start in range(0, len(slots), chunk_size):
            yield from self.read(slots[start : start + chunk_size])


def without_nulls(data: QueryDict) -> QueryDict:
    """Return the query with NUL characters dropped, which no database takes, and empty parameters left out."""
    clean = QueryDict(mutable=True)
    for name, values in data.lists():
        values = [value.replace("\x00", "").encode("utf-8", "ignore").decode().strip() for value in values]
        values = [value for value in values if value]
        if values:
            clean.setlist(name.replace("\x00", "").encode("utf-8", "ignore").decode(), values)
    return clean


class OrganizationFilterSet(ListingFilterSet):
    kind = EntryKind.ORGANIZATION
    sorts = {"name": _("Name"), "-founded": _("Newest"), "-funding": _("Most funded")}
    sort_columns = {
        "name": "name",
        "country": "country",
        "founded": "date_to",
        "segment": "segment",
        "latest_round": "latest_round",
        "funding": "funding_usd",
        "valuation": "valuation",
        "checked": "checked",
    }
    shown_facets = ("country", "segment", "latest_round", "funding_known")
    summed = ("funding", "valuation")
    known_by = {"founded": "founded_known", "funding": "funding_known", "valuation": "valuation_known"}

    segment = FacetFilter(field_name="segment", label=_("Segment"))
    layer = FacetFilter(field_name="layer", label=_("Layer"))
    modality = FacetFilter(field_name="modality", label=_("Modality"))
    built_on = FacetFilter(field_name="built_on", label=_("Built on"))
    country = FacetFilter(field_name="country", label=_("Country or region"))
    type = FacetFilter(field_name="type", label=_("Type"))
    status = FacetFilter(field_name="status", label=pgettext_lazy("organization", "Status"))
    founded_min, founded_max = make_range(DateBoundFilter, low="date_from", high="date_to", label=_("Founded"))
    founded_known = FacetFilter(field_name="founded_known", label=_("Founded: how known"))
    latest_round = FacetFilter(field_name="latest_round", label=_("Latest round"))
    funding_min, funding_max = make_range(
        NumberBoundFilter, low="funding_usd", high="funding_usd", label=_("Total funding")
    )
    funding_known = FacetFilter(field_name="funding_known", label=_("Total funding: how known"))
    valuation_min, valuation_max = make_range(
        NumberBoundFilter, low="valuation", high="valuation", label=_("Valuation (post-money)")
    )
    valuation_known = FacetFilter(field_name="valuation_known", label=_("Valuation: how known"))
    investor = FacetFilter(field_name="investor", label=_("Investors"))
    checked_min, checked_max = make_range(DateBoundFilter, low="checked", high="checked", label=_("Last checked"))
    freshness = FacetFilter(field_name="freshness", label=_("Freshness"))


class ModelFilterSet(ListingFilterSet):
    kind = EntryKind.MODEL
    sorts = {"-released": _("Newest"), "-parameters": _("Most parameters"), "name": _("Name")}
    sort_columns = {
        "name": "name",
        "maker": "maker",
        "released": "date_to",
        "parameters": "parameters_high",
        "access": "access",
        "checked": "checked",
    }
    shown_facets = ("maker", "access", "size")
    summed = ("parameters",)
    known_by = {"released": "released_known", "parameters": "size"}

    maker = FacetFilter(field_name="maker", label=pgettext_lazy("model", "Maker"))
    country = FacetFilter(field_name="country", label=_("Country or region"))
    input = FacetFilter(field_name="input", label=_("Input"))
    output = FacetFilter(field_name="output", label=_("Output"))
    multimodal = FacetFilter(field_name="multimodal", label=_("Multimodal"))
    released_min, released_max = make_range(DateBoundFilter, low="date_from", high="date_to", label=_("Released"))
    released_known = FacetFilter(field_name="released_known", label=_("Released: how known"))
    parameters_min, parameters_max = make_range(
        NumberBoundFilter, low="parameters_low", high="parameters_high", label=_("Parameters")
    )
    size = FacetFilter(field_name="size", label=_("Parameters: how known"))
    access = FacetFilter(field_name="access", label=_("Access"))
    licence = FacetFilter(field_name="licence", label=_("Licence"))
    status = FacetFilter(field_name="status", label=_("Status"))
    technique = FacetFilter(field_name="technique", label=_("Techniques"))
    checked_min, checked_max = make_range(DateBoundFilter, low="checked", high="checked", label=_("Last checked"))
    freshness = FacetFilter(field_name="freshness", label=_("Freshness"))


class ProductFilterSet(ListingFilterSet):
    kind = EntryKind.PRODUCT
    sorts = {"-launched": _("Newest"), "name": _("Name")}
    sort_columns = {
        "name": "name",
        "maker": "maker",
        "launched": "date_to",
        "segment": "segment",
        "built_on": "built_on",
        "checked": "checked",
        "price_checked": "price_checked",
    }
    shown_facets = ("maker", "segment", "built_on")
    known_by = {"launched": "launched_known"}

    segment = FacetFilter(field_name="segment", label=_("Segment"))
    layer = FacetFilter(field_name="layer", label=_("Layer"))
    maker = FacetFilter(field_name="maker", label=pgettext_lazy("product", "Maker"))
    built_on = FacetFilter(field_name="built_on", label=_("Built on"))
    country = FacetFilter(field_name="country", label=_("Country or region"))
    launched_min, launched_max = make_range(DateBoundFilter, low="date_from", high="date_to", label=_("Launched"))
    launched_known = FacetFilter(field_name="launched_known", label=_("Launched: how known"))
    free_plan = FacetFilter(field_name="free_plan", label=_("Free plan"))
    status = FacetFilter(field_name="status", label=_("Status"))
    price_checked_min, price_checked_max = make_range(
        DateBoundFilter, low="price_checked", high="price_checked", label=_("Prices last checked")
    )
    checked_min, checked_max = make_range(DateBoundFilter, low="checked", high="checked", label=_("Last checked"))
    freshness = FacetFilter(field_name="freshness", label=_("Freshness"))
