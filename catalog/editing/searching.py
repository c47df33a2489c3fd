"""Search in the admin's lists and choosers: the site's own, in drafts too."""

from django.db.models import QuerySet
from django.http import QueryDict

from catalog.listing.as_of import AsOf
from catalog.listing.search import match
from catalog.listing.spelling import find_meant
from catalog.listing.table_cache import TablesOnDay


def find_meant_among(objects: QuerySet, typed: str) -> str | None:
    """Return what may have been meant where nothing among `objects` is found as typed, if that finds some.

    Words are those of names that are public: a draft's name is found only as it is written.
    """
    tables = TablesOnDay(AsOf(QueryDict())).values()
    return find_meant(typed, finds=lambda query: match(objects, query).exists(), tables=tables)
