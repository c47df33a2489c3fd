"""Exports and feeds of listings: exactly what the page shows, with sources and dates, and no formula that runs."""

import csv
import io
import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import openpyxl
import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.export import files
from catalog.export.files import PREFACE
from catalog.listing.listings import LISTINGS
from catalog.models import Check, ListingEntry, Modality, Publication, Publisher, Verification
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
DAY = "2026-01-15"
FORMS = ["data.csv", "data.xlsx", "data.json", "feed.atom", "feed.json"]


def read_csv(client, address: str) -> tuple[list[str], list[dict]]:
    """Return the header lines of a file, and its rows by column."""
    response = client.get(address)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    preface, columns, rows = lines[:PREFACE], lines[PREFACE], lines[PREFACE + 1 :]
    assert all(len(line) == 1 and line[0].startswith("# ") for line in preface)
    return [line[0] for line in preface], [dict(zip(columns, row, strict=True)) for row in rows]


def read_json(client, address: str) -> dict:
    return json.loads(b"".join(client.get(address).streaming_content))


def read_xlsx(client, address: str):
    return openpyxl.load_workbook(io.BytesIO(b"".join(client.get(address).streaming_content)))


def move_to_the_past() -> None:
    """Move the times of all publications and checks to early January 2026."""
    Publication.objects.update(at=datetime(2026, 1, 1, tzinfo=UTC))
    Check.objects.update(at=datetime(2026, 1, 2, tzinfo=UTC))
    ListingEntry.ever.update(since="2026-01-01")


@pytest.fixture
def landscape(django_user_model):
    paper = make_source(title="A paper", url="https://example.org/paper", publisher="A press")
    stability = make_organization(
        name="Stability AI",
        slug="stability-ai",
        type="startup",
        country="GB",
        children={
            "funding_rounds": [
                {
                    "key": "seed",
                    "round_kind": "seed",
                    "announced": "2022-10",
                    "amount": {"value": "90", "currency": "EUR", "usd_rate": "1.5", "rate_date": "2022-10-17"},
                    "other_investors": "=HYPERLINK(1)",
                }
            ]
        },
        cite={"country": "2022", "funding_rounds/seed": "2022-10-17"},
        source=paper,
    )
    model = make_model(
        name="=Stable Diffusion",
        name_zh="稳定扩散",
        slug="stable-diffusion",
        makers=[stability, make_organization(slug="hidden-lab", publish=False)],
        outputs=[make_label(Modality, "image")],
        released="2022-08",
        parameters={"low": "890e6", "high": "1e9", "kind": "estimated"},
        access="open-weights",
        cite={"released": "2022-08-22", "parameters": "2022", "makers": "2022"},
        source=paper,
    )
    make_model(name="Other", slug="other", parameters={"kind": "undisclosed"}, released="2020")
    record_checks(
        entry=model.uid,
        group="profile",
        outcome=Outcome.STILL_TRUE,
        user=django_user_model.objects.create_user("checker"),
    )
    return model


def test_csv_holds_each_value_with_its_sources_and_dates(client, landscape):
    preface, [row, other] = read_csv(client, "/en/models/data.csv")
    today = datetime.now(UTC).date().isoformat()
    assert row["id"] == str(landscape.uid)
    assert row["address"] == "http://testserver/en/models/stable-diffusion/"
    assert row["name_en"] == "'=Stable Diffusion"
    assert row["name_zh"] == "稳定扩散"
    assert row["makers"] == "Stability AI"
    assert row["makers_code"] == "stability-ai", "nothing of a draft"
    assert (row["outputs"], row["outputs_code"]) == ("Image", "image")
    assert (row["access"], row["access_code"]) == ("Open weights", "open-weights")
    assert row["released"] == "2022-08"
    assert row["released_sources"] == "A paper <https://example.org/paper>"
    assert row["released_as_of"] == "2022-08-22"
    assert row["released_checked"] == today
    assert (row["parameters_low"], row["parameters_high"], row["parameters_kind"]) == (
        "890000000",
        "1000000000",
        "estimated",
    )
    assert row["parameters_as_of"] == "2022"
    assert row["parameters_checked"] == "", "only the profile was checked"
    assert (other["parameters_kind"], other["parameters_low"]) == ("undisclosed", "")
    assert (other["access"], other["access_sources"]) == ("", "")
    assert "hidden-lab" not in json.dumps([preface, row])


