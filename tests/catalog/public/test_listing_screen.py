"""The page of a listing: its form, its table and its htmx responses."""

import re
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from catalog.models import Segment
from tests.factories import make_label, make_model, make_organization

pytestmark = [pytest.mark.django_db, pytest.mark.page]


def open_page(address: str, **headers) -> BeautifulSoup:
    response = Client().get(address, headers=headers)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words_of(tag) -> str:
    return " ".join(tag.get_text(" ").split())


@pytest.fixture
def licences():
    """Models with a dozen licences, one of which has a hostile name."""
    for number in range(11):
        make_model(name=f"Model {number}", licence=f"licence-{number:02}")
    make_model(name="<i>Model", licence='x"><script>alert(1)</script>')


def test_a_long_facet_shows_eight_options_and_folds_the_others(licences):
    soup = open_page("/en/models/")
    options = soup.select_one("#options-licence")
    assert len(options.select(":scope > ul > li")) == 8
    rest = options.select_one("details.rest")
    assert words_of(rest.summary) == "Show all 12 : Licence"
    assert not rest.has_attr("open")
    assert len(rest.select("li")) == 4
    assert soup.select_one("input[name=find_licence]")["aria-label"] == "Find an option: Licence"
    assert not soup.select("input[name=find_access]"), "short facets need no box"
    assert open_page("/en/models/?licence=licence-10").select_one("#options-licence details.rest").has_attr("open")


def test_a_box_finds_an_option_without_script(licences):
    soup = open_page("/en/models/?find_licence=e-1&access=unknown")
    assert [box["value"] for box in soup.select("input[name=licence]")] == ["licence-10"]
    assert soup.select_one("input[name=find_licence]")["value"] == "e-1"
    assert words_of(soup.select_one("#filters-button")) == "Filters (1)"
    assert {link["href"] for link in soup.select(".chips a")} == {"/en/models/?find_licence=e-1", "/en/models/"}
    assert "No option has “zebra”." in words_of(open_page("/en/models/?find_licence=zebra"))


def test_typed_text_is_escaped(licences):
    html = Client().get("/en/models/?licence=x%22><script>alert(1)</script>&find_licence=<b>").content.decode()
    assert "<script>alert" not in html
    assert "<i>Model" not in html
    assert "<b>" not in html


HOSTILE = """<script>alert(1)</script>"x' onfocus='y&amp;"""


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("htmx", [False, True])
def test_hostile_values_are_text_wherever_they_are_shown(language, htmx):
    """In names, labels, values and typed texts, in the reader's language or the other, in pages and htmx responses."""
    parent = make_label(Segment, "image", name_en=HOSTILE, name_zh="")
    make_label(Segment, "logos", name_en=f"{HOSTILE} child", name_zh="", parent=parent)
    segments = [*Segment.objects.all()]
    make_organization(name=HOSTILE, summary_en=HOSTILE, summary_zh="", segments=segments)
    maker = make_organization(name=f"Maker {HOSTILE}", summary_en="", summary_zh=HOSTILE)
    make_model(name=HOSTILE, licence=HOSTILE, makers=[maker])
    typed = urlencode({"licence": HOSTILE, "find_licence": HOSTILE, "released_min": HOSTILE})
    headers = {"HX-Request": "true"} if htmx else {}
    for address in (f"/{language}/organizations/", f"/{language}/models/", f"/{language}/models/?{typed}"):
        soup = open_page(address, **headers)
        assert not [tag for tag in soup.find_all("script") if "alert" in tag.get_text()]
        assert not [tag for tag in soup.find_all(True) if {"onfocus", "x'"} & tag.attrs.keys()]
        assert HOSTILE in soup.get_text()
        boxes = soup.select("#options-licence input")
        assert not boxes or HOSTILE in [box["value"] for box in boxes]
        assert all(re.fullmatch("[A-Za-z0-9_-]+", box["id"]) for box in boxes)


