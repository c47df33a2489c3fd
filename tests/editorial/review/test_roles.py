"""Who may do what with entries, terms and articles."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Workflow
from wagtail.test.utils.form_data import nested_form_data, streamfield

from catalog.models import ListingEntry, Publication, Source
from catalog.models.history import PublicationAction
from editorial.articles.pages import ArticlePage
from editorial.models import Review
from editorial.review.roles import Role
from tests.editorial.review.support import (
    EACH_KIND,
    KINDS,
    create,
    decide,
    make_article,
    make_article_index,
    send,
    sign_in,
    url,
)

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
WRITERS = ["Contributor", "Editor", "Reviewer", "Lead"]
HOME = "/admin/"


def refused(response) -> bool:
    """Return whether Wagtail refused: with 403, or by sending people to the admin's home with a message."""
    return response.status_code == 403 or (response.status_code == 302 and response.headers["Location"] == HOME)


def is_listed(record) -> bool:
    return ListingEntry.objects.filter(entry=record.uid).exists()


def submitted(model, by: str = "Editor"):
    """Return a record that waits for review."""
    assert create(sign_in(by), model, action="submit").status_code == 302
    record = model.objects.get(slug="acme")
    assert record.workflow_in_progress
    return record


def send_article(client, page, action: str, **changes):
    """Send an article's form with its blocks, which Wagtail's script adds in a browser."""
    blocks = nested_form_data({"body": streamfield([("heading", "Why")]), "mentions": streamfield([])})
    return send(client, edit_article_url(page), action, **blocks, **changes)


def edit_article_url(page) -> str:
    return reverse("wagtailadmin_pages:edit", args=(page.pk,))


def test_groups_are_the_roles_and_nothing_else():
    assert set(Group.objects.values_list("name", flat=True)) == set(Role.values)
    assert Workflow.objects.get().name == "Review"
    assert set(Review.objects.get().groups.values_list("name", flat=True)) == {"Reviewer", "Lead"}


@pytest.mark.parametrize("role", Role.values)
def test_every_role_reaches_the_admin(role):
    assert sign_in(role).get(reverse("wagtailadmin_home")).status_code == 200


def test_strangers_do_not_reach_the_admin(client):
    assert client.get(reverse("wagtailadmin_home")).status_code == 302
    client.force_login(User.objects.create_user("reader"))
    assert client.get(reverse("wagtailadmin_home")).status_code == 302


@pytest.mark.parametrize("role", WRITERS)
@pytest.mark.parametrize("model", EACH_KIND)
def test_writers_make_drafts_that_nobody_sees(role, model):
    assert create(sign_in(role), model).status_code == 302
    record = model.objects.get()
    assert not record.live
    assert not is_listed(record)
    assert not Publication.objects.exists()


@pytest.mark.parametrize("model", [*EACH_KIND, Source])
def test_administrators_cannot_write(model):
    administrator = sign_in("Administrator")
    assert refused(administrator.get(url(model, "list")))
    assert refused(administrator.get(url(model, "add")))


def test_administrators_manage_users_and_settings():
    administrator = sign_in("Administrator")
    for name in (
        "wagtailusers_users:index",
        "wagtailusers_users:add",
        "wagtailusers_groups:index",
        "wagtailsites:index",
        "wagtaillocales:index",
    ):
        assert administrator.get(reverse(name)).status_code == 200, name
    user = User.objects.create_user("someone")
    assert administrator.get(reverse("wagtailusers_users:edit", args=(user.pk,))).status_code == 200
    assert refused(administrator.get(reverse("wagtailusers_users:delete", args=(user.pk,))))
    # Who reviews, and how, is fixed by code.
    assert refused(administrator.get(reverse("wagtailadmin_workflows:index")))


@pytest.mark.parametrize("role", WRITERS)
def test_writers_cannot_manage_users_or_settings(role):
    client = sign_in(role)
    for name in ("wagtailusers_users:index", "wagtailsites:index", "wagtailadmin_workflows:index"):
        assert refused(client.get(reverse(name))), name


@pytest.mark.parametrize("role", ["Contributor", "Editor"])
def test_editors_manage_vocabularies(role):
    from catalog.models import Layer, Modality, Segment

    client = sign_in(role)
    for model in (Segment, Modality, Layer):
        assert refused(client.get(url(model, "add"))) is (role == "Contributor")


@pytest.mark.parametrize("role", WRITERS)
@pytest.mark.parametrize("model", EACH_KIND)
def test_nobody_can_delete(role, model):
    client = sign_in(role)
    create(client, model)
    assert refused(client.post(url(model.objects.get(), "delete")))
    assert model.objects.exists()


