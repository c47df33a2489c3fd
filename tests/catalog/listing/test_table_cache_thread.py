"""A thread of its own reads the listing index again, so it must see what was written: these tests commit.

They have a module of their own, because the database is empty after each of them: such modules run last.
"""

import pytest
from django.utils import timezone

from catalog.listing import table_cache
from catalog.listing.past import rebuild
from catalog.models import ListingEntry, ListingVersion
from catalog.models.kinds import EntryKind
from tests.catalog.listing.test_table_cache import describe, read_again
from tests.factories import make_organization

pytestmark = pytest.mark.django_db(transaction=True)


def test_another_thread_reads_everything_after_many_changes():
    make_organization(name="Acme", country="GB")
    process, today = table_cache.TableCache(), timezone.now().date()
    process.update(on=today)
    rebuild()
    process.update(on=today)
    process.reader.join()
    assert process.number == ListingVersion.objects.get().number
    assert describe(process.present[EntryKind.ORGANIZATION]) == describe(read_again(EntryKind.ORGANIZATION))


def test_after_a_rebuild_requests_use_the_old_tables_until_all_is_read():
    make_organization(name="Acme")
    process, today = table_cache.TableCache(), timezone.now().date()
    before = process.update(on=today)
    rebuild()
    assert process.update(on=today) is before
    process.reader.join()
    assert process.update(on=today) is not before


def test_a_smaller_number_means_another_database():
    make_organization(name="Acme")
    process, today = table_cache.TableCache(), timezone.now().date()
    process.update(on=today)
    ListingEntry.objects.all().delete()
    ListingVersion.objects.update(number=0)
    process.update(on=today)
    process.reader.join()
    assert process.number == 0
    assert describe(process.update(on=today)[EntryKind.ORGANIZATION])["rows"] == {}
