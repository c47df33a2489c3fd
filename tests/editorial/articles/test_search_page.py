"""The search page, and the suggestions while a query is typed."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Segment
from tests.factories import (
    make_article,
    make_label,
    make_model,
    make_organization,
    make_product,
    make_record,
    make_term,
    withdraw,
)

pytestmark = [pytest.mark.django_db, pytest.mark.page]


@pytest.fixture
def landscape(commit):
    """Make a few entries, terms and articles."""
    drawing = make_label(Segment, "image-generation", name_en="Image generation", synonyms="文生图, AI 绘画")
    make_model(
        name="Stable Diffusion",
        aliases="SD",
        summary_en="It draws what is described.",
        summary_zh="按描述作画的模型。",
    )
    make_model(name="Stable Diffusion XL", summary_en="A larger one.", summary_zh="")
    make_organization(name="Baidu", name_zh="百度", aliases="文心团队", summary_en="A company.", summary_zh="公司。")
    make_product(
        name="ERNIE Bot",
        name_zh="文心一言",
        segments=[drawing],
        summary_en="A chatbot. It learned from a stable of writers.",
        summary_zh="对话产品。",
    )
    make_term(name="Diffusion", name_zh="扩散", definition_en="Noise, then less.", definition_zh="从噪声开始。")
    make_article(title="On diffusion", slug="on-diffusion", introduction="How noise becomes a picture.")
    make_article(title="说扩散", slug="shuo-kuosan", language="zh-hans", introduction="噪声怎样变成图画。")
    commit()


def ask(client, query: str, *, language: str = "en", **filters: str) -> str:
    response = client.get(f"/{language}/search/", {"q": query, **filters})
    assert response.status_code == 200
    return response.content.decode()


def names_in(html: str) -> list[str]:
    return [
        unescape(re.sub("<[^>]+>", "", name)) for name in re.findall(r'<a class="name"[^>]*>(.*?)</a>', html, re.DOTALL)
    ]


def kinds_in(html: str) -> dict[str, int]:
    [filters] = re.findall(r'<nav class="search-filters".*?</ul>', html, re.DOTALL)
    return {label: int(number) for label, number in re.findall(r">([A-Z][a-z]+) <span[^>]*>(\d+)", filters)}


class TestPage:
    def test_entries_terms_and_articles_are_one_ranking(self, client, landscape):
        found = names_in(ask(client, "diffusion"))
        assert found == ["Diffusion", "Stable Diffusion", "Stable Diffusion XL", "On diffusion"]

    def test_kinds_are_counted_and_chosen(self, client, landscape):
        html = ask(client, "diffusion")
        numbers = kinds_in(html)
        assert numbers == {"Everything": 4, "Models": 2, "Organizations": 0, "Products": 0, "Terms": 1, "Articles": 1}
        for kind, label in {"model": "Models", "term": "Terms", "article": "Articles"}.items():
            html = ask(client, "diffusion", kind=kind)
            assert len(names_in(html)) == numbers[label]
            assert kinds_in(html) == numbers
        assert 'kind=organization"' not in ask(client, "diffusion"), "leads to nothing"

    def test_the_language_filter_keeps_entries_with_a_text_in_it(self, client, landscape):
        html = client.get("/en/search/?q=diffusion&language=zh-hans").content.decode()
        assert names_in(html) == ["Diffusion", "Stable Diffusion"]
        html = client.get("/en/search/?q=扩散&language=zh-hans").content.decode()
        assert names_in(html) == ["Diffusion", "说扩散"]
        assert 'href="/zh-hans/articles/shuo-kuosan/" lang="zh-hans"' in html

    def test_what_matched_is_marked_in_name_alias_and_passage(self, client, landscape):
        html = ask(client, "stable")
        assert "<mark>Stable</mark> Diffusion" in html
        assert "It learned from a <mark>stable</mark> of writers." in html
        assert '<span class="also"><mark>SD</mark></span>' in ask(client, "sd")
        assert '<span class="also"><mark>文心一言</mark></span>' in ask(client, "wxyy")
        assert "<mark>扩散</mark>" in ask(client, "擴散", language="zh-hans")
        assert '<span class="also"><mark>文生图</mark></span>' in ask(client, "文生图")

    def test_a_misspelt_name_is_corrected_and_the_page_says_so(self, client, landscape):
        html = ask(client, "Stabel Difusion")
        assert names_in(html) == ["Stable Diffusion", "Stable Diffusion XL"]
        assert "Shown: results for “Stable Diffusion”." in html
        assert 'href="?q=Stabel+Difusion&amp;exact=1"' in html
        html = ask(client, "Stabel Difusion", exact="1")
        assert names_in(html) == []
        assert "Nothing matches." in html

    def test_nothing_that_is_not_public_is_found(self, client, landscape, commit):
        make_record(type(make_model(name="Seen")), name="Secretive", publish=False)
        gone = make_model(name="Secretive too")
        withdraw(gone)
        make_article(title="Secretive article", publish=False, slug="secretive")
        commit()
        assert names_in(ask(client, "secretive")) == []

    @pytest.mark.long
    def test_pages_follow_each_other_with_the_filters(self, client, commit):
        for number in range(25):
            make_term(name=f"Noise {number:02}")
        commit()
        first, second = (ask(client, "noise", kind="term", page=page) for page in ("1", "2"))
        assert len(names_in(first)) == 20
        assert len(names_in(second)) == 5
        assert "q=noise&amp;kind=term&amp;page=2" in first
        assert len(names_in(ask(client, "noise", page="99"))) == 5

    def test_texts_are_escaped(self, client, commit):
        make_model(name="<b>Bold</b>", summary_en="<script>alert(1)</script> bold", aliases="<i>bold</i>")
        commit()
        for query in ("bold", "<b>bold", "script", '"><script>'):
            html = ask(client, query)
            assert "<script>alert" not in html
            assert "<b>" not in html

    @pytest.mark.long
    def test_no_more_than_twelve_queries_at_two_sizes(self, client, landscape, commit):
        def count(query: str) -> int:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                ask(client, query)
            return len(queries)

        ask(client, "diffusion")
        few, corrected = count("diffusion"), count("difusion")
        for number in range(30):
            make_model(name=f"Diffusion {number}")
            make_article(title=f"Diffusion article {number}", slug=f"diffusion-{number}")
        commit()
        ask(client, "diffusion")
        assert count("diffusion") == few <= 12
        assert count("difusion") == corrected <= 12

    def test_odd_queries_are_answered(self, client, landscape):
        for query in ["", " ", '"', "\x00", "*", "(", "a\x00b", "\ud800", "x" * 5000, "中" * 5000]:
            typed = query.encode("utf-8", "surrogatepass")
            for address in ("/en/search/", "/en/search/suggest/"):
                assert client.get(address, {"q": typed}).status_code == 200
                others = {"kind": "x", "language": typed, "page": typed}
                assert client.get(address, {"q": "diffusion", **others}).status_code == 200

    @settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(max_size=30))
    def test_any_query_is_answered(self, client, landscape, query):
        ask(client, query)
        assert client.get("/en/search/suggest/", {"q": query}).status_code == 200


class TestSuggestions:
    def suggest(self, client, query: str, *, language: str = "en", **filters: str) -> list[tuple[str, str]]:
        response = client.get(f"/{language}/search/suggest/", {"q": query, **filters})
        assert response.status_code == 200
        assert response["X-Robots-Tag"] == "noindex"
        html = response.content.decode()
        names = re.findall(r'<span class="name"[^>]*>(.*?)</span>', html)
        addresses = re.findall(r'data-url="([^"]*)"', html)
        return [(re.sub("<[^>]+>", "", name), address) for name, address in zip(names, addresses, strict=True)]

    def test_names_that_begin_with_the_query_come_first_shorter_ones_before_longer_ones(self, client, landscape):
        assert self.suggest(client, "stab") == [
            ("Stable Diffusion", self.suggest(client, "stable diffusion")[0][1]),
            ("Stable Diffusion XL", self.suggest(client, "stable diffusion xl")[0][1]),
        ]

    def test_names_are_suggested_by_their_sound_and_in_the_reader_s_language(self, client, landscape):
        assert [name for name, _url in self.suggest(client, "wenx", language="zh-hans")] == ["文心一言", "百度"]
        assert [name for name, _url in self.suggest(client, "wenx")] == ["ERNIE Bot", "Baidu"]

    def test_the_kind_filter_applies_to_suggestions(self, client, landscape):
        assert [name for name, _url in self.suggest(client, "diffusion", kind="term")] == ["Diffusion"]

    def test_only_names_are_suggested_and_nothing_for_an_empty_query(self, client, landscape):
        assert self.suggest(client, "noise") == []
        assert self.suggest(client, "") == []

    def test_there_are_at_most_eight(self, client, commit):
        for number in range(12):
            make_term(name=f"Noise {number:02}")
        commit()
        assert len(self.suggest(client, "noi")) == 8
