"""AI models: input and output, size, access and licence, and which models they come from."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel

from catalog.models.base import Entry, Link, Measurement, Milestone, Row
from catalog.models.choices import Access, LineageKind, ReleaseStatus
from catalog.models.kinds import EntryKind
from catalog.models.source import Citation
from catalog.values import FuzzyDateField, MoneyField, QuantityField


class AIModel(Entry):
    """A trained model, or a family released under one name."""

    kind = EntryKind.MODEL

    makers = ParentalManyToManyField(
        "catalog.Organization", blank=True, related_name="models", verbose_name=pgettext_lazy("model", "Maker")
    )
    released = FuzzyDateField(_("Released"), null=True, blank=True, help_text=_("First public sign of it."))
    status = models.CharField(_("Status"), max_length=16, choices=ReleaseStatus, blank=True)
    inputs = ParentalManyToManyField("catalog.Modality", blank=True, related_name="+", verbose_name=_("Input"))
    outputs = ParentalManyToManyField("catalog.Modality", blank=True, related_name="+", verbose_name=_("Output"))
    techniques = ParentalManyToManyField(
        "catalog.Term",
        blank=True,
        related_name="models",
        verbose_name=_("Techniques"),
        limit_choices_to={"is_technique": True},
    )
    parameters = QuantityField(
        _("Parameters"),
        null=True,
        blank=True,
        help_text=_("All parameters, not only the active ones: 175 billion."),
    )
    training_compute = QuantityField(
        _("Training compute"), null=True, blank=True, help_text=_("In FLOP, all of training: 3.14e23.")
    )
    training_cost = MoneyField(_("Training cost"), null=True, blank=True)
    access = models.CharField(
        _("Access"), max_length=32, choices=Access, blank=True, help_text=_("The widest now offered.")
    )
    licence = models.CharField(
        _("Licence"),
        max_length=80,
        blank=True,
        help_text=_("SPDX identifier such as Apache-2.0, or LicenseRef-… for one that SPDX does not list."),
    )

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ["name_en"]


class Lineage(Row):
    """How the entry, the newer of two models, comes from an older one."""

    entry = ParentalKey(AIModel, on_delete=models.CASCADE, related_name="lineage")
    lineage_kind = models.CharField(_("kind"), max_length=16, choices=LineageKind)
    model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+", verbose_name=_("older model"))

    document_fields = ("lineage_kind", "model")
    panels = [FieldRowPanel([FieldPanel("lineage_kind"), FieldPanel("model")]), FieldPanel("key")]

    class Meta(Row.Meta):
        verbose_name = _("lineage")
        verbose_name_plural = _("Lineage")

    def clean(self) -> None:
        if self.model_id and self.model_id == self.entry_id:
            raise ValidationError({"model": _("A model can't come from itself; choose another one.")})


class AIModelLink(Link):
    entry = ParentalKey(AIModel, on_delete=models.CASCADE, related_name="links")


class AIModelMeasurement(Measurement):
    entry = ParentalKey(AIModel, on_delete=models.CASCADE, related_name="measurements")


class AIModelMilestone(Milestone):
    entry = ParentalKey(AIModel, on_delete=models.CASCADE, related_name="milestones")


class AIModelCitation(Citation):
    entry = ParentalKey(AIModel, on_delete=models.CASCADE, related_name="citations")

    class Meta(Citation.Meta):
        verbose_name = _("citation")
