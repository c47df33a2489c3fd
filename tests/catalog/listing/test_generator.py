"""The generated catalog is the same as a published one, so that measurements are valid."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.listing.past import rebuild
from catalog.models import FacetValue, ListingEntry, Publication, Verification
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.kinds import EntryKind, kind_of
from catalog.models.verification import DERIVED
from catalog.publishing.verification import read_verifications
from tests.catalog.listing.listings import counts, names, open_listing
from tools.generator import generate

pytestmark = pytest.mark.django_db


def read_index() -> list[tuple]:
    """Return everything in the index, apart from primary keys."""
    columns = [column.attname for column in ListingEntry._meta.concrete_fields if not column.primary_key]
    rows = [("row", *values) for values in ListingEntry.ever.order_by("entry").values_list(*columns)]
    columns = ("listing__entry", "facet", "value", "since", "until")
    return rows + [("value", *values) for values in FacetValue.objects.order_by(*columns).values_list(*columns)]


@pytest.mark.long
def test_documents_and_index_are_the_same_as_from_publishing():
    generate(entries=60)
    for publication in Publication.objects.all():
        entry = kind_of(publication.kind).model.objects.get(uid=publication.entry)
        document = entry.public_document()
        for it in (document, publication.document):
            it["citations"].sort(key=lambda citation: (citation["field"], citation["item"]))
        assert document == publication.document
        if publication.kind in FIELD_GROUPS:
            for group, found in read_verifications(document).items():
                kept = Verification.objects.get(entry=publication.entry, group=group)
                for name in set(DERIVED) - {"object_id"}:
                    assert getattr(kept, name) == getattr(found, name), (publication.slug, group, name)
    before = read_index()
    rebuild()
    assert read_index() == before


@pytest.mark.long
def test_a_generated_catalog_has_all_kinds_of_values():
    generate(entries=300, seed=5)
    assert {kind: ListingEntry.objects.filter(kind=kind).count() for kind in EntryKind} == {
        EntryKind.ORGANIZATION: 180,
        EntryKind.MODEL: 72,
        EntryKind.PRODUCT: 48,
        EntryKind.TERM: 30,
    }
    listing = open_listing("organizations")
    assert all("(invented)" in name for name in names(listing))
    country = counts(listing, "country")
    assert country["US"] > 40
    assert len(country) > 10, "a few countries have most, and many have some"
    assert {"verified", "overdue", "flagged", "unverified"} <= counts(open_listing("products"), "freshness").keys()
    assert counts(open_listing("models"), "size").keys() == {"reported", "estimated", "undisclosed", "unknown"}
    assert names(open_listing("organizations", "q=虚构&sort=name")) == names(listing)
    assert ListingEntry.objects.filter(since=timezone.now().date() - timedelta(days=45)).count() == 330


def test_a_database_with_entries_is_left_alone():
    generate(entries=5)
    with pytest.raises(ValueError, match="already"):
        generate(entries=5)
    assert Publication.objects.exclude(kind="term").count() == 5
