"""The review workflow: a reviewer or lead decides about exactly the version that was submitted."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from wagtail.admin.utils import get_user_display_name
from wagtail.log_actions import log
from wagtail.models import AbstractGroupApprovalTask, Page, Task, TaskState

from catalog.models import ApprovalKind, Refused
from catalog.models.approval import digest_of
from catalog.models.base import Entry
from catalog.publishing.approval import approve
from catalog.publishing.authorship import find_authors, find_restored_authors
from catalog.publishing.guards import is_sanctioned
from catalog.publishing.submission import find_lost_citations, find_unsourced, label_place, name_differences
from editorial.review.notices import tell_sent_back, tell_submitted
from editorial.review.roles import find_leads, is_alone, is_editor, is_reviewer

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class ReviewState(TaskState):
    """One version in review: a digest of its content when it was submitted, and the decision about it."""

    digest = models.CharField(_("digest"), max_length=64)
    # Used to filter lists. The approval itself looks up the authors of the revisions again.
    authors = models.ManyToManyField(settings.AUTH_USER_MODEL, verbose_name=_("authors"), related_name="+")

    class Meta:
        verbose_name = _("review of a version")
        verbose_name_plural = _("reviews of versions")

    @property
    def record(self):
        """The entry, term or page."""
        return self.revision.content_object

    @property
    def is_outdated(self) -> bool:
        """Whether there is a newer version with other content than the one in review."""
        return digest_of(self.record.get_latest_revision().content) != self.digest

    def replace(self, *, user) -> None:
        """Continue the review with the newest version, submitted by this person."""
        self.record.lock_row()
        self.refuse_if_decided()
        self.cancel(user=user, resume=True)
        state = self.workflow_state
        log(
            instance=self.record,
            action="wagtail.workflow.resume",
            user=user,
            revision=state.current_task_state.revision,
            data={
                "workflow": {
                    "id": state.workflow_id,
                    "title": state.workflow.name,
                    "status": state.status,
                    "task_state_id": state.current_task_state_id,
                    "task": {"id": self.task_id, "title": self.task.name},
                }
            },
        )

    def find_obstacle(self, user) -> "StrPromise | str":
        """Return why this person can't approve this version now, in words; "" if they can."""
        if not is_reviewer(user):
            return _("Reviewers and leads decide about versions.")
        record = self.record
        latest = record.get_latest_revision()
        if self.is_outdated:
            return _("%(who)s changed it on %(when)s, after it was submitted (%(what)s). Submit it again.") % {
                "who": name_of(latest.user),
                "when": on_day(latest.created_at),
                "what": ", ".join(name_differences(record=record, old=self.revision, new=latest)),
            }
        if record.owed_look and not is_alone(user):
            return _("An emergency publication waits for its second look: do that first.")
        authors = find_authors(record=record, revision=latest)
        if user.pk in authors and not is_alone(user):
            since = record.last_published
            own = record.revisions.filter(user=user, pk__gt=since.pk if since else 0).order_by("pk").last()
            if user.pk in find_restored_authors(record=record, revision=latest):
                return _("Words that you wrote earlier go live again with it; someone else must approve it.")
            if own is None:
                return _("You submitted this version; someone else must approve it.")
            return _("You changed this version on %(when)s; someone else must approve it.") % {
                "when": on_day(own.created_at)
            }
        if latest.as_object().is_withdrawal and not find_leads().filter(pk__in=[*authors, user.pk]).exists():
            return _("It withdraws or merges the entry: a lead must submit or approve that.")
        return ""

    @transaction.atomic
    def approve(self, user=None, update=True, comment=""):
        """Approve exactly the submitted version, so that it can go live.

        Raises Refused if somebody has already decided, if there is a newer version, or if the person is one of its
        authors or no reviewer.
        """
        self.record.lock_row()
        self.refuse_if_decided()
        if obstacle := self.find_obstacle(user):
            raise Refused(obstacle)
        revision = self.record.get_latest_revision()
        # A team of one: the approval is marked as single-checked, which readers see.
        is_own = user.pk in find_authors(record=self.record, revision=revision) or self.record.owed_look is not None
        approve(
            record=self.record,
            revision=revision,
            kind=ApprovalKind.SINGLE_CHECKED if is_own else ApprovalKind.REVIEWED,
            approver=user,
            reason=comment,
            digest=self.digest,
        )
        return super().approve(user=user, update=update, comment=comment)

    @transaction.atomic
    def reject(self, user=None, update=True, comment=""):
        """Send the version back with a comment on what to change. Raises Refused for people who don't review."""
        self.record.lock_row()
        self.refuse_if_decided()
        if not is_reviewer(user):
            raise Refused(_("Reviewers and leads decide about versions."))
        state = super().reject(user=user, update=update, comment=comment)
        tell_sent_back(record=self.record, revision=self.revision, user=user, comment=comment)
        return state

    @transaction.atomic
    def cancel(self, user=None, resume=False, comment=""):
        """End the review without a decision, because another version goes live or an author takes it back.

        Raises Refused for other people, who should request changes instead.
        """
        if user and not (resume or is_sanctioned() or self.may_take_back(user)):
            raise Refused(_("Only its authors take it back: ask for changes instead."))
        return super().cancel(user=user, resume=resume, comment=comment)

    def may_take_back(self, user) -> bool:
        """Return whether a person wrote or submitted the version in review."""
        return user.pk == self.workflow_state.requested_by_id or self.authors.filter(pk=user.pk).exists()

    def log_state_change_action(self, user, action):
        """Log a request for changes. An approval has already been logged, with its kind."""
        if action != "approve":
            super().log_state_change_action(user, action)

    def refuse_if_decided(self) -> None:
        """Raise Refused if this review has ended."""
        self.refresh_from_db(fields=["status", "finished_at", "finished_by"])
        if self.status != self.STATUS_IN_PROGRESS:
            raise Refused(
                _("%(who)s has decided about this version already, on %(when)s: %(decision)s.")
                % {
                    "who": name_of(self.finished_by),
                    "when": on_day(self.finished_at or timezone.now()),
                    "decision": self.get_status_display(),
                }
            )


