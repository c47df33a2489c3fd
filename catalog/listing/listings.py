"""The listings of the site: one for each kind of entry, and some for a part of a kind."""

from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from catalog.listing.filterset import ListingFilterSet, find_filterset
from catalog.models.kinds import EntryKind, Kind, list_entry_kinds


@dataclass(frozen=True)
class Listing:
    """One listing: its name in URLs, its heading, its kind, and the facet values that it is limited to."""

    name: str
    heading: object
    kind: Kind
    fixed: dict[str, list[str]] = field(default_factory=dict)

    def filter(self, query: QueryDict) -> ListingFilterSet:
        """Return the filter set of a query string."""
        return find_filterset(self.kind.key)(query, fixed=self.fixed)


# Listings of a part of a kind, shown before that of the whole kind: name, heading, and fixed facet values.
NARROWER: dict[str, list[tuple[str, object, dict[str, list[str]]]]] = {
    EntryKind.ORGANIZATION: [("startups", _("Startups"), {"type": ["startup"]})],
}


def list_listings() -> list[Listing]:
    """Return all listings in the order shown."""
    listings = []
    for kind in list_entry_kinds():
        for name, heading, fixed in NARROWER.get(kind.key, ()):
            listings.append(Listing(name=name, heading=heading, kind=kind, fixed=fixed))
        listings.append(Listing(name=kind.slug, heading=kind.heading, kind=kind))
    return listings


LISTINGS = {listing.name: listing for listing in list_listings()}
