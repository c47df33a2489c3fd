"""Code and shell commands that bypass the admin's buttons must follow the same rules."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from wagtail.actions.copy_for_translation import CopyPageForTranslationAction
from wagtail.actions.move_page import MovePageAction
from wagtail.actions.publish_page_revision import PublishPageRevisionAction
from wagtail.actions.publish_revision import PublishRevisionAction
from wagtail.actions.unpublish import UnpublishAction
from wagtail.actions.unpublish_page import UnpublishPageAction
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import GroupApprovalTask, Page, PageViewRestriction, Workflow, WorkflowTask

from catalog.models import (
    AIModel,
    Approval,
    ApprovalKind,
    Modality,
    Organization,
    Publication,
    Refused,
    Segment,
    Term,
)
from catalog.publishing.approval import approve
from catalog.publishing.publication import publish_approved
from catalog.publishing.second_look import confirm, revert
from editorial.articles.pages import ArticleIndexPage, ArticlePage
from editorial.models import Review
from editorial.review.emergency import publish_in_emergency
from editorial.review.roles import Role
from tests.factories import (
    make_article,
    make_home,
    make_label,
    make_model,
    make_organization,
    make_source,
    make_term,
    publish_revision,
    withdraw,
)

pytestmark = pytest.mark.django_db


def person(name: str, role: str | None = None) -> User:
    user = User.objects.create_user(name)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def draft_of(record, *, user=None, **values):
    """Save a new version of a record, and return the revision."""
    draft = type(record).objects.get(pk=record.pk).get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    return draft.save_revision(user=user)


def refuse(attempt) -> None:
    with pytest.raises(Refused), transaction.atomic():
        attempt()


# Wagtail's actions --------------------------------------------------------------------------------------------


def test_actions_neither_publish_nor_withdraw_an_entry():
    model = make_model(summary_en="As reviewed.")
    unseen = draft_of(model, summary_en="Unseen.")
    same = draft_of(make_model(slug="same"))
    refuse(PublishRevisionAction(unseen).execute)
    # It has the live content, but publishing it would hide who wrote the versions in between.
    refuse(PublishRevisionAction(same).execute)
    refuse(PublishRevisionAction(model.live_revision).execute)
    refuse(UnpublishAction(model).execute)
    assert AIModel.objects.get(pk=model.pk).summary_en == "As reviewed."


def test_actions_on_plain_page_objects_neither_publish_nor_withdraw_nor_move():
    article = make_article(title="As reviewed")
    elsewhere = article.get_parent().get_parent()
    elsewhere = elsewhere.add_child(instance=ArticleIndexPage(title="Else", slug="else", live=False))
    plain = Page.objects.get(pk=article.pk)
    refuse(PublishPageRevisionAction(draft_of(article, title="Unseen")).execute)
    refuse(UnpublishPageAction(plain).execute)
    refuse(UnpublishPageAction(elsewhere.get_parent(), include_descendants=True).execute)
    refuse(MovePageAction(plain, elsewhere, pos="last-child").execute)
    plain.title = "Unseen"
    refuse(plain.save)
    refuse(lambda: plain.save(update_fields=["title"]))
    article = ArticlePage.objects.get()
    assert (article.title, article.live, article.get_parent().slug) == ("As reviewed", True, "articles")


def test_a_draft_with_live_descendants_cannot_be_moved():
    article = make_article()
    index = article.get_parent().specific
    withdraw(index)
    home = index.get_parent()
    other = home.copy(keep_live=False, update_attrs={"slug": "other"})
    refuse(lambda: Page.objects.get(pk=index.pk).move(other, pos="last-child"))
    assert Page.objects.get(pk=article.pk).url_path == article.url_path


def test_drafts_can_be_moved_and_siblings_reordered():
    article = make_article()
    draft = make_article(publish=False)
    draft.move(article, pos="left")
    assert list(article.get_parent().get_children()) == [Page.objects.get(pk=pk) for pk in (draft.pk, article.pk)]


def test_a_translation_starts_as_a_draft_and_an_alias_is_refused():
    article = make_article()
    index = make_home("zh-hans").get_children().get(slug="articles")
    ArticleIndexPage.objects.filter(pk=index.pk).update(translation_key=article.get_parent().translation_key)
    refuse(CopyPageForTranslationAction(article, index.locale, alias=True).execute)
    copy = CopyPageForTranslationAction(article, index.locale).execute()
    assert (copy.live, copy.get_parent().pk) == (False, index.pk)


@pytest.mark.parametrize("field", ["live", "live_revision", "last_published_at"])
def test_publication_columns_of_wagtail_cannot_be_saved_directly(field):
    model = make_model()
    setattr(model, field, {"live": False, "live_revision": draft_of(model)}.get(field, timezone.now()))
    refuse(lambda: model.save(update_fields=[field]))


# Approvals ----------------------------------------------------------------------------------------------------


def test_an_approved_version_is_published_once():
    model = make_model()
    refuse(model.live_revision.publish)
    refuse(lambda: publish_approved(record=model, user=None))
    withdraw(model)
    refuse(lambda: AIModel.objects.get().get_latest_revision().publish())
    # The same is true if the caller asks not to log it.
    other = make_model(publish=False)
    revision = other.get_latest_revision()
    approve(record=other, revision=revision, kind=ApprovalKind.SHIPPED)
    revision.publish(log_action=False)
    refuse(revision.publish)
    assert [Publication.objects.of(it.uid).count() for it in (model, other)] == [2, 1]


def in_review(task=None):
    """Return a live organization with a version in review, and the review; with another task if one is given."""
    record = make_organization(cite={"type": "2022"}, name="Acme")
    draft_of(record, user=person("ann"), summary_en="Unseen.")
    record.refresh_from_db()
    workflow = Workflow.objects.get()
    if task is not None:
        workflow = Workflow.objects.create(name="Other")
        WorkflowTask.objects.create(workflow=workflow, task=task)
    return record, workflow.start(record, person("ben", "Editor"))


def test_finishing_a_review_in_code_publishes_nothing():
    _record, state = in_review()
    refuse(lambda: state.finish(user=person("cid")))
    assert Organization.objects.get().summary_en == ""


def test_a_task_of_another_type_approves_nothing():
    task = GroupApprovalTask.objects.create(name="Stock")
    record, state = in_review(task)
    refuse(lambda: state.current_task_state.approve(user=person("cid")))
    refuse(lambda: task.deactivate())
    assert Publication.objects.of(record.uid).count() == 1


def test_the_task_cannot_be_deactivated_while_versions_are_in_review():
    _record, state = in_review()
    refuse(lambda: Review.objects.get().deactivate())
    state.cancel()
    Review.objects.get().deactivate()
    assert not Review.objects.get().active


# What live content refers to ----------------------------------------------------------------------------------


def test_objects_that_live_content_refers_to_cannot_be_deleted():
    modality, segment = make_label(Modality, "text"), make_label(Segment, "images")
    logo = Image.objects.create(title="Logo", file=get_test_image_file())
    source, maker = make_source(), make_organization(publish=False)
    make_organization(segments=[segment], logo=logo)
    make_model(inputs=[modality], makers=[maker])
    make_term(sources=[source])
    for thing in (modality, segment, logo, source, maker):
        refuse(thing.delete)
        refuse(type(thing).objects.filter(pk=thing.pk).delete)


def test_objects_that_only_drafts_refer_to_can_be_deleted():
    segment, source, logo = make_label(Segment, "spare"), make_source(), Image(title="Logo", file=get_test_image_file())
    logo.save()
    make_organization(publish=False, segments=[segment], logo=logo)
    make_term(publish=False, sources=[source])
    for thing in (segment, source, logo):
        thing.delete()


def test_files_that_live_content_shows_can_be_neither_deleted_nor_replaced():
    image = Image.objects.create(title="Picture", file=get_test_image_file())
    other = Image.objects.create(title="Other", file=get_test_image_file())
    make_article(body=[("image", {"image": image, "caption": "", "credit": "Somebody"})])
    for picture in (image, other):
        picture.title = "Renamed"
        picture.save()
        picture.file = get_test_image_file(filename="new.png")
    refuse(image.save)
    refuse(image.delete)
    other.save()
    other.delete()
    document = Document.objects.create(title="Paper", file=ContentFile(b"a", name="a.csv"))
    document.file = ContentFile(b"b", name="b.csv")
    document.save()


def test_pages_are_public_to_all():
    article = make_article()
    for page in (article, Page.get_first_root_node()):
        refuse(lambda page=page: PageViewRestriction.objects.create(page=page, restriction_type="login"))


def test_people_are_not_deleted():
    user = person("ann")
    refuse(user.delete)
    refuse(User.objects.filter(pk=user.pk).delete)


# Emergencies --------------------------------------------------------------------------------------------------


def test_withdrawing_alone_needs_a_second_look_that_can_revert_it():
    organization = make_organization(name="Acme")
    lead, other = person("lead", Role.LEAD), person("other", Role.REVIEWER)
    draft_of(organization, user=lead, withdrawal_en="Libel.", withdrawal_zh="诽谤。")
    publish_in_emergency(record=organization, user=lead, reason="A judge says so.")
    organization = Organization.objects.get()
    assert not organization.live
    assert organization.owed_look.reason == "A judge says so."
    revert(record=organization, owed=organization.owed_look, user=other)
    organization = Organization.objects.get()
    assert organization.live
    assert organization.owed_look is None
    assert [it.action for it in Publication.objects.of(organization.uid)] == ["restored", "withdrawn", "published"]


def test_a_second_look_brings_back_a_version_that_was_live_not_a_scheduled_one():
    organization = make_organization(name="Acme")
    lead, other = person("lead", Role.LEAD), person("other", Role.REVIEWER)
    tomorrow = timezone.now() + timedelta(days=1)
    publish_revision(draft_of(organization, user=person("ann"), summary_en="Tomorrow.", go_live_at=tomorrow))
    draft_of(organization, user=lead, summary_en="In a hurry.", go_live_at=None)
    publish_in_emergency(record=organization, user=lead, reason="It could not wait.")
    assert Organization.objects.get().summary_en == "In a hurry."
    revert(record=organization, owed=organization.owed_look, user=other)
    organization = Organization.objects.get()
    assert (organization.summary_en, organization.scheduled_revision) == ("", None)
    call_command("publish_scheduled")
    assert Approval.objects.of(organization).first().revision == organization.live_revision


def test_terms_follow_the_same_rules():
    term = make_term()
    refuse(UnpublishAction(term).execute)
    refuse(term.delete)
    assert Term.objects.get().live


def test_nothing_is_approved_on_top_of_an_emergency_version_without_a_second_look():
    organization = make_organization(name="Acme")
    eva, fay = person("eva", Role.LEAD), person("fay", Role.LEAD)
    cid = person("cid", Role.REVIEWER)
    draft_of(organization, user=eva, summary_en="In a hurry.")
    publish_in_emergency(record=organization, user=eva, reason="It could not wait.")
    revision = draft_of(organization, user=person("ann"), summary_zh="匆忙。")
    refuse(lambda: approve(record=organization, revision=revision, kind=ApprovalKind.REVIEWED, approver=cid))
    publish_in_emergency(record=organization, user=fay, reason="Nor could this.")
    for party in (eva, fay):
        refuse(lambda party=party: confirm(record=organization, owed=organization.owed_look, user=party))
    confirm(record=organization, owed=organization.owed_look, user=cid)
    assert set(Approval.objects.of(organization).first().authors) == {
        eva.pk,
        fay.pk,
        User.objects.get(username="ann").pk,
    }


def test_the_live_version_cannot_be_submitted_again():
    for record in (make_organization(), make_article()):
        refuse(lambda record=record: record.get_workflow().start(record, User.objects.create_user(record.slug)))
        assert not record.workflow_in_progress
