"""An invented landscape: random documents of entries, as the catalog would publish them, made from lists of words.

Names are made of syllables and say in both languages that they are invented. Frequencies are realistic: a few
countries, segments, makers, investors and models have most of the entries (by Zipf's law), some values are missing,
estimated or undisclosed, and dates are known to the day, the month or the year. The same seed gives the same landscape.
"""

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from catalog.models.choices import (
    Access,
    LineageKind,
    LinkKind,
    MilestoneKind,
    OrganizationType,
    PersonRole,
    PricePer,
    ReleaseStatus,
    RoundKind,
    SourceKind,
)
from catalog.models.document import SCHEMA
from catalog.models.field_groups import UNCITED, fields_of
from catalog.models.kinds import EntryKind
from tools import invented_words as usual


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of an entry, made before its document."""

    uid: str
    slug: str
    en: str
    zh: str

    @property
    def label(self) -> dict[str, str]:
        return {"en": self.en, "zh": self.zh, "uid": self.uid}


class Popular:
    """Values of which a few are picked often, and most seldom."""

    def __init__(self, values: Sequence, *, exponent: float = 1.0) -> None:
        self.values = values
        self.weights = list(accumulate(1 / rank**exponent for rank in range(1, len(values) + 1)))

    def pick(self, chance: random.Random, number: int = 1) -> list:
        """Return up to `number` values, each once; fewer if a value is drawn twice."""
        if not self.values:
            return []
        return list(dict.fromkeys(chance.choices(self.values, cum_weights=self.weights, k=number)))


class Draft:
    """An unfinished document; the names of its targets are added to its labels."""

    def __init__(self, *, kind: EntryKind, who: Identity) -> None:
        self.document = {
            "schema": SCHEMA,
            "kind": kind.value,
            "uid": who.uid,
            "slug": who.slug,
            "fields": {"name": {"en": who.en, "zh": who.zh}, "aliases": ""},
            "children": {},
            "citations": [],
            "labels": {},
        }

    def point(self, group: str, labels: dict[str, dict]) -> list[str]:
        """Add targets to the labels; return their sorted slugs."""
        if labels:
            self.document["labels"].setdefault(group, {}).update(labels)
        return sorted(labels)

    def point_to(self, kind: EntryKind, entries: Iterable[Identity]) -> list[str]:
        return self.point(kind.value, {who.slug: who.label for who in entries})


class Landscape:
    """An invented landscape of `entries` entries, as published on `day`.

    `vocabularies` are the words of layers, modalities and segments, by group and slug; `sources` the labels of sources
    by slug.
    """

    def __init__(self, *, entries: int, seed: int, day: date, vocabularies: dict[str, dict], sources: dict) -> None:
        self.chance = random.Random(f"{seed}/{entries}")
        self.day, self.vocabularies = day, vocabularies
        counts = {kind: round(entries * share) for kind, share in usual.SHARES.items()}
        counts[EntryKind.ORGANIZATION] += entries - sum(counts.values())
        counts[EntryKind.TERM] = usual.TECHNIQUES
        self.known = {kind: self.name_all(kind, count) for kind, count in counts.items()}
        organizations = self.known[EntryKind.ORGANIZATION]
        # The best known makers and the best known investors are not the same.
        self.investors = Popular(organizations[::7], exponent=1.1)
        self.makers = Popular(organizations[1::3] or organizations, exponent=0.9)
        self.customers = Popular(organizations[2::3], exponent=0.7)
        self.models = Popular(self.known[EntryKind.MODEL], exponent=1.1)
        self.techniques = Popular(self.known[EntryKind.TERM])
        self.words = {group: Popular(list(words)) for group, words in vocabularies.items()}
        self.countries = Popular(usual.COUNTRIES, exponent=1.2)
        self.sources = Popular(list(sources), exponent=0.5)
        self.source_labels = sources

    def write_all(self, kind: EntryKind) -> Iterable[dict]:
        """Yield the document of each entry of a kind."""
        write = getattr(self, f"write_{kind.value}")
        for number, who in enumerate(self.known[kind]):
            yield write(number, who)

    # --- names and texts -----------------------------------------------------------------------------------

    def name_all(self, kind: EntryKind, count: int) -> list[Identity]:
        chance, taken, known = self.chance, {}, []
        for usual._ in range(count):
            word = "".join(chance.choices(usual.SYLLABLES, k=chance.choice((2, 2, 3)))).capitalize()
            name = f"{word} {chance.choice(usual.SUFFIXES[kind])}"
            zh = "".join(chance.choices(usual.ZH_SYLLABLES, k=chance.choice((2, 2, 3)))) + chance.choice(
                usual.ZH_SUFFIXES[kind]
            )
            taken[name] = number = taken.get(name, 0) + 1
            slug = name.lower().replace(" ", "-")
            if number > 1:
                name, zh, slug = f"{name} {number}", f"{zh} {number}", f"{slug}-no-{number}"
            uid = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            known.append(Identity(uid=uid, slug=slug, en=f"{name} (invented)", zh=f"{zh}（虚构）"))
        return known

    def write_text(self) -> dict[str, str]:
        """Return a text of a sentence or two; one in ten is in one language only."""
        chance = self.chance
        en = f"Invented: {' '.join(chance.choices(usual.WORDS, k=chance.randint(8, 24)))}."
        zh = f"虚构：{''.join(chance.choices(usual.ZH_WORDS, k=chance.randint(6, 16)))}。"
        silent = chance.random()
        return {"en": "" if silent < 0.05 else en, "zh": "" if silent > 0.95 else zh}

    def begin(self, kind: EntryKind, who: Identity) -> Draft:
        draft, chance = Draft(kind=kind, who=who), self.chance
        fields = draft.document["fields"]
        if chance.random() < 0.3:
            word = "".join(chance.choices(usual.SYLLABLES, k=2)).upper()
            fields["aliases"] = f"{word}\n原{''.join(chance.choices(usual.ZH_SYLLABLES, k=2))}"
        fields["summary"] = self.write_text()
        fields["identifiers"] = {}
        return draft

    # --- values --------------------------------------------------------------------------------------------

    def choose(self, weights: dict):
        """Return one of the keys, by weight; enum members as plain values, because documents hold JSON."""
        chosen = self.chance.choices(list(weights), weights=list(weights.values()))[0]
        return getattr(chosen, "value", chosen)

    def write_date(self, first: int, last: int | None = None) -> str:
        """Return a day, a month or a year, from the first year on; later dates are more likely."""
        begin = date(first, 1, 1)
        days = ((date(last, 12, 31) if last else self.day) - begin).days
        day = begin + timedelta(days=int(max(self.chance.random(), self.chance.random()) * days))
        return day.isoformat()[: self.choose({10: 5, 7: 3, 4: 2})]

    def write_amount(self, middle: float, *, spread: float = 1.0, undisclosed: float = 0.1) -> dict:
        """Return a quantity around `middle`: exact, a range, bounded on one side, estimated or undisclosed."""
        chance = self.chance
        form = chance.random()
        if form < undisclosed:
            return {"low": None, "high": None, "kind": "undisclosed"}
        # Three significant figures, as in reports.
        number = int(Decimal(f"{middle * chance.lognormvariate(0, spread):.2e}")) or 1
        low, high = number, number
        if form > 0.97:
            low = None
        elif form > 0.94:
            high = None
        elif form > 0.88:
            high = number * 2
        kind = "estimated" if chance.random() < 0.15 else "reported"
        return {"low": low and str(low), "high": high and str(high), "kind": kind}

    def write_money(self, middle: float, **chances) -> dict:
        amount = self.write_amount(middle, **chances)
        nothing = {"currency": None, "usd_rate": None, "rate_date": None}
        if amount["kind"] == "undisclosed":
            return {**amount, **nothing}
        currency = self.choose({"USD": 16, "CNY": 2, "EUR": 1, "JPY": 1})
        rate = usual.CURRENCIES[currency]
        dated = {"usd_rate": rate, "rate_date": "2024-01-03"} if rate else {}
        return {**amount, **nothing, "currency": currency, **dated}

    def write_rows(self, name: str, most: int, write) -> dict[str, dict]:
        """Return up to `most` rows, more often few than many."""
        number = min(self.chance.randint(0, most), self.chance.randint(0, most))
        return {f"{name}-{index}": write(index) for index in range(1, number + 1)}

    def write_milestone(self, index: int) -> dict:
        return {
            "milestone_kind": self.choose(dict.fromkeys(MilestoneKind, 1)),
            "date": self.write_date(2014),
            "text": {"en": f"Invented event {index}.", "zh": f"虚构事件 {index}。"},
            "quantity": None,
            "unit": {"en": "", "zh": ""},
            "since_launch_months": None,
        }

    def write_measurement(self, index: int) -> dict:
        return {
            "metric": {"en": "Users", "zh": "用户数"},
            "quantity": self.write_amount(1e6, undisclosed=0),
            "unit": {"en": "people", "zh": "人"},
            "as_of": self.write_date(2020),
            "note": {"en": "", "zh": ""},
        }

    def finish(self, draft: Draft) -> dict:
        """Add the parts that all entries have, and sources for most values."""
        chance, document = self.chance, draft.document
        fields, children, slug = document["fields"], document["children"], document["slug"]
        children["milestones"] = self.write_rows("event", 4, self.write_milestone)
        children["measurements"] = self.write_rows("figure", 2, self.write_measurement)
        website = {"link_kind": LinkKind.WEBSITE.value, "url": f"https://{slug}.example/"}
        children["links"] = {"website": website} if chance.random() < 0.9 else {}
        for name in fields_of(document["kind"]):
            if name in UNCITED:
                continue
            if name in children:
                for key in children[name]:
                    self.cite(draft, name, key)
            elif fields[name] not in (None, "", [], {"en": "", "zh": ""}) and chance.random() < 0.4:
                self.cite(draft, name)
        return document

    def cite(self, draft: Draft, name: str, item: str = "") -> None:
        (source,) = self.sources.pick(self.chance)
        draft.point("source", {source: self.source_labels[source]})
        contradicts = self.chance.random() < 0.004
        day = self.day - timedelta(days=int(self.chance.expovariate(1 / 60)))
        draft.document["citations"].append(
            {
                "field": name,
                "item": item,
                "source": source,
                "stance": "contradicts" if contradicts else "supports",
                "stated": {"en": "something else", "zh": "另一说法"} if contradicts else {"en": "", "zh": ""},
                "as_of": day.isoformat(),
                "quote": "",
                "locator": "",
            }
        )

    def point_to_words(self, draft: Draft, group: str, most: int) -> list[str]:
        """Return the slugs of up to `most` words of a vocabulary."""
        chosen = self.words[group].pick(self.chance, self.chance.randint(0 if most > 1 else 1, most))
        return draft.point(group, {slug: self.vocabularies[group][slug] for slug in chosen})

    # --- entries -------------------------------------------------------------------------------------------

    def write_organization(self, number: int, who: Identity) -> dict:
        chance, draft = self.chance, self.begin(EntryKind.ORGANIZATION, who)
        fields, children = draft.document["fields"], draft.document["children"]
        is_investor = number % 7 == 0
        fields["type"] = OrganizationType.INVESTOR.value if is_investor else self.choose(usual.TYPES)
        fields["status"] = self.choose(usual.STATUSES)
        fields["country"] = self.countries.pick(chance)[0] if chance.random() < 0.95 else ""
        city = chance.choice(usual.CITIES) if chance.random() < 0.5 else ("", "")
        fields["city"] = {"en": city[0], "zh": city[1]}
        fields["founded"] = self.write_date(1998) if chance.random() < 0.9 else None
        # The parent is an earlier organization that has no parent itself.
        before = self.known[EntryKind.ORGANIZATION][20 * chance.randrange(number // 20 + 1)]
        parent = before if number % 20 == 1 else None
        fields["parent"] = draft.point_to(EntryKind.ORGANIZATION, [parent])[0] if parent else None
        fields["segments"] = [] if is_investor else self.point_to_words(draft, "segment", 3)
        children["people"] = self.write_rows("person", 3, self.write_person)
        children["funding_rounds"] = self.write_rounds(draft) if fields["type"] == OrganizationType.STARTUP else {}
        return self.finish(draft)

    def write_person(self, index: int) -> dict:
        nothing = {"en": "", "zh": ""}
        return {
            "name": {"en": f"Invented Person {index}", "zh": f"虚构人物 {index}"},
            "role": self.choose({PersonRole.FOUNDER: 3, PersonRole.EXECUTIVE: 1}),
            "title": nothing,
            "since": None,
            "until": None,
            "note": nothing,
        }

    def write_rounds(self, draft: Draft) -> dict[str, dict]:
        chance, rounds = self.chance, {}
        kinds = list(usual.ROUNDS)[: min(chance.randint(0, 7), chance.randint(0, 7))]
        # One round a year, so that no two are equally new.
        first = self.day.year - len(kinds) - min(chance.randint(0, 4), chance.randint(0, 4))
        for year, kind in enumerate(kinds, start=first):
            investors = self.investors.pick(chance, chance.randint(0, 4))
            slugs = draft.point_to(EntryKind.ORGANIZATION, investors)
            amount = usual.ROUNDS[kind] * 1_000_000
            rounds[kind.value] = {
                "round_kind": kind.value if chance.random() < 0.92 else RoundKind.UNDISCLOSED.value,
                "announced": self.write_date(year, year) if rounds or chance.random() < 0.9 else None,
                "amount": self.write_money(amount) if chance.random() < 0.95 else None,
                "valuation": self.write_money(amount * 6) if chance.random() < 0.4 else None,
                "investors": slugs,
                "lead": slugs[0] if slugs and chance.random() < 0.6 else None,
                "other_investors": "",
            }
        return rounds

    def write_model(self, number: int, who: Identity) -> dict:
        chance, draft = self.chance, self.begin(EntryKind.MODEL, who)
        fields, children = draft.document["fields"], draft.document["children"]
        makers = self.makers.pick(chance, self.choose({0: 4, 1: 80, 2: 12, 3: 4}))
        fields["makers"] = draft.point_to(EntryKind.ORGANIZATION, makers)
        fields["released"] = self.write_date(2015) if chance.random() < 0.95 else None
        fields["status"] = self.choose(dict(zip(ReleaseStatus, (3, 7, 70, 8, 7), strict=True)) | {"": 5})
        fields["inputs"] = self.point_to_words(draft, "modality", 3)
        fields["outputs"] = self.point_to_words(draft, "modality", 2)
        techniques = self.techniques.pick(chance, chance.randint(0, 4))
        fields["techniques"] = draft.point_to(EntryKind.TERM, techniques)
        fields["parameters"] = self.write_amount(8e9, spread=2, undisclosed=0.2) if chance.random() < 0.8 else None
        fields["training_compute"] = self.write_amount(1e22, spread=3) if chance.random() < 0.2 else None
        fields["training_cost"] = self.write_money(5e6, spread=2) if chance.random() < 0.1 else None
        access = self.choose(dict(zip(Access, (5, 25, 15, 8, 25, 10, 7), strict=True)) | {"": 5})
        fields["access"] = access
        fields["licence"] = (
            chance.choice(usual.LICENCES[access]) if access in usual.LICENCES and chance.random() < 0.9 else ""
        )
        older = Popular(self.known[EntryKind.MODEL][: min(number, 200)]).pick(chance, chance.randint(0, 2))
        children["lineage"] = {
            f"from-{index}": {
                "lineage_kind": self.choose(dict.fromkeys(LineageKind, 1)),
                "model": draft.point_to(EntryKind.MODEL, [model])[0],
            }
            for index, model in enumerate(older, start=1)
        }
        return self.finish(draft)

    def write_product(self, number: int, who: Identity) -> dict:
        chance, draft = self.chance, self.begin(EntryKind.PRODUCT, who)
        fields, children = draft.document["fields"], draft.document["children"]
        makers = self.makers.pick(chance) if chance.random() < 0.96 else []
        fields["maker"] = next(iter(draft.point_to(EntryKind.ORGANIZATION, makers)), None)
        fields["built_on"] = draft.point_to(EntryKind.MODEL, self.models.pick(chance, chance.randint(0, 3)))
        fields["segments"] = self.point_to_words(draft, "segment", 3)
        fields["layer"] = next(iter(self.point_to_words(draft, "layer", 1)), None) if chance.random() < 0.95 else None
        fields["launched"] = self.write_date(2017) if chance.random() < 0.9 else None
        fields["status"] = self.choose(dict(zip(ReleaseStatus, (3, 10, 72, 4, 6), strict=True)) | {"": 5})
        customers = self.customers.pick(chance, chance.randint(0, 2))
        fields["customers"] = draft.point_to(EntryKind.ORGANIZATION, customers)
        children["price_plans"] = self.write_rows("plan", 4, self.write_plan)
        return self.finish(draft)

    def write_plan(self, index: int) -> dict:
        is_free = index == 1 and self.chance.random() < 0.6
        paid = {PricePer.MONTH: 6, PricePer.SEAT_MONTH: 3, PricePer.YEAR: 1, PricePer.MILLION_INPUT_TOKENS: 1}
        return {
            "name": {"en": f"Plan {index}", "zh": f"方案 {index}"},
            "price": None if is_free else self.write_money(20, undisclosed=0.05),
            "per": PricePer.FREE.value if is_free else self.choose(paid),
            "valid_from": self.write_date(2022) if self.chance.random() < 0.3 else None,
            "valid_to": self.day.isoformat() if self.chance.random() < 0.05 else None,
            "note": {"en": "", "zh": ""},
        }

    def write_term(self, number: int, who: Identity) -> dict:
        draft = Draft(kind=EntryKind.TERM, who=who)
        definition = {"en": "An invented technique.", "zh": "虚构的技术。"}
        draft.document["fields"] |= {"definition": definition, "is_technique": True, "related": [], "sources": []}
        return draft.document


def invent_sources(*, entries: int, seed: int) -> list[dict]:
    """Return the columns of the sources that the entries cite."""
    chance = random.Random(f"{seed}/sources")
    kinds = [kind.value for kind in SourceKind]
    return [
        {
            "slug": f"invented-source-{number}",
            "kind": chance.choices(kinds, weights=(6, 2, 4, 2, 1, 8, 3, 2))[0],
            "title": f"Invented report {number}",
            "publisher": f"{chance.choice(usual.SYLLABLES).capitalize()} Gazette (invented)",
            "url": f"https://source-{number}.example/",
            "language": chance.choice(("en", "en", "zh-hans")),
        }
        for number in range(1, round(entries * usual.SOURCES_PER_ENTRY) + 2)
    ]
