"""Pages as of a day: what they show, how they name the day, and that all their links stay on the day."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models.checks import Outcome
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.kinds import EntryKind
from catalog.publishing.checking import record_checks
from tests.factories import make_model, make_organization, make_product, make_term, publish, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.page]
MARK = "As this site knew it on 1 March 2026"


def open_page(address: str, status: int = 200) -> BeautifulSoup:
    response = Client().get(address)
    assert response.status_code == status
    return BeautifulSoup(response.content, "html.parser")


def words_of(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def links_of(soup, selector: str) -> list[str]:
    return [link["href"] for link in soup.select(f"{selector} a[href]")]


@pytest.fixture
def clock():
    """Stop the clock at noon (UTC) on 1 March 2026; tests move it by days."""
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as traveller:

        def move(days: int) -> None:
            traveller.move_to(datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=days))

        yield move


@pytest.fixture
def gpt(clock):
    """A model and its maker, both renamed on the third day; today is the fifth."""
    maker = make_organization(name="OpenAI", slug="openai", country="US")
    model = make_model(name="GPT-3", slug="gpt-3", makers=[maker], released="2020", cite={"released": "2025-06"})
    clock(2)
    publish(maker, name_en="OpenAI Group", slug="openai-group")
    publish(model, name_en="GPT-3 (175B)", slug="gpt-3-175b", released="2020-05-28")
    clock(4)
    return model


# Details ----------------------------------------------------------------------------------------------------------


def test_an_entry_is_shown_as_it_was_with_the_names_of_that_day(gpt):
    soup = open_page("/en/models/gpt-3/?as_of=2026-03-02")
    assert words_of(soup.h1) == "GPT-3"
    assert "28 May 2020" not in words_of(soup.select_one(".facts"))
    assert "/en/organizations/openai/?as_of=2026-03-02" in links_of(soup, ".facts")
    assert "OpenAI Group" not in words_of(soup.main)
    assert "As this site knew it on 2 March 2026" in words_of(soup.main)
    assert soup.find("meta", attrs={"name": "robots"})["content"] == "noindex"
    assert soup.find("link", rel="canonical")["href"] == "http://testserver/en/models/gpt-3-175b/"
    assert links_of(soup, ".preview-banner") == ["/en/models/gpt-3-175b/"]
    assert "/zh-hans/models/gpt-3/?as_of=2026-03-02" in links_of(soup, ".languages")
    assert "本站在 2026 年 3 月 2 日的记录" in words_of(open_page("/zh-hans/models/gpt-3/?as_of=2026-03-02").main)


def test_the_present_address_shows_an_entry_that_had_another_one(gpt):
    assert words_of(open_page("/en/models/gpt-3-175b/?as_of=2026-03-01").h1) == "GPT-3"


def test_an_address_shows_the_entry_that_had_it_on_that_day(gpt, clock):
    make_model(name="Impostor", slug="gpt-3")
    clock(6)
    assert words_of(open_page("/en/models/gpt-3/").h1) == "Impostor"
    assert words_of(open_page("/en/models/gpt-3/?as_of=2026-03-01").h1) == "GPT-3"


def test_a_redirect_stays_on_the_day(client, gpt):
    # The redirect is temporary: today the address shows the present page, tomorrow a past day.
    response = client.get("/en/models/gpt-3/?as_of=2026-03-05")
    assert (response.status_code, response.url) == (302, "/en/models/gpt-3-175b/?as_of=2026-03-05")
    assert client.get("/en/startups/openai/?as_of=2026-03-01").url == "/en/organizations/openai/?as_of=2026-03-01"


def test_as_of_today_is_the_present_page_but_for_the_mark(gpt):
    today, present = open_page("/en/models/gpt-3-175b/?as_of=2026-03-05"), open_page("/en/models/gpt-3-175b/")
    assert "As this site knew it on 5 March 2026" in words_of(today.select_one(".preview-banner"))
    assert today.find("meta", attrs={"name": "robots"})["content"] == "noindex"
    assert present.find("meta", attrs={"name": "robots"}) is None
    assert words_of(today.article) == words_of(present.article)


@pytest.mark.parametrize("asked", ["2026-03-06", "soon"])
def test_an_impossible_day_is_ignored_and_named(gpt, asked):
    soup = open_page(f"/en/models/gpt-3-175b/?as_of={asked}")
    assert f"Ignored, not a filter here: as_of={asked}" in words_of(soup.main)
    assert words_of(soup.article) == words_of(open_page("/en/models/gpt-3-175b/").article)


def test_before_its_first_publication_an_entry_says_when_its_records_begin(clock):
    make_model(name="Old", slug="old")
    clock(3)
    make_model(name="New", slug="new")
    clock(5)
    soup = open_page("/en/models/new/?as_of=2026-03-02")
    assert "This site's records of it begin on 4 March 2026." in words_of(soup.main)
    assert "/en/timeline/" in links_of(soup, "main")
    assert soup.find("meta", attrs={"name": "robots"})["content"] == "noindex"
    open_page("/en/models/never/?as_of=2026-03-02", status=404)


def test_a_draft_is_not_there_on_any_day(clock):
    make_model(slug="secret", publish=False)
    clock(1)
    open_page("/en/models/secret/?as_of=2026-03-01", status=404)


def test_withdrawals_and_mergers_show_on_the_days_on_which_they_held(client, clock):
    model, other = make_model(name="Gone", slug="gone"), make_model(name="Stays", slug="stays")
    merged = make_model(name="Double", slug="double")
    clock(1)
    withdraw(model)
    publish(merged, merged_into=other)
    clock(2)
    publish(model, withdrawal_en="", withdrawal_zh="")
    publish(merged, merged_into=None)
    clock(4)
    assert "It was wrong." in words_of(open_page("/en/models/gone/?as_of=2026-03-02", status=410).main)
    assert words_of(open_page("/en/models/gone/?as_of=2026-03-01").h1) == "Gone"
    assert words_of(open_page("/en/models/gone/?as_of=2026-03-03").h1) == "Gone"
    redirect = client.get("/en/models/double/?as_of=2026-03-02")
    assert (redirect.status_code, redirect.url) == (302, "/en/models/stays/?as_of=2026-03-02")
    assert words_of(open_page("/en/models/double/?as_of=2026-03-01").h1) == "Double"


def test_a_withdrawn_entry_shows_no_past_day(clock):
    """Like its history: nobody can read a withdrawn entry by asking for yesterday."""
    model, other = make_model(slug="gone"), make_model(name="Stays", slug="stays")
    merged, into = make_model(slug="double"), make_model(name="Gone too", slug="gone-too")
    clock(1)
    withdraw(model)
    publish(merged, merged_into=into)
    clock(2)
    withdraw(into)
    clock(3)
    for day in (1, 2, 3):
        for slug in ("gone", "gone-too"):
            open_page(f"/en/models/{slug}/?as_of=2026-03-0{day}", status=410)
        response = Client().get(f"/en/models/double/?as_of=2026-03-0{day}", follow=True)
        assert response.status_code == 410
        assert "It was wrong." in words_of(BeautifulSoup(response.content, "html.parser").main)
    publish(model, withdrawal_en="", withdrawal_zh="", merged_into=other)
    clock(4)
    open_page("/en/models/gone/?as_of=2026-03-01", status=410)


def test_a_merged_entry_shows_the_days_before_the_merger(clock):
    other = make_model(name="Stays", slug="stays")
    clock(1)
    merged = make_model(name="Double", slug="double")
    clock(2)
    publish(merged, merged_into=other)
    clock(3)
    soup = open_page("/en/models/double/?as_of=2026-03-02")
    assert words_of(soup.h1) == "Double"
    assert links_of(soup, ".preview-banner") == ["/en/models/stays/"]
    # The entry did not exist yet; the one that has its address now did.
    response = Client().get("/en/models/double/?as_of=2026-03-01", follow=True)
    assert response.redirect_chain == [("/en/models/stays/?as_of=2026-03-01", 302)]
    assert words_of(BeautifulSoup(response.content, "html.parser").h1) == "Stays"


def test_a_reversed_merger_does_not_redirect_in_circles(clock):
    first, second = make_model(name="First", slug="first"), make_model(name="Second", slug="second")
    clock(4)
    publish(first, merged_into=second)
    clock(9)
    publish(first, merged_into=None)
    clock(11)
    publish(second, merged_into=first)
    clock(20)
    shown = {}
    for day in (1, 5, 9, 10, 12):
        for slug in ("first", "second"):
            response = Client().get(f"/en/models/{slug}/?as_of=2026-03-{day:02}", follow=True)
            assert response.status_code == 200
            assert {status for _address, status in response.redirect_chain} <= {302}
            shown[slug, day] = words_of(BeautifulSoup(response.content, "html.parser").h1)
    assert shown == {
        **{("first", 1): "First", ("first", 5): "Second", ("first", 9): "Second", ("first", 10): "First"},
        **{("second", 1): "Second", ("second", 5): "Second", ("second", 9): "Second", ("second", 10): "Second"},
        **{("first", 12): "First", ("second", 12): "First"},
    }


def test_a_merged_entry_says_when_records_begin_on_days_before_both_existed(clock):
    make_model(slug="older")
    clock(3)
    other, merged = make_model(name="Stays", slug="stays"), make_model(slug="double")
    publish(merged, merged_into=other)
    clock(4)
    soup = open_page("/en/models/double/?as_of=2026-03-02")
    assert "This site's records of it begin on 4 March 2026." in words_of(soup.main)


def test_checks_are_those_known_on_that_day(clock):
    model = make_model(slug="checked", licence="MIT")
    clock(1)
    user = get_user_model().objects.create_user("editor")
    for group in FIELD_GROUPS[EntryKind.MODEL]:
        record_checks(entry=model.uid, group=group, outcome=Outcome.STILL_TRUE, user=user)
    clock(400)
    assert "Check overdue since" in words_of(open_page("/en/models/checked/"))
    assert "Checked 2 March 2026" in words_of(open_page("/en/models/checked/?as_of=2026-03-03"))
    before = words_of(open_page("/en/models/checked/?as_of=2026-03-01"))
    assert "Not checked yet" in before
    assert "Checked" not in before


def test_a_value_is_old_on_the_days_on_which_it_was(clock):
    model = make_model(slug="old", released="2020", cite={"released": "2026-02"})
    clock(800)
    publish(model, summary_en="Other words.")
    assert open_page("/en/models/old/").select(".is-old")
    assert not open_page("/en/models/old/?as_of=2026-03-01").select(".is-old")


# Listings ---------------------------------------------------------------------------------------------------------


def test_a_listing_names_its_day_and_its_links_stay_on_it(gpt):
    soup = open_page("/en/organizations/?as_of=2026-03-01&country=US")
    assert MARK in words_of(soup.select_one(".preview-banner"))
    assert links_of(soup, ".preview-banner") == ["/en/organizations/?country=US"]
    assert links_of(soup, ".rows tbody") == ["/en/organizations/openai/?as_of=2026-03-01"]
    assert all("as_of=2026-03-01" in link for link in links_of(soup, ".rows thead"))
    assert links_of(soup, ".chips") == ["/en/organizations/?as_of=2026-03-01", "/en/organizations/?as_of=2026-03-01"]
    assert "/zh-hans/organizations/?as_of=2026-03-01&country=US" in links_of(soup, ".languages")
    assert soup.select_one("form.filters input[type=hidden][name=as_of]")["value"] == "2026-03-01"
    assert links_of(soup, ".filters-foot") == ["/en/organizations/?as_of=2026-03-01"]
    assert soup.find("meta", attrs={"name": "robots"})["content"] == "noindex"
    assert soup.find("link", rel="canonical")["href"] == "http://testserver/en/organizations/"


def test_pages_of_a_long_listing_stay_on_the_day(clock, monkeypatch):
    monkeypatch.setattr("catalog.listing.page.PER_PAGE", 2)
    for number in range(3):
        make_organization(name=f"Organization {number}")
    clock(1)
    soup = open_page("/en/organizations/?as_of=2026-03-01")
    assert links_of(soup, ".pagination") == ["?as_of=2026-03-01&page=2"]
    assert "3 results" in words_of(soup)


def test_a_listing_as_of_today_is_the_present_one_but_for_the_mark(gpt):
    today, present = open_page("/en/models/?as_of=2026-03-05"), open_page("/en/models/")
    assert "As this site knew it on 5 March 2026" in words_of(today)
    for part in (".rows", ".filters", ".bar"):
        assert words_of(today.select_one(part)) == words_of(present.select_one(part))


def test_before_the_first_record_a_listing_says_when_records_begin(gpt):
    soup = open_page("/en/models/?as_of=2020-01-01")
    assert "This site's records begin on 1 March 2026." in words_of(soup.main)
    assert "/en/timeline/" in links_of(soup, ".empty")
    assert "0 results" in words_of(soup)
    empty = open_page("/en/products/?as_of=2026-03-01")
    assert "records begin" not in words_of(empty), "there was nothing of the kind, but the site was there"


def test_the_answer_to_htmx_stays_on_the_day(client, gpt):
    response = client.get("/en/organizations/?as_of=2026-03-01&sort=name", headers={"HX-Request": "true"})
    assert response["HX-Push-Url"] == "/en/organizations/?as_of=2026-03-01"
    assert "/en/organizations/openai/?as_of=2026-03-01" in response.content.decode()


def test_the_glossary_is_a_listing_too(clock):
    term = make_term(name="Token", slug="token")
    clock(1)
    publish(term, name_en="Word piece")
    make_term(name="Agent", slug="agent")
    clock(2)
    soup = open_page("/en/glossary/?as_of=2026-03-01")
    assert [words_of(name) for name in soup.select(".glossary dt")] == ["Token"]
    assert links_of(soup, ".glossary") == ["/en/glossary/token/?as_of=2026-03-01"]
    assert MARK in words_of(soup.main)
    assert soup.find("meta", attrs={"name": "robots"})["content"] == "noindex"
    assert "records begin on 1 March 2026" in words_of(open_page("/en/glossary/?as_of=2026-02-01"))
    assert words_of(open_page("/en/glossary/token/?as_of=2026-03-01").h1) == "Token"


# Cost -------------------------------------------------------------------------------------------------------------


def test_past_pages_take_as_many_queries_for_many_as_for_few(clock):
    def queries(address: str) -> int:
        Client().get(address)
        with CaptureQueriesContext(connection) as context:
            assert Client().get(address).status_code == 200
        return len(context)

    maker = make_organization(slug="maker")
    model = make_model(slug="model", makers=[maker], released="2020", cite={"released": "2020"})
    make_product(slug="product", maker=maker, built_on=[model])
    clock(3)
    addresses = [
        f"/en/{path}/?as_of=2026-03-01" for path in ("models/model", "organizations/maker", "products/product")
    ]
    few = [queries(address) for address in addresses]
    clock(0)
    publish(model, makers=[maker, *(make_organization() for _ in range(4))])
    for day in range(1, 4):
        clock(day)
        publish(model, summary_en=f"Day {day}.")
    clock(9)
    assert [queries(address) for address in addresses] == few
    assert max(few) <= 12, few
