"""An oracle of listings, computed in plain Python from public documents: without index, SQL and columns.

It is slow and simple, and shares nothing with `catalog.listing` but the declarations. Facets whose values a document
contains need nothing here; all others need a derivation of the oracle's own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from statistics import median

from django.utils.translation import override
from django_countries import countries
from pypinyin import Style, lazy_pinyin

from catalog.listing.facets import FACET_SETS, Choices, Entries, Sums, Unit, Vocabulary
from catalog.models import AIModel, Layer, Modality, Organization, Product, Segment, Verification
from catalog.models.choices import (
    Access,
    OrganizationStatus,
    OrganizationType,
    ReleaseStatus,
    RoundKind,
)
from catalog.models.verification import State, read_intervals
from catalog.values import FuzzyDate, Money, Quantity
from catalog.values.numbers import parse_number
from catalog.values.text import NotUnderstood

UNKNOWN = "unknown"
# The kind of each listing, its fixed facet values, and its default order.
LISTINGS = {
    "organizations": ("organization", {}, "name"),
    "startups": ("organization", {"type": ["startup"]}, "name"),
    "models": ("model", {}, "-released"),
    "products": ("product", {}, "-launched"),
}
# The ranges with sums, and the facet that tells which values are estimates.
SUMMED = {
    kind: {item.name: item.known.name for item in facet_set.summed if item.known}
    for kind, facet_set in FACET_SETS.items()
}
ADDED = {item.name for facet_set in FACET_SETS.values() for item in facet_set.summed if item.sums is Sums.TOTAL}
DATES = {name for facet_set in FACET_SETS.values() for name, item in facet_set.ranges.items() if item.unit is Unit.DATE}
# Orders by a range go by its upper end, others by the first value of a facet.
SORTS = {kind: sorted(facet_set.sortable) for kind, facet_set in FACET_SETS.items()}


@dataclass(repr=False)
class Fact:
    """The facts about an entry today."""

    uid: str
    kind: str
    slug: str
    # By language.
    names: dict[str, str]
    # Its values in each facet; never empty.
    facets: dict[str, set[str]]
    # The lower and upper end of its value in each range; none if it has no comparable value.
    ranges: dict[str, tuple | None]
    texts: list[str]

    def __repr__(self) -> str:
        return self.slug

    def place(self, language: str) -> tuple[str, str]:
        """Return the sort key in the order of names."""
        name = self.names[language]
        return (by_sound(name) if language == "zh" else name.casefold(), self.slug)


def by_sound(text: str) -> str:
    return " ".join(lazy_pinyin(text, style=Style.TONE3)).casefold()


# --- reading documents ---------------------------------------------------------------------------------------


class Reader:
    """Reads all live entries once."""

    def __init__(self, *, today: date) -> None:
        self.today = today
        self.documents = [
            record.public_document()
            for model in (Organization, AIModel, Product)
            for record in model.objects.filter(live=True)
        ]
        self.intervals = read_intervals()
        self.verifications: dict[str, list[Verification]] = {}
        for verification in Verification.objects.all():
            self.verifications.setdefault(str(verification.entry), []).append(verification)
        self.parents = {slug: parent for slug, parent in Segment.objects.values_list("slug", "parent__slug") if parent}
        self.synonyms = dict(Segment.objects.values_list("slug", "synonyms"))
        self.countries = {document["slug"]: document["fields"]["country"] for document in self.of("organization")}

    def of(self, kind: str) -> list[dict]:
        return [document for document in self.documents if document["kind"] == kind]

    def read(self) -> list[Fact]:
        return [self.read_one(document) for document in self.documents]

    def read_one(self, document: dict) -> Fact:
        kind, fields = document["kind"], document["fields"]
        its = self.verifications[document["uid"]]
        read = {"organization": self.read_organization, "model": self.read_model, "product": self.read_product}[kind]
        facets, ranges = read(document)
        facets["freshness"] = self.tell_freshness(its)
        ranges["checked"] = oldest_check(its)
        follow_declarations(document, facets=facets, ranges=ranges)
        return Fact(
            uid=document["uid"],
            kind=kind,
            slug=document["slug"],
            names={
                "en": fields["name"]["en"] or fields["name"]["zh"],
                "zh": fields["name"]["zh"] or fields["name"]["en"],
            },
            facets={name: {value for value in values if value} or {UNKNOWN} for name, values in facets.items()},
            ranges=ranges,
            texts=[*find_texts(document), *self.find_synonyms(document)],
        )

    def read_organization(self, document: dict) -> tuple[dict, dict]:
        fields, slug = document["fields"], document["slug"]
        products = [it for it in self.of("product") if it["fields"]["maker"] == slug]
        models = [it for it in self.of("model") if slug in it["fields"]["makers"]]
        rounds = sorted(document["children"]["funding_rounds"].items(), key=lambda pair: pair[1]["announced"] or "")
        amounts = [Money.from_json(row["amount"]) for _key, row in rounds if row["amount"]]
        dollars = [amount.usd_low for amount in amounts if amount.usd_low is not None]
        valuation, valuation_known = self.read_valuation(document, rounds)
        segments = {*fields["segments"], *(it for product in products for it in product["fields"]["segments"])}
        facets = {
            "segment": self.with_parents(segments),
            "layer": {*(it["fields"]["layer"] for it in products), *(["model"] if models else [])},
            "modality": {it for model in models for it in (*model["fields"]["inputs"], *model["fields"]["outputs"])},
            "built_on": {it for product in products for it in product["fields"]["built_on"]},
            "country": {fields["country"]},
            "type": {fields["type"]},
            "status": {fields["status"]},
            "founded_known": {"known" if fields["founded"] else ""},
            "latest_round": {rounds[-1][1]["round_kind"] if rounds else ""},
            "funding_known": {tell_how_known(amounts)},
            "valuation_known": {valuation_known},
            "investor": {it for _key, row in rounds for it in (*row["investors"], row["lead"])},
        }
        total = float(sum(dollars)) if dollars else None
        return facets, {
            "founded": ends_of_date(fields["founded"]),
            "funding": (total is not None and (total, total)) or None,
            "valuation": valuation,
        }

    def read_valuation(self, document: dict, rounds: list[tuple[str, dict]]) -> tuple[tuple | None, str]:
        """Return the newest valuation in USD while it is current, and how it is known."""
        valued = [(key, Money.from_json(row["valuation"])) for key, row in rounds if row["valuation"]]
        dollars = [(key, money) for key, money in valued if money.usd_low is not None]
        if not dollars:
            return None, tell_how_known([money for _key, money in valued])
        key, money = dollars[-1]
        if self.current_until(document, "funding_rounds", key, group="funding") <= self.today:
            return None, ""
        return (float(money.usd_low),) * 2, tell_how_known([money])

    def read_model(self, document: dict) -> tuple[dict, dict]:
        fields = document["fields"]
        modalities = {*fields["inputs"], *fields["outputs"]}
        quantity = fields["parameters"] and Quantity.from_json(fields["parameters"])
        ends = [float(end) for end in (quantity.low, quantity.high) if end is not None] if quantity else []
        facets = {
            "maker": set(fields["makers"]),
            "country": {self.countries[maker] for maker in fields["makers"]},
            "input": set(fields["inputs"]),
            "output": set(fields["outputs"]),
            "multimodal": {("yes" if len(modalities) > 1 else "no") if modalities else ""},
            "released_known": {"known" if fields["released"] else ""},
            "size": {quantity.kind if quantity else ""},
            "access": {fields["access"]},
            "licence": {fields["licence"]},
            "status": {fields["status"]},
            "technique": set(fields["techniques"]),
        }
        return facets, {
            "released": ends_of_date(fields["released"]),
            "parameters": (ends[0], ends[-1]) if ends else None,
        }

    def read_product(self, document: dict) -> tuple[dict, dict]:
        fields = document["fields"]
        facets = {
            "segment": self.with_parents(fields["segments"]),
            "layer": {fields["layer"]},
            "maker": {fields["maker"]},
            "built_on": set(fields["built_on"]),
            "country": {self.countries[fields["maker"]] if fields["maker"] else ""},
            "launched_known": {"known" if fields["launched"] else ""},
            "free_plan": {self.tell_free_plan(document)},
            "status": {fields["status"]},
        }
        pricing = [it for it in self.verifications[document["uid"]] if it.group == "pricing"]
        return facets, {"launched": ends_of_date(fields["launched"]), "price_checked": oldest_check(pricing)}

    def tell_free_plan(self, document: dict) -> str:
        """Return whether there is a free plan, according to current prices."""
        current = set()
        for key, row in document["children"]["price_plans"].items():
            begins, ends = ends_of_date(row["valid_from"]), ends_of_date(row["valid_to"])
            if (
                self.current_until(document, "price_plans", key, group="pricing") > self.today
                and (begins is None or begins[0] <= self.today)
                and (ends is None or ends[1] >= self.today)
            ):
                current.add(row["per"] == "free")
        return ("yes" if True in current else "no") if current else ""

    def current_until(self, document: dict, field: str, item: str, *, group: str) -> date:
        """Return the day from which a row of a list is no longer current."""
        dates = [
            FuzzyDate.parse(citation["as_of"]).last_day
            for citation in document["citations"]
            if citation["field"] == field and citation["item"] in ("", item)
        ]
        return max(dates) + timedelta(days=2 * self.intervals[group]) if dates else date.min

    def tell_freshness(self, verifications: list[Verification]) -> set[str]:
        states = [it.state(self.today) for it in verifications]
        found = {state for state in states if state in (State.DISPUTED, State.FLAGGED, State.UNVERIFIED)}
        checked = [state for state in states if state in (State.VERIFIED, State.DUE, State.OVERDUE)]
        if State.OVERDUE in checked:
            found.add(State.OVERDUE)
        elif checked and not found:
            found.add(State.VERIFIED)
        if set(states) == {State.HISTORICAL}:
            found.add(State.HISTORICAL)
        return {state.value for state in found}

    def with_parents(self, segments) -> set[str]:
        return {*segments, *(self.parents[it] for it in segments if it in self.parents)}

    def find_synonyms(self, document: dict) -> list[str]:
        return [self.synonyms[slug] for slug in document["labels"].get("segment", ())]


def follow_declarations(document: dict, *, facets: dict, ranges: dict) -> None:
    """Add the facets whose values a document contains. Raises NotImplementedError for facets without a derivation."""
    declared = FACET_SETS[document["kind"]]
    for name, facet in declared.facets.items():
        if name not in facets and facet.field and not (facet.derive or facet.inherited or facet.tree):
            raw = document["fields"][facet.field]
            facets[name] = set(raw) if isinstance(raw, list) else {raw}
    differing = declared.by_name.keys() ^ (facets.keys() | ranges.keys())
    if differing:
        raise NotImplementedError(
            f"{', '.join(sorted(differing))}: the oracle and the declarations differ. Work out each facet and range "
            f"of a {document['kind']} in read_{document['kind']}() of {__file__}, apart from catalog.listing."
        )


def ends_of_date(text: str | None) -> tuple[date, date] | None:
    day = FuzzyDate.parse(text) if text else None
    return day and (day.first_day, day.last_day)


def oldest_check(verifications: list[Verification]) -> tuple[date, date] | None:
    times = [it.checked_at for it in verifications]
    return (min(times).astimezone(UTC).date(),) * 2 if times and all(times) else None


def tell_how_known(amounts: list[Money]) -> str:
    """Return how a sum is known: from the amounts added, or that none is disclosed."""
    added = [amount.kind for amount in amounts if amount.usd_low is not None]
    if added:
        return "estimated" if "estimated" in added else "reported"
    return "undisclosed" if amounts and all(amount.kind == "undisclosed" for amount in amounts) else ""


def find_texts(value) -> list[str]:
    """Return every bilingual text of a document, including names of related objects, and its aliases."""
    if isinstance(value, dict) and {"en", "zh"} <= value.keys():
        return [value["en"], value["zh"]]
    if isinstance(value, dict):
        return [
            *([value["aliases"]] if isinstance(value.get("aliases"), str) else []),
            *(text for key, it in value.items() if key not in ("source", "citations") for text in find_texts(it)),
        ]
    return [text for it in value for text in find_texts(it)] if isinstance(value, list) else []


# --- answering -----------------------------------------------------------------------------------------------


class Oracle:
    """The answers of one listing in one language (en, zh-hans)."""

    def __init__(self, facts: list[Fact], *, listing: str, language: str) -> None:
        self.kind, self.fixed, self.usual = LISTINGS[listing]
        self.facts, self.language, self.short = facts, language, language[:2]
        self.everything = [
            fact
            for fact in facts
            if fact.kind == self.kind and all(fact.facets[name] & set(its) for name, its in self.fixed.items())
        ]
        self.declared = FACET_SETS[self.kind]
        self.facets = [name for name in self.declared.facets if name not in self.fixed]
        self.ranges = list(self.declared.ranges)
        self.vocabulary = read_vocabulary(self.kind)

    def is_known(self, facet: str, value: str) -> bool:
        present = {it for fact in self.everything for it in fact.facets[facet]}
        return value == UNKNOWN or value in present or value in self.vocabulary.get(facet, ())

    def read(self, asked: dict[str, list[str]]) -> dict[str, Callable[[Fact], bool]]:
        """Return the valid conditions of a query, by parameter."""
        conditions: dict[str, Callable[[Fact], bool]] = {}
        for name, values in asked.items():
            base, _, end = name.rpartition("_")
            if name in self.facets:
                if known := {value for value in values if self.is_known(name, value)}:
                    conditions[name] = lambda fact, name=name, known=known: bool(fact.facets[name] & known)
            elif base in self.ranges and end in ("min", "max"):
                try:
                    bound = read_bound(values[-1], is_date=base in DATES, end=end)
                except NotUnderstood:
                    continue
                conditions[name] = lambda fact, base=base, end=end, bound=bound: reaches(fact.ranges[base], end, bound)
            elif name == "q":
                words = values[-1].casefold().split()
                conditions[name] = lambda fact, words=words: all(says(fact, word) for word in words)
        return conditions

    def select(self, conditions: dict, *, without: tuple[str, ...] = ()) -> list[Fact]:
        return [
            fact
            for fact in self.everything
            if all(condition(fact) for name, condition in conditions.items() if name not in without)
        ]

    def count(self, conditions: dict, facet: str) -> dict[str, int]:
        """Return the number of results of each value of a facet, ignoring the facet's own filter."""
        numbers: dict[str, int] = {}
        for fact in self.select(conditions, without=(facet,)):
            for value in fact.facets[facet]:
                numbers[value] = numbers.get(value, 0) + 1
        return numbers

    def count_bin(self, conditions: dict, name: str, low: str, high: str) -> int:
        """Return the number of results between two bounds, ignoring the range's own filter."""
        bounds = {f"{name}_min": [low], f"{name}_max": [high]}
        asked = self.read({key: values for key, values in bounds.items() if values != [""]})
        kept = {key: it for key, it in conditions.items() if key not in bounds}
        return len(self.select({**kept, **asked}))

    def sum_up(self, found: list[Fact]) -> dict[str, tuple]:
        """Return for each range with sums: total, median, number, estimates, and how many have no value."""
        sums = {}
        for name, known_by in SUMMED.get(self.kind, {}).items():
            values = [fact.ranges[name][1] for fact in found if fact.ranges[name]]
            estimated = sum("estimated" in fact.facets[known_by] for fact in found if fact.ranges[name])
            total = sum(values) if name in ADDED and values else None
            sums[name] = (total, median(values) if values else None, len(values), estimated, len(found) - len(values))
        return sums

    def order(self, found: list[Fact], sort: str) -> list[Fact]:
        """Return results in the order asked for; without a value last in both directions, then by name."""
        name, is_reversed = sort.removeprefix("-"), sort.startswith("-")
        found = sorted(found, key=lambda fact: fact.place(self.short))
        if name == "name":
            return sorted(found, key=lambda fact: fact.place(self.short), reverse=is_reversed)
        if name in self.ranges:
            keys = {fact.uid: fact.ranges[name] and fact.ranges[name][1] for fact in found}
        else:
            places = self.list_places(name)
            keys = {
                fact.uid: min((places[it] for it in fact.facets[name] if it in places), default=None) for fact in found
            }
        known = [fact for fact in found if keys[fact.uid] is not None]
        # Sorting is stable in both directions.
        known.sort(key=lambda fact: keys[fact.uid], reverse=is_reversed)
        return known + [fact for fact in found if keys[fact.uid] is None]

    def list_places(self, facet: str) -> dict[str, int]:
        """Return the position of each value of a facet in the order shown."""
        if facet in self.vocabulary:
            values = self.vocabulary[facet]
        elif facet == "country":
            with override(self.language):
                codes = {it for fact in self.facts for it in fact.facets.get("country", ())} - {UNKNOWN}
                values = sorted(codes, key=lambda code: (by_sound(countries.name(code)), str(countries.name(code))))
        elif isinstance(options := self.declared.facets[facet].options, Entries):
            others = [it for it in self.facts if it.kind == options.kind]
            values = [fact.slug for fact in sorted(others, key=lambda fact: fact.place(self.short))]
        else:
            recorded = {it for fact in self.facts if fact.kind == self.kind for it in fact.facets[facet]} - {UNKNOWN}
            values = sorted(recorded, key=lambda value: (value.casefold(), value))
        return {value: place for place, value in enumerate(values)}