def test_a_chosen_segment_opens_its_parent():
    image = make_label(Segment, "image", position=1)
    make_organization(segments=[make_label(Segment, "image-generation", position=2, parent=image)])
    closed, opened = (open_page(f"/en/organizations/{query}") for query in ("", "?segment=image-generation"))
    assert not closed.select_one("#in-image").has_attr("open")
    assert opened.select_one("#in-image").has_attr("open")
    assert closed.select_one("#in-image input[name=segment]")["value"] == "image-generation"


@pytest.fixture
def funded():
    """Four startups: three with an amount, one of them an estimate, and one without."""
    amounts = {
        "Small": "USD 2M",
        "Middle": "USD 50M",
        "Large": {"low": "400 million", "high": "400 million", "kind": "estimated", "currency": "USD"},
    }
    for name, amount in amounts.items():
        rounds = [{"key": "a", "round_kind": "seed", "announced": "2022-10", "amount": amount}]
        make_organization(name=name, type="startup", founded="2020", children={"funding_rounds": rounds})
    make_organization(name="None", type="startup", founded="2023")


def test_a_range_is_drawn_and_says_what_it_shows(funded):
    soup = open_page("/en/startups/?funding_min=30M")
    drawing = soup.select_one("#bars-funding svg")
    assert drawing["role"] == "img"
    assert drawing["aria-label"] == "Total funding: 3 with a value; the most, 1, in USD 1M–3M"
    bars = {words_of(bar): bar["class"] for bar in drawing.select("rect")}
    assert bars["USD 1M–3M: 1"] == ["out"], "its own bounds are left out"
    assert bars["USD 30M–100M: 1"] == bars["USD 300M–1B: 1"] == ["in"]
    assert "style" not in str(drawing)
    years = {words_of(bar): bar["class"] for bar in soup.select("#bars-founded rect")}
    assert years["2020: 2"] == ["out"]


def test_an_invalid_bound_is_named_where_it_was_typed(funded):
    soup = open_page("/en/startups/?funding_min=soon")
    assert "Enter a number" in words_of(soup.select_one("#error-funding"))
    assert soup.select_one("#funding-min")["aria-invalid"] == "true"
    assert soup.select_one("#funding-min").find_parent("details").has_attr("open")
    assert words_of(soup.select_one("#chosen-funding")) == ""
    assert words_of(soup.select_one("#count")) == "4 results"


def test_the_facet_of_how_known_a_range_is_comes_with_it(funded):
    soup = open_page("/en/startups/")
    known = soup.select_one("fieldset.known:has(input[name=funding_known])")
    assert known.find_parent("details").select_one("#funding-min")
    assert words_of(known.legend) == "Total funding: how known"
    assert {box["value"] for box in known.select("input")} == {"reported", "estimated", "unknown"}
    assert words_of(open_page("/en/startups/?funding_known=unknown").select_one("#chosen-funding")) == "1"


def test_totals_and_medians_name_what_they_count(funded):
    sums = [words_of(line) for line in open_page("/en/startups/").select(".sums p")]
    assert sums == [
        "Total funding: USD 452M over 3 of 4 (1 estimated), median USD 50M",
        "Not counted: what is unknown or undisclosed, and amounts without a dated rate to US dollars. "
        "Of a range the lower end counts.",
    ]
    assert open_page("/en/startups/?founded_min=2023").select(".sums") == [], "one result needs no median"
    for number, parameters in enumerate(("7 billion", "70 billion", "400 billion")):
        make_model(name=f"Model {number}", parameters=parameters)
    lines = [words_of(line) for line in open_page("/en/models/").select(".sums p")]
    assert lines == ["Parameters: median 70 billion over 3 of 3"], "parameters add up to nothing; none is lacking"


def test_an_estimate_is_told_from_a_reported_value(funded):
    rows = open_page("/en/startups/").select("tbody tr")
    cells = {words_of(row.th.a): words_of(row.select_one("td.number")) for row in rows}
    assert cells["Large"] == "Total funding about USD 400M"
    assert cells["Small"] == "Total funding USD 2M"
    make_model(name="Guessed", parameters={"low": "1 trillion", "high": "1 trillion", "kind": "estimated"})
    assert "about 1 trillion" in words_of(open_page("/en/models/").select_one("tbody tr"))


