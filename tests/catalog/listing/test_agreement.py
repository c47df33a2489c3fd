"""For any filter, page, counts, histograms, sums, files and feed agree with an oracle that reads public documents."""

import csv
import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.utils import translation
from django.utils.http import urlencode
from hypothesis import given
from hypothesis import strategies as st

from catalog.export.files import PREFACE
from catalog.public.downloads import FEED_LENGTH
from tests.catalog.listing.listings import open_listing
from tests.catalog.listing.oracle import DATES, LISTINGS, SORTS, Fact, Oracle, Reader
from tools.generator import generate

pytestmark = pytest.mark.django_db

# A fixed day, so that failures can be repeated.
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ENTRIES = 130
NOBODY = "no-such-thing"
DATE_BOUNDS = [
    *("2019", "2021", "2024-06", "2022-10-05", "June 2020", "11 June 2023", "2020 年 6 月", "2025 年", "２０１８"),
    *("2026-10-10", "2026-11", "2026", "1900", "soon", "2024-13", "2101"),
]
NUMBER_BOUNDS = [
    *(
        "10M",
        "1 亿",
        "1,000",
        "65 million",
        "3.5e9",
        "7B",
        "700 万",
        "１０Ｍ",
        "1e10",
        "0.5T",
        "5×10^8",
        "0",
        "-5",
        "many",
    ),
    *("100 billion", "3M", "1750 亿", "1e60"),
]
QUERIES = [
    "虚构",
    "robotics",
    "文生图",
    "Robotics",
    "语音合成",
    "invented",
    "clinics",
    "智能 clinics",
    "zzzz",
    "企业",
    "???",
]


