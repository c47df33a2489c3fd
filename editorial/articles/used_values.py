"""What an article uses of entries and terms, and what of that has changed since the article was published.

What an article uses can't be read from its prose. By what it refers to (Wagtail's reference index) it uses

- of an entry or a term on a card: what the card shows, which is the name and the summary or definition;
- of what it mentions: every value that needs a source (a term's definition). A new name, spelling, summary or address
  makes no sentence wrong; a name leads to the entry by its present one.

A value has changed if it was there when the article was published last and reads otherwise now, in the article's
language. So what was added since doesn't count, nor what changed and changed back, nor the other language's words.
Publishing the article anew settles it, and nothing else does. What is no longer live has no history to look at.
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
from editorial.articles.linking import find_entries

ON_CARDS = frozenset({"name", "summary", "definition"})
# How the reference index begins the paths of what an article mentions.
MENTIONS = "mentions."
# Which value or list a change is of: `milestones` of `milestones/launch`.
FIELD = Left("path", StrIndex(Concat("path", Value("/")), Value("/")) - 1)


@dataclass(frozen=True)
class ChangedEntry:
    """An entry or a term of which an article uses values that have changed since: which, when last, its history."""

    name: BilingualText
    values: list[str]
    at: datetime
    url: str


@dataclass(frozen=True)
class Outdated:
    """A live article, and what has changed of what it uses, the latest change first."""

    article: Page
    entries: list[ChangedEntry]


def find_outdated(articles: list[Page]) -> list[Outdated]:
    """Return those of some live articles that use a changed value; three queries, however many there are."""
    uses = read_uses(articles)
    entries = find_entries({"type": kind, "value": pk} for used in uses.values() for kind, pk in used)
    histories = read_histories(articles, uses=uses, entries=entries)
    outdated = []
    for article in articles:
        changed = [
            found
            for key, names in uses.get(article.pk, {}).items()
            if key in entries and (found := read_changes(article, entries[key], names, histories))
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
    """Return the changes of each entry since the first of the articles that use it was published; one query."""
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
    # At most one condition an article, of which only a batch is asked for: no database takes any number of them.
    by_time: dict[datetime, list[UUID]] = {}
    for entry, at in since.items():
        by_time.setdefault(at, []).append(entry)
    later = reduce(or_, (Q(publication__entry__in=those, publication__at__gt=at) for at, those in by_time.items()))
    # Without the documents, which are large.
    changes = Change.objects.alias(field=FIELD).filter(later, field__in=names).order_by("pk")
    columns = ("publication__entry", "publication__sequence", "publication__at", "path", "old", "new")
    histories: dict[UUID, list] = {}
    for entry, *change in changes.values_list(*columns):
        histories.setdefault(entry, []).append(change)
    return histories


def read_uses(articles: list[Page]) -> dict[int, dict[tuple[str, int], set[str]]]:
    """Return the names of the values that each article uses of each entry and term, by kind and id; one query."""
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
    """The names of the values of a kind that a text may rely on."""
    return frozenset({"definition"}) if kind == EntryKind.TERM else frozenset(fields_of(kind)) - UNCITED


def read_changes(
    article: Page, entry: ListingEntry, names: set[str], histories: dict[UUID, list]
) -> ChangedEntry | None:
    """Return what has changed of these values of an entry since an article was published; None if nothing has."""
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
    """A value of a document as pages in a language show it: of its texts, that one, else the other."""
    if isinstance(value, dict) and value.keys() == {"en", "zh"}:
        return value[language] or value["en"] or value["zh"]
    if isinstance(value, dict):
        return {name: in_language(part, language) for name, part in value.items()}
    return value
