"""The public document of an entry: everything that the public sees of it, as JSON, for pages, history and index alike.

    {"schema": 1, "kind": "model", "uid": "…", "slug": "gpt-3",
     "fields": {"released": "2020-05-28", "makers": ["openai"], "summary": {"en": "…", "zh": "…"}, …},
     "children": {"milestones": {"<key>": {"kind": "users", …}}},
     "citations": [{"field": "released", "item": "", "source": "arxiv-2005-14165", …}],
     "labels": {"organization": {"openai": {"en": "OpenAI", "zh": "OpenAI"}}, "source": {…}}}

Rows of lists are stored by their permanent key, and relations as sorted slugs. `labels` keeps the names of related
objects, so that an old document can still be read after those have changed. A change of this format increases SCHEMA
and needs a converter.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django_countries.fields import Country
from modelcluster.models import get_all_child_relations

from catalog.values import BilingualText, FuzzyDate, Money, Quantity

SCHEMA = 1

# The names of related objects, by group and slug.
Labels = dict[str, dict[str, dict[str, Any]]]


def build_document(*, entry: Any, fields: list[str]) -> dict[str, Any]:
    """Return the document of an entry; `fields` names its values and lists, in the order shown.

    `entry` is a `Record`, whose class imports this module.
    """
    labels: Labels = {}
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": entry.kind.value,
        "uid": str(entry.uid),
        "slug": entry.slug,
        "fields": {},
        "children": {},
        "citations": [],
        "labels": labels,
    }
    lists = child_lists(type(entry))
    for name in fields:
        if name in lists:
            document["children"][name] = {
                row.key: {field: to_json(getattr(row, field), labels) for field in row.document_fields}
                for row in getattr(entry, name).all()
            }
        else:
            document["fields"][name] = to_json(getattr(entry, name), labels)
    citations = list(entry.citations.all()) if "citations" in lists else []
    if citations:
        # One query for all sources, for drafts and live versions alike.
        found = (
            citations[0]
            ._meta.get_field("source")
            .related_model._default_manager.in_bulk({citation.source_id for citation in citations})
        )
    for citation in citations:
        # A citation in an unfinished draft may have no source yet.
        if citation.source_id in found:
            citation.source = found[citation.source_id]
        document["citations"].append(
            {
                "field": citation.field,
                "item": citation.item,
                "source": to_json(citation.source, labels),
                "stance": citation.stance,
                "stated": to_json(citation.stated, labels),
                "as_of": to_json(citation.as_of, labels),
                "quote": citation.quote,
                "locator": citation.locator,
            }
        )
    return document


def child_lists(model: type[models.Model]) -> dict[str, type[models.Model]]:
    """Return the lists of an entry by name, with the class of their rows: everything with a ParentalKey to it."""
    return {relation.get_accessor_name(): relation.related_model for relation in get_all_child_relations(model)}


def to_json(value: Any, labels: Labels) -> Any:
    """Return a value of an entry as JSON, and add the names of related objects to `labels`.

    Raises TypeError for a value of another type.
    """
    match value:
        case None | bool() | int() | str() | dict():
            # A TextChoices member is stored as its plain value.
            return getattr(value, "value", value)
        case Country():
            return value.code or ""
        case FuzzyDate() | date():
            return value.isoformat()
        case Quantity() | Money():
            return value.to_json()
        case BilingualText():
            return {"en": value.en, "zh": value.zh}
        case Decimal() | float():
            return format(value, "f") if isinstance(value, Decimal) else value
        case models.Model():
            return note_label(value, labels)
        case _ if hasattr(value, "all"):
            return sorted(note_label(related, labels) for related in value.all())
    raise TypeError(f"A document has no place for a {type(value).__name__}.")


def note_label(related: Any, labels: Labels) -> str:
    """Add the name of a related object to `labels` and return its slug.

    It is a `Record`, a `Label` of a vocabulary or a `Source`, whose classes import this module.
    The name of an object that is not live is left out: a reader of the document sees only names of live objects.
    """
    slug: str = related.slug
    if not getattr(related, "live", True):
        return slug
    group = labels.setdefault(getattr(related, "kind_name", related._meta.model_name), {})
    if hasattr(related, "name"):
        group[slug] = {"en": related.name_en, "zh": related.name_zh}
        if uid := getattr(related, "uid", None):
            # The slug may change, and another object may take it.
            group[slug]["uid"] = str(uid)
    else:
        group[slug] = {
            "id": related.pk,
            "title": related.title,
            "publisher": related.publisher,
            "url": related.url,
            "kind": related.kind,
            "language": related.language,
        }
    return slug


def flatten(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document's values and rows by path: `parameters`, `funding_rounds/series-a`."""
    flat = dict(document.get("fields", {}))
    for name, rows in document.get("children", {}).items():
        flat.update({f"{name}/{key}": row for key, row in rows.items()})
    return flat


def differences(*, old: dict[str, Any] | None, new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (path, old value, new value) for each value that differs, in the order of the new document."""
    before, after = flatten(old or {}), flatten(new)
    empty: tuple[Any, ...] = (None, "", [], {"en": "", "zh": ""})
    return [
        (path, before.get(path), after.get(path))
        for path in dict.fromkeys([*after, *before])
        if before.get(path) != after.get(path) and not (before.get(path) in empty and after.get(path) in empty)
    ]


def path_of(citation: dict[str, Any]) -> str:
    """Return the path of the value that a citation in a document refers to."""
    return f"{citation['field']}/{citation['item']}" if citation["item"] else citation["field"]


def covers(path: str, other: str) -> bool:
    """Return whether `other` is `path` itself or, for a list, one of its rows; the empty path includes every path."""
    return not path or other == path or other.startswith(f"{path}/")


def recited_paths(*, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the paths of the values whose citations differ between two documents."""
    said: list[dict[str, list[Any]]] = []
    for document in (old, new):
        paths: dict[str, list[Any]] = {}
        for citation in document["citations"]:
            paths.setdefault(path_of(citation), []).append(sorted(citation.items(), key=str))
        said.append({path: sorted(citations, key=str) for path, citations in paths.items()})
    before, after = said
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
