"""Search that works in Chinese and English, on SQLite and PostgreSQL alike.

Two doors. Wagtail's own searches (admin, choosers) come through `SearchBackend`, by
`WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "catalog.listing.search"}}`. Lists of the admin use `match` and
`search`, which return querysets, so that filters and slices go on from there; listings and the site's search use
`find` and `rank`, which return keys.

The vendors' modules are imported on first use: each needs what only its database has, and all need loaded
models.
"""

from collections import defaultdict
from collections.abc import Container
from functools import cache

from django.db import NotSupportedError, connection
from django.db.models import F, Model, QuerySet
from modelsearch.backends import get_search_backends_with_name

from catalog.models import ListingEntry

from .levels import TEXT_LEVELS, Level
from .tokens import MAX_LINE_CHARS, parse

__all__ = ["MAX_LINE_CHARS", "TEXT_LEVELS", "Level", "SearchBackend", "find", "match", "rank", "reindex", "search"]


@cache
def _vendor():
    """Return the module for the default database."""
    if connection.vendor == "postgresql":
        from . import postgres as module
    elif connection.vendor == "sqlite":
        from . import sqlite as module
    else:
        raise NotSupportedError(f"There is no search for {connection.vendor}.")
    return module


def SearchBackend(params):
    """Return the search backend for the default database."""
    return _vendor().SearchBackend(params)


def match(queryset: QuerySet, query_string: str) -> QuerySet:
    """Narrow `queryset` to the objects that match, by one condition; its order stays.

    All words must occur, the last Latin one as the beginning of a word. Without a letter or digit in the
    query, nothing matches: whoever wants everything then asks `query_string.strip()` first.
    """
    query = parse(query_string)
    if not query:
        return queryset.none()
    engine = _vendor().Index.engine
    return queryset.filter(engine.condition(queryset.model, engine.expression(query)))


def search(queryset: QuerySet, query_string: str) -> QuerySet:
    """Return what `match` gives, best first.

    That is, by `Level`: objects with this very name, with a name that begins so, that sounds so, with all words in
    names, with this very line in their text, and the others; each group by score.
    """
    query = parse(query_string)
    if not query:
        return queryset.none()
    engine = _vendor().Index.engine
    model = queryset.model
    return (
        match(queryset, query_string)
        .annotate(
            search_level=engine.ordering(model, query),
            search_score=engine.score_of(model, query),
        )
        .order_by("search_level", F("search_score").desc(nulls_last=True), "-pk")
    )


def rank(model: type[Model], query_string: str, *, among: Container[int] | None = None) -> dict[Level, list[int]]:
    """Return the primary keys of the objects that match, by level, best first in each; at most two queries.

    Only the index is read, which has what is not public, and rows of the past: the caller says `among` which keys.
    """
    query = parse(query_string)
    return _vendor().Index.engine.rank(model, query, among=among) if query else {}


def find(query_string: str, *, among: Container[int] | None = None) -> list[int]:
    """Return the primary keys of the rows of the listing index that match, best first; `rank` says `among` which."""
    return [key for keys in rank(ListingEntry, query_string, among=among).values() for key in keys]


def reindex(*instances: Model) -> None:
    """Write the index entries of `instances` now, in the running transaction, from what the database holds.

    To be called after publishing and after bulk writes. Wagtail's own update runs before an entry's children
    are saved and never for bulk writes, may be left to a worker, and the immediate task backend swallows its
    errors.
    """
    keys = defaultdict(list)
    for instance in instances:
        keys[type(instance)].append(instance.pk)
    indexed = defaultdict(list)
    for model, pks in keys.items():
        # SQLite has a limit on the values in one statement.
        for start in range(0, len(pks), 500):
            some = pks[start : start + 500]
            for fresh in model.get_indexed_objects().filter(pk__in=some):
                if entry := fresh.get_indexed_instance():
                    indexed[type(entry)].append(entry)
    for _name, backend in get_search_backends_with_name(with_auto_update=True):
        for model, entries in indexed.items():
            backend.add_bulk(model, entries)
