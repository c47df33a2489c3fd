"""The field groups of each kind of entry, and for how long a check of each group is valid.

Documents, admin forms, detail pages, citations, history and verification follow them. Each kind lists its values and
lists in `catalog/models/kinds.py`.
"""

from catalog.models.choices import FieldGroup, OrganizationStatus, ReleaseStatus
from catalog.models.kinds import KINDS, kind_of

# How long a check is valid, in days.
INTERVALS: dict[str, int] = {
    FieldGroup.PRICING: 30,
    FieldGroup.ACCESS: 60,
    FieldGroup.FUNDING: 90,
    FieldGroup.PROFILE: 180,
    FieldGroup.SPECIFICATIONS: 180,
}
# A group falls due in the last quarter of its interval, but at most this many days before the interval ends.
DUE_AT_MOST = 14
# Due dates move by up to this share of the interval, earlier or later, so that work done in one week does not fall due
# in one week.
SPREAD = 0.15

# The values and lists of each kind of entry, by field group.
FIELD_GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    kind.key: dict(kind.field_groups) for kind in KINDS if kind.is_entry
}

# Statuses after which an entry's values no longer change, so that nobody needs to check them again.
HISTORICAL_STATUSES = frozenset({OrganizationStatus.CLOSED.value, ReleaseStatus.RETIRED.value})

# Values that need no source: they name an entry or link to more about it.
UNCITED = frozenset({"name", "aliases", "summary", "links", "identifiers", "citations"})


def fields_of(kind: str) -> list[str]:
    """Return the names of the values and lists of a kind of entry, in the order shown."""
    return kind_of(kind).fields


def group_of(*, kind: str, field: str) -> str:
    """Return the field group of a value. Raises KeyError if the kind has no such value."""
    for group, names in FIELD_GROUPS[kind].items():
        if field in names:
            return group
    raise KeyError(field)