def test_money_is_exported_in_its_currency_and_in_dollars(client, landscape):
    _preface, [row] = read_csv(client, "/en/startups/data.csv?country=GB")
    assert float(row["total_funding_usd"]) == 135
    assert row["funding_rounds"] == "Seed; October 2022; EUR 90 (about USD 135 on 17 October 2022); '=HYPERLINK(1)"
    assert row["funding_rounds_as_of"] == "2022-10-17"
    [entry] = read_json(client, "/en/startups/data.json")["entries"]
    [funding] = entry["lists"]["funding_rounds"]
    assert funding["value"]["amount"] == {
        "low": 90,
        "high": 90,
        "kind": "reported",
        "currency": "EUR",
        "usd_low": 135,
        "usd_high": 135,
        "usd_rate_date": "2022-10-17",
    }
    assert funding["sources"][0]["title"] == "A paper"
    assert entry["funding"]["total_funding_usd"] == 135


def test_texts_are_in_the_language_of_the_address(client, landscape):
    preface, [row, _other] = read_csv(client, "/zh-hans/models/data.csv?sort=-released")
    assert row["access"] == "开源权重"
    assert row["address"].startswith("http://testserver/zh-hans/")
    assert any("模型" in line for line in preface)


def test_a_file_names_its_filters(client, landscape):
    preface, rows = read_csv(client, "/en/models/data.csv?access=open-weights&colour=red&page=7&sort=name")
    assert len(rows) == 1
    text = "\n".join(preface)
    assert "http://testserver/en/models/?access=open-weights&colour=red&sort=name" in text
    assert "Access: Open weights" in text
    assert "colour" in preface[4]
    assert "Entries: 1" in text
    assert "CC BY 4.0" in text
    assert "http://testserver/en/about/" in text
    meta = read_json(client, "/en/models/data.json?access=open-weights&colour=red")["meta"]
    assert meta["asked"] == [{"filter": "Access", "value": "Open weights"}]
    assert meta["ignored"] == ["colour"]
    assert meta["entries"] == 1


def test_xlsx_has_entries_sources_and_about(client, landscape):
    book = read_xlsx(client, "/en/models/data.xlsx?sort=-released")
    entries, sources, about = book.worksheets
    columns, row, other = entries.iter_rows(values_only=True)
    row = dict(zip(columns, row, strict=True))
    assert entries["C2"].data_type != "f"
    assert row["name_en"] == "=Stable Diffusion", "stored as a text, as it is"
    assert row["parameters_low"] == 890_000_000
    assert row["released"] == "2022-08"
    names, *cited = sources.iter_rows(values_only=True)
    assert {dict(zip(names, it, strict=True))["field"] for it in cited} == {"released", "parameters", "makers"}
    assert dict(about.iter_rows(values_only=True))["Entries"] == 2
    assert other[3] == "Other 中文"


def test_files_hold_what_the_page_counts_in_its_order(client, landscape):
    make_product(name="A product", slug="product")
    for number in range(3):
        make_organization(name=f"Startup {number}", slug=f"startup-{number}", type="startup", country="FR")
    for name in LISTINGS:
        page = client.get(f"/en/{name}/?sort=-name").context["listing"]
        expected = [row.entry.slug for row in page.rows]
        assert len(expected) == page.total > 0
        address = f"/en/{name}/data.%s?sort=-name"
        sheet = read_xlsx(client, address % "xlsx").worksheets[0]
        for found in (
            [row["address"] for row in read_csv(client, address % "csv")[1]],
            [entry["address"] for entry in read_json(client, address % "json")["entries"]],
            [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)],
        ):
            assert [it.split("/")[-2] for it in found] == expected


def test_a_file_names_the_corrected_search(client, landscape):
    preface, [row] = read_csv(client, "/en/models/data.csv?q=Stabel")
    assert row["name_en"] == "'=Stable Diffusion"
    assert "Results for: Stable" in preface[2]


def test_no_results_give_a_file_without_rows(client, landscape):
    assert read_csv(client, "/en/models/data.csv?q=nothingofthatname")[1] == []
    assert read_json(client, "/en/models/data.json?q=nothingofthatname")["entries"] == []
    assert len(list(read_xlsx(client, "/en/models/data.xlsx?q=nothingofthatname").worksheets[0])) == 1


