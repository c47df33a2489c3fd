"""The vocabularies that editors manage: layers, modalities, use-case segments and glossary terms."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, TitleFieldPanel
from wagtail.models import RevisionMixin
from wagtail.search import index

from catalog.models.base import Record
from catalog.models.choices import RESERVED_SLUGS
from catalog.models.document import build_document
from catalog.models.kinds import EntryKind
from catalog.values import BilingualField


class Label(RevisionMixin, index.Indexed, models.Model):
    """One bilingual word of a vocabulary; words are shown in the order of `position`."""

    slug = models.SlugField(_("slug"), max_length=60, unique=True, help_text=_("Used in addresses; permanent."))
    name = BilingualField(models.CharField, verbose_name=_("Name"), max_length=80)
    position = models.PositiveIntegerField(_("position"), default=0, help_text=_("Order in which it is shown."))

    panels = [
        FieldRowPanel([FieldPanel("name_en"), FieldPanel("name_zh")]),
        FieldPanel("slug"),
        FieldPanel("position"),
    ]
    search_fields = [
        index.SearchField("name_en"),
        index.SearchField("name_zh"),
        index.AutocompleteField("name_en"),
        index.AutocompleteField("name_zh"),
    ]

    class Meta:
        abstract = True
        ordering = ["position", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(slug__in=RESERVED_SLUGS),
                name="%(class)s_slug_not_reserved",
                violation_error_message=_("“unknown” and “undisclosed” are reserved words."),
            )
        ]

    def __str__(self) -> str:
        return str(self.name)

    def clean(self) -> None:
        super().clean()
        if type(self).objects.filter(pk=self.pk).exclude(slug=self.slug).exists():
            raise ValidationError({"slug": _("Readers keep addresses that contain it, so it can't be changed.")})


class Layer(Label):
    """A layer of the stack: infrastructure, model, tooling, application."""

    class Meta(Label.Meta):
        verbose_name = _("layer")
        verbose_name_plural = _("layers")


class Modality(Label):
    """A kind of data that goes into or comes out of a model."""

    class Meta(Label.Meta):
        verbose_name = _("modality")
        verbose_name_plural = _("modalities")


class Segment(Label):
    """A use case; a parent segment includes its children."""

    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
        limit_choices_to={"parent": None},
    )
    synonyms = models.CharField(
        _("synonyms"),
        max_length=300,
        blank=True,
        help_text=_("Other words that search finds it by, separated by commas."),
    )

    panels = [*Label.panels, FieldPanel("parent"), FieldPanel("synonyms")]

    class Meta(Label.Meta):
        verbose_name = _("segment")
        verbose_name_plural = _("segments")

    def clean(self) -> None:
        super().clean()
        if self.parent and (self.parent.parent_id or self.parent_id == self.pk or (self.pk and self.children.exists())):
            raise ValidationError({"parent": _("The tree has two levels: choose a parent that has none itself.")})


class Term(Record):
    """A term of the glossary; techniques of models are terms too."""

    kind = EntryKind.TERM

    definition = BilingualField(
        models.TextField,
        verbose_name=_("Definition"),
        help_text=_("Two to five sentences, and what it is not."),
    )
    is_technique = models.BooleanField(_("technique of models"), default=False)
    related = ParentalManyToManyField("self", symmetrical=False, blank=True, verbose_name=_("related terms"))
    sources = ParentalManyToManyField("catalog.Source", blank=True, verbose_name=_("sources"))

    panels = [
        MultiFieldPanel(
            [
                FieldRowPanel([TitleFieldPanel("name_en", classname="", placeholder=False), FieldPanel("name_zh")]),
                FieldPanel("slug"),
                FieldPanel("aliases"),
            ],
            heading=_("Name"),
        ),
        FieldPanel("definition_en"),
        FieldPanel("definition_zh"),
        FieldPanel("is_technique"),
        FieldPanel("related"),
        FieldPanel("sources"),
    ]
    search_fields = [
        index.SearchField("name_en", boost=5),
        index.SearchField("name_zh", boost=5),
        index.AutocompleteField("name_en"),
        index.AutocompleteField("name_zh"),
        index.SearchField("aliases", boost=3),
        index.SearchField("definition_en"),
        index.SearchField("definition_zh"),
        index.FilterField("live"),
    ]

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        ordering = ["name_en"]

    def public_document(self) -> dict[str, Any]:
        """Return everything that the public sees of this term."""
        return build_document(
            entry=self, fields=["name", "aliases", "definition", "is_technique", "related", "sources"]
        )
