"""Entries side by side: differences first, with sources and dates, at an address that can be cited."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Check, ListingEntry, Modality, Publication
from catalog.models.checks import Outcome
from catalog.publishing.checking import record_checks
from tests.factories import (
    make_label,
    make_model,
    make_organization,
    make_product,
    make_source,
    publish_revision,
    withdraw,
)

pytestmark = [pytest.mark.django_db, pytest.mark.page]


def text_of(response) -> str:
    html = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def lines_of(response, table: int = 0) -> dict[str, list[str]]:
    """Return the rows of a table: the words of the cells, by those of the first cell."""
    tables = re.findall(r"<table.*?</table>", response.content.decode(), flags=re.DOTALL)
    rows = re.findall(r"<tr.*?</tr>", tables[table], flags=re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.DOTALL) for row in rows]
    words = [[re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip() for cell in row] for row in cells]
    return {row[0].split(" :")[0]: row[1:] for row in words}


@pytest.fixture
def models(django_user_model):
    lab = make_organization(name="A lab", slug="a-lab")
    paper = make_source(title="First paper")
    shared = {"makers": [lab], "outputs": [make_label(Modality, "text")]}
    first = make_model(
        name="First",
        slug="first",
        released="2020-05-28",
        parameters="175 billion",
        access="api",
        cite={"released": "2020-06", "parameters": "2020", "makers": "2020"},
        source=paper,
        children={
            "milestones": [
                {
                    "key": f"m{n}",
                    "milestone_kind": "release",
                    "date": f"202{n}",
                    "text_en": f"Step {n}",
                    "text_zh": f"第 {n} 步",
                }
                for n in range(7)
            ]
        },
        **shared,
    )
    second = make_model(
        name="Second",
        slug="second",
        name_zh="第二个",
        released="2023",
        parameters={"kind": "undisclosed"},
        cite={"released": "2023"},
        children={"lineage": [{"key": "old", "lineage_kind": "successor-of", "model": first}]},
        **shared,
    )
    record_checks(
        entry=first.uid,
        group="profile",
        outcome=Outcome.STILL_TRUE,
        user=django_user_model.objects.create_user("checker"),
    )
    return first, second


def test_differences_come_first_with_sources_and_dates(client, models):
    response = client.get("/en/compare/?kind=models&slug=first&slug=second")
    assert response.status_code == 200
    differing, same = lines_of(response), lines_of(response, 1)
    assert differing["Released"] == ["28 May 2020 Source 1 as of June 2020", "2023 Source 2 as of 2023"]
    assert differing["Parameters"] == ["175 billion Source 1 as of 2020", "Undisclosed"]
    assert differing["Access"] == ["API", "Unknown"]
    assert differing["Profile"][0].startswith("Checked ")
    assert differing["Profile"][1] == "As of 2023; not checked yet"
    assert differing["Lineage"] == ["Unknown", "Succeeds · First"]
    assert list(same) == ["Value", "Profile", "Maker", "Specifications", "Output"]
    assert same["Maker"] == ["A lab Source 1 as of 2020", "A lab"]
    assert "The same in all (2)" in text_of(response)
    assert 'id="source-2"' in response.content.decode()
    assert '<meta name="robots" content="noindex">' in response.content.decode()


def test_a_long_list_shows_its_beginning_and_leads_to_the_rest(client, models):
    html = client.get("/en/compare/?kind=models&slug=first&slug=second").content.decode()
    assert "Step 6" in html
    assert "Step 1" not in html
    assert re.search(r'<a href="/en/models/first/">Show all 7', html)


def test_the_order_is_that_of_the_address(client, models):
    html = client.get("/en/compare/?slug=second&kind=models&slug=first&slug=second").content.decode()
    assert 'rel="canonical" href="http://testserver/en/compare/?kind=models&slug=second&slug=first"' in html.replace(
        "&amp;", "&"
    )
    assert lines_of(client.get("/en/compare/?kind=models&slug=second&slug=first"))["Released"][0].startswith("2023")


def test_a_comparison_in_chinese(client, models):
    response = client.get("/zh-hans/compare/?kind=models&slug=first&slug=second")
    assert "未披露" in lines_of(response)["参数量"][1]
    assert lines_of(response)["开放方式"][1] == "未知"


def test_entries_that_are_not_public_are_ignored_like_unknown_ones(client, models):
    draft = make_model(name="Secret draft", slug="secret", publish=False)
    gone = make_model(name="Gone", slug="gone")
    withdraw(gone)
    response = client.get(
        f"/en/compare/?kind=models&slug=first&slug={draft.slug}&slug=gone&slug=no%20slug&slug=x&page=2"
    )
    text = text_of(response)
    for name in ("slug=secret", "slug=gone", "slug=no slug", "slug=x", "page"):
        assert f"Ignored, not a filter here: {name}" in text
    assert "Secret draft" not in text
    assert "Gone" not in text.replace("slug=gone", "")


def test_former_addresses_lead_to_present_ones(client, models):
    first, second = models
    draft = first.get_latest_revision_as_object()
    draft.slug = "first-renamed"
    publish_revision(draft.save_revision())
    response = client.get("/en/compare/?kind=models&slug=first&slug=second&slug=first-renamed")
    assert "slug=first-renamed&amp;slug=second" in response.content.decode()
    assert len(lines_of(response)["Released"]) == 2, "each entry once"
    draft = second.get_latest_revision_as_object()
    draft.merged_into = first
    publish_revision(draft.save_revision())
    response = client.get("/en/compare/?kind=models&slug=second&slug=first")
    assert [column["name"].text for column in response.context["comparison"].columns] == ["First"]
    assert "Ignored" not in text_of(response)


def test_a_seventh_entry_is_left_out_and_named(client):
    slugs = [make_product(name=f"Product {n}", slug=f"p{n}").slug for n in range(7)]
    query = "&".join(f"slug={slug}" for slug in slugs)
    response = client.get(f"/en/compare/?kind=products&{query}")
    assert len(response.context["comparison"].entries) == 6
    assert "The first 6 are compared. Left out: Product 6" in text_of(response)
    assert 'name="name"' not in response.content.decode(), "there is no room for another"


def test_fewer_than_two_says_how_to_add_some(client, models):
    text = text_of(client.get("/en/compare/"))
    assert "Two to six models, organizations or products side by side" in text
    response = client.get("/en/compare/?kind=models&slug=first")
    html = response.content.decode()
    assert "Add another" in html
    assert '<input type="hidden" name="slug" value="first">' in html
    assert "<table" not in html


def test_an_exact_name_adds_the_entry(client, models):
    for name in ("Second", "second", "第二个"):
        response = client.get("/en/compare/", {"kind": "models", "slug": "first", "name": name})
        assert response.status_code == 302
        assert response.headers["Location"] == "/en/compare/?kind=models&slug=first&slug=second"


def test_several_matches_are_offered(client, models):
    make_model(name="Second sight", slug="second-sight")
    make_model(name="Second draft", slug="second-draft", publish=False)
    response = client.get("/en/compare/?kind=models&slug=first&name=secon")
    assert "Which one do you mean by “secon”?" in text_of(response)
    html = response.content.decode()
    assert '?kind=models&amp;slug=first&amp;slug=second"' in html
    assert '?kind=models&amp;slug=first&amp;slug=second-sight"' in html
    assert "second-draft" not in html
    assert "Nothing matches." in text_of(client.get("/en/compare/?kind=models&slug=first&name=zzzz"))


def test_each_can_be_removed(client, models):
    html = client.get("/en/compare/?kind=models&slug=first&slug=second").content.decode()
    assert 'class="remove" href="/en/compare/?kind=models&amp;slug=second"' in html


def test_any_query_is_answered(client, models):
    for query in (
        "kind=glossary&slug=first",
        "kind=%00&slug=%00&name=%00",
        "slug=first&slug=second",
        "kind=models&name=" + "x" * 5000,
        "kind=models&slug=" + "x" * 5000,
        "kind=models&as_of=2999-01-01&slug=first&slug=second",
        "kind=models&as_of=2001-01-01&slug=first&slug=second",
        "kind=models&kind=products&slug=%F0%9F%90%BC",
        "kind=models&name=%22%27%3B--",
    ):
        assert client.get(f"/en/compare/?{query}").status_code == 200
        assert client.get(f"/en/compare/data.csv?{query}").status_code in (200, 404)
        assert client.head(f"/en/compare/?{query}").status_code == 200


def move_to_the_past() -> None:
    Publication.objects.update(at=datetime(2026, 1, 1, tzinfo=UTC))
    Check.objects.update(at=datetime(2026, 1, 2, tzinfo=UTC))
    ListingEntry.ever.update(since="2026-01-01")


def test_a_past_day_shows_what_was_known_then(client, models):
    first, second = models
    move_to_the_past()
    draft = first.get_latest_revision_as_object()
    draft.slug, draft.access = "renamed", "open-weights"
    publish_revision(draft.save_revision())
    query = "kind=models&slug=first&slug=second"
    response = client.get(f"/en/compare/?{query}&as_of=2026-01-15")
    assert lines_of(response)["Access"] == ["API", "Unknown"]
    assert lines_of(response)["Profile"][0] == "Checked 2 January 2026"
    assert "As this site knew it on 15 January 2026" in text_of(response)
    html = response.content.decode()
    assert 'href="/en/models/first/?as_of=2026-01-15"' in html
    assert "&amp;as_of=2026-01-15" in html.partition('rel="canonical"')[2][:200]
    assert lines_of(client.get(f"/en/compare/?{query}"))["Access"] == ["Open weights", "Unknown"]
    by_new_address = client.get("/en/compare/?kind=models&slug=renamed&slug=second&as_of=2026-01-15")
    assert lines_of(by_new_address)["Access"] == ["API", "Unknown"]
    withdraw(second)
    assert "slug=second" in text_of(client.get(f"/en/compare/?{query}&as_of=2026-01-15")), "it has no public history"


def test_a_comparison_can_be_exported(client, models):
    response = client.get("/en/compare/data.csv?kind=models&slug=second&slug=first&slug=nothing")
    lines = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode().removeprefix("\ufeff"))))
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert [row[2] for row in lines[-2:]] == ["Second", "First"]
    assert "http://testserver/en/compare/?kind=models&slug=second&slug=first" in lines[1][0]
    assert "slug=nothing" in lines[4][0]
    assert client.get("/en/compare/data.xlsx?kind=models&slug=second").status_code == 200
    assert client.get("/en/compare/data.json?kind=models").status_code == 404


def test_startups_are_organizations_and_their_totals_are_compared(client):
    for name, amount in (("One", "65000000"), ("Two", "5000000")):
        seed = {"key": "seed", "round_kind": "seed", "amount": {"value": amount, "currency": "USD"}}
        make_organization(name=name, slug=name.lower(), type="startup", children={"funding_rounds": [seed]})
    response = client.get("/en/compare/?kind=startups&slug=one&slug=two")
    assert lines_of(response)["Total funding"] == ["USD 65M", "USD 5M"]
    assert lines_of(response)["Funding rounds"] == ["Seed · USD 65M", "Seed · USD 5M"]
    assert "kind=organizations" in response.content.decode()
    guess = {
        "key": "seed",
        "round_kind": "seed",
        "amount": {"value": "7000000", "currency": "USD", "kind": "estimated"},
    }
    make_organization(slug="three", children={"funding_rounds": [guess]})
    response = client.get("/en/compare/?kind=organizations&slug=one&slug=three")
    assert lines_of(response)["Total funding"] == ["USD 65M", "about USD 7M"], "a sum of estimates is one"


def test_six_take_as_many_queries_as_two(client, models, commit):
    for number in range(4):
        make_model(
            slug=f"m{number}",
            makers=[make_organization()],
            cite={"makers": "2024"},
            source=make_source(url=f"https://example.org/{number}"),
        )
    move_to_the_past()
    commit()
    two = "kind=models&slug=first&slug=second"
    six = f"{two}&slug=m0&slug=m1&slug=m2&slug=m3"

    def count(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/en/compare/?{query}").status_code == 200
        return len(queries)

    count(two)
    assert count(two) == count(six) <= 6
    assert count(f"{two}&as_of=2026-01-15") == count(f"{six}&as_of=2026-01-15") <= 10
    five = six.removesuffix("&slug=m3")
    count(f"{five}&name=nothing")
    assert count(f"{five}&name=nothing") <= 12


def test_entries_and_the_menu_link_to_comparisons(client, models):
    html = client.get("/en/models/first/").content.decode()
    assert 'href="/en/compare/?kind=models&amp;slug=first"' in html
    assert '<a href="/en/compare/"' in html
    assert "compare" not in client.get("/sitemap.xml").content.decode()
