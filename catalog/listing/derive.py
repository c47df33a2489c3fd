"""Derives a listing row's columns and facet values from a public document.

`catalog.listing.facets` declares them, and which of them come from neighbours. `catalog.listing.index` finds the
neighbours and writes the rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pypinyin import Style, lazy_pinyin

from catalog.listing.facets import FACET_SETS, CheckedRange, During, Facet, Subject
from catalog.listing.rows import DatedValue
from catalog.models.kinds import EntryKind
from catalog.models.listing import UNKNOWN


@dataclass
class Facets:
    """The facet values of one entry: `{facet: {value: (first day, day after the last)}}`."""

    values: dict[str, dict[str, tuple[date, date]]] = field(default_factory=dict)

    def add(self, facet: str, values: Iterable[During]) -> None:
        """Add values with their days."""
        for value, since, until in values:
            self.values.setdefault(facet, {})[value] = (since, until)

    def dated_values(self) -> list[DatedValue]:
        """Return all values with their days."""
        return [(facet, value, *days) for facet, values in self.values.items() for value, days in values.items()]


def derive_facets(
    *,
    subject: Subject,
    declared: Iterable[Facet | CheckedRange],
    inherited: Mapping[str, set[str]] | None = None,
    parents: Mapping[str, str] | None = None,
) -> Facets:
    """Return an entry's values of some facets, from the day of `subject` on.

    `inherited` has the values from its neighbours (see `find_inherited`); `parents` maps a segment to its parent.
    """
    facets = Facets()
    for item in declared:
        facets.add(item.name, (During(value) for value in (inherited or {}).get(item.name, ())))
        facets.add(item.name, item.read(subject))
        if isinstance(item, CheckedRange):
            continue
        if item.tree and parents:
            its = facets.values.get(item.name, ())
            facets.add(item.name, [During(parents[value]) for value in its if value in parents])
        if item.name not in facets.values:
            facets.add(item.name, [During(UNKNOWN)])
    return facets


def derive_row(subject: Subject) -> dict[str, Any]:
    """Return the columns of the listing row that are derived from the entry itself."""
    document, fields, kind = subject.document, subject.fields, subject.kind
    summary = fields["summary"] if fields.get("summary") else fields["definition"]
    row = {
        "kind": kind,
        "slug": document["slug"],
        "name_en": fields["name"]["en"] or fields["name"]["zh"],
        "name_zh": fields["name"]["zh"] or fields["name"]["en"],
        "aliases": fields["aliases"],
        "summary_en": summary["en"],
        "summary_zh": summary["zh"],
        # Sorted, since a database may not preserve the order of a document.
        "text": "\n".join(sorted(set(list_searched_texts(document)))),
    }
    row["sort_en"] = row["name_en"].casefold()[:200]
    row["sort_zh"] = pinyin_key(row["name_zh"])[:300]
    for declared in FACET_SETS[kind].stored_ranges:
        row.update(declared.read(subject))
    return row


def pinyin_key(text: str) -> str:
    """Return the sort key of a name: Chinese by its pinyin, among Latin names."""
    return " ".join(lazy_pinyin(text, style=Style.TONE3)).casefold()


def list_searched_texts(document: dict[str, Any]) -> Iterable[str]:
    """Yield every text by which search can find an entry: names, summary, rows of lists, names of related objects."""
    fields = document["fields"]
    for value in [
        *fields.values(),
        *(v for rows in document["children"].values() for r in rows.values() for v in r.values()),
    ]:
        if isinstance(value, dict) and "en" in value:
            yield value["en"]
            yield value["zh"]
    for group, labels in document["labels"].items():
        # Related terms are left out: a term should not be found by another term's name.
        if group != "source" and (group, document["kind"]) != ("term", EntryKind.TERM):
            for label in labels.values():
                yield label["en"]
                yield label["zh"]
