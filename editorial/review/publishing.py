"""What happens when a review ends well. Imported while Wagtail's models load: it imports models only when called."""


def publish_approved(workflow_state, user=None) -> None:
    """Publish what was approved; `WAGTAIL_FINISH_WORKFLOW_ACTION` names it."""
    from catalog.publishing import publication

    record = workflow_state.content_object
    publication.publish_approved(record=getattr(record, "specific", record), user=user)
