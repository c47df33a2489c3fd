"""Every decision is logged once: who, which version, and why. People who edit can read and export the log."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import load_workbook
from wagtail.log_actions import LogContext, log, registry
from wagtail.users.models import UserProfile

from catalog.models import ApprovalKind, Term
from catalog.publishing.approval import approve
from editorial.articles.pages import ArticlePage
from editorial.review.menu import review_address
from tests.editorial.review.support import (
    create,
    decide,
    make_article,
    make_article_index,
    send,
    sign_in,
    take_look,
    url,
)
from tests.factories import make_organization, make_term, publish_revision

pytestmark = [pytest.mark.django_db, pytest.mark.admin]


def steps_of(record) -> list[tuple]:
    """Return the decisions about a record, oldest first: action, user, version, words, reason."""
    entries = registry.get_logs_for_instance(record).exclude(action__in=["wagtail.create", "wagtail.edit"])
    return [
        (
            entry.action.rpartition(".")[2],
            entry.user and entry.user.username,
            entry.revision_id,
            str(entry.message),
            str(entry.comment),
        )
        for entry in entries.order_by("pk")
    ]


def edit(client, record, action: str | None = None, **changes):
    """Change a record through its form, and return the reloaded record."""
    assert send(client, url(record, "edit"), action, **changes).status_code == 302
    return type(record).objects.get(pk=record.pk)


def last_version(record) -> int:
    return type(record).objects.get(pk=record.pk).latest_revision_id


def draft_of(record, **values):
    draft = type(record).objects.get(pk=record.pk).get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    return draft.save_revision()


def rows_of(response) -> list[dict]:
    return list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


# Each transition ----------------------------------------------------------------------------------------------


def test_the_review_of_a_version_is_logged_step_by_step():
    editor, reviewer = sign_in("Editor"), sign_in("Reviewer")
    create(editor, Term, action="submit")
    term = Term.objects.get()
    first = last_version(term)
    decide(reviewer, term, "reject")
    term = edit(editor, term, "submit", definition_en="Better.")
    second = last_version(term)
    edit(editor, term, "cancel-workflow")
    term = edit(editor, term, "submit", definition_en="Better still.")
    third = last_version(term)
    decide(reviewer, term)
    assert second != first
    assert steps_of(term) == [
        ("start", "editor", first, "Submitted for review", ""),
        ("reject", "reviewer", first, "Changes requested", "Looks right."),
        ("resume", "editor", second, "Resubmitted", ""),
        ("cancel", "editor", second, "Taken back", ""),
        ("start", "editor", third, "Submitted for review", ""),
        ("approve", "reviewer", third, "Approved by another person", "Looks right."),
        ("publish", "reviewer", third, "Published", ""),
    ]


def test_replacing_the_version_in_review_is_logged_once():
    editor = sign_in("Editor")
    create(editor, Term, action="submit")
    term = edit(editor, Term.objects.get(), definition_en="Newer.")
    decide(editor, term, "resubmit")
    assert steps_of(term)[-1] == ("resume", "editor", last_version(term), "Resubmitted", "")


def test_withdrawing_and_restoring_are_logged_once_with_the_reason():
    editor, reviewer, term = sign_in("Editor"), sign_in("Lead", "reviewer"), make_term(slug="acme")
    term = edit(editor, term, "submit", withdrawal_en="It never existed.", withdrawal_zh="并不存在。")
    withdrawn = last_version(term)
    decide(reviewer, term)
    term = edit(editor, term, "submit", withdrawal_en="", withdrawal_zh="")
    restored = last_version(term)
    decide(reviewer, term)
    steps = steps_of(term)
    assert steps[:2] == [
        ("approve", None, steps[0][2], "Shipped with the site", ""),
        ("publish", None, steps[0][2], "Published", ""),
    ]
    assert [step for step in steps[2:] if step[0] != "start"] == [
        ("approve", "reviewer", withdrawn, "Approved by another person", "Looks right."),
        ("withdrawn", "reviewer", withdrawn, "Withdrawn", "It never existed."),
        ("approve", "reviewer", restored, "Approved by another person", "Looks right."),
        ("restored", "reviewer", restored, "Restored", ""),
    ]
    with translation.override("zh-hans"):
        assert "并不存在。" in [step[4] for step in steps_of(term)]


def test_merging_and_renaming_are_logged_once_with_the_target():
    target, term = make_term(name="Kept", name_zh="保留"), make_term(slug="old")
    publish_revision(draft_of(term, slug="new"))
    publish_revision(draft_of(term, merged_into=target))
    assert [step[3] for step in steps_of(term)] == [
        "Shipped with the site",
        "Published",
        "Shipped with the site",
        "Address changed from “old” to “new”",
        "Shipped with the site",
        "Merged into “Kept”",
    ]


def test_an_emergency_and_the_second_look_are_logged_once_each():
    organization, lead, reviewer = make_organization(), sign_in("Lead"), sign_in("Reviewer")
    before = len(steps_of(organization))
    for look in ({"reason": "I rang them."}, {"reason": "It is not true.", "revert": "1"}):
        edit(lead, organization, city_en="Lyon", city_zh="里昂", summary_en=look["reason"])
        lead.post(review_address("emergency", organization), {"reason": "It burns."})
        take_look(reviewer, organization, **look)
    steps = steps_of(organization)[before:]
    alone, again, reverted = steps[0][2], steps[3][2], steps[5][2]
    assert steps == [
        ("approve", "lead", alone, "Published by one editor in an emergency", "It burns."),
        ("publish", "lead", alone, "Published", ""),
        ("confirm", "reviewer", alone, "Second look: confirmed", "I rang them."),
        ("approve", "lead", again, "Published by one editor in an emergency", "It burns."),
        ("publish", "lead", again, "Published", ""),
        ("revert", "reviewer", reverted, "Second look: what was live before was brought back", "It is not true."),
        ("publish", "reviewer", reverted, "Published", ""),
    ]


@pytest.mark.parametrize("kind", [ApprovalKind.BATCH, ApprovalKind.SINGLE_CHECKED])
def test_the_other_kinds_of_approval_are_logged_by_their_name(kind):
    organization, approver = make_organization(publish=False), sign_in("Reviewer").user
    revision = organization.latest_revision
    approve(record=organization, revision=revision, kind=kind, approver=approver, reason="Import of May.")
    assert steps_of(organization) == [("approve", "reviewer", revision.pk, str(kind.label), "Import of May.")]


def test_a_scheduled_version_is_logged_at_approval_and_when_it_goes_live(time_machine):
    editor, reviewer = sign_in("Editor"), sign_in("Lead", "reviewer")
    term = make_term()
    later = timezone.now() + timedelta(days=1)
    reason = {"withdrawal_en": "Out of use.", "withdrawal_zh": "不再使用。"}
    term = edit(editor, term, "submit", go_live_at=later.strftime("%Y-%m-%d %H:%M"), **reason)
    decide(reviewer, term)
    version = last_version(term)
    action, who, revision, words, _reason = steps_of(term)[-1]
    assert (action, who, revision) == ("schedule", "reviewer", version)
    assert words.startswith("Goes live ")
    time_machine.move_to(later + timedelta(hours=1))
    call_command("publish_scheduled")
    assert steps_of(term)[-1] == ("withdrawn", None, version, "Withdrawn", "Out of use.")


def test_articles_are_logged_the_same_way():
    article = make_article(make_article_index())
    editor, reviewer = sign_in("Editor"), sign_in("Lead", "reviewer")
    article.get_workflow().start(article, editor.user)
    decide(reviewer, ArticlePage.objects.get(), "reject")
    revision = draft_of(article, title="On size")
    ArticlePage.objects.get().current_workflow_state.resume(editor.user)
    decide(reviewer, ArticlePage.objects.get())
    draft = draft_of(article, withdrawal_en="It was wrong.")
    article = ArticlePage.objects.get()
    article.get_workflow().start(article, editor.user)
    decide(reviewer, article)
    steps = [step for step in steps_of(article) if step[0] != "rename"]
    assert [step[:4] for step in steps[2:]] == [
        ("resume", "editor", revision.pk, "Resubmitted"),
        ("approve", "reviewer", revision.pk, "Approved by another person"),
        ("publish", "reviewer", revision.pk, "Published"),
        ("start", "editor", draft.pk, "Submitted for review"),
        ("approve", "reviewer", draft.pk, "Approved by another person"),
        ("withdrawn", "reviewer", draft.pk, "Withdrawn"),
    ]
    assert steps[-1][4] == "It was wrong."


# The history --------------------------------------------------------------------------------------------------


def history_of(record) -> str:
    if isinstance(record, ArticlePage):
        return reverse("wagtailadmin_pages:history", args=(record.pk,))
    return url(record, "history")


def make_record(kind: str):
    return make_article(make_article_index(), live=True) if kind == "article" else make_organization(slug="on-scale")


KINDS = pytest.mark.parametrize("kind", ["article", "entry"])


@KINDS
def test_the_history_shows_who_did_what_to_which_version_and_why(kind):
    record = make_record(kind)
    lead = sign_in("Lead")
    revision = draft_of(record, withdrawal_en="It was wrong.", withdrawal_zh="内容有误。")
    lead.post(review_address("emergency", record), {"reason": "It is libel."})
    html = lead.get(history_of(record)).content.decode()
    for words in ("lead", "Published by one editor in an emergency", "It is libel.", "Withdrawn", "It was wrong."):
        assert words in html
    (link,) = BeautifulSoup(html, "html.parser").select("td.title a[href]")[:1]
    assert link.text.strip() == str(revision.pk)
    assert lead.get(link["href"]).status_code == 200
    assert "export=csv" in html
    assert "export=xlsx" in html


@KINDS
def test_the_history_is_exported_with_the_same_steps(kind):
    record = make_record(kind)
    lead = sign_in("Lead")
    revision = draft_of(record, withdrawal_en="It was wrong.")
    lead.post(review_address("emergency", record), {"reason": "=HYPERLINK(1)"})
    response = lead.get(history_of(record), {"export": "csv"})
    assert "on-scale-history.csv" in response.headers["Content-Disposition"]
    rows = rows_of(response)
    assert list(rows[0]) == ["Time", "Who", "Action", "Version", "Kind of approval", "Reason"]
    withdrawn, approved = rows[:2]
    assert withdrawn["Time"].endswith("+00:00")
    assert (withdrawn["Who"], withdrawn["Action"], withdrawn["Reason"]) == ("lead", "Withdrawn", "It was wrong.")
    assert (approved["Version"], approved["Kind of approval"]) == (str(revision.pk), "emergency")
    assert approved["Reason"] == "'=HYPERLINK(1)", "no formula"
    response = lead.get(history_of(record), {"export": "xlsx"})
    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    assert sheet.max_row == len(rows) + 1
    reason = sheet.cell(row=3, column=6)
    assert (reason.value, reason.data_type) == ("=HYPERLINK(1)", "s")


@KINDS
@pytest.mark.parametrize("export", ["", "csv", "xlsx"])
def test_only_those_who_edit_read_the_history(kind, export):
    record = make_record(kind)
    data = {"export": export} if export else {}
    assert sign_in("Contributor").get(history_of(record), data).status_code == 200
    refusal = sign_in("Administrator").get(history_of(record), data)
    assert refusal.status_code in (302, 403)
    assert "Content-Disposition" not in refusal.headers


@KINDS
@pytest.mark.parametrize("export", ["", "csv"])
def test_the_history_takes_the_same_queries_however_long_it_is(kind, export):
    record, client = make_record(kind), sign_in("Editor")

    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(history_of(record), {"export": export} if export else {})
            if export:
                rows_of(response)
        return len(queries)

    for number in range(2):
        publish_revision(draft_of(record, search_description=f"{number}", summary_en=f"{number}"))
    count_queries()
    few = count_queries()
    for number in range(2, 7):
        publish_revision(draft_of(record, search_description=f"{number}", summary_en=f"{number}"))
    assert count_queries() == few


def test_a_step_taken_for_many_at_once_is_in_the_history_of_each():
    first, second = make_organization(), make_organization()
    with LogContext():
        for organization in (first, second):
            log(instance=organization, action="wagtail.lock", revision=organization.latest_revision)
    client = sign_in("Editor")
    for organization in (first, second):
        rows = rows_of(client.get(history_of(organization), {"export": "csv"}))
        assert "Locked" in [row["Action"] for row in rows]


def test_a_version_that_was_autosaved_many_times_is_one_step():
    client, organization = sign_in("Editor"), make_organization()
    draft = organization.get_latest_revision_as_object()
    with LogContext():
        revision = draft.save_revision(user=client.user, log_action=True)
    for text in ("a", "ab", "abc"):
        draft.summary_en = text
        with LogContext():
            draft.save_revision(user=client.user, log_action=True, overwrite_revision=revision)
    rows = rows_of(client.get(history_of(organization), {"export": "csv"}))
    assert [row["Version"] for row in rows if row["Action"] == "Edited"] == [str(revision.pk)]


def test_the_history_is_in_the_readers_language():
    organization, client = make_organization(), sign_in("Editor")
    publish_revision(draft_of(organization, withdrawal_en="It never existed.", withdrawal_zh="并不存在。"))
    UserProfile.objects.create(user=client.user, preferred_language="zh-hans")
    withdrawn = rows_of(client.get(history_of(organization), {"export": "csv"}))[0]
    assert list(withdrawn.values())[2:] == ["已撤下", str(organization.latest_revision_id + 1), "", "并不存在。"]


def test_the_report_of_the_whole_site_has_the_decisions_in_words():
    record, lead = make_organization(slug="acme", name="Acme"), sign_in("Lead")
    draft_of(record, withdrawal_en="It was wrong.", withdrawal_zh="内容有误。")
    lead.post(review_address("emergency", record), {"reason": "It is libel."})
    report = reverse("wagtailadmin_reports:site_history")
    html = lead.get(report).content.decode()
    for words in ("Published by one editor in an emergency", "Withdrawn"):
        assert words in html
    rows = rows_of(lead.get(report, {"export": "csv"}))
    assert {"Approve", "Withdraw"} <= {row["Action type"] for row in rows if row["Name"] == "Acme"}
    rows = rows_of(sign_in("Administrator").get(report, {"export": "csv"}))
    assert not [row for row in rows if row["Name"] == "Acme"], "only those who work on entries"
