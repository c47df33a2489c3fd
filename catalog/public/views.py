"""The public pages of the catalog."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from catalog.listing.as_of import AsOf
from catalog.listing.page import ListingPage
from catalog.models import (
    Publication,
    Source,
    Term,
    Verification,
)
from catalog.models.base import Entry
from catalog.models.kinds import EntryKind, kind_of, list_entry_kinds
from catalog.models.source import Citation
from catalog.public.articles import find_articles, list_articles
from catalog.public.former import answer_former_address
from catalog.public.history_pages import show_past
from catalog.public.related import find_record, list_mergers, list_related
from catalog.public.structured_data import describe_detail
from catalog.public.timeline import list_events, list_years
from catalog.reading.details import Detail
from catalog.values import BilingualText, language_key

CITED_SHOWN = 200


class HtmxHttpRequest(HttpRequest):
    """A request as the middleware of django-htmx passes it on."""

    htmx: HtmxDetails


def show_listing(request: HtmxHttpRequest, name: str) -> HttpResponse:
    """Show a listing; htmx gets only the results."""
    listing = ListingPage(name, request.GET)
    # When htmx restores a page from history, it needs the whole page.
    partial = bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request
    template = "catalog/listing_results.html" if partial else "catalog/listing.html"
    response = render(request, template, {"listing": listing, "partial": partial})
    if partial:
        # Set the browser's address to the query without empty parameters. Typing to find an option replaces the address
        # instead of adding a step to the browser's history.
        before = QueryDict((request.htmx.current_url or "").partition("?")[2].partition("#")[0])
        header = "HX-Replace-Url" if listing.has_same_filters(before) else "HX-Push-Url"
        response.headers[header] = f"{request.path}?{listing.query}" if listing.query else request.path
    # Caches must tell the whole page from the part.
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request", "Cookie"])
    return response


def show_record(request: HttpRequest, kind: EntryKind, slug: str) -> HttpResponse:
    """Show the page of an entry or a term, also on a past day; a former address redirects to the present one."""
    as_of = AsOf(request.GET)
    if as_of.is_past:
        return show_past(request, kind=kind, slug=slug, as_of=as_of)
    record = find_record(kind=kind, slug=slug)
    if record is None:
        return answer_former_address(request, kind=kind, slug=slug, as_of=as_of)
    publication = Publication.objects.of(record.uid)[0]
    # One query instead of the four needed to derive them.
    known = {it.group: it for it in Verification.objects.filter(entry=record.uid)}
    detail = Detail(document=publication.document, present=True, as_of=as_of, verifications=known or None)
    return render(
        request,
        kind_of(kind).template,
        {
            "detail": detail,
            "record": record,
            "as_of": as_of,
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


def redirect_startup(request: HttpRequest, slug: str) -> HttpResponse:
    """Redirect a startup to its page under `organizations/`."""
    return HttpResponsePermanentRedirect(AsOf(request.GET).add_to(reverse("catalog:organization", args=[slug])))


def show_glossary(request: HttpRequest) -> HttpResponse:
    """Show all terms by name."""
    as_of = AsOf(request.GET)
    terms = as_of.entries().filter(kind=EntryKind.TERM).order_by(f"sort_{language_key()}")
    names = [
        (BilingualText(en=t.name_en, zh=t.name_zh), BilingualText(en=t.summary_en, zh=t.summary_zh), t) for t in terms
    ]
    return render(request, "catalog/glossary.html", {"terms": names, "as_of": as_of})


def show_source(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a source and the entries, terms and articles that cite it; raise Http404 if none of them is live."""
    source = get_object_or_404(Source, pk=pk)
    cited: list[tuple[Entry, list[Citation]]] = []
    for kind in list_entry_kinds():
        citations = kind.row_model("citations")
        if citations is None:
            continue
        found = (
            citations.objects.filter(source=source, entry__live=True).select_related("entry").order_by("entry__name_en")
        )
        entries: dict[Entry, list[Citation]] = {}
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
    """Show the events of a year: the one asked for, else the newest."""

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
