"""What readers find at the former address of a page: the notice of its withdrawal, or a redirect to its new address."""

import re

import pytest
from wagtail.models import Page

from editorial.articles.pages import ArticleIndexPage, HomePage, TextPage
from tests.factories import make_article, make_home, publish_revision, withdraw

pytestmark = pytest.mark.django_db
BODY = [("heading", "Scale")]


def words_of(response) -> str:
    html = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html)


def publish(page, **values) -> None:
    """Publish an approved new version of a page."""
    draft = type(page).objects.get(pk=page.pk).get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    publish_revision(draft.save_revision())


def make_text(slug: str = "method", language: str = "en") -> TextPage:
    home = HomePage.objects.filter(locale__language_code=language).first() or make_home(language)
    page = home.add_child(instance=TextPage(title="Our method", slug=slug, locale=home.locale, body=BODY, live=False))
    publish_revision(page.save_revision())
    return TextPage.objects.get(pk=page.pk)


@pytest.mark.parametrize("make", [lambda: make_article(slug="why", title="Why now", body=BODY), make_text])
def test_a_withdrawn_page_shows_a_dated_notice_with_the_reason(client, make, time_machine):
    time_machine.move_to("2026-05-03T12:00:00Z")
    page = make()
    address = "/{}/articles/why/" if page.slug == "why" else "/{}/method/"
    assert client.get(address.format("en")).status_code == 200
    withdraw(page)
    response = client.get(address.format("en"))
    assert response.status_code == 410
    assert page.title in words_of(response)
    assert "Withdrawn on 3 May 2026: It was wrong." in words_of(response)
    assert 'content="noindex"' in response.content.decode()
    response = client.get(address.format("zh-hans"))
    assert response.status_code == 410
    assert "本条目已于 2026 年 5 月 3 日撤下，原因：内容有误。" in words_of(response)


def test_a_reason_in_the_other_language_is_marked_as_such(client):
    article = make_article(slug="why", title="Why now", body=BODY)
    publish(article, withdrawal_zh="内容有误。")
    response = client.get("/en/articles/why/")
    assert response.status_code == 410
    assert '<span lang="zh-hans">内容有误。</span>' in response.content.decode()
    assert "Not yet in English; shown in Chinese." in words_of(response)
    assert "Not yet" not in words_of(client.get("/zh-hans/articles/why/"))


def test_a_withdrawn_page_is_in_no_list(client):
    text = make_text()
    article = make_article(slug="why", title="Why now", body=BODY)
    places = {
        "/en/": "/articles/why/",
        "/en/articles/": "/articles/why/",
        "/en/search/?q=now": "/articles/why/",
        "/sitemap-articles.xml": "/articles/why/",
        "/sitemap-texts.xml": "/en/method/",
    }
    for place, address in places.items():
        assert address in client.get(place).content.decode(), place
    withdraw(article)
    withdraw(text)
    for place, address in places.items():
        assert address not in client.get(place).content.decode(), place


def test_the_notice_shows_nothing_of_a_draft(client):
    article = make_article(slug="why", title="Why now", body=BODY)
    withdraw(article)
    # The form of a page that is not live also saves the row.
    article = type(article).objects.get(pk=article.pk)
    article.title, article.slug, article.withdrawal_en = "Unreviewed", "unreviewed", ""
    article.save()
    article.save_revision()
    response = client.get("/en/articles/why/")
    assert response.status_code == 410
    assert "Why now" in words_of(response)
    assert "It was wrong." in words_of(response)
    assert "Unreviewed" not in words_of(response)
    assert client.get("/en/articles/unreviewed/").status_code == 404


def test_a_restored_page_is_back_at_both_its_addresses(client):
    article = make_article(slug="why", title="Why now", body=BODY)
    withdraw(article)
    publish(article, withdrawal_en="", withdrawal_zh="", slug="why-now")
    assert client.get("/en/articles/why-now/").status_code == 200
    response = client.get("/en/articles/why/")
    assert (response.status_code, response.url) == (301, "/en/articles/why-now/")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_renamed_article_redirects_for_ever(client, language):
    make_home("en")
    article = make_article(slug="first", title="Why now", body=BODY, language=language)
    for slug in ("second", "third"):
        publish(article, slug=slug)
    for slug in ("first", "second"):
        response = client.get(f"/{language}/articles/{slug}/")
        assert (response.status_code, response.url) == (301, f"/{language}/articles/third/")
        assert client.get(response.url).status_code == 200
    publish(article, slug="first")
    assert client.get(f"/{language}/articles/first/").status_code == 200
    assert client.get(f"/{language}/articles/third/").url == f"/{language}/articles/first/"


def test_a_renamed_text_redirects_and_its_notice_is_at_both_addresses(client):
    text = make_text("method")
    publish(text, slug="how-we-work")
    assert client.get("/en/method/").url == "/en/how-we-work/"
    withdraw(text)
    for slug in ("method", "how-we-work"):
        assert client.get(f"/en/{slug}/").status_code == 410


def test_a_reader_of_the_other_language_is_led_to_the_new_address_too(client):
    make_home("zh-hans")
    article = make_article(slug="first", title="Why now", body=BODY)
    publish(article, slug="second")
    response = client.get("/zh-hans/articles/first/", follow=True)
    assert response.redirect_chain == [("/zh-hans/articles/second/", 301)]
    assert "暂无中文译文，以下为英文" in words_of(response)


def test_the_address_of_a_withdrawn_article_does_not_lead_to_its_namesake_in_the_other_language(client):
    make_home("zh-hans")
    make_article(slug="why", title="为什么", body=BODY, language="zh-hans")
    withdraw(make_article(slug="why", title="Why now", body=BODY))
    assert client.get("/en/articles/why/").status_code == 410
    assert client.get("/zh-hans/articles/why/").status_code == 200


def test_another_page_may_take_a_former_address(client):
    publish(make_article(slug="first", title="Why now", body=BODY), slug="second")
    make_article(slug="first", title="Another", body=BODY)
    assert "Another" in words_of(client.get("/en/articles/first/"))


def test_an_address_that_never_was_is_not_found(client):
    make_article(slug="draft", title="Draft", body=BODY, publish=False)
    for address in ("/en/articles/draft/", "/en/articles/nothing/", "/en/nothing/", "/en/articles/draft/x/"):
        assert client.get(address).status_code == 404, address
    assert Page.objects.type(ArticleIndexPage).live().exists()


def test_a_withdrawn_front_page_says_so(client):
    withdraw(make_home())
    assert client.get("/en/").status_code == 410
