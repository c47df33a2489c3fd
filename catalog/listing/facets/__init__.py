"""The facets and ranges of each kind, by which entries are filtered, counted and ordered: one declaration for each."""

from catalog.listing.facets.declarations import (
    AsRecorded,
    CheckedRange,
    Choices,
    Countries,
    During,
    Entries,
    Facet,
    FacetSet,
    FromMade,
    FromMakers,
    Range,
    Subject,
    Sums,
    Unit,
    Vocabulary,
)
from catalog.listing.facets.models import MODELS
from catalog.listing.facets.organizations import ORGANIZATIONS
from catalog.listing.facets.products import PRODUCTS
from catalog.listing.facets.shared import make_default
from catalog.models.kinds import list_kinds

__all__ = [
    "FACET_SETS",
    "AsRecorded",
    "CheckedRange",
    "Choices",
    "Countries",
    "During",
    "Entries",
    "Facet",
    "FacetSet",
    "FromMade",
    "FromMakers",
    "Range",
    "Subject",
    "Sums",
    "Unit",
    "Vocabulary",
    "list_facets_of_entries",
]

FACET_SETS: dict[str, FacetSet] = {facet_set.kind: facet_set for facet_set in (ORGANIZATIONS, MODELS, PRODUCTS)}
# A kind without declarations gets its date and its checks; terms can only be searched.
for kind in list_kinds():
    FACET_SETS.setdefault(kind.key, make_default(kind))


def list_facets_of_entries(kind: str) -> list[str]:
    """Return the names of the facets whose values are slugs of entries of a kind."""
    names = (
        facet.name
        for facet_set in FACET_SETS.values()
        for facet in facet_set.facets.values()
        if isinstance(facet.options, Entries) and facet.options.kind == kind
    )
    return list(dict.fromkeys(names))