def test_a_value_across_several_bars_is_counted_once():
    rounds = [{"key": "a", "round_kind": "seed", "announced": "2022-10", "amount": "USD 10M"}]
    for name in ("On an edge", "On the same"):
        make_organization(name=name, type="startup", founded="2022", children={"funding_rounds": rounds})
    make_organization(name="Later", type="startup", founded="2023-05-01")
    soup = open_page("/en/startups/")
    assert soup.select_one("#bars-funding svg")["aria-label"].startswith("Total funding: 2 with a value;")
    assert soup.select_one("#bars-founded svg")["aria-label"].startswith("Founded: 3 with a value;")
    assert words_of(soup.select_one("#bars-founded rect")) == "January 2022: 2"


@pytest.mark.parametrize(("number", "found"), [("5e49", 1), ("2e-30", 2), ("1", 2)])
def test_the_largest_and_smallest_numbers_are_shown(number, found):
    make_model(name="Odd", parameters=number)
    make_model(name="Other", parameters="7 billion")
    assert "median" in words_of(open_page("/en/models/").select_one(".sums"))
    soup = open_page(f"/zh-hans/models/?parameters_min={number}")
    assert words_of(soup.select_one("#count")) == f"共 {found} 条"


def test_headings_sort_and_say_how_the_table_is_sorted():
    make_organization(name="Acme", founded="2020")
    soup = open_page("/en/organizations/?sort=-founded&country=unknown")
    heads = {words_of(head): head for head in soup.select(".rows thead th")}
    assert {name for name, head in heads.items() if head.has_attr("aria-sort")} == {"Founded"}
    assert heads["Founded"]["aria-sort"] == "descending"
    assert heads["Founded"].a["href"] == "?sort=founded&country=unknown"
    assert heads["Total funding"].a["href"] == "?sort=-funding&country=unknown"


def test_htmx_gets_counts_beside_the_results(licences):
    soup = open_page("/en/models/?licence=licence-03", **{"HX-Request": "true"})
    assert words_of(soup.select_one("#count")) == "1 result"
    assert words_of(soup.select_one("#chosen-licence")) == "1"
    assert soup.select_one("#options-licence")["hx-swap-oob"] == "true"
    assert soup.select_one("input[value=licence-03]").has_attr("checked")


@pytest.mark.parametrize(
    ("before", "after", "header"),
    [
        ("", "access=unknown", "HX-Push-Url"),
        ("access=unknown", "access=unknown&find_licence=mi", "HX-Replace-Url"),
        ("find_licence=m", "find_licence=mi", "HX-Replace-Url"),
        ("access=unknown", "", "HX-Push-Url"),
    ],
)
def test_going_back_undoes_a_choice_and_not_what_was_typed_to_find_it(before, after, header):
    make_model()
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/en/models/?{before}"}
    response = Client().get(f"/en/models/?{after}&released_min=", headers=headers)
    assert response[header] == f"/en/models/?{after}".rstrip("?")


@pytest.mark.parametrize("address", ["http://[", "", "?", "nonsense\x00", "http://testserver/?%ff=%00&find_"])
def test_any_current_address_sent_by_the_browser_is_answered(address):
    headers = {"HX-Request": "true", "HX-Current-URL": address}
    assert Client().get("/en/models/?access=api", headers=headers).status_code == 200


@pytest.mark.long
def test_every_link_keeps_the_number_of_results_on_a_page():
    for number in range(26):
        make_model(name=f"Model {number:02}")
    soup = open_page("/en/models/?per_page=25&sort=name")
    assert len(soup.select(".rows tbody tr")) == 25
    assert soup.select_one(".pagination [rel=next]")["href"] == "?per_page=25&sort=name&page=2"
    assert soup.select_one("form.filters input[name=per_page]")["value"] == "25"
    sizes = {words_of(link): (link["href"], link.get("aria-current")) for link in soup.select(".sizes a")}
    assert sizes == {
        "25": ("?per_page=25&sort=name", "true"),
        "50": ("?per_page=50&sort=name", None),
        "100": ("?per_page=100&sort=name", None),
    }
