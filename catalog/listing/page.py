"""One page of a listing: rows, filter panel, chips and ignored parameters, ready to be shown."""

from dataclasses import dataclass
from datetime import date

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from catalog.listing.as_of import PARAMETER
from catalog.listing.columns import Column
from catalog.listing.facets import CheckedRange
from catalog.listing.listings import LISTINGS
from catalog.listing.panel import FacetPanel, Panel
from catalog.listing.parameters import FIND, RELEVANCE, SIZE, without_nulls
from catalog.models import ListingEntry
from catalog.models.listing import UNKNOWN
from catalog.values import BilingualText

# Results on one page, unless `per_page` asks for another of the sizes.
PER_PAGE = 50
SIZES = (25, 50, 100)


@dataclass
class Chip:
    """An active filter, and the query string without it."""

    name: str
    label: object
    value: object
    query: str


@dataclass
class WayOut:
    """A filter without which something matches: its label, the number of results then, and the query string."""

    label: str
    count: int
    query: str


@dataclass
class ListingRow:
    """One result: the index row, the (value, label) pairs of the facets shown, and the days of checks.

    `checked` has the day for each checked range that is a column.
    """

    entry: ListingEntry
    facets: dict[str, list[tuple[str, object]]]
    checked: dict[str, date | None]
    url: str

    @property
    def name(self) -> BilingualText:
        return BilingualText(en=self.entry.name_en, zh=self.entry.name_zh)

    @property
    def summary(self) -> BilingualText:
        return BilingualText(en=self.entry.summary_en, zh=self.entry.summary_zh)


