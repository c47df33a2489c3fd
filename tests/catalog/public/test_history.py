"""The public history of an entry, its past versions, and what changed in the landscape."""

import json
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import AIModelCitation, AIModelMilestone, Change, HistoryChoice, Publication
from tests.editorial.review.support import values_in
from tests.factories import make_model, make_organization, make_source, make_term, publish_revision, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.page]


def publish(record, *, user=None, **values) -> None:
    """Approve and publish another version of a record."""
    draft = type(record).objects.get(pk=record.pk).get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    publish_revision(draft.save_revision(), user=user)


def soup_of(client, address: str) -> BeautifulSoup:
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words_of(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def versions_at(client, address: str) -> list[tuple[str, dict[str, list[str]]]]:
    """Return the versions on a history page: the heading, and the cells of each changed value by its label."""
    soup = soup_of(client, address)
    for label in soup.select(".cell-label"):
        label.decompose()
    return [
        (
            words_of(section.h2),
            {words_of(row.th): [words_of(cell) for cell in row.find_all("td")] for row in section.select("tbody tr")},
        )
        for section in soup.select("section.version")
    ]


@pytest.fixture
def gpt():
    """A model that was published three times, the last time under another name, by a reviewer."""
    maker = make_organization(name="OpenAI", slug="openai", name_zh="OpenAI")
    model = make_model(
        name="GPT-3",
        name_zh="GPT-3",
        slug="gpt-3",
        makers=[maker],
        released="2020",
        parameters="175 billion",
        cite={"released": "2020", "parameters": "2020-05-28"},
    )
    draft = model.get_latest_revision_as_object()
    draft.released = "2020-05-28"
    source = make_source(title="Language models are few-shot learners")
    draft.citations.add(AIModelCitation(field="released", source=source, as_of="2020-05-28"))
    draft.milestones = [
        AIModelMilestone(
            key="api", milestone_kind="release", date="2020-06-11", text_en="An API.", text_zh="开放 API。"
        )
    ]
    publish_revision(draft.save_revision())
    reviewer = User.objects.create_user("robin")
    reviewer.groups.add(Group.objects.get(name="Reviewer"))
    publish(model, user=reviewer, name_en="GPT-3 (175B)")
    return model


def test_the_history_shows_old_and_new_values_with_their_sources_newest_first(client, gpt):
    newest, middle, first = versions_at(client, "/en/models/gpt-3/history/")
    assert newest[1] == {"Name": ["GPT-3", "GPT-3 (175B)", ""]}
    assert middle[1]["Released"][:2] == ["2020", "28 May 2020"]
    assert "Language models are few-shot learners" in middle[1]["Released"][2]
    assert middle[1]["Milestones"][:2] == ["–", "Release 11 June 2020 An API."]
    assert first[1]["Parameters"][:2] == ["–", "175 billion"]
    assert first[1]["Maker"][:2] == ["–", "OpenAI"]
    words = words_of(soup_of(client, "/en/models/gpt-3/history/"))
    assert "Version 3 · Reviewer" in words
    assert "Version 1 · Shipped with the site" in words
    assert "robin" not in words, "people are named by role"


def test_a_scheduled_publication_is_by_its_approver(client, gpt):
    colleague = User.objects.create_user("colleague")
    colleague.groups.add(Group.objects.get(name="Lead"))
    draft = gpt.get_latest_revision_as_object()
    draft.licence, draft.go_live_at = "MIT", timezone.now() + timedelta(hours=1)
    publish_revision(draft.save_revision(user=User.objects.get(username="robin")))
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        call_command("publish_scheduled")
    words = words_of(soup_of(client, "/en/models/gpt-3/history/"))
    assert "Version 4 · Lead" in words
    assert words.count("Shipped with the site") == 2, "what nobody approved"


def test_people_are_named_only_while_they_choose_so(client, gpt):
    reviewer = User.objects.get(username="robin")
    User.objects.filter(pk=reviewer.pk).update(email="r@example.org", first_name="Robin", last_name="<Doe>")
    publish(make_organization(slug="acme"), user=reviewer, city_en="Oslo")
    account = Client()
    account.force_login(reviewer)

    def choose(**chosen) -> None:
        """Save the account's settings unchanged except for this choice."""
        soup = BeautifulSoup(account.get("/admin/account/").content, "html.parser")
        form = soup.find("input", attrs={"name": "history-shows_name"}).find_parent("form")
        assert account.post("/admin/account/", {**values_in(form), **chosen}).status_code == 302

    def names() -> list[str]:
        pages = [words_of(soup_of(client, f"/en/{entry}/history/")) for entry in ("models/gpt-3", "organizations/acme")]
        return [re.search(r"Version [23] · (.+?) See this version", words)[1].rstrip(" ·") for words in pages]

    assert names() == ["Reviewer", "Reviewer"]
    choose(**{"history-shows_name": "on"})
    assert names() == ["Robin <Doe>", "Robin <Doe>"], "on what they published before, too"
    choose(**{"history-shows_name": []})
    assert names() == ["Reviewer", "Reviewer"]
    choose(**{"history-shows_name": "on"})
    User.objects.filter(pk=reviewer.pk).update(first_name="", last_name="")
    assert names() == ["Reviewer", "Reviewer"], "a user name is nobody's name"


def test_the_history_is_also_in_chinese_and_linked_from_the_page(client, gpt):
    _newest, middle, _first = versions_at(client, "/zh-hans/models/gpt-3/history/")
    assert middle[1]["发布时间"][:2] == ["2020 年", "2020 年 5 月 28 日"]
    assert "审核人" in words_of(soup_of(client, "/zh-hans/models/gpt-3/history/"))
    link = soup_of(client, "/zh-hans/models/gpt-3/").find("a", href="/zh-hans/models/gpt-3/history/")
    assert link.get_text() == "修订历史"


def test_a_past_version_has_a_permanent_address(client, gpt):
    address = "/en/models/gpt-3/history/1/"
    soup = soup_of(client, address)
    today = timezone.localdate()
    assert f"As this site knew it on {today.day} {today:%B} {today.year}" in words_of(soup)
    assert words_of(soup.h1) == "GPT-3"
    assert "28 May 2020" not in words_of(soup.select_one(".facts"))
    assert soup.find("meta", attrs={"name": "robots"})["content"] == "noindex"
    publish(gpt, slug="gpt-3-175b")
    assert client.get(address).url == "/en/models/gpt-3-175b/history/1/"
    assert client.get("/en/models/gpt-3/history/").url == "/en/models/gpt-3-175b/history/"
    assert words_of(soup_of(client, "/en/models/gpt-3-175b/history/1/").h1) == "GPT-3"


def test_drafts_and_withdrawn_entries_have_no_history(client, gpt):
    draft = gpt.get_latest_revision_as_object()
    draft.summary_en = "Unreviewed words."
    draft.save_revision()
    assert "Unreviewed" not in words_of(soup_of(client, "/en/models/gpt-3/history/"))
    assert client.get("/en/models/gpt-3/history/9/").status_code == 404
    make_model(slug="secret", publish=False)
    assert client.get("/en/models/secret/history/").status_code == 404
    withdraw(make_model(slug="gone"))
    for address in ("/en/models/gone/history/", "/en/models/gone/history/1/"):
        assert client.get(address).status_code == 410


def test_a_withdrawal_stays_in_the_history_of_a_restored_entry(client):
    model = make_model(slug="back")
    withdraw(model)
    publish(model, withdrawal_en="", withdrawal_zh="")
    headings = [heading for heading, _values in versions_at(client, "/en/models/back/history/")]
    assert [heading.rsplit(" ", 1)[1] for heading in headings] == ["Restored", "Withdrawn", "Published"]
    assert "It was wrong." in words_of(soup_of(client, "/en/models/back/history/"))
    assert client.get("/en/models/back/history/2/").status_code == 404
    assert client.get("/en/models/back/history/1/").status_code == 200


def test_terms_have_a_history_with_their_sources(client):
    term = make_term(slug="token", definition_en="A piece.")
    publish(term, definition_en="A piece of text.", sources=[make_source(title="On pieces")])
    newest, _first = versions_at(client, "/en/glossary/token/history/")
    assert newest[1]["Definition"][:2] == ["A piece.", "A piece of text."]
    assert newest[1]["Sources"][:2] == ["–", "On pieces"]


# What changed -------------------------------------------------------------------------------------------------


def rows_at(client, query: str = "") -> list[str]:
    return [words_of(row) for row in soup_of(client, f"/en/changes/{query}").select(".changes li")]


def test_changes_are_listed_newest_first_with_the_values_that_changed(client, gpt):
    rows = rows_at(client)
    assert rows[0].startswith("GPT-3 (175B) Model Name")
    assert rows[1].startswith("GPT-3 Model Released, Milestones")
    assert [row.split()[0] for row in rows[2:]] == ["GPT-3", "OpenAI"]
    make_model(name="Secretive", slug="secretive", publish=False)
    assert rows_at(client) == rows


def test_changes_are_filtered_by_kind_value_and_date(client, gpt):
    assert [row.split()[0] for row in rows_at(client, "?kind=organization")] == ["OpenAI"]
    assert len(rows_at(client, "?kind=organization&kind=model")) == 4
    assert len(rows_at(client, "?field=milestones")) == 1
    assert len(rows_at(client, "?field=released")) == 2
    today = timezone.now().date()
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        publish(gpt, licence="MIT")
    assert len(rows_at(client, f"?date_min={today + timedelta(days=400)}")) == 1
    assert len(rows_at(client, f"?date_max={today}")) == 4
    assert rows_at(client, "?date_max=2020") == ["Nothing matches."]


def test_unknown_filters_are_ignored_and_named(client, gpt):
    words = words_of(soup_of(client, "/en/changes/?kind=spoon&colour=red&date_min=yesterday"))
    for name in ("kind=spoon", "colour=red", "date_min=yesterday"):
        assert f"Ignored, not a filter here: {name}" in words
    assert len(rows_at(client, "?kind=spoon&colour=red")) == 4


def test_feeds_carry_what_the_list_shows(client, gpt):
    feed = client.get("/en/changes/feed.atom?kind=model")
    assert feed["Content-Type"].startswith("application/atom+xml")
    entries = ElementTree.fromstring(feed.content).findall("{http://www.w3.org/2005/Atom}entry")
    titles = [entry.findtext("{http://www.w3.org/2005/Atom}title") for entry in entries]
    assert titles == ["GPT-3 (175B): Name", "GPT-3: Released, Milestones", "GPT-3: Published"]
    found = json.loads(client.get("/zh-hans/changes/feed.json?kind=model").content)
    assert found["items"][0]["title"] == "GPT-3: 名称"
    assert found["items"][0]["url"] == "http://testserver/zh-hans/models/gpt-3/history/#version-3"
    assert found["home_page_url"] == "http://testserver/zh-hans/changes/?kind=model"


def test_history_and_changes_take_as_many_queries_for_many_as_for_few(client):
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as context:
            assert client.get(address).status_code == 200
        return len(context)

    model = make_model(slug="busy", makers=[make_organization()])
    publish(model, user=User.objects.create_user("first"), summary_en="Once.")
    addresses = ("/en/models/busy/history/", "/en/changes/", "/en/changes/feed.atom")
    for address in addresses:
        client.get(address)
    few = [queries(address) for address in addresses]
    for number in range(30):
        publish(model, summary_en=f"Time {number}.", makers=[make_organization()])
        if number % 10 == 0:
            person = User.objects.create_user(f"person-{number}", first_name="Robin", last_name=f"Doe {number}")
            HistoryChoice.objects.create(user=person, shows_name=number % 20 == 0)
            publish(model, user=person, summary_en=f"By {number}.")
    many = [queries(address) for address in addresses]
    # The history always asks for the version before the oldest one on its page.
    assert [n - m for n, m in zip(many, few, strict=True)] == [0, 0, 0]
    assert max(few) <= 12


# A million changes --------------------------------------------------------------------------------------------


ENTRIES, PUBLICATIONS, CHANGES = 100, 1000, 10
TEXT = {"en": "Words.", "zh": "文字。"}
CHANGED = {
    "name": TEXT,
    "summary": TEXT,
    "released": "2020",
    "licence": "MIT",
    "access": "api",
    "milestones/a": {"milestone_kind": "release", "date": "2020", "text": TEXT},
    "milestones/b": {"milestone_kind": "users", "date": "2021", "text": TEXT},
    "links/a": {"link_kind": "website", "url": "https://example.org/"},
    "links/b": {"link_kind": "paper", "url": "https://example.org/"},
}


def add_history(records: list, *, publications: int) -> None:
    """Give each record more publications in the past, one a day, with ten changes each."""
    documents = {record: Publication.objects.of(record.uid).first().document for record in records}
    begin = timezone.now() - timedelta(days=publications)
    last = {record: Publication.objects.of(record.uid).count() for record in records}
    for day in range(publications):
        with time_machine.travel(begin + timedelta(days=day), tick=False):
            made = Publication.objects.bulk_create(
                Publication(
                    entry=record.uid,
                    kind=record.kind,
                    slug=record.slug,
                    sequence=last[record] + day + 1,
                    action="published",
                    document=documents[record],
                )
                for record in records
            )
        Change.objects.bulk_create(
            Change(publication=publication, path=path, old=value, new=value)
            for publication in made
            for path, value in (*CHANGED.items(), ("techniques" if day % 500 == 0 else "aliases", None))
        )


@pytest.mark.long
def test_a_million_changes_take_as_many_queries_as_a_few(client):
    year = (timezone.now() - timedelta(days=400)).year
    addresses = [
        "/en/models/busy/history/",
        "/en/models/busy/history/?page=40",
        "/en/models/busy/history/500/",
        f"/en/models/busy/?as_of={year}-06-01",
        "/en/changes/",
        "/en/changes/?page=1000",
        "/en/changes/?kind=model",
        "/en/changes/?field=milestones",
        "/en/changes/?field=techniques",
        "/en/changes/?field=training_cost",
        f"/en/changes/?kind=model&field=techniques&date_min={year}-01-01&date_max={year}-12",
        "/en/changes/feed.atom?field=techniques",
    ]

    def count_queries() -> dict[str, int]:
        counts = {}
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts[address] = len(queries)
        return counts

    add_history([make_model(slug="busy")], publications=1000)
    few = count_queries()
    add_history([make_model() for _ in range(ENTRIES)], publications=PUBLICATIONS)
    assert Change.objects.count() >= ENTRIES * PUBLICATIONS * CHANGES
    assert count_queries() == few
    assert max(few.values()) <= 12, few
