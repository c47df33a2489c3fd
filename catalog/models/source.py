"""Sources, and the citations that link values to them."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.models import RevisionMixin
from wagtail.search import index

from catalog.models.approval import Refused
from catalog.models.choices import FIRST_HAND_SOURCES, LinkState, SourceKind, Stance
from catalog.models.history import AppendOnly
from catalog.values import BilingualField, FuzzyDateField


def normalize_url(url: str) -> str:
    """Return the URL in one spelling: lower-case scheme and host, no default port, no fragment.

    Otherwise two spellings of one URL would be two sources. The path and query keep their case and order, since servers
    may tell them apart.
    """
    parts = urlsplit(url.strip())
    host = parts.netloc.lower()
    for scheme, port in (("http", 80), ("https", 443)):
        if parts.scheme.lower() == scheme:
            host = host.removesuffix(f":{port}")
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", parts.query, ""))


# What the link checker finds and writes with `update()`: about the URL, and about the content.
FOUND = ("link_state", "tried_at", "failures", "moved_to")
WATCHED = (*FOUND, "changed_at")


class Source(RevisionMixin, index.Indexed, ClusterableModel):
    """Where a value comes from: a paper, an announcement, a database; with or without an address."""

    slug = models.SlugField(_("key"), max_length=100, unique=True, help_text=_("Short permanent name of the source."))
    kind = models.CharField(_("kind"), max_length=20, choices=SourceKind)
    title = models.CharField(_("title"), max_length=300)
    publisher = models.CharField(_("publisher"), max_length=200, blank=True)
    url = models.URLField(
        _("address"),
        max_length=700,
        blank=True,
        help_text=_("Leave empty if the source has none. Written in one spelling, so that no source is there twice."),
    )
    language = models.CharField(
        _("language"), max_length=10, choices=[("en", _("English")), ("zh-hans", _("Chinese"))], default="en"
    )
    published = FuzzyDateField(_("published"), null=True, blank=True)
    accessed = FuzzyDateField(_("accessed"), null=True, blank=True, help_text=_("When someone last read it."))
    archived_url = models.URLField(_("archived copy"), max_length=900, blank=True)
    link_state = models.CharField(
        _("link state"), max_length=10, choices=LinkState, default=LinkState.UNTRIED, editable=False
    )

    # Written by the link checker only, like the link state.
    tried_at = models.DateTimeField(_("tried"), null=True, editable=False)
    failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0, editable=False)
    moved_to = models.URLField(_("moved to"), max_length=700, blank=True, editable=False)
    # Entries that cite the source are flagged until somebody has checked them after this time.
    changed_at = models.DateTimeField(_("found changed or gone"), null=True, editable=False)

    panels = [
        MultiFieldPanel(
            [
                FieldPanel("title"),
                FieldPanel("slug"),
                FieldRowPanel([FieldPanel("kind"), FieldPanel("language")]),
            ],
            heading=_("What it is"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("publisher"),
                FieldPanel("url"),
                FieldPanel("archived_url"),
                FieldRowPanel([FieldPanel("published"), FieldPanel("accessed")]),
            ],
            heading=_("Where and when"),
        ),
    ]
    search_fields = [
        index.SearchField("title"),
        index.AutocompleteField("title"),
        index.SearchField("publisher"),
        index.SearchField("slug"),
        index.FilterField("kind"),
    ]

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(
                fields=["url"],
                condition=~models.Q(url=""),
                name="source_url_unique_where_present",
                violation_error_message=_("There is a source with this address already."),
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_first_hand(self) -> bool:
        """Whether the source is the maker, the author or a registry."""
        return self.kind in FIRST_HAND_SOURCES

    def clean(self) -> None:
        if self.url:
            self.url = normalize_url(self.url)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save what people edit, but keep what the link checker found, unless it is about a URL that has changed.

        A form or an old version that is restored only knows what had been found when it was opened or written.
        """
        known = Source.objects.filter(pk=self.pk).values("url", *WATCHED).first() if self.pk else None
        if known and kwargs.get("update_fields") is None:
            if known.pop("url") != self.url:
                known.update({name: Source._meta.get_field(name).get_default() for name in FOUND})
            for name, value in known.items():
                setattr(self, name, value)
        super().save(*args, **kwargs)

    @transaction.atomic
    def move(self, *, address: str, user: AbstractBaseUser) -> None:
        """Change the URL to the one that the source has moved to, and save it as a version.

        Raises Refused if the proposed URL has changed meanwhile, or if another source has it.
        """
        source = Source.objects.select_for_update(no_key=True).get(pk=self.pk)
        if not address or source.moved_to != address:
            raise Refused(gettext("It was decided meanwhile. This is the current version."))
        if other := Source.objects.filter(url=address).first():
            words = {"title": other}
            raise Refused(gettext("“%(title)s” has this address already: cite that source instead.") % words)
        source.url = address
        source.full_clean()
        source.save()
        source.save_revision(user=user, log_action=True)


