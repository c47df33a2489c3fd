"""Which values of entries and terms an article uses, and which of them have changed since it was published.

This can't be read from the article's prose. It follows from what the article refers to, in Wagtail's reference index:

- of an entry or term on a card, it uses what the card shows: the name, and the summary or definition;
- of an entry or term that it mentions, it uses every value that needs a source (or a term's definition). A new name,
  spelling, summary or address makes no sentence wrong, and links always use the present address.

A value has changed if it existed when the article was last published, and is different now in the article's language.
So values that were added since don't count, nor those that changed back or changed only in the other language. Only
publishing the article again settles it. Entries that are no longer live are not considered.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, Value
from django.db.models.functions import Concat, Left, StrIndex
from django.urls import reverse
from wagtail.models import Page, ReferenceIndex

from catalog.models import Change, ListingEntry
from catalog.models.field_groups import UNCITED, fields_of
from catalog.models.kinds import KINDS, EntryKind, kind_of
from catalog.reading.details import label_of
from catalog.values import BilingualText, language_key
from editorial.articles.linking import find_chosen_entries

ON_CARDS = frozenset({"name", "summary", "definition"})
# How the reference index's paths of an article's mentions begin.
MENTIONS = "mentions."
# The value or list that a change belongs to: `milestones` for `milestones/launch`.
FIELD = Left("path", StrIndex(Concat("path", Value("/")), Value("/")) - 1)


@dataclass(frozen=True)
class ChangedEntry:
    """An entry or term with changed values that an article uses.

    `values` are the labels of these values, `at` is the time of the last change, `url` leads to it in the history.
    """

    name: BilingualText
    values: list[str]
    at: datetime
    url: str


@dataclass(frozen=True)
class Outdated:
    """A live article, and the changed entries that it uses, latest change first."""

    article: Page
    entries: list[ChangedEntry]


def find_outdated(articles: list[Page]) -> list[Outdated]:
    """Return those live articles that use a changed value; three queries for any number of articles."""
    uses = read_uses(articles)
    entries = find_chosen_entries({"type": kind, "value": pk} for used in uses.values() for kind, pk in used)
    histories = read_histories(articles, uses=uses, entries=entries)
    outdated = []
    for article in articles:
        changed = [
            found
            for key, names in uses.get(article.pk, {}).items()
            if key in entries and (found := read_value_changes(article, entries[key], names, histories))
        ]
        if changed:
            changed.sort(key=lambda entry: entry.at, reverse=True)
            outdated.append(Outdated(article=article, entries=changed))
    return outdated


def read_histories(
    articles: list[Page],
    *,
    uses: dict[int, dict[tuple[str, int], set[str]]],
    entries: dict[tuple[str, int], ListingEntry],
) -> dict[UUID, list]:
    """Return the changes of each entry since the earliest publication of the articles that use it; one query."""
    since: dict[UUID, datetime] = {}
    names: set[str] = set()
    for article in articles:
        for key, its_names in uses.get(article.pk, {}).items():
            if key in entries:
                entry, at = entries[key].entry, article.last_published_at
                since[entry] = min(since.get(entry, at), at)
                names |= its_names
    if not since:
        return {}
    # One condition for each time, so at most one for each article of a batch: databases limit their number.
    by_time: dict[datetime, list[UUID]] = {}
    for entry, at in since.items():
        by_time.setdefault(at, []).append(entry)
    later = reduce(or_, (Q(publication__entry__in=those, publication__at__gt=at) for at, those in by_time.items()))
    # Don't read the documents, which are large.
    changes = Change.objects.alias(field=FIELD).filter(later, field__in=names).order_by("pk")
    columns = ("publication__entry", "publication__sequence", "publication__at", "path", "old", "new")
    histories: dict[UUID, list] = {}
    for entry, *change in changes.values_list(*columns):
        histories.setdefault(entry, []).append(change)
    return histories


def read_uses(articles: list[Page]) -> dict[int, dict[tuple[str, int], set[str]]]:
    """Return the names of the values that each article uses, by (kind, id) of the entry or term; one query."""
    types = ContentType.objects.get_for_models(Page, *(kind.model for kind in KINDS))
    kinds = {types[kind.model].pk: kind.key for kind in KINDS}
    references = ReferenceIndex.objects.filter(
        base_content_type=types[Page],
        object_id__in=[str(article.pk) for article in articles],
        to_content_type__in=kinds,
    )
    uses: dict[int, dict[tuple[str, int], set[str]]] = {}
    columns = ("object_id", "to_content_type_id", "to_object_id", "model_path")
    for article, content_type, pk, path in references.order_by("pk").values_list(*columns):
        kind = kinds[content_type]
        names = uses.setdefault(int(article), {}).setdefault((kind, int(pk)), set())
        names |= name_claims(kind) if path.startswith(MENTIONS) else ON_CARDS
    return uses


def name_claims(kind: str) -> frozenset[str]:
    """Return the names of the values of a kind that a text may rely on."""
    return frozenset({"definition"}) if kind == EntryKind.TERM else frozenset(fields_of(kind)) - UNCITED


def read_value_changes(
    article: Page, entry: ListingEntry, names: set[str], histories: dict[UUID, list]
) -> ChangedEntry | None:
    """Return the changes of these values of an entry since an article was published, or None."""
    language = language_key(article.locale.language_code)
    values: dict[str, list] = {}
    for number, at, path, old, new in histories.get(entry.entry, ()):
        if at > article.last_published_at and path.partition("/")[0] in names:
            before = values[path][0] if path in values else in_language(old, language)
            values[path] = [before, in_language(new, language), at, number]
    changed = {path: value for path, value in values.items() if value[0] and value[0] != value[1]}
    if not changed:
        return None
    at, number = max((at, number) for _before, _after, at, number in changed.values())
    model = kind_of(entry.kind).model
    return ChangedEntry(
        name=BilingualText(en=entry.name_en, zh=entry.name_zh),
        values=list(dict.fromkeys(str(label_of(model, path.partition("/")[0])) for path in changed)),
        at=at,
        url=f"{reverse(f'catalog:{entry.kind}_history', args=[entry.slug])}#version-{number}",
    )


def in_language(value, language: str):
    """Return a value of a document as pages in a language show it: texts in that language, else in the other."""
    if isinstance(value, dict) and value.keys() == {"en", "zh"}:
        return value[language] or value["en"] or value["zh"]
    if isinstance(value, dict):
        return {name: in_language(part, language) for name, part in value.items()}
    return value
