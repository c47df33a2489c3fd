"""Measure the time from finding an error to publishing the correction."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Case, CharField, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Concat, StrIndex, Substr

from catalog.models import Change, Check
from catalog.models.checks import Outcome
from catalog.models.document import child_lists
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.kinds import list_entry_kinds

# Only corrections published in the last so many days are counted.
CORRECTION_DAYS = 365


@dataclass(frozen=True)
class Corrections:
    """The number of corrections, and the median time that they took, in whole days (None without corrections)."""

    number: int
    median: int | None
    # The length of the period in which they were published, in days.
    days: int = CORRECTION_DAYS


def count_corrections(*, on: date) -> Corrections:
    """Count the corrections of the last year; one query."""
    since = datetime.combine(on, time(), tzinfo=UTC) - timedelta(days=CORRECTION_DAYS)
    first, *rest = list_corrected(since=since)
    earliest: dict[int, tuple[datetime, datetime]] = {}
    for change, found, corrected, settled in first.union(*rest, all=True):
        # A value that a check found still true in between needed no correction.
        if settled is None or settled > corrected:
            known, _corrected = earliest.get(change, (found, corrected))
            earliest[change] = (min(found, known), corrected)
    days = sorted((corrected - found).days for found, corrected in earliest.values())
    return Corrections(number=len(days), median=days[(len(days) - 1) // 2] if days else None)


def list_corrected(*, since: datetime) -> list[QuerySet]:
    """Return queries for the errors that were found and then corrected since a moment.

    Each row has the change that made the correction, the time of the finding, the time when the change was published,
    and the time when a check first found the value still true after the finding. Findings are checks with the outcome
    “changed” or “conflict”, and cited sources of live entries that were found changed or gone. For a source, only the
    last such time is known.
    """
    checks = (
        Check.objects.filter(outcome__in=[Outcome.CHANGED, Outcome.CONFLICT])
        .order_by()
        .annotate(uid=F("entry"), field=before_slash("path"), found=F("at"))
    )
    queries = [
        with_correction(checks.exclude(path=""), changes=changes_of_value(), since=since),
        with_correction(checks.filter(path=""), changes=changes_of_group(), since=since),
    ]
    for kind in list_entry_kinds():
        groups = [When(field__in=names, then=Value(group)) for group, names in kind.field_groups.items()]
        cited = (
            child_lists(kind.model)["citations"]
            ._default_manager.filter(entry__live=True, source__changed_at__isnull=False)
            .order_by()
            .annotate(
                uid=F("entry__uid"),
                group=Case(*groups, output_field=CharField()),
                path=Case(
                    When(item="", then=F("field")),
                    default=Concat("field", Value("/"), Cast("item", CharField())),
                    output_field=CharField(),
                ),
                found=F("source__changed_at"),
            )
        )
        # Adding a value corrects nothing: there was no old value to be wrong.
        queries.append(with_correction(cited, changes=changes_of_value().filter(old__isnull=False), since=since))
    return queries


def with_correction(findings: QuerySet, *, changes: QuerySet, since: datetime) -> QuerySet:
    """Return the findings that were corrected since a moment.

    `findings` must be annotated with `uid`, `group`, `path`, `field` and `found`.
    """
    later = changes.filter(publication__entry=OuterRef("uid"), publication__at__gt=OuterRef("found")).order_by(
        "publication__at", "pk"
    )
    settled = Check.objects.filter(
        entry=OuterRef("uid"), group=OuterRef("group"), outcome=Outcome.STILL_TRUE, at__gt=OuterRef("found")
    ).filter(Q(path="") | Q(path=OuterRef("path")) | Q(path=OuterRef("field")))
    return (
        findings.annotate(
            change=Subquery(later.values("pk")[:1]),
            corrected=Subquery(later.values("publication__at")[:1], output_field=DateTimeField()),
            settled=Subquery(settled.order_by("at").values("at")[:1], output_field=DateTimeField()),
        )
        .filter(corrected__gte=since)
        .values_list("change", "found", "corrected", "settled")
    )


def changes_of_value() -> QuerySet:
    """Return the changes of the outer query's `path`: a value, a list, or the rows of the list."""
    rows = Concat(OuterRef("path"), Value("/"), output_field=CharField())
    return Change.objects.filter(Q(path=OuterRef("path")) | Q(path__startswith=rows))


def changes_of_group() -> QuerySet:
    """Return the changes of any value in the outer query's field group (`group`)."""
    cases = [
        When(publication__kind=kind, field__in=names, then=Value(group))
        for kind, groups in FIELD_GROUPS.items()
        for group, names in groups.items()
    ]
    changes = Change.objects.annotate(field=before_slash("path"), group=Case(*cases, output_field=CharField()))
    return changes.filter(group=OuterRef("group"))


def before_slash(path: str) -> Substr:
    """Return the expression for the first part of a path: `milestones` of `milestones/launch`."""
    end = StrIndex(Concat(F(path), Value("/"), output_field=CharField()), Value("/"))
    return Substr(path, 1, end - 1, output_field=CharField())
