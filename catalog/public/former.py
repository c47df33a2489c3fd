"""What an address answers that no longer is, or was not, the address of something live."""

from datetime import datetime

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.listing.as_of import AsOf
from catalog.models import ListingEntry, Publication
from catalog.models.choices import EntryKind
from catalog.models.history import PublicationAction
from catalog.values import BilingualText


def answer_former_address(
    request: HttpRequest, *, kind: EntryKind, slug: str, as_of: AsOf | None = None
) -> HttpResponse:
    """Redirect to the present address, show a withdrawn entry's notice, or raise Http404; `as_of` is no earlier day."""
    former = Publication.objects.filter(kind=kind, slug=slug).order_by("-at", "-pk").first()
    if former is None:
        raise Http404(_("There is no such entry."))
    as_of = as_of or AsOf({})
    if now := ListingEntry.objects.filter(entry=former.entry).first():
        return HttpResponsePermanentRedirect(as_of.add_to(reverse(f"catalog:{now.kind}", args=[now.slug])))
    return answer_taken_away(request, last=Publication.objects.of(former.entry).first(), as_of=as_of)


def answer_taken_away(request: HttpRequest, *, last: Publication, as_of: AsOf) -> HttpResponse:
    """Redirect to what a merged entry was merged into, show a withdrawn entry's notice, or raise Http404.

    `last` is the newest publication of the entry by the day.
    """
    if last.action == PublicationAction.MERGED:
        target = follow_mergers(last, publications=as_of.publications())
        return HttpResponsePermanentRedirect(as_of.add_to(reverse(f"catalog:{target.kind}", args=[target.slug])))
    if last.action != PublicationAction.WITHDRAWN:
        raise Http404(_("There is no such entry."))
    return show_withdrawal(
        request,
        name=BilingualText(**last.document["fields"]["name"]),
        reason=BilingualText(**(last.reason or {})),
        withdrawn_at=last.at,
    )


def follow_mergers(last: Publication, *, publications: QuerySet[Publication]) -> Publication:
    """Return the newest publication of what an entry was merged into; of itself if it was not. `last` is its newest."""
    while last.action == PublicationAction.MERGED:
        last = publications.of(last.document["merged_into"]).first()
    return last


def show_withdrawal(
    request: HttpRequest, *, name: BilingualText, reason: BilingualText, withdrawn_at: datetime
) -> HttpResponse:
    """The notice at the address of what was withdrawn; of an article too."""
    context = {"name": name, "reason": reason, "withdrawn_at": withdrawn_at}
    return render(request, "catalog/withdrawn.html", context, status=410)
