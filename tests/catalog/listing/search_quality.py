"""Measures how well search finds what readers mean: labelled queries, and how answers are scored.

`python tools/measure_search.py` prints the table; tests compare both halves with the required scores.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import override
from ruamel.yaml import YAML

from catalog.models import ListingEntry
from catalog.models.listing import ALWAYS_UNTIL
from editorial.articles.searching import SearchPage

QUERIES = Path(__file__).with_name("search_queries.yaml")
HALVES = ("tuned", "held_out")
# The number of results that a reader looks at before typing something else.
LOOKED_AT = 5
# The first part of the URL of each kind, as written in labels.
ADDRESSES = {"model": "models", "organization": "organizations", "product": "products", "term": "terms"}


@dataclass(frozen=True)
class Score:
    """The score of one query: the share of its answers at the top, and one by the rank of the first answer."""

    kind: str
    half: str
    query: str
    recall: float
    reciprocal_rank: float
    shown: tuple[str, ...]


def read_queries() -> list[tuple[str, str, dict]]:
    """Return kind, half and label of each query."""
    kinds = YAML(typ="safe").load(QUERIES)
    return [(kind, half, label) for kind, halves in kinds.items() for half in HALVES for label in halves[half]]


def score(kind: str, half: str, label: dict, *, shown: list[str], in_segment: Callable[[str], set[str]]) -> Score:
    """Score the results of a query (URLs, best first) against its label."""
    answers = set(label.get("find", ()))
    if "segment" in label:
        answers |= in_segment(label["segment"])
    found = answers.intersection(shown[:LOOKED_AT])
    ranks = [rank for rank, address in enumerate(shown, start=1) if address in answers]
    return Score(
        kind=kind,
        half=half,
        query=label["type"],
        recall=len(found) / min(LOOKED_AT, len(answers)),
        reciprocal_rank=1 / ranks[0] if ranks else 0.0,
        shown=tuple(shown[:LOOKED_AT]),
    )


def average(scores: list[Score]) -> tuple[float, float]:
    """Return recall and mean reciprocal rank."""
    return (
        sum(score.recall for score in scores) / len(scores),
        sum(score.reciprocal_rank for score in scores) / len(scores),
    )


def measure_site() -> list[Score]:
    """Run every labelled query against the site's search, each in the language in which it is typed."""
    scores = []
    for kind, half, label in read_queries():
        shown = ask(label["type"], language="zh-hans" if re.search("[\u4e00-\u9fff]", label["type"]) else "en")
        scores.append(score(kind, half, label, shown=shown, in_segment=find_segment))
    return scores


def ask(query: str, *, language: str) -> list[str]:
    """Return the URLs on the first page of search results, best first."""
    with override(language):
        page = SearchPage(data=QueryDict(urlencode({"q": query})), language=language)
        return ["/".join(hit.url.replace("/glossary/", "/terms/").split("/")[2:4]) for hit in page.hits]


def find_segment(slug: str) -> set[str]:
    """Return the URLs of the entries in a segment."""
    rows = ListingEntry.objects.filter(facets__facet="segment", facets__value=slug, facets__until=ALWAYS_UNTIL)
    return {f"{ADDRESSES[kind]}/{slug}" for kind, slug in rows.values_list("kind", "slug")}
