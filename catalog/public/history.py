"""What the public saw of an entry before: its publications, what each changed, each past version, and each past day."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from catalog.listing.as_of import AsOf
from catalog.listing.index import RECORD_MODELS
from catalog.models import Change, ListingEntry, Publication, Source
from catalog.models.approval import ApprovalKind
from catalog.models.choices import EntryKind
from catalog.models.document import child_lists
from catalog.models.history import TAKEN_AWAY, PublicationAction
from catalog.public.details import Detail, field_of, label_of
from catalog.public.facts import CitationView, Value
from catalog.public.former import answer_former_address, answer_withdrawn, follow_mergers, redirect_to
from catalog.public.related import find_record
from catalog.values import BilingualText

VERSIONS_A_PAGE = 20


@dataclass
class ChangedValue:
    """One value that a publication changed: before, after, and the sources of what it is since."""

    label: object
    old: list[Value]
    new: list[Value]
    citations: list[CitationView] = field(default_factory=list)


@dataclass
class Version:
    """One publication of an entry, as its history shows it."""

    publication: Publication
    values: list[ChangedValue]

    @property
    def is_shown(self) -> bool:
        """Whether the public saw the entry after it."""
        return self.publication.action not in TAKEN_AWAY

    @property
    def who(self) -> str:
        """Who let it go live: by name where the person chose so, else by role."""
        actor = self.publication.actor
        if actor is None:
            return str(ApprovalKind.SHIPPED.label)
        choice = getattr(actor, "history_choice", None)
        if choice and choice.shows_name and (name := actor.get_full_name()):
            return name
        # The names of roles are strings of the site.
        return pgettext("between values", ", ").join(_(group.name) for group in actor.groups.all()) or _("Someone")

    @property
    def reason(self) -> BilingualText:
        """Why it took the entry out of the public's sight."""
        return BilingualText(**(self.publication.reason or {}))


