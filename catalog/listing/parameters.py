"""The parameters of a listing's query string that are neither facets nor ranges, and how query strings are cleaned."""

from django.http import QueryDict

from catalog.listing.as_of import PARAMETER as AS_OF
from catalog.models.listing import UNKNOWN

# Maximum query length.
LONGEST_QUERY = 200
RELEVANCE = "relevance"
SEARCH, SORT, PAGE, SIZE = "q", "sort", "page", "per_page"
# Parameters that are not filters.
OTHER_PARAMETERS = frozenset({SORT, PAGE, SIZE, AS_OF})
# `find_maker=open` searches the options of a facet and filters nothing. It finds options beyond those that a facet
# with thousands of them shows at once.
FIND = "find_"
# Names that a facet or range must not have.
RESERVED_PARAMETERS = frozenset({*OTHER_PARAMETERS, SEARCH, RELEVANCE, UNKNOWN, "name"})


def without_nulls(data: QueryDict) -> QueryDict:
    """Return the query without NUL characters, which databases refuse, and without empty parameters."""
    clean = QueryDict(mutable=True)
    for name, values in data.lists():
        values = [value.replace("\x00", "").encode("utf-8", "ignore").decode().strip() for value in values]
        values = [value for value in values if value]
        if values:
            clean.setlist(name.replace("\x00", "").encode("utf-8", "ignore").decode(), values)
    return clean
