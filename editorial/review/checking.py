"""The screens for checking values: all values that one source supports, or all values of one field group."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder

from catalog.editing.panels import find_panel
from catalog.models import Check, Publication, Refused, Source, SourceText, Verification
from catalog.models.checks import Outcome
from catalog.models.choices import FieldGroup, LinkState
from catalog.models.document import flatten
from catalog.models.field_groups import FIELD_GROUPS, group_of
from catalog.models.kinds import kind_of
from catalog.models.source import list_citation_models
from catalog.models.verification import State
from catalog.publishing.checking import find_recent_authors, read_recent_authors, record_checks
from catalog.publishing.verification import read_findings
from catalog.reading.details import Detail, label_of
from catalog.reading.facts import CitationView, Value
from catalog.reading.versions import as_it_was, read_raw
from editorial.review.roles import is_alone, is_editor

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

ITEMS_A_PAGE = 25
# Maximum numbers of characters and lines compared; longer texts are books, not articles.
LONGEST_TEXT = 60_000
MOST_LINES = 4_000
# The link checker reads a source once a week; if it has not been read for longer than this, it may have changed.
RECENTLY = timedelta(days=14)
# The keyboard key of each outcome, in the order of the buttons.
KEYS = {Outcome.STILL_TRUE: "1", Outcome.CHANGED: "2", Outcome.CANT_TELL: "3", Outcome.CONFLICT: "4"}
CHECK_MESSAGES: dict[str, "StrPromise"] = {
    Outcome.STILL_TRUE: gettext_lazy("Noted: still true."),
    Outcome.CHANGED: gettext_lazy("Noted as changed. Correct the value, name its source, and submit it for review."),
    Outcome.CANT_TELL: gettext_lazy("Noted that nobody can tell from this source."),
    Outcome.CONFLICT: gettext_lazy("Noted as a conflict. Add what the other source says, and submit it for review."),
}


@dataclass
class CheckItem:
    """One value that a person may check: what readers see, its sources, and why it may not be checked."""

    entry: UUID
    path: str
    kind: str
    group: str
    # The number of the publication on the screen, to detect a newer one when a key is pressed.
    sequence: int
    published_at: datetime
    name: object
    label: str
    values: list[Value]
    citations: list[CitationView]
    verification: Verification
    # The path that a check is recorded for: the value, or "" for the whole group.
    check_path: str
    is_own: bool = False
    last: Check | None = None
    # The last check against the source on the screen, and whether value and source are unchanged since then.
    seen_at: datetime | None = None
    in_bulk: bool = False

    @property
    def token(self) -> str:
        """The key of the value in a form."""
        return f"{self.entry} {self.sequence} {self.path}"

    def cites(self, source: Source) -> bool:
        return any(citation.source.id == source.pk for citation in self.citations)

    @property
    def group_label(self) -> "StrPromise":
        return FieldGroup(self.group).label

    @property
    def state_label(self) -> "StrPromise":
        return State(self.verification.state(timezone.now().date())).label

    @property
    def group_url(self) -> str:
        return reverse("review:check_group", args=[self.entry, self.group])


@dataclass
class Texts:
    """The text of a source now, and when the values beside it were last checked against it."""

    now: SourceText | None
    before: SourceText | None
    checked_at: datetime | None
    lines: list[tuple[str, str]] = field(default_factory=list)
    # Whether only the beginning of a text was compared.
    is_cut: bool = False

    @property
    def differ(self) -> bool:
        return bool(self.now and self.before and self.now.pk != self.before.pk)


def read_items(wanted: Iterable[tuple[UUID, str]], *, user, as_group: Iterable[str] = ()) -> list[CheckItem]:
    """Return the values at these paths of live entries, in the given order; six queries.

    A check of a value at one of the paths `as_group` is recorded for its whole group.
    """
    wanted = list(wanted)
    entries = {entry for entry, path in wanted}
    newest = Publication.objects.filter(entry__in=entries).order_by().values("entry").annotate(last=Max("pk"))
    documents = {it.entry: it for it in Publication.objects.filter(pk__in=newest.values("last"))}
    verifications = {(it.entry, it.group): it for it in Verification.objects.filter(entry__in=entries)}
    entered, alone = read_recent_authors(entries), is_alone(user)
    checks = Check.objects.filter(entry__in=entries)
    last_checks = checks.order_by().values("entry", "group", "path").annotate(last=Max("pk"))
    last = {
        (check.entry, check.group, check.path): check
        for check in checks.filter(pk__in=last_checks.values("last")).select_related("by")
    }
    items = []
    details: dict[UUID, Detail] = {}
    for entry, path in wanted:
        publication = documents[entry]
        detail = details.setdefault(entry, as_it_was(publication.document))
        name, _slash, row = path.partition("/")
        group = group_of(kind=publication.kind, field=name)
        label = label_of(detail.model, name)
        found = [last[entry, group, it] for it in (path, name, "") if (entry, group, it) in last]
        check_path = "" if path in as_group else path
        items.append(
            CheckItem(
                entry=entry,
                path=path,
                kind=publication.kind,
                group=group,
                sequence=publication.sequence,
                published_at=publication.at,
                name=detail.name,
                label=f"{label} “{row}”" if row else label,
                values=read_value(detail, path),
                citations=[*detail.citations.get(path, ()), *(detail.citations.get(name, ()) if row else ())],
                verification=verifications[entry, group],
                check_path=check_path,
                is_own=not alone
                and user.pk in find_recent_authors(entered.get(entry, {}), group=group, path=check_path),
                last=max(found, key=lambda check: check.at, default=None),
            )
        )
    return items


def read_value(detail: Detail, path: str) -> list[Value]:
    """Return what readers see at a path of a document; for a list, all its rows."""
    flat = flatten(detail.document)
    paths = [path] if path in flat else [it for it in flat if it.startswith(f"{path}/")]
    return [value for it in paths for value in read_raw(detail, it, flat[it])]


def find_cited(source: Source):
    """Return the values of live entries that cite a source as (permanent id, field, row), ordered by entry."""
    parts = [
        model._default_manager.filter(source=source, entry__live=True)
        .order_by()
        .values_list("entry__uid", "field", "item")
        for model in list_citation_models()
    ]
    return parts[0].union(*parts[1:]).order_by("entry__uid", "field", "item")


def read_texts(source: Source, items: list[CheckItem]) -> Texts:
    """Return the text of a source now and at the last check of the values beside it, with the differences.

    The old text is from the oldest of those checks, so that no value misses a difference. Also sets on each value
    whether somebody has compared its present version with the source, and the source's text is still exactly the same.
    Three queries.
    """
    set_seen_at(source, items)
    checked_at = min((item.seen_at for item in items if item.seen_at), default=None)
    now = source.texts.first()
    before = source.texts.filter(at__lte=checked_at).first() if checked_at else None
    for item in items:
        seen_at = item.seen_at if item.seen_at and item.seen_at >= item.published_at else None
        item.in_bulk = bool(seen_at and now and is_unchanged(source, text=now, since=seen_at))
    texts = Texts(now=now, before=before, checked_at=checked_at)
    if before and now and texts.differ:
        texts.lines = mark_lines(cut_for_comparison(before.text), cut_for_comparison(now.text))
    elif now:
        texts.lines = [("same", line) for line in cut_for_comparison(now.text).splitlines()]
    texts.is_cut = any(cut_for_comparison(text.text) != text.text for text in (now, before) if text)
    return texts


def cut_for_comparison(text: str) -> str:
    """Return the beginning of a text, as much as is compared."""
    return "".join(text[:LONGEST_TEXT].splitlines(keepends=True)[:MOST_LINES])


def set_seen_at(source: Source, items: list[CheckItem]) -> None:
    """Set on each item when somebody last compared it with a source, with any outcome but “can't tell”."""
    checks = Check.objects.filter(sources=source, entry__in={item.entry for item in items})
    rows = checks.exclude(outcome=Outcome.CANT_TELL).order_by().values_list("entry", "group", "path")
    seen = {(entry, group, path): at for entry, group, path, at in rows.annotate(last=Max("at"))}
    for item in items:
        paths = (item.path, item.path.partition("/")[0], "")
        item.seen_at = max(
            (seen[key] for path in paths if (key := (item.entry, item.group, path)) in seen), default=None
        )