def read_vocabulary(kind: str) -> dict[str, Sequence[str]]:
    """Return the values of facets with fixed words, in the order shown."""
    segments = []
    for parent in Segment.objects.filter(parent=None).order_by("position", "slug"):
        segments += [parent.slug, *parent.children.order_by("position", "slug").values_list("slug", flat=True)]
    modalities = list(Modality.objects.order_by("position", "slug").values_list("slug", flat=True))
    declared: dict[str, Sequence[str]] = {}
    for name, facet in FACET_SETS[kind].facets.items():
        match facet.options:
            case Choices(labels):
                declared[name] = list(labels)
            case Vocabulary(model):
                declared[name] = list(model.objects.order_by("position", "slug").values_list("slug", flat=True))
    return {
        **declared,
        "segment": segments,
        "layer": list(Layer.objects.order_by("position", "slug").values_list("slug", flat=True)),
        **dict.fromkeys(("modality", "input", "output"), modalities),
        "type": OrganizationType.values,
        "status": OrganizationStatus.values if kind == "organization" else ReleaseStatus.values,
        "access": Access.values,
        "latest_round": RoundKind.values,
        "freshness": ["verified", "overdue", "flagged", "unverified", "disputed", "historical"],
        **dict.fromkeys(("multimodal", "free_plan"), ("yes", "no")),
        **dict.fromkeys(("size", "funding_known", "valuation_known"), ("reported", "estimated", "undisclosed")),
        **dict.fromkeys(("founded_known", "released_known", "launched_known"), ("known",)),
    }


def read_bound(text: str, *, is_date: bool, end: str):
    """Return a bound as typed. Raises NotUnderstood."""
    if not is_date:
        return float(parse_number(text))
    day = FuzzyDate.parse(text)
    return day.first_day if end == "min" else day.last_day


def reaches(ends: tuple | None, end: str, bound) -> bool:
    """Return whether a value, which may be a span, is at least partly within a bound."""
    return bool(ends) and (ends[1] >= bound if end == "min" else ends[0] <= bound)


def says(fact: Fact, word: str) -> bool:
    """Return whether a text of an entry contains a Chinese word, or a Latin one as a whole word."""
    texts = [*fact.texts, *fact.names.values()]
    if word.isascii():
        return any(word in "".join(c if c.isalnum() else " " for c in text.casefold()).split() for text in texts)
    return any(word in text for text in texts)
