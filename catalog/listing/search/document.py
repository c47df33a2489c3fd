"""The tokens that are written to the search index for an object."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Manager
from django.utils.encoding import force_str
from modelsearch.index import AutocompleteField, BaseField, RelatedFields, SearchField

from .tokens import index_tokens, line_token, name_tokens

#: Search fields with the object's own names. They weigh more than its texts, and objects with the query as a name, or
#: as the beginning of one, come first. Fields of related objects do not count: the `name_en` of a product's maker is
#: not the product's name.
NAME_FIELDS = frozenset({"title", "name", "name_en", "name_zh", "aliases"})


def split_texts(value: object) -> list[str]:
    """Return the strings in a field's value, one for each line: a list of names has one name in each line."""
    if value is None:
        return []
    if isinstance(value, str):
        return value.splitlines()
    if isinstance(value, dict):
        return [text for item in value.values() for text in split_texts(item)]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [text for item in value for text in split_texts(item)]
    return force_str(value).splitlines()


class Document:
    """The tokens of one object: of its names, of its other texts, and for completion in Wagtail's choosers."""

    def __init__(self, instance: Any) -> None:
        self.id = force_str(instance.pk)
        names: list[str] = []
        texts: list[str] = []
        completed: list[str] = []
        completed_names: list[str] = []
        for declared in instance.get_search_fields():
            is_name = declared.field_name in NAME_FIELDS
            for field, values in _values(instance, declared):
                if isinstance(field, SearchField):
                    (names if is_name else texts).extend(values)
                else:
                    completed.extend(values)
                    if is_name:
                        completed_names.extend(values)
        self.names = name_tokens(names) + _tokens(names)
        self.texts = [token for line in dict.fromkeys(texts) if (token := line_token(line))] + _tokens(texts)
        self.completions = name_tokens(completed_names) + _tokens(completed)


def _tokens(texts: list[str]) -> list[str]:
    return [token for text in texts for token in index_tokens(text)]


def _others(related: Any) -> Iterable[Any]:
    """Return the objects at the other end of a relation."""
    if isinstance(related, Manager):
        return related.all()
    return [related() if callable(related) else related]


def _values(instance: Any, field: BaseField | RelatedFields) -> Iterator[tuple[BaseField, list[str]]]:
    """Yield pairs of a search field and its texts, following related objects as the stock indexers do."""
    if isinstance(field, (SearchField, AutocompleteField)):
        yield field, split_texts(field.get_value(instance))
    elif isinstance(field, RelatedFields):
        related = field.get_value(instance)
        if related is None:
            return
        for other in _others(related):
            for sub_field in field.fields:
                yield from _values(other, sub_field)
