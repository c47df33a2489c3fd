"""What a draft changes, which changes lack a source, and which citations lack a row. Asked before a submission."""

from django.db.models import ForeignObjectRel
from wagtail.models import Revision

from catalog.models.approval import BOOKKEEPING, without_keys
from catalog.models.base import Entry
from catalog.models.document import child_lists, differences
from catalog.models.field_groups import UNCITED, fields_of
from catalog.models.history import Publication
from catalog.models.publication import Published
from catalog.models.source import Citation
from catalog.values import BilingualField


def find_unsourced(*, entry: Entry, revision: Revision) -> dict[str, str]:
    """Return the values that a revision changes compared with the last publication, and for which it has no source.

    The keys are paths (`released`, `milestones/launch`), the values are the labels that forms use. Removed values need
    no source.
    """
    last = Publication.objects.of(entry.uid).first()
    document = revision.as_object().public_document()
    cited = {(citation["field"], citation["item"]) for citation in document["citations"]}
    unsourced = {}
    for path, _old, new in differences(old=last.document if last else None, new=document):
        field, _slash, item = path.partition("/")
        if field in fields_of(entry.kind) and field not in UNCITED and new and (field, item) not in cited:
            unsourced[path] = label_place(entry=entry, field=field, item=item)
    return unsourced


def find_lost_citations(entry: Entry) -> list[Citation]:
    """Return the citations that name a row which is no longer in its list."""
    lists = child_lists(type(entry))
    keys = {name: {row.key for row in getattr(entry, name).all()} for name in lists if hasattr(lists[name], "key")}
    return [it for it in entry.citations.all() if it.item and it.item not in keys.get(it.field, ())]


def name_differences(*, record: Published, old: Revision, new: Revision) -> list[str]:
    """Return the labels of the values and lists that differ between two revisions, as forms name them."""
    before, after = old.content, new.content
    names = []
    for name in sorted(before.keys() | after.keys() - BOOKKEEPING, key=list(after).index):
        if name not in BOOKKEEPING and without_keys(before.get(name)) != without_keys(after.get(name)):
            names.append(find_label(record=record, name=name))
    return names


def label_place(*, entry: Entry, field: str, item: str) -> str:
    """Return the label of a value, or of a list and the key of its row, as forms name them."""
    lists = child_lists(type(entry))
    words = lists[field]._meta.verbose_name if field in lists else find_label(record=entry, name=field)
    return f"{words} “{item}”" if item else str(words)


def find_label(*, record: Published, name: str) -> str:
    """Return the label of a value or a list, as forms name it."""
    attribute = getattr(type(record), name, None)
    if isinstance(attribute, BilingualField):
        return str(attribute.verbose_name)
    field = record._meta.get_field(name)
    if isinstance(field, ForeignObjectRel):
        return str(field.related_model._meta.verbose_name_plural)
    return str(field.verbose_name)
