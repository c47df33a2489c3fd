"""The facets and ranges of organizations."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.listing.facets.declarations import (
    Choices,
    Countries,
    During,
    Ends,
    Entries,
    Facet,
    FacetSet,
    FromMade,
    Range,
    Subject,
    Sums,
    Unit,
    Vocabulary,
)
from catalog.listing.facets.shared import FRESH, HOW_KNOWN, checked, date_range
from catalog.models import Layer, Modality, Segment
from catalog.models.choices import FieldGroup, OrganizationStatus, OrganizationType, RoundKind
from catalog.models.kinds import EntryKind
from catalog.models.listing import ALWAYS_FROM, UNKNOWN
from catalog.values import Money
from catalog.values.quantity import QuantityKind


def rounds_by_date(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the funding rounds with their keys, oldest first; rounds without a date come first."""
    return sorted(document["children"]["funding_rounds"].items(), key=lambda item: item[1]["announced"] or "")


def find_latest_round(subject: Subject) -> list[str]:
    """Return the kind of the latest round."""
    return [row["round_kind"] for _key, row in rounds_by_date(subject.document)[-1:]]


def find_investors(subject: Subject) -> Iterable[str]:
    """Return everybody who took part in a round or led it."""
    return (slug for _key, row in rounds_by_date(subject.document) for slug in (*row["investors"], row["lead"]))


def add_up_funding(document: dict[str, Any]) -> float | None:
    """Return the total funding in USD, leaving out rounds whose amount in USD is not known; None if there is none."""
    amounts = [Money.from_json(row["amount"]).usd_low for _key, row in rounds_by_date(document) if row["amount"]]
    known = [usd for usd in amounts if usd is not None]
    return float(sum(known)) if known else None


def read_funding_known(document: dict[str, Any]) -> QuantityKind | None:
    """Return how the total funding is known."""
    rounds = document["children"]["funding_rounds"].values()
    return how_known([Money.from_json(row["amount"]) for row in rounds if row["amount"]])


def how_known(amounts: list[Money]) -> QuantityKind | None:
    """Return whether the sum of amounts is reported, or includes an estimate, or no amount is disclosed.

    Amounts that can't be converted to USD are not added, but they are disclosed: a sum of only those returns None.
    """
    added = [amount for amount in amounts if amount.usd_low is not None]
    if added:
        return "estimated" if any(amount.kind == "estimated" for amount in added) else "reported"
    return "undisclosed" if amounts and all(amount.is_undisclosed for amount in amounts) else None


def read_funding(subject: Subject) -> Ends | None:
    """Return the total funding in USD."""
    total = add_up_funding(subject.document)
    return None if total is None else Ends(total, total)


def list_valuations(document: dict[str, Any]) -> list[tuple[str, Money]]:
    """Return the valuations with the keys of their rounds, oldest first."""
    return [(key, Money.from_json(row["valuation"])) for key, row in rounds_by_date(document) if row["valuation"]]


def read_valuation(subject: Subject) -> Ends | None:
    """Return the newest valuation whose amount in USD is known, and the day from which it is not current."""
    valued = list_valuations(subject.document)
    dollars = [(key, money.usd_low) for key, money in valued if money.usd_low is not None]
    if not dollars:
        return None
    key, usd = dollars[-1]
    until = subject.current_until(f"funding_rounds/{key}", group=FieldGroup.FUNDING)
    return Ends(float(usd), float(usd), until)


def derive_valuation_known(subject: Subject) -> Iterable[During]:
    """Yield how the newest valuation is known while it is current; after that it is unknown."""
    valued = list_valuations(subject.document)
    dollars = [(key, money) for key, money in valued if money.usd_low is not None]
    if not dollars:
        yield During(how_known([money for _key, money in valued]) or UNKNOWN)
        return
    key, money = dollars[-1]
    until = subject.current_until(f"funding_rounds/{key}", group=FieldGroup.FUNDING)
    if until > ALWAYS_FROM:
        yield During(how_known([money]) or UNKNOWN, until=until)
    yield During(UNKNOWN, since=until)


ORGANIZATIONS = FacetSet(
    kind=EntryKind.ORGANIZATION,
    orders={"name": _("Name"), "-founded": _("Newest"), "-funding": _("Most funded")},
    declared=[
        Facet(
            name="segment",
            label=_("Segment"),
            options=Vocabulary(Segment),
            field="segments",
            inherited=(FromMade(EntryKind.PRODUCT, "segment"),),
            tree=True,
            column=30,
        ),
        Facet(
            name="layer",
            label=_("Layer"),
            options=Vocabulary(Layer),
            inherited=(FromMade(EntryKind.PRODUCT, "layer"), FromMade(EntryKind.MODEL, value="model")),
        ),
        Facet(
            name="modality",
            label=_("Modality"),
            options=Vocabulary(Modality),
            inherited=(FromMade(EntryKind.MODEL, "input"), FromMade(EntryKind.MODEL, "output")),
        ),
        Facet(
            name="built_on",
            label=_("Built on"),
            options=Entries(EntryKind.MODEL),
            inherited=(FromMade(EntryKind.PRODUCT, "built_on"),),
        ),
        Facet(name="country", label=_("Country or region"), options=Countries(), field="country", column=10),
        Facet(name="type", label=_("Type"), options=Choices(dict(OrganizationType.choices)), field="type"),
        Facet(
            name="status",
            label=pgettext_lazy("organization", "Status"),
            options=Choices(dict(OrganizationStatus.choices)),
            field="status",
        ),
        date_range(name="founded", label=_("Founded"), known_label=_("Founded: how known"), column=20),
        Facet(
            name="latest_round",
            label=_("Latest round"),
            options=Choices(dict(RoundKind.choices)),
            derive=find_latest_round,
            column=40,
        ),
        Range(
            name="funding",
            label=_("Total funding"),
            unit=Unit.MONEY,
            field="funding_rounds",
            derive=read_funding,
            low="funding_usd",
            high="funding_usd",
            known=Facet(
                name="funding_known",
                label=_("Total funding: how known"),
                options=HOW_KNOWN,
                field="funding_rounds",
                derive=lambda subject: [read_funding_known(subject.document)],
                exported="total_funding_kind",
            ),
            sums=Sums.TOTAL,
            column=50,
            exported={"total_funding_usd": "funding_usd"},
        ),
        Range(
            name="valuation",
            label=_("Valuation (post-money)"),
            unit=Unit.MONEY,
            field="funding_rounds",
            derive=read_valuation,
            low="valuation_usd",
            high="valuation_usd",
            until="valuation_until",
            known=Facet(
                name="valuation_known",
                label=_("Valuation: how known"),
                options=HOW_KNOWN,
                derive=derive_valuation_known,
                interval=FieldGroup.FUNDING,
            ),
            sums=Sums.MEDIAN,
            interval=FieldGroup.FUNDING,
            exported={"valuation_usd": "valuation_usd", "valuation_current_until": "valuation_until"},
        ),
        Facet(name="investor", label=_("Investors"), options=Entries(EntryKind.ORGANIZATION), derive=find_investors),
        checked(column=60),
        FRESH,
    ],
)
