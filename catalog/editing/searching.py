"""Search in the admin's lists and choosers, drafts included, with the site's own search."""

from django.db.models import QuerySet
from django.http import QueryDict

from catalog.listing.as_of import AsOf
from catalog.listing.search import match
from catalog.listing.spelling import find_meant
from catalog.listing.table_cache import TablesOnDay


def find_meant_among(objects: QuerySet, typed: str) -> str | None:
    """Return a corrected spelling that finds some of `objects`, if the typed words find none; else None.

    Corrections come from public names: a draft is found only by the exact spelling of its name.
    """
    tables = TablesOnDay(AsOf(QueryDict())).values()
    return find_meant(typed, finds=lambda query: match(objects, query).exists(), tables=tables)
