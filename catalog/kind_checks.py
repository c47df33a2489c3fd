"""The system check of kinds: it reports what a kind lacks in any part of the catalog, and where to add it."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core import checks
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.translation import override

from catalog.editing.viewsets import CatalogGroup
from catalog.listing.facets import FACET_SETS
from catalog.models.base import Entry, Record
from catalog.models.document import child_lists
from catalog.models.kinds import KINDS, EntryKind, Kind

KINDS_FILE = "catalog/models/kinds.py"


def check_kinds(app_configs=None, **kwargs) -> list[checks.CheckMessage]:
    """Report what each kind lacks, and each member of `EntryKind` that has no `Kind` or more than one."""
    keys = [kind.key for kind in KINDS]
    errors = [
        make_message(f"EntryKind.{key.name} has {keys.count(key)} kinds; it needs one.", KINDS_FILE, number=1)
        for key in EntryKind
        if keys.count(key) != 1
    ]
    for kind in KINDS:
        errors += check_kind(kind)
    return errors


def check_kind(kind: Kind) -> list[checks.CheckMessage]:
    """Report what one kind lacks."""
    try:
        model = kind.model
    except LookupError:
        return [say(kind, f"has no model {kind.model_label}", "catalog/models/__init__.py, which imports it", number=2)]
    base = Entry if kind.is_entry else Record
    if not issubclass(model, base) or getattr(model, "kind", None) != kind.key:
        where = f"the class {kind.model_name}: derive it from {base.__name__}, with kind = EntryKind.{kind.key.name}"
        return [say(kind, f"has a model that is no {base.__name__} of its kind", where, number=3)]
    return [*check_values(kind), *check_pages(kind), *check_words(kind)]


def check_values(kind: Kind) -> Iterator[checks.CheckMessage]:
    """Report values that are named but do not exist, and what every entry must have."""
    for name in list_names(kind):
        if not hasattr(kind.model, name):
            yield say(kind, f"names “{name}”, which {kind.model_name} does not have", KINDS_FILE, number=4)
    if not kind.is_entry:
        return
    lists = child_lists(kind.model)
    if "citations" not in lists:
        where = f"a Citation with a ParentalKey to {kind.model_name}, related_name “citations”"
        yield say(kind, "has no citations", where, number=5)
    missing = [name for name in lists if name not in {*kind.fields, "citations"}]
    missing += [name for name in ("name", "aliases", "summary", "identifiers") if name not in kind.fields]
    for name in missing:
        yield say(kind, f"has “{name}” in no field group", KINDS_FILE, number=6)


def list_names(kind: Kind) -> Iterable[str]:
    """Return the names of the values and lists that a kind mentions."""
    return dict.fromkeys([*kind.fields, *([kind.date] if kind.date else [])])


def check_pages(kind: Kind) -> Iterator[checks.CheckMessage]:
    """Report a missing page, listing or screen."""
    try:
        get_template(kind.template)
    except TemplateDoesNotExist:
        yield say(kind, "has no page", f"templates/{kind.template}", number=7)
    # A date field that does not exist is reported above.
    has_date = kind.is_entry and kind.date and hasattr(kind.model, kind.date)
    if has_date and kind.date not in FACET_SETS[kind.key].ranges:
        yield say(kind, f"has a listing without its date, “{kind.date}”", "catalog/listing/facets/", number=8)
    viewsets: Iterable[Any] = CatalogGroup.items
    if kind.model not in {viewset.model for viewset in viewsets}:
        yield say(kind, "has no screens for editors", "catalog/editing/viewsets.py", number=9)


def check_words(kind: Kind) -> Iterator[checks.CheckMessage]:
    """Warn about names of the kind that are the same in both languages, so probably not translated."""
    options = kind.model._meta
    words = (kind.key.label, kind.plural, kind.heading, options.verbose_name, options.verbose_name_plural)
    with override("en"):
        english = [str(word) for word in words]
    with override("zh-hans"):
        chinese = [str(word) for word in words]
    for word in dict.fromkeys(en for en, zh in zip(english, chinese, strict=True) if en == zh):
        where = "locale/zh_Hans/LC_MESSAGES/django.po"
        yield say(kind, f"has no Chinese word for “{word}”", where, number=10, message=checks.Warning)


def say(kind: Kind, what: str, where: str, *, number: int, message=checks.Error) -> checks.CheckMessage:
    return make_message(f"The kind “{kind.key.value}” {what}.", where, number=number, message=message)


def make_message(what: str, where: str, *, number: int, message=checks.Error) -> checks.CheckMessage:
    hint = f"It belongs in {where}. See docs/how-to/add-a-kind.md."
    return message(what, hint=hint, id=f"catalog.{message.__name__[0]}{number:03}")