@pytest.fixture(scope="module")
def facts(django_db_setup, django_db_blocker):
    """Yield the oracle's facts of a generated catalog in the database, for all tests of this module."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        generate(entries=ENTRIES, seed=3)
        # Caches treat it as committed.
        connection.run_on_commit.clear()
        yield Reader(today=NOW.date()).read()
        transaction.set_rollback(True)


@st.composite
def questions(draw, facts: list[Fact]) -> tuple[str, str, list[tuple[str, str]]]:
    """Generate a listing, a language and the parameters of a query, in any order."""
    listing = draw(st.sampled_from(sorted(LISTINGS)))
    language = draw(st.sampled_from(["en", "zh-hans"]))
    oracle = Oracle(facts, listing=listing, language=language)
    pairs: list[tuple[str, str]] = []
    for name in draw(st.lists(st.sampled_from([*oracle.facets, *oracle.fixed]), max_size=4, unique=True)):
        values = {value for fact in facts if fact.kind == oracle.kind for value in fact.facets[name]}
        values |= {*oracle.vocabulary.get(name, ()), "unknown", "undisclosed", NOBODY}
        chosen = draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=4, unique=True))
        pairs += [(name, value) for value in chosen]
    for name in draw(st.lists(st.sampled_from(oracle.ranges), max_size=2, unique=True)):
        bounds = st.sampled_from(DATE_BOUNDS if name in DATES else NUMBER_BOUNDS)
        ends = draw(st.sampled_from([("min",), ("max",), ("min", "max")]))
        pairs += [(f"{name}_{end}", draw(bounds)) for end in ends]
    if draw(st.integers(0, 4)) == 0:
        pairs.append(("q", draw(st.sampled_from(QUERIES))))
    if draw(st.booleans()):
        sort = draw(st.sampled_from([*SORTS[oracle.kind], NOBODY]))
        pairs.append(("sort", draw(st.sampled_from(["", "-"])) + sort))
    if draw(st.booleans()):
        pairs.append(("as_of", draw(st.sampled_from([NOW.date().isoformat(), "2026-11-31", "2030-01-01"]))))
    if draw(st.booleans()):
        pairs.append(("page", draw(st.sampled_from(["1", "2", "x"]))))
    if draw(st.booleans()):
        pairs.append(("per_page", draw(st.sampled_from(["25", "100", "7"]))))
    return listing, language, draw(st.permutations(pairs))


@given(data=st.data())
def test_every_filter_agrees_with_the_oracle(facts, data):
    name, language, pairs = data.draw(questions(facts))
    oracle = Oracle(facts, listing=name, language=language)
    asked: dict[str, list[str]] = {}
    for parameter, value in pairs:
        asked.setdefault(parameter, []).append(value)
    conditions = oracle.read(asked)
    found = oracle.select(conditions)
    with time_machine.travel(NOW, tick=False), translation.override(language):
        listing = open_listing(name, urlencode(pairs))
        filterset = listing.filterset
        assert filterset.total == len(found)
        check_order(listing, oracle=oracle, found=found, asked=asked, conditions=conditions)
        assert set(filterset.facet_names) == set(oracle.facets)
        for facet in oracle.facets:
            expected = oracle.count(conditions, facet)
            assert {value: number for value, number in filterset.counts[facet].items() if number} == expected
        for facet in listing.facets:
            expected = oracle.count(conditions, facet.name)
            assert {it.value: it.count for it in facet.options} == {
                it.value: expected.get(it.value, 0) for it in facet.options
            }
        assert set(filterset.histograms) == set(oracle.ranges)
        for range_name, histogram in filterset.histograms.items():
            for it in histogram.bins:
                assert it.count == oracle.count_bin(conditions, range_name, it.low, it.high), (range_name, it)
        expected = oracle.sum_up(found)
        assert [it.name for it in filterset.sums] == list(expected)
        for it in filterset.sums:
            total, middle, *numbers = expected[it.name]
            # Sums of floats depend slightly on the order.
            assert (it.total, it.median) == (pytest.approx(total), pytest.approx(middle))
            assert [it.number, it.estimated, it.lacking] == numbers
        for parameter in conditions:
            assert filterset.count_without(parameter) == len(oracle.select(conditions, without=(parameter,)))
        check_downloads(
            form=data.draw(st.sampled_from(["", "", "", "data.csv", "data.json", "feed.json"])),
            address=f"/{language}/{name}/",
            query=urlencode(pairs),
            ids=[row.entry for row in filterset.results.iterator()],
        )


def check_order(listing, *, oracle: Oracle, found: list[Fact], asked: dict, conditions: dict) -> None:
    """Check all results in order, read at once and page by page."""
    ids = [row.entry for row in listing.filterset.results.iterator()]
    sort = asked.get("sort", [""])[-1]
    if sort.removeprefix("-") in SORTS[oracle.kind] or "q" not in conditions:
        is_known = sort.removeprefix("-") in SORTS[oracle.kind]
        expected = [UUID(fact.uid) for fact in oracle.order(found, sort if is_known else oracle.usual)]
        assert ids == expected
    else:
        # Skip the order by best match, which the tests of search check.
        assert sorted(ids) == sorted(UUID(fact.uid) for fact in found)
    per_page = {"25": 25, "100": 100}.get(asked.get("per_page", [""])[-1], 50)
    pages = -(-len(ids) // per_page) or 1
    number = int(asked["page"][-1]) if asked.get("page", ["x"])[-1] != "x" else 1
    start = (min(number, pages) - 1) * per_page
    assert [row.entry.entry for row in listing.rows] == ids[start : start + per_page]


def check_downloads(*, form: str, address: str, query: str, ids: list[UUID]) -> None:
    """Check that exports have the same results in the same order, and the feed the latest publications."""
    if not form:
        return
    response = Client().get(f"{address}{form}?{query}")
    assert response.status_code == 200
    content = response.getvalue().decode("utf-8-sig")
    if form == "data.csv":
        rows = list(csv.reader(io.StringIO(content)))
        names, *entries = rows[PREFACE:]
        assert [UUID(entry[names.index("id")]) for entry in entries] == ids
    elif form == "data.json":
        taken = json.loads(content)
        assert taken["meta"]["entries"] == len(ids)
        assert [UUID(entry["id"]) for entry in taken["entries"]] == ids
    else:
        items = json.loads(content)["items"]
        assert {UUID(item["id"].removeprefix("urn:uuid:")) for item in items} <= set(ids)
        assert len(items) == min(FEED_LENGTH, len(ids))
