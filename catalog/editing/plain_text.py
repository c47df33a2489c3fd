"""Values as plain text, for spreadsheets and the inspect view."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django_countries.fields import Country

from catalog.editing.panels import form_label
from catalog.models.base import Row
from catalog.models.document import child_lists
from catalog.reading.details import row_class_of
from catalog.values import BilingualField, FuzzyDate


def spread(model: type[models.Model], names: tuple[str, ...] | list[str]) -> list[str]:
    """Return the names, with each bilingual text replaced by its two columns."""
    columns: list[str] = []
    for name in names:
        attribute = getattr(model, name)
        columns += attribute.columns if isinstance(attribute, BilingualField) else [name]
    return columns


def heading_of(model: type[models.Model], name: str) -> str:
    """Return the heading of a column or list."""
    return str(capfirst(form_label(model, name)))


def text_of(instance: models.Model, name: str) -> str:
    """Return one value of an object as text: choices by label, dates in ISO form, rows of lists in one line."""
    display = getattr(instance, f"get_{name}_display", None)
    if display:
        return str(display())
    value = getattr(instance, name)
    if hasattr(value, "all"):
        rows = name in child_lists(type(instance))
        return "; ".join(row_text(related) if rows else str(related) for related in value.all())
    return as_text(value)


def as_text(value: Any) -> str:
    """Return a value as text in the active language."""
    match value:
        case None:
            return ""
        case Country():
            return value.name
        case FuzzyDate():
            return value.isoformat()
        case datetime():
            return date_format(localtime(value), "DATETIME_FORMAT")
        case dict():
            return "; ".join(f"{key}: {text}" for key, text in value.items())
        case str():
            return " / ".join(value.splitlines())
    return str(value)


def row_text(row: Row) -> str:
    """Return the public values of a row in one line, without empty ones."""
    texts = (text_of(row, name) for name in row.document_fields)
    return ", ".join(text for text in texts if text)


def related_names(model: type[models.Model], names: list[str]) -> tuple[list[str], list[str]]:
    """Return which of the named relations to select and which to prefetch, so that rows need no further queries."""
    select, prefetch = [], []
    lists = child_lists(model)
    for name in names:
        if name in lists:
            prefetch.append(name)
            row = row_class_of(model, name)
            fields = [row._meta.get_field(field) for field in plain_fields(row)]
            prefetch += [f"{name}__{field.name}" for field in fields if field.is_relation]
        else:
            field = model._meta.get_field(name)
            if field.many_to_many:
                prefetch.append(name)
            elif field.is_relation:
                select.append(name)
    return select, prefetch


def plain_fields(row: type[Row]) -> list[str]:
    """Return the names of a row's public values, without bilingual texts."""
    return [name for name in row.document_fields if not isinstance(getattr(row, name), BilingualField)]
