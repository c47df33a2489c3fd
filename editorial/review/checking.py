"""Checking values: all that one source supports, across entries, or all of one field group."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
from catalog.models.source import Citation
from catalog.models.verification import State
from catalog.publishing.checking import find_who_entered, read_entered, record_checks
from catalog.publishing.verification import read_findings
from catalog.reading.details import Detail, label_of
from catalog.reading.facts import CitationView, Value
from catalog.reading.versions import as_it_was, read_raw
from editorial.review.roles import is_alone, is_editor

ITEMS_A_PAGE = 25
# So much of a text is compared; what is longer is no article but a book.
LONGEST_TEXT = 60_000
# The watch reads a source once a week; what was not read for longer may say anything by now.
RECENTLY = timedelta(days=14)
# One key each; the buttons stand in this order.
KEYS = {Outcome.STILL_TRUE: "1", Outcome.CHANGED: "2", Outcome.CANT_TELL: "3", Outcome.CONFLICT: "4"}
DONE = {
    Outcome.STILL_TRUE: gettext_lazy("Noted: still true."),
    Outcome.CHANGED: gettext_lazy("Noted as changed. Correct the value, name its source, and submit it for review."),
    Outcome.CANT_TELL: gettext_lazy("Noted that nobody can tell from this source."),
    Outcome.CONFLICT: gettext_lazy("Noted as a conflict. Add what the other source says, and submit it for review."),
}


@dataclass
class Item:
    """One value that a person may check: what readers see of it, its sources, and what stands in the way."""

    entry: UUID
    path: str
    kind: str
    group: str
    # The publication that it was read from: who presses a key has seen this one.
    sequence: int
    published_at: datetime
    name: object
    label: str
    values: list[Value]
    citations: list[CitationView]
    verification: Verification
    # What a check of it is written for: the value, or the whole group.
    check_path: str
    is_own: bool = False
    last: Check | None = None
    # When it was checked against the source in question last, and whether both say the same since.
    seen_at: datetime | None = None
    in_bulk: bool = False

    @property
    def token(self) -> str:
        """How a form names it."""
        return f"{self.entry} {self.sequence} {self.path}"

    def cites(self, source: Source) -> bool:
        return any(citation.source.id == source.pk for citation in self.citations)

    @property
    def group_label(self) -> str:
        return FieldGroup(self.group).label

    @property
    def state_label(self) -> str:
        return State(self.verification.state(timezone.now().date())).label

    @property
    def group_url(self) -> str:
        return reverse("review:check_group", args=[self.entry, self.group])


@dataclass
class Texts:
    """What a source says now, and what it said when the values beside it were checked against it."""

    now: SourceText | None
    before: SourceText | None
    checked_at: datetime | None
    lines: list[tuple[str, str]] = field(default_factory=list)

    @property
    def differ(self) -> bool:
        return bool(self.now and self.before and self.now.pk != self.before.pk)


def read_items(wanted: Iterable[tuple[UUID, str]], *, user, as_group: Iterable[str] = ()) -> list[Item]:
    """The values at these paths of these live entries, in the order asked for; six queries.

    A check of those at the paths `as_group` is one of their whole group.
    """
    wanted = list(wanted)
    entries = {entry for entry, path in wanted}
    newest = Publication.objects.filter(entry__in=entries).order_by().values("entry").annotate(last=Max("pk"))
    documents = {it.entry: it for it in Publication.objects.filter(pk__in=newest.values("last"))}
    verifications = {(it.entry, it.group): it for it in Verification.objects.filter(entry__in=entries)}
    entered, alone = read_entered(entries), is_alone(user)
    checks = Check.objects.filter(entry__in=entries)
    newest = checks.order_by().values("entry", "group", "path").annotate(last=Max("pk"))
    last = {
        (check.entry, check.group, check.path): check
        for check in checks.filter(pk__in=newest.values("last")).select_related("by")
    }
    items, details = [], {}
    for entry, path in wanted:
        publication = documents[entry]
        detail = details.setdefault(entry, as_it_was(publication.document))
        name, _slash, row = path.partition("/")
        group = group_of(kind=publication.kind, field=name)
        label = label_of(detail.model, name)
        checks = [last[entry, group, it] for it in (path, name, "") if (entry, group, it) in last]
        check_path = "" if path in as_group else path
        items.append(
            Item(
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
                is_own=not alone and user.pk in find_who_entered(entered.get(entry, {}), group=group, path=check_path),
                last=max(checks, key=lambda check: check.at, default=None),
            )
        )
    return items


def read_value(detail: Detail, path: str) -> list[Value]:
    """What readers see at a path of a document; of a list as a whole, its rows."""
    flat = flatten(detail.document)
    paths = [path] if path in flat else [it for it in flat if it.startswith(f"{path}/")]
    return [value for it in paths for value in read_raw(detail, it, flat[it])]


def find_cited(source: Source):
    """The values of live entries that cite a source, as (permanent id, field, row), one after the other by entry."""
    parts = [
        model.objects.filter(source=source, entry__live=True).order_by().values_list("entry__uid", "field", "item")
        for model in Citation.__subclasses__()
    ]
    return parts[0].union(*parts[1:]).order_by("entry__uid", "field", "item")


def read_texts(source: Source, items: list[Item]) -> Texts:
    """The text of a source now and when the values beside it were checked against it, with the differences.

    That is the oldest of their last checks, so that nothing is left out for any of them. Says of each value whether
    somebody compared it, as it is published, with the source, which is word for word as it was then. Three queries.
    """
    note_when_seen(source, items)
    checked_at = min((item.seen_at for item in items if item.seen_at), default=None)
    now = source.texts.first()
    before = source.texts.filter(at__lte=checked_at).first() if checked_at else None
    for item in items:
        is_seen = item.seen_at and item.seen_at >= item.published_at
        item.in_bulk = bool(is_seen and now and is_unchanged(source, text=now, since=item.seen_at))
    texts = Texts(now=now, before=before, checked_at=checked_at)
    if texts.differ:
        texts.lines = mark_lines(before.text[:LONGEST_TEXT], now.text[:LONGEST_TEXT])
    elif now:
        texts.lines = [("same", line) for line in now.text[:LONGEST_TEXT].splitlines()]
    return texts


def note_when_seen(source: Source, items: list[Item]) -> None:
    """Write into items when somebody compared them with a source last, whatever they said then."""
    checks = Check.objects.filter(sources=source, entry__in={item.entry for item in items})
    checks = checks.exclude(outcome=Outcome.CANT_TELL).order_by().values_list("entry", "group", "path")
    seen = {tuple(key): at for *key, at in checks.annotate(last=Max("at"))}
    for item in items:
        paths = (item.path, item.path.partition("/")[0], "")
        item.seen_at = max(
            (seen[key] for path in paths if (key := (item.entry, item.group, path)) in seen), default=None
        )


def is_unchanged(source: Source, *, text: SourceText, since: datetime) -> bool:
    """Whether a source was read after a moment, and lately, and says word for word what it said at that moment."""
    is_read = source.tried_at and source.tried_at > max(since, timezone.now() - RECENTLY)
    return bool(
        is_read
        and source.link_state == LinkState.REACHED
        and text.at <= since
        and (source.changed_at is None or source.changed_at <= since)
    )


def mark_lines(old: str, new: str) -> list[tuple[str, str]]:
    """The lines of two texts in one: ("same" | "old" | "new", line)."""
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
    """All that a source supports beside what it says now; one key for what is found of each value."""
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
    """All values of one field group of an entry with their sources."""
    if not is_editor(request.user):
        raise PermissionDenied
    verification = get_object_or_404(Verification, entry=entry, group=group)
    document = Publication.objects.of(entry)[0].document
    names = FIELD_GROUPS[verification.kind][group]
    held = [path for path, raw in flatten(document).items() if path.partition("/")[0] in names and raw]
    asked = read_findings([document])[document["uid"]][group].list_paths()
    # With no source at all the group is checked as one.
    paths = [*held, *sorted(asked - {*held, ""})]
    if not paths:
        # That there is still nothing can be true, or not.
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
    request: HttpRequest, *, items: list[Item], sources: list[Source], must_open: bool = False
) -> HttpResponse:
    """Write down what a person found of the values that they marked, and lead to the next one.

    `must_open`: one of the sources of a value has to be among `sources`. Raises Refused where that can't be.
    """
    outcome, _space, token = request.POST.get("decision", "").partition(" ")
    asked = [token] if token else request.POST.getlist("item")
    chosen = [item for item in items if item.token in asked]
    if outcome not in Outcome.values or not asked:
        raise Refused(_("Choose a value, and what you found of it."))
    if len(chosen) != len(set(asked)):
        raise Refused(_("It was published again meanwhile. This is how it stands now."))
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
        messages.info(request, name_item(item) + DONE[outcome])
        name = "citations" if outcome == Outcome.CONFLICT else item.path.partition("/")[0]
        return redirect(find_form(request.user, verification=item.verification, name=name))
    messages.success(request, name_item(chosen[0]) + DONE[outcome] if len(chosen) == 1 else DONE[outcome])
    query = request.GET.copy()
    if must_open:
        query.setlist("opened", [source.slug for source in sources])
    # The template counts from one.
    following = min(items.index(chosen[-1]) + 2, len(items))
    return redirect(f"{request.path}?{query.urlencode()}#item-{following}")


def name_item(item: Item) -> str:
    """Which value it is, before what is said of it."""
    return f"{item.name}, {item.label}" + pgettext("between a name and what is said of it", ": ")


def find_form(user, *, verification: Verification, name: str = "") -> str:
    """The address of an entry's form, at one of its values where one is named."""
    model = kind_of(verification.kind).model
    address = AdminURLFinder(user).get_edit_url(model(pk=verification.object_id))
    return f"{address}#{find_panel(model, name)}" if name else address
