"""Who is told what, where and in which language; mail neither delays anything nor gets lost."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Comment, CommentReply, PageSubscription
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield
from wagtail.users.models import UserProfile

from catalog.models import Approval, Organization
from editorial.models import Notice, NoticeChoice
from editorial.review.mail import LEASE
from editorial.review.menu import review_address
from tests.editorial.review.mail_server import running_mail_server
from tests.editorial.review.support import (
    create,
    decide,
    make_article,
    make_article_index,
    send,
    sign_in,
    take_look,
    url,
    values_in,
)
from tests.factories import make_organization

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
HOME = "/admin/"
FRIDAY = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)


@pytest.fixture
def dead_mail_server(settings):
    """Configure a mail server that does not answer."""
    with running_mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    settings.EMAIL_USE_TLS = False


def run_clock():
    call_command("send_notices", stdout=io.StringIO())


def told(name: str, kind: str) -> int:
    return Notice.objects.filter(recipient__username=name, kind=kind).count()


def everybody_told(kind: str) -> set[str]:
    return set(Notice.objects.filter(kind=kind).values_list("recipient__username", flat=True))


def submit(by: str = "Editor", name: str | None = None, **values):
    """Let someone write and submit an organization; return it and their client."""
    client = sign_in(by, name)
    assert create(client, Organization, action="submit", **values).status_code == 302
    return Organization.objects.get(slug="acme"), client


def request_changes(client, record, comment: str):
    state = record.current_workflow_task_state
    return client.post(url(record, "workflow_action", "reject", state.pk), {"comment": comment})


def change_in_emergency(lead, reason="The figure is libel."):
    """Return Acme, which is live and was then changed by a lead alone."""
    record = make_organization(slug="acme", name="Acme", city_en="Paris", city_zh="巴黎")
    send(lead, url(record, "edit"), city_en="Lyon", city_zh="里昂")
    assert lead.post(review_address("emergency", record), {"reason": reason}).status_code == 302
    return Organization.objects.get(slug="acme")


def speak_chinese(user) -> None:
    UserProfile.objects.update_or_create(user=user, defaults={"preferred_language": "zh-hans"})


# Who is told --------------------------------------------------------------------------------------------------


def test_reviewers_and_leads_are_told_of_a_submission_but_not_its_authors():
    for role in ("Contributor", "Lead", "Administrator"):
        sign_in(role)
    sign_in("Reviewer")
    left = sign_in("Reviewer", "left").user
    left.is_active = False
    left.save()
    submit("Reviewer", "author")
    assert everybody_told("submitted") == {"reviewer", "lead"}
    assert Notice.objects.count() == 2


def test_a_resubmitted_version_is_announced_again():
    reviewer = sign_in("Reviewer")
    record, editor = submit()
    send(editor, url(record, "edit"), summary_en="Paris.")
    decide(editor, Organization.objects.get(), "resubmit")
    assert told("reviewer", "submitted") == 2
    request_changes(reviewer, Organization.objects.get(), "Which Paris?")
    send(editor, url(record, "edit"), "submit", summary_en="Paris, Texas.")
    assert told("reviewer", "submitted") == 3


def test_authors_are_told_what_to_change_and_that_it_was_approved():
    reviewer = sign_in("Reviewer")
    record, editor = submit()
    request_changes(reviewer, record, "Which Acme?")
    notice = Notice.objects.get(kind="changes-requested")
    assert (notice.recipient, notice.actor, notice.text) == (editor.user, reviewer.user, "Which Acme?")
    send(sign_in("Contributor"), url(record, "edit"), summary_en="The one in Paris.")
    send(editor, url(record, "edit"), "submit", summary_zh="巴黎的那家。")
    decide(reviewer, Organization.objects.get())
    assert Organization.objects.get().live
    assert everybody_told("approved") == {"editor", "contributor"}


def test_people_who_can_take_the_second_look_are_told_of_an_emergency():
    sign_in("Reviewer"), sign_in("Editor")
    lead = sign_in("Lead")
    change_in_emergency(lead)
    assert everybody_told("second-look") == {"reviewer"}
    assert Notice.objects.get(kind="second-look").text == "The figure is libel."


@pytest.mark.parametrize(("decision", "kind"), [({}, "approved"), ({"revert": "1"}, "changes-requested")])
def test_a_lead_is_told_how_the_second_look_ended(decision, kind):
    reviewer, lead = sign_in("Reviewer"), sign_in("Lead")
    record = change_in_emergency(lead)
    take_look(reviewer, record, **decision)
    assert everybody_told(kind) == {"lead"}
    assert Notice.objects.exclude(kind="second-look").count() == 1


def test_the_authors_are_told_when_an_emergency_ends_their_review():
    editor, reviewer, lead = sign_in("Editor"), sign_in("Reviewer"), sign_in("Lead")
    record = make_organization(slug="acme", name="Acme")
    send(editor, url(record, "edit"), "submit", summary_en="In review.")
    assert everybody_told("submitted") == {"reviewer", "lead"}
    send(lead, url(record, "edit"), summary_en="It burns.")
    lead.post(review_address("emergency", record), {"reason": "It burns."})
    notice = Notice.objects.get(kind="changes-requested")
    assert (notice.recipient, notice.actor) == (editor.user, lead.user)
    assert "took “Acme” out of review; your version is in its history" in notice.title
    assert not Notice.objects.filter(kind="submitted", seen_at=None).exists(), "there is nothing left to decide"
    take_look(reviewer, Organization.objects.get(), revert="1", reason="It was right.")
    assert "It was right." in Notice.objects.filter(recipient=lead.user, kind="changes-requested").get().text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ask @ann, she knows.", {"ann"}),
        ("请@ann看一下", {"ann"}),
        ("@Ann-lee and (@ben).", {"ann-lee", "ben"}),
        ("ann@example.org, @ann.example.org, @annie, @nobody, @", set()),
        ("@admin can't open it, @reviewer wrote it, @left has left.", set()),
    ],
)
def test_people_mentioned_in_a_decision_are_told(text, names):
    for name in ("ann", "ann-lee", "ben"):
        sign_in("Contributor", name)
    sign_in("Administrator", "admin")
    User.objects.filter(pk=sign_in("Editor", "left").user.pk).update(is_active=False)
    reviewer = sign_in("Reviewer")
    record, _editor = submit()
    request_changes(reviewer, record, text)
    assert everybody_told("mentioned") == names
    assert told("editor", "changes-requested") == 1


def test_people_mentioned_in_the_reason_of_an_emergency_are_told():
    sign_in("Editor", "ann")
    change_in_emergency(sign_in("Lead"), reason="Libel, as @ann found.")
    assert everybody_told("mentioned") == {"ann"}


def test_an_author_who_is_also_mentioned_is_told_once():
    reviewer = sign_in("Reviewer")
    record, editor = submit()
    request_changes(reviewer, record, "@editor: which Acme?")
    assert Notice.objects.filter(recipient=editor.user).count() == 1


def test_people_who_are_mentioned_or_follow_are_told_of_a_page_comment():
    page = make_article(make_article_index())
    ann, ben, cid, dan = (sign_in("Editor", name).user for name in ("ann", "ben", "cid", "dan"))
    PageSubscription.objects.create(page=page, user=cid, comment_notifications=True)
    PageSubscription.objects.create(page=page, user=dan, comment_notifications=False)
    comment = Comment.objects.create(page=page, user=ann, text="Is this so, @ben?", contentpath="title")
    assert everybody_told("mentioned") == {"ben", "cid"}
    CommentReply.objects.create(comment=comment, user=ben, text="It is.")
    assert told("ann", "mentioned") == 1, "It is her conversation"
    comment.resolved_at = timezone.now()
    comment.save()
    assert Notice.objects.count() == 4


def test_a_decision_that_fails_tells_nobody():
    reviewer = sign_in("Reviewer").user
    record, _editor = submit()
    before = Notice.objects.count()
    state = record.current_workflow_task_state.specific
    with transaction.atomic():
        state.approve(user=reviewer)
        assert Notice.objects.count() == before + 1
        transaction.set_rollback(True)
    assert Notice.objects.count() == before


# Each person's choices ----------------------------------------------------------------------------------------


def choose(client, **chosen):
    """Change the choices in the settings of the account, as a browser does."""
    form = BeautifulSoup(client.get(reverse("wagtailadmin_account")).content, "html.parser").select_one("main form")
    values = {**values_in(form), "name_email-first_name": "A", "name_email-last_name": "B"}
    return client.post(
        reverse("wagtailadmin_account"), {**values, **{f"notices-{name}": kinds for name, kinds in chosen.items()}}
    )


def test_each_person_chooses_kinds_and_places_of_notices(mail_server):
    quiet, deaf, all_ears = (sign_in("Reviewer", name) for name in ("quiet", "deaf", "ears"))
    assert choose(quiet, by_mail=["mentioned"]).status_code == 302
    assert choose(deaf, in_admin=[], by_mail=["approved"]).status_code == 302
    submit()
    run_clock()
    assert "Acme" in quiet.get(HOME).content.decode()
    assert Notice.objects.shown_to(quiet.user).count() == 1
    assert not Notice.objects.filter(recipient=deaf.user).exists()
    assert [to for to, _message in mail_server.taken] == [[all_ears.user.email]]


def test_choices_are_kept_and_wrong_ones_refused():
    client = sign_in("Editor")
    choose(client, in_admin=["approved"], by_mail=[])
    kept = NoticeChoice.objects.get(user=client.user)
    assert (kept.in_admin, kept.by_mail) == (["approved"], [])
    response = choose(client, in_admin=["everything"])
    assert response.status_code == 200
    assert "everything" in response.content.decode()
    kept.refresh_from_db()
    assert kept.in_admin == ["approved"]


def test_wagtails_own_mail_and_its_choices_are_gone():
    boss = User.objects.create_superuser("boss", "boss@example.org")
    editor = sign_in("Editor")
    record, _author = submit("Editor", "author")
    request_changes(sign_in("Reviewer"), record, "Which Acme?")
    assert mail.outbox == [], "Nothing leaves from within a request"
    run_clock()
    assert [message.to for message in mail.outbox] == [["author@example.org"]]
    html = editor.get(reverse("wagtailadmin_account")).content.decode()
    assert "submitted_notifications" not in html
    assert "notices-by_mail" in html
    assert not UserProfile.get_for_user(boss).submitted_notifications


def test_a_page_comment_is_announced_without_mail_in_the_request(dead_mail_server):
    author, editor = sign_in("Editor", "author"), sign_in("Editor")
    page = make_article(make_article_index())
    PageSubscription.objects.create(page=page, user=author.user, comment_notifications=True)
    blocks = nested_form_data({"body": streamfield([("heading", "Why")]), "mentions": streamfield([])})
    row = {"text": "Is this so?", "contentpath": "title", "replies": inline_formset([])}
    comments = nested_form_data({"comments": inline_formset([row])})
    response = send(editor, reverse("wagtailadmin_pages:edit", args=(page.pk,)), **blocks, **comments)
    assert response.status_code == 302
    notice = Notice.objects.get()
    assert (notice.recipient, notice.text) == (author.user, "Is this so?")


# In the admin -------------------------------------------------------------------------------------------------


def test_the_front_page_shows_the_newest_unread_ones_and_leads_to_the_screen():
    reviewer = sign_in("Reviewer")
    record, _editor = submit()
    change = make_organization(name="Other")
    send(sign_in("Lead"), url(change, "edit"), city_en="Lyon", city_zh="里昂")
    lead = sign_in("Lead", "lead2")
    lead.post(review_address("emergency", change), {"reason": "Libel."})
    panel = BeautifulSoup(reviewer.get(HOME).content, "html.parser").select_one("section[aria-labelledby=notices]")
    links = [link["href"] for link in panel.select("li a")]
    assert links == [review_address("second_look", change), review_address("changes", record)]
    assert [reviewer.get(link).status_code for link in links] == [200, 200]
    assert "Libel." in reviewer.get(links[0]).content.decode()


def test_the_front_page_takes_as_many_queries_for_many_notices(django_assert_max_num_queries):
    reviewer = sign_in("Reviewer")
    _record, editor = submit()
    page = make_article(make_article_index())
    Comment.objects.create(page=page, user=editor.user, text="@reviewer, look.", contentpath="title")
    for _number in range(40):
        for notice in Notice.objects.filter(recipient=reviewer.user)[:2]:
            notice.pk = None
            notice.save()
    from editorial.review.inbox import NoticesPanel

    request = reviewer.get(HOME).wsgi_request
    with django_assert_max_num_queries(4):
        html = NoticesPanel().render_html({"request": request})
    assert html.count("<li>") == 5
    assert "More notices" in html
    html = reviewer.get(reverse("review:notices")).content.decode()
    assert html.count("Mark as read") == 30
    assert "?p=2" in html
    assert reviewer.get(reverse("review:notices"), {"p": "x"}).status_code == 200
    assert "Acme" in html
    assert page.title in html


def test_notices_are_marked_as_read_one_by_one_or_all():
    reviewer, lead = sign_in("Reviewer"), sign_in("Lead")
    submit()
    notice = Notice.objects.get(recipient=reviewer.user)
    address = reverse("review:mark_read")
    assert reviewer.get(address).status_code == 405
    response = reviewer.post(address, {"notice": notice.pk, "next": HOME})
    assert response.headers["Location"] == HOME
    assert "submits" not in reviewer.get(HOME).content.decode()
    assert "submits" in reviewer.get(reverse("review:notices")).content.decode()
    assert Notice.objects.get(recipient=lead.user).seen_at is None
    response = lead.post(address, {"all": "1", "next": "https://elsewhere.example/"})
    assert response.headers["Location"] == reverse("review:notices")
    assert Notice.objects.get(recipient=lead.user).seen_at


def test_nobody_marks_or_sees_the_notices_of_others():
    sign_in("Reviewer")
    other = sign_in("Contributor")
    submit()
    notice = Notice.objects.get()
    for number in (notice.pk, "", "x", "9" * 40, "²"):
        answer = other.post(reverse("review:mark_read"), {"notice": number}, follow=True).content.decode()
        assert "no such notice among yours" in answer
    other.post(reverse("review:mark_read"), {"all": "1"})
    notice.refresh_from_db()
    assert notice.seen_at is None
    assert "Acme" not in other.get(reverse("review:notices")).content.decode()


def test_notices_are_deleted_with_their_draft():
    reviewer = sign_in("Reviewer")
    record, _editor = submit()
    assert Notice.objects.exists()
    record.delete()
    run_clock()
    assert reviewer.get(HOME).status_code == reviewer.get(reverse("review:notices")).status_code == 200
    assert not Notice.objects.exists()


# By mail ------------------------------------------------------------------------------------------------------


def test_mail_lists_the_changes_and_links_to_the_screen(mail_server):
    reviewer = sign_in("Reviewer")
    record = make_organization(slug="acme", name="Acme", city_en="Paris", city_zh="巴黎", cite={"type": "2022"})
    editor = sign_in("Editor")
    send(editor, url(record, "edit"), "submit", summary_en="A company.", summary_zh="一家公司。")
    run_clock()
    [text] = mail_server.mail_to("reviewer")
    assert "editor submits “Acme” for review" in text
    assert "- Summary (English):" in text
    link = f"http://testserver{review_address('changes', record)}"
    assert link in text
    assert reviewer.get(link).status_code == 200
    decide(reviewer, Organization.objects.get())
    run_clock()
    [text] = mail_server.mail_to("editor")
    assert "reviewer approves “Acme”" in text
    assert "- Summary (English):" in text, "To what was live before, although it is live by now"
    assert "Looks right." in text


def test_mail_is_in_the_recipients_language(mail_server):
    reviewer, lead = sign_in("Reviewer"), sign_in("Lead")
    speak_chinese(reviewer.user)
    record = make_organization(slug="acme", name="Acme", cite={"type": "2022"})
    send(sign_in("Editor"), url(record, "edit"), "submit", summary_en="A company.", summary_zh="一家公司。")
    run_clock()
    [chinese], [english] = mail_server.mail_to("reviewer"), mail_server.mail_to("lead")
    assert "AIGC 全景" in chinese
    assert "Acme 中文" in chinese
    assert "- Summary (English):" in english
    assert "Summary" not in chinese
    assert lead.user.email not in chinese


def test_a_dead_mail_server_delays_nothing_and_loses_nothing(dead_mail_server, settings, caplog):
    sign_in("Reviewer"), sign_in("Lead")
    record, _editor = submit()
    assert record.workflow_in_progress
    run_clock()
    assert len(caplog.records) == 1
    assert Notice.objects.filter(mailed_at=None).count() == 2
    with running_mail_server() as server:
        settings.EMAIL_PORT = server.server_address[1]
        run_clock()
        assert len(server.taken) == 2
        run_clock()
        assert len(server.taken) == 2
    assert not Notice.objects.filter(mailed_at=None).exists()


def test_a_mail_server_that_dies_half_way_loses_nothing(mail_server, caplog):
    for name in ("one", "two", "three", "four"):
        sign_in("Reviewer", name)
    submit()
    # It hangs up before it confirms the second message.
    mail_server.dies_after = 2
    with time_machine.travel(timezone.now()) as clock:
        run_clock()
        assert Notice.objects.exclude(mailed_at=None).count() == 1
        assert len(caplog.records) == 1
        run_clock()
        assert Notice.objects.filter(mailed_at=None).count() == 1, "What it may have taken waits a little"
        clock.shift(LEASE + timedelta(seconds=1))
        run_clock()
    assert not Notice.objects.filter(mailed_at=None).exists()
    assert all(mail_server.mail_to(name) for name in ("one", "two", "three", "four"))


def test_a_bad_address_does_not_block_other_mail(mail_server, caplog):
    first, second = sign_in("Reviewer", "first").user, sign_in("Reviewer", "second").user
    nobody, left = sign_in("Reviewer", "nobody").user, sign_in("Reviewer", "left").user
    User.objects.filter(pk=nobody.pk).update(email="")
    submit()
    User.objects.filter(pk=left.pk).update(is_active=False)
    mail_server.refused = {first.email}
    run_clock()
    assert [to for to, _message in mail_server.taken] == [[second.email]]
    assert len(caplog.records) == 1
    assert "first (SMTPRecipientsRefused)" in caplog.text
    assert first.email not in caplog.text, "Addresses are not for the log."
    assert [notice.recipient for notice in Notice.objects.unsent()] == [first], "It is tried again, and alone"
    assert Notice.objects.shown_to(nobody).exists()


# The reminder -------------------------------------------------------------------------------------------------


def reminders() -> set[str]:
    return set(Notice.objects.filter(is_reminder=True).values_list("recipient__username", flat=True))


def test_one_reminder_of_a_second_look_is_sent_after_two_working_days(mail_server):
    with time_machine.travel(FRIDAY, tick=False) as clock:
        sign_in("Reviewer")
        change_in_emergency(sign_in("Lead"))
        clock.move_to(datetime(2026, 3, 10, 14, 59, tzinfo=UTC))
        run_clock()
        assert reminders() == set(), "Saturday and Sunday are no working days"
        clock.move_to(datetime(2026, 3, 10, 15, 1, tzinfo=UTC))
        run_clock()
        run_clock()
        assert reminders() == {"reviewer"}
        assert Notice.objects.filter(is_reminder=True).count() == 1
    text = mail_server.mail_to("reviewer")[-1]
    assert "“Acme” has been waiting for a second look for two working days" in text
    assert "- City (English): Paris → Lyon" in text
    assert f"http://testserver{review_address('second_look', Organization.objects.get())}" in text


def test_a_second_look_owed_since_a_weekend_counts_from_monday():
    with time_machine.travel(datetime(2026, 3, 7, 10, 0, tzinfo=UTC), tick=False) as clock:
        sign_in("Reviewer")
        change_in_emergency(sign_in("Lead"))
        clock.move_to(datetime(2026, 3, 10, 23, 59, tzinfo=UTC))
        run_clock()
        assert reminders() == set()
        clock.move_to(datetime(2026, 3, 11, 0, 1, tzinfo=UTC))
        run_clock()
        assert reminders() == {"reviewer"}


def test_there_is_no_reminder_after_the_second_look_was_taken():
    with time_machine.travel(FRIDAY, tick=False) as clock:
        reviewer = sign_in("Reviewer")
        record = change_in_emergency(sign_in("Lead"))
        take_look(reviewer, record)
        assert Approval.objects.of(record).first().approver == reviewer.user
        clock.shift(timedelta(days=30))
        run_clock()
    assert reminders() == set()
