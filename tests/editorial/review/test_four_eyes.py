"""Nothing is published by one person alone, and only what was reviewed: in the models, and by requests."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry, Page, Workflow
from wagtail.rich_text import RichText

from catalog.models import (
    AIModel,
    AIModelMilestone,
    Approval,
    ApprovalKind,
    Organization,
    Publication,
    Refused,
    Source,
)
from catalog.publishing.approval import approve
from catalog.publishing.authorship import find_authors
from editorial.articles.pages import ArticlePage, TextPage
from editorial.review.menu import review_address
from tests.editorial.review.support import (
    EACH_KIND,
    cite,
    create,
    decide,
    make_article,
    make_article_index,
    send,
    sign_in,
    take_look,
    url,
)
from tests.factories import make_model, make_organization, publish_revision

pytestmark = pytest.mark.django_db


def draft_of(record, *, user=None, **values):
    """Save a new version of a record, and return the revision."""
    draft = type(record).objects.get(pk=record.pk).get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    return draft.save_revision(user=user)


def person(name: str) -> User:
    return User.objects.get_or_create(username=name)[0]


def in_review(model=Organization, by=None, **values):
    """Return a record that a person wrote and submitted."""
    client = by or sign_in("Editor")
    assert create(client, model, action="submit", **values).status_code == 302
    return model.objects.get(slug="acme"), client


def messages_at(client, record) -> str:
    return client.get(url(record, "edit")).content.decode()


# The rules of the models --------------------------------------------------------------------------------------


def test_nothing_is_published_without_an_approval():
    model = make_model()
    revision = draft_of(model, summary_en="Unseen.")
    with pytest.raises(Refused, match="not been approved"):
        revision.publish()
    assert AIModel.objects.get().summary_en == ""
    assert len(Publication.objects.of(model.uid)) == 1


def test_an_approval_is_only_for_the_content_at_that_time():
    model = make_model()
    revision = draft_of(model, summary_en="As reviewed.")
    approve(record=model, revision=revision, kind=ApprovalKind.SHIPPED)
    revision.content["summary_en"] = "Slipped in."
    revision.save()
    with pytest.raises(Refused, match="changed after it was approved"):
        revision.publish()
    assert AIModel.objects.get().summary_en == ""


def test_an_approval_of_an_older_version_does_not_bring_it_back():
    model = make_model(summary_en="First.")
    first = model.live_revision
    publish_revision(draft_of(model, summary_en="Second."))
    with pytest.raises(Refused):
        first.publish()
    assert AIModel.objects.get().summary_en == "Second."


def test_authors_are_all_who_changed_anything_since_the_live_version():
    model = make_model()
    draft_of(model, user=person("ann"), summary_en="One.")
    draft_of(model, user=person("ben"), summary_zh="一。")
    last = draft_of(model, user=person("cid"))
    authors = find_authors(record=model, revision=last)
    assert set(authors) == {person("ann").pk, person("ben").pk}, "Cid saved what was there"
    for author in ("ann", "ben"):
        with pytest.raises(Refused, match="someone else must approve"):
            approve(record=model, revision=last, kind=ApprovalKind.REVIEWED, approver=person(author))
    approve(record=model, revision=last, kind=ApprovalKind.REVIEWED, approver=person("cid"))
    last.publish(user=person("cid"), skip_permission_checks=True)
    model = AIModel.objects.get()
    draft = draft_of(model, user=person("cid"), summary_en="Two.")
    assert find_authors(record=model, revision=draft) == [person("cid").pk]


LONG = "It was founded in a garage in Helsinki by two former teachers."


@pytest.mark.parametrize(
    "restored",
    [
        pytest.param({"summary_en": f"Again. {LONG}"}, id="as it was"),
        pytest.param({"summary_en": f"{LONG} With a sentence more."}, id="with other words around it"),
        pytest.param({"city_en": LONG}, id="in another field"),
    ],
)
def test_who_wrote_what_goes_live_again_is_an_author(restored):
    acme = make_organization(cite={"city": "2020"})
    reviewer, editor, other = sign_in("Reviewer"), sign_in("Editor"), sign_in("Reviewer", "other")
    draft_of(acme, user=reviewer.user, summary_en=f"Again. {LONG}")
    for words, by in (("Replaced.", other), (None, reviewer)):
        values = {"summary_en": words} if words else restored
        draft = draft_of(acme, user=editor.user, **values)
        acme.refresh_from_db()
        acme.get_workflow().start(acme, editor.user)
        decide(by, acme)
    acme = Organization.objects.get()
    assert acme.summary_en == "Replaced."
    assert find_authors(record=acme, revision=draft) == sorted([reviewer.user.pk, editor.user.pk])
    assert "Words that you wrote" in messages_at(reviewer, acme)
    decide(other, acme)
    acme.refresh_from_db()
    assert LONG in acme.summary_en + acme.city_en


def test_a_row_of_a_list_belongs_to_who_wrote_it():
    def rows(*keys):
        return [
            AIModelMilestone(key=key, milestone_kind="release", date="2020", text_en=key, text_zh=key) for key in keys
        ]

    model = make_model(children={"milestones": rows("one")})
    draft_of(model, user=person("ann"), milestones=rows("one", "two"))
    publish_revision(draft_of(model, user=person("ben"), milestones=rows("one", "three")))
    draft = draft_of(model, user=person("cid"), milestones=rows("two", "three"))
    assert find_authors(record=model, revision=draft) == sorted([person("ann").pk, person("cid").pk])


def test_a_paragraph_of_an_article_belongs_to_who_wrote_it():
    def body(*texts):
        return [("text", RichText(f"<p>{text}</p>")) for text in texts]

    article = make_article(make_article_index())
    publish_revision(article.get_latest_revision())
    draft_of(article, user=person("ann"), body=body("Some other words.", LONG))
    publish_revision(draft_of(article, user=person("ben"), body=body("Nothing.")))
    draft = draft_of(article, user=person("cid"), body=body(f"So: <b>{LONG}</b>", "Nothing."))
    assert find_authors(record=article, revision=draft) == sorted([person("ann").pk, person("cid").pk])
    draft = draft_of(article, user=person("cid"), body=body("It is new.", "Nothing."))
    assert find_authors(record=article, revision=draft) == [person("cid").pk]


def test_authors_of_a_withdrawn_version_are_not_authors_of_its_restoration():
    model, cid = make_model(), person("cid")
    for values in ({"summary_en": "One."}, {"withdrawal_en": "Wrong.", "withdrawal_zh": "有误。"}):
        revision = draft_of(model, user=person("ann"), **values)
        approve(record=model, revision=revision, kind=ApprovalKind.REVIEWED, approver=cid)
        revision.publish(user=cid, skip_permission_checks=True)
        model = AIModel.objects.get()
    assert not model.live
    restored = draft_of(model, user=person("ben"), withdrawal_en="", withdrawal_zh="")
    assert find_authors(record=model, revision=restored) == [person("ben").pk]


@pytest.mark.parametrize(
    ("kind", "approver", "reason"),
    [
        (ApprovalKind.REVIEWED, None, ""),
        (ApprovalKind.BATCH, "ann", ""),
        (ApprovalKind.EMERGENCY, "ann", "  "),
        (ApprovalKind.EMERGENCY, None, "It burns."),
        (ApprovalKind.SINGLE_CHECKED, None, ""),
        (ApprovalKind.SHIPPED, None, ""),
    ],
)
def test_each_kind_of_approval_has_its_condition(kind, approver, reason):
    model = make_model()
    revision = draft_of(model, user=person("ann"), summary_en="One.")
    with pytest.raises(Refused):
        approve(record=model, revision=revision, kind=kind, approver=approver and person(approver), reason=reason)
    assert Approval.objects.of(model).count() == 1


def test_approvals_are_never_changed():
    approval = Approval.objects.of(make_model()).get()
    with pytest.raises(TypeError):
        approval.save()
    with pytest.raises(TypeError):
        approval.delete()


def test_what_is_live_cannot_be_saved_unpublished_or_deleted_directly():
    organization = make_organization(name="Acme")
    organization.name_en = "Changed"
    for attempt in (
        organization.save,
        organization.unpublish,
        organization.delete,
        Organization.objects.filter(pk=organization.pk).delete,
        lambda: Organization(slug="other", name_en="Other", name_zh="其他", type="company", live=True).save(),
    ):
        with pytest.raises(Refused), transaction.atomic():
            attempt()
    organization.refresh_from_db()
    assert (organization.name_en, organization.live) == ("Acme", True)
    assert Organization.objects.count() == 1


def test_pages_cannot_be_copied_live_aliased_moved_or_deleted():
    index = make_article_index()
    article = make_article(index, live=True)
    elsewhere = index.get_parent().add_child(instance=TextPage(title="Else", slug="else", live=False))
    for attempt in (
        lambda: article.copy(keep_live=True, update_attrs={"slug": "copy"}),
        lambda: article.create_alias(parent=index, update_slug="alias"),
        lambda: article.move(elsewhere, pos="last-child"),
        article.unpublish,
        article.delete,
    ):
        with pytest.raises(Refused), transaction.atomic():
            attempt()
    assert ArticlePage.objects.live().count() == 1


def test_an_autosave_never_changes_a_version_in_review():
    organization, editor = in_review()
    reviewed = organization.get_latest_revision()
    draft = organization.get_latest_revision_as_object()
    draft.summary_en = "Slipped in"
    saved = draft.save_revision(user=editor.user, overwrite_revision=reviewed)
    assert saved.pk != reviewed.pk
    reviewed.refresh_from_db()
    assert reviewed.content["summary_en"] == ""


def test_a_workflow_without_tasks_publishes_nothing():
    organization = make_organization(publish=False)
    with pytest.raises(Refused):
        Workflow.objects.create(name="Empty").start(organization, user=person("ann"))
    assert not Organization.objects.get().live


# The forms that are sent --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Reviewer", "Lead"])
@pytest.mark.parametrize("model", EACH_KIND)
def test_authors_are_not_offered_to_approve_and_are_refused_when_they_try(model, role):
    record, author = in_review(model, by=sign_in(role))
    html = messages_at(author, record)
    assert "someone else must approve" in html
    assert "Approve and publish" not in html
    decide(author, record)
    assert not model.objects.get().live
    other = sign_in("Reviewer", "other")
    assert "Approve and publish" in messages_at(other, record)
    decide(other, record)
    assert model.objects.get().live
    approval = Approval.objects.of(record).get()
    assert (approval.kind, approval.approver, approval.authors) == ("reviewed", other.user, [author.user.pk])


def test_editing_and_approving_in_one_request_makes_an_author():
    record, _editor = in_review()
    reviewer = sign_in("Reviewer")
    changes = {"summary_en": "Slipped in", "workflow-action-name": "approve"}
    send(reviewer, url(record, "edit"), "workflow-action", **changes)
    record = Organization.objects.get()
    assert not record.live
    # The typed text is kept as a draft, and the screen says why it is not live.
    assert record.get_latest_revision().content["summary_en"] == "Slipped in"
    assert "changed it on" in messages_at(reviewer, record)


def test_a_newer_version_must_be_resubmitted_before_approval():
    record, editor = in_review()
    reviewer = sign_in("Reviewer")
    send(editor, url(record, "edit"), summary_en="Paris.")
    record = Organization.objects.get()
    html = messages_at(reviewer, record)
    assert "editor changed it on" in html.replace("Editor", "editor")
    assert "Summary" in html
    decide(reviewer, record)
    assert not Organization.objects.get().live
    assert decide(editor, record, "resubmit").status_code == 302
    decide(reviewer, Organization.objects.get())
    assert Organization.objects.get().summary_en == "Paris."


def test_a_changed_value_without_a_source_is_saved_but_not_submitted():
    record = make_organization(slug="acme", name="Acme", cite={"type": "2022"})
    editor = sign_in("Editor")
    changes = {"city_en": "Paris", "city_zh": "巴黎", "summary_en": "A company."}
    send(editor, url(record, "edit"), "submit", **changes)
    record = Organization.objects.get()
    assert record.get_latest_revision().content["city_en"] == "Paris"
    assert not record.workflow_in_progress
    assert "name a source for: City" in messages_at(editor, record)
    send(editor, url(record, "edit"), "submit", (("citations", cite("city")),))
    assert Organization.objects.get().workflow_in_progress


def test_a_source_of_a_row_that_is_gone_is_refused_at_submission_by_name():
    record = make_organization(slug="acme", name="Acme", cite={"type": "2022"})
    editor = sign_in("Editor")
    lost = [cite("funding_rounds", "series-a"), cite("milestones", "launch")]
    rows = tuple(("citations", row) for row in lost)
    send(editor, url(record, "edit"), "submit", rows, summary_en="A company.")
    record = Organization.objects.get()
    assert record.get_latest_revision().content["summary_en"] == "A company.", "the draft is saved"
    assert not record.workflow_in_progress
    words = messages_at(editor, record)
    assert "delete the source of a row that is gone" in words
    sources = [Source.objects.get(pk=row["source"]) for row in lost]
    assert f"funding round “series-a” ({sources[0]}), milestone “launch” ({sources[1]})" in words


def test_resubmitting_makes_a_person_an_author():
    record, editor = in_review()
    send(editor, url(record, "edit"), summary_en="Paris.")
    reviewer = sign_in("Reviewer")
    decide(reviewer, Organization.objects.get(), "resubmit")
    decide(reviewer, Organization.objects.get())
    assert not Organization.objects.get().live
    assert "You submitted this version" in messages_at(reviewer, record)


def test_a_second_decision_says_who_decided_first():
    record, _editor = in_review()
    state = record.current_workflow_task_state.specific
    first, second = sign_in("Reviewer"), sign_in("Lead")
    decide(first, record)
    with pytest.raises(Refused, match="reviewer has decided"):
        state.approve(user=second.user)
    with pytest.raises(Refused):
        state.reject(user=second.user)
    assert Approval.objects.of(record).count() == 1


def test_every_step_is_in_the_log_with_who_did_it():
    record, editor = in_review()
    reviewer = sign_in("Reviewer")
    decide(reviewer, record, "reject")
    send(editor, url(record, "edit"), "submit", summary_en="Paris.")
    decide(reviewer, Organization.objects.get())
    logged = ModelLogEntry.objects.for_instance(record).order_by("timestamp", "pk")
    steps = [(entry.action.removeprefix("wagtail."), entry.user.username) for entry in logged]
    assert ("workflow.start", "editor") in steps
    assert ("workflow.reject", "reviewer") in steps
    assert ("workflow.resume", "editor") in steps
    assert ("review.approve", "reviewer") in steps
    assert ("publish", "reviewer") in steps
    assert all(entry.revision_id for entry in logged if entry.action != "wagtail.create")


def test_articles_follow_the_same_rules():
    index = make_article_index()
    article = make_article(index)
    reviewer, other = sign_in("Reviewer"), sign_in("Reviewer", "other")
    article.get_workflow().start(article, reviewer.user)
    article = ArticlePage.objects.get()
    decide(reviewer, article)
    assert not ArticlePage.objects.get().live
    decide(other, article)
    assert ArticlePage.objects.get().live
    for name in ("copy", "unpublish", "delete", "move"):
        address = reverse(f"wagtailadmin_pages:{name}", args=(article.pk,))
        for client in (reviewer, sign_in("Lead", f"lead-{name}")):
            form = {"new_title": "Copy", "new_slug": "copy", "new_parent_page": index.pk, "publish_copies": "on"}
            assert client.post(address, form).status_code < 500
    assert list(ArticlePage.objects.live()) == [article]
    assert Page.objects.get(pk=article.pk).live


# Schedules and reviews that end early ------------------------------------------------------------------------


def scheduled():
    """Return an organization with an approved version that goes live tomorrow, its editor, and its reviewer."""
    organization, editor, reviewer = make_organization(slug="acme"), sign_in("Editor"), sign_in("Reviewer")
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    send(editor, url(organization, "edit"), "submit", summary_en="Tomorrow.", go_live_at=tomorrow)
    decide(reviewer, Organization.objects.get())
    organization = Organization.objects.get()
    assert organization.scheduled_revision
    return organization, editor, reviewer


def test_a_new_review_replaces_a_schedule():
    organization, editor, reviewer = scheduled()
    send(editor, url(organization, "edit"), "submit", summary_en="At once.", go_live_at="")
    decide(reviewer, Organization.objects.get())
    organization = Organization.objects.get()
    assert (organization.summary_en, organization.scheduled_revision) == ("At once.", None)


def test_nobody_can_cancel_a_schedule_alone():
    organization, editor, _reviewer = scheduled()
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    for client in (boss, editor, sign_in("Lead")):
        client.post(url(organization, "revisions_unschedule", organization.scheduled_revision.pk))
    assert Organization.objects.get().scheduled_revision


def test_only_authors_can_take_a_version_back():
    record, editor = in_review()
    reviewer = sign_in("Reviewer")
    assert "action-cancel-workflow" not in reviewer.get(url(record, "edit")).content.decode()
    assert "action-cancel-workflow" in editor.get(url(record, "edit")).content.decode()
    send(reviewer, url(record, "edit"), "cancel-workflow")
    assert Organization.objects.get().workflow_in_progress
    send(editor, url(record, "edit"), "cancel-workflow")
    assert not Organization.objects.get().workflow_in_progress


def test_the_form_of_a_version_that_was_sent_back_says_why():
    record, editor = in_review()
    decide(sign_in("Reviewer"), record, "reject")
    assert "asks for changes: Looks right." in messages_at(editor, record)


def test_the_review_itself_cannot_be_removed():
    workflow = Workflow.objects.get()
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    boss.post(reverse("wagtailadmin_workflows:disable", args=(workflow.pk,)))
    for attempt in (workflow.workflow_tasks.all().delete, workflow.workflow_content_types.all().delete):
        with pytest.raises(Refused), transaction.atomic():
            attempt()
    workflow.refresh_from_db()
    assert workflow.active
    assert workflow.workflow_content_types.count() == 4
    record, _editor = in_review()
    assert record.workflow_in_progress


# Emergency ----------------------------------------------------------------------------------------------------


def emergency(client, record, reason="The figure is libel."):
    return client.post(review_address("emergency", record), {"reason": reason})


@pytest.fixture
def published_alone():
    """Return a live organization that a lead changed alone, and the lead."""
    organization = make_organization(slug="acme", name="Acme", city_en="Paris", city_zh="巴黎")
    lead = sign_in("Lead")
    send(lead, url(organization, "edit"), city_en="Lyon", city_zh="里昂")
    assert emergency(lead, organization).status_code == 302
    return Organization.objects.get(slug="acme"), lead


def test_a_lead_publishes_alone_with_a_reason_and_owes_a_second_look(published_alone):
    organization, lead = published_alone
    assert organization.city_en == "Lyon"
    assert organization.owed_look.reason == "The figure is libel."
    home = reverse("wagtailadmin_home")
    assert "The figure is libel." in sign_in("Reviewer").get(home).content.decode()
    assert "The figure is libel." not in lead.get(home).content.decode(), "It is another person's to look at"
    entry = ModelLogEntry.objects.get(action="review.approve", data__kind="emergency")
    assert (entry.user, entry.data["reason"]) == (lead.user, "The figure is libel.")


@pytest.mark.parametrize("role", ["Contributor", "Editor", "Reviewer", "Administrator"])
def test_nobody_but_a_lead_publishes_in_an_emergency(role):
    organization = make_organization()
    draft_of(organization, user=person("ann"), city_en="Lyon")
    client = sign_in(role)
    assert emergency(client, organization).status_code in (302, 403)
    assert "Publish as emergency" not in client.get(url(organization, "edit")).content.decode()
    assert Organization.objects.get().city_en == ""


def test_an_emergency_without_a_reason_is_refused():
    organization = make_organization()
    draft_of(organization, user=person("ann"), city_en="Lyon")
    assert emergency(sign_in("Lead"), organization, reason="  ").status_code == 200
    assert Organization.objects.get().city_en == ""


def test_an_emergency_does_not_wait_for_a_date():
    organization, lead = make_organization(slug="acme", name="Acme"), sign_in("Lead")
    tomorrow = timezone.now() + timedelta(days=1)
    draft_of(organization, user=lead.user, summary_en="Tomorrow.", go_live_at=tomorrow)
    response = lead.post(review_address("emergency", organization), {"reason": "It burns."}, follow=True)
    assert "It has a time to go live, so it can wait" in response.content.decode()
    organization = Organization.objects.get()
    assert (organization.scheduled_revision, organization.owed_look) == (None, None)


def test_another_person_confirms(published_alone):
    organization, lead = published_alone
    reviewer = sign_in("Reviewer")
    address = review_address("second_look", organization)
    assert "The figure is libel." in reviewer.get(address).content.decode()
    take_look(lead, organization)
    assert Organization.objects.get().owed_look is not None
    take_look(reviewer, organization)
    organization = Organization.objects.get()
    assert organization.owed_look is None
    assert organization.city_en == "Lyon"
    assert Approval.objects.of(organization).first().approver == reviewer.user
    assert "No second look is owed" in reviewer.get(address).content.decode()


def test_the_second_look_shows_what_was_published_alone(published_alone):
    organization, lead = published_alone
    address = review_address("second_look", organization)
    html = sign_in("Reviewer").get(address).content.decode()
    assert "Paris" in html
    assert "Lyon" in html
    assert "No source" in html
    assert ">Confirm<" in html
    own = lead.get(address).content.decode()
    assert "the second look is another person" in own
    assert ">Confirm<" not in own


def test_a_second_look_is_for_the_publication_that_was_on_the_screen(published_alone):
    organization, lead = published_alone
    seen, reviewer = organization.owed_look, sign_in("Reviewer")
    send(lead, url(organization, "edit"), city_en="Nice", city_zh="尼斯")
    emergency(lead, organization)
    for decision in ({}, {"revert": "1"}):
        response = reviewer.post(
            review_address("second_look", organization), {"owed": seen.pk, **decision}, follow=True
        )
        assert "It was published again meanwhile" in response.content.decode()
    organization = Organization.objects.get()
    assert organization.city_en == "Nice"
    assert organization.owed_look.pk != seen.pk
    html = reviewer.get(review_address("second_look", organization)).content.decode()
    assert "Paris" in html
    assert "Nice" in html


def test_another_person_can_bring_back_the_earlier_version(published_alone):
    organization, lead = published_alone
    take_look(lead, organization, revert="1")
    assert Organization.objects.get().city_en == "Lyon"
    take_look(sign_in("Reviewer"), organization, revert="1")
    organization = Organization.objects.get()
    assert organization.owed_look is None
    assert organization.city_en == "Paris"
    assert organization.get_latest_revision_as_object().city_en == "Paris"
