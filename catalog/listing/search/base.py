"""What the search backends of both databases share: writing the index, conditions, and the order of results."""

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Aggregate,
    Case,
    CharField,
    F,
    FloatField,
    IntegerField,
    JSONField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.db.models.sql.compiler import SQLCompiler
from modelsearch.conf import get_app_config
from modelsearch.query import And, Boost, Fuzzy, MatchAll, Not, Or, Phrase, PlainText, SearchQuery
from modelsearch.utils import get_content_type_pk, get_descendants_content_types_pks

from .document import NAME_FIELDS, Document
from .levels import TEXT_LEVELS, Level
from .tokens import Clause, Query, QueryTerm, parse

EVERYTHING = ~Q(pk__in=[])
NOTHING = Q(pk__in=[])

#: The columns of the stock index, and what we store there: names; names and texts, which readers search; and what
#: choosers complete. Names are in both, so that a search reads one column: the stock search in two columns uses no
#: index on PostgreSQL, since Wagtail's migrations create none for it.
NAMES, TEXTS, COMPLETIONS = "title", "body", "autocomplete"


#: The maximum number of results that are scored: a score reads the whole text of each.
MAX_SCORED = 300


class KeyList(Aggregate):
    """All keys of a group as one list."""

    function = "json_group_array"
    output_field = JSONField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Sequence[Any]]:
        # As text, the only form that JSONField can read.
        return self.as_sql(compiler, connection, template="json_agg(%(expressions)s)::text", **extra)


