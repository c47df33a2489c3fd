"""Compare two versions value by value: for the review screen, for a stale form, and for notices."""

from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from wagtail.fields import StreamField
from wagtail.utils.text import text_from_html

from catalog.editing.marking import LONGEST_VERSION, BodyComparison, mark_texts, show_whole
from catalog.editing.plain_text import row_text, text_of
from catalog.models.approval import BOOKKEEPING
from catalog.models.base import Entry, Row
from catalog.models.document import child_lists
from catalog.models.field_groups import UNCITED, fields_of
from catalog.values import BilingualField


@dataclass
class ValueChange:
    """One value, or one row of a list, that differs between two versions."""

    label: str
    old: str
    new: str
    # Old and new in one, as HTML with deletions and additions marked.
    marked: str = ""
    # The sources of the value in the two versions, as text.
    old_sources: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    # Whether it needs a source but has none in the newer version.
    is_unsourced: bool = False

    @property
    def sources_changed(self) -> bool:
        return self.old_sources != self.sources

    @property
    def keeps_old_sources(self) -> bool:
        """Whether a new value has exactly the sources of the old one."""
        is_new = bool(self.old and self.new and self.old != self.new)
        return is_new and bool(self.sources) and not self.sources_changed


def describe_changes(*, record, revision, since) -> list[ValueChange]:
    """Return the changes from the revision `since` to `revision`, in the order of the values.

    Everything is a change if `since` is None.
    """
    changes = compare(old=since and since.as_object(), new=revision.as_object())
    needs_source = {*fields_of(record.kind)} - UNCITED if isinstance(record, Entry) else ()
    for path, change in changes.items():
        name = cited_path(type(record), path).partition("/")[0]
        change.is_unsourced = bool(name in needs_source and change.new and not change.sources)
    return list(changes.values())


def compare(*, old, new) -> dict[str, ValueChange]:
    """Return the values and rows that differ between two versions, by path: `released`, `milestones/launch`.

    Everything is new if `old` is None.
    """
    model = type(new)
    before, after = read_values(old), read_values(new)
    old_sources, sources = read_version_sources(old), read_version_sources(new)
    changes = {}
    left = LONGEST_VERSION
    for path in dict.fromkeys([*after, *before]):
        cited = cited_path(model, path)
        change = ValueChange(
            label=label_for(model, path),
            old=before.get(path, ""),
            new=after.get(path, ""),
            old_sources=old_sources.get(cited, ()),
            sources=sources.get(cited, ()),
        )
        if change.old == change.new and not change.sources_changed:
            continue
        if change.old and change.new and change.old != change.new:
            left -= len(change.old) + len(change.new)
            change.marked = (
                mark_difference(old, new, path, change) if left >= 0 else show_whole(change.old, change.new).to_html()
            )
        changes[path] = change
    return changes


def read_values(version) -> dict[str, str]:
    """Return the values of a version as text in the active language, by path, without empty ones."""
    if version is None:
        return {}
    lists = child_lists(type(version))
    values: dict[str, str] = {}
    for name in version.serializable_data():
        if name in BOOKKEEPING or name == "citations":
            continue
        if name in lists:
            rows = getattr(version, name).all()
            if issubclass(lists[name], Row):
                values |= {f"{name}/{row.key}": row_text(row) for row in rows}
            else:
                # Rows of this list have no permanent key, so the whole list is one value, in which order matters.
                values[name] = " ".join(f"[{number}] {row}" for number, row in enumerate(rows, start=1))
        elif isinstance(type(version)._meta.get_field(name), StreamField):
            values[name] = text_from_html(getattr(version, name).render_as_block())
        else:
            values[name] = text_of(version, name)
    return {path: text for path, text in values.items() if text}


def read_version_sources(version) -> dict[str, tuple[str, ...]]:
    """Return the sources of a version as text, by the path of the cited value."""
    sources: dict[str, tuple[str, ...]] = {}
    for citation in version.citations.select_related("source") if isinstance(version, Entry) else ():
        parts = [
            str(citation.source),
            citation.get_stance_display(),
            str(citation.stated or ""),
            _("as of %(as_of)s") % {"as_of": citation.as_of},
            citation.locator,
            citation.quote and f"“{citation.quote}”",
        ]
        text = pgettext("between parts of a source", ", ").join(part for part in parts if part)
        sources[citation.path] = (*sources.get(citation.path, ()), text)
    return sources


def cited_path(model, path: str) -> str:
    """Return the path that citations use for a value: the two columns of a bilingual text share one."""
    for base in ("_en", "_zh"):
        name = path.removesuffix(base)
        if name != path and isinstance(getattr(model, name, None), BilingualField):
            return name
    return path


def label_for(model, path: str) -> str:
    """Return the label of a path in forms; for a row, with its key."""
    name, _slash, item = path.partition("/")
    lists = child_lists(model)
    words = str(capfirst(lists[name]._meta.verbose_name if name in lists else model._meta.get_field(name).verbose_name))
    return f"{words} “{item}”" if item else words


def mark_difference(old, new, path: str, change: ValueChange) -> str:
    """Return old and new in one, as HTML with deletions and additions marked."""
    if "/" not in path and isinstance(field := type(new)._meta.get_field(path), StreamField):
        return BodyComparison(field, old, new).htmldiff()
    return mark_texts(change.old, change.new).to_html()
