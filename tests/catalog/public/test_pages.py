"""What the public pages of the catalog show, and what they never show."""

import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.listing.listings import LISTINGS
from catalog.models import (
    AIModelCitation,
    FacetValue,
    Layer,
    ListingEntry,
    Modality,
    Publication,
    Segment,
    Source,
)
from editorial.articles.pages import ArticleSource
from tests.factories import (
    make_article,
    make_home,
    make_label,
    make_model,
    make_organization,
    make_product,
    make_source,
    make_term,
    publish_revision,
    withdraw,
)

pytestmark = [pytest.mark.django_db, pytest.mark.page]


def text_of(response) -> str:
    """Return the words of a page, without markup and with single spaces."""
    html = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def stable_diffusion():
    stability = make_organization(name="Stability AI", slug="stability-ai", type="startup", country="GB")
    model = make_model(
        name="Stable Diffusion",
        slug="stable-diffusion",
        name_zh="Stable Diffusion",
        summary_en="Makes pictures from text.",
        summary_zh="由文字生成图像。",
        makers=[stability],
        inputs=[make_label(Modality, "text")],
        outputs=[make_label(Modality, "image")],
        released="2022-08-22",
        parameters="1.45 billion",
        cite={"released": "2022-08-22", "parameters": "2021-12"},
    )
    draft = model.get_latest_revision_as_object()
    article = make_source(slug="article", title="An article of 2022", kind="analysis")
    draft.citations.add(
        AIModelCitation(
            field="parameters",
            source=article,
            stance="contradicts",
            stated_en="1 billion",
            stated_zh="10 亿",
            as_of="2022-10",
        )
    )
    publish_revision(draft.save_revision())
    make_product(
        name="DreamStudio",
        slug="dreamstudio",
        maker=stability,
        built_on=[model],
        segments=[make_label(Segment, "image")],
        layer=make_label(Layer, "application"),
        launched="2022-08",
    )
    return model


def test_a_model_shows_every_fact_with_source_date_and_both_sides_of_a_dispute(client, stable_diffusion):
    words = text_of(client.get("/en/models/stable-diffusion/"))
    for expected in (
        "Stability AI",
        "22 August 2022",
        "1.45 billion",
        "Sources differ",
        "1 billion",
        "An article of 2022",
    ):
        assert expected in words
    assert "not checked yet" in words
    assert "DreamStudio" in words, "what is built on it"


def test_a_source_that_moved_is_linked_where_it_is_now_but_in_past_versions(client):
    source = make_source(url="https://old.example/paper")
    model = make_model(slug="cited", released="2022", cite={"released": "2022"}, source=source)
    term = make_term(slug="cited", sources=[source])
    Source.objects.update(
        moved_to="https://new.example/paper", archived_url="https://archive.example/paper", link_state="moved"
    )
    source.move(address="https://new.example/paper", user=get_user_model().objects.create_user("editor"))
    for record in (model, term):
        address = record.get_absolute_url()
        page = client.get(address).content.decode()
        assert 'href="https://new.example/paper"' in page
        assert 'href="https://archive.example/paper"' in page
        assert "old.example" not in page
        past = client.get(f"{address}history/1/").content.decode()
        assert 'href="https://old.example/paper"' in past
        assert "new.example" not in past


def test_the_same_page_in_chinese(client, stable_diffusion):
    response = client.get("/zh-hans/models/stable-diffusion/")
    words = text_of(response)
    for expected in ("由文字生成图像。", "14.5 亿", "2022 年 8 月 22 日", "来源说法不一", "10 亿", "尚未核实"):
        assert expected in words
    assert '<html lang="zh-hans"' in response.content.decode()
    assert 'href="/en/models/stable-diffusion/"' in response.content.decode()


def test_structured_data_says_what_the_page_says(client, stable_diffusion):
    html = client.get("/en/models/stable-diffusion/").content.decode()
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(block)
    assert (data["name"], data["datePublished"]) == ("Stable Diffusion", "2022-08-22")


def test_hostile_names_stay_text(client):
    make_model(name="</script><script>alert(1)</script>", slug="hostile", summary_en="<img src=x onerror=alert(1)>")
    for address in ("/en/models/hostile/", "/en/models/", "/en/search/?q=alert"):
        html = client.get(address).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_shows_its_entries_with_counts(client, stable_diffusion, name, language):
    words = text_of(client.get(f"/{language}/{name}/"))
    expected = {"models": "Stable Diffusion", "products": "DreamStudio"}.get(name, "Stability AI")
    assert expected in words


