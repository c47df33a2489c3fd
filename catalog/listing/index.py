"""Updates the listing index inside the publishing transaction.

A row is derived from public documents only (`catalog.listing.derive`): the entry's own, and those of its neighbours,
whose values are read from their rows.

A row that changes on a later day than it began is closed, and a new row replaces it. So the index also keeps the state
of each earlier day.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.listing.derive import derive_facets, derive_row
from catalog.listing.facets import FACET_SETS, Subject, list_facets_of_entries
from catalog.listing.rows import end_rows, write_row, write_values
from catalog.models import (
    AIModel,
    FacetValue,
    Layer,
    ListingEntry,
    ListingVersion,
    Modality,
    Organization,
    Product,
    Segment,
)
from catalog.models.base import Record
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.history import Publication, PublicationAction
from catalog.models.kinds import KINDS, EntryKind, kind_of
from catalog.models.listing import ALWAYS_UNTIL, UNKNOWN
from catalog.models.verification import Verification
from catalog.publishing.effects import Event, PublicationRecorded, VerificationsOutdated, WordChanged
from catalog.publishing.verification import write_verifications

# The kinds that have makers.
MADE = (EntryKind.MODEL, EntryKind.PRODUCT)


def list_models_to_index() -> list[type[Record]]:
    """Return the models of all kinds in the order in which their rows are written.

    Organizations come twice: others need their countries, and they need the values of what they make.
    """
    others = [kind.model for kind in KINDS if kind.model is not Organization]
    return [Organization, *others, Organization]


@transaction.atomic(savepoint=False)
def reindex(entry: Record) -> None:
    """Update the listing row of an entry or term, or end it if the entry is not live."""
    today = timezone.now().date()
    if not entry.live:
        end_rows(ListingEntry.objects.filter(entry=entry.uid), on=today)
        Verification.objects.filter(entry=entry.uid).delete()
        return
    document = entry.public_document()
    verifications = write_verifications(object_id=entry.pk, document=document) if entry.kind in FIELD_GROUPS else {}
    write_document(
        document=document,
        verifications=verifications,
        object_id=entry.pk,
        published_at=entry.last_published_at,
        on=today,
    )


def write_document(
    *,
    document: dict[str, Any],
    verifications: Mapping[str, Verification],
    object_id: int,
    published_at: datetime,
    on: date,
) -> None:
    """Write the listing row derived from a document and from its neighbours' rows, effective `on`."""
    subject = Subject(document=document, verifications=verifications, on=on)
    row = {
        **derive_row(subject),
        "content_type_id": ContentType.objects.get_for_model(kind_of(document["kind"]).model).pk,
        "object_id": object_id,
        "published_at": published_at,
    }
    segments = set(document["labels"].get("segment", {}))
    parents = {}
    if any(facet.tree for facet in FACET_SETS[subject.kind].facets.values()):
        tree = Segment.objects.values_list("slug", "parent__slug", "synonyms")
        parents = {slug: parent for slug, parent, synonyms in tree if parent}
        # One synonym a line: a query that is a whole line ranks above one that is only part of it.
        synonyms = ",".join(its for slug, _parent, its in tree if slug in segments)
        row["text"] += "".join(f"\n{synonym.strip()}" for synonym in synonyms.split(","))
    facets = derive_facets(
        subject=subject,
        declared=FACET_SETS[subject.kind].valued,
        inherited=find_inherited(document),
        parents=parents,
    )
    write_row(uid=UUID(document["uid"]), row=row, facets=facets.dated_values(), on=on)


def find_inherited(document: dict[str, Any]) -> dict[str, set[str]]:
    """Return the facet values that an entry has from its neighbours, read from their rows; two queries."""
    inherited: dict[str, set[str]] = {}
    facet_set = FACET_SETS[document["kind"]]
    if facet_set.from_made:
        # In two steps: PostgreSQL plans a single query badly while it has no statistics of these tables.
        made = FacetValue.objects.filter(
            facet="maker", value=document["slug"], listing__until=ALWAYS_UNTIL
        ).values_list("listing", flat=True)
        facets = {source.facet for _facet, source in facet_set.from_made if source.facet}
        values = (
            FacetValue.objects.filter(listing__in=list(made), facet__in=["maker", *facets])
            .exclude(value=UNKNOWN)
            .order_by()
        )
        for facet, value in facet_set.inherit(values.values_list("listing__kind", "facet", "value").distinct()):
            inherited.setdefault(facet, set()).add(value)
    if facet_set.from_makers:
        makers = document["fields"].get("makers") or [document["fields"].get("maker")]
        values = FacetValue.objects.filter(
            facet__in=facet_set.from_makers.values(),
            listing__until=ALWAYS_UNTIL,
            listing__kind=EntryKind.ORGANIZATION,
            listing__slug__in=[slug for slug in makers if slug],
        ).exclude(value=UNKNOWN)
        of_makers: dict[str, set[str]] = {}
        for facet, value in values.values_list("facet", "value"):
            of_makers.setdefault(facet, set()).add(value)
        inherited = {facet: of_makers.get(source, set()) for facet, source in facet_set.from_makers.items()}
    return inherited


