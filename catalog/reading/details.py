"""The page of one entry, built from its public document: facts with sources, dates and, where they differ, both sides.

Present pages, previews and past versions all come from a document, so that they can't disagree.
"""

from collections.abc import Iterable
from dataclasses import replace

from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from django_countries.fields import CountryField

from catalog.listing.as_of import AsOf
from catalog.listing.facets import FACET_SETS
from catalog.models import ListingEntry, Source
from catalog.models.base import Row
from catalog.models.choices import FieldGroup, Stance
from catalog.models.document import child_lists, path_of
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.kinds import EntryKind, find_kind, kind_of
from catalog.models.verification import Verification
from catalog.publishing.verification import disputed_paths, read_verifications
from catalog.reading.facts import CitationView, Fact, Group, RowView, SourceView, Value
from catalog.values import (
    BilingualField,
    BilingualText,
    FuzzyDate,
    FuzzyDateField,
    Money,
    MoneyField,
    Quantity,
    QuantityField,
)

# Shown at the top of the page, not among the facts.
HEAD_FIELDS = frozenset({"name", "aliases", "summary", "identifiers", "definition"})
IDENTIFIER_ADDRESSES = {
    "arxiv": ("arXiv", "https://arxiv.org/abs/"),
    "doi": ("DOI", "https://doi.org/"),
    "huggingface": ("Hugging Face", "https://huggingface.co/"),
    "github": ("GitHub", "https://github.com/"),
    "wikidata": ("Wikidata", "https://www.wikidata.org/wiki/"),
}


