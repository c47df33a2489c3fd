"""What happens when a review ends well. Imported while Wagtail's models load: it can't import any itself."""


def publish_approved(workflow_state, user=None) -> None:
    """Publish what was approved; `WAGTAIL_FINISH_WORKFLOW_ACTION` names it."""
    record = workflow_state.content_object
    getattr(record, "specific", record).publish_approved(user=user)
