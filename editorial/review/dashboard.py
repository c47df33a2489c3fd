"""What the admin's front page says to each person: what waits for them, what they sent, what they owe."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import Component
from wagtail.models import Page, TaskState, WorkflowState

from catalog.listing.index import RECORD_MODELS
from editorial.articles.pages import ArticleIndexPage, ArticlePage, HomePage, TextPage
from editorial.models import ReviewState
from editorial.review.emergency import find_owed_looks, look_due
from editorial.review.menu import review_address
from editorial.review.roles import is_alone, is_reviewer

# Rows of each list; the oldest or newest of all.
SHOWN = 20
CATALOG = tuple(RECORD_MODELS.values())
PAGES = (ArticlePage, TextPage, ArticleIndexPage, HomePage)


class NewsroomPanel(Component):
    """The lists of one person, each row a link to the screen where it is settled."""

    name = "newsroom"
    order = 50
    template_name = "wagtailadmin/review/newsroom.html"

    def get_context_data(self, parent_context):
        user = parent_context["request"].user
        return {
            "is_reviewer": is_reviewer(user),
            "owed": list_owed_looks(user=user),
            "waiting": list_waiting(user=user),
            "sent": list_sent(user=user),
            "drafts": list_drafts(user=user),
            "shown": SHOWN,
        }


def list_owed_looks(*, user) -> list[dict]:
    """The emergency publications that this person can take the second look at, oldest first."""
    if not is_reviewer(user):
        return []
    return [
        {
            "record": record,
            "look": look,
            "late": look_due(look) < timezone.now(),
            "url": review_address("second_look", record),
        }
        for record, look in find_owed_looks()
        if user.pk not in record.owed_authors
    ]


def list_waiting(*, user) -> list[dict]:
    """The versions in review that this person may decide about, the longest waiting first."""
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
        {"kind": state.record._meta.verbose_name, "state": state, "url": review_address("changes", state.record)}
        for state in states[:SHOWN]
    ]


def list_sent(*, user) -> list[dict]:
    """What this person submitted last, and where it stands, newest first."""
    newer = WorkflowState.objects.filter(
        base_content_type=OuterRef("base_content_type"), object_id=OuterRef("object_id"), pk__gt=OuterRef("pk")
    )
    states = (
        WorkflowState.objects.filter(~Exists(newer), requested_by=user)
        .exclude(status=WorkflowState.STATUS_CANCELLED)
        .select_related("current_task_state__finished_by", "current_task_state__revision")
        .prefetch_related("content_object")
        .order_by("-pk")
    )
    return [
        {
            "name": state.current_task_state.revision.object_str,
            "standing": describe_standing(state),
            "sent_back": state.status == WorkflowState.STATUS_NEEDS_CHANGES,
            "comment": state.current_task_state.comment,
            "at": state.created_at,
            "url": review_address("changes", state.content_object),
        }
        for state in states[:SHOWN]
    ]


def describe_standing(state: WorkflowState) -> str:
    """Where a submitted version stands, in the words of the vocabulary."""
    if state.status == WorkflowState.STATUS_IN_PROGRESS:
        return _("In review")
    if state.status == WorkflowState.STATUS_NEEDS_CHANGES:
        return _("Changes requested")
    if goes_live := state.current_task_state.revision.approved_go_live_at:
        return _("Goes live %(date)s") % {"date": date_format(localtime(goes_live), "SHORT_DATETIME_FORMAT")}
    return _("Live") if state.content_object.live else _("Withdrawn")


def list_drafts(*, user) -> list[dict]:
    """What this person wrote last and nobody has submitted, newest first."""
    drafts = []
    for model in (*CATALOG, *PAGES):
        submitted = WorkflowState.objects.active().filter(
            base_content_type=ContentType.objects.get_for_model(model if model in CATALOG else Page),
            object_id=Cast(OuterRef("pk"), CharField()),
        )
        drafts += (
            model.objects.filter(~Exists(submitted), has_unpublished_changes=True, latest_revision__user=user)
            .select_related("latest_revision")
            .order_by("-latest_revision__created_at")[:SHOWN]
        )
    drafts.sort(key=lambda record: record.latest_revision.created_at, reverse=True)
    return [
        {
            "name": record.latest_revision.object_str,
            "at": record.latest_revision.created_at,
            "url": review_address("changes", record),
        }
        for record in drafts[:SHOWN]
    ]
