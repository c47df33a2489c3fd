"""The public history of an entry: its publications and their changes, each past version, and its page on a past day."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.listing.as_of import AsOf
from catalog.models import ListingEntry, Publication
from catalog.models.history import UNPUBLISHED_ACTIONS, PublicationAction
from catalog.models.kinds import EntryKind, kind_of
from catalog.public.former import answer_former_address, answer_withdrawn, follow_mergers, redirect_to
from catalog.public.related import find_record
from catalog.reading.details import Detail
from catalog.reading.versions import list_versions

VERSIONS_A_PAGE = 20


def show_history(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponse:
    """Show the publications of an entry, newest first, with the changes of each."""
    record = find_record(kind=kind, slug=slug)
    if record is None:
        return answer_former_history(request, kind=kind, slug=slug)
    publications = Publication.objects.of(record.uid).select_related("actor__history_choice")
    page = Paginator(publications.prefetch_related("actor__groups", "changes"), VERSIONS_A_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "catalog/history.html", {"record": record, "page": page, "versions": list_versions(page)})


def show_version(request: HttpRequest, kind: EntryKind, slug: str, sequence: int) -> HttpResponse:
    """Show an entry as it was in a past publication."""
    record = find_record(kind=kind, slug=slug)
    if record is None:
        return answer_former_history(request, kind=kind, slug=slug, sequence=sequence)
    shown = Publication.objects.exclude(action__in=UNPUBLISHED_ACTIONS)
    publication = get_object_or_404(shown, entry=record.uid, sequence=sequence)
    return render(
        request,
        kind_of(kind).template,
        {
            "detail": Detail(document=publication.document),
            "record": record,
            "published_at": publication.at,
            "past": publication,
        },
    )


def show_past(request: HttpRequest, *, kind: EntryKind, slug: str, as_of: AsOf) -> HttpResponse:
    """Show an address as it was at the end of a past day, also for an entry that got the address later.

    An entry has no public history while it is withdrawn.
    """
    at_address = Publication.objects.filter(kind=kind, slug=slug).order_by("-at", "-pk")
    owner = at_address.filter(at__lt=as_of.until).first() or at_address.first()
    if owner is None:
        raise Http404(_("There is no such entry."))
    known, own = as_of.publications(), Publication.objects.of(owner.entry)
    now = follow_mergers(own[0], publications=Publication.objects.all())
    # An entry that did not exist yet shows the entry that it was merged into later.
    last = known.of(owner.entry).first() or known.of(now.entry).first()
    past = last and follow_mergers(last, publications=known)
    if past and past.entry != owner.entry and past.action not in UNPUBLISHED_ACTIONS:
        # That entry was live on the day, so that this redirect is the last.
        return redirect_to(past, as_of=as_of)
    record = kind_of(kind).model.objects.filter(uid=now.entry, live=True).first()
    if record is None:
        return answer_withdrawn(request, last=now)
    if past is None:
        begin = Publication.objects.of(record.uid).get(sequence=1).at
        return render(request, "catalog/not_yet.html", {"record": record, "begin": begin, "as_of": as_of})
    if past.action == PublicationAction.WITHDRAWN:
        return answer_withdrawn(request, last=past)
    if now.entry != owner.entry:
        before = own.exclude(action=PublicationAction.MERGED)[0]
        if before.action == PublicationAction.WITHDRAWN:
            # Merging a withdrawn entry does not restore it.
            return answer_withdrawn(request, last=before)
    return render(
        request,
        kind_of(kind).template,
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
    """Redirect to the history at the present address of a renamed entry; else answer as the former address does."""
    former = Publication.objects.filter(kind=kind, slug=slug).order_by("-at", "-pk").first()
    now = former and ListingEntry.objects.filter(entry=former.entry).first()
    if now is None:
        return answer_former_address(request, kind=kind, slug=slug)
    name, args = ("version", [now.slug, sequence]) if sequence else ("history", [now.slug])
    return HttpResponsePermanentRedirect(reverse(f"catalog:{now.kind}_{name}", args=args))
