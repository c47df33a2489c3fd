"""What a row of the listing index holds: the columns and facet values that come of a public document.

Beside the entry's own document they come from its neighbours: an organization has its own segments and those of its
live products, and the layers, modalities and built-on models of its products and models; a model and a product have
their makers' countries. `catalog.listing.index` finds these, and writes the rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta

from pypinyin import Style, lazy_pinyin

from catalog.listing.rows import Held
from catalog.models.choices import FieldGroup, PricePer
from catalog.models.document import path_of
from catalog.models.kinds import EntryKind, kind_of
from catalog.models.listing import ALWAYS_FROM, ALWAYS_UNTIL, UNKNOWN
from catalog.models.verification import State
from catalog.values import FuzzyDate, Money, Quantity

# Facets whose values are the addresses of entries or terms, and of which kind these are.
ENTRY_FACETS = {
    "maker": EntryKind.ORGANIZATION,
    "investor": EntryKind.ORGANIZATION,
    "built_on": EntryKind.MODEL,
    "technique": EntryKind.TERM,
}

FACETS: dict[str, tuple[str, ...]] = {
    EntryKind.ORGANIZATION: (
        "segment",
        "layer",
        "modality",
        "country",
        "type",
        "status",
        "latest_round",
        "investor",
        "built_on",
        "founded_known",
        "funding_known",
        "valuation_known",
        "freshness",
    ),
    EntryKind.MODEL: (
        "maker",
        "country",
        "input",
        "output",
        "multimodal",
        "technique",
        "access",
        "licence",
        "status",
        "size",
        "released_known",
        "freshness",
    ),
    EntryKind.PRODUCT: (
        "segment",
        "layer",
        "maker",
        "country",
        "built_on",
        "status",
        "free_plan",
        "launched_known",
        "freshness",
    ),
    EntryKind.TERM: (),
}

# Facets that follow checks, and of those the ones whose values are days, which are no options.
CHECK_DAYS = {"checked": None, "price_checked": FieldGroup.PRICING}
CHECKED_FACETS = ("freshness", *CHECK_DAYS)
KNOWN = "known"


@dataclass
class Facets:
    """The facet values of one entry: `{facet: {value: (first day, day after the last)}}`."""

    values: dict[str, dict[str, tuple[date, date]]] = field(default_factory=dict)

    def add(self, facet: str, values: Iterable[str], *, since: date = ALWAYS_FROM, until: date = ALWAYS_UNTIL) -> None:
        """Note values that hold on the days `since <= day < until`; empty values are passed over."""
        for value in values:
            if value:
                self.values.setdefault(facet, {})[value] = (since, until)

    def held(self) -> list[Held]:
        """All values with their days."""
        return [(facet, value, *days) for facet, values in self.values.items() for value, days in values.items()]


def derive_facets(
    *, document: dict, inherited: dict[str, set[str]], parents: dict[str, str], verifications: dict, on: date
) -> Facets:
    """Return what an entry is found by from a day on.

    `inherited` are the facet values that come from its neighbours (see `find_inherited`); `parents` maps a segment to
    its parent.
    """
    facets, fields = Facets(), document["fields"]
    for facet, values in inherited.items():
        facets.add(facet, values)
    match document["kind"]:
        case EntryKind.ORGANIZATION:
            facets.add("segment", with_parents(fields["segments"], parents))
            facets.add("country", [fields["country"]])
            facets.add("type", [fields["type"]])
            facets.add("status", [fields["status"]])
            rounds = rounds_by_date(document)
            if rounds:
                facets.add("latest_round", [rounds[-1]["round_kind"]])
            facets.add("funding_known", [read_funding_known(document)])
            add_valuation_known(facets, document, interval=verifications[FieldGroup.FUNDING].interval)
            for row in rounds:
                facets.add("investor", [*row["investors"], row["lead"]])
        case EntryKind.MODEL:
            facets.add("maker", fields["makers"])
            facets.add("input", fields["inputs"])
            facets.add("output", fields["outputs"])
            modalities = {*fields["inputs"], *fields["outputs"]}
            facets.add("multimodal", ["yes" if len(modalities) > 1 else "no"] if modalities else [])
            facets.add("technique", fields["techniques"])
            facets.add("access", [fields["access"]])
            facets.add("licence", [fields["licence"]])
            facets.add("status", [fields["status"]])
            if fields["parameters"]:
                facets.add("size", [Quantity.from_json(fields["parameters"]).kind])
        case EntryKind.PRODUCT:
            facets.add("segment", with_parents(fields["segments"], parents))
            facets.add("layer", [fields["layer"]])
            facets.add("maker", [fields["maker"]])
            facets.add("built_on", fields["built_on"])
            facets.add("status", [fields["status"]])
            add_free_plan(facets, document, interval=verifications[FieldGroup.PRICING].interval, on=on)
    if name := kind_of(document["kind"]).date:
        facets.add(f"{name}_known", [fields[name] and KNOWN])
    add_freshness(facets, verifications.values())
    add_checked(facets, verifications.values())
    for facet in list_facets(document["kind"]):
        if facet not in facets.values:
            facets.add(facet, [UNKNOWN])
    return facets


def list_facets(kind: str) -> tuple[str, ...]:
    """The facets of a kind; one that names none has those that follow its date and its checks."""
    date = kind_of(kind).date
    return FACETS.get(kind, (*([f"{date}_known"] if date else []), "freshness"))


def with_parents(segments: Iterable[str], parents: dict[str, str]) -> set[str]:
    """The segments together with the parents that include them."""
    return {*segments, *(parents[slug] for slug in segments if slug in parents)}


def rounds_by_date(document: dict) -> list[dict]:
    """The funding rounds, oldest first; those without a date come before all others."""
    return sorted(document["children"]["funding_rounds"].values(), key=lambda row: row["announced"] or "")


def current_until(document: dict, *, path: str, interval: int) -> date:
    """The day from which a value is too old to be called current: twice its interval after its latest as-of date."""
    dates = [
        FuzzyDate.parse(citation["as_of"]).last_day
        for citation in document["citations"]
        if path in (citation["field"], path_of(citation))
    ]
    return max(dates) + timedelta(days=2 * interval) if dates else ALWAYS_FROM


def add_free_plan(facets: Facets, document: dict, *, interval: int, on: date) -> None:
    """Say until when a product is known to have a free plan, after that until when to have none; then it is unknown.

    A plan that has ended, has not begun, or whose source is too old to be current says nothing.
    """
    ends = {"yes": ALWAYS_FROM, "no": ALWAYS_FROM}
    for key, row in document["children"]["price_plans"].items():
        until = current_until(document, path=f"price_plans/{key}", interval=interval)
        if row["valid_to"]:
            until = min(until, FuzzyDate.parse(row["valid_to"]).last_day + timedelta(days=1))
        if row["valid_from"] and FuzzyDate.parse(row["valid_from"]).first_day > on:
            continue
        answer = "yes" if row["per"] == PricePer.FREE else "no"
        ends[answer] = max(ends[answer], until)
    if ends["yes"] > ALWAYS_FROM:
        facets.add("free_plan", ["yes"], until=ends["yes"])
    if ends["no"] > ends["yes"]:
        facets.add("free_plan", ["no"], since=ends["yes"], until=ends["no"])
    # The price is too old to be called current from this day on.
    facets.add("free_plan", [UNKNOWN], since=max(ends.values()))


def read_funding_known(document: dict) -> str | None:
    """How the total funding is known."""
    rounds = document["children"]["funding_rounds"].values()
    return how_known([Money.from_json(row["amount"]) for row in rounds if row["amount"]])


def how_known(amounts: list[Money]) -> str | None:
    """Whether amounts of money that are added up are reported, or one of them is an estimate, or none is disclosed.

    What can't be told in USD is not added up, and is disclosed nevertheless: then there is no word for the sum.
    """
    added = [amount for amount in amounts if amount.usd_low is not None]
    if added:
        return "estimated" if any(amount.kind == "estimated" for amount in added) else "reported"
    return "undisclosed" if amounts and all(amount.is_undisclosed for amount in amounts) else None


def add_valuation_known(facets: Facets, document: dict, *, interval: int) -> None:
    """Say how the newest valuation is known for as long as it is current; after that it is unknown."""
    rounds = document["children"]["funding_rounds"]
    valued = [key for key in sorted(rounds, key=lambda key: rounds[key]["announced"] or "") if rounds[key]["valuation"]]
    dollars = [key for key in valued if Money.from_json(rounds[key]["valuation"]).usd_low is not None]
    if not dollars:
        known = how_known([Money.from_json(rounds[key]["valuation"]) for key in valued])
        facets.add("valuation_known", [known or UNKNOWN])
        return
    until = current_until(document, path=f"funding_rounds/{dollars[-1]}", interval=interval)
    if until > ALWAYS_FROM:
        facets.add("valuation_known", [how_known([Money.from_json(rounds[dollars[-1]]["valuation"])])], until=until)
    facets.add("valuation_known", [UNKNOWN], since=until)


# What is so until somebody does something; other states come with time.
LASTING = (State.DISPUTED, State.FLAGGED, State.UNVERIFIED)


def add_freshness(facets: Facets, verifications: Iterable) -> None:
    """Note the states of an entry: verified while every group is, overdue as soon as one is."""
    verifications = list(verifications)
    states = {verification.state(date.min) for verification in verifications}
    for state in LASTING:
        if state in states:
            facets.add("freshness", [state.value])
    ends = [verification.overdue_on for verification in verifications if verification.state(date.min) == State.VERIFIED]
    if ends:
        if not states.intersection(LASTING):
            facets.add("freshness", [State.VERIFIED.value], until=min(ends))
        facets.add("freshness", [State.OVERDUE.value], since=min(ends))
    if states == {State.HISTORICAL}:
        facets.add("freshness", [State.HISTORICAL.value])


def add_checked(facets: Facets, verifications: Iterable) -> None:
    """Note the day (UTC) since which nothing is unchecked: that of the oldest check, in all groups or in one."""
    by_group = {verification.group: verification.checked_at for verification in verifications}
    for facet, group in CHECK_DAYS.items():
        times = [by_group.get(group)] if group else list(by_group.values())
        if times and all(times):
            facets.add(facet, [min(times).astimezone(UTC).date().isoformat()])


def derive_row(document: dict, verifications: dict) -> dict:
    """Return the columns of the listing row that come from the document."""
    fields, kind = document["fields"], document["kind"]
    summary = fields.get("summary") or fields.get("definition")
    row = {
        "kind": kind,
        "slug": document["slug"],
        "name_en": fields["name"]["en"] or fields["name"]["zh"],
        "name_zh": fields["name"]["zh"] or fields["name"]["en"],
        "aliases": fields["aliases"],
        "summary_en": summary["en"],
        "summary_zh": summary["zh"],
        # Sorted: a database may keep no order in a document.
        "text": "\n".join(sorted(set(texts_of(document)))),
        "date_from": None,
        "date_to": None,
        "parameters_low": None,
        "parameters_high": None,
        "funding_usd": None,
        "valuation_usd": None,
        "valuation_until": ALWAYS_UNTIL,
    }
    row["sort_en"] = row["name_en"].casefold()[:200]
    row["sort_zh"] = by_sound(row["name_zh"])[:300]
    if text := fields.get(kind_of(kind).date):
        day = FuzzyDate.parse(text)
        row.update(date_from=day.first_day, date_to=day.last_day)
    if fields.get("parameters"):
        quantity = Quantity.from_json(fields["parameters"])
        low, high = quantity.low, quantity.high
        row.update(
            parameters_low=None if low is None and high is None else float(low if low is not None else high),
            parameters_high=None if low is None and high is None else float(high if high is not None else low),
        )
    if "funding_rounds" in document["children"]:
        row.update(derive_funding(document, interval=verifications[FieldGroup.FUNDING].interval))
    return row


def by_sound(text: str) -> str:
    """The key by which a name stands in order: Chinese by its pinyin, among Latin names."""
    return " ".join(lazy_pinyin(text, style=Style.TONE3)).casefold()


def derive_funding(document: dict, *, interval: int) -> dict:
    """Total funding and the newest valuation in USD; rounds whose amount in USD is not known add nothing."""
    amounts, valuation = [], {}
    rounds = document["children"]["funding_rounds"]
    for key in sorted(rounds, key=lambda key: rounds[key]["announced"] or ""):
        row = rounds[key]
        if row["amount"] and (usd := Money.from_json(row["amount"]).usd_low) is not None:
            amounts.append(usd)
        if row["valuation"] and (usd := Money.from_json(row["valuation"]).usd_low) is not None:
            until = current_until(document, path=f"funding_rounds/{key}", interval=interval)
            valuation = {"valuation_usd": float(usd), "valuation_until": until}
    return {"funding_usd": float(sum(amounts)) if amounts else None, **valuation}


def texts_of(document: dict) -> Iterable[str]:
    """Every text by which search may find an entry: names, summary, rows of lists, names of what it points to."""
    fields = document["fields"]
    for value in [
        *fields.values(),
        *(v for rows in document["children"].values() for r in rows.values() for v in r.values()),
    ]:
        if isinstance(value, dict) and "en" in value:
            yield value["en"]
            yield value["zh"]
    for group, labels in document["labels"].items():
        # A term is not found by the names of those beside it.
        if group != "source" and (group, document["kind"]) != ("term", EntryKind.TERM):
            for label in labels.values():
                yield label["en"]
                yield label["zh"]
