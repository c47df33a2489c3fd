"""One page of a listing: rows, facets with counts, chips and what was ignored, ready to be shown."""

from dataclasses import dataclass, field

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from catalog.listing.as_of import PARAMETER, AsOf
from catalog.listing.filters import (
    DateBoundFilter,
    ListingFilterSet,
    ModelFilterSet,
    OrganizationFilterSet,
    ProductFilterSet,
)
from catalog.models import ListingEntry
from catalog.models.listing import UNKNOWN
from catalog.values import BilingualText, Quantity, format_number

PER_PAGE = 50
# A long facet shows so many options and folds the others away.
SHOWN_AT_ONCE = 8

# The listings of the site: name in addresses to (heading, filter set, what the page itself chooses).
LISTINGS: dict[str, tuple] = {
    "models": (_("Models"), ModelFilterSet, {}),
    "startups": (_("Startups"), OrganizationFilterSet, {"type": ["startup"]}),
    "organizations": (_("Organizations"), OrganizationFilterSet, {}),
    "products": (_("Products"), ProductFilterSet, {}),
}


@dataclass
class Option:
    """One option of a facet; `count` is the number of results after a click on it."""

    value: str
    label: object
    count: int
    chosen: bool
    child: bool = False

    @property
    def disabled(self) -> bool:
        """Whether choosing it would lead to nothing."""
        return self.count == 0 and not self.chosen


@dataclass
class Facet:
    name: str
    label: object
    options: list[Option]

    @property
    def chosen(self) -> int:
        """How many options are chosen."""
        return sum(option.chosen for option in self.options)

    @property
    def rest_chosen(self) -> bool:
        """Whether an option is chosen among those that a long facet folds away."""
        return any(option.chosen for option in self.options[SHOWN_AT_ONCE:])


@dataclass
class Range:
    """A pair of bounds, as typed."""

    name: str
    label: object
    minimum: str
    maximum: str
    is_date: bool
    errors: list[str] = field(default_factory=list)


@dataclass
class Chip:
    """A filter in force, and the query string without it."""

    name: str
    label: object
    value: object
    query: str


@dataclass
class WayOut:
    """A filter without which something matches: what it asks for, how much there is then, and the query string."""

    label: str
    count: int
    query: str


@dataclass
class ListingRow:
    """One result: the index row with the labels of its facet values, on the day of `as_of`."""

    entry: ListingEntry
    facets: dict[str, list]
    as_of: AsOf

    @property
    def name(self) -> BilingualText:
        return BilingualText(en=self.entry.name_en, zh=self.entry.name_zh)

    @property
    def summary(self) -> BilingualText:
        return BilingualText(en=self.entry.summary_en, zh=self.entry.summary_zh)

    @property
    def url(self) -> str:
        return self.as_of.add_to(reverse(f"catalog:{self.entry.kind}", args=[self.entry.slug]))


