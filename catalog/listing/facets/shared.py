"""Facets and ranges that several kinds declare alike."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.utils.functional import lazy
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from catalog.listing.facets.declarations import (
    CheckedRange,
    Choices,
    Countries,
    During,
    Ends,
    Facet,
    FacetSet,
    FromMakers,
    Range,
    Subject,
    Unit,
)
from catalog.models.kinds import Kind
from catalog.models.verification import State
from catalog.values import FuzzyDate

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

KNOWN = "known"
YES_NO = Choices({"yes": _("Yes"), "no": _("No")})
HOW_KNOWN = Choices({"reported": _("Reported"), "estimated": _("Estimated"), "undisclosed": _("Undisclosed")})
FRESHNESS = Choices(
    {
        State.VERIFIED: _("Verified"),
        State.OVERDUE: _("Check overdue"),
        State.FLAGGED: _("Source gone or changed"),
        State.UNVERIFIED: _("Not checked yet"),
        State.DISPUTED: _("Sources differ"),
        State.HISTORICAL: _("No longer tracked"),
    }
)
# States that last until somebody acts; the others change with time.
LASTING = (State.DISPUTED, State.FLAGGED, State.UNVERIFIED)


def date_range(*, name: str, label: "StrOrPromise", known_label: "StrOrPromise", column: int | None = None) -> Range:
    """Return the range of a kind's date, with the facet that tells whether it is known."""

    def read_ends(subject: Subject) -> Ends | None:
        text = subject.fields[name]
        if not text:
            return None
        day = FuzzyDate.parse(text)
        return Ends(day.first_day, day.last_day)

    return Range(
        name=name,
        label=label,
        unit=Unit.DATE,
        field=name,
        derive=read_ends,
        low="date_from",
        high="date_to",
        column=column,
        known=Facet(
            name=f"{name}_known",
            label=known_label,
            options=Choices({KNOWN: _("Known")}),
            derive=lambda subject: [subject.fields[name] and KNOWN],
        ),
    )


def derive_freshness(subject: Subject) -> Iterable[During]:
    """Yield the states of an entry: verified while every group is, overdue as soon as one is."""
    verifications = list(subject.verifications.values())
    states = {verification.state(date.min) for verification in verifications}
    for state in LASTING:
        if state in states:
            yield During(state.value)
    ends = [it.overdue_on for it in verifications if it.overdue_on and it.state(date.min) == State.VERIFIED]
    if ends:
        if not states.intersection(LASTING):
            yield During(State.VERIFIED.value, until=min(ends))
        yield During(State.OVERDUE.value, since=min(ends))
    if states == {State.HISTORICAL}:
        yield During(State.HISTORICAL.value)


# Models and products have the countries of their makers.
COUNTRY_OF_MAKERS = Facet(
    name="country", label=_("Country or region"), options=Countries(), inherited=(FromMakers("country"),)
)
FRESH = Facet(name="freshness", label=_("Freshness"), options=FRESHNESS, derive=derive_freshness, follows_checks=True)


def checked(*, column: int) -> CheckedRange:
    """Return the range of the day of the oldest check."""
    return CheckedRange(name="checked", label=_("Last checked"), column=column)


def make_default(kind: Kind) -> FacetSet:
    """Return the facets and ranges of a kind without declarations: its date, and its checks."""
    if not kind.is_entry:
        return FacetSet(kind=kind.key, declared=[], orders={})
    declared: list[Facet | Range | CheckedRange] = [checked(column=50), FRESH]
    orders = {"name": _("Name")}
    if kind.date:
        # Read when it is shown, so that the system check, not an import error, reports a missing model or date.
        label = lazy(lambda: str(capfirst(kind.model._meta.get_field(kind.date).verbose_name)), str)()
        known = format_lazy(_("{value}: how known"), value=label)
        declared.insert(0, date_range(name=kind.date, label=label, known_label=known, column=20))
        orders = {f"-{kind.date}": _("Newest"), **orders}
    return FacetSet(kind=kind.key, declared=declared, orders=orders)
