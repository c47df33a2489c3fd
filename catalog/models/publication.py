"""What may go live: the abstract bases of entries, terms and article pages. `catalog.publishing` has the rules."""

import uuid
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.locks import ScheduledForPublishLock
from wagtail.log_actions import registry as log_registry

from catalog.models.approval import Approval, ApprovalKind, Refused
from catalog.models.listing import ListingVersion
from catalog.values import BilingualField

# What the log says when a version goes live.
WENT_LIVE = (
    *("wagtail.publish", "wagtail.publish.scheduled"),
    *("review.withdrawn", "review.merged", "review.restored", "review.renamed"),
)

# What readers are told where one person alone let a version through.
ONE_PERSON = {
    ApprovalKind.EMERGENCY: _("Published by one editor; second look pending"),
    ApprovalKind.SINGLE_CHECKED: _("Published and checked by one person"),
}

# `catalog.publishing.publication.publish`, once the apps are ready.
_publish: Callable[..., None]


def register_publish(function: Callable[..., None]) -> None:
    """Set what `Published.publish()` calls; this room imports nothing of the rules above it."""
    global _publish
    _publish = function


class Published(models.Model):
    """What may go live. Base of entries, terms and article pages.

    A version with a reason for withdrawal takes the object out of the public's sight instead.
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
        """Whether this version takes the object out of the public's sight."""
        return bool(self.withdrawal_en or self.withdrawal_zh)

    @property
    def waits(self) -> bool:
        """Whether this version is to go live later only."""
        return bool(self.go_live_at and self.go_live_at > timezone.now())

    @property
    def oversight(self) -> str:
        """What readers are told of how the live version was let through; empty where two people have seen it."""
        approval = Approval.objects.of(self).first()
        return ONE_PERSON.get(approval.kind, "") if approval else ""

    @property
    def owed_look(self) -> Approval | None:
        """The emergency publication, or withdrawal, that nobody else has looked at yet."""
        approval = Approval.objects.of(self).first()
        return approval if approval and approval.kind == ApprovalKind.EMERGENCY else None

    @property
    def last_published(self):
        """The revision that went live last, or withdrew the object; None before the first."""
        return self.revisions.filter(pk__in=self.find_published_revisions()).order_by("pk").last()

    def was_published(self, revision) -> bool:
        """Whether a revision went live once."""
        return self.find_published_revisions().filter(revision_id=revision.pk).exists()

    def find_published_revisions(self):
        """The keys of the revisions that went live, by the log."""
        return log_registry.get_logs_for_instance(self).filter(action__in=WENT_LIVE).values("revision_id")

    def lock_row(self) -> None:
        """Lock the object's row until the transaction ends, so that who decides about it at the same time waits.

        The listing index is locked first, since publishing changes it: with one order for all there is no deadlock.
        """
        ListingVersion.hold()
        type(self)._base_manager.select_for_update(of=("self",)).filter(pk=self.pk).values("pk").first()

    # What Wagtail calls ------------------------------------------------------------------------------------------

    def publish(self, revision, user=None, **options) -> None:
        """Publish an approved version; Wagtail calls it, and the rules are `catalog.publishing.publication.publish`."""
        _publish(record=self, revision=revision, user=user, **options)

    def go_live(self, revision, **options) -> None:
        """Publish a version as Wagtail does, by no rule of ours; refused but inside `catalog.publishing`."""
        super().publish(revision, **options)

    def unpublish(self, set_expired=False, commit=True, user=None, log_action=True):
        """Refuse: what is live is withdrawn by a version that says so, and that another person approves."""
        raise Refused(_("Withdrawing takes two people: give the reason in the form and submit it for review."))

    def take_down(self) -> None:
        """Unpublish the object as Wagtail does, by no rule of ours; refused but inside `catalog.publishing`."""
        # Without a user, whose permission Wagtail would ask for.
        super().unpublish(log_action=False)

    def save_revision(self, *args, overwrite_revision=None, **kwargs):
        """Save a version. One that a review, an approval or a schedule points at is kept, and a new one is made."""
        if overwrite_revision and (
            overwrite_revision.task_states.exists()
            or overwrite_revision.approvals.exists()
            or overwrite_revision.approved_go_live_at
        ):
            overwrite_revision = None
        return super().save_revision(*args, overwrite_revision=overwrite_revision, **kwargs)

    def get_lock(self):
        """Nobody is locked out by a schedule: a new version goes through a review, and takes its place then."""
        lock = super().get_lock()
        return None if isinstance(lock, ScheduledForPublishLock) else lock


class PublishedDocument(Published):
    """An object of the catalog whose public document is kept at every publication."""

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

    def public_document(self) -> dict:
        """Everything the public sees of this object (shape: `catalog.models.document`)."""
        raise TypeError(f"{type(self).__name__} must say what its public document is.")
