"""Changes how long checks are valid, and updates everything in the database that depends on it."""

from collections.abc import Iterator
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from wagtail.log_actions import log

from catalog.listing.derive import derive_facets
from catalog.listing.facets import FACET_SETS, FacetSet, Subject
from catalog.listing.rows import copy_to_past, write_values
from catalog.models import Interval, ListingEntry, ListingVersion, Publication, Verification
from catalog.models.field_groups import FIELD_GROUPS, INTERVALS
from catalog.models.verification import read_intervals

IntervalRow = TypeVar("IntervalRow", bound=models.Model)

# The number of rows that are in memory at a time.
CHUNK = 200


@transaction.atomic
def change_intervals(*, days: dict[str, int], user: AbstractBaseUser) -> None:
    """Set how many days checks of field groups are valid from now on, and log each change.

    Everything derived from it (due dates, freshness, until when prices and valuations are current) is updated at once.
    Raises ValidationError for a number out of range.
    """
    ListingVersion.lock()
    before = read_intervals()
    changed = {group: number for group, number in days.items() if number != before[group]}
    for group, number in changed.items():
        interval = Interval.objects.filter(group=group).first() or Interval(group=group)
        interval.days = number
        interval.full_clean()
        interval.save()
        log(
            instance=interval,
            action="review.interval",
            user=user,
            data={"group": group, "before": before[group], "after": number},
        )
        if number == INTERVALS[group]:
            interval.delete()
    for group, number in changed.items():
        for verifications in in_chunks(Verification.objects.select_for_update().filter(group=group)):
            write_dates(verifications, interval=number)
    kinds = [kind for kind, groups in FIELD_GROUPS.items() if changed.keys() & groups.keys()]
    for kind in kinds:
        for rows in in_chunks(ListingEntry.objects.filter(kind=kind)):
            write_listings(rows, facet_set=FACET_SETS[kind], changed=changed)


def in_chunks(queryset: models.QuerySet[IntervalRow]) -> Iterator[list[IntervalRow]]:
    """Yield the rows of a queryset in lists, each read when it is needed, since rows may change meanwhile."""
    last = 0
    while rows := list(queryset.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        last = rows[-1].pk
        yield rows


def write_dates(verifications: list[Verification], *, interval: int) -> None:
    """Update the interval and the dates of verifications of one group; one query."""
    for verification in verifications:
        verification.interval = interval
        verification.set_dates()
        # Without a primary key, so that the upsert finds rows by entry and group; it is far quicker than an update.
        verification.pk = None
    Verification.objects.bulk_create(
        verifications,
        update_conflicts=True,
        unique_fields=["entry", "group"],
        update_fields=["interval", "due_on", "overdue_on", "waiting_since"],
    )


def write_listings(rows: list[ListingEntry], *, facet_set: FacetSet, changed: dict[str, int]) -> None:
    """Update what listing rows of one kind derive from intervals, in a fixed number of queries."""
    today = timezone.now().date()
    verifications: dict[UUID, dict[str, Verification]] = {}
    for verification in Verification.objects.filter(entry__in=[row.entry for row in rows]):
        verifications.setdefault(verification.entry, {})[verification.group] = verification
    facets = [item for item in facet_set.valued if item.follows_checks or item.interval in changed]
    ranges = [item for item in facet_set.stored_ranges if item.interval in changed]
    needs_documents = any(item.interval for item in (*facets, *ranges))
    documents = read_documents(rows) if needs_documents else {}
    subjects = {
        row: Subject(document=documents.get(row.entry, {}), verifications=verifications[row.entry], on=today)
        for row in rows
    }
    values = {row: derive_facets(subject=subject, declared=facets).dated_values() for row, subject in subjects.items()}
    write_values(values, facets=[item.name for item in facets], on=today)
    stored: dict[ListingEntry, dict[str, Any]] = {row: {} for row in rows}
    for row, subject in subjects.items():
        for item in ranges:
            stored[row].update(item.read(subject))
    others = [row for row in rows if any(getattr(row, name) != value for name, value in stored[row].items())]
    if others:
        copy_to_past(others, on=today)
        for row in others:
            row.since = today
            for name, value in stored[row].items():
                setattr(row, name, value)
        ListingEntry.objects.bulk_update(others, ["since", *(name for item in ranges for name in item.stored)])


def read_documents(rows: list[ListingEntry]) -> dict[UUID, dict[str, Any]]:
    """Return the documents of entries' last publications, by permanent id; one query."""
    newer = Publication.objects.filter(entry=OuterRef("entry"), sequence__gt=OuterRef("sequence"))
    last = Publication.objects.filter(~Exists(newer), entry__in=[row.entry for row in rows])
    return dict(last.values_list("entry", "document"))
