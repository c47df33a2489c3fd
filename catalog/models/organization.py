"""Organizations: startups, companies, labs, universities, investors, communities and public bodies."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_countries.fields import CountryField
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel

from catalog.models.base import Entry, Link, Measurement, Milestone, Row
from catalog.models.choices import OrganizationStatus, OrganizationType, PersonRole, RoundKind
from catalog.models.kinds import EntryKind
from catalog.models.source import Citation
from catalog.values import BilingualField, FuzzyDateField, MoneyField


class Organization(Entry):
    """Who makes, offers or funds generative AI."""

    kind = EntryKind.ORGANIZATION

    type = models.CharField(_("Type"), max_length=16, choices=OrganizationType)
    status = models.CharField(
        pgettext_lazy("organization", "Status"), max_length=16, choices=OrganizationStatus, blank=True
    )
    country = CountryField(_("Country or region"), blank=True, help_text=_("Where it has its head office."))
    city = BilingualField(models.CharField, verbose_name=_("City"), max_length=80, blank=True)
    founded = FuzzyDateField(_("Founded"), null=True, blank=True)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="subsidiaries",
        verbose_name=pgettext_lazy("organization", "Parent"),
    )
    segments = ParentalManyToManyField(
        "catalog.Segment",
        blank=True,
        verbose_name=_("Segment"),
        help_text=_("Its own; listings add those of its live products."),
    )

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name_en"]


class FundingRound(Row, ClusterableModel):
    entry = ParentalKey(Organization, on_delete=models.CASCADE, related_name="funding_rounds")
    round_kind = models.CharField(_("Round"), max_length=16, choices=RoundKind)
    announced = FuzzyDateField(pgettext_lazy("round", "Announced"), null=True, blank=True)
    amount = MoneyField(_("Amount"), null=True, blank=True)
    valuation = MoneyField(_("Valuation (post-money)"), null=True, blank=True)
    investors = ParentalManyToManyField(Organization, blank=True, related_name="+", verbose_name=_("Investors"))
    lead = models.ForeignKey(
        Organization,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Lead investor"),
    )
    other_investors = models.CharField(
        _("Other investors"), max_length=300, blank=True, help_text=_("Names that have no entry here.")
    )

    document_fields = (
        "round_kind",
        "announced",
        "amount",
        "valuation",
        "investors",
        "lead",
        "other_investors",
    )
    panels = [
        FieldRowPanel([FieldPanel("round_kind"), FieldPanel("announced")]),
        FieldPanel("amount"),
        FieldPanel("valuation"),
        FieldPanel("lead"),
        FieldPanel("investors"),
        FieldPanel("other_investors"),
        FieldPanel("key"),
    ]

    class Meta(Row.Meta):
        verbose_name = _("funding round")
        verbose_name_plural = _("Funding rounds")


class Person(Row):
    entry = ParentalKey(Organization, on_delete=models.CASCADE, related_name="people")
    name = BilingualField(models.CharField, verbose_name=pgettext_lazy("person", "Name"), max_length=100)
    role = models.CharField(pgettext_lazy("person", "role"), max_length=12, choices=PersonRole)
    title = BilingualField(models.CharField, verbose_name=pgettext_lazy("person", "Title"), max_length=120, blank=True)
    since = FuzzyDateField(_("since"), null=True, blank=True)
    until = FuzzyDateField(_("until"), null=True, blank=True)
    note = BilingualField(models.CharField, verbose_name=_("Note"), max_length=300, blank=True)

    document_fields = ("name", "role", "title", "since", "until", "note")
    panels = [
        FieldRowPanel([FieldPanel("name_en"), FieldPanel("name_zh")]),
        FieldRowPanel([FieldPanel("role"), FieldPanel("title_en"), FieldPanel("title_zh")]),
        FieldRowPanel([FieldPanel("since"), FieldPanel("until")]),
        FieldRowPanel([FieldPanel("note_en"), FieldPanel("note_zh")]),
        FieldPanel("key"),
    ]

    class Meta(Row.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("People")


class OrganizationLink(Link):
    entry = ParentalKey(Organization, on_delete=models.CASCADE, related_name="links")


class OrganizationMeasurement(Measurement):
    entry = ParentalKey(Organization, on_delete=models.CASCADE, related_name="measurements")


class OrganizationMilestone(Milestone):
    entry = ParentalKey(Organization, on_delete=models.CASCADE, related_name="milestones")


class OrganizationCitation(Citation):
    entry = ParentalKey(Organization, on_delete=models.CASCADE, related_name="citations")

    class Meta(Citation.Meta):
        verbose_name = _("citation")
