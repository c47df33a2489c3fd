"""The past versions of an entry as the public saw them, and what each version changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from catalog.models import Change, Publication, Source
from catalog.models.approval import ApprovalKind
from catalog.models.history import UNPUBLISHED_ACTIONS
from catalog.reading.details import Detail, field_of, label_of, row_class_of
from catalog.reading.facts import CitationView, Value
from catalog.values import BilingualText


@dataclass
class ChangedValue:
    """One value that a publication changed: before, after, and the sources of the new value."""

    label: object
    old: list[Value]
    new: list[Value]
    citations: list[CitationView] = field(default_factory=list)


@dataclass
class Version:
    """One publication of an entry, as its history shows it."""

    publication: Publication
    values: list[ChangedValue]

    @property
    def is_shown(self) -> bool:
        """Whether the public could see the entry after this publication."""
        return self.publication.action not in UNPUBLISHED_ACTIONS

    @property
    def who(self) -> str:
        """Who published it: by name if the person chose to be named, else by role."""
        actor = self.publication.actor
        if actor is None:
            return str(ApprovalKind.SHIPPED.label)
        choice = getattr(actor, "history_choice", None)
        if choice and choice.shows_name and (name := actor.get_full_name()):
            return name
        # Role names are among the translated strings.
        return pgettext("between values", ", ").join(_(group.name) for group in actor.groups.all()) or _("Someone")

    @property
    def reason(self) -> BilingualText:
        """Why the entry was withdrawn or merged; empty for other publications."""
        return BilingualText(**(self.publication.reason or {}))


def list_versions(publications: Iterable[Publication]) -> list[Version]:
    """Return consecutive publications of one entry, newest first, each compared with the one before; one query."""
    publications = list(publications)
    first = publications[-1]
    before = Publication.objects.of(first.entry).filter(sequence=first.sequence - 1).first()
    details = [as_it_was(it.document) for it in publications]
    earlier = [*details[1:], as_it_was(before.document) if before else None]
    return [
        Version(
            publication=publication,
            values=[read_change(change, before=old, after=new) for change in publication.changes.all()],
        )
        for publication, new, old in zip(publications, details, earlier, strict=True)
    ]


def as_it_was(document: dict) -> Detail:
    """Return the detail of a document with the names of its time: its targets are not linked and need no query."""
    return Detail(document=document, live_targets={})


def read_change(change: Change, *, before: Detail | None, after: Detail) -> ChangedValue:
    """Return a change in the reader's language."""
    name, _slash, item = change.path.partition("/")
    return ChangedValue(
        label=label_of(after.model, name),
        old=read_raw(before, change.path, change.old) if before else [],
        new=read_raw(after, change.path, change.new),
        citations=[*after.citations.get(change.path, ()), *(after.citations.get(name, ()) if item else ())],
    )


def read_raw(detail: Detail, path: str, raw) -> list[Value]:
    """Return the values to show for a document's value, or for a row of a list (`name/key`)."""
    name, _slash, item = path.partition("/")
    if raw is None:
        return []
    if item:
        row_class = row_class_of(detail.model, name)
        # The database doesn't keep the order of JSON keys.

        cells = [(field_of(row_class, cell), raw.get(cell)) for cell in row_class.document_fields]
        return [value for column, part in cells for value in detail.read_values(column, part)]
    column = field_of(detail.model, name)
    if name == "aliases":
        return [Value(alias) for alias in raw.splitlines()]
    if name == "identifiers":
        return [Value(f"{key}: {text}") for key, text in raw.items()]
    if getattr(column, "related_model", None) is Source:
        labels = detail.document["labels"].get("source", {})
        return [Value(labels[slug]["title"]) for slug in raw if slug in labels]
    return detail.read_values(column, raw)
