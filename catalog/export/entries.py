"""The export of one entry: flat columns for tables, nested values for JSON.

Columns are named after the fields in the registry of field groups, the same in both languages. `<name>` is the text on
the page, in the reader's language; `<name>_code` is the code in addresses and filters. A quantity has `<name>_low`,
`_high` and `_kind`; money also has its currency and the amount in US dollars; a date keeps its precision. Each value is
followed by its sources, their latest date, and the day of the current check of its field group.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.db import models
from django.urls import reverse
from django_countries.fields import CountryField

from catalog.export.spreadsheets import Cell
from catalog.listing.as_of import AsOf
from catalog.listing.facets import FACET_SETS, Facet, Range, Subject
from catalog.models import ListingEntry
from catalog.models.document import child_lists
from catalog.models.field_groups import UNCITED, fields_of, group_of
from catalog.models.kinds import EntryKind, find_kind, kind_of
from catalog.models.listing import ALWAYS_UNTIL, UNKNOWN
from catalog.reading.details import HEAD_FIELDS, Detail, field_of, row_class_of
from catalog.reading.facts import CitationView, RowView
from catalog.values import BilingualField, BilingualText, Money, MoneyField, QuantityField

# Separators: between the values in a cell, and between the rows or sources in a cell.
VALUES, ROWS = "; ", " | "
AMOUNT = ("low", "high", "kind")
MONEY_PARTS = ("currency", "usd_low", "usd_high", "usd_rate_date")
SOURCING = ("sources", "as_of", "checked")
HEAD = ("id", "address", "name_en", "name_zh", "aliases", "summary_en", "summary_zh", "published")
# The columns of the sheet of sources.
SOURCE_COLUMNS = (
    *("id", "name", "field", "row", "stance", "stated", "as_of", "title", "publisher", "source_kind", "source_address"),
    *("archived_copy", "quote", "locator"),
)


def list_columns(kind: EntryKind) -> list[str]:
    """Return the names of the columns of a kind, in order."""
    model, columns = kind_of(kind).model, list(HEAD)
    for name in fields_of(kind):
        if name in HEAD_FIELDS:
            continue
        columns += [column for declared in list_derived(kind, name) for column in columns_of(declared)]
        columns += [f"{name}{suffix}" for suffix in list_suffixes(model, name)]
        if name not in UNCITED:
            columns += [f"{name}_{part}" for part in SOURCING]
    return [*columns, "identifiers", "disputed"]


def list_derived(kind: EntryKind, field: str = "") -> list[Facet | Range]:
    """Return the exported facets and ranges of a kind; with `field`, only those derived from that value or list."""
    found = [item for item in FACET_SETS[kind].all if isinstance(item, Facet | Range) and item.exported]
    return [item for item in found if field in ("", item.field)]


def columns_of(declared: Facet | Range) -> list[str]:
    """Return the names of the columns of a facet or range."""
    return [declared.exported] if isinstance(declared, Facet) else list(declared.exported)


def list_suffixes(model, name: str) -> list[str]:
    """Return the suffixes that, added to the name of a value, make the names of its columns."""
    if name in child_lists(model):
        return [""]
    match field_of(model, name):
        case BilingualField():
            return ["_en", "_zh"]
        case QuantityField():
            return [f"_{part}" for part in AMOUNT]
        case MoneyField():
            return [f"_{part}" for part in (*AMOUNT, *MONEY_PARTS)]
        case column if is_coded(column):
            return ["", "_code"]
    return [""]


def is_coded(column) -> bool:
    """Return whether a column holds codes of things with names: choices, countries, entries or vocabulary words."""
    return isinstance(column, CountryField) or bool(column.related_model) or bool(column.flatchoices)


@dataclass
class EntryExport:
    """The export of one entry on a day, made from its listing row and its public document.

    An entry that was withdrawn later has no `detail`, because it has no pages of earlier days: only its listing row is
    exported. `origin` is the scheme and host of this site. Texts are in the active language.
    """

    entry: ListingEntry
    detail: Detail | None
    as_of: AsOf
    origin: str

    @property
    def address(self) -> str:
        page = reverse(f"catalog:{self.entry.kind}", args=[self.entry.slug])
        return self.origin + self.as_of.add_to(page)

    @property
    def published(self) -> str:
        return self.entry.published_at.isoformat(timespec="seconds")

    @property
    def known_detail(self) -> Detail:
        """The details. Raises ValueError for an entry without them."""
        if self.detail is None:
            raise ValueError(f"There are no details of {self.entry} to export.")
        return self.detail

    @property
    def fields(self) -> dict:
        return self.known_detail.document["fields"]

    def cells(self) -> dict[str, Cell]:
        """Return the cells by column name; a missing one is unknown."""
        entry = self.entry
        cells: dict[str, Cell] = {
            "id": str(entry.entry),
            "address": self.address,
            "name_en": entry.name_en,
            "name_zh": entry.name_zh,
            "summary_en": entry.summary_en,
            "summary_zh": entry.summary_zh,
            "published": self.published,
        }
        if self.detail is None:
            return cells
        fields, kind = self.fields, self.detail.kind
        cells["aliases"] = VALUES.join(self.detail.aliases)
        cells["identifiers"] = VALUES.join(f"{name}: {text}" for name, text in (fields["identifiers"] or {}).items())
        cells["disputed"] = VALUES.join(sorted(self.detail.disputed))
        for name in fields_of(kind):
            if name in HEAD_FIELDS:
                continue
            cells.update(self.read_cells(name))
            if name not in UNCITED and (name in self.detail.facts or self.detail.lists.get(name)):
                cells.update(self.read_sourcing(name))
        for derived in self.derived.values():
            cells.update(derived)
        return cells

    def read_cells(self, name: str) -> dict[str, Cell]:
        """Return the cells of one value or list."""
        if name == "links":
            rows = self.known_detail.document["children"]["links"].values()
            return {name: ROWS.join(f"{row['link_kind']}: {row['url']}" for row in rows)}
        if name in self.known_detail.lists:
            return {name: ROWS.join(self.row_text(name, row) for row in self.known_detail.lists[name])}
        fact = self.known_detail.facts.get(name)
        if fact is None:
            return {}
        raw = self.fields[name]
        match field_of(self.known_detail.model, name):
            case BilingualField():
                return in_both(name, raw)
            case QuantityField() | MoneyField():
                return {f"{name}_{part}": value for part, value in in_numbers(raw).items()}
            case column if is_coded(column):
                text = VALUES.join(str(value.text) for value in fact.values)
                return {name: text, f"{name}_code": VALUES.join(self.codes(column, raw))}
        return {name: raw if isinstance(raw, str) else str(fact.values[0].text)}

    def read_sourcing(self, name: str) -> dict[str, Cell]:
        supports = [it for path, it in self.citations_of(name) if not it.contradicts]
        checked = self.checked(name)
        return {
            f"{name}_sources": ROWS.join(dict.fromkeys(source_text(citation) for citation in supports)),
            f"{name}_as_of": max(it.as_of for it in supports).isoformat() if supports else None,
            f"{name}_checked": checked,
        }

    def citations_of(self, name: str) -> Iterator[tuple[str, CitationView]]:
        """Yield the citations of a value, or of a list and its rows, each with its path."""
        for path, citations in self.known_detail.citations.items():
            if path.partition("/")[0] == name:
                yield from ((path, citation) for citation in citations)

    def checked(self, name: str) -> str | None:
        """Return the day of the current check of a value's field group, in ISO form; None if there is none."""
        at = self.known_detail.verifications[group_of(kind=self.known_detail.kind, field=name)].checked_at
        return at.date().isoformat() if at else None

    def codes(self, column, raw) -> list[str]:
        """Return the codes of a value in addresses, without those of targets that the public doesn't see."""
        values = [raw] if isinstance(raw, str) else raw
        target = column.related_model
        if target is None:
            return values
        target_kind = find_kind(target)
        kind = target_kind.key.value if target_kind else target._meta.model_name
        live, labels = self.known_detail.live_targets, self.known_detail.document["labels"].get(kind, {})
        # A target that is neither live nor named in the document is a draft.
        return [
            live[kind, slug].slug if (kind, slug) in live else slug
            for slug in values
            if (kind, slug) in live or slug in labels
        ]

    def row_text(self, name: str, row: RowView) -> str:
        """Return a row of a list in one line."""
        # The database doesn't keep the order of JSON keys.
        parts = row_class_of(self.known_detail.model, name).document_fields
        values = [value for part in parts if part in row.cells for value in row.cells[part].values]
        return VALUES.join(str(value.text) for value in values)

    @cached_property
    def derived(self) -> dict[str, dict[str, Cell]]:
        """The cells of exported facets and ranges, by the field group that they are derived from."""
        detail = self.known_detail
        kind = detail.kind
        derived: dict[str, dict[str, Cell]] = {}
        subject = Subject(document=detail.document, verifications=detail.verifications, on=self.as_of.on)
        for declared in list_derived(kind):
            cells = derived.setdefault(group_of(kind=kind, field=declared.field), {})
            if isinstance(declared, Facet):
                its = [it.value for it in declared.read(subject) if it.since <= subject.on < it.until]
                cells[declared.exported] = VALUES.join(value for value in its if value != UNKNOWN) or None
            else:
                row = declared.read(subject)
                cells.update({column: in_file(row[name]) for column, name in declared.exported.items()})
        return derived

    def list_sources(self) -> Iterator[dict[str, Cell]]:
        """Yield a row for the sheet of sources for every citation."""
        if self.detail is None:
            return
        for name in fields_of(self.entry.kind):
            for path, citation in self.citations_of(name):
                yield {
                    "id": str(self.entry.entry),
                    "name": self.detail.name.text,
                    "field": name,
                    "row": path.partition("/")[2],
                    **describe_citation(citation),
                }

    # --- JSON ----------------------------------------------------------------------------------------------

    def as_json(self) -> dict:
        """Return the entry with nested values: as shown (`text`), as stored (`value`), and with their sources."""
        entry = self.entry
        head = {
            "id": str(entry.entry),
            "kind": entry.kind,
            "slug": entry.slug,
            "address": self.address,
            "name": {"en": entry.name_en, "zh": entry.name_zh},
            "summary": {"en": entry.summary_en, "zh": entry.summary_zh},
            "published": self.published,
        }
        if self.detail is None:
            return head
        fields, lists = self.fields, child_lists(self.detail.model)
        links = self.detail.document["children"].get("links", {}).values()
        return {
            **head,
            "aliases": self.detail.aliases,
            "values": {
                name: {"value": self.value_json(field_of(self.detail.model, name), fields[name]), **self.shown(fact)}
                for name, fact in self.detail.facts.items()
            },
            "lists": {
                name: [
                    {
                        "key": row.key,
                        "value": {
                            part: self.value_json(field_of(lists[name], part), self.raw_row(name, row)[part])
                            for part in row_class_of(self.detail.model, name).document_fields
                            if part in row.cells
                        },
                        **self.shown(row.fact, text=self.row_text(name, row)),
                    }
                    for row in rows
                ]
                for name, rows in self.detail.lists.items()
                if rows
            },
            **self.derived,
            "links": [dict(row) for row in links],
            "identifiers": fields["identifiers"] or {},
        }

    def raw_row(self, name: str, row: RowView) -> dict:
        return self.known_detail.document["children"][name][row.key]

    def value_json(self, column, raw):
        """Return a stored value with numbers as numbers, without targets that the public doesn't see."""
        match column:
            case BilingualField():
                return raw
            case QuantityField() | MoneyField():
                return {part: to_json_number(value) for part, value in in_numbers(raw).items()}
            case models.DecimalField():
                return to_json_number(Decimal(raw))
            case _ if column.related_model:
                codes = self.codes(column, raw)
                return codes if isinstance(raw, list) else codes[0]
        return raw

    def shown(self, fact, *, text: str | None = None) -> dict:
        """Return what accompanies a value in JSON: its text, dates and sources."""
        return {
            "text": text if text is not None else VALUES.join(str(value.text) for value in fact.values),
            "as_of": fact.as_of and fact.as_of.isoformat(),
            "checked": self.checked(fact.name),
            "sources": [describe_citation(citation) for citation in fact.citations],
        }