@pytest.mark.parametrize("role", ["Contributor", "Editor", "Reviewer"])
@pytest.mark.parametrize("model", EACH_KIND)
def test_only_a_lead_publishes_directly(role, model):
    create(sign_in(role), model, action="publish")
    assert not model.objects.get().live


@pytest.mark.parametrize("role", ["Contributor", "Editor"])
@pytest.mark.parametrize("model", EACH_KIND)
def test_writers_cannot_approve(role, model):
    record = submitted(model, by="Lead")
    assert refused(decide(sign_in(role), record))
    assert not model.objects.get().live


@pytest.mark.parametrize("role", ["Reviewer", "Lead"])
@pytest.mark.parametrize("model", EACH_KIND)
def test_approval_publishes(role, model):
    record = submitted(model)
    assert not is_listed(record)
    decide(sign_in(role), record)
    record = model.objects.get()
    assert record.live
    assert is_listed(record)
    assert Publication.objects.of(record.uid).get().actor.username == role.lower()


@pytest.mark.parametrize("model", EACH_KIND)
def test_reviewer_asks_for_changes(model):
    record = submitted(model)
    decide(sign_in("Reviewer"), record, "reject")
    record = model.objects.get()
    assert not record.live
    assert record.current_workflow_state.status == "needs_changes"


@pytest.mark.parametrize("model", EACH_KIND)
def test_draft_of_a_live_record_changes_nothing_in_public(model):
    record = submitted(model)
    decide(sign_in("Reviewer"), record)
    send(sign_in("Contributor"), url(record, "edit"), name_en="Changed")
    record = model.objects.get()
    assert record.has_unpublished_changes
    assert record.name_en == "Acme"
    assert ListingEntry.objects.get(entry=record.uid).name_en == "Acme"


@pytest.mark.parametrize("model", EACH_KIND)
def test_withdrawing_takes_a_version_that_another_person_approves(model):
    record = submitted(model)
    reviewer = sign_in("Reviewer")
    decide(reviewer, record)
    for client in (reviewer, sign_in("Lead")):
        assert refused(client.post(url(record, "unpublish")))
    reason = {"withdrawal_en": "It never existed.", "withdrawal_zh": "并不存在。"}
    assert send(sign_in("Editor", "second"), url(record, "edit"), "submit", **reason).status_code == 302
    record = model.objects.get()
    assert record.live
    decide(reviewer, record)
    assert model.objects.get().live, "nothing is withdrawn without a lead"
    decide(sign_in("Lead", "second-lead"), record)
    record = model.objects.get()
    assert not record.live
    assert not is_listed(record)
    withdrawn = Publication.objects.of(record.uid).first()
    assert (withdrawn.action, withdrawn.reason["en"]) == (PublicationAction.WITHDRAWN, "It never existed.")


@pytest.mark.parametrize("model", EACH_KIND)
def test_a_version_approved_with_a_date_goes_live_then(model, monkeypatch):
    tomorrow = timezone.now() + timedelta(days=1)
    editor = sign_in("Editor")
    response = create(editor, model, action="submit", go_live_at=tomorrow.strftime("%Y-%m-%d %H:%M"))
    assert response.status_code == 302
    decide(sign_in("Reviewer"), model.objects.get())
    record = model.objects.get()
    assert not record.live
    assert record.scheduled_revision
    assert not is_listed(record)
    assert "Goes live" in editor.get(url(model, "list")).content.decode()
    call_command("publish_scheduled", stdout=StringIO())
    assert not model.objects.get().live
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    call_command("publish_scheduled", stdout=StringIO())
    record = model.objects.get()
    assert record.live
    assert is_listed(record)


@pytest.mark.parametrize("model", EACH_KIND)
def test_lead_locks_and_unlocks(model):
    editor, lead = sign_in("Editor"), sign_in("Lead")
    create(editor, model)
    record = model.objects.get()
    assert refused(editor.post(url(record, "lock")))
    assert lead.post(url(record, "lock")).status_code == 302
    assert model.objects.get().locked
    assert lead.post(url(record, "unlock")).status_code == 302
    assert not model.objects.get().locked


def test_version_that_cannot_go_live_is_refused_with_a_message():
    model = KINDS[0]
    reviewer = sign_in("Reviewer")
    record = submitted(model)
    # Another entry takes the address while this one waits for approval.
    decide(reviewer, record)
    record = model.objects.get()
    editor = sign_in("Lead", "lead2")
    assert send(editor, url(record, "edit"), "submit", slug="taken").status_code == 302
    create(editor, model, slug="taken")
    response = decide(reviewer, model.objects.get(pk=record.pk))
    assert response.status_code == 302
    record = model.objects.get(pk=record.pk)
    assert record.slug == "acme"
    assert record.workflow_in_progress
    message = reviewer.get(url(record, "edit")).content.decode()
    assert "This version can&#x27;t go live" in message


