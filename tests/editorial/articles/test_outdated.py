"""Articles that use a value that has changed since they were published."""

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from catalog.models import AIModelMilestone
from editorial.articles.outdated import list_outdated
from tests.factories import make_article, make_home, make_model, make_term, publish, publish_revision, withdraw

pytestmark = pytest.mark.django_db


def outdated() -> dict[str, dict[str, list[str]]]:
    """Return the labels of the changed values by entry name, by title of each outdated article."""
    return {
        found.article.title: {entry.name.text: entry.values for entry in found.entries}
        for found in list_outdated(most=10)
    }


def notice(html: bytes) -> str:
    """Return the notice of changed values on a page, "" if there is none."""
    found = BeautifulSoup(html, "html.parser").select_one(".notice[role=note]")
    return " ".join(found.get_text(" ").split()) if found else ""


@pytest.fixture
def gpt():
    return make_model(name="GPT-3", name_zh="GPT-3", slug="gpt-3", parameters="175 billion", summary_en="Large.")


def milestone(**values) -> AIModelMilestone:
    words = {"text_en": "An API.", "text_zh": "开放 API。"}
    return AIModelMilestone(**{"key": "api", "milestone_kind": "release", "date": "2020", **words, **values})


def test_a_card_uses_only_what_it_shows(gpt):
    make_article(title="Card", body=[("card", [("model", gpt)])])
    publish(gpt, parameters="176 billion", aliases="GPT3", licence="MIT")
    assert outdated() == {}
    publish(gpt, name_en="GPT-3 (175B)")
    assert outdated() == {"Card": {"GPT-3 (175B)": ["Name"]}}
    publish(gpt, summary_en="Very large.")
    assert outdated() == {"Card": {"GPT-3 (175B)": ["Name", "Summary"]}}


def test_a_mention_uses_every_value_that_needs_a_source(gpt):
    make_article(title="Prose", body=[("heading", "Scale")], mentions=[("model", gpt)])
    publish(gpt, name_en="GPT-3 (175B)", aliases="GPT3", summary_en="Very large.")
    assert outdated() == {}
    publish(gpt, parameters="176 billion", name_en="GPT-3")
    assert outdated() == {"Prose": {"GPT-3": ["Parameters"]}}


def test_a_card_and_a_mention_of_one_entry_are_both_counted(gpt):
    make_article(title="Both", body=[("card", [("model", gpt)])], mentions=[("model", gpt)])
    publish(gpt, parameters="176 billion", summary_en="Very large.")
    assert outdated() == {"Both": {"GPT-3": ["Summary", "Parameters"]}}


def test_a_term_is_used_for_its_definition(gpt):
    term = make_term(name="Token", definition_en="A piece.")
    make_article(title="Prose", body=[("heading", "Scale")], mentions=[("term", term)])
    make_article(title="Card", body=[("card", [("term", term)])])
    make_article(title="Neither", body=[("heading", "Tokens")])
    publish(term, is_technique=True, related=[make_term()])
    assert outdated() == {}
    publish(term, definition_en="A piece of text.")
    assert outdated() == {"Prose": {"Token": ["Definition"]}, "Card": {"Token": ["Definition"]}}


def test_values_that_were_added_later_were_not_used(gpt):
    unpublished = make_model(name="Next", parameters="1 trillion", publish=False)
    make_article(title="Prose", body=[("heading", "Scale")], mentions=[("model", gpt), ("model", unpublished)])
    publish(unpublished)
    publish(gpt, licence="MIT", released="2020", milestones=[milestone()])
    publish(gpt, licence="Apache-2.0", released="2020-05", milestones=[milestone(date="2020-06")])
    assert outdated() == {}


def test_changed_and_removed_values_count_until_they_are_restored(gpt):
    publish(gpt, milestones=[milestone()], licence="MIT")
    make_article(title="Prose", body=[("heading", "Scale")], mentions=[("model", gpt)])
    publish(gpt, milestones=[milestone(date="2020-06")])
    publish(gpt, milestones=[], licence="")
    assert outdated() == {"Prose": {"GPT-3": ["Milestones", "Licence"]}}
    publish(gpt, milestones=[milestone()], licence="MIT")
    assert outdated() == {}


def test_words_of_the_other_language_make_no_article_outdated(gpt):
    publish(gpt, summary_zh="很大。", milestones=[milestone()])
    make_home("zh-hans")
    for language, title in (("en", "English"), ("zh-hans", "中文")):
        body = [("card", [("model", gpt)])]
        make_article(title=title, language=language, body=body, mentions=[("model", gpt)])
    publish(gpt, summary_zh="非常大。", milestones=[milestone(text_zh="开放接口。")])
    assert outdated() == {"中文": {"GPT-3": ["Summary", "Milestones"]}}


def test_republishing_the_article_settles_it_and_a_draft_does_not(client, gpt):
    article = make_article(title="Prose", slug="prose", body=[("heading", "Scale")], mentions=[("model", gpt)])
    publish(gpt, parameters="176 billion")
    article.title = "Corrected"
    revision = article.save_revision()
    assert list(outdated()) == ["Prose"]
    publish_revision(revision)
    assert outdated() == {}
    assert notice(client.get("/en/articles/prose/").content) == ""
    publish(gpt, parameters="177 billion")
    assert outdated() == {"Corrected": {"GPT-3": ["Parameters"]}}