class Detail:
    """The contents of the page of an entry or term: the present, a draft (`preview`), or a past day (`as_of`).

    The present document and a draft link sources at their present addresses. Data from outside the document
    (`verifications`, `live_targets`, `addresses`) is read on first use, unless the caller passes it.
    """

    def __init__(
        self,
        *,
        document: dict,
        preview: bool = False,
        present: bool = False,
        as_of: AsOf | None = None,
        verifications: dict[str, Verification] | None = None,
        live_targets: dict[tuple[str, str], ListingEntry] | None = None,
        addresses: dict[int, dict[str, str]] | None = None,
    ) -> None:
        self.document = document
        self.preview = preview
        self.present = present or preview
        self.as_of = as_of or AsOf(QueryDict())
        self.kind = EntryKind(document["kind"])
        self.model = kind_of(self.kind).model
        self.slug = document["slug"]
        fields = document["fields"]
        self.name = read_bilingual(fields["name"])
        self.aliases = fields["aliases"].splitlines()
        self.summary = read_bilingual(fields.get("summary") or fields["definition"])
        self.disputed = disputed_paths(document)
        self._verifications, self._live_targets, self._addresses = verifications, live_targets, addresses

    @property
    def heading(self):
        """The heading of the listing of its kind, or of the glossary."""
        return kind_of(self.kind).heading

    @property
    def room_url(self) -> str:
        """The address of the listing of its kind, or of the glossary."""
        return reverse(f"catalog:{kind_of(self.kind).slug}")

    # --- sources -------------------------------------------------------------------------------------------

    @cached_property
    def sources(self) -> dict[str, SourceView]:
        """The sources by slug, numbered in the order in which the page cites them."""
        labels = self.document["labels"].get("source", {})
        addresses = self.addresses
        return {
            slug: SourceView(
                number=number,
                id=labels[slug]["id"],
                title=labels[slug]["title"],
                publisher=labels[slug]["publisher"],
                kind=labels[slug]["kind"],
                language=labels[slug]["language"],
                **addresses.get(labels[slug]["id"], {"url": labels[slug]["url"]}),
            )
            for number, slug in enumerate(list_source_slugs(self.document), start=1)
        }

    def number_sources(self, numbers: dict[int, int]) -> None:
        """Continue the numbering of other entries on the page: `numbers` maps source ids to numbers, and is updated."""
        self.sources = {
            slug: replace(source, number=numbers.setdefault(source.id, len(numbers) + 1))
            for slug, source in self.sources.items()
        }

    @cached_property
    def addresses(self) -> dict[int, dict[str, str]]:
        """The present addresses of its sources, by id: a document doesn't change when a source moves."""
        if self._addresses is not None:
            return self._addresses
        return read_addresses([self.document]) if self.present else {}

    @cached_property
    def citations(self) -> dict[str, list[CitationView]]:
        """The citations by path."""
        citations: dict[str, list[CitationView]] = {}
        for citation in self.document["citations"]:
            citations.setdefault(path_of(citation), []).append(
                CitationView(
                    source=self.sources[citation["source"]],
                    as_of=FuzzyDate.parse(citation["as_of"]),
                    contradicts=citation["stance"] == Stance.CONTRADICTS,
                    stated=read_bilingual(citation["stated"]),
                    quote=citation["quote"],
                    locator=citation["locator"],
                )
            )
        return citations

    # --- facts ---------------------------------------------------------------------------------------------

    @cached_property
    def verifications(self) -> dict[str, Verification]:
        """The verification of each field group, by the group's name."""
        if self._verifications is not None:
            return self._verifications
        return read_verifications(self.document, until=self.as_of.until if self.as_of.is_past else None)

    @cached_property
    def groups(self) -> list[Group]:
        """The field groups that have something to show, each with its plain facts."""
        groups = []
        for name, names in FIELD_GROUPS[self.kind].items():
            facts = []
            for item in names:
                if item in HEAD_FIELDS or item not in self.document["fields"]:
                    continue
                column = field_of(self.model, item)
                values = self.read_values(column, self.document["fields"][item])
                if values:
                    facts.append(
                        Fact(
                            name=item,
                            label=column.verbose_name,
                            values=values,
                            citations=self.citations.get(item, []),
                            group=name,
                            verification=self.verifications[name],
                            on=self.as_of.on,
                        )
                    )
            rows = [row.fact for item in names for row in self.lists.get(item, ())]
            if facts or rows:
                groups.append(
                    Group(
                        name=name,
                        label=FieldGroup(name).label,
                        facts=facts,
                        verification=self.verifications[name],
                        on=self.as_of.on,
                        rows=rows,
                    )
                )
        return groups

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """The plain facts by name."""
        return {fact.name: fact for group in self.groups for fact in group.facts}

    @cached_property
    def lists(self) -> dict[str, list[RowView]]:
        """The rows of each list, except links, which have no sources."""
        return {name: self.rows(name) for name in self.document["children"] if name != "links"}

    def rows(self, name: str) -> list[RowView]:
        """Return the rows of a list, as shown."""
        row_class = row_class_of(self.model, name)
        group = next(group for group, names in FIELD_GROUPS[self.kind].items() if name in names)
        views = []
        for key, row in self.document["children"].get(name, {}).items():
            citations = self.citations.get(f"{name}/{key}", []) + self.citations.get(name, [])
            cells = {}
            for item, raw in row.items():
                column = field_of(row_class, item)
                values = self.read_values(column, raw)
                if values:
                    cells[item] = Fact(name=item, label=column.verbose_name, values=values, group=group)
            fact = Fact(
                name=name,
                label=row_class._meta.verbose_name,
                values=[],
                citations=citations,
                group=group,
                verification=self.verifications[group],
                on=self.as_of.on,
            )
            views.append(RowView(key=key, cells=cells, citations=citations, fact=fact))
        return views

    @cached_property
    def milestones(self) -> list[RowView]:
        """The milestones, oldest first."""
        rows = self.document["children"].get("milestones", {})
        return sorted(self.lists.get("milestones", ()), key=lambda row: FuzzyDate.parse(rows[row.key]["date"]))

    @cached_property
    def funding_rounds(self) -> list[RowView]:
        """The funding rounds, newest first."""
        rows = self.document["children"].get("funding_rounds", {})
        return sorted(self.rows("funding_rounds"), key=lambda row: rows[row.key]["announced"] or "", reverse=True)

    @cached_property
    def people(self) -> list[RowView]:
        return self.lists.get("people", [])

    @cached_property
    def measurements(self) -> list[RowView]:
        return self.lists.get("measurements", [])

    @cached_property
    def price_plans(self) -> list[RowView]:
        return self.lists.get("price_plans", [])

    @cached_property
    def lineage(self) -> list[RowView]:
        """The models that a model comes from."""
        return self.lists.get("lineage", [])

    @cached_property
    def related_terms(self) -> list[Value]:
        """The related terms of a term."""
        return self.read_values(field_of(self.model, "related"), self.document["fields"]["related"])

    @cached_property
    def links(self) -> list[Value]:
        """The entry's own links, then its external identifiers."""
        if "links" not in self.document["children"]:
            return []
        column = field_of(child_lists(self.model)["links"], "link_kind")
        kinds = dict(column.flatchoices)
        links = [
            Value(kinds[row["link_kind"]], row["url"]) for row in self.document["children"].get("links", {}).values()
        ]
        known = {link.url for link in links}
        for name, identifier in (self.document["fields"].get("identifiers") or {}).items():
            label, address = IDENTIFIER_ADDRESSES[name]
            if identifier and f"{address}{identifier}" not in known:
                links.append(Value(f"{label}: {identifier}", f"{address}{identifier}"))
        return links

    # --- values --------------------------------------------------------------------------------------------

    @cached_property
    def live_targets(self) -> dict[tuple[str, str], ListingEntry]:
        """The live entries that this one points to, by the kind and slug in the document; one query.

        An entry that was live when the document was written is found by its permanent id, even if its slug changed.
        """
        if self._live_targets is not None:
            return self._live_targets
        return find_targets([self.document], as_of=self.as_of)[0]

    def read_values(self, column, raw) -> list[Value]:
        """Return the values to show for a column's JSON value; an empty list for an empty one."""
        if raw in (None, "", [], {}):
            return []
        target = getattr(column, "related_model", None)
        match column:
            case BilingualField():
                text = read_bilingual(raw)
                return [Value(text)] if text else []
            case QuantityField():
                return [Value(Quantity.from_json(raw))]
            case MoneyField():
                return [Value(Money.from_json(raw))]
            case FuzzyDateField():
                return [Value(FuzzyDate.parse(raw))]
            case CountryField():
                return [Value(countries.name(raw), self.listing_url("country", raw))]
            case models.DecimalField():
                return [Value(Quantity.parse(raw))]
            case models.URLField():
                return [Value(raw, raw)]
            case _ if target is not None:
                slugs = [raw] if isinstance(raw, str) else raw
                return [value for slug in slugs if (value := self.read_relation(column.name, target, slug))]
            case models.BooleanField():
                return [Value(_("Yes"))] if raw else []
            case _ if column.flatchoices:
                facet = FACET_SETS[self.kind].by_field.get(column.name, "") if column.model is self.model else ""
                return [Value(dict(column.flatchoices).get(raw, raw), self.listing_url(facet, raw) if facet else "")]
        return [Value(raw)]

    def read_relation(self, name: str, target, slug: str) -> Value | None:
        """Return the link to the target of a relation; None if the public doesn't see the target."""
        if target_kind := find_kind(target):
            kind = target_kind.key.value
            if row := self.live_targets.get((kind, slug)):
                text = BilingualText(en=row.name_en, zh=row.name_zh)
                return Value(text, self.as_of.add_to(reverse(f"catalog:{kind}", args=[row.slug])))
            label = self.document["labels"].get(kind, {}).get(slug)
            return Value(read_bilingual(label)) if label else None
        label = self.document["labels"].get(target._meta.model_name, {}).get(slug)
        facet = FACET_SETS[self.kind].by_field.get(name, "")
        return Value(read_bilingual(label), self.listing_url(facet, slug)) if label else None

    def listing_url(self, facet: str, value: str) -> str:
        """Return the address of this kind's listing, filtered by a value; empty if there is no such filter."""
        kind = kind_of(self.kind)
        if not facet or not kind.is_entry:
            return ""
        return self.as_of.add_to(f"{reverse(f'catalog:{kind.slug}')}?{facet}={value}")


