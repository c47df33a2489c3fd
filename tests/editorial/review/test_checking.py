"""Checking values against their sources: who may do it, what is recorded, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.users.models import UserProfile

from catalog.models import Check, Source, SourceText, Verification
from catalog.models.choices import LinkState
from catalog.models.verification import State
from catalog.publishing.verification import read_verifications
from editorial.review.checking import mark_lines
from tests.editorial.review.support import sign_in, url
from tests.factories import make_model, make_organization, make_source, publish_revision

pytestmark = [pytest.mark.django_db, pytest.mark.admin]


@pytest.fixture
def editor():
    return sign_in("Editor")


@pytest.fixture
def source():
    return make_source(title="Model card", url="https://example.org/card", kind="documentation")


def group_address(record, group: str) -> str:
    return reverse("review:check_group", args=[record.uid, group])


def source_address(source) -> str:
    return reverse("review:check_source", args=[source.pk])


def read_screen(client, address: str) -> dict[str, dict]:
    """Return the values on a screen: their texts, and which buttons can be pressed."""
    response = client.get(address)
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    found = {}
    for item in soup.select("article.check-item"):
        buttons = {button["value"].split()[0]: button for button in item.select("button[name=decision]")}
        found[" ".join(item.h3.get_text().split())] = {
            "values": item.select_one(".values").get_text(strip=True),
            "tokens": {outcome: button["value"] for outcome, button in buttons.items()},
            "may": {outcome for outcome, button in buttons.items() if not button.has_attr("disabled")},
            "select": (item.select_one("input[name=item]") or {}).get("value"),
            "text": " ".join(item.get_text(" ").split()),
        }
    return found


def press(client, address: str, label: str, outcome: str, **data):
    """Press a button of one value."""
    item = next(item for name, item in read_screen(client, address).items() if label in name)
    return client.post(address, {"decision": item["tokens"][outcome], **data}, follow=True)


def keep_text(source, text: str, **values) -> SourceText:
    return SourceText.objects.create(source=source, sha256=str(hash(text)), text=text, **values)


def test_one_source_shows_every_value_that_cites_it_across_entries(editor, source):
    make_model(name="Alpha", access="api", cite={"access": "2024-05"}, source=source)
    make_organization(name="Acme", country="GB", cite={"country": "2023", "type": "2023"}, source=source)
    make_model(name="Other", access="api", cite={"access": "2024"})
    make_model(name="Draft", access="api", cite={"access": "2024"}, source=source, publish=False)
    items = read_screen(editor, source_address(source))
    assert {name: item["values"] for name, item in items.items()} == {
        "Alpha: Access": "API",
        "Acme: Country or region": "United Kingdom",
        "Acme: Type": "Company",
    }
    assert "as of May 2024" in items["Alpha: Access"]["text"]


def test_each_outcome_is_recorded_for_its_value_only(editor, source):
    model = make_model(status="available", access="api", cite={"access": "2024", "status": "2024"}, source=source)
    press(editor, source_address(source), "Status", "still-true")
    check = Check.objects.get()
    assert (check.entry, check.group, check.path) == (model.uid, "access", "status")
    assert (check.outcome, check.by, check.batch) == ("still-true", editor.user, None)
    assert list(check.sources.all()) == [source]
    assert read_verifications(model.public_document())["access"].checked_at is None
    press(editor, source_address(source), "Access", "still-true")
    assert Verification.objects.get(group="access").state(timezone.now().date()) == State.VERIFIED
    press(editor, source_address(source), "Access", "cant-tell")
    assert Verification.objects.get(group="access").state(timezone.now().date()) == State.VERIFIED
    assert [check.outcome for check in Check.objects.order_by("pk")] == ["still-true", "still-true", "cant-tell"]


@pytest.mark.parametrize(
    ("outcome", "place", "state"), [("changed", "access", "flagged"), ("conflict", "citations", "disputed")]
)
def test_the_outcome_changed_leads_to_the_value_in_the_form(editor, source, outcome, place, state):
    model = make_model(access="api", cite={"access": "2024"}, source=source)
    answer = press(editor, source_address(source), "Access", outcome)
    address = answer.redirect_chain[-1][0]
    assert address.startswith(reverse(model.snippet_viewset.get_url_name("edit"), args=[model.pk]))
    section = BeautifulSoup(answer.content, "html.parser").find(id=address.partition("#")[2])
    assert section.find(attrs={"name": "citations-TOTAL_FORMS" if place == "citations" else place})
    assert Verification.objects.get(group="access").state(timezone.now().date()) == state


def test_a_sources_text_is_compared_with_that_of_the_last_check(editor, source):
    make_model(access="api", cite={"access": "2024"}, source=source)
    with time_machine.travel("2026-01-10") as clock:
        keep_text(source, "Access by API.\nPrice on request.")
        editor.force_login(editor.user)
        press(editor, source_address(source), "Access", "still-true")
        clock.shift(timedelta(days=3))
        keep_text(source, "Open weights.\nPrice on request.")
        soup = BeautifulSoup(editor.get(source_address(source)).content, "html.parser")
    text = soup.select_one(".check-text .lines")
    assert [it.get_text() for it in text.find_all("del")] == ["Access by API."]
    assert [it.get_text() for it in text.find_all("ins")] == ["Open weights."]
    assert "Price on request." in text.get_text()


def test_the_text_of_a_source_is_escaped(editor, source):
    make_model(access="api", cite={"access": "2024"}, source=source)
    keep_text(source, "<script>alert(1)</script>")
    assert "<script>alert(1)" not in editor.get(source_address(source)).content.decode()


def test_a_source_that_cannot_be_fetched_is_checked_by_eye(editor):
    paper = make_source(title="Paper")
    make_model(access="api", cite={"access": "2024"}, source=paper)
    assert "compare by eye" in editor.get(source_address(paper)).content.decode()
    press(editor, source_address(paper), "Access", "still-true")
    assert Check.objects.get().outcome == "still-true"


def test_people_cannot_verify_a_value_that_they_entered_within_30_days(editor, source):
    with time_machine.travel(datetime(2026, 1, 10, tzinfo=UTC)) as clock:
        model = make_model(status="available", access="api", cite={"access": "2024", "status": "2024"}, source=source)
        draft = model.get_latest_revision_as_object()
        draft.access = "hosted-only"
        publish_revision(draft.save_revision(user=editor.user), user=editor.user)
        for address in (source_address(source), group_address(model, "access")):
            editor.force_login(editor.user)
            items = read_screen(editor, address)
            (access,) = [item for name, item in items.items() if "Access" in name]
            (status,) = [item for name, item in items.items() if "Status" in name]
            assert access["may"] == {"changed", "cant-tell", "conflict"}
            assert "someone else must verify it" in access["text"]
            assert "still-true" in status["may"]
            answer = editor.post(
                address, {"decision": access["tokens"]["still-true"], "opened": source.slug}, follow=True
            )
            assert "someone else must verify it" in answer.content.decode()
            assert not Check.objects.exists()
        clock.shift(timedelta(days=31))
        editor.force_login(editor.user)
        press(editor, source_address(source), "Access", "still-true")
        assert Check.objects.get().path == "access"


def test_batch_checks_need_an_unchanged_source(editor, source):
    make_model(status="available", access="api", cite={"access": "2024", "status": "2024"}, source=source)
    address = source_address(source)

    def select_all(decision="still-true"):
        tokens = [item["tokens"]["still-true"].partition(" ")[2] for item in read_screen(editor, address).values()]
        return editor.post(address, {"decision": decision, "item": tokens}, follow=True)

    assert all(item["select"] is None for item in read_screen(editor, address).values())
    assert "only while their one source has not changed" in select_all().content.decode()
    keep_text(source, "API")
    Source.objects.filter(pk=source.pk).update(link_state=LinkState.REACHED)
    for label in ("Access", "Status"):
        press(editor, address, label, "still-true")
    # The source has not been read since then.
    assert all(item["select"] is None for item in read_screen(editor, address).values())
    Source.objects.filter(pk=source.pk).update(tried_at=timezone.now())
    assert all(item["select"] for item in read_screen(editor, address).values())
    assert "only while their one source has not changed" in select_all("cant-tell").content.decode()
    assert Check.objects.count() == 2
    select_all()
    Source.objects.filter(pk=source.pk).update(tried_at=timezone.now())
    batches = list(Check.objects.exclude(batch=None).values_list("batch", flat=True))
    assert len(batches) == 2
    assert len(set(batches)) == 1
    keep_text(source, "Weights")
    assert all(item["select"] is None for item in read_screen(editor, address).values())
    assert "only while their one source has not changed" in select_all().content.decode()
    assert Check.objects.count() == 4


def test_one_check_of_a_changed_source_settles_no_other_value(editor, source):
    address = source_address(source)
    with time_machine.travel("2026-01-10") as clock:
        make_model(status="available", access="api", cite={"access": "2024", "status": "2024"}, source=source)
        editor.force_login(editor.user)
        keep_text(source, "Open to all.")
        for label in ("Access", "Status"):
            press(editor, address, label, "still-true")
        clock.shift(timedelta(days=3))
        keep_text(source, "Open to some.")
        now = timezone.now()
        Source.objects.filter(pk=source.pk).update(link_state=LinkState.REACHED, changed_at=now, tried_at=now)
        clock.shift(timedelta(days=1))
        press(editor, address, "Access", "still-true")
        Source.objects.filter(pk=source.pk).update(tried_at=timezone.now() + timedelta(hours=1))
        soup = BeautifulSoup(editor.get(address).content, "html.parser")
        assert soup.select_one(".check-text del").get_text() == "Open to all."
        selectable = {name: bool(item["select"]) for name, item in read_screen(editor, address).items()}
        assert [may for name, may in selectable.items() if "Access" in name] == [True]
        assert [may for name, may in selectable.items() if "Status" in name] == [False]


def test_a_value_that_was_published_since_its_check_is_compared_by_itself(editor, source):
    address = source_address(source)
    with time_machine.travel("2026-01-10") as clock:
        model = make_model(status="available", access="api", cite={"access": "2024", "status": "2024"}, source=source)
        editor.force_login(editor.user)
        keep_text(source, "Open to all.")
        for label in ("Access", "Status"):
            press(editor, address, label, "still-true")
        clock.shift(timedelta(days=1))
        Source.objects.filter(pk=source.pk).update(link_state=LinkState.REACHED, tried_at=timezone.now())
        assert all(item["select"] for item in read_screen(editor, address).values())
        draft = model.get_latest_revision_as_object()
        draft.access = "hosted-only"
        publish_revision(draft.save_revision())
        assert not any(item["select"] for item in read_screen(editor, address).values())


def test_pressing_a_key_leads_to_the_next_value_and_keeps_opened_sources(editor, source):
    model = make_model(status="available", access="api", cite={"access": "2024", "status": "2024"}, source=source)
    answer = press(editor, source_address(source), "Access", "still-true")
    assert answer.redirect_chain[-1][0].endswith("#item-2")
    answer = press(editor, group_address(model, "access"), "Status", "still-true", opened=source.slug)
    assert answer.redirect_chain[-1][0].endswith(f"?opened={source.slug}#item-2")
    assert BeautifulSoup(answer.content, "html.parser").select_one("input[name=opened]").has_attr("checked")


def test_changed_values_without_a_source_are_checked_with_their_group(editor, source):
    model = make_model(released="2024", cite={"released": "2024"}, source=source)
    draft = model.get_latest_revision_as_object()
    draft.summary_en = "Another summary."
    publish_revision(draft.save_revision(user=editor.user), user=editor.user)
    press(editor, source_address(source), "Released", "still-true")
    assert Verification.objects.get(group="profile").state(timezone.now().date()) == State.UNVERIFIED
    address = group_address(model, "profile")
    (summary,) = [item for name, item in read_screen(editor, address).items() if "Summary" in name]
    assert "still-true" not in summary["may"]
    press(sign_in("Reviewer"), address, "Summary", "still-true")
    assert Verification.objects.get(group="profile").state(timezone.now().date()) == State.VERIFIED


def test_never_more_than_25_values_at_once(editor, source):
    for number in range(27):
        make_model(name=f"M{number:02}", access="api", cite={"access": "2024"}, source=source)
    items = read_screen(editor, source_address(source))
    assert len(items) == 25
    assert len(read_screen(editor, f"{source_address(source)}?p=2")) == 2


def test_a_check_of_an_outdated_publication_is_refused(editor, source):
    model = make_model(access="api", cite={"access": "2024"}, source=source)
    item = read_screen(editor, source_address(source))[f"{model.name_en}: Access"]
    draft = model.get_latest_revision_as_object()
    draft.access = "hosted-only"
    publish_revision(draft.save_revision())
    answer = editor.post(source_address(source), {"decision": item["tokens"]["still-true"]}, follow=True)
    assert "published again meanwhile" in answer.content.decode()
    assert not Check.objects.exists()


@pytest.mark.parametrize("decision", ["", "true", "still-true", "still-true nonsense", "changed"])
def test_invalid_requests_get_an_answer_and_record_nothing(editor, source, decision):
    model = make_model(access="api", cite={"access": "2024"}, source=source)
    for address in (source_address(source), group_address(model, "access")):
        assert editor.post(address, {"decision": decision}, follow=True).status_code == 200
    assert not Check.objects.exists()


def test_a_group_is_checked_value_by_value_with_the_opened_sources(editor, source):
    other = make_source(title="Licence text")
    model = make_model(status="available", access="api", licence="MIT", cite={"access": "2024"}, source=source)
    draft = model.get_latest_revision_as_object()
    row = draft.citations.all()[0]
    draft.citations = [row, type(row)(field="licence", source=other, as_of="2024")]
    publish_revision(draft.save_revision())
    address = group_address(model, "access")
    assert {name: item["values"] for name, item in read_screen(editor, address).items()} == {
        "Access": "API",
        "Licence": "MIT",
    }
    # Values without a source are shown too.
    assert "Available" in BeautifulSoup(editor.get(address).content, "html.parser").dl.get_text()
    answer = press(editor, address, "Access", "still-true", opened=other.slug)
    assert "Open at least one source of the value" in answer.content.decode()
    press(editor, address, "Access", "still-true", opened=[source.slug, other.slug])
    assert list(Check.objects.get().sources.all()) == [source]


def test_a_group_without_sources_is_checked_as_a_whole(editor):
    model = make_model(name="Alpha")
    press(editor, group_address(model, "profile"), "Name", "still-true")
    assert Check.objects.get().path == ""
    assert Verification.objects.get(group="profile").state(timezone.now().date()) == State.VERIFIED


def test_an_empty_group_is_checked_as_a_whole(editor):
    organization = make_organization(name="Acme")
    address = group_address(organization, "funding")
    assert {item["values"] for item in read_screen(editor, address).values()} == {"–"}
    press(editor, address, "", "still-true")
    assert (Check.objects.get().group, Check.objects.get().path) == ("funding", "")
    assert Verification.objects.get(group="funding").state(timezone.now().date()) == State.VERIFIED


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_place_in_the_form_exists_in_every_language(editor, source, language):
    model = make_model(parameters="1 billion", cite={"parameters": "2024"}, source=source)
    UserProfile.objects.create(user=editor.user, preferred_language=language)
    for outcome in ("changed", "conflict"):
        answer = press(editor, source_address(source), "", outcome)
        place = answer.redirect_chain[-1][0].partition("#")[2]
        assert BeautifulSoup(answer.content, "html.parser").find(id=place), (language, outcome)
    text = BeautifulSoup(editor.get(url(model, "edit")).content, "html.parser").find(id="tab-specifications")
    assert text.find(id="panel-child-specifications-parameters-section")


def test_contributors_cannot_check_values(source):
    model = make_model(access="api", cite={"access": "2024"}, source=source)
    client = sign_in("Contributor")
    for address in (source_address(source), group_address(model, "access")):
        for answer in (client.get(address), client.post(address, {"decision": "still-true"})):
            assert answer.status_code in (302, 403)
    assert not Check.objects.exists()


def test_the_screens_take_no_more_queries_for_more_values(editor, source):
    def count(address) -> int:
        editor.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert editor.get(address).status_code == 200
        return len(queries)

    model = make_model(status="available", cite={"status": "2024"}, source=source)
    few = [count(source_address(source)), count(group_address(model, "access"))]
    draft = model.get_latest_revision_as_object()
    draft.licence, draft.access = "MIT", "api"
    row = draft.citations.all()[0]
    draft.citations = [
        row,
        *(type(row)(field=field, source=make_source(), as_of="2024") for field in ("licence", "access") * 3),
    ]
    publish_revision(draft.save_revision())
    for _number in range(20):
        make_model(access="api", cite={"access": "2024"}, source=source)
    assert [count(source_address(source)), count(group_address(model, "access"))] == few


def test_lines_are_marked_as_removed_and_added():
    assert mark_lines("a\nb\nc", "a\nx\nc\nd") == [
        ("same", "a"),
        ("old", "b"),
        ("new", "x"),
        ("same", "c"),
        ("new", "d"),
    ]
