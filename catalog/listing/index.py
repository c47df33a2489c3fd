"""Keeps the listing index in step with what is live, inside the publishing transaction.

What a row holds is derived from public documents alone: the entry's own, and those of its neighbours. An organization
has its own segments and those of its live products, and the layers, modalities and built-on models of its products
and models; a model and a product have their makers' countries.

A row that changes on a later day than it began is closed, and another takes its place: so the index also says what it
was on each earlier day.
"""

from collections.abc import Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from pypinyin import Style, lazy_pinyin

from catalog.listing.rows import Held, end_rows, write_row, write_values
from catalog.models import AIModel, FacetValue, Layer, ListingEntry, Modality, Organization, Product, Segment, Term
from catalog.models.choices import EntryKind, PricePer
from catalog.models.document import path_of
from catalog.models.field_groups import FIELD_GROUPS, FieldGroup
from catalog.models.history import Publication, PublicationAction
from catalog.models.listing import ALWAYS_FROM, ALWAYS_UNTIL, UNKNOWN
from catalog.models.verification import State, Verification, write_verifications
from catalog.values import FuzzyDate, Money, Quantity

RECORD_MODELS = {
    EntryKind.MODEL: AIModel,
    EntryKind.ORGANIZATION: Organization,
    EntryKind.PRODUCT: Product,
    EntryKind.TERM: Term,
}
# The date by which a kind is listed.
DATE_FIELDS = {EntryKind.MODEL: "released", EntryKind.ORGANIZATION: "founded", EntryKind.PRODUCT: "launched"}

# Organizations go twice: models need their countries, and they need what their models and products are.
INDEX_ORDER = (Organization, AIModel, Product, Term, Organization)
# The kinds that have makers.
MADE = (EntryKind.MODEL, EntryKind.PRODUCT)
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
        "freshness",
    ),
    EntryKind.TERM: (),
}


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
    add_freshness(facets, verifications.values())
    for facet in FACETS[document["kind"]]:
        if facet not in facets.values:
            facets.add(facet, [UNKNOWN])
    return facets


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
    if kind in DATE_FIELDS and (text := fields[DATE_FIELDS[kind]]):
        day = FuzzyDate.parse(text)
        row.update(date_from=day.first_day, date_to=day.last_day)
    if fields.get("parameters"):
        quantity = Quantity.from_json(fields["parameters"])
        low, high = quantity.low, quantity.high
        row.update(
            parameters_low=None if low is None and high is None else float(low if low is not None else high),
            parameters_high=None if low is None and high is None else float(high if high is not None else low),
        )
    if kind == EntryKind.ORGANIZATION:
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
        if group != "source":
            for label in labels.values():
                yield label["en"]
                yield label["zh"]


@transaction.atomic(savepoint=False)
def reindex(entry) -> None:
    """Bring the listing row of an entry or term in step with it, or end it when the entry is not live."""
    today = timezone.now().date()
    if not entry.live:
        end_rows(ListingEntry.objects.filter(entry=entry.uid), on=today)
        Verification.objects.filter(entry=entry.uid).delete()
        return
    document = entry.public_document()
    verifications = write_verifications(object_id=entry.pk, document=document) if entry.kind in FIELD_GROUPS else {}
    write_document(
        document=document,
        verifications=verifications,
        object_id=entry.pk,
        published_at=entry.last_published_at,
        on=today,
    )


def write_document(*, document: dict, verifications: dict, object_id: int, published_at: datetime, on: date) -> None:
    """Write the listing row that comes of a document, and of what its neighbours' rows say, from a day on."""
    row = {
        **derive_row(document, verifications),
        "content_type_id": ContentType.objects.get_for_model(RECORD_MODELS[document["kind"]]).pk,
        "object_id": object_id,
        "published_at": published_at,
    }
    segments = document["labels"].get("segment", {})
    parents = {}
    if document["kind"] in (EntryKind.ORGANIZATION, EntryKind.PRODUCT):
        tree = Segment.objects.values_list("slug", "parent__slug", "synonyms")
        parents = {slug: parent for slug, parent, synonyms in tree if parent}
        row["text"] += "\n" + "\n".join(synonyms for slug, parent, synonyms in tree if slug in segments)
    facets = derive_facets(
        document=document,
        inherited=find_inherited(document),
        parents=parents,
        verifications=verifications,
        on=on,
    )
    write_row(uid=UUID(document["uid"]), row=row, facets=facets.held(), on=on)


# What an organization is found by because of its live products and models: kind and facet there, facet here.
INHERITED_BY_MAKERS = {
    (EntryKind.PRODUCT, "segment"): "segment",
    (EntryKind.PRODUCT, "layer"): "layer",
    (EntryKind.PRODUCT, "built_on"): "built_on",
    (EntryKind.MODEL, "input"): "modality",
    (EntryKind.MODEL, "output"): "modality",
}