class Review(AbstractGroupApprovalTask):
    """The task of the workflow: somebody other than the authors approves a version or requests changes."""

    task_state_class = ReviewState
    # Who reviews follows from roles, so there is no choice of groups.
    admin_form_fields = Task.admin_form_fields

    class Meta:
        verbose_name = _("Review by another person")
        verbose_name_plural = _("Reviews by another person")

    def start(self, workflow_state, user=None):
        if user and not is_editor(user):
            raise Refused(_("Editors submit drafts: ask one to look at this version and submit it."))
        # The state may have loaded the object before the version was saved.
        workflow_state.content_object.refresh_from_db(fields=["latest_revision"])
        # Wagtail passes pages as plain `Page` objects.
        record = getattr(workflow_state.content_object, "specific", workflow_state.content_object)
        refuse_unchanged(record)
        refuse_unsourced(record)
        refuse_lost_citations(record)
        state = super().start(workflow_state, user=user)
        state.digest = digest_of(state.revision.content)
        state.save(update_fields=["digest"])
        state.authors.set({*find_authors(record=state.record, revision=state.revision), *([user.pk] if user else ())})
        tell_submitted(record=state.record, revision=state.revision, user=user)
        return state

    def deactivate(self, user=None):
        """Switch the task off. Raises Refused while versions are in review."""
        if TaskState.objects.filter(task=self, status=TaskState.STATUS_IN_PROGRESS).exists():
            raise Refused(_("Versions are in review: first have them decided or taken back."))
        super().deactivate(user=user)

    def locked_for_user(self, obj, user):
        """Return False: nobody is locked out, because a newer version is submitted again."""
        return False

    def get_actions(self, obj, user):
        """Return what a person may do. Authors can't approve, and nobody can approve an outdated version."""
        state = obj.current_workflow_task_state
        if state is None:
            return []
        state, actions = state.specific, []
        if state.is_outdated and is_editor(user):
            actions.append(("resubmit", _("Resubmit"), False))
        if is_reviewer(user):
            actions.append(("reject", _("Request changes"), True))
            if not state.find_obstacle(user):
                actions.append(("approve", _("Approve and publish"), False))
        return actions

    @transaction.atomic
    def on_action(self, task_state, user, action_name, **kwargs):
        """Decide, or replace the version in review with the newest one."""
        if action_name == "resubmit":
            task_state.specific.replace(user=user)
        else:
            super().on_action(task_state.specific, user, action_name, **kwargs)

    def get_task_states_user_can_moderate(self, user, **kwargs):
        """Return the versions that a person decides about. Roles give this right; the groups of the task do not."""
        in_progress = self.task_states.filter(status=TaskState.STATUS_IN_PROGRESS)
        return in_progress if is_reviewer(user) else in_progress.none()

    @classmethod
    def get_description(cls):
        return _("A reviewer or lead who wrote no part of the version approves it or asks for changes.")


def refuse_unchanged(record) -> None:
    """Raise Refused if the newest version is already published, so that there is nothing to decide."""
    if record.was_published(record.get_latest_revision()):
        raise Refused(_("Nothing has changed since it was published."), code="unchanged")


def refuse_unsourced(record) -> None:
    """Raise Refused if the newest version changes values without naming a source. Drafts may do so."""
    if isinstance(record, Entry) and (unsourced := find_unsourced(entry=record, revision=record.get_latest_revision())):
        raise Refused(
            _("It can't be submitted yet. Under “Sources”, name a source for: %(names)s."),
            code="unsourced",
            params={"names": ", ".join(unsourced.values()), "unsourced": unsourced},
        )


def refuse_lost_citations(record: models.Model) -> None:
    """Raise Refused if the newest version cites a source for a row that is gone: it could not go live."""
    if isinstance(record, Entry) and (lost := find_lost_citations(record.get_latest_revision_as_object())):
        places = [
            f"{label_place(entry=record, field=citation.field, item=citation.item)} ({citation.source})"
            for citation in lost
        ]
        raise Refused(
            _(
                "It can't be submitted yet. Under “Sources”, delete the source of a row that is gone, or choose "
                "another row for it: %(names)s."
            ),
            code="lost",
            params={"names": ", ".join(places)},
        )


def may_edit(user, record) -> bool:
    """Return whether a person may change this entry, term or page."""
    if isinstance(record, Page):
        return record.permissions_for_user(user).can_edit()
    return user.has_perm(f"{record._meta.app_label}.change_{record._meta.model_name}")


def name_of(user) -> str:
    return get_user_display_name(user) if user else str(_("Someone"))


def on_day(moment) -> str:
    return date_format(timezone.localtime(moment), "DATE_FORMAT")
