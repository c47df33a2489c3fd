"""Answer requests for former addresses: redirects for renamed and merged entries, notices for withdrawn ones."""

from datetime import datetime

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.listing.as_of import AsOf
from catalog.models import ListingEntry, Publication
from catalog.models.history import PublicationAction, PublicationQuerySet
from catalog.models.kinds import EntryKind
from catalog.values import BilingualText


def answer_former_address(
    request: HttpRequest, *, kind: EntryKind, slug: str, as_of: AsOf | None = None
) -> HttpResponse:
    """Redirect to the present address, show the notice of a withdrawn entry, or raise Http404.

    `as_of` is today or a later day; `show_past` answers for earlier ones.
    """
    former = Publication.objects.filter(kind=kind, slug=slug).order_by("-at", "-pk").first()
    if former is None:
        raise Http404(_("There is no such entry."))
    as_of = as_of or AsOf(QueryDict())
    if now := ListingEntry.objects.filter(entry=former.entry).first():
        return redirect_to(now, as_of=as_of)
    last = Publication.objects.of(former.entry)[0]
    if last.action == PublicationAction.MERGED:
        return redirect_to(follow_mergers(last, publications=Publication.objects.all()), as_of=as_of)
    return answer_withdrawn(request, last=last)


def redirect_to(target: ListingEntry | Publication, *, as_of: AsOf) -> HttpResponse:
    """Redirect to the page of an entry: permanently, unless a day is asked for, since the target depends on the day."""
    address = as_of.add_to(reverse(f"catalog:{target.kind}", args=[target.slug]))
    return HttpResponseRedirect(address) if as_of.day else HttpResponsePermanentRedirect(address)


def answer_withdrawn(request: HttpRequest, *, last: Publication) -> HttpResponse:
    """Show the notice of a withdrawn entry; raise Http404 if its last publication is not a withdrawal."""
    if last.action != PublicationAction.WITHDRAWN:
        raise Http404(_("There is no such entry."))
    return show_withdrawal(
        request,
        name=BilingualText(**last.document["fields"]["name"]),
        reason=BilingualText(**(last.reason or {})),
        withdrawn_at=last.at,
    )


def follow_mergers(last: Publication, *, publications: PublicationQuerySet) -> Publication:
    """Return the newest publication of the entry that an entry was merged into; its own if it was not merged.

    `last` is the entry's newest one among `publications`.
    """
    while last.action == PublicationAction.MERGED:
        last = publications.of(last.document["merged_into"])[0]
    return last


def show_withdrawal(
    request: HttpRequest, *, name: BilingualText, reason: BilingualText, withdrawn_at: datetime
) -> HttpResponse:
    """Show the notice of a withdrawn entry or article, with status 410."""
    context = {"name": name, "reason": reason, "withdrawn_at": withdrawn_at}
    return render(request, "catalog/withdrawn.html", context, status=410)
