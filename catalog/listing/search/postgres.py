"""The search backend for PostgreSQL's full-text index, without extensions and without PostgreSQL's text parser."""

import json

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVectorField
from django.db import connection
from django.db.models import F, Model, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from modelsearch.backends.database.postgres import postgres as stock
from modelsearch.conf import get_app_config

from .base import COMPLETIONS, NAMES, CompilerMixin, Engine, IndexMixin
from .tokens import Query, QueryTerm

#: A tsvector may have 1 MB, about the tokens of 100,000 Chinese characters. Tokens beyond this limit are not indexed.
MAX_VECTOR_BYTES = 900_000
#: PostgreSQL's highest position.
LAST_POSITION = 16_383
#: Repetitions tell how much a text is about a word; more of them than this tell nothing new.
MAX_REPETITIONS = 8


def vector_literal(names: list[str], texts: list[str]) -> str:
    """Return tokens as a tsvector literal; those of names have the highest weight."""
    positions: dict[str, list[str]] = {}
    size = 0
    for number, token in enumerate(names + texts, start=1):
        if token not in positions:
            # The string, its entry and the head of its positions.
            size += len(token.encode()) + 8
            if size > MAX_VECTOR_BYTES:
                break
            positions[token] = []
        if len(positions[token]) < MAX_REPETITIONS:
            size += 2
            weight = "A" if number <= len(names) else ""
            positions[token].append(f"{min(number, LAST_POSITION)}{weight}")
    return " ".join(f"'{token}':{','.join(places)}" for token, places in positions.items())


class TokenQuery(SearchQuery):
    """A tsquery that is cast instead of parsed: the parser would split tokens and drop some."""

    template = "(%(expressions)s)::tsquery"

    def __init__(self, expression: str) -> None:
        super().__init__(Value(expression, output_field=TextField()), search_type="raw")


class PostgresEngine(Engine):
    AND = "&"
    OR = "|"

    def term(self, term: QueryTerm) -> str:
        return f"'{term.token}'" + (":*" if term.prefix else "")

    def matching(self, expression: str, column: str) -> Q:
        return Q(**{column: TokenQuery(expression)})

    def read(self, found: QuerySet[Model, tuple[int, list[int]]]) -> dict[int, list[int]]:
        """Return the keys by level without a sequential scan, which would load the long texts of all rows.

        The planner ignores that cost, and prefers the scan for frequent words. One round trip.
        """
        sql, params = found.query.sql_with_params()
        with connection.cursor() as cursor:
            # Outside of a transaction, statements sent together form one.
            cursor.execute(f"SET LOCAL enable_seqscan = off; {sql}; SET LOCAL enable_seqscan = on", params)
            cursor.nextset()
            return {level: json.loads(keys or "[]") for level, keys in cursor.fetchall()}

    def found_entries(self, expression: str, column: str) -> QuerySet[Model]:
        entries: QuerySet[Model] = get_app_config().get_model("IndexEntry")._default_manager.all()
        return entries.filter(self.matching(expression, column))

    def score(self, query: Query, column: str, operator: str) -> Combinable:
        # Divide by the length of names, and by the logarithm of the length of texts.
        normalization = 2 if column == NAMES else 1
        return SearchRank(F(column), TokenQuery(self.expression(query, operator)), normalization=normalization)

    def value(self, names: list[str], texts: list[str]) -> Cast:
        return Cast(Value(vector_literal(names, texts)), SearchVectorField())


class Index(IndexMixin, stock.PostgresIndex):
    engine = PostgresEngine()


class SearchCompiler(CompilerMixin, stock.PostgresSearchQueryCompiler):
    engine = PostgresEngine()


class AutocompleteCompiler(CompilerMixin, stock.PostgresAutocompleteQueryCompiler):
    engine = PostgresEngine()
    column = COMPLETIONS


class SearchBackend(stock.PostgresSearchBackend):
    """The stock backend with our index and compilers."""

    index_class = Index
    query_compiler_class = SearchCompiler
    autocomplete_query_compiler_class = AutocompleteCompiler
