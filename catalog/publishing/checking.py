"""Recording what people find when they compare values with sources.

Nobody verifies values that they entered themselves.
"""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.approval import Refused
from catalog.models.checks import Check, Outcome
from catalog.models.document import covers
from catalog.models.field_groups import FIELD_GROUPS, group_of
from catalog.models.history import Change, Publication
from catalog.models.listing import ListingVersion
from catalog.models.source import Citation, Source
from catalog.publishing import effects
from catalog.publishing.verification import lock_verifications

# Days for which people can't verify a value that they entered.
OWN_DAYS = 30


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
    """Record that a person compared values of an entry with sources. The path "" means the whole group.

    `sequence` is the number of the publication that the person saw. Raises Refused if there is a newer one, or if
    somebody would verify a value that they entered themselves. With `is_alone` they may, because there is nobody else.
    The caller checks whether the person may record checks at all.
    """
    ListingVersion.lock()
    lock_verifications(entry)
    if sequence and sequence != Publication.objects.of(entry).values_list("sequence", flat=True).first():
        raise Refused(_("It was published again meanwhile. This is the current version."))
    paths = list(paths)
    if outcome == Outcome.STILL_TRUE and not is_alone:
        entered = read_recent_authors([entry]).get(entry, {})
        if any(user.pk in find_recent_authors(entered, group=group, path=path) for path in paths):
            raise Refused(
                _("You entered this value within the last %(days)s days; someone else must verify it.")
                % {"days": OWN_DAYS}
            )
    checks = Check.objects.bulk_create(
        Check(entry=entry, group=group, path=path, outcome=outcome, by=user, batch=batch) for path in paths
    )
    opened = Check.sources.through
    opened.objects.bulk_create(opened(check_id=check.pk, source_id=source.pk) for check in checks for source in sources)
    effects.run_effects(effects.VerificationsOutdated(entries=[entry]))


def read_recent_authors(entries: Iterable[UUID]) -> dict[UUID, dict[tuple[str, str], set[int]]]:
    """Return who recently entered values of these entries, or their sources; two queries.

    The result maps each entry to (field group, path) to the ids of the authors.
    """
    since = timezone.now() - timedelta(days=OWN_DAYS)
    entered: dict[UUID, dict[tuple[str, str], set[int]]] = {}
    changes = Change.objects.filter(publication__entry__in=entries, publication__at__gte=since)
    rows = [
        (entry, kind, [path], authors)
        for entry, kind, path, authors in changes.values_list(
            "publication__entry", "publication__kind", "path", "publication__authors"
        )
    ]
    recited = Publication.objects.filter(entry__in=entries, at__gte=since).exclude(recited=[])
    rows += recited.values_list("entry", "kind", "recited", "authors")
    for entry, kind, paths, authors in rows:
        for path in paths if kind in FIELD_GROUPS else ():
            key = (group_of(kind=kind, field=path.partition("/")[0]), path)
            entered.setdefault(entry, {}).setdefault(key, set()).update(authors)
    return entered


def find_recent_authors(entered: dict[tuple[str, str], set[int]], *, group: str, path: str) -> set[int]:
    """Return the ids of the users who entered a value or a row of a list; with path "", any value of the group."""
    return {
        author
        for (its_group, its_path), authors in entered.items()
        if its_group == group and covers(path, its_path)
        for author in authors
    }


@transaction.atomic
def flag_source(source: Source) -> None:
    """Update the verifications of all live entries that cite a source, because it has changed or is gone."""
    ListingVersion.lock()
    entries = find_citing(source)
    if entries:
        effects.run_effects(effects.VerificationsOutdated(entries=entries))


def find_citing(source: Source) -> list[UUID]:
    """Return the permanent ids of the live entries that cite a source."""
    found: set[UUID] = set()
    for model in Citation.__subclasses__():
        cites = model.objects.filter(source=source, entry__live=True)
        found.update(cites.order_by().values_list("entry__uid", flat=True).distinct())
    return sorted(found)
