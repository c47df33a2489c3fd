"""Compare entries of one kind side by side: differences first, each value with its sources and dates.

The address holds everything: `kind`, a `slug` for each entry in the order of the columns, and `as_of`. So a comparison
can be cited, also as of a past day, and needs no cookie.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from django.core.validators import slug_re
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.export.files import ExportHeader, locate_terms_page
from catalog.listing.as_of import PARAMETER, AsOf
from catalog.listing.columns import to_dollars
from catalog.listing.facets.organizations import add_up_funding, read_funding_known
from catalog.listing.listings import LISTINGS
from catalog.listing.parameters import LONGEST_QUERY, without_nulls
from catalog.models import ListingEntry, Publication
from catalog.models.choices import FieldGroup
from catalog.models.document import child_lists
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.kinds import EntryKind, list_entry_kinds
from catalog.public.downloads import answer_file
from catalog.reading.batches import follow_all_mergers, read_details
from catalog.reading.details import HEAD_FIELDS, Detail, label_of
from catalog.reading.facts import Fact, Group, RowView, SourceView, Value
from catalog.values import BilingualText

FEWEST, MOST = 2, 6
# Maximum number of slugs looked up: more than MOST, since some may be unknown.
LOOKED_UP = 4 * MOST
LONGEST_SLUG = 100
# Maximum number of entries offered for a name.
OFFERED = 8


@dataclass
class ComparedCell:
    """One entry's content for one value: a fact, or the rows of a list; neither if it is unknown."""

    detail: Detail
    fact: Fact | None = None
    rows: list[RowView] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the entry's page."""
        return self.detail.as_of.add_to(reverse(f"catalog:{self.detail.kind.value}", args=[self.detail.slug]))

    @property
    def key(self) -> Hashable:
        """A key that is equal in cells with equal content."""
        if self.fact:
            return tuple((str(value.text), value.url) for value in self.fact.values)
        return tuple(
            sorted(
                tuple(sorted((name, str(value.text)) for name, cell in row.cells.items() for value in cell.values))
                for row in self.rows
            )
        )

    @property
    def is_unknown(self) -> bool:
        return not self.fact and not self.rows


@dataclass
class ComparisonRow:
    """One value or list of all compared entries."""

    name: str
    label: object
    cells: list[ComparedCell]

    @cached_property
    def differs(self) -> bool:
        return len({cell.key for cell in self.cells}) > 1


@dataclass
class ComparisonSection:
    """The lines of a field group, and the group of each entry (None if the entry has nothing in it)."""

    name: str
    label: object
    groups: list[Group | None]
    lines: list[ComparisonRow]

    def keep(self, *, differing: bool) -> "ComparisonSection":
        """Return the section with only the lines that differ, or only the others."""
        return replace(self, lines=[line for line in self.lines if line.differs == differing])


