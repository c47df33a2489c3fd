"""The filters of each kind of listing: one FilterSet for page, API, export and feed, so that they never disagree.

In a query string a repeated parameter is OR within a facet, different parameters are AND, `<field>_min` and
`<field>_max` bound a range, `unknown` stands for "nothing recorded here", `as_of` for what was so on an earlier day.
"""

from django import forms
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, Filter, FilterSet

from catalog.listing.as_of import PARAMETER, AsOf
from catalog.listing.facets import FacetOptions
from catalog.listing.search import match
from catalog.models import ListingEntry
from catalog.models.choices import EntryKind
from catalog.values.filters import FuzzyDateBoundFilter, NumberBoundFilter

# Parameters that are not filters.
OTHER_PARAMETERS = frozenset({"sort", "page", PARAMETER})
# What is longer was not typed into the search box.
LONGEST_QUERY = 200


class ValuesField(forms.Field):
    """All values that a parameter was given; which of them are known is for the filter set to say."""

    widget = forms.SelectMultiple

    def clean(self, value: list[str] | None) -> list[str]:
        return list(dict.fromkeys(value or []))


class FacetFilter(Filter):
    """Entries that have any of the chosen values in a facet."""

    field_class = ValuesField

    def filter(self, queryset: QuerySet, value: list[str]) -> QuerySet:
        known = [item for item in value or () if item in self.parent.options.known(self.field_name)]
        if not known:
            return queryset
        chosen = self.parent.as_of.facets().filter(listing=OuterRef("pk"), facet=self.field_name, value__in=known)
        return queryset.filter(Exists(chosen))


