"""The parameters of a listing's query string that are neither facets nor ranges, and what is dropped from it."""

from django.http import QueryDict

from catalog.listing.as_of import PARAMETER as AS_OF
from catalog.models.listing import UNKNOWN

# What is longer was not typed into the search box.
LONGEST_QUERY = 200
RELEVANCE = "relevance"
SEARCH, SORT, PAGE, SIZE = "q", "sort", "page", "per_page"
# Parameters that are not filters.
OTHER_PARAMETERS = frozenset({SORT, PAGE, SIZE, AS_OF})
# `find_maker=open` narrows the options of a facet; it filters nothing. So those are found which are not among the
# options that a facet of thousands offers at once.
FIND = "find_"
# What a facet or range can't be called.
RESERVED = frozenset({*OTHER_PARAMETERS, SEARCH, RELEVANCE, UNKNOWN, "name"})


def without_nulls(data: QueryDict) -> QueryDict:
    """Return the query with NUL characters dropped, which no database takes, and empty parameters left out."""
    clean = QueryDict(mutable=True)
    for name, values in data.lists():
        values = [value.replace("\x00", "").encode("utf-8", "ignore").decode().strip() for value in values]
        values = [value for value in values if value]
        if values:
            clean.setlist(name.replace("\x00", "").encode("utf-8", "ignore").decode(), values)
    return clean
