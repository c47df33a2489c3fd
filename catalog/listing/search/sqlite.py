"""The search backend for SQLite's full-text index (FTS5)."""

import re

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, FloatField, Model, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, Length, Replace
from django.db.models.sql.compiler import SQLCompiler
from modelsearch.backends.database.sqlite import sqlite as stock
from modelsearch.backends.database.sqlite.query import MatchExpression

from .base import COMPLETIONS, NAMES, CompilerMixin, Engine, IndexMixin
from .tokens import Query, QueryTerm

FTSEntry = stock.SQLiteFTSIndexEntry

#: Characters that FTS5's tokenizer might change or split at. It knows Unicode 6.1 only, and takes newer Chinese
#: characters for punctuation.
_UNSURE = re.compile("[^0-9a-z\u4e00-\u9fcb]")
_SPELT_OUT = re.compile("u[0-9a-f]{0,5}")
#: The maximum number of the query's tokens that the score counts.
MAX_SCORED_TERMS = 8


def encode(token: str) -> str:
    """Return `token` with all characters spelt out that FTS5 might change. Prefixes stay prefixes."""
    return _UNSURE.sub(lambda match: f"u{ord(match.group()):x}z", token)


class Match(MatchExpression):
    """`MATCH` with a complete FTS5 expression in place of the stock tree of lexemes."""

    def __init__(self, column: str, expression: str) -> None:
        super().__init__([column], expression)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[str]]:
        return self.template, [f"{self.columns[0]} : ({self.query})"]


class SQLiteEngine(Engine):
    AND = "AND"
    OR = "OR"

    def term(self, term: QueryTerm) -> str:
        # A prefix that may be the start of a spelt-out character would match all tokens that contain one.
        is_prefix = term.prefix and not _SPELT_OUT.fullmatch(term.token)
        return f'"{encode(term.token)}"' + ("*" if is_prefix else "")

    def matching(self, expression: str, column: str) -> Q:
        # A subquery, since in a join SQLite runs the full-text query again for each index entry of the model.
        return Q(pk__in=FTSEntry.objects.filter(Match(column, expression)).values("pk"))

    def found_entries(self, expression: str, column: str) -> QuerySet[Model]:
        entries: QuerySet[Model] = FTSEntry.objects.filter(Match(column, expression))
        return entries

    def score(self, query: Query, column: str, operator: str) -> Combinable:
        """Return how often the tokens occur, relative to the length of the text.

        FTS5's own bm25 is only available inside the full-text query. Read from there for each result, it counts the
        whole index each time: minutes for 20,000 results.
        """
        text = Concat(Value(" "), F(column), output_field=TextField())
        terms = {term.token for clause in query.clauses for terms in clause for term in terms}
        found: Combinable = Value(0)
        for token in sorted(map(encode, terms))[:MAX_SCORED_TERMS]:
            without = Length(Replace(text, Value(f" {token}"), Value("")))
            found = found + (Length(text) - without) / Value(len(token) + 1)
        return Cast(found, FloatField()) / (Length(text) + Value(20.0 if column == NAMES else 200.0))

    def value(self, names: list[str], texts: list[str]) -> str:
        return " ".join(map(encode, names + texts))


class Index(IndexMixin, stock.SQLiteIndex):
    engine = SQLiteEngine()


class SearchCompiler(CompilerMixin, stock.SQLiteSearchQueryCompiler):
    engine = SQLiteEngine()


class AutocompleteCompiler(CompilerMixin, stock.SQLiteAutocompleteQueryCompiler):
    engine = SQLiteEngine()
    column = COMPLETIONS


class SearchBackend(stock.SQLiteSearchBackend):
    """The stock backend with our index and compilers."""

    index_class = Index
    query_compiler_class = SearchCompiler
    autocomplete_query_compiler_class = AutocompleteCompiler
