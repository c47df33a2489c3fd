"""A thread of its own reads the listing index anew, so it must see what was written: these tests commit.

They have a module of their own, since the database is empty after each of them: modules like it are run last.
"""

import pytest
from django.utils import timezone

from catalog.listing import tables
from catalog.listing.past import rebuild
from catalog.models import ListingEntry, ListingVersion
from catalog.models.kinds import EntryKind
from tests.catalog.listing.test_tables import describe, read_anew
from tests.factories import make_organization

pytestmark = pytest.mark.django_db(transaction=True)


def test_everything_is_read_anew_by_another_thread_where_much_has_changed():
    make_organization(name="Acme", country="GB")
    process, today = tables.Tables(), timezone.now().date()
    process.follow(on=today)
    rebuild()
    process.follow(on=today)
    process.reader.join()
    assert process.number == ListingVersion.objects.get().number
    assert describe(process.present[EntryKind.ORGANIZATION]) == describe(read_anew(EntryKind.ORGANIZATION))


def test_after_a_rebuild_requests_go_on_until_everything_is_read_anew():
    make_organization(name="Acme")
    process, today = tables.Tables(), timezone.now().date()
    before = process.follow(on=today)
    rebuild()
    assert process.follow(on=today) is before
    process.reader.join()
    assert process.follow(on=today) is not before


def test_a_smaller_number_than_the_last_is_that_of_another_database():
    make_organization(name="Acme")
    process, today = tables.Tables(), timezone.now().date()
    process.follow(on=today)
    ListingEntry.objects.all().delete()
    ListingVersion.objects.update(number=0)
    process.follow(on=today)
    process.reader.join()
    assert process.number == 0
    assert describe(process.follow(on=today)[EntryKind.ORGANIZATION])["rows"] == {}
