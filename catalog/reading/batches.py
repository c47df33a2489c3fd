"""The details of several entries at once, in as many queries as for one: for tables with an entry a row or column."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from catalog.listing.as_of import AsOf
from catalog.models import ListingEntry, Publication, Verification
from catalog.models.history import TAKEN_AWAY, PublicationAction
from catalog.publishing.verification import read_all_verifications
from catalog.reading.details import Detail, find_targets, read_addresses


def read_details(entries: Iterable[UUID], *, as_of: AsOf) -> dict[UUID, Detail]:
    """Return what the public sees of entries on a day, by permanent id, without those that have no page on it.

    Four queries for the present, eight for a past day and at most a few more where some were merged since, whatever
    the number of entries.
    """
    entries = list(entries)
    if as_of.is_past:
        entries = find_shown(entries)
    documents = {
        uid: publication.document
        for uid, publication in find_last(as_of.publications(), entries).items()
        if publication.action not in TAKEN_AWAY
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
    """Return the newest among publications of each entry; one query."""
    newer = publications.filter(entry=OuterRef("entry"), sequence__gt=OuterRef("sequence"))
    return {it.entry: it for it in publications.filter(~Exists(newer), entry__in=list(entries)).order_by()}


def follow_all_mergers(entries: Iterable[UUID], *, publications: QuerySet[Publication]) -> dict[UUID, UUID]:
    """Return what each entry was merged into in the end, itself if it was not; a query for each step."""
    places = {uid: uid for uid in entries}
    while merged := {
        uid: UUID(it.document["merged_into"])
        for uid, it in find_last(publications, set(places.values())).items()
        if it.action == PublicationAction.MERGED
    }:
        places = {uid: merged.get(place, place) for uid, place in places.items()}
    return places


def find_shown(entries: list[UUID]) -> list[UUID]:
    """Return the entries that have pages of earlier days: those that are live, or were merged into what is.

    What was withdrawn has no public history as long as it is; merging it restores nothing.
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
    return set(ListingEntry.objects.filter(entry__in=list(entries)).values_list("entry", flat=True))
