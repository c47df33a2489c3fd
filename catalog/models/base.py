"""Abstract bases: `Record`, `Entry`, and the rows that every kind of entry has."""

import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    Orderable,
    PreviewableMixin,
    RevisionMixin,
    WorkflowMixin,
)
from wagtail.search import index

from catalog.models.choices import RESERVED_SLUGS, LinkKind, MilestoneKind
from catalog.models.document import build_document
from catalog.models.field_groups import fields_of
from catalog.models.kinds import kind_of
from catalog.models.publication import PublishedDocument
from catalog.values import BilingualField, FuzzyDateField, PlacesField, QuantityField


class Record(
    PublishedDocument,
    WorkflowMixin,
    PreviewableMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    index.Indexed,
    ClusterableModel,
):
    """An entry or a glossary term: it has a name, a public page, drafts, review and history."""

    slug = models.SlugField(
        _("slug"),
        max_length=100,
        unique=True,
        help_text=_("The last part of its address. When it is changed, the old address leads to the new one."),
    )
    name = BilingualField(models.CharField, verbose_name=_("Name"), max_length=160)
    aliases = models.TextField(
        _("Also known as"),
        blank=True,
        help_text=_("Former names, names in other languages and spellings that people search for; one a line."),
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.name)

    def clean(self) -> None:
        super().clean()
        for column in self._meta.concrete_fields:
            if isinstance(column, models.TextField):
                # Browsers send line ends as two characters, which would look like an edit.
                setattr(self, column.attname, getattr(self, column.attname).replace("\r\n", "\n"))
        if self.slug in RESERVED_SLUGS:
            raise ValidationError({"slug": _("“unknown” and “undisclosed” are reserved words.")})

    @property
    def kind_name(self) -> str:
        """The kind, as it is written in documents and URLs."""
        return str(self.kind.value)

    def get_absolute_url(self) -> str:
        """Return the URL path of the public page, in the active language."""
        return reverse(f"catalog:{self.kind.value}", args=[self.slug])

    @property
    def full_url(self) -> str:
        """The public page's URL with its host: Wagtail links to it, and renders previews for that host."""
        return settings.WAGTAILADMIN_BASE_URL + self.get_absolute_url()

    def get_preview_template(self, request: HttpRequest, mode_name: str) -> str:
        return "catalog/preview.html"

    def get_preview_context(self, request: HttpRequest, mode_name: str) -> dict[str, Any]:
        """Return the document of the draft, which the template shows as the public page shows a published one."""
        return {
            "request": request,
            "document": self.public_document(),
            "page_template": kind_of(self.kind).template,
        }


class Entry(Record):
    """An entry of the catalog. `catalog.models.kinds` lists its values, lists and field groups."""

    summary = BilingualField(
        models.TextField,
        verbose_name=_("Summary"),
        blank=True,
        help_text=_("Two to four sentences, own words."),
    )
    identifiers = models.JSONField(
        _("external identifiers"),
        default=dict,
        blank=True,
        help_text=_('Such as {"arxiv": "2005.14165"}; keys: arxiv, doi, huggingface, github, wikidata.'),
    )
    logo = models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("logo"),
    )
    logo_credit = models.CharField(_("logo credit"), max_length=200, blank=True)

    search_fields = [
        index.SearchField("name_en", boost=5),
        index.SearchField("name_zh", boost=5),
        index.AutocompleteField("name_en"),
        index.AutocompleteField("name_zh"),
        index.SearchField("aliases", boost=3),
        index.AutocompleteField("aliases"),
        index.SearchField("summary_en"),
        index.SearchField("summary_zh"),
        index.FilterField("live"),
    ]

    class Meta:
        abstract = True

    def public_document(self) -> dict[str, Any]:
        """Return everything that the public sees of this entry."""
        return build_document(entry=self, fields=fields_of(self.kind))

    def clean(self) -> None:
        super().clean()
        known = {"arxiv", "doi", "huggingface", "github", "wikidata"}
        if not isinstance(self.identifiers, dict) or set(self.identifiers) - known:
            raise ValidationError({"identifiers": _("Use only these keys: arxiv, doi, huggingface, github, wikidata.")})


def make_key() -> str:
    """Return a short random key for a new row, such as `r1a2b3c`."""
    return f"r{secrets.token_hex(3)}"


class Row(Orderable, models.Model):
    """One row of an entry's list. Its key stays the same when the row is edited or moved.

    `document_fields` names the values of the row that the public sees.
    """

    key = models.SlugField(
        _("key"),
        max_length=80,
        default=make_key,
        help_text=_("Permanent short name of this row; citations use it."),
    )
    document_fields: tuple[str, ...] = ()

    class Meta(Orderable.Meta):
        abstract = True


class Link(Row):
    link_kind = models.CharField(_("kind"), max_length=16, choices=LinkKind, default=LinkKind.WEBSITE)
    url = models.URLField(_("address"), max_length=700)

    document_fields = ("link_kind", "url")
    panels = [FieldRowPanel([FieldPanel("link_kind"), FieldPanel("url")]), FieldPanel("key")]

    class Meta(Row.Meta):
        abstract = True
        verbose_name = _("link")
        verbose_name_plural = _("Links")


class Measurement(Row):
    """A figure without a field of its own, such as 45 TB of text."""

    metric = BilingualField(models.CharField, verbose_name=_("Metric"), max_length=160)
    quantity = QuantityField(_("quantity"))
    unit = BilingualField(models.CharField, verbose_name=_("Unit"), max_length=60, blank=True)
    as_of = FuzzyDateField(_("as of"), help_text=_("The date that the figure speaks of."))
    note = BilingualField(models.CharField, verbose_name=_("Note"), max_length=400, blank=True)

    document_fields = ("metric", "quantity", "unit", "as_of", "note")
    panels = [
        FieldRowPanel([FieldPanel("metric_en"), FieldPanel("metric_zh")]),
        FieldPanel("quantity"),
        FieldRowPanel([FieldPanel("unit_en"), FieldPanel("unit_zh"), FieldPanel("as_of")]),
        FieldRowPanel([FieldPanel("note_en"), FieldPanel("note_zh")]),
        FieldPanel("key"),
    ]

    class Meta(Row.Meta):
        abstract = True
        verbose_name = _("measurement")
        verbose_name_plural = _("Measurements")


class Milestone(Row):
    """A dated event, optionally with a quantity and the months since launch."""

    milestone_kind = models.CharField(_("kind"), max_length=16, choices=MilestoneKind)
    date = FuzzyDateField(_("date"))
    text = BilingualField(models.CharField, verbose_name=_("Text"), max_length=500)
    quantity = QuantityField(_("quantity"), null=True, blank=True)
    unit = BilingualField(models.CharField, verbose_name=_("Unit"), max_length=60, blank=True)
    since_launch_months = PlacesField(_("months since launch"), max_digits=6, decimal_places=1, null=True, blank=True)

    document_fields = ("milestone_kind", "date", "text", "quantity", "unit", "since_launch_months")
    panels = [
        FieldRowPanel([FieldPanel("milestone_kind"), FieldPanel("date")]),
        FieldRowPanel([FieldPanel("text_en"), FieldPanel("text_zh")]),
        FieldPanel("quantity"),
        FieldRowPanel([FieldPanel("unit_en"), FieldPanel("unit_zh"), FieldPanel("since_launch_months")]),
        FieldPanel("key"),
    ]

    class Meta(Row.Meta):
        abstract = True
        verbose_name = _("milestone")
        verbose_name_plural = _("Milestones")
