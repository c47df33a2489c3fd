"""The sitemap: every public page in both languages."""

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from catalog.listing.listings import LISTINGS
from catalog.models import ListingEntry, Source, Term
from catalog.models.kinds import list_entry_kinds
from editorial.articles.pages import ArticlePage, TextPage


class FixedPages(Sitemap):
    """The pages that always exist."""

    i18n = alternates = True

    def items(self) -> list[str]:
        return [
            "home",
            "articles",
            *(f"catalog:{name}" for name in LISTINGS),
            "catalog:glossary",
            "catalog:timeline",
            "catalog:changes",
            "catalog:freshness",
        ]

    def location(self, item: str) -> str:
        return reverse(item)


class EntryPages(Sitemap):
    """Live entries and terms."""

    i18n = alternates = True
    limit = 5000

    def items(self):
        return ListingEntry.objects.order_by("pk")

    def location(self, item: ListingEntry) -> str:
        return reverse(f"catalog:{item.kind}", args=[item.slug])

    def lastmod(self, item: ListingEntry):
        return item.published_at


class ArticlePages(Sitemap):
    """Live articles, each in its own language."""

    limit = 5000

    def items(self):
        return ArticlePage.objects.live().public().select_related("locale").order_by("pk")

    def location(self, item: ArticlePage) -> str:
        return f"/{item.locale.language_code}/articles/{item.slug}/"

    def lastmod(self, item: ArticlePage):
        return item.last_published_at


class TextPages(ArticlePages):
    """Live permanent texts, such as About."""

    def items(self):
        return TextPage.objects.live().public().select_related("locale").order_by("pk")

    def location(self, item: TextPage) -> str:
        return f"/{item.locale.language_code}/{item.slug}/"


class SourcePages(Sitemap):
    """Sources that a live entry or term cites."""

    i18n = alternates = True
    limit = 5000

    def items(self):
        cited = Q(Exists(Term.objects.filter(sources=OuterRef("pk"), live=True)))
        for kind in list_entry_kinds():
            cited |= Q(Exists(kind.row_model("citations").objects.filter(source=OuterRef("pk"), entry__live=True)))
        return Source.objects.filter(cited).order_by("pk")

    def location(self, item: Source) -> str:
        return reverse("catalog:source", args=[item.pk])


SITEMAPS = {
    "pages": FixedPages,
    "entries": EntryPages,
    "sources": SourcePages,
    "articles": ArticlePages,
    "texts": TextPages,
}