def find_inherited(document: dict) -> dict[str, set[str]]:
    """Return the facet values that an entry has from its neighbours, out of their rows in the index; two queries."""
    inherited: dict[str, set[str]] = {}
    if document["kind"] == EntryKind.ORGANIZATION:
        # In two steps: PostgreSQL plans the one query badly while it has no statistics of these tables.
        made = FacetValue.objects.filter(
            facet="maker", value=document["slug"], listing__until=ALWAYS_UNTIL
        ).values_list("listing", flat=True)
        values = (
            FacetValue.objects.filter(
                listing__in=list(made), facet__in=["maker", *{facet for _kind, facet in INHERITED_BY_MAKERS}]
            )
            .exclude(value=UNKNOWN)
            .order_by()
        )
        for kind, facet, value in values.values_list("listing__kind", "facet", "value").distinct():
            if here := INHERITED_BY_MAKERS.get((kind, facet)):
                inherited.setdefault(here, set()).add(value)
            if kind == EntryKind.MODEL:
                inherited.setdefault("layer", set()).add("model")
    elif document["kind"] in MADE:
        makers = document["fields"].get("makers") or [document["fields"].get("maker")]
        countries = FacetValue.objects.filter(
            facet="country",
            listing__until=ALWAYS_UNTIL,
            listing__kind=EntryKind.ORGANIZATION,
            listing__slug__in=[slug for slug in makers if slug],
        ).exclude(value=UNKNOWN)
        inherited["country"] = set(countries.values_list("value", flat=True))
    return inherited


def find_referrers(*, entry, publication) -> list:
    """The live entries whose rows hold an entry's address, name or country, where its publication changes these.

    Models and products come before the organizations that have values from them.
    """
    before = type(publication).objects.filter(entry=entry.uid, sequence=publication.sequence - 1).first()
    if (
        before
        and publication.action == PublicationAction.PUBLISHED
        and all(
            before.document["fields"].get(name) == publication.document["fields"].get(name)
            for name in ("country", "name")
        )
    ):
        return []
    pointing = [facet for facet, kind in ENTRY_FACETS.items() if kind == entry.kind]
    slugs = {entry.slug, *([before.slug] if before else [])}
    rows = ListingEntry.objects.filter(
        pk__in=FacetValue.objects.filter(facet__in=pointing, value__in=slugs).values("listing")
    ).select_related("content_type")
    found = [row.content_type.get_object_for_this_type(pk=row.object_id) for row in rows]
    return sorted(found, key=lambda referrer: referrer.kind == EntryKind.ORGANIZATION)


def find_makers(*, entry, publication) -> list[Organization]:
    """The live organizations that a model or product has or had as its makers until this publication."""
    documents = type(publication).objects.filter(
        entry=entry.uid, sequence__in=[publication.sequence - 1, publication.sequence]
    )
    slugs: set[str] = set()
    for document in documents.values_list("document", flat=True):
        slugs.update(document["fields"].get("makers") or [document["fields"].get("maker")])
    return list(Organization.objects.filter(slug__in=[slug for slug in slugs if slug], live=True))


# The publications of a `postpone()` block; None outside of one.
_postponed: ContextVar[list | None] = ContextVar("postponed", default=None)


@contextmanager
def postpone():
    """Follow the publications of this block at its end, each entry once; for loading many, inside one transaction.

    Else every model that is loaded would have its makers indexed again.
    """
    token = _postponed.set([])
    try:
        yield
        publications = _postponed.get()
    finally:
        _postponed.reset(token)
    affected: dict[type, set[int]] = {}
    for publication, entry in publications:
        neighbours = [
            *find_referrers(entry=entry, publication=publication),
            *find_makers(entry=entry, publication=publication),
        ]
        for record in [entry, *neighbours]:
            affected.setdefault(type(record), set()).add(record.pk)
    for model in INDEX_ORDER:
        for record in model.objects.filter(pk__in=affected.get(model, ())).order_by("pk"):
            reindex(record)


def follow_publication(sender, publication, entry, **kwargs) -> None:
    """Bring the index in step with a publication (receiver of `publication_recorded`)."""
    if (postponed := _postponed.get()) is not None:
        postponed.append((publication, entry))
        return
    reindex(entry)
    referrers = find_referrers(entry=entry, publication=publication)
    for referrer in referrers:
        reindex(referrer)
    if referrers and entry.live:
        # It has values from those that point to it, under its present address only now.
        reindex(entry)
    for maker in find_makers(entry=entry, publication=publication):
        reindex(maker)


def follow_verifications(sender, entries, **kwargs) -> None:
    """Bring what is said of the freshness of entries in step with checks and sources (receiver)."""
    rows = {row.entry: row for row in ListingEntry.objects.filter(entry__in=entries)}
    documents = Publication.objects.filter(entry__in=rows).order_by("entry", "-sequence")
    for uid, row in rows.items():
        document = documents.filter(entry=uid).values_list("document", flat=True)[0]
        verifications = write_verifications(object_id=row.object_id, document=document)
        facets = Facets()
        add_freshness(facets, verifications.values())
        write_values({row: facets.held()}, facet="freshness", on=timezone.now().date())


def follow_label(sender, instance, created, **kwargs) -> None:
    """Bring those that carry a word of a vocabulary in step with it (receiver of `post_save`)."""
    if created:
        return
    match instance:
        case Segment():
            carriers = [*Organization.objects.filter(segments=instance), *Product.objects.filter(segments=instance)]
        case Layer():
            carriers = Product.objects.filter(layer=instance)
        case Modality():
            carriers = AIModel.objects.filter(Q(inputs=instance) | Q(outputs=instance)).distinct()
    carriers = [carrier for carrier in carriers if carrier.live]
    makers = {maker for carrier in carriers if carrier.kind in MADE for maker in live_makers(carrier)}
    for record in [*carriers, *makers]:
        reindex(record)


def live_makers(record) -> list[Organization]:
    """The live organizations that make a model or a product."""
    makers = record.makers.all() if record.kind == EntryKind.MODEL else [getattr(record, "maker", None)]
    return [maker for maker in makers if maker and maker.live]