def test_any_query_is_answered(client, landscape):
    odd = ("q=%00%ff&released_min=soon", "country=%E2%80%A8&a%0A=%0D1", "q=a%01b", "q=a%EF%BF%BEb")
    for query in ("sort=--&page=x&as_of=never", *odd):
        for form in FORMS:
            response = client.get(f"/en/models/{form}?{query}")
            assert response.status_code == 200
            assert response.headers["X-Robots-Tag"] == "noindex"
            assert b"".join(response.streaming_content) if response.streaming else response.content
        assert len(read_csv(client, f"/en/models/data.csv?{query}")[0]) == PREFACE


def test_a_filter_is_no_formula_where_a_semicolon_ends_a_cell(client, landscape):
    lines = client.get("/en/models/data.csv?;%3D1%2B1=x&q=a;=1").getvalue().decode().splitlines()
    pieces = [piece.strip(' "') for line in lines[:PREFACE] for piece in line.split(";")]
    assert "'=1+1" in pieces
    assert not [piece for piece in pieces if piece.startswith(("=", "+", "-", "@"))]


def test_a_feed_escapes_texts_and_has_an_author(client):
    make_model(name="Odd", summary_en="a < b & <i>c</i>", summary_zh="")
    feed = ElementTree.fromstring(client.get("/en/models/feed.atom").content)
    summary = feed.findtext("{*}entry/{*}summary")
    assert summary.lstrip().startswith("<p>a &lt; b &amp; &lt;i&gt;c&lt;/i&gt;</p>"), "as HTML"
    assert feed.findtext("{*}author/{*}name") == "AIGC Landscape"
    assert "authors" not in client.get("/en/models/feed.json").json()


def test_head_is_answered_and_post_is_refused(client, landscape):
    for form in FORMS:
        head, got = client.head(f"/en/models/{form}"), client.get(f"/en/models/{form}")
        assert head.status_code == 200
        assert head.headers["Content-Type"] == got.headers["Content-Type"]
        assert head.headers.get("Content-Disposition") == got.headers.get("Content-Disposition")
        assert client.post(f"/en/models/{form}").status_code == 405


def test_a_past_day_is_exported_as_it_was(client, landscape, django_user_model):
    """It has nothing that was published or checked later."""
    revision = landscape.get_latest_revision_as_object()
    revision.access = "api"
    move_to_the_past()
    publish_revision(revision.save_revision())
    _preface, rows = read_csv(client, f"/en/models/data.csv?as_of={DAY}&sort=-released")
    assert rows[0]["access_code"] == "open-weights"
    assert rows[0]["released_checked"] == "2026-01-02"
    assert rows[0]["address"].endswith(f"/en/models/stable-diffusion/?as_of={DAY}")
    assert read_csv(client, "/en/models/data.csv?sort=-released")[1][0]["access_code"] == "api"
    assert read_json(client, f"/en/models/data.json?as_of={DAY}")["meta"]["entries"] == 2


def test_withdrawn_entries_are_in_no_file(client, landscape):
    withdraw(landscape)
    for form in ("csv", "json", "xlsx"):
        body = b"".join(client.get(f"/en/models/data.{form}").streaming_content)
        assert b"stable-diffusion" not in body


def test_queries_grow_with_chunks_not_with_entries(client, landscape, monkeypatch, commit):
    for number in range(10):
        make_model(slug=f"m-{number}", makers=list(landscape.makers.filter(live=True)), cite={"makers": "2024"})
    move_to_the_past()
    commit()

    def count(form: str, query: str, chunk: int) -> int:
        monkeypatch.setattr(files, "ROWS_PER_CHUNK", chunk)
        with CaptureQueriesContext(connection) as queries:
            assert b"".join(client.get(f"/en/models/data.{form}?{query}").streaming_content)
        return len(queries)

    for form in ("csv", "json", "xlsx"):
        for query, each in (("sort=name", 4), (f"sort=name&as_of={DAY}", 8)):
            count(form, query, 100)
            whole = count(form, query, 100)
            assert whole <= 12 + each
            assert count(form, query, 3) == whole + 3 * each, "four chunks instead of one"


