"""What the written pages show beside their own text: numbers, latest articles and changes, links, sources."""

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.models import Page

from catalog.models import ListingEntry, Publication
from catalog.models.choices import EntryKind
from catalog.values import BilingualText, language_key
from editorial.articles.linking import Linker, find_entries, list_cards
from editorial.articles.used_values import find_outdated

ARTICLES_A_PAGE = 20
LATEST = 5


def build_home(*, articles: QuerySet) -> dict:
    """Return what the front page shows: the landscape in numbers, the latest of its articles, latest publications."""
    kinds = dict(ListingEntry.objects.order_by().values_list("kind").annotate(number=Count("pk")))
    startups = ListingEntry.objects.filter(facets__facet="type", facets__value="startup").count()
    publications = Publication.objects.exclude(kind=EntryKind.TERM)[:LATEST]
    return {
        "numbers": [
            (_("Models"), kinds.get(EntryKind.MODEL, 0), reverse("catalog:models")),
            (_("Startups"), startups, reverse("catalog:startups")),
            (_("Organizations"), kinds.get(EntryKind.ORGANIZATION, 0), reverse("catalog:organizations")),
            (_("Products"), kinds.get(EntryKind.PRODUCT, 0), reverse("catalog:products")),
            (_("Terms"), kinds.get(EntryKind.TERM, 0), reverse("catalog:glossary")),
        ],
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


def build_index(*, articles: QuerySet, number: str | None) -> dict:
    """Return a page of the list of articles."""
    return {"articles": Paginator(articles, ARTICLES_A_PAGE).get_page(number)}


def build_article(page: Page) -> dict:
    """Return what an article shows beside its own text: the entries it names, the links, its sources, what changed."""
    entries = find_entries(page.mentions.raw_data, *list_cards(page.body))
    language = language_key(page.locale.language_code)
    mentioned = [entries.get((child["type"], child["value"])) for child in page.mentions.raw_data]
    sources = [row.source for row in page.sources.select_related("source")] if page.pk else []
    targets = {
        getattr(row, f"name_{language}"): reverse(f"catalog:{row.kind}", args=[row.slug]) for row in mentioned if row
    }
    # A page that is made from a form has never been published, and has no values that could have changed since.
    outdated = find_outdated([page]) if page.last_published_at else []
    return {
        "entries": entries,
        "linker": Linker(targets=targets, sources=len(sources)),
        "sources": sources,
        "changed_entries": outdated[0].entries if outdated else [],
    }
