"""How well search finds what readers mean: the labelled queries, and how answers are scored.

`python tools/measure_search.py` prints the table; tests hold both halves against what is asked for.
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
# As many results as a reader looks at before typing something else.
LOOKED_AT = 5
# The first part of the address of each kind, as labels have it.
ADDRESSES = {"model": "models", "organization": "organizations", "product": "products", "term": "terms"}


@dataclass(frozen=True)
class Score:
    """How well one query was answered: the share of its answers on top, and one by the rank of the first answer."""

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
    """Hold what was shown for a query (addresses, best first) against its label."""
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
    """Ask every labelled query of the site in the database, each in the language in which it is typed."""
    scores = []
    for kind, half, label in read_queries():
        shown = ask(label["type"], language="zh-hans" if re.search("[\u4e00-\u9fff]", label["type"]) else "en")
        scores.append(score(kind, half, label, shown=shown, in_segment=find_segment))
    return scores


def ask(query: str, *, language: str) -> list[str]:
    """The addresses on the first page of what search finds, best first."""
    with override(language):
        page = SearchPage(data=QueryDict(urlencode({"q": query})), language=language)
        return ["/".join(hit.url.replace("/glossary/", "/terms/").split("/")[2:4]) for hit in page.hits]


def find_segment(slug: str) -> set[str]:
    """The addresses of what is in a segment."""
    rows = ListingEntry.objects.filter(facets__facet="segment", facets__value=slug, facets__until=ALWAYS_UNTIL)
    return {f"{ADDRESSES[kind]}/{slug}" for kind, slug in rows.values_list("kind", "slug")}
