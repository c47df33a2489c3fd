"""Search in Chinese and English, with the same results on SQLite and PostgreSQL.

There are two interfaces. Wagtail's own searches (admin, choosers) use `SearchBackend`, configured by
`WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "catalog.listing.search"}}`. Lists in the admin use `match` and
`search`, which return querysets that can be filtered and sliced further; listings and the site's search use `find` and
`rank`, which return primary keys.

The modules for each database are imported on first use: each needs what only its database has, and all need models to
be loaded.
"""

from collections import defaultdict
from collections.abc import Container
from functools import cache
from types import ModuleType
from typing import Any, TypeVar

from django.db import NotSupportedError, connection
from django.db.models import F, Model, QuerySet
from modelsearch.backends import get_search_backends_with_name
from modelsearch.backends.base import BaseSearchBackend

from catalog.models import ListingEntry

from .levels import TEXT_LEVELS, Level
from .tokens import MAX_LINE_CHARS, parse

FoundModel = TypeVar("FoundModel", bound=Model)

__all__ = [
    "MAX_LINE_CHARS",
    "TEXT_LEVELS",
    "Level",
    "SearchBackend",
    "find",
    "index_for_search",
    "match",
    "rank",
    "search",
]


@cache
def _vendor() -> ModuleType:
    """Return the module for the default database. Raises NotSupportedError for an unsupported one."""
    if connection.vendor == "postgresql":
        from . import postgres

        return postgres
    if connection.vendor == "sqlite":
        from . import sqlite

        return sqlite
    raise NotSupportedError(f"There is no search for {connection.vendor}.")


def SearchBackend(params: dict[str, Any]) -> BaseSearchBackend:
    """Return the search backend for the default database."""
    return _vendor().SearchBackend(params)


def match(queryset: QuerySet[FoundModel], query_string: str) -> QuerySet[FoundModel]:
    """Filter `queryset` to the objects that match; its order stays.

    All words must occur, the last Latin one as the beginning of a word. A query without a letter or digit matches
    nothing; callers that want everything then check `query_string.strip()` first.
    """
    query = parse(query_string)
    if not query:
        return queryset.none()
    engine = _vendor().Index.engine
    return queryset.filter(engine.condition(queryset.model, engine.expression(query)))


def search(queryset: QuerySet[FoundModel], query_string: str) -> QuerySet[FoundModel]:
    """Return what `match` returns, best first.

    Objects are ordered by `Level`, and within a level by score.
    """
    query = parse(query_string)
    if not query:
        return queryset.none()
    engine = _vendor().Index.engine
    model = queryset.model
    # The plugin of the stubs takes a type variable for another model after `annotate()`.
    found: QuerySet[FoundModel] = (
        match(queryset, query_string)  # type: ignore[assignment]
        .annotate(
            search_level=engine.ordering(model, query),
            search_score=engine.score_of(model, query),
        )
        .order_by("search_level", F("search_score").desc(nulls_last=True), "-pk")
    )
    return found


def rank(model: type[Model], query_string: str, *, among: Container[int] | None = None) -> dict[Level, list[int]]:
    """Return the primary keys of the objects that match, by level, best first in each; at most two queries.

    Only the search index is read, which also has past rows and objects that are not public: pass `among` to limit the
    keys.
    """
    query = parse(query_string)
    return _vendor().Index.engine.rank(model, query, among=among) if query else {}


def find(query_string: str, *, among: Container[int] | None = None) -> list[int]:
    """Return the primary keys of matching rows of the listing index, best first, limited to `among` as in `rank`."""
    return [key for keys in rank(ListingEntry, query_string, among=among).values() for key in keys]


def index_for_search(*instances: Model) -> None:
    """Write the index entries of `instances` now, in the running transaction, from the database.

    Call it after publishing and after bulk writes. Wagtail's own update is not enough: it runs before an entry's
    children are saved and never for bulk writes, may be left to a worker, and the immediate task backend swallows its
    errors.
    """
    keys: defaultdict[type[Any], list[Any]] = defaultdict(list)
    for instance in instances:
        keys[type(instance)].append(instance.pk)
    indexed: defaultdict[type[Any], list[Any]] = defaultdict(list)
    for model, pks in keys.items():
        # SQLite limits the number of values in one statement.
        for start in range(0, len(pks), 500):
            some = pks[start : start + 500]
            for fresh in model.get_indexed_objects().filter(pk__in=some):
                if entry := fresh.get_indexed_instance():
                    indexed[type(entry)].append(entry)
    for _name, backend in get_search_backends_with_name(with_auto_update=True):
        for model, entries in indexed.items():
            backend.add_bulk(model, entries)