class Comparison:
    """The comparison that a query string asks for. Any query string gives one, perhaps with too few entries to show."""

    def __init__(self, data: QueryDict) -> None:
        data = without_nulls(data)
        self.as_of = AsOf(data)
        asked = data.get("kind", "")
        # Startups are organizations.
        kind = LISTINGS[asked].kind if asked in LISTINGS else None
        self.room = kind.slug if kind else ""
        self.kind: EntryKind | None = kind.key if kind else None
        self.name = data.get("name", "")[:LONGEST_QUERY]
        # Unknown parameters, and slugs that are unknown or not public: readers can't tell which, so no draft leaks.
        self.ignored = [name for name in data if name not in ("kind", "slug", "name", PARAMETER)]
        self.ignored += [f"kind={asked}"] if asked and not self.room else []
        # The entries shown and their details, in the order of the columns.
        self.entries: list[ListingEntry] = []
        self.details: list[Detail] = []
        # The names of the entries beyond the maximum.
        self.left_out: list[BilingualText] = []
        self._read(list(dict.fromkeys(data.getlist("slug"))))
        self.ignored += self.as_of.ignored

    def _read(self, slugs: list[str]) -> None:
        wanted = [slug for slug in slugs if len(slug) <= LONGEST_SLUG and slug_re.match(slug)][:LOOKED_UP]
        rows = find_compared_entries(wanted, kind=self.kind, as_of=self.as_of) if self.kind and wanted else {}
        details = read_details({row.entry for row in rows.values()}, as_of=self.as_of) if rows else {}
        taken = set()
        for slug in slugs:
            row = rows.get(slug)
            if row is None or row.entry not in details:
                self.ignored.append(f"slug={slug}")
            elif row.entry not in taken and len(self.entries) < MOST:
                self.entries.append(row)
                self.details.append(details[row.entry])
            elif row.entry not in taken:
                self.left_out.append(details[row.entry].name)
            taken.add(row and row.entry)
        numbers: dict[int, int] = {}
        for detail in self.details:
            detail.number_sources(numbers)

    @property
    def is_shown(self) -> bool:
        return len(self.entries) >= FEWEST

    @property
    def has_room(self) -> bool:
        return len(self.entries) < MOST

    # --- addresses -----------------------------------------------------------------------------------------

    @property
    def query(self) -> str:
        """The query string of the entries shown, with their present slugs."""
        return self.query_of([row.slug for row in self.entries])

    @property
    def query_now(self) -> str:
        """The query string of the same entries as they are now."""
        return self.query_of([row.slug for row in self.entries], day="")

    def query_of(self, slugs: list[str], *, day: str | None = None) -> str:
        """Return the query string of entries of this kind, on the same day; `day=""` leaves the day out."""
        query = QueryDict(mutable=True)
        if self.room:
            query["kind"] = self.room
        query.setlist("slug", slugs)
        if day is None and self.as_of.day:
            query[PARAMETER] = self.as_of.day.isoformat()
        return query.urlencode()

    @property
    def rooms(self) -> list[tuple[str, object]]:
        """The kinds that can be compared: the value of `kind`, and its heading."""
        return [(kind.slug, kind.heading) for kind in list_entry_kinds()]

    @property
    def columns(self) -> list[dict]:
        """The headings of the columns: name, page, and the query string without the entry."""
        slugs = [row.slug for row in self.entries]
        return [
            {
                "name": detail.name,
                "url": self.as_of.add_to(reverse(f"catalog:{detail.kind.value}", args=[row.slug])),
                "without": self.query_of([slug for slug in slugs if slug != row.slug]),
            }
            for row, detail in zip(self.entries, self.details, strict=True)
        ]

    # --- what it shows -------------------------------------------------------------------------------------

    @cached_property
    def sections(self) -> list[ComparisonSection]:
        """The field groups in which at least one of the entries has something."""
        sections = []
        for name, values in (FIELD_GROUPS[self.kind] if self.kind else {}).items():
            groups = [next((it for it in detail.groups if it.name == name), None) for detail in self.details]
            lines = [self.read_line(value) for value in values if value not in (*HEAD_FIELDS, "links")]
            if "funding_rounds" in values:
                lines.insert(0, self.read_total())
            lines = [line for line in lines if not all(cell.is_unknown for cell in line.cells)]
            if lines:
                sections.append(ComparisonSection(name=name, label=FieldGroup(name).label, groups=groups, lines=lines))
        return sections

    def read_line(self, name: str) -> ComparisonRow:
        """Return the line of one value or list."""
        label = label_of(self.details[0].model, name)
        if name not in child_lists(self.details[0].model):
            return ComparisonRow(
                name, label, [ComparedCell(detail, fact=detail.facts.get(name)) for detail in self.details]
            )
        return ComparisonRow(
            name, label, [ComparedCell(detail, rows=list_rows(detail, name)) for detail in self.details]
        )

    def read_total(self) -> ComparisonRow:
        """Return the line of total funding: the sum of the rounds with a known amount in US dollars.

        The sum is an estimate if one of the amounts is.
        """
        label, cells = _("Total funding"), []
        for detail in self.details:
            total = add_up_funding(detail.document)
            known = read_funding_known(detail.document)
            values = [] if total is None else [Value(to_dollars(total, known))]
            cells.append(ComparedCell(detail, fact=Fact("total_funding", label, values) if values else None))
        return ComparisonRow("total_funding", label, cells)

    @cached_property
    def differing(self) -> list[ComparisonSection]:
        return [part for section in self.sections if (part := section.keep(differing=True)).lines]

    @cached_property
    def same(self) -> list[ComparisonSection]:
        return [part for section in self.sections if (part := section.keep(differing=False)).lines]

    @property
    def same_number(self) -> int:
        return sum(len(section.lines) for section in self.same)

    @cached_property
    def sources(self) -> list[SourceView]:
        """The sources of all entries, by number."""
        sources = {source.number: source for detail in self.details for source in detail.sources.values()}
        return [sources[number] for number in sorted(sources)]

    # --- adding one ----------------------------------------------------------------------------------------

    @cached_property
    def offers(self) -> list[tuple[ListingEntry, str]]:
        """The entries that the typed name may mean, without those shown, each with the query string that adds it."""
        if not (self.kind and self.name and self.has_room):
            return []
        query = QueryDict(mutable=True)
        query["q"] = self.name
        if self.as_of.day:
            query[PARAMETER] = self.as_of.day.isoformat()
        exact = self.as_of.entries().filter(Q(name_en__iexact=self.name) | Q(name_zh__iexact=self.name), kind=self.kind)
        # Entries with exactly this name come first.
        rows = [*exact[:OFFERED], *LISTINGS[self.room].filter(query).results[:OFFERED]]
        shown = {row.entry for row in self.entries}
        rows = list({row.entry: row for row in rows if row.entry not in shown}.values())[:OFFERED]
        slugs = [row.slug for row in self.entries]
        return [(row, self.query_of([*slugs, row.slug])) for row in rows]

    @property
    def exact(self) -> str | None:
        """The query string that adds the only entry with exactly the typed name; None if there is not exactly one."""
        name = self.name.casefold()
        named = [query for row, query in self.offers if name in (row.name_en.casefold(), row.name_zh.casefold())]
        return named[0] if len(named) == 1 else None


