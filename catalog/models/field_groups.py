"""The registry of field groups: which values and lists a kind of entry has, and how long a check of each group holds.

Documents, admin forms, detail pages, citations, history and verification follow it. A system check fails when it names
what is gone.
"""

from django.apps import apps
from django.core import checks
from django.db import models
from django.utils.translation import pgettext_lazy

from catalog.models.choices import EntryKind, OrganizationStatus, ReleaseStatus


class FieldGroup(models.TextChoices):
    PROFILE = "profile", pgettext_lazy("field group", "Profile")
    SPECIFICATIONS = "specifications", pgettext_lazy("field group", "Specifications")
    ACCESS = "access", pgettext_lazy("field group", "Access and status")
    FUNDING = "funding", pgettext_lazy("field group", "Funding")
    PRICING = "pricing", pgettext_lazy("field group", "Pricing")


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

FIELD_GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    EntryKind.ORGANIZATION: {
        FieldGroup.PROFILE: (
            "name",
            "aliases",
            "summary",
            "type",
            "status",
            "country",
            "city",
            "founded",
            "parent",
            "segments",
            "people",
            "measurements",
            "milestones",
            "links",
            "identifiers",
        ),
        FieldGroup.FUNDING: ("funding_rounds",),
    },
    EntryKind.MODEL: {
        FieldGroup.PROFILE: (
            "name",
            "aliases",
            "summary",
            "makers",
            "released",
            "milestones",
            "links",
            "identifiers",
        ),
        FieldGroup.SPECIFICATIONS: (
            "inputs",
            "outputs",
            "techniques",
            "parameters",
            "training_compute",
            "training_cost",
            "lineage",
            "measurements",
        ),
        FieldGroup.ACCESS: ("status", "access", "licence"),
    },
    EntryKind.PRODUCT: {
        FieldGroup.PROFILE: (
            "name",
            "aliases",
            "summary",
            "maker",
            "built_on",
            "segments",
            "layer",
            "launched",
            "customers",
            "measurements",
            "milestones",
            "links",
            "identifiers",
        ),
        FieldGroup.ACCESS: ("status",),
        FieldGroup.PRICING: ("price_plans",),
    },
}

# Values that stop changing once this is what the entry says: nobody needs to check them again.
HISTORICAL_STATUSES = frozenset({OrganizationStatus.CLOSED.value, ReleaseStatus.RETIRED.value})

# What names an entry or leads to more of it is no claim that needs a source.
UNCITED = frozenset({"name", "aliases", "summary", "links", "identifiers", "citations"})


def fields_of(kind: str) -> list[str]:
    """The values and lists of a kind of entry, in the order shown."""
    return [name for names in FIELD_GROUPS[kind].values() for name in names]


def group_of(*, kind: str, field: str) -> str:
    """The field group of a value. Raises KeyError for a value that the kind does not have."""
    for group, names in FIELD_GROUPS[kind].items():
        if field in names:
            return group
    raise KeyError(field)


def register_checks() -> None:
    """Have Django's system checks compare the registry with the models."""
    checks.register(check_field_groups, checks.Tags.models)


def check_field_groups(app_configs=None, **kwargs) -> list[checks.CheckMessage]:
    """Report each name in the registry that no longer is a value or list of its kind."""
    errors = []
    for model in apps.get_app_config("catalog").get_models():
        kind = getattr(model, "kind", None)
        if kind not in FIELD_GROUPS:
            continue
        errors += [
            checks.Error(
                f"The field group registry names “{name}”, which {model.__name__} does not have.",
                hint="Correct FIELD_GROUPS in catalog/models/field_groups.py.",
                id="catalog.E001",
            )
            for name in fields_of(kind)
            if not hasattr(model, name)
        ]
    return errors
