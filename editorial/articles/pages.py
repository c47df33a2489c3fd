"""The written pages of the site: home, articles, and texts such as About. One page for each language."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import CommentPanel, FieldPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page
from wagtail.search import index

from catalog.editing.panels import go_live_panel
from catalog.models.kinds import KINDS
from catalog.models.publication import Published
from catalog.models.publisher import read_publisher
from editorial.articles.blocks import ArticleBody, EntryBlock
from editorial.articles.contents import build_article, build_home, build_index
from editorial.articles.linking import find_chosen_entries, list_cards

# First parts of the catalog's addresses. No page may use them.
RESERVED_PAGE_SLUGS = frozenset(
    {
        *(kind.slug for kind in KINDS),
        *("startups", "sources", "landscape", "timeline", "charts"),
        *("compare", "search", "freshness", "changes", "data", "suggest", "articles", "about"),
    }
)


class SitePageForm(WagtailAdminPageForm):
    """The form of a page. It tells a new page its parent."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.instance.new_parent = self.parent_page


class SitePage(Published, Page):  # type: ignore[django-manager-missing]  # Wagtail's manager has no types
    """The base of all pages of this site."""

    introduction = models.TextField(_("introduction"), max_length=600, blank=True)

    base_form_class = SitePageForm
    # No page is private.
    private_page_options: list[str] = []
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    # No expiry date: people withdraw pages, never a timer.
    settings_panels = [
        MultiFieldPanel([FieldPanel("withdrawal_en"), FieldPanel("withdrawal_zh")], heading=_("Withdraw")),
        go_live_panel(),
        CommentPanel(),
    ]
    search_fields = [*Page.search_fields, index.SearchField("introduction")]

    class Meta:
        abstract = True

    def serializable_data(self) -> dict[str, Any]:
        """Return the content for a version, with the keys of blocks in the order of their definition.

        PostgreSQL stores them in another order, and Wagtail passes on what nobody has read.
        """
        for field in self._meta.get_fields():
            if isinstance(field, StreamField):
                list(getattr(self, field.name))
        return super().serializable_data()

    def clean(self) -> None:
        super().clean()
        parent = self.get_parent() if self.path else self.new_parent
        at_the_front = parent is not None and parent.specific_class is HomePage
        if at_the_front and self.slug in RESERVED_PAGE_SLUGS - self.own_slugs:
            raise ValidationError({"slug": _("This address belongs to the catalog; choose another slug.")})

    own_slugs: frozenset[str] = frozenset()
    # The parent of a page that is not in the tree yet.
    new_parent: Page | None = None


class HomePage(SitePage):
    """The front page of one language."""

    max_count_per_parent = None
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["editorial.ArticleIndexPage", "editorial.TextPage"]
    template = "editorial/home.html"

    class Meta:
        verbose_name = _("home page")

    def get_context(self, request, *args, **kwargs):
        return {
            **super().get_context(request, *args, **kwargs),
            **build_home(articles=live_articles(self.locale.language_code)),
        }


class ArticleIndexPage(SitePage):
    """The list of articles of one language."""

    parent_page_types = ["editorial.HomePage"]
    subpage_types = ["editorial.ArticlePage"]
    template = "editorial/article_index.html"
    own_slugs = frozenset({"articles"})

    class Meta:
        verbose_name = _("article index")

    def get_context(self, request, *args, **kwargs):
        context = super().get_context(request, *args, **kwargs)
        articles = live_articles(self.locale.language_code)
        return {**context, **build_index(articles=articles, number=request.GET.get("page"))}


class TextPage(SitePage):
    """A permanent text, such as About."""

    body = StreamField(ArticleBody(), verbose_name=_("body"), blank=True)

    parent_page_types = ["editorial.HomePage"]
    subpage_types: list[str] = []
    template = "editorial/text_page.html"
    own_slugs = frozenset({"about"})
    content_panels = [*SitePage.content_panels, FieldPanel("body")]
    search_fields = [*SitePage.search_fields, index.SearchField("body")]

    class Meta:
        verbose_name = _("text page")

    def get_context(self, request, *args, **kwargs):
        context = {
            **super().get_context(request, *args, **kwargs),
            "entries": find_chosen_entries(*list_cards(self.body)),
        }
        if self.slug in self.own_slugs:
            context |= {"publisher": read_publisher(), "is_demo": settings.DEMO}
        return context


class ArticlePage(SitePage):
    """An article in one language. `translation_key` connects it with its translation."""

    body = StreamField(ArticleBody(), verbose_name=_("body"))
    mentions = StreamField(
        EntryBlock(required=False),
        verbose_name=_("mentions"),
        blank=True,
        help_text=_("Entries and terms that it speaks of: where a name first stands in the text, it becomes a link."),
    )

    parent_page_types = ["editorial.ArticleIndexPage"]
    subpage_types: list[str] = []
    template = "editorial/article.html"
    content_panels = [
        *SitePage.content_panels,
        FieldPanel("body"),
        FieldPanel("mentions"),
        InlinePanel(
            "sources",
            heading=_("Sources"),
            label=_("source"),
            help_text=_("Numbered in this order; the text cites them as [1], [2]."),
        ),
    ]
    search_fields = [*SitePage.search_fields, index.SearchField("body")]

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")

    def get_context(self, request, *args, **kwargs):
        return {**super().get_context(request, *args, **kwargs), **build_article(self)}

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.slug])


class ArticleSource(Orderable, models.Model):
    """A numbered source of an article."""

    page = ParentalKey(ArticlePage, on_delete=models.CASCADE, related_name="sources")
    source = models.ForeignKey("catalog.Source", on_delete=models.PROTECT, related_name="+", verbose_name=_("source"))

    panels = [FieldPanel("source")]

    class Meta(Orderable.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")

    def __str__(self) -> str:
        # An unfinished draft may have a row without a source.
        return str(self.source) if self.source_id else ""


def live_articles(language: str) -> "models.QuerySet[ArticlePage]":
    """Return the public articles of a language, newest first."""
    return (
        ArticlePage.objects.live().public().filter(locale__language_code=language).order_by("-first_published_at", "pk")
    )
