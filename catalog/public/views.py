"""The public pages of the catalog."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from catalog.listing.page import ListingPage
from catalog.models import (
    AIModelCitation,
    ListingEntry,
    OrganizationCitation,
    ProductCitation,
    Publication,
    Source,
    Term,
)
from catalog.models.choices import EntryKind
from catalog.models.history import PublicationAction
from catalog.public.details import Detail
from catalog.public.related import find_articles, find_record, list_articles, list_mergers, list_related
from catalog.public.structured_data import describe_detail
from catalog.public.timeline import list_events, list_years
from catalog.values import BilingualText

CITED_SHOWN = 200


def show_listing(request: HttpRequest, name: str) -> HttpResponse:
    """A listing; htmx gets the results alone."""
    listing = ListingPage(name, request.GET)
    # Going back in history asks for the whole page again.
    partial = bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request
    template = "catalog/listing_results.html" if partial else "catalog/listing.html"
    response = render(request, template, {"listing": listing, "partial": partial})
    if partial:
        # The address in the browser's bar: what the form sent, without what was left empty.
        response.headers["HX-Push-Url"] = f"{request.path}?{listing.query}" if listing.query else request.path
    # One address gives a whole page or a part of it, as the request's headers say.
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request", "Cookie"])
    return response


def show_record(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponse:
    """The page of an entry or a term; a former address leads to the present one."""
    record = find_record(kind=kind, slug=slug)
    if record is None:
        return answer_former_address(request, kind=kind, slug=slug)
    publication = Publication.objects.of(record.uid).first()
    detail = Detail(document=publication.document)
    return render(
        request,
        f"catalog/{kind.value}_detail.html",
        {
            "detail": detail,
            "record": record,
            "published_at": publication.at,
            "oversight": record.oversight,
            "mergers": [
                {"name": BilingualText(**merger.document["fields"]["name"]), "at": merger.at}
                for merger in list_mergers(record)
            ],
            "related": list_related(record),
            "articles": list_articles(record),
            "structured_data": describe_detail(detail=detail, url=request.build_absolute_uri(request.path)),
        },
    )


def answer_former_address(request: HttpRequest, *, kind: EntryKind, slug: str) -> HttpResponse:
    """Redirect to the present address, show a withdrawn entry's notice, or raise Http404."""
    former = Publication.objects.filter(kind=kind, slug=slug).order_by("-at", "-pk").first()
    if former is None:
        raise Http404(_("There is no such entry."))
    if now := ListingEntry.objects.filter(entry=former.entry).first():
        return HttpResponsePermanentRedirect(reverse(f"catalog:{now.kind}", args=[now.slug]))
    last = Publication.objects.of(former.entry).first()
    if last.action == PublicationAction.MERGED:
        while last.action == PublicationAction.MERGED:
            last = Publication.objects.of(last.document["merged_into"]).first()
        return HttpResponsePermanentRedirect(reverse(f"catalog:{last.kind}", args=[last.slug]))
    if last.action != PublicationAction.WITHDRAWN:
        raise Http404(_("There is no such entry."))
    return show_withdrawal(
        request,
        name=BilingualText(**last.document["fields"]["name"]),
        reason=BilingualText(**(last.reason or {})),
        withdrawn_at=last.at,
    )


def show_withdrawal(
    request: HttpRequest, *, name: BilingualText, reason: BilingualText, withdrawn_at: datetime
) -> HttpResponse:
    """The notice at the address of what was withdrawn; of an article too."""
    context = {"name": name, "reason": reason, "withdrawn_at": withdrawn_at}
    return render(request, "catalog/withdrawn.html", context, status=410)


def redirect_startup(request: HttpRequest, slug: str) -> HttpResponse:
    """An organization lives at `organizations/`, startups too."""
    return HttpResponsePermanentRedirect(reverse("catalog:organization", args=[slug]))


def show_glossary(request: HttpRequest) -> HttpResponse:
    """All terms by name."""
    terms = ListingEntry.objects.filter(kind=EntryKind.TERM).order_by(f"sort_{_sort_language(request)}")
    names = [
        (BilingualText(en=t.name_en, zh=t.name_zh), BilingualText(en=t.summary_en, zh=t.summary_zh), t) for t in terms
    ]
    return render(request, "catalog/glossary.html", {"terms": names})


def _sort_language(request: HttpRequest) -> str:
    return "zh" if request.LANGUAGE_CODE.startswith("zh") else "en"


def show_source(request: HttpRequest, pk: int) -> HttpResponse:
    """A source, and what cites it. Raises Http404 while nothing live does."""
    source = get_object_or_404(Source, pk=pk)
    cited = []
    for model in (AIModelCitation, OrganizationCitation, ProductCitation):
        found = model.objects.filter(source=source, entry__live=True).select_related("entry").order_by("entry__name_en")
        entries: dict = {}
        for citation in found[:CITED_SHOWN]:
            entries.setdefault(citation.entry, []).append(citation)
        cited += entries.items()
    terms = list(Term.objects.filter(sources=source, live=True).order_by("name_en"))
    articles = list_articles(source)
    if not (cited or terms or articles or find_articles(source).exists()):
        raise Http404(_("There is no such source."))
    return render(
        request, "catalog/source.html", {"source": source, "cited": cited, "terms": terms, "articles": articles}
    )


def show_timeline(request: HttpRequest) -> HttpResponse:
    """What happened in a year; the newest unless one is asked for."""
    years = list_years()
    known = [year for year, number in years]
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 and int(asked) in known else None
    shown = year or (known[0] if known else None)
    return render(
        request,
        "catalog/timeline.html",
        {
            "years": years,
            "year": shown,
            "events": list_events(shown) if shown else [],
            "ignored": [f"year={asked}"] if asked and year is None else [],
        },
    )