def find_targets(documents: Iterable[dict], *, as_of: AsOf) -> list[dict[tuple[str, str], ListingEntry]]:
    """Return the live targets of each document, by kind and slug; one query for all of them."""
    wanted = [list_targets(document) for document in documents]
    pairs = {pair for targets in wanted for pair in targets.items()}
    unlabelled = {key for key, uid in pairs if not uid}
    rows = (
        as_of.entries()
        .filter(
            Q(entry__in={uid for key, uid in pairs if uid})
            | Q(kind__in={kind for kind, slug in unlabelled}, slug__in={slug for kind, slug in unlabelled})
        )
        .only("entry", "kind", "slug", "name_en", "name_zh")
    )
    by_uid = {str(row.entry): row for row in rows}
    by_slug = {(row.kind, row.slug): row for row in rows}
    found = [{key: by_uid.get(uid) if uid else by_slug.get(key) for key, uid in targets.items()} for targets in wanted]
    return [{key: row for key, row in targets.items() if row} for targets in found]


def list_targets(document: dict) -> dict[tuple[str, str], str | None]:
    """Return the targets of a document: permanent ids by kind and slug, None for targets that weren't live then."""
    model = kind_of(document["kind"]).model
    rows = [(child_lists(model)[name], row) for name, rows in document["children"].items() for row in rows.values()]
    targets = {}
    for row_model, values in [(model, document["fields"]), *rows]:
        for name, raw in values.items():
            if target := find_kind(getattr(field_of(row_model, name), "related_model", None)):
                kind = target.key.value
                for slug in [raw] if isinstance(raw, str) else raw or ():
                    targets[kind, slug] = document["labels"].get(kind, {}).get(slug, {}).get("uid")
    return targets


