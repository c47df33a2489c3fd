"""Read the details of many entries at once, in as few queries as for one: for files, feeds and comparisons."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from catalog.listing.as_of import AsOf
from catalog.models import ListingEntry, Publication, Verification
from catalog.models.history import UNPUBLISHED_ACTIONS, PublicationAction
from catalog.publishing.verification import read_all_verifications
from catalog.reading.details import Detail, find_targets, read_addresses


def read_details(entries: Iterable[UUID], *, as_of: AsOf) -> dict[UUID, Detail]:
    """Return the public details of entries on a day, by permanent id. Entries without a page on that day are left out.

    Takes four queries for the present and eight for a past day, whatever the number of entries; a few more if some
    were merged later.
    """
    entries = list(entries)
    if as_of.is_past:
        entries = find_shown(entries)
    documents = {
        uid: publication.document
        for uid, publication in find_last(as_of.publications(), entries).items()
        if publication.action not in UNPUBLISHED_ACTIONS
    }
    if as_of.is_past:
        addresses = {}
        verifications = read_all_verifications(documents.values(), until=as_of.until)
    else:
        addresses = read_addresses(documents.values())
        verifications = {uid: {} for uid in map(str, documents)}
        for row in Verification.objects.filter(entry__in=list(documents)):
            verifications[str(row.entry)][row.group] = row
    targets = find_targets(documents.values(), as_of=as_of)
    return {
        uid: Detail(
            document=document,
            present=not as_of.is_past,
            as_of=as_of,
            verifications=verifications[document["uid"]],
            live_targets=its_targets,
            addresses=addresses,
        )
        for (uid, document), its_targets in zip(documents.items(), targets, strict=True)
    }


def find_last(publications: QuerySet[Publication], entries: Iterable[UUID]) -> dict[UUID, Publication]:
    """Return the newest of the given publications for each entry; one query."""
    newer = publications.filter(entry=OuterRef("entry"), sequence__gt=OuterRef("sequence"))
    return {it.entry: it for it in publications.filter(~Exists(newer), entry__in=list(entries)).order_by()}


def follow_all_mergers(entries: Iterable[UUID], *, publications: QuerySet[Publication]) -> dict[UUID, UUID]:
    """Return what each entry was finally merged into, or itself if it was not merged; one query for each step."""
    places = {uid: uid for uid in entries}
    while merged := {
        uid: UUID(it.document["merged_into"])
        for uid, it in find_last(publications, set(places.values())).items()
        if it.action == PublicationAction.MERGED
    }:
        places = {uid: merged.get(place, place) for uid, place in places.items()}
    return places


def find_shown(entries: list[UUID]) -> list[UUID]:
    """Return the entries that have pages of earlier days: live ones, and those merged into a live one.

    A withdrawn entry has no public history, not even after it is merged.
    """
    live = find_live(entries)
    if gone := [uid for uid in entries if uid not in live]:
        places = follow_all_mergers(gone, publications=Publication.objects.all())
        merged = [uid for uid, place in places.items() if uid != place]
        before = find_last(Publication.objects.exclude(action=PublicationAction.MERGED), merged)
        kept = [uid for uid in merged if before[uid].action != PublicationAction.WITHDRAWN]
        there = find_live(places[uid] for uid in kept)
        live |= {uid for uid in kept if places[uid] in there}
    return [uid for uid in entries if uid in live]


def find_live(entries: Iterable[UUID]) -> set[UUID]:
    """Return which of the entries are live."""
    return set(ListingEntry.objects.filter(entry__in=list(entries)).values_list("entry", flat=True))
