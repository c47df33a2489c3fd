"""How current values are: intervals, and the state of a field group on a given day.

A check is valid for the interval of its group (`Interval`, else the default), moved by a spread that is fixed for each
group of each entry. `catalog.publishing.verification` derives the rows from public documents, checks and sources. The
state is computed when it is read, so that an entry cannot stay fresh because a scheduled job has stopped.
"""

import hashlib
from datetime import UTC, date, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from catalog.models.choices import FieldGroup
from catalog.models.field_groups import DUE_AT_MOST, INTERVALS, SPREAD
from catalog.models.kinds import EntryKind

# The limits of an interval, in days.
FEWEST_DAYS, MOST_DAYS = 7, 730


class Interval(models.Model):
    """How long a check of a field group is valid, if editors have changed the default."""

    group = models.CharField(_("field group"), max_length=16, choices=FieldGroup, unique=True)
    days = models.PositiveSmallIntegerField(
        _("days"), validators=[MinValueValidator(FEWEST_DAYS), MaxValueValidator(MOST_DAYS)]
    )

    class Meta:
        verbose_name = _("interval")
        verbose_name_plural = _("intervals")

    def __str__(self) -> str:
        return f"{self.group}: {self.days}"


def read_intervals() -> dict[str, int]:
    """Return how long a check of each field group is valid now, in days; one query."""
    return {**INTERVALS, **dict(Interval.objects.values_list("group", "days"))}


class State(models.TextChoices):
    """The state of a field group on a given day, in order from worst to best."""

    DISPUTED = "disputed", _("Disputed")
    FLAGGED = "flagged", _("Flagged")
    OVERDUE = "overdue", _("Overdue")
    UNVERIFIED = "unverified", _("Unverified")
    DUE = "due", _("Due")
    VERIFIED = "verified", _("Verified")
    HISTORICAL = "historical", _("Historical")


class VerificationQuerySet(models.QuerySet["Verification"]):
    def with_state(self, *, on: date) -> Self:
        """Annotate `state_now`, the state on a day (UTC): `Verification.state()` in SQL."""
        return self.annotate(
            state_now=Case(
                When(disputed=True, then=Value(State.DISPUTED)),
                When(flagged=True, then=Value(State.FLAGGED)),
                When(checked_at=None, then=Value(State.UNVERIFIED)),
                When(historical=True, then=Value(State.HISTORICAL)),
                When(overdue_on__lte=on, then=Value(State.OVERDUE)),
                When(due_on__lte=on, then=Value(State.DUE)),
                default=Value(State.VERIFIED),
                output_field=models.CharField(),
            )
        )

    def needing_someone(self, *, on: date) -> Self:
        """Return those that a person should look at on a day: flagged, never checked, due or overdue.

        Disputed values need no work by themselves: the page shows what each source says.
        """
        return self.filter(Q(flagged=True) | Q(checked_at=None) | Q(historical=False, due_on__lte=on))


class Verification(models.Model):
    """The verification of one field group of one live entry. Derived, except for `owner`, and never edited.

    `checked_at` is the time of the oldest check among the group's values, null while a value has not been checked since
    it was last published. `waiting_since` is the day from which the group needs attention; for a checked group, the day
    on which it becomes overdue. Days are UTC.
    """

    entry = models.UUIDField(_("entry"))
    object_id = models.BigIntegerField()
    kind = models.CharField(_("kind"), max_length=20, choices=EntryKind)
    group = models.CharField(_("field group"), max_length=16, choices=FieldGroup)
    interval = models.PositiveSmallIntegerField(_("days"))
    checked_at = models.DateTimeField(_("checked"), null=True)
    due_on = models.DateField(null=True)
    overdue_on = models.DateField(null=True)
    waiting_since = models.DateField()
    disputed = models.BooleanField(default=False)
    flagged = models.BooleanField(default=False)
    historical = models.BooleanField(default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = VerificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        constraints = [models.UniqueConstraint(fields=["entry", "group"], name="verification_once_a_group")]
        indexes = [
            models.Index(fields=["group", "overdue_on"], name="verification_overdue"),
            models.Index(fields=["waiting_since"], name="verification_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.entry} {self.group}"

    def set_dates(self) -> None:
        """Compute the due and overdue days from the time of the check and the interval."""
        self.due_on = self.overdue_on = None
        if self.checked_at:
            days = round(self.interval * (1 + spread_of(entry=self.entry, group=self.group)))
            self.overdue_on = self.checked_at.astimezone(UTC).date() + timedelta(days=days)
            self.due_on = self.overdue_on - timedelta(days=min(DUE_AT_MOST, self.interval // 4))
            if not self.flagged:
                self.waiting_since = self.overdue_on

    def state(self, on: date) -> State:
        """Return the state on a day (UTC)."""
        if self.disputed:
            return State.DISPUTED
        if self.flagged:
            return State.FLAGGED
        if self.checked_at is None:
            return State.UNVERIFIED
        if self.historical:
            return State.HISTORICAL
        if self.overdue_on is not None and on >= self.overdue_on:
            return State.OVERDUE
        return State.DUE if self.due_on is not None and on >= self.due_on else State.VERIFIED


# The derived columns; an upsert keeps the others.
DERIVED = (
    *("object_id", "kind", "interval", "checked_at", "due_on", "overdue_on", "waiting_since"),
    *("disputed", "flagged", "historical"),
)


def spread_of(*, entry: UUID, group: str) -> float:
    """Return the share of the interval by which a group's dates move, evenly distributed from -SPREAD to SPREAD."""
    digest = hashlib.sha256(f"{entry}/{group}".encode()).digest()
    return (int.from_bytes(digest[:4], "big") / 0xFFFFFFFF * 2 - 1) * SPREAD
