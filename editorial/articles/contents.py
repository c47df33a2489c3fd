"""What written pages show besides their own text: numbers, latest articles and changes, links, sources."""

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.urls import reverse
from wagtail.models import Page

from catalog.listing.listings import LISTINGS, Listing
from catalog.models import ListingEntry, Publication
from catalog.models.kinds import EntryKind, kind_of
from catalog.values import BilingualText, language_key
from editorial.articles.linking import Linker, find_chosen_entries, list_cards
from editorial.articles.used_values import find_outdated

ARTICLES_A_PAGE = 20
LATEST = 5


def build_home(*, articles: QuerySet) -> dict:
    """Return what the front page shows: the landscape in numbers, the latest articles and the latest publications."""
    term = kind_of(EntryKind.TERM)
    kinds = dict(ListingEntry.objects.order_by().values_list("kind").annotate(number=Count("pk")))
    numbers = [
        (it.heading, count_listing_entries(it, kinds), reverse(f"catalog:{it.name}")) for it in LISTINGS.values()
    ]
    numbers.append((term.plural, kinds.get(term.key, 0), reverse(f"catalog:{term.slug}")))
    publications = Publication.objects.exclude(kind=term.key)[:LATEST]
    return {
        "numbers": numbers,
        "articles": articles[:LATEST],
        "publications": [
            {
                "name": BilingualText(**publication.document["fields"]["name"]),
                "kind": publication.get_kind_display(),
                "action": publication.get_action_display(),
                "at": publication.at,
                "url": reverse(f"catalog:{publication.kind}", args=[publication.slug]),
            }
            for publication in publications
        ],
    }


def count_listing_entries(listing: Listing, kinds: dict[str, int]) -> int:
    """Return the number of entries of a listing. `kinds` has the number of each kind, which saves most queries."""
    if not listing.fixed:
        return kinds.get(listing.kind.key, 0)
    rows = ListingEntry.objects.filter(kind=listing.kind.key)
    for facet, values in listing.fixed.items():
        rows = rows.filter(facets__facet=facet, facets__value__in=values)
    return rows.distinct().count()


def build_index(*, articles: QuerySet, number: str | None) -> dict:
    """Return what a page of the list of articles shows."""
    return {"articles": Paginator(articles, ARTICLES_A_PAGE).get_page(number)}


def build_article(page: Page) -> dict:
    """Return what an article shows besides its text: its entries, links, sources, and values that changed since."""
    entries = find_chosen_entries(page.mentions.raw_data, *list_cards(page.body))
    language = language_key(page.locale.language_code)
    mentioned = [entries.get((child["type"], child["value"])) for child in page.mentions.raw_data]
    sources = [row.source for row in page.sources.select_related("source")] if page.pk else []
    targets = {
        getattr(row, f"name_{language}"): reverse(f"catalog:{row.kind}", args=[row.slug]) for row in mentioned if row
    }
    # An unpublished page, such as a preview of a new one, has no values that changed since its publication.
    outdated = find_outdated([page]) if page.last_published_at else []
    return {
        "entries": entries,
        "linker": Linker(targets=targets, sources=len(sources)),
        "sources": sources,
        "changed_entries": outdated[0].entries if outdated else [],
    }