def test_htmx_gets_only_the_results(client, stable_diffusion):
    whole = client.get("/en/models/").content.decode()
    part = client.get("/en/models/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    assert "Stable Diffusion" in part


def test_an_empty_listing_answers(client):
    for name in LISTINGS:
        assert client.get(f"/en/{name}/").status_code == 200


def test_unknown_parameters_of_a_listing_are_named(client, stable_diffusion):
    words = text_of(client.get("/en/models/?colour=red"))
    assert "Ignored, not a filter here: colour" in words
    assert "Stable Diffusion" in words


def test_only_one_facet_may_be_indexed(client, stable_diffusion):
    def robots(query):
        return re.findall(r'<meta name="robots" content="([^"]+)"', client.get(f"/en/models/{query}").content.decode())

    assert robots("") == []
    assert robots("?output=image") == []
    assert robots("?output=image&input=text") == ["noindex"]


def test_a_draft_is_shown_nowhere(client, stable_diffusion):
    secret = make_model(name="Secretive", slug="secretive", makers=list(stable_diffusion.makers.all()), publish=False)
    make_product(name="Open product", slug="open-product", built_on=[secret])
    make_model(name="Newer", lineage=[], slug="newer")
    assert client.get("/en/models/secretive/").status_code == 404
    for address in (
        "/en/",
        "/en/models/",
        "/en/products/",
        "/en/organizations/",
        "/en/products/open-product/",
        "/en/organizations/stability-ai/",
        "/en/search/?q=Secretive",
        "/en/timeline/",
        "/sitemap-entries.xml",
        "/en/products/?built_on=secretive",
    ):
        words = (
            client.get(address).content.decode().replace("/en/search/?q=Secretive", "").replace('value="Secretive"', "")
        )
        assert "Secretive 中文" not in words, address
        assert "/models/secretive/" not in words, address
    unsaved = stable_diffusion.get_latest_revision_as_object()
    unsaved.summary_en = "Unreviewed words."
    unsaved.save_revision()
    assert "Unreviewed" not in text_of(client.get("/en/models/stable-diffusion/"))


def test_a_renamed_entry_redirects(client, stable_diffusion):
    draft = stable_diffusion.get_latest_revision_as_object()
    draft.slug = "sd"
    publish_revision(draft.save_revision())
    response = client.get("/en/models/stable-diffusion/")
    assert (response.status_code, response.url) == (301, "/en/models/sd/")


def test_links_follow_a_renamed_entry_and_not_the_next_one_of_that_name(client, stable_diffusion):
    maker = stable_diffusion.makers.get()
    draft = maker.get_latest_revision_as_object()
    draft.slug = "stability"
    publish_revision(draft.save_revision())
    make_organization(name="Impostor", slug="stability-ai")
    html = client.get("/en/models/stable-diffusion/").content.decode()
    assert 'href="/en/organizations/stability/"' in html
    assert "Impostor" not in html


def test_a_withdrawn_entry_leaves_a_notice(client, stable_diffusion):
    withdraw(stable_diffusion)
    response = client.get("/en/models/stable-diffusion/")
    assert response.status_code == 410
    assert "Stable Diffusion" in text_of(response)
    assert "Withdrawn on" in text_of(response)


def test_a_startup_lives_among_organizations(client, stable_diffusion):
    response = client.get("/en/startups/stability-ai/")
    assert (response.status_code, response.url) == (301, "/en/organizations/stability-ai/")


def test_a_source_lists_what_cites_it(client, stable_diffusion):
    source = stable_diffusion.citations.get(source__slug="article").source
    words = text_of(client.get(f"/en/sources/{source.pk}/"))
    assert "An article of 2022" in words
    assert "Stable Diffusion" in words
    assert client.get("/en/sources/999999/").status_code == 404


def test_a_source_that_only_a_draft_cites_is_not_public(client):
    draft = make_model(publish=False, cite={"released": "2022"})
    source = draft.citations.get().source
    assert client.get(f"/en/sources/{source.pk}/").status_code == 404
    assert f"/sources/{source.pk}/" not in client.get("/sitemap-sources.xml").content.decode()
    publish_revision(draft.get_latest_revision())
    assert client.get(f"/en/sources/{source.pk}/").status_code == 200
    assert f"http://testserver/zh-hans/sources/{source.pk}/" in client.get("/sitemap-sources.xml").content.decode()


def test_a_source_that_an_article_in_one_language_cites_is_public_in_both(client):
    source = make_source()
    make_article(sources=[ArticleSource(source=source)])
    assert client.get(f"/zh-hans/sources/{source.pk}/").status_code == 200


def test_the_timeline_shows_a_year(client, stable_diffusion):
    words = text_of(client.get("/en/timeline/?year=2022"))
    assert "Stable Diffusion" in words
    assert client.get("/en/timeline/?year=abcd").status_code == 200
    assert client.get("/en/timeline/?year=٢٠٢٢").status_code == 200


def test_the_timeline_tells_of_a_release_once(client, stable_diffusion):
    milestone = {
        "key": "out",
        "milestone_kind": "release",
        "date": "2021-06-29",
        "text_en": "Opens.",
        "text_zh": "开放。",
    }
    make_product(name="Copilot", launched="2021-06-29", children={"milestones": [milestone]})
    html = client.get("/en/timeline/?year=2021").content.decode()
    words = html[html.index("<main") :]
    assert words.count(">Copilot<") == 1
    assert "Opens." in words
    assert ">2021 <small>1<" in words, "the number of events is that of the events shown"


def test_the_timeline_has_one_word_for_each_kind_of_event(client, stable_diffusion):
    make_organization(name="Acme", founded="2022-03")
    tags = set(re.findall(r'<span class="tag">(.*?)</span>', client.get("/en/timeline/?year=2022").content.decode()))
    assert tags == {"Release", "Founding"}


def test_a_price_a_month_is_written_short(client):
    plans = [
        {"key": "month", "name_en": "Pro", "name_zh": "Pro", "price": "USD 10", "per": "month"},
        {"key": "year", "name_en": "Yearly", "name_zh": "Yearly", "price": "USD 100", "per": "year"},
        {"key": "seat", "name_en": "Team", "name_zh": "Team", "price": "USD 600", "per": "seat-year"},
    ]
    make_product(slug="copilot", children={"price_plans": plans})
    words = text_of(client.get("/en/products/copilot/"))
    for expected in ("USD 10/month", "USD 100 per year", "USD 600 per seat per year"):
        assert expected in words
    assert "每席位每年 600 美元" in text_of(client.get("/zh-hans/products/copilot/"))


def test_a_measurement_in_dollars_reads_like_money(client):
    measurement = {
        "key": "cost",
        "metric_en": "Cost",
        "metric_zh": "成本",
        "quantity": "about 4.5 million",
        "unit_en": "US dollars",
        "unit_zh": "美元",
        "as_of": "2022",
    }
    make_model(slug="gpt-3", children={"measurements": [measurement]})
    assert "about USD 4.5M" in text_of(client.get("/en/models/gpt-3/"))
    assert "约 450 万美元" in text_of(client.get("/zh-hans/models/gpt-3/"))


def test_an_english_page_names_the_language_of_a_source_in_english(client):
    source = make_source(title="一篇文章", language="zh-hans")
    make_article(sources=[ArticleSource(source=source)])
    assert "Language Chinese" in text_of(client.get(f"/en/sources/{source.pk}/"))


@pytest.mark.parametrize(("language", "name"), [("en", "United States"), ("zh-hans", "美国")])
def test_the_united_states_have_their_short_name(client, language, name):
    make_organization(slug="acme", country="US")
    words = text_of(client.get(f"/{language}/organizations/acme/"))
    assert name in words
    assert "United States of America" not in words


def test_no_two_filters_of_models_have_one_name(client, stable_diffusion):
    html = client.get("/en/models/").content.decode()
    legends = [name.strip() for name in re.findall(r"<(?:legend|summary)>\s*([^<]+)<", html)]
    assert legends.count("Parameters") == 1, legends
    assert "Parameters: how known" in legends


def test_the_glossary_and_its_terms_are_shown(client):
    make_term(name="Diffusion model", slug="diffusion-model", definition_en="Learns to undo noise.")
    assert "Diffusion model" in text_of(client.get("/en/glossary/"))
    assert "Learns to undo noise." in text_of(client.get("/en/glossary/diffusion-model/"))


# --- cost --------------------------------------------------------------------------------------------------


def multiply(record, *, times: int) -> None:
    """Add copies of a record's listing row, as if more entries were live."""
    row = ListingEntry.objects.get(entry=record.uid)
    facets = list(row.facets.all())
    model = type(record)
    copies = model.objects.bulk_create(
        model(
            **{
                field.attname: getattr(record, field.attname)
                for field in model._meta.concrete_fields
                if field.attname not in ("id", "uid", "slug")
            },
            slug=f"{record.slug}-{number}",
        )
        for number in range(times)
    )
    rows = ListingEntry.objects.bulk_create(
        ListingEntry(
            **{
                field.attname: getattr(row, field.attname)
                for field in ListingEntry._meta.concrete_fields
                if field.attname not in ("id", "entry", "slug", "object_id")
            },
            entry=copy.uid,
            slug=copy.slug,
            object_id=copy.pk,
        )
        for copy in copies
    )
    FacetValue.objects.bulk_create(
        FacetValue(listing=new, facet=facet.facet, value=facet.value, since=facet.since, until=facet.until)
        for new in rows
        for facet in facets
    )
    Publication.objects.bulk_create(
        Publication(
            entry=copy.uid,
            kind=copy.kind,
            slug=copy.slug,
            sequence=1,
            action="published",
            document=Publication.objects.of(record.uid).first().document,
        )
        for copy in copies
    )


PAGES = [
    "/en/",
    "/en/models/",
    "/en/models/?output=image&q=diffusion&released_min=2020&sort=-parameters",
    "/en/startups/?segment=image&country=GB",
    "/en/products/?built_on=stable-diffusion&page=2",
    "/en/models/stable-diffusion/",
    "/en/organizations/stability-ai/",
    "/en/products/dreamstudio/",
    "/en/glossary/",
    "/en/timeline/?year=2022",
    "/en/search/?q=diffusion",
]


def test_pages_take_at_most_twelve_queries_however_many_entries(stable_diffusion, commit):
    client = Client()
    make_home()

    def count_queries() -> dict[str, int]:
        counts = {}
        commit()
        for address in PAGES:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts[address] = len(queries)
        return counts

    product = stable_diffusion.products.get()
    for record in (stable_diffusion, product, product.maker):
        multiply(record, times=50)
    at_50 = count_queries()
    for record in (stable_diffusion, product, product.maker):
        # Continue the slugs of earlier copies.
        record.slug = f"{record.slug}-more"
        multiply(record, times=450)
    at_500 = count_queries()
    assert at_500 == at_50
    assert max(at_50.values()) <= 12, at_50


# --- any query string --------------------------------------------------------------------------------------

PARAMETERS = [
    *("q", "sort", "page", "as_of", "segment", "country", "type", "status", "input", "output", "maker", "built_on"),
    *("freshness", "released_min", "released_max", "parameters_min", "parameters_max", "founded_min", "funding_min"),
    *(
        "funding_max",
        "valuation_min",
        "launched_max",
        "free_plan",
        "year",
        "kind",
        "field",
        "date_min",
        "date_max",
        "x",
    ),
]
TEXT = st.characters(exclude_categories=["Cs"])
ODD = st.one_of(
    st.text(TEXT, max_size=30),
    st.sampled_from(
        [
            "",
            '"',
            "'",
            "%",
            "\x00",
            "-1",
            "1e999999",
            "NaN",
            "Infinity",
            "2022-13",
            "2022-02-30",
            "٢٠٢٢",
            "unknown",
            "undisclosed",
            "../..",
            "<script>",
            "1 亿亿",
            "9" * 400,
            "--name",
            "-",
            "AND",
            "NEAR(",
            "*",
            ":",
            "\\",
            "GB",
        ]
    ),
)


@pytest.mark.parametrize("name", [*LISTINGS, "search", "timeline", "changes"])
@given(
    pairs=st.lists(
        st.tuples(st.sampled_from(PARAMETERS) | st.text(TEXT, max_size=8), ODD),
        max_size=6,
    )
)
# 2,000 examples of seven whole pages take eleven minutes: each database gets a quarter of the long profile.
@settings(
    max_examples=max(50, settings.default.max_examples // 4),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_query_string_gets_a_page(stable_diffusion, name, pairs):
    query: dict[str, list[str]] = {}
    for key, value in pairs:
        query.setdefault(key, []).append(value)
    assert Client().get(f"/en/{name}/", query).status_code == 200