class TextFilter(CharFilter):
    """Entries that the search engine finds."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        value = (value or "").strip()[:LONGEST_QUERY]
        return match(queryset, value) if value else queryset


class CurrentNumberBoundFilter(NumberBoundFilter):
    """A bound on a value that counts only while it is recent enough to be called current."""

    def filter(self, queryset: QuerySet, value) -> QuerySet:
        if value in (None, ""):
            return queryset
        return super().filter(queryset, value).filter(valuation_until__gt=self.parent.as_of.on)


class ListingFilterSet(FilterSet):
    """What all kinds share. `fixed` holds facet values that the page itself chooses (startups)."""

    kind: EntryKind
    q = TextFilter(label=_("Search"))
    # Sort keys in the order offered: parameter value to (label, column); the column may be led by "-".
    sorts: dict[str, tuple] = {}

    class Meta:
        model = ListingEntry
        fields: list[str] = []

    def __init__(self, data: QueryDict, *, fixed: dict[str, list[str]] | None = None) -> None:
        data = without_nulls(data)
        self.fixed = fixed or {}
        self.as_of = AsOf(data)
        queryset = self.as_of.entries().filter(kind=self.kind)
        for facet, values in self.fixed.items():
            chosen = self.as_of.facets().filter(listing=OuterRef("pk"), facet=facet, value__in=values)
            queryset = queryset.filter(Exists(chosen))
        super().__init__(data, queryset=queryset)

    @cached_property
    def cleaned(self) -> dict:
        """What was given and understood, by parameter; the rest is in `form.errors`."""
        self.form.is_valid()
        return self.form.cleaned_data

    @cached_property
    def options(self) -> FacetOptions:
        """The options of all facets, with their labels."""
        return FacetOptions(kind=self.kind, names=self.facet_names, everything=self.queryset, as_of=self.as_of)

    @property
    def facet_names(self) -> list[str]:
        """The facets, in the order shown."""
        return [name for name, item in self.filters.items() if isinstance(item, FacetFilter) and name not in self.fixed]

    def filter_queryset(self, queryset: QuerySet, *, without: str | None = None) -> QuerySet:
        """Apply every filter that was given and understood, but for the one that is left out."""
        for name, value in self.cleaned.items():
            if name != without and name not in self.fixed:
                queryset = self.filters[name].filter(queryset, value)
        return queryset

    def chosen(self, facet: str) -> list[str]:
        """The known values chosen in a facet."""
        return [value for value in self.cleaned.get(facet) or () if value in self.options.known(facet)]

    @cached_property
    def counts(self) -> dict[str, dict[str, int]]:
        """For each facet the number of results of each option, its own choice left out; one query."""
        free = [name for name in self.facet_names if not self.chosen(name)]
        parts = [self._count(free, self.qs)]
        for name in self.facet_names:
            if name not in free:
                parts.append(self._count([name], self.filter_queryset(self.queryset, without=name)))
        counts: dict[str, dict[str, int]] = {name: {} for name in self.facet_names}
        for facet, value, number in parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]:
            counts[facet][value] = number
        return counts

    def _count(self, facets: list[str], results: QuerySet) -> QuerySet:
        return (
            self.as_of.facets()
            .filter(facet__in=facets, listing__in=results.order_by().values("pk"))
            .order_by()
            .values_list("facet", "value")
            .annotate(number=Count("pk"))
        )

    @property
    def sort(self) -> str:
        """The sort key in force: the one asked for, else the first."""
        asked = self.data.get("sort", "")
        return (
            asked if asked.lstrip("-") in self.sort_columns and not asked.startswith("--") else next(iter(self.sorts))
        )

    @property
    def sort_columns(self) -> dict[str, str]:
        """The columns that may be sorted by, without direction."""
        return {key.lstrip("-"): column for key, (label, column) in self.sorts.items()}

    @property
    def results(self) -> QuerySet:
        """What was asked for, in order; entries without the value come last, whichever the direction."""
        name = F(f"sort_{'zh' if (get_language() or 'en').startswith('zh') else 'en'}")
        column = self.sort_columns[self.sort.lstrip("-")]
        column = name if column == "name" else F(column)
        order = column.desc(nulls_last=True) if self.sort.startswith("-") else column.asc(nulls_last=True)
        return self.qs.order_by(order, name.asc(), "pk")

    @property
    def ignored(self) -> list[str]:
        """What the query string has and this listing does not know, as `name` or `name=value`."""
        known = {*self.filters, *OTHER_PARAMETERS} - set(self.fixed)
        ignored = [name for name in self.data if name not in known]
        for name in self.facet_names:
            ignored += [
                f"{name}={value}" for value in self.cleaned.get(name) or () if value not in self.options.known(name)
            ]
        ignored += [f"{name}={self.data.get(name)}" for name in self.form.errors]
        ignored += self.as_of.ignored
        if self.data.get("sort") and self.data.get("sort") != self.sort:
            ignored.append(f"sort={self.data.get('sort')}")
        return ignored


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
    sorts = {
        "name": (_("Name"), "name"),
        "-founded": (_("Newest"), "date_to"),
        "-funding": (_("Most funded"), "funding_usd"),
    }
    segment = FacetFilter(field_name="segment", label=_("Segment"))
    layer = FacetFilter(field_name="layer", label=_("Layer"))
    modality = FacetFilter(field_name="modality", label=_("Modality"))
    built_on = FacetFilter(field_name="built_on", label=_("Built on"))
    country = FacetFilter(field_name="country", label=_("Country or region"))
    type = FacetFilter(field_name="type", label=_("Type"))
    status = FacetFilter(field_name="status", label=pgettext_lazy("organization", "Status"))
    founded_min = FuzzyDateBoundFilter(bound="min", field_name="date_to", label=_("Founded"))
    founded_max = FuzzyDateBoundFilter(bound="max", field_name="date_from", label=_("Founded"))
    latest_round = FacetFilter(field_name="latest_round", label=_("Latest round"))
    funding_min = NumberBoundFilter(bound="min", field_name="funding_usd", label=_("Total funding"))
    funding_max = NumberBoundFilter(bound="max", field_name="funding_usd", label=_("Total funding"))
    valuation_min = CurrentNumberBoundFilter(bound="min", field_name="valuation_usd", label=_("Valuation (post-money)"))
    valuation_max = CurrentNumberBoundFilter(bound="max", field_name="valuation_usd", label=_("Valuation (post-money)"))
    investor = FacetFilter(field_name="investor", label=_("Investors"))
    freshness = FacetFilter(field_name="freshness", label=_("Freshness"))


class ModelFilterSet(ListingFilterSet):
    kind = EntryKind.MODEL
    sorts = {
        "-released": (_("Newest"), "date_to"),
        "-parameters": (_("Most parameters"), "parameters_high"),
        "name": (_("Name"), "name"),
    }
    maker = FacetFilter(field_name="maker", label=pgettext_lazy("model", "Maker"))
    country = FacetFilter(field_name="country", label=_("Country or region"))
    input = FacetFilter(field_name="input", label=_("Input"))
    output = FacetFilter(field_name="output", label=_("Output"))
    multimodal = FacetFilter(field_name="multimodal", label=_("Multimodal"))
    released_min = FuzzyDateBoundFilter(bound="min", field_name="date_to", label=_("Released"))
    released_max = FuzzyDateBoundFilter(bound="max", field_name="date_from", label=_("Released"))
    parameters_min = NumberBoundFilter(bound="min", field_name="parameters_high", label=_("Parameters"))
    parameters_max = NumberBoundFilter(bound="max", field_name="parameters_low", label=_("Parameters"))
    size = FacetFilter(field_name="size", label=_("Parameters: how known"))
    access = FacetFilter(field_name="access", label=_("Access"))
    licence = FacetFilter(field_name="licence", label=_("Licence"))
    status = FacetFilter(field_name="status", label=_("Status"))
    technique = FacetFilter(field_name="technique", label=_("Techniques"))
    freshness = FacetFilter(field_name="freshness", label=_("Freshness"))


class ProductFilterSet(ListingFilterSet):
    kind = EntryKind.PRODUCT
    sorts = {"-launched": (_("Newest"), "date_to"), "name": (_("Name"), "name")}
    segment = FacetFilter(field_name="segment", label=_("Segment"))
    layer = FacetFilter(field_name="layer", label=_("Layer"))
    maker = FacetFilter(field_name="maker", label=pgettext_lazy("product", "Maker"))
    built_on = FacetFilter(field_name="built_on", label=_("Built on"))
    country = FacetFilter(field_name="country", label=_("Country or region"))
    launched_min = FuzzyDateBoundFilter(bound="min", field_name="date_to", label=_("Launched"))
    launched_max = FuzzyDateBoundFilter(bound="max", field_name="date_from", label=_("Launched"))
    free_plan = FacetFilter(field_name="free_plan", label=_("Free plan"))
    status = FacetFilter(field_name="status", label=_("Status"))
    freshness = FacetFilter(field_name="freshness", label=_("Freshness"))
