"""How current values are: field groups, checks, and the state of a group at a given moment.

This is the one registry of field groups. It also says which values and lists an entry has, in the order shown:
documents, panels, citations and history follow it.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models.choices import EntryKind, OrganizationStatus, ReleaseStatus, Stance
from catalog.models.history import AppendOnly, Change


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

# Names, texts and addresses speak for themselves; every other value needs a source.
NEEDS_NO_SOURCE = frozenset({"name", "aliases", "summary", "links", "identifiers"})
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


class Outcome(models.TextChoices):
    STILL_TRUE = "still-true", pgettext_lazy("check", "Still true")
    CHANGED = "changed", pgettext_lazy("check", "Changed")
    CANT_TELL = "cant-tell", pgettext_lazy("check", "Can't tell")
    CONFLICT = "conflict", pgettext_lazy("check", "Conflict")


class Check(AppendOnly):
    """Someone compared a field group of an entry with its sources."""

    entry = models.UUIDField(_("entry"), db_index=True)
    group = models.CharField(_("field group"), max_length=16, choices=FieldGroup)
    at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    sources = models.ManyToManyField("catalog.Source", verbose_name=_("sources opened"), blank=True, related_name="+")

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.entry} {self.group}: {self.outcome}"


class State(models.TextChoices):
    """What can be said of a field group at a given moment; the order is from worst to best."""

    DISPUTED = "disputed", _("Disputed")
    OVERDUE = "overdue", _("Overdue")
    UNVERIFIED = "unverified", _("Unverified")
    DUE = "due", _("Due")
    VERIFIED = "verified", _("Verified")
    HISTORICAL = "historical", _("Historical")


@dataclass(frozen=True)
class Verification:
    """What is recorded of one field group of one entry; its state depends on the moment in which it is read."""

    entry: str
    group: str
    checked: datetime | None = None
    historical: bool = False
    disputed: bool = False

    @property
    def overdue_from(self) -> date | None:
        """The first day on which the check no longer holds, spread evenly by entry and group."""
        if self.checked is None:
            return None
        digest = hashlib.sha256(f"{self.entry}/{self.group}".encode()).digest()
        spread = (int.from_bytes(digest[:4], "big") / 0xFFFFFFFF * 2 - 1) * SPREAD
        return self.checked.astimezone(UTC).date() + timedelta(days=round(INTERVALS[self.group] * (1 + spread)))

    def state(self, on: date) -> State:
        """The state on a day (UTC)."""
        if self.disputed:
            return State.DISPUTED
        if self.checked is None:
            return State.UNVERIFIED
        if self.historical:
            return State.HISTORICAL
        if on >= self.overdue_from:
            return State.OVERDUE
        warning = min(DUE_AT_MOST, INTERVALS[self.group] // 4)
        return State.DUE if on >= self.overdue_from - timedelta(days=warning) else State.VERIFIED


def disputed_paths(document: dict) -> set[str]:
    """The values of a document of which a source says otherwise (an older value is history, and no contradiction)."""
    return {
        f"{citation['field']}/{citation['item']}" if citation["item"] else citation["field"]
        for citation in document["citations"]
        if citation["stance"] == Stance.CONTRADICTS
    }


def read_verifications(document: dict) -> dict[str, Verification]:
    """Return the verification of each field group of a document, in two queries.

    A check counts while no later publication changed a value of its group.
    """
    uid, kind = document["uid"], document["kind"]
    checked: dict[str, datetime] = {}
    for group, at in (
        Check.objects.filter(entry=uid, outcome=Outcome.STILL_TRUE).order_by("at").values_list("group", "at")
    ):
        checked[group] = at
    edited: dict[str, datetime] = {}
    if checked:
        changes = Change.objects.filter(publication__entry=uid).order_by("publication__sequence")
        for path, at in changes.values_list("path", "publication__at"):
            edited[group_of(kind=kind, field=path.split("/")[0])] = at
    historical = document["fields"].get("status") in HISTORICAL_STATUSES
    disputed = {group_of(kind=kind, field=path.split("/")[0]) for path in disputed_paths(document)}
    return {
        group: Verification(
            entry=uid,
            group=group,
            checked=checked[group]
            if group in checked and checked[group] >= edited.get(group, checked[group])
            else None,
            historical=historical,
            disputed=group in disputed,
        )
        for group in FIELD_GROUPS[kind]
    }


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
                hint="Correct FIELD_GROUPS in catalog/models/verification.py.",
                id="catalog.E001",
            )
            for name in fields_of(kind)
            if not hasattr(model, name)
        ]
    return errors