def in_file(value: date | float | None) -> Cell:
    """Return the cell for one end of a range; None for the "never ends" date."""
    if isinstance(value, date):
        return None if value == ALWAYS_UNTIL else value.isoformat()
    return value


def in_both(name: str, raw: dict) -> dict[str, Cell]:
    """Return the two cells of a bilingual text."""
    return {f"{name}_en": raw["en"], f"{name}_zh": raw["zh"]}


def in_numbers(raw: dict) -> dict[str, Cell]:
    """Return the parts of a quantity or an amount of money, with numbers; None for a missing part."""
    parts: dict[str, Cell] = {
        "low": number(raw["low"]),
        "high": number(raw["high"]),
        "kind": raw["kind"],
    }
    if "currency" in raw:
        money = Money.from_json(raw)
        parts.update(
            currency=money.currency,
            usd_low=money.usd_low,
            usd_high=money.usd_high,
            usd_rate_date=raw["rate_date"],
        )
    return parts


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def to_json_number(value: Cell) -> Cell:
    """Return a decimal as an int or a float for JSON; other cells unchanged."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def source_text(citation: CitationView) -> str:
    """Return a source in one line: its title, and its address if it has one."""
    source = citation.source
    return f"{source.title} <{source.url}>" if source.url else source.title


def describe_citation(citation: CitationView) -> dict[str, Cell]:
    """Return the cells of one citation."""
    source = citation.source
    return {
        "stance": "contradicts" if citation.contradicts else "supports",
        "stated": str(citation.stated) if isinstance(citation.stated, BilingualText) else "",
        "as_of": citation.as_of.isoformat(),
        "title": source.title,
        "publisher": source.publisher,
        "source_kind": source.kind,
        "source_address": source.url,
        "archived_copy": source.archived_url,
        "quote": citation.quote,
        "locator": citation.locator,
    }
