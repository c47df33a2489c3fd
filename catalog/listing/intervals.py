"""Changes how long checks hold, and with it everything in the database that follows from it."""

from collections.abc import Iterator

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from wagtail.log_actions import log

from catalog.listing.derive import (
    CHECKED_FACETS,
    Facets,
    add_checked,
    add_free_plan,
    add_freshness,
    add_valuation_known,
    derive_funding,
)
from catalog.listing.rows import keep_copies, write_values
from catalog.models import Interval, ListingEntry, ListingVersion, Publication, Verification
from catalog.models.choices import FieldGroup
from catalog.models.field_groups import FIELD_GROUPS, INTERVALS
from catalog.models.kinds import EntryKind
from catalog.models.verification import read_intervals

# Rows that are in memory at a time.
CHUNK = 200


@transaction.atomic
def change_intervals(*, days: dict[str, int], user) -> None:
    """Have checks of field groups hold for so many days from now on; each change is in the log.

    What is derived of it (due dates, freshness, until when prices and valuations are called current) is written anew
    at once. Raises ValidationError for a number out of range.
    """
    ListingVersion.hold()
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
    for rows in in_chunks(ListingEntry.objects.filter(kind__in=kinds)):
        write_listings(rows, changed=changed)


def in_chunks(queryset: models.QuerySet) -> Iterator[list]:
    """The rows of a queryset in lists, each read when it is asked for: rows may be changed meanwhile."""
    last = 0
    while rows := list(queryset.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        last = rows[-1].pk
        yield rows


def write_dates(verifications: list[Verification], *, interval: int) -> None:
    """Write what verifications of one group derive from the interval; one query."""
    for verification in verifications:
        verification.interval = interval
        verification.set_dates()
        # An upsert, far quicker than an update of many rows, goes by entry and group.
        verification.pk = None
    Verification.objects.bulk_create(
        verifications,
        update_conflicts=True,
        unique_fields=["entry", "group"],
        update_fields=["interval", "due_on", "overdue_on", "waiting_since"],
    )


def write_listings(rows: list[ListingEntry], *, changed: dict[str, int]) -> None:
    """Write what rows of the listing index derive from intervals; the same queries, whatever the number of rows."""
    today = timezone.now().date()
    verifications: dict = {}
    for verification in Verification.objects.filter(entry__in=[row.entry for row in rows]):
        verifications.setdefault(verification.entry, []).append(verification)
    products = [row for row in rows if row.kind == EntryKind.PRODUCT and FieldGroup.PRICING in changed]
    organizations = [row for row in rows if row.kind == EntryKind.ORGANIZATION and FieldGroup.FUNDING in changed]
    documents = read_documents([*products, *organizations])
    freshness, free_plans, valuations, known = {}, {}, {}, {}
    for row in rows:
        facets = Facets()
        add_freshness(facets, verifications[row.entry])
        add_checked(facets, verifications[row.entry])
        freshness[row] = facets.held()
    for row in products:
        facets = Facets()
        add_free_plan(facets, documents[row.entry], interval=changed[FieldGroup.PRICING], on=today)
        free_plans[row] = facets.held()
    for row in organizations:
        facets = Facets()
        add_valuation_known(facets, documents[row.entry], interval=changed[FieldGroup.FUNDING])
        known[row] = facets.held()
        funding = derive_funding(documents[row.entry], interval=changed[FieldGroup.FUNDING])
        if (until := funding.get("valuation_until", row.valuation_until)) != row.valuation_until:
            valuations[row] = until
    write_values(freshness, facets=CHECKED_FACETS, on=today)
    if free_plans:
        write_values(free_plans, facets=["free_plan"], on=today)
    if known:
        write_values(known, facets=["valuation_known"], on=today)
    if valuations:
        keep_copies(list(valuations), on=today)
        for row, until in valuations.items():
            row.since, row.valuation_until = today, until
        ListingEntry.objects.bulk_update(valuations, ["since", "valuation_until"])


def read_documents(rows: list[ListingEntry]) -> dict:
    """The documents of the last publications of entries, by permanent id; one query."""
    newer = Publication.objects.filter(entry=OuterRef("entry"), sequence__gt=OuterRef("sequence"))
    last = Publication.objects.filter(~Exists(newer), entry__in=[row.entry for row in rows])
    return dict(last.values_list("entry", "document"))
