"""How current the field groups of an entry are, derived from its public document, its checks and its sources."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.utils import timezone

from catalog.models.checks import Check, Outcome
from catalog.models.choices import Stance
from catalog.models.document import covers, path_of
from catalog.models.field_groups import FIELD_GROUPS, HISTORICAL_STATUSES, group_of
from catalog.models.history import Change, Publication
from catalog.models.source import Source
from catalog.models.verification import DERIVED, Verification, read_intervals


def disputed_paths(document: dict[str, Any]) -> set[str]:
    """Return the paths of values that a source contradicts. An older value is history, not a contradiction."""
    return {path_of(citation) for citation in document["citations"] if citation["stance"] == Stance.CONTRADICTS}


def read_verifications(document: dict[str, Any], *, until: datetime | None = None) -> dict[str, Verification]:
    """Return the verification of each field group of a document, as known now or before `until`; five queries."""
    return read_all_verifications([document], until=until)[document["uid"]]


def read_all_verifications(
    documents: Iterable[dict[str, Any]], *, until: datetime | None = None
) -> dict[str, dict[str, Verification]]:
    """Return the verifications of several documents by permanent id; five queries for any number of documents."""
    documents = list(documents)
    intervals, found = read_intervals(), read_findings(documents, until=until)
    return {
        document["uid"]: make_verifications(document, findings=found[document["uid"]], intervals=intervals)
        for document in documents
    }


def make_verifications(
    document: dict[str, Any], *, findings: dict[str, "GroupFindings"], intervals: dict[str, int]
) -> dict[str, Verification]:
    """Return unsaved verifications for each field group of a document, derived from the findings."""
    kind = document["kind"]
    # This takes two people: one entered the final status, another checked it.
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


def read_findings(
    documents: Iterable[dict[str, Any]], *, until: datetime | None = None
) -> dict[str, dict[str, "GroupFindings"]]:
    """Return what is known of each field group of documents, by permanent id, now or before `until`; four queries."""
    by_uid = {document["uid"]: document for document in documents}
    known = {"at__lt": until} if until else {}
    checks: dict[str, dict[str, dict[str, list[tuple[datetime, str]]]]] = {uid: {} for uid in by_uid}
    # For each value, the last check with each outcome is enough, however many checks there were.
    rows = Check.objects.filter(entry__in=by_uid, **known).exclude(outcome=Outcome.CANT_TELL).order_by()
    for entry, group, path, outcome, at in rows.values_list("entry", "group", "path", "outcome").annotate(
        last=Max("at")
    ):
        checks[str(entry)].setdefault(group, {}).setdefault(path, []).append((at, outcome))
    publications = Publication.objects.filter(entry__in=by_uid, **known)
    edits = Change.objects.filter(publication__in=publications).order_by().values_list("publication__entry", "path")
    later = Max("publication__at", filter=Q(publication__sequence__gt=1))
    edited: dict[str, dict[str, datetime]] = {uid: {} for uid in by_uid}
    altered: dict[str, set[str]] = {uid: set() for uid in by_uid}
    for entry, path, at, is_later in edits.annotate(last=Max("publication__at"), later=later):
        edited[str(entry)][path] = at
        if is_later:
            altered[str(entry)].add(path)
    for entry, paths, at in publications.exclude(recited=[]).values_list("entry", "recited", "at"):
        times = edited[str(entry)]
        times.update({path: max(at, times.get(path, at)) for path in paths})
    slugs = {citation["source"] for document in by_uid.values() for citation in document["citations"]}
    changed = Source.objects.filter(slug__in=slugs, changed_at__isnull=False)
    if until:
        changed = changed.filter(changed_at__lt=until)
    changed = dict(changed.values_list("slug", "changed_at"))
    return {
        uid: group_findings(document, edited=edited[uid], altered=altered[uid], checks=checks[uid], changed=changed)
        for uid, document in by_uid.items()
    }


def group_findings(
    document: dict[str, Any],
    *,
    edited: dict[str, datetime],
    altered: set[str],
    checks: dict[str, dict[str, list[tuple[datetime, str]]]],
    changed: dict[str, datetime],
) -> dict[str, "GroupFindings"]:
    """Return what is known of a document by field group. `checks` are already grouped."""
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

    A check of a value counts until a later publication changes the value or its sources. The group is checked when
    every value is checked that has sources or was changed after the first publication of the entry.
    """

    def __init__(
        self,
        *,
        cited: dict[str, set[str]],
        edited: dict[str, datetime],
        altered: set[str],
        checks: dict[str, list[tuple[datetime, str]]],
        changed: dict[str, datetime],
        published: datetime | None,
    ) -> None:
        self.cited = cited
        self.edited = edited
        # Paths that changed after the entry was first published.
        self.altered = altered
        self.checks = checks
        self.changed = changed
        # Used for a group that has never had a value.
        self.published = published

    def make_verification(self, *, disputed: bool, **values: Any) -> Verification:
        """Return the unsaved verification of the group."""
        doubts = self.find_doubts()
        verification = Verification(
            checked_at=self.find_checked(),
            disputed=disputed or Outcome.CONFLICT in {outcome for at, outcome in doubts},
            flagged=bool(doubts),
            **values,
        )
        # The preview of a draft has no publication.
        edited = max(self.edited.values(), default=self.published or timezone.now())
        since = min((at for at, outcome in doubts), default=edited)
        verification.waiting_since = since.astimezone(UTC).date()
        verification.set_dates()
        return verification

    def find_edited(self, path: str) -> datetime | None:
        """Return when a value or a row of a list was last published with new content; for path "" any of the group."""
        return max((at for it, at in self.edited.items() if covers(path, it)), default=None)

    def list_paths(self) -> set[str]:
        """Return the paths that must be checked; {""}, the group as a whole, if no value has a source."""
        return self.cited.keys() | self.altered if self.cited else {""}

    def list_checks(self, path: str) -> list[tuple[datetime, str]]:
        """Return the checks of a value, its list or the whole group since it was last published, oldest first."""
        edited = self.find_edited(path)
        found = {it for name in (path, path.partition("/")[0], "") for it in self.checks.get(name, ())}
        return sorted(it for it in found if edited is None or it[0] >= edited)

    def find_checked(self) -> datetime | None:
        """Return the oldest of the last checks that found each value still true, or None if a value lacks one."""
        times = []
        for path in self.list_paths():
            checks = self.list_checks(path)
            if not checks or checks[-1][1] != Outcome.STILL_TRUE:
                return None
            times.append(checks[-1][0])
        return min(times)

    def find_doubts(self) -> list[tuple[datetime, str]]:
        """Return the reasons why a person must look, apart from edits: (since when, outcome) of each doubtful value."""
        doubts = []
        for path in self.list_paths():
            checks = self.list_checks(path)
            if checks and checks[-1][1] != Outcome.STILL_TRUE:
                doubts.append(checks[-1])
            times = [self.find_edited(path), *(at for at, outcome in checks if outcome == Outcome.STILL_TRUE)]
            settled = max((at for at in times if at), default=None)
            changes = [self.changed[slug] for slug in self.cited.get(path, ()) if slug in self.changed]
            doubts += [(at, Outcome.CHANGED) for at in changes if settled is None or at > settled]
        return doubts


def write_verifications(*, object_id: int, document: dict[str, Any]) -> dict[str, Verification]:
    """Update the verifications of a live entry in the database, and return them by group; seven queries."""
    lock_verifications(document["uid"])
    found = read_verifications(document)
    for verification in found.values():
        verification.object_id = object_id
    Verification.objects.bulk_create(
        found.values(), update_conflicts=True, unique_fields=["entry", "group"], update_fields=DERIVED
    )
    return found


def lock_verifications(entry: UUID | str) -> None:
    """Lock the verifications of an entry until the transaction ends, so that no two processes derive them at once."""
    list(Verification.objects.select_for_update().filter(entry=entry).values_list("pk"))
