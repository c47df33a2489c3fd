"""The log of decisions: what each action is called, and which version it names."""

from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import LogFormatter
from wagtail.utils.timestamps import parse_datetime_localized, render_timestamp

from catalog.models import ApprovalKind
from catalog.models.choices import FieldGroup
from catalog.values import BilingualText

# The first ones replace Wagtail's own texts, which name the workflow and its task.
WORDS = {
    "wagtail.workflow.start": (_("Submit for review"), _("Submitted for review")),
    "wagtail.workflow.resume": (_("Resubmit"), _("Resubmitted")),
    "wagtail.workflow.cancel": (_("Take back"), _("Taken back")),
    "wagtail.workflow.reject": (_("Request changes"), _("Changes requested")),
    "wagtail.publish.schedule": (_("Schedule"), _("Goes live %(date)s")),
    "wagtail.publish.scheduled": (_("Publish as scheduled"), _("Published as scheduled")),
    "review.approve": (_("Approve"), "%(kind)s"),
    "review.confirm": (_("Confirm"), _("Second look: confirmed")),
    "review.revert": (_("Revert"), _("Second look: what was live before was brought back")),
    "review.withdrawn": (_("Withdraw"), _("Withdrawn")),
    "review.merged": (_("Merge"), _("Merged into “%(name)s”")),
    "review.restored": (_("Restore"), _("Restored")),
    "review.interval": (
        _("Change an interval"),
        _("Checks of the group “%(group)s” hold for %(after)s days, before for %(before)s"),
    ),
    "review.renamed": (_("Change the address"), _("Address changed from “%(former)s” to “%(slug)s”")),
}


class DecisionFormatter(LogFormatter):
    """Formats a log entry: what was decided, and the reason as its comment."""

    def format_message(self, log_entry) -> str:
        data = log_entry.data
        values: dict[str, object] = {}
        if "kind" in data:
            values["kind"] = ApprovalKind(data["kind"]).label
        if "into" in data:
            values["name"] = BilingualText(**data["into"]).text
        if "group" in data:
            values.update(group=FieldGroup(data["group"]).label, before=data["before"], after=data["after"])
        if "slug" in data:
            values.update(former=data["former_slug"], slug=data["slug"])
        if go_live := data.get("revision", {}).get("go_live_at"):
            values["date"] = render_timestamp(parse_datetime_localized(go_live))
        return self.message % values

    def format_comment(self, log_entry) -> str:
        reason = log_entry.data.get("reason") or log_entry.data.get("comment", "")
        return BilingualText(**reason).text if isinstance(reason, dict) else reason


def register_decisions(actions) -> None:
    """Give Wagtail's log our words for decisions."""
    # Otherwise Wagtail's words would remain beside ours.
    actions.choices = [choice for choice in actions.choices if choice[0] not in WORDS]
    for action, (label, message) in WORDS.items():
        words = {"label": label, "message": message}
        actions.register_action(action)(type("Formatter", (DecisionFormatter,), words))


def name_resubmitted_version(sender, instance, **kwargs) -> None:
    """Log the resubmitted version; Wagtail logs the one that was sent back (receiver of `pre_save`)."""
    if instance.action == "wagtail.workflow.resume":
        record = instance.content_type.get_object_for_this_type(pk=instance.object_id)
        instance.revision_id = record.latest_revision_id