def find_referrers(*, entry: Record, publication: Publication) -> list[Record]:
    """Return the live entries whose rows refer to an entry or have values from it, if a publication changes these.

    Organizations come last: they have values from models and products.
    """
    before = type(publication).objects.filter(entry=entry.uid, sequence=publication.sequence - 1).first()
    if (
        before
        and publication.action == PublicationAction.PUBLISHED
        and all(
            before.document["fields"].get(name) == publication.document["fields"].get(name)
            for name in ("name", *list_inherited_fields(entry.kind))
        )
    ):
        return []
    slugs = {entry.slug, *([before.slug] if before else [])}
    rows = ListingEntry.objects.filter(
        pk__in=FacetValue.objects.filter(facet__in=list_facets_of_entries(entry.kind), value__in=slugs).values(
            "listing"
        )
    ).select_related("content_type")
    found = (row.content_type.get_object_for_this_type(pk=row.object_id) for row in rows)
    records = [record for record in found if isinstance(record, Record)]
    return sorted(records, key=lambda referrer: referrer.kind == EntryKind.ORGANIZATION)


def list_inherited_fields(kind: EntryKind) -> set[str]:
    """Return the fields of a maker from which its models and products have values; none for other kinds."""
    if kind != EntryKind.ORGANIZATION:
        return set()
    facets = {name for facet_set in FACET_SETS.values() for name in facet_set.from_makers.values()}
    return {FACET_SETS[kind].facets[name].field for name in facets}


def find_makers(*, entry: Record, publication: Publication) -> list[Organization]:
    """Return the live organizations that are makers of a model or product, or were until this publication."""
    documents = type(publication).objects.filter(
        entry=entry.uid, sequence__in=[publication.sequence - 1, publication.sequence]
    )
    slugs: set[str] = set()
    for document in documents.values_list("document", flat=True):
        slugs.update(document["fields"].get("makers") or [document["fields"].get("maker")])
    return list(Organization.objects.filter(slug__in=[slug for slug in slugs if slug], live=True))


# The publications in a `postpone()` block; None outside of one.
_postponed: ContextVar[list[tuple[Publication, Record]] | None] = ContextVar("postponed", default=None)


@contextmanager
def postpone() -> Iterator[None]:
    """Index the publications of this block at its end, each entry once; for loading many in one transaction.

    Otherwise each loaded model would have its makers indexed again.
    """
    publications: list[tuple[Publication, Record]] = []
    token = _postponed.set(publications)
    try:
        yield
    finally:
        _postponed.reset(token)
    affected: dict[type, set[int]] = {}
    for publication, entry in publications:
        neighbours = [
            *find_referrers(entry=entry, publication=publication),
            *find_makers(entry=entry, publication=publication),
        ]
        for record in [entry, *neighbours]:
            affected.setdefault(type(record), set()).add(record.pk)
    for model in list_models_to_index():
        for record in model.objects.filter(pk__in=affected.get(model, ())).order_by("pk"):
            reindex(record)


def update_index(event: Event) -> None:
    """Update the index after an event; fills the slot `index` of `catalog.publishing.effects`."""
    match event:
        case PublicationRecorded():
            follow_publication(publication=event.publication, entry=event.record)
        case VerificationsOutdated():
            follow_verifications(event.entries)
        case WordChanged():
            follow_word(event.word)


def follow_publication(*, publication: Publication, entry: Record) -> None:
    """Update the index after a publication."""
    if (postponed := _postponed.get()) is not None:
        postponed.append((publication, entry))
        return
    reindex(entry)
    referrers = find_referrers(entry=entry, publication=publication)
    for referrer in referrers:
        reindex(referrer)
    if referrers and entry.live:
        # Again, since the entry has values from its referrers, whose rows have its new address only now.
        reindex(entry)
    for maker in find_makers(entry=entry, publication=publication):
        reindex(maker)


def follow_verifications(entries: Iterable[UUID]) -> None:
    """Update the freshness of entries after changes of checks or sources."""
    rows = {row.entry: row for row in ListingEntry.objects.filter(entry__in=entries)}
    documents = Publication.objects.filter(entry__in=rows).order_by("entry", "-sequence")
    for uid, row in rows.items():
        document = documents.filter(entry=uid).values_list("document", flat=True)[0]
        verifications = write_verifications(object_id=row.object_id, document=document)
        today = timezone.now().date()
        declared = FACET_SETS[row.kind].following_checks
        subject = Subject(document=document, verifications=verifications, on=today)
        values = derive_facets(subject=subject, declared=declared).dated_values()
        write_values({row: values}, facets=[item.name for item in declared], on=today)


@transaction.atomic
def follow_word(word: Layer | Modality | Segment) -> None:
    """Update the rows of entries that have a word of a vocabulary."""
    ListingVersion.lock()
    match word:
        case Segment():
            carriers = [*Organization.objects.filter(segments=word), *Product.objects.filter(segments=word)]
        case Layer():
            carriers = [*Product.objects.filter(layer=word)]
        case Modality():
            carriers = [*AIModel.objects.filter(Q(inputs=word) | Q(outputs=word)).distinct()]
    carriers = [carrier for carrier in carriers if carrier.live]
    makers = {maker for carrier in carriers if carrier.kind in MADE for maker in live_makers(carrier)}
    for record in [*carriers, *makers]:
        reindex(record)


def live_makers(record: Any) -> list[Organization]:
    """Return the live makers of a model or a product."""
    makers = record.makers.all() if record.kind == EntryKind.MODEL else [getattr(record, "maker", None)]
    return [maker for maker in makers if maker and maker.live]