def is_unchanged(source: Source, *, text: SourceText, since: datetime) -> bool:
    """Return whether a source was read recently and after a moment, and still has exactly the text of that moment."""
    is_read = source.tried_at and source.tried_at > max(since, timezone.now() - RECENTLY)
    return bool(
        is_read
        and source.link_state == LinkState.REACHED
        and text.at <= since
        and (source.changed_at is None or source.changed_at <= since)
    )


def mark_lines(old: str, new: str) -> list[tuple[str, str]]:
    """Return the lines of two texts merged into one list: ("same" | "old" | "new", line)."""
    before, after = old.splitlines(), new.splitlines()
    marked = []
    for what, first, last, start, end in difflib.SequenceMatcher(None, before, after).get_opcodes():
        if what == "equal":
            marked += [("same", line) for line in after[start:end]]
        else:
            marked += [("old", line) for line in before[first:last]]
            marked += [("new", line) for line in after[start:end]]
    return marked


def check_source(request: HttpRequest, pk: int) -> HttpResponse:
    """Show all values that a source supports beside its text, and record outcomes by button or key."""
    if not is_editor(request.user):
        raise PermissionDenied
    source = get_object_or_404(Source, pk=pk)
    page = Paginator(find_cited(source), ITEMS_A_PAGE).get_page(request.GET.get("p"))
    wanted = [(entry, f"{name}/{row}" if row else name) for entry, name, row in page]
    items = read_items(wanted, user=request.user)
    texts = read_texts(source, items)
    if request.method == "POST":
        return note_outcome(request, items=items, sources=[source])
    in_bulk = any(item.in_bulk for item in items)
    context = {"source": source, "texts": texts, "items": items, "page": page, "in_bulk": in_bulk}
    return render(request, "wagtailadmin/review/check_source.html", {**context, **describe_keys()})