class SourceText(AppendOnly):
    """The text of a source when it was fetched, without the page around it; stored when it differs from the one before.

    If no text could be read, only the hash is stored.
    """

    source = models.ForeignKey(Source, verbose_name=_("source"), on_delete=models.CASCADE, related_name="texts")
    at = models.DateTimeField(_("time"), default=timezone.now)
    sha256 = models.CharField(max_length=64)
    text = models.TextField(_("text"), blank=True)

    class Meta:
        verbose_name = _("text of a source")
        verbose_name_plural = _("texts of sources")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["source", "at"], name="source_text_by_time")]

    def __str__(self) -> str:
        return f"{self.source}, {self.at:%Y-%m-%d}"


class Citation(models.Model):
    """What one source states about one value of an entry. Subclasses add the ParentalKey `entry`."""

    field = models.CharField(_("value"), max_length=60, help_text=_("Which value of this entry the source speaks of."))
    item = models.SlugField(
        _("row"),
        max_length=80,
        blank=True,
        help_text=_("For one row of a list (a round, a plan, a milestone): the key of that row. Otherwise empty."),
    )
    source = models.ForeignKey(Source, on_delete=models.PROTECT, verbose_name=_("source"), related_name="+")
    stance = models.CharField(_("stance"), max_length=12, choices=Stance, default=Stance.SUPPORTS)
    stated = BilingualField(
        models.CharField,
        verbose_name=_("stated value"),
        max_length=300,
        blank=True,
        help_text=_("What the source says, where that is not the value shown."),
    )
    as_of = FuzzyDateField(_("as of"), help_text=_("The date that the source speaks of: 2022, 2022-10 or 2022-10-05."))
    quote = models.CharField(_("quote"), max_length=300, blank=True, help_text=_("Word for word, at most 25 words."))
    locator = models.CharField(_("locator"), max_length=100, blank=True, help_text=_("Page, table or section."))

    panels = [
        FieldRowPanel([FieldPanel("field"), FieldPanel("item")]),
        FieldPanel("source"),
        FieldRowPanel([FieldPanel("stance"), FieldPanel("as_of")]),
        FieldRowPanel([FieldPanel("stated_en"), FieldPanel("stated_zh")]),
        FieldRowPanel([FieldPanel("quote"), FieldPanel("locator")]),
    ]

    class Meta:
        abstract = True
        # Without an order, PostgreSQL returns the rows of a published version in another one than it was approved in.
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.path}: {self.source}"

    @property
    def path(self) -> str:
        """The path of the value in the entry: `parameters` or `funding_rounds/series-a`."""
        return f"{self.field}/{self.item}" if self.item else self.field

    def clean(self) -> None:
        if self.stance == Stance.CONTRADICTS and not self.stated:
            raise ValidationError({"stated_en": _("Say what the source says instead of the value shown.")})


def list_citation_models() -> list[type[models.Model]]:
    """Return the model of citations of each kind of entry. Only these have the field `entry`."""
    return [*Citation.__subclasses__()]