class ListingPage:
    """What a listing shows for a query string; every query string gives a page."""

    def __init__(self, name: str, query: QueryDict) -> None:
        self.name = name
        listing = LISTINGS[name]
        self.heading, self.filterset = listing.heading, listing.filter(query)
        self.as_of = self.filterset.as_of

    @property
    def per_page(self) -> int:
        """The number of results on a page."""
        asked = self.filterset.data.get(SIZE, "")
        return int(asked) if asked in map(str, SIZES) else PER_PAGE

    @cached_property
    def page(self) -> Page[ListingEntry]:
        """The page asked for, or the nearest one that exists."""
        # The stubs ask for more than slices, which are all that a paginator reads.
        paginator: Paginator[ListingEntry] = Paginator(self.filterset.results, self.per_page)  # type: ignore[arg-type]
        return paginator.get_page(self.filterset.data.get("page"))

    @property
    def ignored(self) -> list[str]:
        """The unknown parts of the query string, as `name` or `name=value`."""
        own = {f"{FIND}{name}" for name in self.filterset.facet_names}
        ignored = [name for name in self.filterset.ignored if name not in own]
        size = self.filterset.data.get(SIZE)
        return [*ignored, f"{SIZE}={size}"] if size and size != str(self.per_page) else ignored

    @property
    def total(self) -> int:
        """The number of results."""
        return self.filterset.total

    @cached_property
    def rows(self) -> list[ListingRow]:
        """The entries of this page with their facet labels; one query."""
        entries = list(self.page.object_list)
        table, options = self.filterset.table, self.filterset.options
        slots = [table.slot_by_pk[entry.pk] for entry in entries]
        values: dict[int, dict[str, list[tuple[str, object]]]] = {slot: {} for slot in slots}
        for declared in self.filterset.facet_set.shown_facets:
            facet = declared.name
            positions = options.positions(facet)
            for slot, its in table.values_of(facet, slots).items():
                known = [value for value in its if value != UNKNOWN and options.is_known(facet, value)]
                if declared.tree:
                    # A parent is left out if one of its children is there.
                    parents = {options.parents.get(value) for value in known}
                    known = [value for value in known if value not in parents]
                known.sort(key=lambda value: positions.get(value, len(positions)))
                values[slot][facet] = [(value, options.label(facet, value)) for value in known]
        # Looked up once, since URLs differ in their slugs only.
        stem = reverse(f"catalog:{self.filterset.kind}", args=["-"]).removesuffix("-/")
        checked = {
            item.name: [
                date.fromordinal(int(day)) if day == day else None for day in table.columns[item.name][slots].tolist()
            ]
            for item in self.filterset.facet_set.columns
            if isinstance(item, CheckedRange)
        }
        return [
            ListingRow(
                entry=entry,
                facets=values[slot],
                checked={name: days[place] for name, days in checked.items()},
                url=self.as_of.add_to(f"{stem}{entry.slug}/"),
            )
            for place, (slot, entry) in enumerate(zip(slots, entries, strict=True))
        ]

    @cached_property
    def columns(self) -> list[Column]:
        """The columns of the table, without name and summary."""
        return [Column(declared) for declared in self.filterset.facet_set.columns]

    @cached_property
    def panel(self) -> Panel:
        """The filter panel."""
        return Panel(self.filterset)

    @property
    def facets(self) -> list[FacetPanel]:
        """The facets with their options in a fixed order; an option without results is disabled."""
        return self.panel.facets

    @cached_property
    def chips(self) -> list[Chip]:
        """The active filters, each with the query string that removes it."""
        chips = []
        data = self.filterset.data
        for name, item in self.filterset.filters.items():
            values = self.filterset.chosen(name) if name in self.filterset.facet_names else []
            for value in values:
                label = self.filterset.options.label(name, value)
                chips.append(Chip(name=name, label=item.label, value=label, query=self.query_without(name, value)))
            known = name not in self.filterset.form.errors and name not in self.filterset.fixed
            typed = data.get(name, "")
            if name not in self.filterset.facet_names and typed and known:
                sign = {"min": "≥ ", "max": "≤ "}.get(name.rsplit("_", 1)[-1], "")
                value = f"{sign}{typed}" if sign else f"“{typed}”"
                chips.append(Chip(name=name, label=item.label, value=value, query=self.query_without(name, typed)))
        return chips

    def query_without(self, name: str, value: str | None = None) -> str:
        """Return the query string without one value of a parameter, or without all of them, back on the first page."""
        query = self.filterset.data.copy()
        query.setlist(name, [item for item in query.getlist(name) if value is not None and item != value])
        query.pop("page", None)
        return query.urlencode()

    @property
    def query(self) -> str:
        """The query string of this page, without an order that is the default anyway."""
        query = self.filterset.data.copy()
        if query.get("sort") == next(iter(self.filterset.facet_set.orders)):
            query.pop("sort")
        return query.urlencode()

    def has_same_filters(self, query: QueryDict) -> bool:
        """Return whether another query string differs only in the texts typed to find an option."""
        pairs = [
            {(name, *values) for name, values in data.lists() if not name.startswith(FIND)}
            for data in (self.filterset.data, without_nulls(query))
        ]
        return pairs[0] == pairs[1]

    @property
    def canonical_query(self) -> str:
        """The query string that search engines should use for this page; the order is left out."""
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
    def query_of_results(self) -> str:
        """The query string of all results in order, for outputs without pages and panel."""
        query = self.filterset.data.copy()
        for name in list(query):
            if name in ("page", SIZE) or name.startswith(FIND):
                del query[name]
        return query.urlencode()

    @property
    def sizes(self) -> list[tuple[int, str, bool]]:
        """The available page sizes: (number, query string, whether it is the current one)."""
        if self.total <= SIZES[0]:
            return []
        return [(size, self.query_with(per_page=size), size == self.per_page) for size in SIZES]

    def query_with(self, **values: object) -> str:
        """Return the query string with other values of some parameters, back on the first page."""
        query = self.filterset.data.copy()
        query.pop("page", None)
        for name, value in values.items():
            query[name] = str(value)
        return query.urlencode()

    @property
    def sorts(self) -> list[tuple[str, object, bool]]:
        """The available orders: (parameter value, label, whether it is the current one)."""
        filterset, sort = self.filterset, self.filterset.sort
        offers: dict[str, object] = {RELEVANCE: _("Best match")} if filterset.data.get("q") else {}
        offers |= filterset.facet_set.orders
        # The orders of the column headings too, for narrow screens that show cards.
        offers |= {key: column.label for column in self.columns if (key := self.usual_sort(column.name)) not in offers}
        if sort not in offers:
            name = sort.removeprefix("-")
            label = next((label for key, label in offers.items() if key.removeprefix("-") == name), None)
            offers[sort] = (
                _("%(order)s, reversed") % {"order": label} if label else self.filterset.filters[f"{name}_min"].label
            )
        return [(key, label, key == sort) for key, label in offers.items()]

    def usual_sort(self, column: str) -> str:
        """Return the order of the first click on a column's heading: largest or newest first, words by name."""
        is_name = column == "name" or column in self.filterset.facet_set.facets
        return column if is_name else f"-{column}"

    def sort_by(self, column: str) -> tuple[str, str]:
        """Return a column's current direction (empty if not sorted), and the query string of its heading's link.

        Another click reverses the order.
        """
        sort = self.filterset.sort
        if sort.removeprefix("-") != column:
            return "", self.query_with(sort=self.usual_sort(column))
        if sort.startswith("-"):
            return "descending", self.query_with(sort=column)
        return "ascending", self.query_with(sort=f"-{column}")

    @cached_property
    def ways_out(self) -> list[WayOut]:
        """If nothing matches, the active filters without which something does, with the number of results."""
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
        """Whether search engines may index this page: at most one filter, no search, as it is now."""
        return (
            len(self.chips) <= 1
            and not self.filterset.data.get("q")
            and not any(name.startswith(FIND) for name in self.filterset.data)
            and not self.ignored
            and not self.as_of.day
        )
