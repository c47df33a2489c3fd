"""How current the catalog is: shares, ages, sources and corrections, counted on each request.

Every number is shown with its total, and there is no single score. Field groups that are no longer tracked (of a closed
organization, of a retired model or product) are counted separately: nobody needs to check them again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date
from functools import reduce
from operator import or_

from django.db.models import Case, Count, Exists, F, Max, Model, OuterRef, Q, Sum, When, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.export.files import describe_licence, describe_publisher
from catalog.export.spreadsheets import BYTE_ORDER_MARK, write_line
from catalog.listing.facets.shared import FRESHNESS
from catalog.models import Source, Verification
from catalog.models.choices import FIRST_HAND_SOURCES, FieldGroup, Stance
from catalog.models.document import child_lists
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.kinds import EntryKind, list_entry_kinds
from catalog.models.publisher import read_publisher
from catalog.models.verification import State, read_intervals
from catalog.public.corrections import Corrections, count_corrections

# Verified or due: only editors see the difference.
WITHIN = "within"
# The states of a tracked field group, from best to worst, with the labels that readers see.
FRESHNESS_STATES: dict[str, object] = {
    WITHIN: gettext_lazy("Within interval"),
    **{state: FRESHNESS.labels[state] for state in (State.OVERDUE, State.UNVERIFIED, State.FLAGGED, State.DISPUTED)},
}
# Rows by kind and group; by None for all of them.
Rows = dict[tuple[str | None, str | None], "GroupRow"]
# The height of a row of the chart, in pixels: a line of text, and the bar under it.
ROW_HEIGHT = 48


@dataclass(frozen=True)
class Share:
    """A number, and the total that it is a part of."""

    number: int
    of: int

    @property
    def percent(self) -> str:
        """The share in whole percent, empty without a total; 0 and 100 are shown only for exactly none and all."""
        if not self.of:
            return ""
        exact = round(100 * self.number / self.of)
        if exact == 0 and self.number:
            return "<1"
        return ">99" if exact == 100 and self.number < self.of else str(exact)

    def __str__(self) -> str:
        if not self.of:
            return "–"
        return _("%(number)s of %(of)s (%(percent)s%%)") % {
            "number": self.number,
            "of": self.of,
            "percent": self.percent,
        }


@dataclass(frozen=True)
class BarSegment:
    """A piece of a bar: its start and width, in percent of the bar."""

    state: str
    start: str
    width: str


@dataclass
class GroupRow:
    """The field groups of one kind and name, or all of them: the number in each state, and the ages of their checks."""

    kind: EntryKind | None
    group: FieldGroup | None
    # By the keys of FRESHNESS_STATES.
    numbers: dict[str, int] = field(default_factory=dict)
    historical: int = 0
    # The number with a check that counts, and the median and 90th-percentile age of these checks, in days.
    checked: int = 0
    median: int | None = None
    ninetieth: int | None = None

    @property
    def tracked(self) -> int:
        return sum(self.numbers.values())

    @property
    def unchecked(self) -> int:
        """The number without a check that counts, and so without an age."""
        return self.tracked - self.checked

    @property
    def within(self) -> Share:
        return self.shares[WITHIN]

    @property
    def shares(self) -> dict[str, Share]:
        return {state: Share(self.numbers.get(state, 0), self.tracked) for state in FRESHNESS_STATES}

    @property
    def label(self) -> str:
        if self.kind is None or self.group is None:
            return _("All")
        return f"{self.kind.label} · {self.group.label}"

    @property
    def bar_words(self) -> str:
        """The share within the interval, in short form."""
        if not self.tracked:
            return "–"
        return _("%(percent)s%% of %(of)s") % {"percent": self.within.percent, "of": self.tracked}

    @property
    def segments(self) -> list[BarSegment]:
        """The pieces of the bar, without empty ones."""
        segments, before = [], 0
        for state, share in self.shares.items():
            if share.number:
                start, width = 100 * before / share.of, 100 * share.number / share.of
                segments.append(BarSegment(state=state, start=f"{start:.3f}%", width=f"{width:.3f}%"))
                before += share.number
        return segments


@dataclass(frozen=True)
class ValuesRow:
    """The cited values of live entries of one kind, or of all kinds."""

    kind: EntryKind | None
    first_hand: Share
    disputed: Share

    @property
    def label(self) -> str:
        return str(self.kind.label) if self.kind else _("All")


class Freshness:
    """How current the catalog is on a day (UTC); nine queries, whatever the number of entries."""

    def __init__(self, *, on: date) -> None:
        self.on = on

    @cached_property
    def groups(self) -> list[GroupRow]:
        """The rows of field groups: first the total, then by kind and name in the order of the registry."""
        rows: Rows = {(None, None): GroupRow(None, None)}
        for kind, names in FIELD_GROUPS.items():
            for name in names:
                rows[kind, name] = GroupRow(EntryKind(kind), FieldGroup(name))
        counted = Verification.objects.with_state(on=self.on).order_by().values_list("kind", "group", "state_now")
        for kind, group, state, number in counted.annotate(number=Count("pk")):
            for row in (rows[kind, group], rows[None, None]):
                if state == State.HISTORICAL:
                    row.historical += number
                else:
                    name = WITHIN if state in (State.VERIFIED, State.DUE) else state
                    row.numbers[name] = row.numbers.get(name, 0) + number
        self._read_ages(rows, "kind", "group")
        self._read_ages(rows)
        return list(rows.values())

    def _read_ages(self, rows: Rows, *parts: str) -> None:
        """Set the ages of checks in the rows grouped by `parts`; the database finds the percentiles."""
        checked = Verification.objects.with_state(on=self.on).exclude(state_now=State.HISTORICAL)
        by = [F(part) for part in parts] or None
        ranked = checked.filter(checked_at__isnull=False).annotate(
            rank=Window(RowNumber(), partition_by=by, order_by=F("checked_at").desc()),
            number=Window(Count("pk"), partition_by=by),
        )
        # Nearest-rank percentiles: of 10, the 5th and the 9th.
        at_rank = {name: (F("number") * percent + 99) / 100 for name, percent in (("median", 50), ("ninetieth", 90))}
        found = ranked.filter(Q(rank=at_rank["median"]) | Q(rank=at_rank["ninetieth"])).order_by()
        for *part, rank, number, checked_at in found.values_list(*parts, "rank", "number", "checked_at"):
            row = rows[tuple(part) or (None, None)]
            row.checked = number
            age = (self.on - checked_at.astimezone(UTC).date()).days
            if rank == (number * 50 + 99) // 100:
                row.median = age
            if rank == (number * 90 + 99) // 100:
                row.ninetieth = age

    @cached_property
    def values(self) -> list[ValuesRow]:
        """The rows of cited values: how many have a first-hand source, and how many a source that contradicts them."""
        rows = []
        for kind in list_entry_kinds():
            found = count_values(child_lists(kind.model)["citations"])
            rows.append(
                ValuesRow(
                    kind=kind.key,
                    first_hand=Share(found["first_hand"], found["number"]),
                    disputed=Share(found["disputed"], found["number"]),
                )
            )
        number = sum(row.first_hand.of for row in rows)
        first_hand, disputed = (sum(getattr(row, it).number for row in rows) for it in ("first_hand", "disputed"))
        return [ValuesRow(kind=None, first_hand=Share(first_hand, number), disputed=Share(disputed, number)), *rows]

    @cached_property
    def archived(self) -> Share:
        """The share of sources with an archived copy, among those that live entries cite."""
        citations = [child_lists(kind.model)["citations"] for kind in list_entry_kinds()]
        cited = [Q(Exists(it._default_manager.filter(source=OuterRef("pk"), entry__live=True))) for it in citations]
        found = Source.objects.filter(reduce(or_, cited)).aggregate(
            of=Count("pk"), number=Count("pk", filter=~Q(archived_url=""))
        )
        return Share(found["number"], found["of"])

    @cached_property
    def corrections(self) -> Corrections:
        return count_corrections(on=self.on)

    @cached_property
    def intervals(self) -> list[tuple[str, int]]:
        """The check interval of each field group, in days."""
        days = read_intervals()
        return [(str(group.label), days[group]) for group in FieldGroup]

    # --- the chart -----------------------------------------------------------------------------------------

    @property
    def bars(self) -> list[tuple[int, GroupRow]]:
        """The rows of the chart, each with its distance from the top in pixels."""
        return [(number * ROW_HEIGHT, row) for number, row in enumerate(self.groups)]

    @property
    def chart_height(self) -> int:
        return len(self.groups) * ROW_HEIGHT

    @property
    def legend(self) -> dict:
        return FRESHNESS_STATES

    @property
    def sentence(self) -> str:
        """The chart summed up in a sentence or two."""
        rows = [row for row in self.groups[1:] if row.tracked]
        if not rows:
            return _("No field groups are tracked yet.")
        best, worst = (choose(rows, key=lambda row: row.within.number / row.tracked) for choose in (max, min))
        words = {
            "share": self.groups[0].within,
            "low": worst.within.percent,
            "worst": worst.label,
            "high": best.within.percent,
            "best": best.label,
        }
        text = _("Within their interval are %(share)s of the field groups that are tracked.") % words
        if words["low"] == words["high"]:
            return text
        # The space is part of the string, because Chinese has none between sentences.
        more = _(" By kind and group it is between %(low)s%% (%(worst)s) and %(high)s%% (%(best)s).") % words
        return text + more


def count_values(model: type[Model]) -> dict[str, int]:
    """Count the cited values of live entries of a kind: all, with a first-hand source, with a contradicting one."""
    first_hand = When(stance=Stance.SUPPORTS, source__kind__in=sorted(FIRST_HAND_SOURCES), then=1)
    values = (
        model._default_manager.filter(entry__live=True)
        .order_by()
        .values("entry", "field", "item")
        .annotate(
            is_first_hand=Max(Case(first_hand, default=0)),
            is_disputed=Max(Case(When(stance=Stance.CONTRADICTS, then=1), default=0)),
        )
    )
    return values.aggregate(
        number=Count("*"), first_hand=Sum("is_first_hand", default=0), disputed=Sum("is_disputed", default=0)
    )


# --- pages -------------------------------------------------------------------------------------------------


def show_freshness(request: HttpRequest) -> HttpResponse:
    """Show how current the catalog is."""
    context = {"freshness": Freshness(on=timezone.now().date()), "kinds": list_entry_kinds()}
    return render(request, "catalog/freshness.html", context)


def download_freshness(request: HttpRequest) -> HttpResponse:
    """Return the same numbers as a CSV file."""
    freshness = Freshness(on=timezone.now().date())
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="freshness-{freshness.on.isoformat()}.csv"'
    response.write(BYTE_ORDER_MARK)
    response.writelines(write_line(cells) for cells in list_cells(freshness))
    return response


def list_cells(freshness: Freshness) -> Iterator[list]:
    """Yield the rows of the file: a heading, one row for each number with its total, and the terms."""
    yield [
        _("Measure"),
        _("Type"),
        capfirst(_("field group")),
        _("Result"),
        _("Unit"),
        _("Number"),
        _("Of"),
        _("Of what"),
    ]
    everything, days = _("All"), _("days")

    def cells_of(measure: object, kind: object, group: object, share: Share, of_what: str) -> list[object]:
        percent = f"{100 * share.number / share.of:.1f}" if share.of else ""
        return [measure, kind, group, percent, "%", share.number, share.of, of_what]

    for row in freshness.groups:
        where = (row.kind.label if row.kind else everything, row.group.label if row.group else everything)
        for state, share in row.shares.items():
            yield cells_of(FRESHNESS_STATES[state], *where, share, _("tracked field groups of live entries"))
        known = Share(row.historical, row.historical + row.tracked)
        yield cells_of(FRESHNESS.labels[State.HISTORICAL], *where, known, _("field groups of live entries"))
        yield cells_of(
            _("Without a check that counts"),
            *where,
            Share(row.unchecked, row.tracked),
            _("tracked field groups of live entries"),
        )
        for measure, age in ((_("Median age"), row.median), (_("90th-percentile age"), row.ninetieth)):
            yield [measure, *where, age, days, "", row.checked, _("tracked field groups with a check that counts")]
    for values in freshness.values:
        first_hand, disputed = values.first_hand, values.disputed
        of_what = _("cited values of live entries")
        yield cells_of(_("With a first-hand source"), values.label, everything, first_hand, of_what)
        yield cells_of(_("Open disputes"), values.label, everything, disputed, of_what)
    archived = freshness.archived
    yield cells_of(_("With an archived copy"), everything, everything, archived, _("sources that live entries cite"))
    found = freshness.corrections
    of_what = _("corrections in the last %(days)s days") % {"days": found.days}
    yield [_("Median time to correction"), everything, everything, found.median, days, "", found.number, of_what]
    publisher = read_publisher()
    for label, value in [*describe_publisher(publisher), (_("Licence"), describe_licence(publisher))]:
        yield [label, "", "", value, "", "", "", ""]
