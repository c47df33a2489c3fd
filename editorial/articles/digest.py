"""The weekly digest: what was published in a week, as a draft article in each language.

It repeats what the public histories say and nothing else. People edit, submit and review it like any article. Its links
are plain links, neither cards nor mentions: it is about one week, so later changes don't make it outdated.
"""

import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from catalog.models import Change, ListingEntry, Publication
from catalog.models.history import PublicationAction
from catalog.models.kinds import EntryKind, kind_of
from catalog.reading.details import Detail, label_of
from catalog.reading.versions import as_it_was, read_raw
from catalog.values import BilingualText, FuzzyDate
from catalog.values.inline import render_inline
from editorial.articles.pages import ArticleIndexPage, ArticlePage

# Maximum entries of a kind in each section, and values of each entry. The rest is counted and linked.
ENTRIES_SHOWN = 10
CHANGES_SHOWN = 3
LONGEST_VALUE = 80
# Long texts: a line only says that they changed.
PROSE = frozenset({"summary", "definition"})
WEEK_PATTERN = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True)
class Week:
    """A calendar week (ISO 8601, UTC)."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Week":
        """Return the week written as 2026-W47. Raises ValidationError if it is no week, or is not over yet."""
        found = WEEK_PATTERN.fullmatch(text)
        try:
            week = cls(int(found[1]), int(found[2]))
            end = week.last_day
        except (TypeError, ValueError, OverflowError):
            raise ValidationError(_("“%(text)s” is no week: write it as 2026-W47.") % {"text": text}) from None
        if end >= timezone.now().astimezone(UTC).date():
            raise ValidationError(_("The week %(week)s is not over yet.") % {"week": week})
        return week

    @classmethod
    def last(cls) -> "Week":
        """Return the last week that is over."""
        calendar = (timezone.now().astimezone(UTC).date() - timedelta(weeks=1)).isocalendar()
        return cls(calendar.year, calendar.week)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"

    @property
    def first_day(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        return self.first_day + timedelta(days=6)

    @property
    def slug(self) -> str:
        return f"what-changed-{self}".lower()

    @property
    def translation_key(self) -> uuid.UUID:
        """Connects the digests of the week in all languages, and identifies them if people change slug and title."""
        return uuid.uuid5(uuid.NAMESPACE_URL, self.slug)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first_day, time(), tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(weeks=1)


@dataclass(frozen=True)
class DigestLine:
    """One line of a list: a linked name, and the text after it."""

    address: str
    name: str
    text: str = ""


@dataclass
class DigestItem:
    """What happened to one entry: its last publication of the week, and the values that changed during the week."""

    # The columns that `read_week` selects.
    publication: dict
    # The number of the last publication before the week, or 0.
    before: int = 0
    # Old and new value, by path.
    values: dict[str, list] = field(default_factory=dict)

    @property
    def versions(self) -> list[tuple]:
        """The publications whose documents are needed to describe the item, as (entry, number)."""
        entry = self.publication["entry"]
        return [(entry, self.publication["sequence"]), *([(entry, self.before)] if self.values else ())]


DigestSection = dict[str, list[DigestItem]]


@dataclass
class WeekEvents:
    """What happened in a week: in each section, the items of each kind of entry, newest first."""

    new: DigestSection
    changed: DigestSection
    moved: DigestSection

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.moved)


def group_by_kind(items: Iterable[DigestItem]) -> DigestSection:
    section: DigestSection = {}
    for item in items:
        section.setdefault(item.publication["kind"], []).append(item)
    return section


def read_week(week: Week) -> WeekEvents:
    """Return what happened in a week; two queries, without documents.

    An entry that is no longer live appears only under `moved`.
    """
    published = Publication.objects.filter(at__gte=week.start, at__lt=week.end).order_by("-at", "-pk")
    is_live = Exists(ListingEntry.objects.filter(entry=OuterRef("entry")))
    columns = ("entry", "kind", "slug", "sequence", "action", "at", "reason")
    rows = list(published.annotate(is_live=is_live).values(*columns, "is_live"))
    items: dict[uuid.UUID, DigestItem] = {}
    for row in rows:
        item = items.setdefault(row["entry"], DigestItem(publication=row))
        item.before = row["sequence"] - 1
    changes = Change.objects.filter(publication__at__gte=week.start, publication__at__lt=week.end).order_by("pk")
    for entry, path, old, new in changes.values_list("publication__entry", "path", "old", "new"):
        values = items[entry].values
        values[path] = [values[path][0] if path in values else old, new]
    live = [item for item in items.values() if item.publication["is_live"]]
    for item in live:
        # Leave out values that changed and changed back, or were added and removed again.
        item.values = {
            path: (old, new)
            for path, (old, new) in item.values.items()
            if item.before and (old or None) != (new or None)
        }
    return WeekEvents(
        new=group_by_kind(item for item in live if not item.before),
        changed=group_by_kind(item for item in live if item.values),
        moved=group_by_kind(
            DigestItem(publication=row) for row in rows if row["action"] != PublicationAction.PUBLISHED
        ),
    )


def draft_digest(*, week: Week, events: WeekEvents) -> list[ArticlePage]:
    """Draft an article about a week for each list of articles that has none, and return the drafts.

    An existing digest is never changed, nor is another page at its address.
    """
    drafts = []
    with transaction.atomic():
        for index in ArticleIndexPage.objects.live().select_related("locale").order_by("pk"):
            # Another process that drafts the same digest waits here, and then finds it.
            index.lock_row()
            index.refresh_from_db()
            is_own = Q(translation_key=week.translation_key, locale=index.locale)
            if ArticlePage.objects.filter(is_own | Q(slug=week.slug, locale=index.locale)).exists():
                continue
            with translation.override(index.locale.language_code):
                draft = DigestWriter(week=week, events=events).write()
            draft.locale, draft.live = index.locale, False
            index.add_child(instance=draft)
            # The version has no author: the person who submits it becomes its author.
            draft.save_revision()
            drafts.append(draft)
    return drafts


class DigestWriter:
    """Writes an article about what happened in a week, in the active language."""

    def __init__(self, *, week: Week, events: WeekEvents) -> None:
        self.week = week
        self.sections = [
            (_("New entries"), events.new, self.describe_new),
            (_("Changed values"), events.changed, self.describe_changed),
            (_("Withdrawn, merged, restored and renamed"), events.moved, self.describe_moved),
        ]
        shown = [
            item
            for _heading, section, _describe in self.sections
            for items in section.values()
            for item in items[:ENTRIES_SHOWN]
        ]
        self.details = read_past_details(version for item in shown for version in item.versions)
        merged = {detail.document.get("merged_into") for detail in self.details.values()} - {None}
        self.targets = {str(row.entry): row for row in ListingEntry.objects.filter(entry__in=merged)}

    def write(self) -> ArticlePage:
        """Return the unsaved article."""
        numbers = [sum(map(len, section.values())) for _heading, section, _describe in self.sections]
        words = {
            **dict(zip(("new", "changed", "moved"), numbers, strict=True)),
            "first": FuzzyDate.parse(self.week.first_day),
            "last": FuzzyDate.parse(self.week.last_day),
        }
        return ArticlePage(
            title=_("What changed in week %(week)s of %(year)s") % {"week": self.week.number, "year": self.week.year},
            slug=self.week.slug,
            translation_key=self.week.translation_key,
            introduction=_(
                "%(first)s to %(last)s (UTC). New entries: %(new)s. Entries with changed values: %(changed)s. "
                "Withdrawn, merged, restored and renamed: %(moved)s."
            )
            % words,
            body=list(self.write_blocks()),
        )

    def write_blocks(self) -> Iterable[tuple[str, str]]:
        for heading, section, describe in self.sections:
            if section:
                yield "heading", heading
            for kind in EntryKind:
                if items := section.get(kind.value):
                    yield "text", self.write_list(kind, items, describe)

    def write_list(self, kind: EntryKind, items: list[DigestItem], describe: Callable[[DigestItem], DigestLine]) -> str:
        """Return rich text with the first items of one kind, and a link to the others with their number."""
        lines = [describe(item) for item in items[:ENTRIES_SHOWN]]
        if more := len(items) - len(lines):
            query = urlencode({"kind": kind.value, "date_min": self.week.first_day, "date_max": self.week.last_day})
            lines.append(DigestLine(f"{reverse('catalog:changes')}?{query}", _("and %(n)s more") % {"n": more}))
        heading = capfirst(kind_of(kind).model._meta.verbose_name_plural)
        return render_inline("editorial/digest_list.html", heading=heading, lines=lines)

    def describe_new(self, item: DigestItem) -> DigestLine:
        return self.link(item)

    def describe_changed(self, item: DigestItem) -> DigestLine:
        """Return a line with an entry and its changed values, old and new, as in its history."""
        publication = item.publication
        after = self.detail_of(item)
        before = self.details[publication["entry"], item.before]
        parts = []
        for path, (old, new) in list(item.values.items())[:CHANGES_SHOWN]:
            name = path.partition("/")[0]
            label = str(label_of(after.model, name))
            if name in PROSE:
                parts.append(label)
            else:
                words = {"label": label, "old": write_value(before, path, old), "new": write_value(after, path, new)}
                parts.append(_("%(label)s: %(old)s → %(new)s") % words)
        if more := len(item.values) - len(parts):
            parts.append(_("and %(n)s more") % {"n": more})
        address = reverse(f"catalog:{publication['kind']}_history", args=[publication["slug"]])
        return self.link(
            item,
            address=f"{address}#version-{publication['sequence']}",
            text=pgettext("between changes", "; ").join(parts),
        )

    def describe_moved(self, item: DigestItem) -> DigestLine:
        """Return a line with an entry and what happened to it, when and why."""
        publication = item.publication
        words = {"date": FuzzyDate.parse(publication["at"].astimezone(UTC).date())}
        reason = BilingualText(**(publication["reason"] or {})).text
        target = self.targets.get(self.detail_of(item).document.get("merged_into"))
        if target:
            words["name"] = BilingualText(en=target.name_en, zh=target.name_zh).text
            text = _("Merged into %(name)s on %(date)s") % words
        elif reason and publication["action"] == PublicationAction.WITHDRAWN:
            text = _("Withdrawn on %(date)s: %(reason)s") % {**words, "reason": reason}
        else:
            text = f"{PublicationAction(publication['action']).label} · {words['date']}"
        return self.link(item, text=text)

    def detail_of(self, item: DigestItem) -> Detail:
        return self.details[item.publication["entry"], item.publication["sequence"]]

    def link(self, item: DigestItem, *, address: str = "", text: str = "") -> DigestLine:
        """Return a line with the name that an entry had then; by default linked to its page, even if that has moved."""
        publication = item.publication
        address = address or reverse(f"catalog:{publication['kind']}", args=[publication["slug"]])
        return DigestLine(address, self.detail_of(item).name.text, text)


def read_past_details(versions: Iterable[tuple]) -> dict[tuple, Detail]:
    """Return past versions of entries by (entry, number), with the names of that time; one query."""
    wanted = Q()
    for entry, number in set(versions):
        wanted |= Q(entry=entry, sequence=number)
    return {(it.entry, it.sequence): as_it_was(it.document) for it in Publication.objects.filter(wanted)}


def write_value(detail: Detail, path: str, raw) -> str:
    """Return a value, or a row of a list, in a few words."""
    values = pgettext("between values", ", ").join(str(value.text) for value in read_raw(detail, path, raw))
    return Truncator(values).chars(LONGEST_VALUE) or "–"
