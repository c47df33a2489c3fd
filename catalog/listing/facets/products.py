"""The facets and ranges of products."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.listing.facets.declarations import (
    CheckedRange,
    Choices,
    During,
    Entries,
    Facet,
    FacetSet,
    Subject,
    Vocabulary,
)
from catalog.listing.facets.shared import COUNTRY_OF_MAKERS, FRESH, YES_NO, checked, date_range
from catalog.models import Layer, Segment
from catalog.models.choices import FieldGroup, PricePer, ReleaseStatus
from catalog.models.kinds import EntryKind
from catalog.models.listing import ALWAYS_FROM, UNKNOWN
from catalog.values import FuzzyDate


def derive_free_plan(subject: Subject) -> Iterable[During]:
    """Yield until when a product is known to have a free plan, then until when to have none; after that it is unknown.

    Plans are ignored that have ended, have not begun, or whose source is no longer current.
    """
    ends = {"yes": ALWAYS_FROM, "no": ALWAYS_FROM}
    for key, row in subject.children["price_plans"].items():
        until = subject.current_until(f"price_plans/{key}", group=FieldGroup.PRICING)
        if row["valid_to"]:
            until = min(until, FuzzyDate.parse(row["valid_to"]).last_day + timedelta(days=1))
        if row["valid_from"] and FuzzyDate.parse(row["valid_from"]).first_day > subject.on:
            continue
        answer = "yes" if row["per"] == PricePer.FREE else "no"
        ends[answer] = max(ends[answer], until)
    if ends["yes"] > ALWAYS_FROM:
        yield During("yes", until=ends["yes"])
    if ends["no"] > ends["yes"]:
        yield During("no", since=ends["yes"], until=ends["no"])
    # From this day on the price is not current.
    yield During(UNKNOWN, since=max(ends.values()))


PRODUCTS = FacetSet(
    kind=EntryKind.PRODUCT,
    orders={"-launched": _("Newest"), "name": _("Name")},
    declared=[
        Facet(
            name="segment",
            label=_("Segment"),
            options=Vocabulary(Segment),
            field="segments",
            tree=True,
            column=30,
        ),
        Facet(name="layer", label=_("Layer"), options=Vocabulary(Layer), field="layer"),
        Facet(
            name="maker",
            label=pgettext_lazy("product", "Maker"),
            options=Entries(EntryKind.ORGANIZATION),
            field="maker",
            column=10,
        ),
        Facet(name="built_on", label=_("Built on"), options=Entries(EntryKind.MODEL), field="built_on", column=40),
        COUNTRY_OF_MAKERS,
        date_range(name="launched", label=_("Launched"), known_label=_("Launched: how known"), column=20),
        Facet(
            name="free_plan",
            label=_("Free plan"),
            options=YES_NO,
            derive=derive_free_plan,
            interval=FieldGroup.PRICING,
        ),
        Facet(name="status", label=_("Status"), options=Choices(dict(ReleaseStatus.choices)), field="status"),
        CheckedRange(name="price_checked", label=_("Prices last checked"), group=FieldGroup.PRICING),
        checked(column=50),
        FRESH,
    ],
)
