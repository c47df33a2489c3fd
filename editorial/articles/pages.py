"""The pages of the site that are written: home, articles, and texts such as About. One page per language."""

from django.core.exceptions import ValidationError
from django.db import models
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
from editorial.articles.blocks import ArticleBody, EntryBlock
from editorial.articles.linking import find_entries, list_cards

# First parts of the catalog's addresses: no page may shadow them.
RESERVED_SLUGS = frozenset(
    {
        *(kind.slug for kind in KINDS),
        *("startups", "sources", "landscape", "timeline", "charts"),
        *("compare", "search", "freshness", "changes", "data", "suggest", "articles", "about"),
    }
)


class SitePageForm(WagtailAdminPageForm):
    """The form of a page, which knows the parent of a page that is not there yet."""

    def _post_clean(self) -> None:
        super()._post_clean()
        try:
            self.instance.refuse_reserved_slug(self.parent_page)
        except ValidationError as error:
            self.add_error(None, error)


class SitePage(Published, Page):
    """What the pages of this site share."""

    introduction = models.TextField(_("introduction"), max_length=600, blank=True)

    base_form_class = SitePageForm
    # No page is private.
    private_page_options: list[str] = []
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    # Without an expiry date: withdrawing takes people, not a clock.
    settings_panels = [
        MultiFieldPanel([FieldPanel("withdrawal_en"), FieldPanel("withdrawal_zh")], heading=_("Withdraw")),
        go_live_panel(),
        CommentPanel(),
    ]
    search_fields = [*Page.search_fields, index.SearchField("introduction")]

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.path:
            self.refuse_reserved_slug(self.get_parent())

    def refuse_reserved_slug(self, parent: Page | None) -> None:
        """Raise ValidationError if the page would shadow an address of the catalog."""
        at_the_front = parent is not None and parent.specific_class is HomePage
        if at_the_front and self.slug in RESERVED_SLUGS - self.own_slugs:
            raise ValidationError({"slug": _("This address belongs to the catalog; choose another slug.")})

    own_slugs: frozenset[str] = frozenset()


class HomePage(SitePage):
    """The front page of one language."""

    max_count_per_parent = None
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["editorial.ArticleIndexPage", "editorial.TextPage"]
    template = "editorial/home.html"

    class Meta:
        verbose_name = _("home page")

    def get_context(self, request, *args, **kwargs):
        from editorial.articles.views import build_home

        return {
            **super().get_context(request, *args, **kwargs),
            **build_home(language=self.locale.language_code),
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
        from editorial.articles.views import build_index

        context = super().get_context(request, *args, **kwargs)
        return {**context, **build_index(language=self.locale.language_code, number=request.GET.get("page"))}


class TextPage(SitePage):
    """A standing text, such as About."""

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
        return {**super().get_context(request, *args, **kwargs), "entries": find_entries(*list_cards(self.body))}


class ArticlePage(SitePage):
    """An article in one language; its translation is tied to it by `translation_key`."""

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
        from editorial.articles.views import build_article

        return {**super().get_context(request, *args, **kwargs), **build_article(self)}


class ArticleSource(Orderable):
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
