"""Articles: their links, sources and language, and what the public doesn't see."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from editorial.articles.linking import Linker
from editorial.models import ArticleIndexPage, ArticleSource, HomePage, TextPage
from tests.factories import (
    make_article,
    make_home,
    make_model,
    make_organization,
    make_source,
    make_term,
    publish_revision,
)


def link(html: str, targets: dict[str, str], sources: int = 0) -> str:
    return Linker(targets=targets, sources=sources).link(html)


def test_the_first_occurrence_of_a_name_becomes_a_link():
    assert link("<p>GPT-3 came after GPT-3.</p>", {"GPT-3": "/m/"}) == (
        '<p><a href="/m/">GPT-3</a> came after GPT-3.</p>'
    )


def test_a_longer_name_is_not_taken_for_a_shorter_one():
    html = link("<p>GPT-3 grew out of GPT.</p>", {"GPT": "/gpt/", "GPT-3": "/gpt-3/"})
    assert html == '<p><a href="/gpt-3/">GPT-3</a> grew out of <a href="/gpt/">GPT</a>.</p>'
    assert link("<p>GPT-4 and ChatGPT</p>", {"GPT": "/gpt/"}) == "<p>GPT-4 and ChatGPT</p>"


def test_a_chinese_name_needs_no_spaces_around_it():
    assert link("<p>使用扩散模型生成</p>", {"扩散模型": "/t/"}) == '<p>使用<a href="/t/">扩散模型</a>生成</p>'


def test_names_are_remembered_from_block_to_block():
    linker = Linker(targets={"CLIP": "/clip/"}, sources=0)
    assert "href" in linker.link("<p>CLIP</p>")
    assert "href" not in linker.link("<p>CLIP</p>")


def test_source_numbers_become_links_and_other_numbers_stay():
    html = link("<p>So it is [1], not [7] or [x].</p>", {}, sources=2)
    assert 'it is\u2060<a class="citation" href="#source-1">[1]</a>' in html, "sticks to the word before it"
    assert "[7] or [x]" in html


def test_links_and_markup_stay_as_they_are():
    html = '<p><a href="/x/">GPT-3</a> &lt;b&gt; <b>bold</b></p>'
    assert link(html, {"GPT-3": "/m/"}) == html


def test_hostile_text_stays_text():
    assert "<script>" not in link("<p>&lt;script&gt;GPT-3</p>", {"GPT-3": "/m/"})


@pytest.mark.django_db
def test_an_article_links_what_it_mentions_and_numbers_its_sources(client):
    model = make_model(name="GPT-3", slug="gpt-3")
    hidden = make_term(name="Secret term", slug="secret-term", publish=False)
    article = make_article(
        slug="why",
        title="Why now",
        body=[("heading", "Scale"), ("text", "<p>GPT-3 was large [1]. A Secret term.</p>")],
        mentions=[("model", model), ("term", hidden)],
    )
    article.sources.add(ArticleSource(source=make_source(title="A paper")))
    publish_revision(article.save_revision())
    html = client.get("/en/articles/why/").content.decode()
    assert '<a href="/en/models/gpt-3/">GPT-3</a>' in html
    assert re.search(r'href="#source-1"[^>]*>\[1\]', html)
    assert 'id="source-1"' in html
    assert "A paper" in html
    assert "/glossary/secret-term/" not in html
    assert "Why now" in client.get("/en/models/gpt-3/").content.decode(), "articles that mention it"


@pytest.mark.django_db
def test_an_article_without_a_translation_is_shown_in_its_language_with_a_note(client):
    make_home("zh-hans")
    make_article(slug="why", title="Why now", body=[("heading", "Scale")])
    html = client.get("/zh-hans/articles/why/").content.decode()
    assert "暂无中文译文，以下为英文" in html
    assert "Why now" in html
    assert client.get("/en/articles/none/").status_code == 404


@pytest.mark.django_db
def test_a_draft_article_is_not_public(client):
    make_article(slug="secret", title="Unfinished thoughts", body=[("heading", "Hm")], publish=False)
    assert client.get("/en/articles/secret/").status_code == 404
    for address in ("/en/", "/en/articles/", "/en/search/?q=thoughts", "/sitemap-articles.xml"):
        html = client.get(address).content.decode()
        assert "Unfinished" not in html
        assert "/articles/secret/" not in html


@pytest.mark.django_db
def test_a_changed_draft_of_a_live_article_shows_the_live_one(client):
    article = make_article(slug="why", title="Live title", body=[("heading", "Scale")])
    article.title = "Draft title"
    article.save_revision()
    html = client.get("/en/articles/why/").content.decode()
    assert "Live title" in html
    assert "Draft title" not in html


@pytest.mark.django_db
def test_the_list_of_articles_shows_the_introduction_that_is_live(client):
    make_home()
    page = ArticleIndexPage.objects.get()
    for introduction in ("What we write about.", "A draft of it."):
        page.introduction = introduction
        revision = page.save_revision()
        if "draft" not in introduction:
            publish_revision(revision)
    html = client.get("/en/articles/").content.decode()
    assert "What we write about." in html
    assert "A draft of it." not in html


@pytest.mark.django_db
def test_search_finds_entries_terms_and_articles_in_both_languages(client):
    make_home()
    make_organization(name="Stability AI", aliases="稳定人工智能")
    make_term(name="Diffusion model", name_zh="扩散模型", slug="diffusion-model")
    make_article(title="How text becomes a picture", body=[("text", "<p>Noise is undone.</p>")])

    def ask(address: str) -> str:
        return re.sub("</?mark>", "", client.get(address).content.decode())

    assert "Stability AI" in ask("/en/search/?q=stabil")
    assert "Stability AI" in ask("/zh-hans/search/?q=人工")
    assert "扩散模型" in ask("/zh-hans/search/?q=散模")
    assert "How text becomes a picture" in ask("/en/search/?q=picture")


@pytest.mark.django_db
def test_no_page_may_take_an_address_of_the_catalog():
    home = make_home()
    page = home.add_child(instance=TextPage(title="Models", slug="models", locale=home.locale, live=False))
    with pytest.raises(ValidationError, match="belongs to the catalog"):
        publish_revision(page.save_revision())
    assert not TextPage.objects.live().filter(slug="models").exists()
    home.add_child(instance=TextPage(title="About", slug="about", locale=home.locale, live=False))


@pytest.mark.django_db
def test_an_article_takes_at_most_twelve_queries_whatever_it_mentions(client):
    models = [make_model(name=f"Model number {number}") for number in range(6)]
    article = make_article(
        slug="long",
        body=[
            ("text", "<p>" + " ".join(model.name_en for model in models) + "</p>"),
            *(("card", [("model", model)]) for model in models),
        ],
        mentions=[("model", model) for model in models],
    )
    for number in range(20):
        article.sources.add(ArticleSource(source=make_source(title=f"Paper {number}")))
    publish_revision(article.save_revision())
    client.get("/en/articles/long/")
    with CaptureQueriesContext(connection) as queries:
        html = client.get("/en/articles/long/").content.decode()
    assert html.count("Model number") >= 12
    assert len(queries) <= 12


@pytest.mark.django_db
def test_the_form_of_a_new_page_refuses_an_address_of_the_catalog(admin_client):
    home = make_home()
    address = f"/admin/pages/add/editorial/textpage/{home.pk}/"
    form = {"title": "Models", "slug": "models", "introduction": "", "body-count": "0", "action-publish": "1"}
    response = admin_client.post(address, form)
    assert response.status_code == 200
    assert "belongs to the catalog" in response.content.decode()
    assert home.get_children().count() == 1


@pytest.mark.django_db
def test_an_empty_card_shows_nothing_and_a_card_in_a_text_shows_its_entry(client):
    make_article(slug="cards", body=[("heading", "Cards"), ("card", [])])
    assert client.get("/en/articles/cards/").status_code == 200
    home = HomePage.objects.get()
    model = make_model(name="GPT-3", summary_en="A large model.")
    body = [("card", [("model", model)])]
    page = home.add_child(instance=TextPage(title="About", slug="about", locale=home.locale, body=body, live=False))
    publish_revision(page.save_revision())
    assert "A large model." in client.get("/en/about/").content.decode()