@pytest.mark.parametrize("model", EACH_KIND)
def test_not_even_a_superuser_publishes_alone(model):
    client = sign_in("Editor", "boss")
    User.objects.filter(username="boss").update(is_superuser=True)
    create(client, model, action="publish")
    record = model.objects.get()
    assert not record.live
    assert "has not been approved" in client.get(url(record, "edit")).content.decode()
    assert send(client, url(record, "edit"), "submit").status_code == 302
    decide(client, model.objects.get())
    assert not model.objects.get().live
    assert model.objects.get().workflow_in_progress


# Articles ---------------------------------------------------------------------------------------------------


@pytest.fixture
def article(db):
    return make_article(make_article_index())


@pytest.mark.parametrize("role", WRITERS)
def test_writers_edit_articles(article, role):
    client = sign_in(role)
    assert client.get(edit_article_url(article)).status_code == 200
    address = reverse("wagtailadmin_pages:add", args=("editorial", "articlepage", article.get_parent().pk))
    assert client.get(address).status_code == 200


def test_article_goes_through_review(article):
    editor, reviewer, lead = sign_in("Editor"), sign_in("Reviewer"), sign_in("Lead")
    assert send_article(editor, article, "publish").status_code == 302
    assert not ArticlePage.objects.get().live
    assert send_article(editor, article, "submit").status_code == 302
    article = ArticlePage.objects.get()
    assert refused(decide(sign_in("Contributor"), article))
    assert not ArticlePage.objects.get().live
    decide(reviewer, article)
    assert ArticlePage.objects.get().live
    address = reverse("wagtailadmin_pages:unpublish", args=(article.pk,))
    for client in (reviewer, lead):
        assert refused(client.post(address))
    assert ArticlePage.objects.get().live
    assert send_article(editor, article, "submit", withdrawal_en="It was wrong.").status_code == 302
    decide(lead, ArticlePage.objects.get())
    assert not ArticlePage.objects.get().live


def test_scheduled_article_goes_live_then(article, monkeypatch):
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    response = send_article(sign_in("Editor"), article, "submit", go_live_at=tomorrow)
    assert response.status_code == 302
    decide(sign_in("Reviewer"), ArticlePage.objects.get())
    assert not ArticlePage.objects.get().live
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    call_command("publish_scheduled", stdout=StringIO())
    assert ArticlePage.objects.get().live


@pytest.fixture
def displaced(db):
    """Return a live article whose new version waits for approval; meanwhile another article took its new address."""
    index = make_article_index()
    article = make_article(index, live=True)
    assert send_article(sign_in("Editor"), article, "submit", slug="wanted").status_code == 302
    index.add_child(instance=ArticlePage(title="Thief", slug="wanted", live=False))
    return ArticlePage.objects.get(pk=article.pk)


@pytest.mark.parametrize("dialog", [False, True])
def test_article_that_cannot_go_live_stays_in_review_with_a_message(displaced, dialog):
    reviewer = sign_in("Reviewer")
    address = reverse(
        "wagtailadmin_pages:workflow_action", args=(displaced.pk, "approve", displaced.current_workflow_task_state.pk)
    )
    origin = f"http://testserver{edit_article_url(displaced)}"
    headers = {"Referer": origin, **({"X-Requested-With": "XMLHttpRequest"} if dialog else {})}
    response = reviewer.post(address, headers=headers)
    assert (response.json()["redirect"] if dialog else response.headers["Location"]) == origin
    article = ArticlePage.objects.get(pk=displaced.pk)
    assert article.workflow_in_progress
    assert article.slug == "on-scale"
    assert "This version can&#x27;t go live" in reviewer.get(origin).content.decode()


def test_bulk_publication_of_what_cannot_go_live_is_refused_with_a_message(displaced):
    lead = sign_in("Lead")
    User.objects.filter(username="lead").update(is_superuser=True)
    address = reverse("wagtail_bulk_action", args=("wagtailcore", "page", "publish"))
    response = lead.post(f"{address}?id={displaced.pk}", headers={"Referer": "https://elsewhere.example/"})
    assert response.headers["Location"] == HOME
    assert ArticlePage.objects.get(pk=displaced.pk).slug == "on-scale"
    assert "has not been approved" in lead.get(HOME).content.decode()