def show_history(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponse:
    """Every publication of an entry, newest first, with what each changed."""
    record = find_record(kind=kind, slug=slug)
    if record is None:
        return answer_former_history(request, kind=kind, slug=slug)
    publications = Publication.objects.of(record.uid).select_related("actor__history_choice")
    page = Paginator(publications.prefetch_related("actor__groups", "changes"), VERSIONS_A_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "catalog/history.html", {"record": record, "page": page, "versions": list_versions(page)})


def list_versions(publications: Iterable[Publication]) -> list[Version]:
    """Return consecutive publications of one entry, newest first, each compared with the one before; one query."""
    publications = list(publications)
    first = publications[-1]
    before = Publication.objects.of(first.entry).filter(sequence=first.sequence - 1).first()
    details = [as_it_was(it.document) if it else None for it in (*publications, before)]
    return [
        Version(
            publication=publication,
            values=[read_change(change, before=old, after=new) for change in publication.changes.all()],
        )
        for publication, new, old in zip(publications, details[:-1], details[1:], strict=True)
    ]


def as_it_was(document: dict) -> Detail:
    """A document with the names that it had then; what it points to is no link, and takes no query."""
    detail = Detail(document=document)
    detail.live_targets = {}
    return detail


def read_change(change: Change, *, before: Detail | None, after: Detail) -> ChangedValue:
    """A change in the words of the reader's language."""
    name, _slash, item = change.path.partition("/")
    return ChangedValue(
        label=label_of(after.model, name),
        old=read_raw(before, change.path, change.old) if before else [],
        new=read_raw(after, change.path, change.new),
        citations=[*after.citations.get(change.path, ()), *(after.citations.get(name, ()) if item else ())],
    )


def read_raw(detail: Detail, path: str, raw) -> list[Value]:
    """What a page shows for a value, or a row of a list, of a document."""
    name, _slash, item = path.partition("/")
    if raw is None:
        return []
    if item:
        row_class = child_lists(detail.model)[name]
        # A database keeps no order of keys.
        cells = [(field_of(row_class, cell), raw.get(cell)) for cell in row_class.document_fields]
        return [value for column, part in cells for value in detail.read_values(column, part)]
    column = field_of(detail.model, name)
    if name == "aliases":
        return [Value(alias) for alias in raw.splitlines()]
    if name == "identifiers":
        return [Value(f"{key}: {text}") for key, text in raw.items()]
    if getattr(column, "related_model", None) is Source:
        labels = detail.document["labels"].get("source", {})
        return [Value(labels[slug]["title"]) for slug in raw if slug in labels]
    return detail.read_values(column, raw)


def show_version(request: HttpRequest, kind: EntryKind, slug: str, sequence: int) -> HttpResponse:
    """An entry as a past publication had it."""
    record = find_record(kind=kind, slug=slug)
    if record is None:
        return answer_former_history(request, kind=kind, slug=slug, sequence=sequence)
    shown = Publication.objects.exclude(action__in=TAKEN_AWAY)
    publication = get_object_or_404(shown, entry=record.uid, sequence=sequence)
    return render(
        request,
        f"catalog/{kind.value}_detail.html",
        {
            "detail": Detail(document=publication.document),
            "record": record,
            "published_at": publication.at,
            "past": publication,
        },
    )


def show_past(request: HttpRequest, *, kind: EntryKind, slug: str, as_of: AsOf) -> HttpResponse:
    """What an address showed at the end of a past day; also of what has the address only since.

    What was withdrawn since has no public history, as long as it is.
    """
    at_address = Publication.objects.filter(kind=kind, slug=slug).order_by("-at", "-pk")
    owner = at_address.filter(at__lt=as_of.until).first() or at_address.first()
    if owner is None:
        raise Http404(_("There is no such entry."))
    known, own = as_of.publications(), Publication.objects.of(owner.entry)
    now = follow_mergers(own.first(), publications=Publication.objects.all())
    # What was not there yet is told by what it was merged into since.
    last = known.of(owner.entry).first() or known.of(now.entry).first()
    past = last and follow_mergers(last, publications=known)
    if past and past.entry != owner.entry and past.action not in TAKEN_AWAY:
        # It was live there by the end of the day, so that this leads no further.
        return redirect_to(past, as_of=as_of)
    record = RECORD_MODELS[kind].objects.filter(uid=now.entry, live=True).first()
    if record is None:
        return answer_withdrawn(request, last=now)
    if past is None:
        begin = Publication.objects.of(record.uid).get(sequence=1).at
        return render(request, "catalog/not_yet.html", {"record": record, "begin": begin, "as_of": as_of})
    if past.action == PublicationAction.WITHDRAWN:
        return answer_withdrawn(request, last=past)
    if now.entry != owner.entry:
        before = own.exclude(action=PublicationAction.MERGED).first()
        if before.action == PublicationAction.WITHDRAWN:
            # It was not restored by merging it.
            return answer_withdrawn(request, last=before)
    return render(
        request,
        f"catalog/{kind.value}_detail.html",
        {
            "detail": Detail(document=past.document, as_of=as_of),
            "record": record,
            "published_at": past.at,
            "as_of": as_of,
        },
    )


def answer_former_history(
    request: HttpRequest, *, kind: EntryKind, slug: str, sequence: int | None = None
) -> HttpResponse:
    """Redirect to the history at the present address of a renamed entry; else what the former address answers."""
    former = Publication.objects.filter(kind=kind, slug=slug).order_by("-at", "-pk").first()
    now = former and ListingEntry.objects.filter(entry=former.entry).first()
    if now is None:
        return answer_former_address(request, kind=kind, slug=slug)
    name, args = ("version", [now.slug, sequence]) if sequence else ("history", [now.slug])
    return HttpResponsePermanentRedirect(reverse(f"catalog:{now.kind}_{name}", args=args))
