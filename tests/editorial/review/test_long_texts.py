"""Differences of long texts: each screen that shows them answers soon, and says when it does not compare all."""

import random
import time

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.urls import reverse

from catalog.editing.marking import LONGEST_TEXT, LONGEST_VERSION
from catalog.models import AIModel
from editorial.articles.pages import ArticlePage
from editorial.review.menu import review_address
from tests.editorial.review.support import make_article, make_article_index, sign_in, url
from tests.editorial.review.test_checking import keep_text, press, source_address
from tests.factories import make_model, make_source, publish_revision

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
WORDS = "Too long to compare word by word: first the old text, then the new one."
BEGINNING = "It is long: only its beginning is shown and compared here."


def shuffle(words: int, *, seed: int) -> str:
    """Return words in random order from a small vocabulary: what takes the longest to compare."""
    chosen = random.Random(seed)
    return " ".join(f"word{chosen.randrange(60):02}" for _number in range(words))


def read_soon(client: Client, address: str, within: float = 20) -> Tag:
    """Open a screen; before there was a limit, each of these took minutes."""
    began = time.monotonic()
    response = client.get(address)
    assert response.status_code == 200
    assert time.monotonic() - began < within
    return BeautifulSoup(response.content, "html.parser")


def revise(article: ArticlePage, *texts: str) -> ArticlePage:
    """Save a version of an article whose body has these texts, each with the same id in each version."""
    article.body = article._meta.get_field("body").stream_block.to_python(
        [{"type": "text", "value": f"<p>{text}</p>", "id": f"id-{number}"} for number, text in enumerate(texts)]
    )
    article.save_revision()
    return article


def show_changes(client: Client, record: AIModel | ArticlePage) -> Tag:
    return read_soon(client, review_address("changes", record)).select_one("table.listing td.comparison")


def test_a_long_value_of_an_entry_is_shown_whole_with_words_that_say_so():
    model = make_model(aliases=shuffle(9000, seed=1))
    model.aliases = shuffle(9000, seed=2)
    model.save_revision()

    cell = show_changes(sign_in("Editor"), model)

    assert WORDS in cell.get_text()
    assert [len(part.get_text()) > LONGEST_TEXT for part in cell.select(".deletion, .addition")] == [True, True]


def test_a_small_change_of_a_long_value_is_still_marked():
    words = [f"name{number}" for number in range(9000)]
    model = make_model(aliases=" ".join(words))
    words[4000] = "another"
    model.aliases = " ".join(words)
    model.save_revision()

    cell = show_changes(sign_in("Editor"), model)

    assert WORDS not in cell.get_text()
    assert [part.get_text() for part in cell.select(".deletion, .addition")] == ["name4000", "another"]


def test_a_long_text_of_an_article_is_shown_whole_on_every_screen_that_compares():
    article = revise(make_article(make_article_index()), shuffle(9000, seed=1))
    first = article.get_latest_revision()
    publish_revision(first)
    article = revise(ArticlePage.objects.get(), shuffle(9000, seed=2))
    lead = sign_in("Lead")
    compared = reverse("wagtailadmin_pages:revisions_compare", args=(article.pk, first.pk, article.latest_revision.pk))

    assert WORDS in show_changes(lead, article).get_text()
    assert WORDS in read_soon(lead, compared).get_text()


def test_a_long_article_of_many_texts_is_not_compared_text_by_text():
    texts = [shuffle(1400, seed=seed) for seed in range(120)]
    assert all(2 * len(text) < LONGEST_TEXT for text in texts)
    assert sum(map(len, texts)) * 2 > LONGEST_VERSION
    article = revise(make_article(make_article_index()), *texts)
    first = article.get_latest_revision()
    publish_revision(first)
    article = revise(ArticlePage.objects.get(), *[shuffle(1400, seed=seed + 1000) for seed in range(120)])
    lead = sign_in("Lead")
    compared = reverse("wagtailadmin_pages:revisions_compare", args=(article.pk, first.pk, article.latest_revision.pk))

    assert WORDS in show_changes(lead, article).get_text()
    assert WORDS in read_soon(lead, compared).get_text()


def test_wagtails_comparison_of_entries_has_the_same_limit():
    model = make_model(aliases=shuffle(9000, seed=1))
    first = model.latest_revision
    model.aliases = shuffle(9000, seed=2)
    model.save_revision()
    address = url(model, "revisions_compare", first.pk, model.latest_revision.pk)
    assert WORDS in read_soon(sign_in("Lead"), address).get_text()


@pytest.mark.parametrize(("lines", "is_long"), [(100, False), (20_000, True)])
def test_a_long_text_of_a_source_is_compared_only_at_its_beginning_and_the_screen_says_so(lines, is_long):
    editor, source = sign_in("Editor"), make_source(title="Model card", url="https://example.org/card")
    make_model(access="api", cite={"access": "2024"}, source=source)
    keep_text(source, "one text")
    assert BEGINNING not in read_soon(editor, source_address(source)).get_text()
    before = keep_text(source, "\n".join(str(random.Random(n).randrange(140)) for n in range(lines)))
    assert (BEGINNING in read_soon(editor, source_address(source)).get_text()) == is_long
    press(editor, source_address(source), "Access", "still-true")
    keep_text(source, "\n".join(str(random.Random(n + lines).randrange(140)) for n in range(lines)))

    screen = read_soon(editor, source_address(source))

    assert (BEGINNING in screen.get_text()) == is_long
    assert screen.select(".lines ins")
    assert before.text.splitlines()[0] in screen.select_one(".lines").get_text()
