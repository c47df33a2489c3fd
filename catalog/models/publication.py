"""What can be published: abstract bases of entries, terms and article pages. The rules are in `catalog.publishing`."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.locks import ScheduledForPublishLock
from wagtail.log_actions import registry as log_registry

from catalog.models.approval import Approval, ApprovalKind, Refused
from catalog.models.listing import ListingVersion
from catalog.values import BilingualField

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise
    from wagtail.locks import BaseLock
    from wagtail.models import Revision, WorkflowMixin

    class Revisable(WorkflowMixin, models.Model):
        """What every class below gets from Wagtail's mixins, which its concrete classes name."""

        class Meta:
            abstract = True

else:
    Revisable = models.Model

# The log actions that make a version live.
WENT_LIVE = (
    *("wagtail.publish", "wagtail.publish.scheduled"),
    *("review.withdrawn", "review.merged", "review.restored", "review.renamed"),
)

# The notes that readers see if only one person approved the version.
ONE_PERSON: dict[str, "StrPromise"] = {
    ApprovalKind.EMERGENCY: _("Published by one editor; second look pending"),
    ApprovalKind.SINGLE_CHECKED: _("Published and checked by one person"),
}

# Set to `catalog.publishing.publication.publish` when the apps are ready.
_publish: Callable[..., None]


def register_publish(function: Callable[..., None]) -> None:
    """Set the function that `Published.publish()` calls, since models must not import `catalog.publishing`."""
    global _publish
    _publish = function


class Published(Revisable):
    """An object that can be published. Base of entries, terms and article pages.

    Approving a version with a reason for withdrawal unpublishes the object instead.
    """

    withdrawal = BilingualField(
        models.CharField,
        verbose_name=_("Reason for withdrawal"),
        max_length=300,
        blank=True,
        help_text=_("Readers see it with the date. Whoever approves this version withdraws it; empty it to restore."),
    )

    class Meta:
        abstract = True

    @property
    def is_withdrawal(self) -> bool:
        """Whether approving this version unpublishes the object."""
        return bool(self.withdrawal_en or self.withdrawal_zh)

    @property
    def is_scheduled(self) -> bool:
        """Whether this version is scheduled to go live later."""
        return bool(self.go_live_at and self.go_live_at > timezone.now())

    @property
    def oversight(self) -> "StrPromise | str":
        """The note that readers see about the live version's approval; empty if two people saw it."""
        approval = Approval.objects.of(self).first()
        return ONE_PERSON.get(approval.kind, "") if approval else ""

    @property
    def owed_look(self) -> Approval | None:
        """The emergency approval that nobody else has reviewed yet, if there is one."""
        approval = Approval.objects.of(self).first()
        return approval if approval and approval.kind == ApprovalKind.EMERGENCY else None

    @property
    def last_published(self) -> "Revision | None":
        """The revision that was published last or withdrew the object; None before the first."""
        return self.revisions.filter(pk__in=self.find_published_revisions()).order_by("pk").last()

    def was_published(self, revision: "Revision") -> bool:
        """Return whether a revision ever went live."""
        return self.find_published_revisions().filter(revision_id=revision.pk).exists()

    def find_published_revisions(self) -> models.QuerySet[models.Model, dict[str, Any]]:
        """Return the primary keys of the revisions that went live, according to the log."""
        logs: models.QuerySet[models.Model] = log_registry.get_logs_for_instance(self)
        return logs.filter(action__in=WENT_LIVE).values("revision_id")

    def lock_row(self) -> None:
        """Lock the object's row until the transaction ends, so that concurrent decisions about it wait.

        The listing index is locked first, since publishing changes it: locking always in one order prevents deadlocks.
        """
        ListingVersion.lock()
        type(self)._base_manager.select_for_update(of=("self",)).filter(pk=self.pk).values("pk").first()

    # Called by Wagtail ------------------------------------------------------------------------------------------

    def publish(self, revision: "Revision", user: AbstractBaseUser | None = None, **options: Any) -> None:
        """Publish an approved version; called by Wagtail. The rules are in `catalog.publishing.publication.publish`."""
        _publish(record=self, revision=revision, user=user, **options)

    def go_live(self, revision: "Revision", **options: Any) -> None:
        """Publish a version as Wagtail does, without our rules; refused outside `catalog.publishing`."""
        super().publish(revision, **options)

    def unpublish(
        self,
        set_expired: bool = False,
        commit: bool = True,
        user: AbstractBaseUser | None = None,
        log_action: bool = True,
    ) -> NoReturn:
        """Raise Refused: an object is withdrawn by a version with a reason that another person approves."""
        raise Refused(_("Withdrawing takes two people: give the reason in the form and submit it for review."))

    def take_down(self) -> None:
        """Unpublish the object as Wagtail does, without our rules; refused outside `catalog.publishing`."""
        # Without a user, since Wagtail would check the user's permission.
        super().unpublish(log_action=False)

    def save_revision(self, *args: Any, overwrite_revision: "Revision | None" = None, **kwargs: Any) -> "Revision":
        """Save a version. One that is in a review, approved or scheduled is never overwritten; a new one is saved."""
        if overwrite_revision and (
            overwrite_revision.task_states.exists()
            or overwrite_revision.approvals.exists()
            or overwrite_revision.approved_go_live_at
        ):
            overwrite_revision = None
        return super().save_revision(*args, overwrite_revision=overwrite_revision, **kwargs)

    def get_lock(self) -> "BaseLock | None":
        """Return the lock, but ignore one for a schedule: a new version goes through a review, and then replaces it."""
        lock = super().get_lock()
        return None if isinstance(lock, ScheduledForPublishLock) else lock


class PublishedDocument(Published):
    """An object of the catalog, whose public document is stored at each publication."""

    uid = models.UUIDField(_("permanent id"), default=uuid.uuid4, unique=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("merged into"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged",
        help_text=_("Its address leads there for ever once this version is approved."),
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        target = self.merged_into
        if target and (target.pk == self.pk or target.merged_into_id):
            raise ValidationError({"merged_into": _("Choose another entry, and one that has not been merged itself.")})
        if target and not target.live:
            raise ValidationError({"merged_into": _("Choose an entry that is live: readers are led there.")})

    @property
    def is_withdrawal(self) -> bool:
        return super().is_withdrawal or self.merged_into_id is not None

    def public_document(self) -> dict[str, Any]:
        """Return everything that the public sees of this object, in the format of `catalog.models.document`."""
        raise TypeError(f"{type(self).__name__} must say what its public document is.")