class Engine(ABC):
    """How one database stores the index and answers a query.

    Conditions and orders are lazy: subqueries, never lists of ids.
    """

    AND: str
    OR: str

    @abstractmethod
    def term(self, term: QueryTerm) -> str:
        """Return one token in the database's query language."""

    @abstractmethod
    def matching(self, expression: str, column: str) -> Q:
        """Return the condition on an index entry that `expression` matches in its `column`."""

    @abstractmethod
    def found_entries(self, expression: str, column: str) -> QuerySet[Model]:
        """Return the index entries of all models that `expression` matches, selecting only their primary keys."""

    @abstractmethod
    def score(self, query: Query, column: str, operator: str) -> Combinable:
        """Return how well an index entry matches, as a query expression; more is better."""

    @abstractmethod
    def value(self, names: list[str], texts: list[str]) -> Any:
        """Return the value of an index column for these tokens."""

    def expression(self, query: Query, operator: str = "and") -> str:
        """Return a query in the database's language: all clauses match, or a name begins with the whole query."""
        beginnings = [QueryTerm(term.token, prefix=True) for term in (query.name, query.sound) if term]
        return f" {self.OR} ".join([self._clauses(query.sounds, operator), *map(self.term, beginnings)])

    def levels(self, query: Query, column: str = TEXTS) -> list[tuple[Level, str, str]]:
        """Return the levels above the last one, each with its expression and the column to look in."""
        names = NAMES if column == TEXTS else column
        levels = [
            (Level.NAME, self.term(query.name), names),
            (Level.BEGINNING_OF_NAME, self.term(QueryTerm(query.name.token, prefix=True)), names),
            (Level.WORDS_OF_NAMES, self._clauses(query.clauses), names),
            (Level.LINE, self.term(query.line), column),
        ]
        if query.sound:
            levels.append((Level.SOUND, self.term(query.sound), names))
            levels.append((Level.BEGINNING_OF_SOUND, self.term(QueryTerm(query.sound.token, prefix=True)), names))
        if query.sounds != query.clauses:
            levels.append((Level.PART_OF_SOUND, self.expression(query), names))
        return sorted(levels)

    def _clauses(self, clauses: tuple[Clause, ...], operator: str = "and") -> str:
        texts = [
            "(" + f" {self.OR} ".join(f"({self._all(alternative)})" for alternative in clause) + ")"
            for clause in clauses
        ]
        return "(" + f" {self.AND if operator == 'and' else self.OR} ".join(texts) + ")"

    def _all(self, terms: tuple[QueryTerm, ...]) -> str:
        return f" {self.AND} ".join(map(self.term, terms))

    def entries(self, model: type[Model]) -> QuerySet[Model]:
        """Return the index entries of `model` and its descendants."""
        entry_model = get_app_config().get_model("IndexEntry")
        entries: QuerySet[Model] = entry_model._default_manager.all()
        return entries.filter(content_type__in=get_descendants_content_types_pks(model))

    def condition(self, model: type[Model], expression: str, column: str = TEXTS) -> Q:
        """Return the condition that an object of `model` matches."""
        entries = self.entries(model).filter(self.matching(expression, column))
        return Q(pk__in=entries.annotate(_key=self._key(model)).values("_key"))

    def ordering(self, model: type[Model], query: Query, column: str = TEXTS) -> Case:
        """Return the level at which an object matches, as a query expression."""
        levels = [
            When(self.condition(model, expression, where), Value(level))
            for level, expression, where in self.levels(query, column)
        ]
        return Case(*levels, default=Value(Level.TEXT), output_field=IntegerField())

    def rank(self, model: type[Model], query: Query, *, among: Container[int] | None = None) -> dict[Level, list[int]]:
        """Return the primary keys of the objects of `model` that match, by level, best first; two queries.

        Levels are exact. Only the first levels are ordered by score, up to `MAX_SCORED` results together: readers who
        get more type more. Only the index is read; `among` limits the keys, if it is given.
        """
        levels = [*self.levels(query), (Level.TEXT, self.expression(query), TEXTS)]
        first, *others = [self._found(model, expression, column, level) for level, expression, column in levels]
        found = self.read(first.union(*others, all=True))
        seen: set[int] = set()
        by_level: dict[Level, list[int]] = {}
        for level in Level:
            keys = {key for key in found.get(level) or () if among is None or key in among} - seen
            seen |= keys
            by_level[level] = sorted(keys, reverse=True)
        scored: list[int] = []
        for ordered in by_level.values():
            if len(scored) + len(ordered) > MAX_SCORED:
                break
            scored += ordered
        scores = self._scores(model, query, scored)
        return {
            level: sorted(ordered, key=lambda key: scores[key][level in TEXT_LEVELS], reverse=True)
            if scores.keys() >= set(ordered)
            else ordered
            for level, ordered in by_level.items()
        }

    def read(self, found: QuerySet[Model, tuple[int, list[int]]]) -> dict[int, list[int]]:
        """Return the keys by level; one query."""
        return dict(found)

    def _found(
        self, model: type[Model], expression: str, column: str, level: Level
    ) -> QuerySet[Model, tuple[int, list[int]]]:
        """Return one row: the level, and a list of all matching keys. One row a key would take ten times as long."""
        if is_indexed_by_key(model):
            # Filtered on the annotation, not on a range of primary keys, which a database may take for the better
            # index.
            entries = self.found_entries(expression, column).annotate(_key=-F("pk")).filter(_key__gt=0)
        else:
            entries = self.entries(model).filter(self.matching(expression, column)).annotate(_key=self._key(model))
        level_value = Value(level.value, output_field=IntegerField())
        rows: QuerySet[Model, tuple[int, list[int]]] = (
            entries.values(_level=level_value).annotate(_keys=KeyList("_key")).values_list("_level", "_keys")
        )
        return rows

    def _scores(self, model: type[Model], query: Query, keys: list[int]) -> dict[int, tuple[float, float]]:
        """Return how well names and texts match, by key; among matching names, shorter ones score higher."""
        if len(keys) < 2:
            return {}
        if is_indexed_by_key(model):
            entries = self.entries(model).filter(pk__in=[-key for key in keys]).annotate(_key=-F("pk"))
        else:
            entries = self.entries(model).filter(object_id__in=map(str, keys)).annotate(_key=self._key(model))
        by_names, by_texts = self.score(query, NAMES, "and"), self.score(query, TEXTS, "and")
        entries = entries.annotate(_names=by_names, _texts=by_texts)
        return {
            key: (of_names, of_texts) for key, of_names, of_texts in entries.values_list("_key", "_names", "_texts")
        }

    def score_of(self, model: type[Model], query: Query, column: str = TEXTS, operator: str = "and") -> Subquery:
        """Return the score of the outer query's object."""
        entries = self.entries(model).filter(object_id=Cast(OuterRef("pk"), CharField()))
        score = entries.annotate(_score=self.score(query, column, operator)).values("_score")[:1]
        return Subquery(score, output_field=FloatField())

    def _key(self, model: type[Model]) -> Cast:
        """Return the index's textual object id as a primary key, so that the model's index can be used."""
        return Cast("object_id", output_field=_pk_field(model))


def is_indexed_by_key(model: type[Model]) -> bool:
    """Return whether the index entries of `model` use the negated primary keys of its objects as their own.

    Searches that find thousands of entries then need no slow look-up from one to the other.
    """
    return getattr(model, "search_index_by_key", False)


def _pk_field(model: type[Model]) -> Any:
    """Return the field of the primary key's value, following links to parent rows."""
    field: Any = model._meta.pk
    while field.remote_field:
        field = field.target_field
    return field


