"""The field groups of each kind of entry, and how long a check of each group holds.

Documents, admin forms, detail pages, citations, history and verification follow them. The values and lists of a kind
are named in `catalog/models/kinds.py`.
"""

from catalog.models.choices import FieldGroup, OrganizationStatus, ReleaseStatus
from catalog.models.kinds import KINDS, kind_of

# How long a check holds, in days.
INTERVALS: dict[str, int] = {
    FieldGroup.PRICING: 30,
    FieldGroup.ACCESS: 60,
    FieldGroup.FUNDING: 90,
    FieldGroup.PROFILE: 180,
    FieldGroup.SPECIFICATIONS: 180,
}
# A group is due in the last quarter of its interval, but never more than this many days before its end.
DUE_AT_MOST = 14
# One week's work must not fall due in one week: due dates are spread by this share of the interval either way.
SPREAD = 0.15

# The values and lists of each kind of entry, by field group.
FIELD_GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    kind.key: dict(kind.field_groups) for kind in KINDS if kind.is_entry
}

# Values that stop changing once this is what the entry says: nobody needs to check them again.
HISTORICAL_STATUSES = frozenset({OrganizationStatus.CLOSED.value, ReleaseStatus.RETIRED.value})

# What names an entry or leads to more of it is no claim that needs a source.
UNCITED = frozenset({"name", "aliases", "summary", "links", "identifiers", "citations"})


def fields_of(kind: str) -> list[str]:
    """The values and lists of a kind of entry, in the order shown."""
    return kind_of(kind).fields


def group_of(*, kind: str, field: str) -> str:
    """The field group of a value. Raises KeyError for a value that the kind does not have."""
    for group, names in FIELD_GROUPS[kind].items():
        if field in names:
            return group
    raise KeyError(field)
