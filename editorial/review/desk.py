"""How the desk keeps up: the checks required and done, and what has waited longest, as a report and as spreadsheets."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.contrib.auth import get_user_model
from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat, TruncDate
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views import View

from catalog.editing.views import TextSpreadsheetMixin
from catalog.models import Check, ListingEntry, Source, Verification
from catalog.models.checks import Outcome
from catalog.models.choices import FieldGroup, LinkState
from catalog.models.kinds import EntryKind
from catalog.models.source import Citation
from catalog.models.verification import State
from catalog.values import BilingualText
from editorial.review.emergency import find_owed_looks, second_look_due
from editorial.review.menu import review_address
from editorial.review.roles import is_editor
from editorial.review.tasks import name_of

# Rows of each table on the screen; a download has all of them.
SHOWN = 20
WEEK = timedelta(days=7)
# Weeks in the report, and the number of last weeks whose pace is compared with the coming ones.
WEEKS, PACE = 8, 4
# A field group of an entry counts once a day, no matter how many of its values were checked.
CHECKED_VALUE = Concat(
    Cast("entry", CharField()), Value("/"), "group", Value("/"), Cast(TruncDate("at", tzinfo=UTC), CharField())
)
COUNTS = {
    "single": Count(CHECKED_VALUE, distinct=True, filter=Q(batch=None)),
    "batched": Count(CHECKED_VALUE, distinct=True, filter=Q(batch__isnull=False)),
}


@dataclass(frozen=True)
class ReportTable:
    """One table of the report. The first cell of each row links to its address; `total` is the number of all rows."""

    name: str
    title: str
    headings: list[str]
    rows: list[list]
    addresses: list[str]
    total: int

    @property
    def lines(self) -> Iterable[tuple[list, str]]:
        return zip(self.rows, self.addresses, strict=True)


@dataclass(frozen=True)
class Outlook:
    """The checks that the intervals require and that the desk does, counted per field group."""

    required: int
    done: int
    overdue: int
    ahead: int
    pace: int

    @property
    def is_short(self) -> bool:
        """Whether more checks are due in the next weeks than were done in as many past weeks."""
        return self.ahead > self.pace


class DeskView(TextSpreadsheetMixin, View):
    """The report, or one of its tables as a spreadsheet."""

    def get(self, request: HttpRequest) -> HttpResponse:
        today = timezone.now().date()
        if self.is_export:
            make_table = TABLES.get(request.GET.get("table", ""))
            if make_table is None:
                raise Http404
            self.table = make_table(today=today, shown=None)
            return self.as_spreadsheet(self.table.rows, request.GET["export"])
        tables = [make_table(today=today, shown=SHOWN) for make_table in TABLES.values()]
        context = {"outlook": read_outlook(today=today), "tables": tables, "may_check": is_editor(request.user)}
        return render(request, "wagtailadmin/review/desk.html", context)

    @property
    def list_export(self) -> list[str]:
        return [str(number) for number in range(len(self.table.headings))]

    @property
    def export_headings(self) -> dict[str, str]:
        return dict(zip(self.list_export, self.table.headings, strict=True))

    def get_filename(self) -> str:
        return f"desk-{self.table.name}"

    def to_row_dict(self, row: list) -> dict:
        cells = row if self.request.GET["export"] == self.FORMAT_XLSX else map(str, row)
        return dict(zip(self.list_export, cells, strict=True))


def read_outlook(*, today: date) -> Outlook:
    """Return the checks required and done; two queries."""
    ahead = today + PACE * WEEK
    counts = Verification.objects.with_state(on=today).aggregate(
        # Entries that are retired or closed need no further check once they have been checked.
        required=Coalesce(Sum(7.0 / F("interval"), filter=Q(historical=False)), 0.0),
        overdue=Count("pk", filter=Q(state_now=State.OVERDUE)),
        ahead=Count("pk", filter=Q(flagged=True) | Q(checked_at=None) | Q(historical=False, overdue_on__lte=ahead)),
    )
    weeks = count_weeks(today=today, weeks=PACE)
    return Outlook(
        required=round(counts["required"]),
        overdue=counts["overdue"],
        ahead=counts["ahead"],
        done=sum(weeks[0]),
        pace=sum(map(sum, weeks)),
    )


def count_weeks(*, today: date, weeks: int) -> list[tuple[int, int]]:
    """Return the numbers of single and batch checks in weeks of seven days, newest first. The last week ends today."""
    counted = [[0, 0] for _week in range(weeks)]
    days = find_checks(today=today, weeks=weeks).annotate(day=TruncDate("at", tzinfo=UTC)).values("day")
    for row in days.annotate(**COUNTS):
        week = counted[(today - row["day"]) // WEEK]
        week[0] += row["single"]
        week[1] += row["batched"]
    return [tuple(week) for week in counted]


def find_checks(*, today: date, weeks: int) -> QuerySet[Check]:
    """Return the checks of the last weeks that had a result."""
    since = datetime.combine(today + timedelta(days=1) - weeks * WEEK, datetime.min.time(), tzinfo=UTC)
    return Check.objects.filter(at__gte=since).exclude(outcome=Outcome.CANT_TELL).order_by()


def tabulate_weeks(*, today: date, shown: int | None) -> ReportTable:
    required = read_outlook(today=today).required
    weeks = count_weeks(today=today, weeks=WEEKS)
    rows = [[today - number * WEEK, required, *counts] for number, counts in enumerate(weeks)]
    return ReportTable(
        name="weeks",
        title=_("Checks asked for and done"),
        headings=[_("Week until"), _("Asked for"), _("Checked one by one"), _("Checked in batches")],
        rows=rows,
        addresses=[""] * len(rows),
        total=len(rows),
    )


def tabulate_waiting(*, today: date, shown: int | None) -> ReportTable:
    waiting = Verification.objects.needing_someone(on=today).filter(waiting_since__lte=today)
    found = waiting.order_by("waiting_since", "pk")[:shown]
    names = name_entries(found)
    return ReportTable(
        name="waiting",
        title=_("Waiting longest for a check"),
        headings=[_("Name"), _("Kind"), _("Field group"), pgettext("check", "State"), _("Since")],
        rows=[
            [names.get(it.entry, "–"), *name_group(it), str(it.state(today).label), it.waiting_since] for it in found
        ],
        addresses=[reverse("review:check_group", args=[it.entry, it.group]) for it in found],
        total=waiting.count(),
    )


def tabulate_gone(*, today: date, shown: int | None) -> ReportTable:
    citing = Value(0)
    for model in Citation.__subclasses__():
        cites = model.objects.filter(source=OuterRef("pk"), entry__live=True).order_by().values("source")
        citing = citing + Coalesce(Subquery(cites.annotate(number=Count("entry", distinct=True)).values("number")), 0)
    sources = Source.objects.filter(link_state=LinkState.GONE)
    found = sources.annotate(citing=citing).order_by("-citing", "pk")[:shown]
    return ReportTable(
        name="gone",
        title=_("Sources that are gone"),
        headings=[_("Source"), _("Address"), _("Entries that cite it")],
        rows=[[source.title, source.url or "", source.citing] for source in found],
        addresses=[reverse("review:check_source", args=[source.pk]) for source in found],
        total=sources.count(),
    )


def tabulate_disputes(*, today: date, shown: int | None) -> ReportTable:
    disputed = Verification.objects.filter(disputed=True)
    found = disputed.order_by("kind", "object_id", "group")[:shown]
    names = name_entries(found)
    return ReportTable(
        name="disputes",
        title=_("Sources differ"),
        headings=[_("Name"), _("Kind"), _("Field group")],
        rows=[[names.get(it.entry, "–"), *name_group(it)] for it in found],
        addresses=[reverse("review:check_group", args=[it.entry, it.group]) for it in found],
        total=disputed.count(),
    )


def tabulate_looks(*, today: date, shown: int | None) -> ReportTable:
    looks = list(find_owed_looks())
    return ReportTable(
        name="looks",
        title=_("Second looks owed"),
        headings=[_("Name"), _("Published by"), _("Reason"), _("Due")],
        rows=[
            [str(record), name_of(look.approver), look.reason, second_look_due(look).date()]
            for record, look in looks[:shown]
        ],
        addresses=[review_address("changes", record) for record, _look in looks[:shown]],
        total=len(looks),
    )


def tabulate_people(*, today: date, shown: int | None) -> ReportTable:
    kinds = Verification.objects.filter(entry=OuterRef("entry"), group=OuterRef("group")).values("kind")
    done = find_checks(today=today, weeks=WEEKS).annotate(kind=Subquery(kinds)).values("by", "kind")
    found = list(done.annotate(**COUNTS).order_by("by", "kind"))
    people = get_user_model().objects.in_bulk({row["by"] for row in found})
    rows = [
        [
            name_of(people[row["by"]]),
            str(EntryKind(row["kind"]).label) if row["kind"] else _("no longer live"),
            row["single"],
            row["batched"],
        ]
        for row in found
    ]
    rows.sort(key=lambda row: row[0])
    return ReportTable(
        name="people",
        title=_("Checks by person and kind, in the last eight weeks"),
        headings=[_("Person"), _("Kind"), _("Checked one by one"), _("Checked in batches")],
        rows=rows[:shown],
        addresses=[""] * len(rows[:shown]),
        total=len(rows),
    )


# In the order of the report.
TABLES = {
    "weeks": tabulate_weeks,
    "waiting": tabulate_waiting,
    "gone": tabulate_gone,
    "disputes": tabulate_disputes,
    "looks": tabulate_looks,
    "people": tabulate_people,
}


def name_entries(verifications: Iterable[Verification]) -> dict:
    """Return the names of the verifications' entries by permanent id; one query."""
    rows = ListingEntry.objects.filter(entry__in={verification.entry for verification in verifications})
    return {uid: BilingualText(en=en, zh=zh).text for uid, en, zh in rows.values_list("entry", "name_en", "name_zh")}


def name_group(verification: Verification) -> tuple[str, str]:
    return str(EntryKind(verification.kind).label), str(FieldGroup(verification.group).label)
