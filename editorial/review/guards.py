"""Guards that must be signals: nobody can remove the review or delete people, whatever screen or code they use.

Without its workflow, nothing could be submitted, and nobody would be told why. `docs/publishing.md` has a table of the
guards.
"""

from django.conf import settings
from django.db.models.signals import pre_delete
from django.utils.translation import gettext_lazy as _
from wagtail.models import WorkflowContentType, WorkflowPage, WorkflowTask

from catalog.models import Refused


def refuse_release(sender, instance, **kwargs) -> None:
    """Refuse to remove the review from a kind of entry or from pages (receiver of `pre_delete`).

    Switching a workflow off starts with that.
    """
    if instance.workflow.active:
        raise Refused(_("The draft could no longer be submitted; its review goes on."))


def refuse_last_task(sender, instance, **kwargs) -> None:
    """Refuse to delete the last task of a workflow, because nobody could decide any more (receiver of `pre_delete`)."""
    if instance.workflow.active and not instance.workflow.workflow_tasks.exclude(pk=instance.pk).exists():
        raise Refused(_("Somebody must decide about a version: a workflow keeps at least one task."))


def refuse_person_deletion(sender, instance, **kwargs) -> None:
    """Refuse to delete a person, because that would erase who wrote what (receiver of `pre_delete`)."""
    raise Refused(_("People are never deleted: deactivate the account instead."))


def connect_review_guards() -> None:
    """Connect the receivers. Call this once, when all models are loaded."""
    for model in (WorkflowContentType, WorkflowPage):
        pre_delete.connect(refuse_release, sender=model)
    pre_delete.connect(refuse_last_task, sender=WorkflowTask)
    pre_delete.connect(refuse_person_deletion, sender=settings.AUTH_USER_MODEL)
