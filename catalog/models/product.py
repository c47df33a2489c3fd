"""Products: what people and companies use, and what it is built on."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel

from catalog.models.base import Entry, Link, Measurement, Milestone, Row
from catalog.models.choices import PricePer, ReleaseStatus
from catalog.models.kinds import EntryKind
from catalog.models.source import Citation
from catalog.values import BilingualField, FuzzyDateField, MoneyField


class Product(Entry):
    """Something offered under a name of its own."""

    kind = EntryKind.PRODUCT

    maker = models.ForeignKey(
        "catalog.Organization",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="products",
        verbose_name=pgettext_lazy("product", "Maker"),
    )
    built_on = ParentalManyToManyField(
        "catalog.AIModel",
        blank=True,
        related_name="products",
        verbose_name=_("Built on"),
        help_text=_("Only the models that it uses directly."),
    )
    segments = ParentalManyToManyField("catalog.Segment", blank=True, related_name="+", verbose_name=_("Segment"))
    layer = models.ForeignKey(
        "catalog.Layer",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Layer"),
    )
    launched = FuzzyDateField(_("Launched"), null=True, blank=True)
    status = models.CharField(_("Status"), max_length=16, choices=ReleaseStatus, blank=True)
    customers = ParentalManyToManyField(
        "catalog.Organization", blank=True, related_name="+", verbose_name=_("Customers")
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["name_en"]


class PricePlan(Row):
    entry = ParentalKey(Product, on_delete=models.CASCADE, related_name="price_plans")
    name = BilingualField(models.CharField, verbose_name=_("Name"), max_length=80)
    price = MoneyField(_("price"), null=True, blank=True)
    per = models.CharField(_("per"), max_length=24, choices=PricePer)
    valid_from = FuzzyDateField(_("valid from"), null=True, blank=True)
    valid_to = FuzzyDateField(_("valid to"), null=True, blank=True)
    note = BilingualField(models.CharField, verbose_name=_("Note"), max_length=300, blank=True)

    document_fields = ("name", "price", "per", "valid_from", "valid_to", "note")
    panels = [
        FieldRowPanel([FieldPanel("name_en"), FieldPanel("name_zh")]),
        FieldPanel("price"),
        FieldRowPanel([FieldPanel("per"), FieldPanel("valid_from"), FieldPanel("valid_to")]),
        FieldRowPanel([FieldPanel("note_en"), FieldPanel("note_zh")]),
        FieldPanel("key"),
    ]

    class Meta(Row.Meta):
        verbose_name = _("price plan")
        verbose_name_plural = _("Price plans")


class ProductLink(Link):
    entry = ParentalKey(Product, on_delete=models.CASCADE, related_name="links")


class ProductMeasurement(Measurement):
    entry = ParentalKey(Product, on_delete=models.CASCADE, related_name="measurements")


class ProductMilestone(Milestone):
    entry = ParentalKey(Product, on_delete=models.CASCADE, related_name="milestones")


class ProductCitation(Citation):
    entry = ParentalKey(Product, on_delete=models.CASCADE, related_name="citations")

    class Meta(Citation.Meta):
        verbose_name = _("citation")
