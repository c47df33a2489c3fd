"""The filters of the admin's lists."""

import django_filters
from django import forms
from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_countries import countries
from wagtail.admin.filters import WagtailFilterSet
from wagtail.models import WorkflowState

from catalog.models import AIModel, Layer, Modality, Organization, Product, Segment, Source, Term
from catalog.models.choices import (
    Access,
    LinkState,
    OrganizationStatus,
    OrganizationType,
    ReleaseStatus,
    SourceKind,
)

# Value of the parameter: label, and condition on a queryset from `list_columns.with_state`.
PUBLICATION_STATES = {
    "draft": (_("Draft"), Q(live=False, review_status=None, scheduled_for=None)),
    "in-review": (_("In review"), Q(review_status=WorkflowState.STATUS_IN_PROGRESS)),
    "changes-requested": (_("Changes requested"), Q(review_status=WorkflowState.STATUS_NEEDS_CHANGES)),
    "scheduled": (_("Scheduled"), Q(scheduled_for__isnull=False)),
    "live": (_("Live"), Q(live=True)),
    "newer-draft": (_("Live, with a newer draft"), Q(live=True, has_unpublished_changes=True)),
}


class StateFilter(django_filters.ChoiceFilter):
    """Filters by publication state."""

    def __init__(self, **kwargs) -> None:
        choices = [(name, label) for name, (label, _condition) in PUBLICATION_STATES.items()]
        super().__init__(label=_("State"), choices=choices, widget=forms.RadioSelect, empty_label=_("All"), **kwargs)

    def filter(self, qs, value):
        return qs.filter(PUBLICATION_STATES[value][1]) if value else qs


class ChoicesFilter(django_filters.MultipleChoiceFilter):
    """Filters by any of several values of a column."""

    def __init__(self, *args, **kwargs) -> None:
        # A filter on one column never returns a row twice, and DISTINCT would sort the whole table.
        super().__init__(*args, distinct=False, widget=forms.CheckboxSelectMultiple, **kwargs)


class RelatedFilter(django_filters.ModelMultipleChoiceFilter):
    """Filters by any of several related objects, with a subquery, since a join would return rows twice."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, distinct=False, widget=forms.CheckboxSelectMultiple, **kwargs)

    def filter(self, qs, value):
        if not value:
            return qs
        matching = qs.model._base_manager.filter(**{f"{self.field_name}__in": self.widened(value)})
        return qs.filter(pk__in=matching.values("pk"))

    def widened(self, value):
        """Return the objects to match for the chosen ones."""
        return value


class SegmentFilter(RelatedFilter):
    """Filters by any of several segments; a parent includes its children."""

    def widened(self, value):
        chosen = [segment.pk for segment in value]
        return Segment.objects.filter(Q(pk__in=chosen) | Q(parent__in=chosen))


class CountryFilter(django_filters.ChoiceFilter):
    """Filters by country; offers only the countries of organizations."""

    def __init__(self, **kwargs) -> None:
        super().__init__(
            field_name="country",
            label=_("Country or region"),
            choices=used_countries,
            empty_label=_("All"),
            **kwargs,
        )


def used_countries() -> list[tuple[str, str]]:
    """Return the countries of organizations as choices, by name."""
    codes = Organization.objects.exclude(country="").order_by().values_list("country", flat=True).distinct()
    return sorted(((str(code), countries.name(code)) for code in codes), key=lambda choice: choice[1])


def segments(**kwargs) -> SegmentFilter:
    return SegmentFilter(field_name="segments", label=_("Segment"), queryset=Segment.objects.all(), **kwargs)


def make_state_filterset(record_model: type[models.Model]) -> type[WagtailFilterSet]:
    """Return a filter set with only the state, for lists of a kind of record."""

    class StateFilterSet(WagtailFilterSet):
        state = StateFilter()

        class Meta:
            model = record_model
            fields: list[str] = []

    return StateFilterSet


class OrganizationFilterSet(WagtailFilterSet):
    state = StateFilter()
    type = ChoicesFilter(label=_("Type"), choices=OrganizationType.choices)
    status = ChoicesFilter(label=pgettext_lazy("organization", "Status"), choices=OrganizationStatus.choices)
    country = CountryFilter()
    segments = segments()

    class Meta:
        model = Organization
        fields: list[str] = []


class AIModelFilterSet(WagtailFilterSet):
    state = StateFilter()
    status = ChoicesFilter(label=_("Status"), choices=ReleaseStatus.choices)
    access = ChoicesFilter(label=_("Access"), choices=Access.choices)
    inputs = RelatedFilter(field_name="inputs", label=_("Input"), queryset=Modality.objects.all())
    outputs = RelatedFilter(field_name="outputs", label=_("Output"), queryset=Modality.objects.all())

    class Meta:
        model = AIModel
        fields: list[str] = []


class ProductFilterSet(WagtailFilterSet):
    state = StateFilter()
    status = ChoicesFilter(label=_("Status"), choices=ReleaseStatus.choices)
    layer = RelatedFilter(field_name="layer", label=_("Layer"), queryset=Layer.objects.all())
    segments = segments()

    class Meta:
        model = Product
        fields: list[str] = []


class TermFilterSet(WagtailFilterSet):
    state = StateFilter()

    class Meta:
        model = Term
        fields = ["is_technique"]


class SourceFilterSet(WagtailFilterSet):
    kind = ChoicesFilter(label=capfirst(_("kind")), choices=SourceKind.choices)
    link_state = ChoicesFilter(label=capfirst(_("link state")), choices=LinkState.choices)

    class Meta:
        model = Source
        fields = ["language"]


class SegmentFilterSet(WagtailFilterSet):
    parent = RelatedFilter(
        field_name="parent", label=capfirst(_("parent")), queryset=Segment.objects.filter(parent__isnull=True)
    )

    class Meta:
        model = Segment
        fields: list[str] = []