def test_only_live_articles_and_entries_count(gpt):
    article = make_article(title="Withdrawn", body=[("heading", "Scale")], mentions=[("model", gpt)])
    make_article(title="Draft", body=[("heading", "Scale")], mentions=[("model", gpt)], publish=False)
    publish(gpt, parameters="176 billion")
    assert list(outdated()) == ["Withdrawn"]
    withdraw(article)
    assert outdated() == {}
    make_article(title="Of what is gone", body=[("heading", "Scale")], mentions=[("model", gpt)])
    publish(gpt, parameters="177 billion")
    withdraw(gpt)
    assert outdated() == {}


def test_readers_see_what_has_changed_in_their_language(client, gpt):
    make_article(title="Prose", slug="prose", body=[("heading", "Scale")], mentions=[("model", gpt)])
    assert notice(client.get("/en/articles/prose/").content) == ""
    publish(gpt, parameters="176 billion", released="2020")
    publish(gpt, parameters="177 billion")
    today = timezone.now().date()
    response = client.get("/en/articles/prose/")
    assert notice(response.content) == (
        "Values that this article uses have changed since it was published: "
        f"GPT-3 Parameters {today.day} {today:%B} {today.year}"
    )
    assert b'href="/en/models/gpt-3/history/#version-3"' in response.content
    chinese = client.get("/zh-hans/articles/prose/")
    assert "参数量" in notice(chinese.content)
    assert b'href="/zh-hans/models/gpt-3/history/#version-3"' in chinese.content
    with translation.override("zh-hans"):
        assert outdated() == {"Prose": {"GPT-3": ["参数量"]}}


def test_the_preview_of_a_draft_has_no_notice(admin_client, gpt):
    article = make_article(title="Prose", slug="prose", body=[("heading", "Scale")], mentions=[("model", gpt)])
    publish(gpt, parameters="176 billion")
    article.save_revision()
    response = admin_client.get(f"/admin/pages/{article.pk}/view_draft/")
    assert "Scale" in response.content.decode()
    assert notice(response.content) == ""
    assert "GPT-3 Parameters" in notice(admin_client.get("/en/articles/prose/").content)


def test_it_takes_as_many_queries_for_many_as_for_few(client):
    def count(act) -> int:
        with CaptureQueriesContext(connection) as queries:
            act()
        return len(queries)

    def make_more(number: int) -> None:
        models = [make_model(parameters="1 billion") for _ in range(number)]
        mentions = [("model", model) for model in models]
        body = [("heading", "Scale"), *(("card", [("model", model)]) for model in models)]
        for copy in range(number):
            make_article(slug=f"long-{number}-{copy}", body=body, mentions=mentions)
        for model in models:
            publish(model, parameters="2 billion", summary_en="Larger.")

    make_more(1)
    client.get("/en/articles/long-1-0/")
    few = count(lambda: list_outdated(most=10)), count(lambda: client.get("/en/articles/long-1-0/"))
    make_more(4)
    assert len(list_outdated(most=10)) == 5
    assert (count(lambda: list_outdated(most=10)), count(lambda: client.get("/en/articles/long-4-0/"))) == few
    assert len(BeautifulSoup(client.get("/en/articles/long-4-0/").content, "html.parser").select(".notice li")) == 4
    assert few[1] <= 12


def count_changes(act) -> int:
    """Return how many changes a call reads from the database."""
    with CaptureQueriesContext(connection) as queries:
        act()
    (read,) = [query["sql"] for query in queries if query["sql"].startswith('SELECT "catalog_publication"."entry"')]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({read}) AS found")
        return cursor.fetchone()[0]


def test_only_changes_of_used_values_since_publication_are_read(gpt):
    def read():
        assert list(outdated()) == ["Prose"]

    prose = [("heading", "Scale")]
    article = make_article(title="Prose", body=prose, mentions=[("model", gpt)])
    publish(gpt, parameters="176 billion")
    assert count_changes(read) == 1
    publish_revision(article.save_revision())
    publish(gpt, parameters="177 billion")
    # Changes of values that no text relies on are not read either.
    publish(gpt, aliases="GPT3")
    assert count_changes(read) == 1
    other = make_model(parameters="1 billion")
    for number in range(3):
        publish(other, parameters=f"{number + 2} billion")
    make_article(body=[*prose, ("card", [("model", other)])], mentions=[("model", other)])
    make_article(body=[("card", [("model", gpt)])])
    make_article(body=prose, mentions=[("model", gpt)])
    # These values are new, not changed.
    publish(other, licence="MIT", aliases="Another", released="2020")
    assert count_changes(read) == 1


def test_outdated_articles_are_in_order_of_publication_even_if_others_only_seem_outdated(gpt, monkeypatch):
    """Only reading the changes shows that a value changed back."""
    monkeypatch.setattr("editorial.articles.outdated.ARTICLES_AT_ONCE", 2)
    steady = make_model(parameters="1 billion")
    for number in range(3):
        make_article(body=[("heading", "Scale")], mentions=[("model", steady)])
        make_article(title=f"Prose {number}", body=[("heading", "Scale")], mentions=[("model", gpt)])
    publish(steady, parameters="2 billion")
    publish(steady, parameters="1 billion")
    publish(gpt, parameters="176 billion")
    assert [found.article.title for found in list_outdated(most=2)] == ["Prose 0", "Prose 1"]
    assert [found.article.title for found in list_outdated(most=10)] == ["Prose 0", "Prose 1", "Prose 2"]
