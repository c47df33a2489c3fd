"""The listings of the site: one for each kind of entry, and narrower ones of their own name."""

from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from catalog.listing.filterset import ListingFilterSet, find_filterset
from catalog.models.kinds import EntryKind, Kind, list_entry_kinds


@dataclass(frozen=True)
class Listing:
    """One listing: its name in addresses, its heading, its kind, and the facet values that it is narrowed to."""

    name: str
    heading: object
    kind: Kind
    fixed: dict[str, list[str]] = field(default_factory=dict)

    def filter(self, query: QueryDict) -> ListingFilterSet:
        """Return the filter set of a query string."""
        return find_filterset(self.kind.key)(query, fixed=self.fixed)


# Listings of a part of a kind, before that of all of it: name, heading, and what they are narrowed to.
NARROWER: dict[str, list[tuple]] = {
    EntryKind.ORGANIZATION: [("startups", _("Startups"), {"type": ["startup"]})],
}


def list_listings() -> list[Listing]:
    """All listings in the order shown."""
    listings = []
    for kind in list_entry_kinds():
        for name, heading, fixed in NARROWER.get(kind.key, ()):
            listings.append(Listing(name=name, heading=heading, kind=kind, fixed=fixed))
        listings.append(Listing(name=kind.slug, heading=kind.heading, kind=kind))
    return listings


LISTINGS = {listing.name: listing for listing in list_listings()}
