"""The screens of the review: waiting versions, the changes of a version, and the decision about it."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.users.models import UserProfile

from catalog.models import AIModel, Approval, Organization
from editorial.articles.pages import ArticleSource
from editorial.review.menu import review_address
from tests.editorial.review.support import (
    cite,
    create,
    make_article,
    make_article_index,
    open_form,
    send,
    sign_in,
    take_look,
    url,
)
from tests.factories import make_model, make_organization, make_source, publish_revision, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.admin]


def read_changes(client, record) -> dict[str, list[str]]:
    """Return the table of changes: the cells of each row, as text, by the label of the value."""
    html = client.get(review_address("changes", record)).content.decode()
    rows = BeautifulSoup(html, "html.parser").select("table.listing tbody tr")
    return {row.th.get_text(): [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")] for row in rows}


def read_front_page(client) -> dict[str, list[str]]:
    """Return the lists of the front page: their rows by heading."""
    html = client.get(reverse("wagtailadmin_home")).content.decode()
    sections = BeautifulSoup(html, "html.parser").select("section.panel.summary[aria-labelledby]")
    return {
        section.h2.get_text(): [" ".join(row.get_text().split()) for row in section.find_all("li")]
        for section in sections
    }


def button_targets(client, record) -> dict[str, str]:
    """Return the places in a form to which the buttons of its messages lead, by label; all of them exist."""
    soup = BeautifulSoup(client.get(url(record, "edit")).content, "html.parser")
    found = {link.get_text(strip=True): link["href"].partition("#")[2] for link in soup.select(".messages a.button")}
    assert all(soup.find(id=place) for place in found.values())
    return {words: f"#{place}" for words, place in found.items()}


def decide_on_screen(client, record, action: str, comment: str = "", **changes):
    """Press a button of the screen as it is now."""
    address = review_address("changes", record)
    field = BeautifulSoup(client.get(address).content, "html.parser").find("input", {"name": "state"})
    state = field["value"] if field else ""
    return client.post(address, {"state": state, "action": action, "comment": comment, **changes}, follow=True)


def test_the_difference_shows_every_value_row_relation_and_source():
    first = make_organization(slug="openai", name="OpenAI")
    model = make_model(slug="gpt-3", name="GPT-3", released="2020-05", summary_en="A large model.", makers=[first])
    second = make_organization(slug="acme", name="Acme")
    editor = sign_in("Editor")
    milestone = {
        "milestone_kind": "release",
        "date": "2020-06",
        "text_en": "Opened",
        "text_zh": "开放",
        "key": "opened",
    }
    send(
        editor,
        url(model, "edit"),
        None,
        (("milestones", milestone), ("citations", cite("released"))),
        released="2020-06",
        summary_en="A very large model.",
        makers=[str(second.pk)],
    )
    changes = read_changes(editor, AIModel.objects.get())
    assert changes["Released"][0] == "2020-05"
    assert "06" in changes["Released"][1]
    assert "as of 2022" in changes["Released"][2]
    assert "very" in changes["Summary (English)"][1]
    assert (changes["Maker"][0], "Acme" in changes["Maker"][1]) == ("OpenAI", True)
    assert "No source" in changes["Maker"][2]
    assert "Opened" in changes["Milestone “opened”"][1]
    assert "No source" in changes["Milestone “opened”"][2]
    assert "No source" not in changes["Released"][2] + changes["Summary (English)"][2]
    assert set(changes) == {"Released", "Summary (English)", "Maker", "Milestone “opened”"}


def test_the_difference_of_an_article_marks_what_was_added_to_its_text():
    article = make_article(make_article_index(), live=True)
    editor = sign_in("Editor")
    draft = article.get_latest_revision_as_object()
    draft.body = [("heading", "Why and how")]
    draft.save_revision(user=editor.user)
    old, new, _sources = read_changes(editor, article)["Body"]
    assert (old, "and how" in new) == ("Why", True)


def test_the_difference_of_an_article_has_its_sources_as_one_numbered_list():
    article = make_article(make_article_index())
    first, second, third = (make_source(title=title) for title in ("First", "Second", "Third"))
    article.sources = [ArticleSource(source=first), ArticleSource(source=second)]
    publish_revision(article.save_revision())
    article.refresh_from_db()
    editor = sign_in("Editor")

    def change(*sources) -> dict[str, list[str]]:
        draft = article.get_latest_revision_as_object()
        draft.sources = [ArticleSource(source=source) for source in sources]
        draft.introduction = "New."
        draft.save_revision(user=editor.user)
        article.refresh_from_db()
        return {name: cells[:2] for name, cells in read_changes(editor, article).items() if name != "Introduction"}

    assert change(first, second) == {}
    assert change(first, second, third) == {"Source": ["[1] First [2] Second", "[1] First [2] Second [3] Third"]}
    ((old, new),) = change(second).values()
    assert old == "[1] First [2] Second"
    assert "Second" in new
    assert list(change(second, first)) == ["Source"], "the text cites them by number"


def test_an_old_source_of_a_new_value_is_marked():
    model = make_model(slug="gpt-3", released="2020-05", cite={"released": "2020"})
    editor = sign_in("Editor")
    send(editor, url(model, "edit"), released="2021-06", summary_en="A large model.")
    changes = read_changes(editor, model)
    assert "Source unchanged since the old value" in changes["Released"][2]
    assert "Source unchanged" not in changes["Summary (English)"][2]
    send(editor, url(model, "edit"), None, (("citations", cite("released")),))
    assert "Source unchanged" not in read_changes(editor, model)["Released"][2]


def shown_state(client, record) -> str:
    """Return the state that the screen of changes shows."""
    html = client.get(review_address("changes", record)).content.decode()
    return BeautifulSoup(html, "html.parser").select_one(".nice-padding p").get_text().split("\n")[1].strip()


def test_each_screen_names_the_state_in_the_words_of_the_vocabulary():
    editor, reviewer = sign_in("Editor"), sign_in("Reviewer")
    create(editor, Organization)
    record = Organization.objects.get()
    assert shown_state(editor, record) == "Draft"
    send(editor, url(record, "edit"), "submit", rows=(("citations", cite("type")),), go_live_at="2130-01-02 12:00")
    assert shown_state(editor, record) == "In review"
    decide_on_screen(reviewer, record, "reject", "Later.")
    assert shown_state(editor, record) == "Changes requested"
    send(editor, url(record, "edit"), "submit", go_live_at="2130-01-03 12:00")
    decide_on_screen(reviewer, record, "approve")
    assert shown_state(editor, record).startswith("Goes live 01/03/2130")
    assert "Jan. 3, 2130, noon" in read_changes(editor, record)["Go live date/time"][1]
    assert read_front_page(editor)["What you submitted"][0].startswith("Acme – Goes live 01/03/2130")
    assert "Your drafts" not in read_front_page(editor)

    with time_machine.travel("2130-01-04"):
        call_command("publish_scheduled")
    editor, reviewer = (sign_in(role, f"later-{role}") for role in ("Editor", "Reviewer"))
    record = Organization.objects.get()
    assert shown_state(editor, record) == "Live"
    send(editor, url(record, "edit"), "submit", go_live_at="", summary_en="More.")
    assert shown_state(editor, record) == "Live · In review"
    decide_on_screen(reviewer, record, "approve")
    assert read_front_page(editor)["What you submitted"][0].startswith("Acme – Live (")
    withdraw(Organization.objects.get())
    assert shown_state(editor, record) == "Withdrawn"
    assert read_front_page(editor)["What you submitted"][0].startswith("Acme – Replaced by another version (")


def test_the_state_of_an_article_is_named_and_the_front_page_links_to_it():
    article = make_article(make_article_index())
    editor = sign_in("Editor")
    article.get_workflow().start(article, editor.user)
    assert shown_state(editor, article) == "In review"
    html = editor.get(reverse("wagtailadmin_home")).content.decode()
    (link,) = BeautifulSoup(html, "html.parser").select("section[aria-labelledby=sent] li a")
    assert "On scale" in editor.get(link["href"]).content.decode()


def test_the_screens_are_in_the_readers_language():
    editor = sign_in("Editor")
    create(editor, Organization, action="submit")
    UserProfile.objects.create(user=editor.user, preferred_language="zh-hans")
    html = editor.get(review_address("changes", Organization.objects.get())).content.decode()
    soup = BeautifulSoup(html, "html.parser")
    assert "acme 中文" in soup.title.get_text()
    assert "acme 中文" in soup.h1.get_text()
    (row,) = [row for rows in read_front_page(editor).values() for row in rows]
    assert row.startswith("acme 中文")


def test_a_version_in_review_can_only_be_resubmitted():
    editor = sign_in("Editor")
    create(editor, Organization, action="submit")
    record = Organization.objects.get()
    address = url(record, "edit")
    opened = open_form(editor, address)
    html = editor.post(
        address, {**opened, "summary_en": "More.", "action-submit": "submit"}, follow=True
    ).content.decode()
    assert "It is in review already" in html
    assert "Constraint" not in html
    assert Organization.objects.get().get_latest_revision().content["summary_en"] == "More."


def test_a_reviewer_decides_on_the_screen_and_sees_only_what_others_wrote():
    author, reviewer, editor = sign_in("Reviewer", "author"), sign_in("Reviewer"), sign_in("Editor")
    create(author, Organization, action="submit")
    record = Organization.objects.get()
    assert read_front_page(author)["Waiting for you"] == []
    assert read_front_page(author)["What you submitted"][0].startswith("Acme – In review (submitted on")
    assert "Acme" in read_front_page(reviewer)["Waiting for you"][0]
    assert "Waiting for you" not in read_front_page(editor)

    assert "someone else must approve" in decide_on_screen(author, record, "approve").content.decode()
    state = record.current_workflow_task_state.pk
    assert "do not have permission" in decide_on_screen(editor, record, "approve", state=state).content.decode()
    assert "Say what should change" in decide_on_screen(reviewer, record, "reject").content.decode()
    assert not Organization.objects.get().live

    decide_on_screen(reviewer, record, "reject", "Name the city.")
    assert read_front_page(author)["What you submitted"][0].startswith("Acme – Changes requested: Name the city.")
    assert read_front_page(reviewer)["Waiting for you"] == []
    send(author, url(record, "edit"), "submit", city_en="Paris", city_zh="巴黎", rows=(("citations", cite("city")),))
    decide_on_screen(reviewer, record, "approve")
    assert Organization.objects.get().city_en == "Paris"
    assert read_front_page(author)["What you submitted"][0].startswith("Acme – Live")


def test_a_version_resubmitted_since_the_screen_was_opened_is_not_approved():
    editor, reviewer = sign_in("Editor"), sign_in("Reviewer")
    create(editor, Organization, action="submit")
    record = Organization.objects.get()
    seen = record.current_workflow_task_state.pk
    send(editor, url(record, "edit"), summary_en="Slipped in.")
    decide_on_screen(editor, record, "resubmit")
    html = decide_on_screen(reviewer, record, "approve", state=seen).content.decode()
    assert "submitted again meanwhile" in html
    assert not Organization.objects.get().live
    decide_on_screen(reviewer, record, "approve")
    assert Organization.objects.get().summary_en == "Slipped in."


def test_drafts_nobody_has_submitted_are_on_their_authors_front_page():
    editor, other = sign_in("Editor"), sign_in("Editor", "other")
    create(editor, Organization)
    assert read_front_page(editor)["Your drafts"][0].startswith("Acme – last changed on")
    assert "Your drafts" not in read_front_page(other)
    send(editor, url(Organization.objects.get(), "edit"), "submit", rows=(("citations", cite("type")),))
    assert "Your drafts" not in read_front_page(editor)


def test_actions_have_the_words_of_the_vocabulary():
    editor, reviewer = sign_in("Editor"), sign_in("Reviewer")
    create(editor, Organization)
    record = Organization.objects.get()
    assert "Submit for review" in editor.get(url(record, "edit")).content.decode()
    send(editor, url(record, "edit"), "submit", rows=(("citations", cite("type")),))
    html = editor.get(url(record, "edit")).content.decode()
    assert "Take back" in html
    assert "Cancel workflow" not in html
    decide_on_screen(reviewer, record, "reject", "No.")
    html = editor.get(url(record, "edit")).content.decode()
    assert "Resubmit" in html
    assert "Restart workflow" not in html
    article = make_article(make_article_index())
    html = editor.get(reverse("wagtailadmin_pages:edit", args=[article.pk])).content.decode()
    assert "Submit for review" in html
    assert "Submit to" not in html


@pytest.mark.long
def test_the_front_page_takes_as_many_queries_for_many_rows():
    author, reviewer = sign_in("Editor"), sign_in("Reviewer")

    def count(client) -> int:
        read_front_page(client)
        with CaptureQueriesContext(connection) as queries:
            read_front_page(client)
        return len(queries)

    create(author, Organization, "first", action="submit")
    create(author, Organization, "draft-first")
    few = count(author), count(reviewer)
    for number in range(6):
        create(author, Organization, f"more-{number}", action="submit")
        create(author, Organization, f"draft-{number}")
    assert (count(author), count(reviewer)) == few


def test_a_refused_submission_opens_the_value_that_lacks_a_source():
    record = make_organization(slug="acme", name="Acme", cite={"type": "2022"})
    editor = sign_in("Editor")
    send(editor, url(record, "edit"), "submit", city_en="Paris", city_zh="巴黎")
    assert button_targets(editor, record) == {"City": "#id_city_en"}
    milestone = {
        "milestone_kind": "release",
        "date": "2020",
        "text_en": "Opened",
        "text_zh": "开放",
        "key": "opened",
    }
    changes = {"city_en": "", "city_zh": ""}
    send(editor, url(record, "edit"), "submit", (("milestones", milestone),), **changes)
    assert button_targets(editor, record) == {"milestone “opened”": "#id_milestones-TOTAL_FORMS"}


@pytest.mark.parametrize(("others", "kind"), [(0, "single-checked"), (1, None)])
def test_a_team_of_one_approves_alone_only_if_the_operator_allows_it(settings, others, kind):
    only = sign_in("Reviewer", "only")
    for number in range(others):
        sign_in("Lead", f"other-{number}")
    create(only, Organization, action="submit")
    record = Organization.objects.get()
    decide_on_screen(only, record, "approve")
    assert not Organization.objects.get().live, "the operator has not allowed it"

    settings.SINGLE_EDITOR = True
    decide_on_screen(only, record, "approve")
    approval = Approval.objects.of(record).first()
    assert (approval and approval.kind) == kind
    assert Organization.objects.get().live == (kind is not None)
    if kind:
        assert approval.authors == [only.user.pk]
        assert "Published and checked by one person" in only.get("/en/organizations/acme/").content.decode()
        assert "由同一人发布并核实" in only.get("/zh-hans/organizations/acme/").content.decode()


def test_readers_lists_and_the_report_say_that_a_second_look_is_owed():
    lead, reviewer = sign_in("Lead"), sign_in("Reviewer")
    create(lead, Organization)
    record = Organization.objects.get()
    lead.post(review_address("emergency", record), {"reason": "It burns."})
    assert "second look pending" in lead.get("/en/organizations/acme/").content.decode()
    listing = lead.get(url(Organization, "list")).content.decode()
    assert "Live, second look owed" in listing
    assert "It burns." in read_front_page(reviewer)["Live, second look owed"][0]
    assert "Live, second look owed" not in read_front_page(lead), "it is another person's"
    report = reviewer.get(reverse("review:owed_looks")).content.decode()
    assert "It burns." in report
    assert "Overdue" not in report
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        late = reviewer.get(reverse("review:owed_looks")).content.decode()
    assert "Overdue" in late
    take_look(reviewer, record)
    assert "It burns." not in reviewer.get(reverse("review:owed_looks")).content.decode()
    assert "second look" not in lead.get("/en/organizations/acme/").content.decode()


def test_lists_show_what_was_withdrawn():
    editor, reviewer = sign_in("Editor"), sign_in("Reviewer")
    record = make_organization(slug="acme", name="Acme", cite={"type": "2022"})
    send(editor, url(record, "edit"), "submit", withdrawal_en="It never was.", withdrawal_zh="从未存在。")
    assert "Reason for withdrawal (English)" in read_changes(reviewer, record)
    assert "a lead must submit or approve that" in decide_on_screen(reviewer, record, "approve").content.decode()
    assert Organization.objects.get().live
    decide_on_screen(sign_in("Lead"), record, "approve")
    assert "Withdrawn" in editor.get(url(Organization, "list")).content.decode()


def test_contributors_write_drafts_and_editors_submit_them():
    contributor, editor = sign_in("Contributor"), sign_in("Editor")
    create(contributor, Organization)
    record = Organization.objects.get()
    assert "Submit for review" not in contributor.get(url(record, "edit")).content.decode()
    cited = (("citations", cite("type")),)
    send(contributor, url(record, "edit"), "submit", cited, summary_en="By a contributor.")
    record = Organization.objects.get()
    assert not record.workflow_in_progress
    assert record.get_latest_revision().content["summary_en"] == "By a contributor."
    send(editor, url(record, "edit"), "submit")
    assert Organization.objects.get().workflow_in_progress
