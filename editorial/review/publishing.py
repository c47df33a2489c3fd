"""The last step of an approved review. Wagtail imports this module while models load, so its imports are inside."""


def finish_workflow(workflow_state, user=None) -> None:
    """Publish the approved version; the setting `WAGTAIL_FINISH_WORKFLOW_ACTION` names this function."""
    from catalog.publishing import publication

    record = workflow_state.content_object
    publication.publish_approved(record=getattr(record, "specific", record), user=user)
