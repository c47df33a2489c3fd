"""What the review adds to a form: why a version can't be approved, and actions in the words of the vocabulary."""

from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin import action_menu as actions
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.snippets import action_menu as snippet_actions

from catalog.models.publication import Published
from editorial.review.roles import is_editor, is_lead, is_reviewer
from editorial.review.tasks import ReviewState, name_of


class CheckersItem(MenuItem):
    """A menu item that only people who check values see."""

    def is_shown(self, request) -> bool:
        return is_editor(request.user)


def review_address(name: str, record) -> str:
    """Return the address of a review screen for an entry, a term or a page."""
    return reverse(f"review:{name}", args=(ContentType.objects.get_for_model(record).pk, record.pk))


def explain_review(*, request, record) -> None:
    """Show a message on a version in review: where it is decided, and for reviewers why they can't approve it."""
    review = getattr(record, "current_workflow_state", None)
    state = review and review.current_task_state and review.current_task_state.specific
    if review is None or request.method != "GET" or not isinstance(state, ReviewState):
        return
    see = messages.button(review_address("changes", record), _("See what changed"))
    if review.status == review.STATUS_NEEDS_CHANGES:
        words = {"who": name_of(state.finished_by), "what": state.comment or "–"}
        messages.warning(request, _("%(who)s asks for changes: %(what)s") % words, buttons=[see])
        return
    obstacle = state.find_obstacle(request.user) if is_reviewer(request.user) else ""
    if obstacle:
        messages.warning(request, obstacle, buttons=[see])
    else:
        messages.info(request, _("This version is in review."), buttons=[see])


class EmergencyItem:
    """The menu item with which leads publish without another person; the form asks why."""

    name = "action-emergency"
    label = _("Publish as emergency")
    icon_name = "warning"
    order = 900

    def record_of(self, context):
        return context.get("instance") or context.get("page")

    def is_shown(self, context) -> bool:
        record = self.record_of(context)
        is_ours = context["view"] == "edit" and isinstance(record, Published)
        return is_ours and is_lead(context["request"].user)

    def get_url(self, context):
        return review_address("emergency", self.record_of(context))


class PageEmergencyItem(EmergencyItem, actions.ActionMenuItem):
    pass


class SnippetEmergencyItem(EmergencyItem, snippet_actions.ActionMenuItem):
    pass


class SubmitItem:
    """The menu item to submit a version, in our words; Wagtail's name the workflow."""

    def get_context_data(self, parent_context):
        context = super().get_context_data(parent_context)
        record = parent_context.get("instance") or parent_context.get("page")
        state = record and record.current_workflow_state
        is_sent_back = state and state.status == state.STATUS_NEEDS_CHANGES
        return {**context, "label": _("Resubmit") if is_sent_back else _("Submit for review")}


class PageSubmitItem(SubmitItem, actions.SubmitForModerationMenuItem):
    pass


class SnippetSubmitItem(SubmitItem, snippet_actions.SubmitForModerationMenuItem):
    pass


def name_actions(items: list, *, user, record, submit: type) -> None:
    """Give the actions below a form the words of the vocabulary. `submit` is the class of the submit action."""
    # Submitting again does the same as restarting.
    hidden = {"action-restart-workflow", *(() if is_editor(user) else ("action-submit",))}
    state = getattr(record, "current_workflow_task_state", None)
    if state and not state.specific.may_take_back(user):
        hidden.add("action-cancel-workflow")
    items[:] = [item for item in items if item.name not in hidden]
    for number, item in enumerate(items):
        match item.name:
            case "action-submit":
                items[number] = submit(order=item.order)
            case "action-cancel-workflow":
                item.label = _("Take back")
            case "approve":
                # Without this, Wagtail would add "and Publish" to our label.
                item.label = _("Approve and publish")
