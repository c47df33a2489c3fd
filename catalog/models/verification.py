"""How current values are: intervals, and the state of a field group on a given day.

A check holds for the interval of its group (`Interval`, else the registry's), give or take a spread that is always the
same for one group of one entry. What is recorded of a group is derived from public documents, checks and sources; its
state is computed when it is read, so that no stopped job keeps an entry fresh.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Case, Max, Q, Value, When
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.approval import Refused
from catalog.models.checks import OWN_DAYS, Check, Outcome, covers, find_who_entered, read_entered
from catalog.models.choices import FieldGroup, Stance
from catalog.models.document import path_of
from catalog.models.field_groups import DUE_AT_MOST, FIELD_GROUPS, HISTORICAL_STATUSES, INTERVALS, SPREAD, group_of
from catalog.models.history import Change, Publication
from catalog.models.kinds import EntryKind
from catalog.models.listing import ListingVersion
from catalog.models.source import Citation, Source

# Between which an interval may be chosen, in days.
FEWEST_DAYS, MOST_DAYS = 7, 730

# Sent when checks were recorded or sources changed: what is derived of these entries is written anew, at once.
# Argument: `entries`, their permanent ids.
verifications_outdated = Signal()


class Interval(models.Model):
    """How long a check of a field group holds, where editors chose another time than the registry."""

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
    """How long a check of each field group holds now, in days; one query."""
    return {**INTERVALS, **dict(Interval.objects.values_list("group", "days"))}


@transaction.atomic
def record_checks(
    *,
    entry: UUID,
    group: str,
    paths: Iterable[str] = ("",),
    outcome: Outcome,
    user,
    sources: Iterable[Source] = (),
    batch: UUID | None = None,
    sequence: int | None = None,
    is_alone: bool = False,
) -> None:
    """Write down that a person compared values of an entry with sources; without a path, the whole group.

    `sequence` is the number of the publication that the person saw. Raises Refused where it is no longer the last, or
    where somebody would verify what they entered themselves, unless `is_alone` says that there is nobody else. Whether
    the person checks at all is for the caller to ask.
    """
    ListingVersion.hold()
    lock_verifications(entry)
    if sequence and sequence != Publication.objects.of(entry).values_list("sequence", flat=True).first():
        raise Refused(_("It was published again meanwhile. This is how it stands now."))
    paths = list(paths)
    if outcome == Outcome.STILL_TRUE and not is_alone:
        entered = read_entered([entry]).get(entry, {})
        if any(user.pk in find_who_entered(entered, group=group, path=path) for path in paths):
            raise Refused(
                _("You entered this value within the last %(days)s days; someone else must verify it.")
                % {"days": OWN_DAYS}
            )
    checks = Check.objects.bulk_create(
        Check(entry=entry, group=group, path=path, outcome=outcome, by=user, batch=batch) for path in paths
    )
    opened = Check.sources.through
    opened.objects.bulk_create(opened(check_id=check.pk, source_id=source.pk) for check in checks for source in sources)
    verifications_outdated.send(sender=Check, entries=[entry])


def lock_verifications(entry) -> None:
    """Hold what is derived of an entry until the transaction ends: who derives it meanwhile waits and then sees all."""
    list(Verification.objects.select_for_update().filter(entry=entry).values_list("pk"))


class State(models.TextChoices):
    """What can be said of a field group on a given day; the order is from worst to best."""

    DISPUTED = "disputed", _("Disputed")
    FLAGGED = "flagged", _("Flagged")
    OVERDUE = "overdue", _("Overdue")
    UNVERIFIED = "unverified", _("Unverified")
    DUE = "due", _("Due")
    VERIFIED = "verified", _("Verified")
    HISTORICAL = "historical", _("Historical")


class VerificationQuerySet(models.QuerySet):
    def with_state(self, *, on: date) -> "VerificationQuerySet":
        """Annotate `state_now`, the state on a day (UTC): what `Verification.state` says, in SQL."""
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

    def needing_someone(self, *, on: date) -> "VerificationQuerySet":
        """Those that a person should look at on a day: flagged, never checked, due or overdue.

        That sources differ is no work by itself: the page shows what each says.
        """
        return self.filter(Q(flagged=True) | Q(checked_at=None) | Q(historical=False, due_on__lte=on))


class Verification(models.Model):
    """What is recorded of one field group of one live entry; derived, but for `owner`, and never edited.

    `checked_at` is the time of the check that is the oldest among those of its values, null while one of them has
    none since it was last published. `waiting_since` is the day from which it has been needing somebody; of what a
    check holds for, that from which it is overdue.
    Days are UTC.
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
        """Compute what follows from the time of the check and the interval: when it falls due, and overdue."""
        self.due_on = self.overdue_on = None
        if self.checked_at:
            days = round(self.interval * (1 + spread_of(entry=self.entry, group=self.group)))
            self.overdue_on = self.checked_at.astimezone(UTC).date() + timedelta(days=days)
            self.due_on = self.overdue_on - timedelta(days=min(DUE_AT_MOST, self.interval // 4))
            if not self.flagged:
                self.waiting_since = self.overdue_on

    def state(self, on: date) -> State:
        """The state on a day (UTC)."""
        if self.disputed:
            return State.DISPUTED
        if self.flagged:
            return State.FLAGGED
        if self.checked_at is None:
            return State.UNVERIFIED
        if self.historical:
            return State.HISTORICAL
        if on >= self.overdue_on:
            return State.OVERDUE
        return State.DUE if on >= self.due_on else State.VERIFIED


# What is derived; the rest of a row stays when it is written anew.
DERIVED = (
    *("object_id", "kind", "interval", "checked_at", "due_on", "overdue_on", "waiting_since"),
    *("disputed", "flagged", "historical"),
)


def spread_of(*, entry, group: str) -> float:
    """By which share of the interval the dates of a group are moved: between -SPREAD and SPREAD, evenly spread."""
    digest = hashlib.sha256(f"{entry}/{group}".encode()).digest()
    return (int.from_bytes(digest[:4], "big") / 0xFFFFFFFF * 2 - 1) * SPREAD


def disputed_paths(document: dict) -> set[str]:
    """The values of a document of which a source says otherwise (an older value is history, and no contradiction)."""
    return {path_of(citation) for citation in document["citations"] if citation["stance"] == Stance.CONTRADICTS}


def read_verifications(document: dict, *, until: datetime | None = None) -> dict[str, Verification]:
    """Return the verification of each field group of a document, as known now or before a moment; five queries."""
    return read_all_verifications([document], until=until)[document["uid"]]


def read_all_verifications(
    documents: Iterable[dict], *, until: datetime | None = None
) -> dict[str, dict[str, Verification]]:
    """Return the verifications of several documents by permanent id; five queries, however many there are."""
    documents = list(documents)
    intervals, found = read_intervals(), read_findings(documents, until=until)
    return {
        document["uid"]: make_verifications(document, findings=found[document["uid"]], intervals=intervals)
        for document in documents
    }


def make_verifications(
    document: dict, *, findings: dict[str, "GroupFindings"], intervals: dict[str, int]
) -> dict[str, Verification]:
    """Return what follows for each field group of a document from what is known of it, not saved."""
    kind = document["kind"]
    # By two people: one entered that it has ended, another checked it.
    historical = (
        document["fields"].get("status") in HISTORICAL_STATUSES
        and findings[group_of(kind=kind, field="status")].find_checked() is not None
    )
    disputed = disputed_paths(document)
    return {
        group: findings[group].make_verification(
            entry=document["uid"],
            kind=kind,
            group=group,
            interval=intervals[group],
            historical=historical,
            disputed=any(path.partition("/")[0] in names for path in disputed),
        )
        for group, names in FIELD_GROUPS[kind].items()
    }


def read_findings(documents: Iterable[dict], *, until: datetime | None = None) -> dict[str, dict[str, "GroupFindings"]]:
    """Return what is known of each field group of documents, by permanent id, now or before a moment; four queries."""
    documents = {document["uid"]: document for document in documents}
    known = {"at__lt": until} if until else {}
    checks: dict[str, dict[str, dict[str, list[tuple[datetime, str]]]]] = {uid: {} for uid in documents}
    # Of each value the last check with each outcome tells all, however long it has been checked.
    rows = Check.objects.filter(entry__in=documents, **known).exclude(outcome=Outcome.CANT_TELL).order_by()
    for entry, group, path, outcome, at in rows.values_list("entry", "group", "path", "outcome").annotate(
        last=Max("at")
    ):
        checks[str(entry)].setdefault(group, {}).setdefault(path, []).append((at, outcome))
    publications = Publication.objects.filter(entry__in=documents, **known)
    edits = Change.objects.filter(publication__in=publications).order_by().values_list("publication__entry", "path")
    later = Max("publication__at", filter=Q(publication__sequence__gt=1))
    edited: dict[str, dict[str, datetime]] = {uid: {} for uid in documents}
    altered: dict[str, set[str]] = {uid: set() for uid in documents}
    for entry, path, at, is_later in edits.annotate(last=Max("publication__at"), later=later):
        edited[str(entry)][path] = at
        if is_later:
            altered[str(entry)].add(path)
    for entry, paths, at in publications.exclude(recited=[]).values_list("entry", "recited", "at"):
        of_it = edited[str(entry)]
        of_it.update({path: max(at, of_it.get(path, at)) for path in paths})
    slugs = {citation["source"] for document in documents.values() for citation in document["citations"]}
    changed = Source.objects.filter(slug__in=slugs, changed_at__isnull=False)
    if until:
        changed = changed.filter(changed_at__lt=until)
    changed = dict(changed.values_list("slug", "changed_at"))
    return {
        uid: group_findings(document, edited=edited[uid], altered=altered[uid], checks=checks[uid], changed=changed)
        for uid, document in documents.items()
    }


def group_findings(
    document: dict, *, edited: dict, altered: set, checks: dict, changed: dict
) -> dict[str, "GroupFindings"]:
    """Return what is known of a document by field group; `checks` are by group already."""
    cited: dict[str, set[str]] = {}
    for citation in document["citations"]:
        cited.setdefault(path_of(citation), set()).add(citation["source"])
    return {
        group: GroupFindings(
            cited={path: sources for path, sources in cited.items() if path.partition("/")[0] in names},
            edited={path: at for path, at in edited.items() if path.partition("/")[0] in names},
            altered={path for path in altered if path.partition("/")[0] in names},
            checks=checks.get(group, {}),
            changed=changed,
            published=min(edited.values(), default=None),
        )
        for group, names in FIELD_GROUPS[document["kind"]].items()
    }


class GroupFindings:
    """What is known of the values of one field group: their sources, publications and checks, by path.

    A check of a value counts while no later publication changed it, or its sources. The group is checked when each of
    its values is that has sources, or was changed after the entry was first published.
    """

    def __init__(self, *, cited, edited, altered, checks, changed, published) -> None:
        self.cited: dict[str, set[str]] = cited
        self.edited: dict[str, datetime] = edited
        # What was changed after the entry was first published.
        self.altered: set[str] = altered
        self.checks: dict[str, list[tuple[datetime, str]]] = checks
        self.changed: dict[str, datetime] = changed
        # For a group in which there has never been anything.
        self.published: datetime | None = published

    def make_verification(self, *, disputed: bool, **values) -> Verification:
        """Return the verification of the group, not saved."""
        doubts = self.find_doubts()
        verification = Verification(
            checked_at=self.find_checked(),
            disputed=disputed or Outcome.CONFLICT in {outcome for at, outcome in doubts},
            flagged=bool(doubts),
            **values,
        )
        # A draft that is previewed has no publication.
        edited = max(self.edited.values(), default=self.published or timezone.now())
        since = min((at for at, outcome in doubts), default=edited)
        verification.waiting_since = since.astimezone(UTC).date()
        verification.set_dates()
        return verification

    def find_edited(self, path: str) -> datetime | None:
        """When a value, or a row of a list, was last published with another content; for no path, any of the group."""
        return max((at for it, at in self.edited.items() if covers(path, it)), default=None)

    def list_paths(self) -> set[str]:
        """The values that have to be checked; the whole group as one where none has a source."""
        return self.cited.keys() | self.altered if self.cited else {""}

    def list_checks(self, path: str) -> list[tuple[datetime, str]]:
        """The checks of a value, of its list, or of the whole group, since it was last published; oldest first."""
        edited = self.find_edited(path)
        found = {it for name in (path, path.partition("/")[0], "") for it in self.checks.get(name, ())}
        return sorted(it for it in found if edited is None or it[0] >= edited)

    def find_checked(self) -> datetime | None:
        """The oldest of the checks by which each value was found still true last; None if a value has none."""
        times = []
        for path in self.list_paths():
            checks = self.list_checks(path)
            if not checks or checks[-1][1] != Outcome.STILL_TRUE:
                return None
            times.append(checks[-1][0])
        return min(times)

    def find_doubts(self) -> list[tuple[datetime, str]]:
        """What needs a person although nobody edited it: (since when, outcome), one for each doubtful value."""
        doubts = []
        for path in self.list_paths():
            checks = self.list_checks(path)
            if checks and checks[-1][1] != Outcome.STILL_TRUE:
                doubts.append(checks[-1])
            settled = [at for at, outcome in checks if outcome == Outcome.STILL_TRUE] + [self.find_edited(path)]
            settled = max((at for at in settled if at), default=None)
            changes = [self.changed[slug] for slug in self.cited.get(path, ()) if slug in self.changed]
            doubts += [(at, Outcome.CHANGED) for at in changes if settled is None or at > settled]
        return doubts


def write_verifications(*, object_id: int, document: dict) -> dict[str, Verification]:
    """Write what is derived of the field groups of a live entry, and return it by group; seven queries."""
    lock_verifications(document["uid"])
    found = read_verifications(document)
    for verification in found.values():
        verification.object_id = object_id
    Verification.objects.bulk_create(
        found.values(), update_conflicts=True, unique_fields=["entry", "group"], update_fields=DERIVED
    )
    return found


@transaction.atomic
def flag_source(source: Source) -> None:
    """Write anew what is derived of the live entries that cite a source which has changed or is gone."""
    ListingVersion.hold()
    entries = find_citing(source)
    if entries:
        verifications_outdated.send(sender=Source, entries=entries)


def find_citing(source: Source) -> list[UUID]:
    """The permanent ids of the live entries that cite a source."""
    found: set[UUID] = set()
    for model in Citation.__subclasses__():
        cites = model.objects.filter(source=source, entry__live=True)
        found.update(cites.order_by().values_list("entry__uid", flat=True).distinct())
    return sorted(found)