class ListingPage:
    """What a listing shows for a query string; any query string gives a page."""

    def __init__(self, name: str, query: QueryDict) -> None:
        self.name = name
        self.heading, filterset, fixed = LISTINGS[name]
        self.filterset: ListingFilterSet = filterset(query, fixed=fixed)
        self.as_of = self.filterset.as_of

    @cached_property
    def page(self) -> Page:
        """The page asked for, or the nearest there is."""
        return Paginator(self.filterset.results, PER_PAGE).get_page(self.filterset.data.get("page"))

    @property
    def total(self) -> int:
        """The number of results."""
        return self.filterset.total

    @cached_property
    def rows(self) -> list[ListingRow]:
        """The entries of this page with their facet labels; two queries."""
        entries = list(self.page.object_list)
        table, options = self.filterset.table, self.filterset.options
        slots = [table.slot_by_pk[entry.pk] for entry in entries]
        values: dict[int, dict[str, list]] = {slot: {} for slot in slots}
        for facet in self.filterset.shown_facets:
            positions = options.positions(facet)
            for slot, its in table.values_of(facet, slots).items():
                known = [value for value in its if value != UNKNOWN and options.is_known(facet, value)]
                if facet == "segment":
                    # A parent that only includes a child goes without saying.
                    parents = {options.parents.get(value) for value in known}
                    known = [value for value in known if value not in parents]
                known.sort(key=lambda value: positions.get(value, len(positions)))
                values[slot][facet] = [(value, options.label(facet, value)) for value in known]
        return [
            ListingRow(entry=entry, facets=values[slot], as_of=self.as_of)
            for slot, entry in zip(slots, entries, strict=True)
        ]

    @cached_property
    def facets(self) -> list[Facet]:
        """The facets with their options in a fixed order; an option that leads to nothing is disabled."""
        facets = []
        for name in self.filterset.facet_names:
            chosen, options = self.filterset.chosen(name), self.filterset.options
            shown = options.shown(name, chosen=chosen)
            facets.append(
                Facet(
                    name=name,
                    label=self.filterset.filters[name].label,
                    options=[
                        Option(
                            value=value,
                            label=label,
                            count=self.filterset.counts[name].get(value, 0),
                            chosen=value in chosen,
                            child=name == "segment" and value in options.parents,
                        )
                        for value, label in shown
                    ],
                )
            )
        return facets

    @property
    def ranges(self) -> list[Range]:
        """The pairs of bounds, with what was typed and what is wrong with it."""
        data, errors = self.filterset.data, self.filterset.form.errors
        return [
            Range(
                name=name.removesuffix("_min"),
                label=item.label,
                minimum=data.get(name, ""),
                maximum=data.get(name.removesuffix("_min") + "_max", ""),
                is_date=isinstance(item, DateBoundFilter),
                errors=[*errors.get(name, ()), *errors.get(name.removesuffix("_min") + "_max", ())],
            )
            for name, item in self.filterset.filters.items()
            if name.endswith("_min")
        ]

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters in force, each with the query string that removes it."""
        chips = []
        data = self.filterset.data
        for name, item in self.filterset.filters.items():
            values = self.filterset.chosen(name) if name in self.filterset.facet_names else []
            for value in values:
                label = self.filterset.options.label(name, value)
                chips.append(Chip(name=name, label=item.label, value=label, query=self.query_without(name, value)))
            known = name not in self.filterset.form.errors and name not in self.filterset.fixed
            if name not in self.filterset.facet_names and data.get(name) and known:
                sign = {"min": "≥ ", "max": "≤ "}.get(name.rsplit("_", 1)[-1], "")
                value = f"{sign}{data[name]}" if sign else f"“{data[name]}”"
                chips.append(Chip(name=name, label=item.label, value=value, query=self.query_without(name, data[name])))
        return chips

    def query_without(self, name: str, value: str | None = None) -> str:
        """The query string without one value of one parameter, or without all of them, back on the first page."""
        query = self.filterset.data.copy()
        query.setlist(name, [item for item in query.getlist(name) if value is not None and item != value])
        query.pop("page", None)
        return query.urlencode()

    @property
    def query(self) -> str:
        """The query string of this page: what was given, but for the order that is in force anyway."""
        query = self.filterset.data.copy()
        if query.get("sort") == next(iter(self.filterset.sorts)):
            query.pop("sort")
        return query.urlencode()

    @property
    def canonical_query(self) -> str:
        """The query string by which search engines know this page: an order makes no page of its own."""
        query = self.filterset.data.copy()
        query.pop("sort", None)
        return query.urlencode() if self.is_indexable else ""

    @property
    def query_now(self) -> str:
        """The query string of the same results as they are now."""
        return self.query_without(PARAMETER)

    @property
    def query_without_page(self) -> str:
        """The query string for links to other pages of the same results."""
        query = self.filterset.data.copy()
        query.pop("page", None)
        return query.urlencode()

    @property
    def sorts(self) -> list[tuple[str, object, bool]]:
        """The orders on offer: (parameter value, label, whether it is in force)."""
        sort = self.filterset.sort
        return [(key, label, key == sort) for key, label in self.filterset.sorts.items()]

    @cached_property
    def ways_out(self) -> list[WayOut]:
        """Where nothing matches: for each filter in force the number of results without it."""
        if self.total:
            return []
        names = dict.fromkeys(chip.name for chip in self.chips)
        return [
            WayOut(
                label=pgettext("between values", ", ").join(
                    str(chip.value).strip("“”") for chip in self.chips if chip.name == name
                ),
                count=count,
                query=self.query_without(name),
            )
            for name in names
            if (count := self.filterset.count_without(name))
        ]

    @property
    def is_indexable(self) -> bool:
        """Whether search engines may keep this page: at most one facet, nothing else, as it is now."""
        return (
            len(self.chips) <= 1
            and not self.filterset.data.get("q")
            and not self.filterset.ignored
            and not self.as_of.day
        )


def format_parameters(entry: ListingEntry) -> str:
    """The parameter count of a listing row in the reader's language, or nothing."""
    if entry.parameters_low is None:
        return ""
    if entry.parameters_low == entry.parameters_high:
        return format_number(entry.parameters_low)
    return str(Quantity(low=entry.parameters_low, high=entry.parameters_high, kind="reported"))