def test_a_feed_has_the_entries_published_last(client, landscape):
    response = client.get("/en/models/feed.atom?output=image")
    assert response.headers["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(response.content)
    space = "{http://www.w3.org/2005/Atom}"
    [entry] = feed.findall(f"{space}entry")
    assert entry.find(f"{space}id").text == f"urn:uuid:{landscape.uid}"
    assert entry.find(f"{space}title").text == "=Stable Diffusion"
    assert entry.find(f"{space}link").attrib["href"] == "http://testserver/en/models/stable-diffusion/"
    landscape.refresh_from_db()
    assert datetime.fromisoformat(entry.find(f"{space}updated").text).date() == landscape.last_published_at.date()
    everything = client.get("/zh-hans/models/feed.json").json()
    assert [item["url"].split("/")[-2] for item in everything["items"]] == ["other", "stable-diffusion"]
    assert everything["home_page_url"] == "http://testserver/zh-hans/models/"
    assert everything["language"] == "zh-hans"


def test_a_feed_names_its_filters_licence_sources_and_dates(client, landscape):
    today = datetime.now(UTC).date()
    feed = ElementTree.fromstring(client.get("/en/models/feed.atom?output=image&q=Stabel").content)
    assert feed.findtext("{*}subtitle") == "Asked for: Search: “Stabel”, Output: Image, Results for: Stable"
    assert "CC BY 4.0" in feed.findtext("{*}rights")
    assert feed.findtext("{*}rights").endswith("http://testserver/en/about/")
    content = BeautifulSoup(feed.findtext("{*}entry/{*}summary"), "html.parser")
    [source] = content.select("li")
    assert source.get_text() == "A paper · A press · as of 22 August 2022", "the latest date that it speaks of"
    assert source.a["href"] == "https://example.org/paper"
    states = {dt.get_text(): dd.get_text(strip=True) for dt, dd in zip(*map(content.select, ("dt", "dd")), strict=True)}
    assert states["Profile"] == f"Checked {today.day} {today:%B %Y}"
    found = client.get("/zh-hans/models/feed.json?output=image").json()
    assert found["description"].startswith("查询条件: ")
    [item] = found["items"]
    assert "截至 2022 年 8 月 22 日" in item["content_html"]
    withdraw(landscape)
    assert client.get("/zh-hans/models/feed.json?output=image").json()["items"] == []


def test_a_feed_takes_as_many_queries_for_many_as_for_two(client, landscape, commit):
    def count(query: str) -> int:
        client.get(f"/en/models/feed.atom?{query}")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/en/models/feed.atom?{query}")
        return len(queries)

    move_to_the_past()
    commit()
    few = count(""), count(f"as_of={DAY}")
    for number in range(10):
        make_model(slug=f"m-{number}", makers=list(landscape.makers.filter(live=True)), cite={"makers": "2024"})
    move_to_the_past()
    commit()
    assert (count(""), count(f"as_of={DAY}")) == few
    assert few[0] <= 12
    assert few[1] <= 16


def test_a_feed_keeps_the_id_of_a_renamed_entry(client, landscape):
    draft = landscape.get_latest_revision_as_object()
    draft.slug = "sd"
    publish_revision(draft.save_revision())
    [item] = [it for it in client.get("/en/models/feed.json").json()["items"] if it["url"].endswith("/sd/")]
    assert item["id"] == f"urn:uuid:{landscape.uid}"


def test_checks_by_group_are_those_of_the_page(client, landscape):
    assert Verification.objects.get(entry=landscape.uid, group="profile").checked_at
    [entry] = [it for it in read_json(client, "/en/models/data.json")["entries"] if it["slug"] == "stable-diffusion"]
    assert entry["values"]["released"]["checked"] == datetime.now(UTC).date().isoformat()
    assert entry["values"]["access"]["checked"] is None
    assert entry["values"]["makers"]["value"] == ["stability-ai"]
    assert entry["values"]["parameters"]["value"] == {"low": 890000000, "high": 1000000000, "kind": "estimated"}


# Publisher, contact and licence ------------------------------------------------------------------------------

LICENCE = "Texts and the compilation: CC BY 4.0 <https://creativecommons.org/licenses/by/4.0/>. Facts whose source is"


@pytest.fixture
def publisher(landscape):
    return Publisher.objects.create(name_en="Example Press", name_zh="示例出版社", contact="desk@example.org")


def test_without_a_publisher_each_file_names_the_licence_alone(client, landscape):
    preface, _rows = read_csv(client, "/en/models/data.csv")
    assert preface[0] == "# AIGC Landscape: Models"
    assert preface[-1].startswith(f"# Licence: {LICENCE}")
    assert preface[-1].endswith("http://testserver/en/about/")
    meta = read_json(client, "/en/models/data.json")["meta"]
    assert meta["licence"].startswith(LICENCE)
    assert "publisher" not in meta
    assert not Publisher.objects.exists(), "reading writes nothing"


def test_csv_names_the_publisher_in_as_many_lines(client, publisher):
    preface, _rows = read_csv(client, "/en/models/data.csv")
    assert preface[0] == "# AIGC Landscape: Models · Publisher: Example Press · Contact: desk@example.org"
    chinese, _rows = read_csv(client, "/zh-hans/compare/data.csv?kind=models&slug=stable-diffusion&slug=other")
    assert "示例出版社" in chinese[0]
    assert "CC BY 4.0 <https://creativecommons.org/licenses/by/4.0/>" in chinese[-1]


def test_xlsx_names_the_publisher_and_the_licence(client, publisher):
    about = dict(read_xlsx(client, "/en/models/data.xlsx").worksheets[2].iter_rows(values_only=True))
    assert about["AIGC Landscape"] == "Models · Publisher: Example Press · Contact: desk@example.org"
    assert about["Licence"].startswith(LICENCE)


def test_json_names_the_publisher_and_the_licence(client, publisher):
    meta = read_json(client, "/en/models/data.json")["meta"]
    assert meta["publisher"] == {"name": "Example Press", "url": "mailto:desk@example.org"}
    assert meta["licence"].startswith(LICENCE)
    meta = read_json(client, "/zh-hans/compare/data.json?kind=models&slug=stable-diffusion&slug=other")["meta"]
    assert meta["publisher"]["name"] == "示例出版社"


@pytest.mark.parametrize("room", ["models", "changes"])
def test_feeds_name_the_publisher_and_the_licence(client, publisher, room):
    feed = ElementTree.fromstring(client.get(f"/en/{room}/feed.atom").content)
    assert feed.findtext("{*}author/{*}name") == "Example Press"
    assert feed.findtext("{*}author/{*}email") == "desk@example.org"
    assert feed.find("{*}author/{*}uri") is None
    assert feed.findtext("{*}rights").startswith(LICENCE)
    Publisher.objects.update(contact="https://example.org/contact")
    feed = ElementTree.fromstring(client.get(f"/en/{room}/feed.atom").content)
    assert feed.findtext("{*}author/{*}uri") == "https://example.org/contact"
    assert feed.find("{*}author/{*}email") is None
    found = client.get(f"/zh-hans/{room}/feed.json").json()
    assert found["authors"] == [{"name": "示例出版社", "url": "https://example.org/contact"}]
    assert "https://creativecommons.org/licenses/by/4.0/" in found["description"]


def test_without_a_licence_files_say_that_none_is_stated(client, publisher):
    Publisher.objects.update(licence="", licence_url="")
    preface, _rows = read_csv(client, "/en/models/data.csv")
    assert "For the rest no licence is stated; see About." in preface[-1]
    assert "creativecommons" not in preface[-1]


def test_a_publisher_is_no_formula_and_breaks_no_feed(client, publisher):
    Publisher.objects.update(name_en="Press\x0b;=1+1", contact="")
    preface, _rows = read_csv(client, "/en/models/data.csv")
    assert ";'=1+1" in preface[0]
    assert read_xlsx(client, "/en/models/data.xlsx")
    assert ElementTree.fromstring(client.get("/en/models/feed.atom").content).findtext("{*}author/{*}name")


@pytest.mark.parametrize("form", FORMS)
def test_the_publisher_takes_one_query(client, publisher, form, commit):
    commit()
    client.get(f"/en/models/{form}")
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/en/models/{form}")
        assert b"".join(response.streaming_content) if response.streaming else response.content
    assert len([it for it in queries if "catalog_publisher" in it["sql"]]) == 1
