"""Rebuilds the listing index, and fills in its past from publications and checks.

Publishing keeps the index up to date, so this is for repairs, or after an upgrade that derives more. Past rows that
were kept are better than rebuilt ones: a rebuild does not know former intervals and vocabularies, and only the last
change of each source.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.db.models import Max, Min, OuterRef, Subquery
from django.db.models.functions import TruncDate
from django.utils import timezone

from catalog.listing.facets import list_facets_of_entries
from catalog.listing.index import list_models_to_index, reindex, write_document
from catalog.listing.rows import end_rows
from catalog.models import Check, ListingEntry, ListingVersion, Publication, Source
from catalog.models.document import child_lists
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.history import UNPUBLISHED_ACTIONS
from catalog.models.kinds import KINDS, EntryKind, find_kind, kind_of
from catalog.models.listing import ALWAYS_UNTIL
from catalog.publishing.checking import find_citing
from catalog.publishing.verification import read_verifications

# Marks current rows while the past before them is filled in.
SET_ASIDE = ALWAYS_UNTIL - timedelta(days=1)


@transaction.atomic
def rebuild(*, past: bool = False) -> int:
    """Rebuild the current rows, and fill in the days before the first kept row; return the number of current rows.

    Past rows stay. With `past` they are rebuilt too, as far as their contents are known.
    """
    number = ListingVersion.advance()
    ListingVersion.objects.update(rebuilt=number)
    if past:
        ListingEntry.ever.all().delete()
    end_stale_rows()
    if lacks_past():
        fill_past()
    for model in list_models_to_index():
        for entry in model.objects.filter(live=True).iterator(chunk_size=200):
            # Changes without a publication, such as a renamed segment, take effect today.
            reindex(entry)
    return ListingEntry.objects.count()


def end_stale_rows() -> None:
    """End current rows of entries that are not live, or whose slug has changed."""
    live = {address for kind in KINDS for address in kind.model.objects.filter(live=True).values_list("uid", "slug")}
    current = ListingEntry.objects.values_list("entry", "slug")
    stale = [uid for uid, slug in current if (uid, slug) not in live]
    end_rows(ListingEntry.objects.filter(entry__in=stale), on=timezone.now().date())


def lacks_past() -> bool:
    """Return whether an entry was live at the end of a day before its first kept row."""
    last: dict[tuple[UUID, date], str] = {}
    publications = Publication.objects.order_by("entry", "sequence").values_list("entry", "at", "action")
    for uid, at, action in publications.iterator():
        last[uid, at.astimezone(UTC).date()] = action
    first: dict[UUID, date] = {}
    for (uid, day), action in last.items():
        if action not in UNPUBLISHED_ACTIONS:
            first.setdefault(uid, day)
    kept = dict(ListingEntry.ever.order_by().values_list("entry").annotate(Min("since")))
    return any(uid not in kept or kept[uid] > day for uid, day in first.items())


def fill_past() -> None:
    """Write the rows of each entry for the days before its first kept row."""
    # Hide current rows, so that past rows are not derived from them.
    ListingEntry.objects.update(until=SET_ASIDE)
    newest = ListingEntry.ever.aggregate(pk=Max("pk"))["pk"] or 0
    past = Past()
    for day in list_days():
        past.replay(day)
    kept = ListingEntry.ever.filter(entry=OuterRef("entry"), pk__lte=newest).order_by("since")
    begin = Subquery(kept.values("since")[:1])
    filled = ListingEntry.ever.filter(pk__gt=newest)
    filled.filter(since__gte=begin).delete()
    filled.filter(until__gt=begin).update(until=begin)
    ListingEntry.ever.filter(until=SET_ASIDE).update(until=ALWAYS_UNTIL)


def list_days() -> list[date]:
    """Return the days (UTC) on which listings may have changed, by publications, checks and sources."""
    days: set[date | None] = set()
    times: tuple[tuple[type[models.Model], str], ...] = ((Publication, "at"), (Check, "at"), (Source, "changed_at"))
    for model, name in times:
        rows = model._default_manager.order_by()
        days.update(rows.values_list(TruncDate(name, tzinfo=UTC), flat=True).distinct())
    return sorted(day for day in days if day)


class Past:
    """Replays this site's history, one day after another."""

    def __init__(self) -> None:
        self.pks = {uid: (kind.key, pk) for kind in KINDS for uid, pk in kind.model.objects.values_list("uid", "pk")}
        # The slug of each entry published so far, and its name while it was live.
        self.slugs: dict[UUID, str] = {}
        self.names: dict[UUID, dict[str, str]] = {}
        self.makers: dict[UUID, list[str]] = {}
        self.at_address: dict[tuple[str, str], UUID] = {}

    def replay(self, day: date) -> None:
        """Write the rows that changed on a day."""
        begin = datetime.combine(day, time(), tzinfo=UTC)
        within = (begin, begin + timedelta(days=1))
        affected = self.follow_publications(within)
        affected.update(Check.objects.filter(at__gte=begin, at__lt=within[1]).values_list("entry", flat=True))
        for source in Source.objects.filter(changed_at__gte=begin, changed_at__lt=within[1]):
            affected.update(find_citing(source))
        by_kind: dict[str, list[UUID]] = {}
        for uid in sorted(affected & self.slugs.keys()):
            by_kind.setdefault(self.pks[uid][0], []).append(uid)
        for model in list_models_to_index():
            for uid in by_kind.get(model.kind, ()):
                self.write(uid, until=within[1], on=day)

    def follow_publications(self, within: tuple[datetime, datetime]) -> set[UUID]:
        """Read the publications of a day; return the affected entries: themselves, their referrers and makers."""
        affected: set[UUID] = set()
        slugs: dict[str, set[str]] = {}
        makers: set[str] = set()
        publications = Publication.objects.filter(at__gte=within[0], at__lt=within[1]).order_by("entry", "sequence")
        for uid, kind, slug, action, name, several, one in publications.values_list(
            *("entry", "kind", "slug", "action"),
            *("document__fields__name", "document__fields__makers", "document__fields__maker"),
        ):
            affected.add(uid)
            slugs.setdefault(kind, set()).update({slug, self.slugs.get(uid, slug)})
            makers.update(self.makers.get(uid, ()))
            self.makers[uid] = several or ([one] if one else [])
            makers.update(self.makers[uid])
            self.slugs[uid] = slug
            self.at_address[kind, slug] = uid
            if action in UNPUBLISHED_ACTIONS:
                self.names.pop(uid, None)
            else:
                self.names[uid] = name
        for kind, its in slugs.items():
            facets = list_facets_of_entries(kind)
            pointing = ListingEntry.objects.filter(facets__facet__in=facets, facets__value__in=its)
            affected.update(pointing.values_list("entry", flat=True))
        made_by = ListingEntry.objects.filter(kind=EntryKind.ORGANIZATION, slug__in=makers)
        affected.update(made_by.values_list("entry", flat=True))
        return affected

    def write(self, uid: UUID, *, until: datetime, on: date) -> None:
        """Write the row of an entry from its last publication and its checks before `until`, effective `on`."""
        last = Publication.objects.of(uid).filter(at__lt=until)[0]
        if last.action in UNPUBLISHED_ACTIONS:
            end_rows(ListingEntry.objects.filter(entry=uid), on=on)
            return
        document = self.renew(last.document)
        write_document(
            document=document,
            verifications=read_verifications(document, until=until) if last.kind in FIELD_GROUPS else {},
            object_id=self.pks[uid][1],
            published_at=last.at,
            on=on,
        )

    def renew(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a document with the slugs and names that related objects have on the day."""
        model = kind_of(document["kind"]).model
        lists = child_lists(model)
        labels = {group: names for group, names in document["labels"].items() if group not in EntryKind.values}

        def find(kind: str, slug: str) -> str:
            known = document["labels"].get(kind, {}).get(slug, {}).get("uid")
            uid = UUID(known) if known else self.at_address.get((kind, slug))
            if uid is None:
                return slug
            if uid in self.names:
                labels.setdefault(kind, {})[self.slugs[uid]] = self.names[uid]
            return self.slugs.get(uid, slug)

        def read(owner: type[models.Model], name: str, raw: Any) -> Any:
            target = target_of(owner, name)
            if target is None or not raw:
                return raw
            return find(target, raw) if isinstance(raw, str) else sorted(find(target, slug) for slug in raw)

        return {
            **document,
            "fields": {name: read(model, name, raw) for name, raw in document["fields"].items()},
            "children": {
                name: {
                    key: {cell: read(lists[name], cell, raw) for cell, raw in row.items()} for key, row in rows.items()
                }
                for name, rows in document["children"].items()
            },
            "labels": labels,
        }


def target_of(model: type[models.Model], name: str) -> str | None:
    """Return the kind of entry or term that a column points to, if it does."""
    try:
        kind = find_kind(model._meta.get_field(name).related_model)
    except FieldDoesNotExist:
        # A bilingual text has two columns, none with its own name.
        return None
    return kind.key.value if kind else None