def list_source_slugs(document: dict) -> list[str]:
    """Return the slugs of the sources that a document cites, each once."""
    cited = [citation["source"] for citation in document["citations"]]
    return list(dict.fromkeys(cited or document["fields"].get("sources", [])))


def read_addresses(documents: Iterable[dict]) -> dict[int, dict[str, str]]:
    """Return the present addresses of the sources of documents, by id; one query."""
    ids = {document["labels"]["source"][slug]["id"] for document in documents for slug in list_source_slugs(document)}
    rows = Source.objects.filter(pk__in=ids).values("id", "url", "archived_url")
    return {row.pop("id"): row for row in rows}


def row_class_of(model: type[models.Model], name: str) -> type[Row]:
    """Return the class of the rows of a list; raise TypeError for a list without public rows, such as citations."""
    row_class = child_lists(model)[name]
    if not issubclass(row_class, Row):
        raise TypeError(f"{name} is not a list of rows that the public sees.")
    return row_class


def field_of(model: type[models.Model], name: str):
    """Return a model's column, or pair of bilingual columns, by name."""
    value = getattr(model, name)
    return value if isinstance(value, BilingualField) else model._meta.get_field(name)


def label_of(model: type[models.Model], name: str) -> str:
    """Return the label that public pages use for a value or a list of an entry."""
    lists = child_lists(model)
    if name not in lists:
        return str(capfirst(field_of(model, name).verbose_name))
    return str(capfirst(lists[name]._meta.verbose_name_plural))


def read_bilingual(raw: dict) -> BilingualText:
    """Return the bilingual text that a document holds as `{"en": …, "zh": …}`."""
    return BilingualText(en=raw["en"], zh=raw["zh"])