class IndexMixin:
    """Writes our tokens where the stock index writes text. Needs `engine`."""

    engine: Engine
    # As the stock index has it.
    entries: QuerySet[Model]

    def add_items(self, model: Any, objs: Iterable[Model]) -> None:
        """Write the entries of `objs` in one statement, replacing existing ones."""
        if not model.get_search_fields():
            return
        entry_model = get_app_config().get_model("IndexEntry")
        content_type_id = get_content_type_pk(model)
        by_key = is_indexed_by_key(model)
        entries = {}
        for document in map(Document, objs):
            entries[document.id] = entry_model(
                pk=-int(document.id) if by_key else None,
                content_type_id=content_type_id,
                object_id=document.id,
                title=self.engine.value(document.names, []),
                body=self.engine.value(document.names, document.texts),
                autocomplete=self.engine.value([], document.completions),
            )
        if by_key:
            # Entries written before they used the objects' keys.
            self.entries.filter(content_type=content_type_id, object_id__in=entries, pk__gt=0).delete()
        self.entries.bulk_create(
            entries.values(),
            batch_size=500,
            update_conflicts=True,
            unique_fields=["pk"] if by_key else ["content_type", "object_id"],
            update_fields=[NAMES, TEXTS, COMPLETIONS],
        )

    def delete_stale_model_entries(self, model: type[Model]) -> None:
        """Delete the entries of deleted objects. The stock query fails for a model with a field `object_id`."""
        there = model._default_manager.annotate(_key=Cast("pk", TextField())).values("_key")
        entries = self.entries.filter(content_type__in=get_descendants_content_types_pks(model))
        entries.exclude(object_id__in=there).delete()

    def _refresh_title_norms(self, full: bool = False) -> None:
        """Do nothing: our score does not use title norms, and each save would read the whole table."""


class CompilerMixin:
    """Answers Wagtail's own `search()` and `autocomplete()` with our conditions. Needs `engine`."""

    engine: Engine
    column: str = TEXTS
    # As the stock compilers have them.
    fields: list[str] | None
    query: SearchQuery
    queryset: QuerySet[Model]
    order_by_relevance: bool

    def search(
        self, config: object, start: int, stop: int | None, score_field: str | None = None, backend: object = None
    ) -> QuerySet[Model]:
        """Return a slice of results as a queryset; the parameters are those of the stock compilers."""
        if self.fields and self.column == TEXTS and NAME_FIELDS.issuperset(self.fields):
            # The index has a column for names. Other choices of fields search everything: for these, the stock
            # backends read the model's table on PostgreSQL, and fail on SQLite.
            self.column = NAMES
        model = self.queryset.model
        queryset = self.queryset.filter(self._condition(self.query))
        words = list(_positive_words(self.query))
        query = parse(" ".join(words))
        if query and (score_field or self.order_by_relevance):
            operator = "and" if len(words) == 1 else "or"
            score = self.engine.score_of(model, query, self.column, operator)
            queryset = queryset.annotate(**{score_field or "_score": score})
            if self.order_by_relevance:
                level = self.engine.ordering(model, query, self.column)
                queryset = queryset.order_by(level, F(score_field or "_score").desc(nulls_last=True), "-pk")
        elif score_field:
            queryset = queryset.annotate(**{score_field: Value(0.0, output_field=FloatField())})
        if not queryset.query.order_by:
            queryset = queryset.order_by("-pk")
        return queryset[start:stop]

    def _condition(self, query: SearchQuery) -> Q:
        """Return a stock query object as a condition; a part without any word matches nothing."""
        match query:
            case MatchAll():
                return EVERYTHING
            case Not():
                return ~self._condition(query.subquery)
            case And() | Or():
                conditions = [self._condition(subquery) for subquery in query.subqueries]
                combined = EVERYTHING if isinstance(query, And) else NOTHING
                for condition in conditions:
                    combined = combined & condition if isinstance(query, And) else combined | condition
                return combined
            case Boost():
                return self._condition(query.subquery)
            case PlainText() | Phrase() | Fuzzy():
                parsed = parse(query.query_string)
                if not parsed:
                    return NOTHING
                expression = self.engine.expression(parsed, getattr(query, "operator", "and"))
                return self.engine.condition(self.queryset.model, expression, self.column)
        raise NotImplementedError(f"{type(query).__name__} is not supported by this search backend.")


def _positive_words(query: SearchQuery) -> Iterator[str]:
    """Yield the texts that a stock query requires, to order results by them."""
    if isinstance(query, (PlainText, Phrase, Fuzzy)):
        yield query.query_string
    elif isinstance(query, (And, Or)):
        for subquery in query.subqueries:
            yield from _positive_words(subquery)
    elif isinstance(query, Boost):
        yield from _positive_words(query.subquery)