def check_group(request: HttpRequest, entry: UUID, group: str) -> HttpResponse:
    """Show all values of one field group of an entry with their sources, and record outcomes."""
    if not is_editor(request.user):
        raise PermissionDenied
    verification = get_object_or_404(Verification, entry=entry, group=group)
    document = Publication.objects.of(entry)[0].document
    names = FIELD_GROUPS[verification.kind][group]
    filled = [path for path, raw in flatten(document).items() if path.partition("/")[0] in names and raw]
    asked = read_findings([document])[document["uid"]][group].list_paths()
    # Without any source, the group is checked as a whole.
    paths = [*filled, *sorted(asked - {*filled, ""})]
    if not paths:
        # An empty group can be checked too: it may still be empty, or not.
        paths = list(names[:1])
    paths.sort(key=lambda path: names.index(path.partition("/")[0]))
    as_group = paths if "" in asked else ()
    items = read_items([(entry, path) for path in paths], user=request.user, as_group=as_group)
    sources = list(Source.objects.filter(pk__in={citation.source.id for item in items for citation in item.citations}))
    checkable = [item for item in items if item.path in asked or as_group]
    marked = request.POST.getlist("opened") if request.method == "POST" else request.GET.getlist("opened")
    opened = [source for source in sources if source.slug in marked]
    if request.method == "POST":
        return note_outcome(request, items=checkable, sources=opened, must_open=True)
    context = {
        "verification": verification,
        "state": verification.state(timezone.now().date()),
        "name": as_it_was(document).name,
        "group_label": FieldGroup(group).label,
        "items": checkable,
        "others": [item for item in items if item not in checkable],
        "sources": sources,
        "opened": opened,
        "edit_url": find_form(request.user, verification=verification),
    }
    return render(request, "wagtailadmin/review/check_group.html", {**context, **describe_keys()})


def describe_keys() -> dict:
    return {"outcomes": [(outcome, outcome.label, key) for outcome, key in KEYS.items()]}


@transaction.atomic
def note_outcome(
    request: HttpRequest, *, items: list[CheckItem], sources: list[Source], must_open: bool = False
) -> HttpResponse:
    """Record what a person found about the values that they marked, and redirect to the next value.

    With `must_open`, at least one source of each value must be in `sources`. Raises Refused if something doesn't fit.
    """
    # The screens have refused everybody but editors.
    assert request.user.is_authenticated
    outcome, _space, token = request.POST.get("decision", "").partition(" ")
    asked = [token] if token else request.POST.getlist("item")
    chosen = [item for item in items if item.token in asked]
    if outcome not in Outcome.values or not asked:
        raise Refused(_("Choose a value, and what you found."))
    if len(chosen) != len(set(asked)):
        raise Refused(_("It was published again meanwhile. This is the current version."))
    if len(chosen) > 1 and not (outcome == Outcome.STILL_TRUE and all(item.in_bulk for item in chosen)):
        raise Refused(
            _("Several values at once can only be still true, and only while their one source has not changed at all.")
        )
    if must_open and outcome == Outcome.STILL_TRUE:
        for item in chosen:
            if item.citations and not any(item.cites(source) for source in sources):
                raise Refused(_("Open at least one source of the value, and mark it as opened."))
    batch = uuid4() if len(chosen) > 1 else None
    for item in chosen:
        record_checks(
            entry=item.entry,
            group=item.group,
            paths=[item.check_path],
            outcome=Outcome(outcome),
            user=request.user,
            sources=[source for source in sources if item.cites(source)],
            batch=batch,
            sequence=item.sequence,
            is_alone=is_alone(request.user),
        )
    if outcome in (Outcome.CHANGED, Outcome.CONFLICT):
        (item,) = chosen
        messages.info(request, name_item(item) + CHECK_MESSAGES[outcome])
        name = "citations" if outcome == Outcome.CONFLICT else item.path.partition("/")[0]
        return redirect(find_form(request.user, verification=item.verification, name=name))
    messages.success(
        request, name_item(chosen[0]) + CHECK_MESSAGES[outcome] if len(chosen) == 1 else CHECK_MESSAGES[outcome]
    )
    query = request.GET.copy()
    if must_open:
        query.setlist("opened", [source.slug for source in sources])
    # The template numbers items from 1.
    following = min(items.index(chosen[-1]) + 2, len(items))
    return redirect(f"{request.path}?{query.urlencode()}#item-{following}")


def name_item(item: CheckItem) -> str:
    """Return the name of a value, followed by a colon."""
    return f"{item.name}, {item.label}" + pgettext("between a name and what is said of it", ": ")


def find_form(user, *, verification: Verification, name: str = "") -> str:
    """Return the address of an entry's form, at the panel of one value if `name` is given."""
    model = kind_of(verification.kind).model
    address = AdminURLFinder(user).get_edit_url(model(pk=verification.object_id))
    return f"{address}#{find_panel(model, name)}" if name else address
