"""The panel on the admin's front page: for each person, what they must decide, what they sent, and their drafts."""

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import Component
from wagtail.models import Page, TaskState, WorkflowState

from catalog.editing.list_columns import name_in, name_public_state, name_schedule, with_state
from catalog.models.approval import digest_of
from catalog.models.kinds import list_kinds
from catalog.publishing.second_look import find_owed_authors
from editorial.articles.pages import ArticleIndexPage, ArticlePage, HomePage, TextPage
from editorial.review.desk import read_outlook
from editorial.review.emergency import find_owed_looks, second_look_due
from editorial.review.menu import review_address
from editorial.review.roles import is_alone, is_editor, is_reviewer
from editorial.review.tasks import ReviewState

# Maximum rows of each list.
SHOWN = 20
PAGES: tuple[type[Page], ...] = (ArticlePage, TextPage, ArticleIndexPage, HomePage)


class DemonstrationPanel(Component):
    """Says that this is the demo, and that nobody needs a second factor."""

    name = "demonstration"
    order = 10
    template_name = "wagtailadmin/review/demonstration.html"

    def get_context_data(self, parent_context):
        return {"demo": settings.DEMO, "needs_second_factor": settings.REQUIRE_SECOND_FACTOR}


class NewsroomPanel(Component):
    """The lists of one person. Each row links to the screen where it is dealt with."""

    name = "newsroom"
    order = 50
    template_name = "wagtailadmin/review/newsroom.html"

    def get_context_data(self, parent_context):
        user = parent_context["request"].user
        return {
            "outlook": read_outlook(today=timezone.now().date()),
            "is_reviewer": is_reviewer(user),
            "owed": list_owed_looks(user=user),
            "waiting": list_waiting(user=user),
            "sent": list_sent(user=user),
            "drafts": list_drafts(user=user),
            "site_drafts": list_drafts(user=None) if is_editor(user) else [],
            "shown": SHOWN,
        }


def list_owed_looks(*, user) -> list[dict]:
    """Return the emergency publications at which this person can take the second look, oldest first."""
    if not is_reviewer(user):
        return []
    return [
        {
            "record": record,
            "look": look,
            "is_late": second_look_due(look) < timezone.now(),
            "url": review_address("second_look", record),
        }
        for record, look in find_owed_looks()
        if user.pk not in find_owed_authors(record)
    ]


def list_waiting(*, user) -> list[dict]:
    """Return the versions in review that this person may decide about, longest waiting first."""
    if not is_reviewer(user):
        return []
    states = ReviewState.objects.filter(status=TaskState.STATUS_IN_PROGRESS)
    if not is_alone(user):
        states = states.exclude(authors=user)
    states = (
        states.select_related("workflow_state__requested_by")
        .prefetch_related("revision__content_object")
        .order_by("started_at")
    )
    return [
        {
            "name": name_in(state.revision),
            "kind": state.record._meta.verbose_name,
            "state": state,
            "url": review_address("changes", state.record),
        }
        for state in states[:SHOWN]
    ]


def list_sent(*, user) -> list[dict]:
    """Return what this person submitted last, with its state, newest first."""
    newer = WorkflowState.objects.filter(
        base_content_type=OuterRef("base_content_type"), object_id=OuterRef("object_id"), pk__gt=OuterRef("pk")
    )
    states = (
        WorkflowState.objects.filter(~Exists(newer), requested_by=user)
        .exclude(status=WorkflowState.STATUS_CANCELLED)
        .select_related("current_task_state__finished_by", "current_task_state__revision")
        .order_by("-pk")[:SHOWN]
    )
    return [
        {
            "name": name_in(state.current_task_state.revision),
            "standing": describe_state(state, record),
            "sent_back": state.status == WorkflowState.STATUS_NEEDS_CHANGES,
            "comment": state.current_task_state.comment,
            "at": state.created_at,
            "url": review_address("changes", record),
        }
        for state, record in with_records(states)
    ]


def with_records(states) -> list[tuple]:
    """Return each workflow state with its entry, term or page from `with_state`; one query for each kind."""
    wanted: dict[int, list[str]] = {}
    for state in states:
        wanted.setdefault(state.content_type_id, []).append(state.object_id)
    found = {}
    for kind, pks in wanted.items():
        model = ContentType.objects.get_for_id(kind).model_class()
        assert model is not None
        records = with_state(model._default_manager.all())
        for record in records.select_related("live_revision", "latest_revision").filter(pk__in=pks):
            found[kind, str(record.pk)] = record
    return [(state, found[state.content_type_id, state.object_id]) for state in states]


def describe_state(state: WorkflowState, record) -> str:
    """Return the state of the last submitted version in the vocabulary's words. `record` comes from `with_state`."""
    if state.status == WorkflowState.STATUS_IN_PROGRESS:
        return _("In review")
    if state.status == WorkflowState.STATUS_NEEDS_CHANGES:
        return _("Changes requested")
    if scheduled := name_schedule(record):
        return scheduled
    # The approved version may be a later one with the same content.
    said = digest_of(state.current_task_state.revision.content)
    published = record.live_revision or record.last_published
    if published and digest_of(published.content) == said:
        return name_public_state(record)
    if digest_of(record.latest_revision.content) == said:
        # Its go-live time was removed.
        return _("Draft")
    return _("Replaced by another version")


def list_drafts(*, user) -> list[dict]:
    """Return this person's last drafts that are neither submitted nor scheduled, newest first.

    If `user` is None, return what the site itself drafted: weekly digests, and changes in the files that ship.
    """
    drafts = []
    records = [kind.model for kind in list_kinds()]
    for model in (*records, *PAGES):
        submitted = WorkflowState.objects.active().filter(
            base_content_type=ContentType.objects.get_for_model(model if model in records else Page),
            object_id=Cast(OuterRef("pk"), CharField()),
        )
        drafts += (
            model.objects.exclude(latest_revision=None)
            .filter(
                ~Exists(submitted),
                has_unpublished_changes=True,
                latest_revision__user=user,
                latest_revision__approved_go_live_at=None,
            )
            .select_related("latest_revision")
            .order_by("-latest_revision__created_at")[:SHOWN]
        )
    drafts.sort(key=lambda record: record.latest_revision.created_at, reverse=True)
    return [
        {
            "name": name_in(record.latest_revision),
            "at": record.latest_revision.created_at,
            "url": review_address("changes", record),
        }
        for record in drafts[:SHOWN]
    ]
