"""Export listings: files and feeds with exactly the results of a listing's query string."""

from collections.abc import Iterable
from itertools import chain, islice

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, gettext, pgettext
from django.views.decorators.http import require_safe

from catalog.export.files import ROWS_PER_CHUNK, ExportFile, ExportHeader, describe_asked, locate_terms_page
from catalog.listing.as_of import AsOf
from catalog.listing.filterset import ListingFilterSet
from catalog.listing.listings import LISTINGS
from catalog.listing.page import ListingPage
from catalog.models import ListingEntry
from catalog.models.kinds import EntryKind
from catalog.public.feeds import FeedItem, answer_feed
from catalog.reading.batches import read_details
from catalog.reading.details import Detail
from catalog.reading.facts import CitationView
from catalog.values import BilingualText

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": XLSX,
    "json": "application/json",
}
# Number of entries in a feed: those published last.
FEED_LENGTH = 50
# Up to so many results are looked up by key; with more, scanning entries from the newest finds enough of them soon.
FEW = 500


@require_safe
def download_listing(request: HttpRequest, name: str, form: str) -> HttpResponseBase:
    """Return all results of a listing as a file: `form` is csv, xlsx or json."""
    listing = ListingPage(name, request.GET)
    filterset = listing.filterset
    header = ExportHeader(
        title=str(listing.heading),
        address=address_of(request, listing),
        asked=list_asked(listing),
        order=next((str(label) for key, label, chosen in listing.sorts if chosen), filterset.sort),
        ignored=listing.ignored,
        number=filterset.results.count(),
        terms=locate_terms_page(request),
    )
    rows = filterset.results.iterator(chunk_size=ROWS_PER_CHUNK)
    return answer_file(
        request, rows=rows, kind=LISTINGS[name].kind.key, as_of=listing.as_of, header=header, form=form, name=name
    )


def answer_file(
    request: HttpRequest,
    *,
    rows: Iterable[ListingEntry],
    kind: EntryKind,
    as_of: AsOf,
    header: ExportHeader,
    form: str,
    name: str,
) -> HttpResponseBase:
    """Return entries as a file, named after its contents (`name`) and the day that it shows."""
    export = ExportFile(
        kind=kind,
        rows=rows,
        as_of=as_of,
        header=header,
        origin=request.build_absolute_uri("/").removesuffix("/"),
        language=get_language(),
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{as_of.on.isoformat()}.{form}"',
        # It repeats what pages show.
        "X-Robots-Tag": "noindex",
    }
    if request.method == "HEAD":
        # Reads nothing. A streaming response has no Content-Length; a plain empty one would announce an empty file.
        return StreamingHttpResponse(iter(()), content_type=CONTENT_TYPES[form], headers=headers)
    if form == "xlsx":
        return FileResponse(export.write_xlsx(), content_type=XLSX, headers=headers)
    pieces = export.write_csv() if form == "csv" else export.write_json()
    return StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[form], headers=headers)


@require_safe
def feed_listing(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """Return the newest results of a listing as a feed: `form` is atom or json."""
    listing = ListingPage(name, request.GET)
    newest = find_newest(listing.filterset)
    details = read_details((row.entry for row in newest), as_of=listing.as_of)
    parts = [gettext("AIGC Landscape"), str(listing.heading), *(f"{it.label}: {it.value}" for it in listing.chips)]
    items = [
        FeedItem(
            # Stays the same when the entry's address changes.
            id=f"urn:uuid:{row.entry}",
            link=request.build_absolute_uri(listing.as_of.add_to(reverse(f"catalog:{row.kind}", args=[row.slug]))),
            title=BilingualText(en=row.name_en, zh=row.name_zh).text,
            text=BilingualText(en=row.summary_en, zh=row.summary_zh).text,
            at=row.published_at,
            html=render_item(row, details.get(row.entry)),
        )
        for row in newest
    ]
    response = answer_feed(
        request,
        form=form,
        title=" · ".join(parts),
        home=address_of(request, listing),
        items=items,
        asked=f"{pgettext('of a list', 'Asked for')}: {describe_asked(list_asked(listing))}",
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def render_item(row: ListingEntry, detail: Detail | None) -> str:
    """Return the HTML of an entry in a feed; only the summary for an entry that was withdrawn later."""
    latest: dict[int, CitationView] = {}
    for citation in chain.from_iterable(detail.citations.values() if detail else ()):
        known = latest.get(citation.source.number)
        if known is None or citation.as_of > known.as_of:
            latest[citation.source.number] = citation
    context = {
        "summary": BilingualText(en=row.summary_en, zh=row.summary_zh).text,
        "detail": detail,
        "citations": [citation for _number, citation in sorted(latest.items())],
        "LANGUAGE_CODE": get_language(),
    }
    return render_to_string("catalog/feed_item.html", context)


def list_asked(listing: ListingPage) -> list[tuple[str, str]]:
    """Return the filters of a listing in words, as (label, value)."""
    asked = [(str(chip.label), str(chip.value)) for chip in listing.chips]
    if listing.filterset.meant:
        asked.append((gettext("Results for"), listing.filterset.meant))
    return asked


def find_newest(filterset: ListingFilterSet) -> list[ListingEntry]:
    """Return the results published last, newest first; at most two queries."""
    found = set(filterset.table.pks[filterset.selected].tolist())
    if len(found) <= FEW:
        rows = ListingEntry.ever.filter(pk__in=found).order_by("-published_at", "pk")
        return list(rows[:FEED_LENGTH])
    by_time = filterset.as_of.entries().filter(kind=filterset.kind).order_by("-published_at", "pk")
    keys = by_time.values_list("pk", flat=True).iterator()
    newest = ListingEntry.ever.in_bulk(list(islice((pk for pk in keys if pk in found), FEED_LENGTH)))
    return sorted(newest.values(), key=lambda row: row.published_at, reverse=True)


def address_of(request: HttpRequest, listing: ListingPage) -> str:
    """Return the full address of a listing's first page."""
    query = listing.query_of_results
    address = request.build_absolute_uri(reverse(f"catalog:{listing.name}"))
    return f"{address}?{query}" if query else address