def find_compared_entries(slugs: list[str], *, kind: EntryKind, as_of: AsOf) -> dict[str, ListingEntry]:
    """Return the entries that were live at slugs on a day, by slug; a former slug gives the entry that had it.

    One query, and a few more if there are former slugs.
    """
    rows = {row.slug: row for row in as_of.entries().filter(kind=kind, slug__in=slugs)}
    if missing := [slug for slug in slugs if slug not in rows]:
        # The last entry to have the slug by the end of the day, else the last one to get it later.
        owners, known = {}, set()
        at_address = Publication.objects.filter(kind=kind, slug__in=missing).order_by("at", "pk")
        for slug, entry, at in at_address.values_list("slug", "entry", "at"):
            if at < as_of.until:
                known.add(slug)
            if at < as_of.until or slug not in known:
                owners[slug] = entry
        places = follow_all_mergers(owners.values(), publications=as_of.publications()) if owners else {}
        found = {row.entry: row for row in as_of.entries().filter(kind=kind, entry__in=set(places.values()))}
        rows |= {slug: found[places[entry]] for slug, entry in owners.items() if places[entry] in found}
    return rows


def list_rows(detail: Detail, name: str) -> list[RowView]:
    """Return the rows of a list, newest first if they have dates: a cell shows only the first rows."""
    match name:
        case "funding_rounds":
            return detail.funding_rounds
        case "milestones":
            return detail.milestones[::-1]
        case "price_plans":
            # Plans still on offer come first.
            return sorted(detail.price_plans, key=lambda row: "valid_to" in row.cells)
    return detail.lists.get(name, [])


# --- pages -------------------------------------------------------------------------------------------------


@require_safe
def show_comparison(request: HttpRequest) -> HttpResponse:
    """Show two to six entries side by side; with fewer, or with a name, how to add one."""
    comparison = Comparison(request.GET)
    if query := comparison.exact:
        return HttpResponseRedirect(f"{request.path}?{query}")
    return render(request, "catalog/compare.html", {"comparison": comparison, "fewest": FEWEST, "most": MOST})


@require_safe
def download_comparison(request: HttpRequest, form: str) -> HttpResponseBase:
    """Return the entries of a comparison as a file: `form` is csv, xlsx or json. Raise Http404 without entries."""
    comparison = Comparison(request.GET)
    if not comparison.entries or comparison.kind is None:
        raise Http404(_("There is no such entry."))
    header = ExportHeader(
        title=_("Compare"),
        address=request.build_absolute_uri(f"{reverse('catalog:compare')}?{comparison.query}"),
        asked=[(str(LISTINGS[comparison.room].heading), detail.name.text) for detail in comparison.details],
        order=_("As given"),
        ignored=comparison.ignored,
        number=len(comparison.entries),
        terms=locate_terms_page(request),
    )
    return answer_file(
        request,
        rows=comparison.entries,
        kind=comparison.kind,
        as_of=comparison.as_of,
        header=header,
        form=form,
        name="compare",
    )
