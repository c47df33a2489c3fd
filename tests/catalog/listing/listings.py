"""Helpers that open a listing for a query string."""

from django.http import QueryDict

from catalog.listing.page import ListingPage


def open_listing(name: str, query: str = "") -> ListingPage:
    return ListingPage(name, QueryDict(query))


def names(listing: ListingPage) -> list[str]:
    return [row.entry.name_en for row in listing.rows]


def counts(listing: ListingPage, facet: str) -> dict[str, int]:
    (found,) = [item for item in listing.facets if item.name == facet]
    return {option.value: option.count for option in found.options}
