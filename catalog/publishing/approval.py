"""Approving a version: nothing is published without an approval."""

from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log
from wagtail.models import Revision

from catalog.models.approval import Approval, ApprovalKind, Refused, digest_of
from catalog.models.publication import Published
from catalog.publishing import effects
from catalog.publishing.authorship import find_authors


def approve(
    *,
    record: Published,
    revision: Revision,
    kind: ApprovalKind,
    approver=None,
    reason: str = "",
    digest: str | None = None,
) -> Approval:
    """Record that a revision may go live with exactly its present content, and return the approval.

    `digest` is the digest of the content that the approver saw, where it is known. Raises Refused if the content has
    changed since then, or if the approver wrote part of it and this kind of approval needs a second person.
    """
    found = digest_of(revision.content)
    authors = find_authors(record=record, revision=revision)
    if digest is not None and digest != found:
        raise Refused(_("It was changed since: look at the newer version before you approve it."), code="newer")
    match kind:
        case ApprovalKind.REVIEWED | ApprovalKind.BATCH if record.owed_look:
            # The emergency change would become part of the approved version without a second look.
            raise Refused(_("An emergency publication waits for its second look: do that first."), code="owed")
        case ApprovalKind.REVIEWED | ApprovalKind.BATCH if approver is None or approver.pk in authors:
            raise Refused(_("You changed this version; someone else must approve it."), code="author")
        case ApprovalKind.EMERGENCY if approver is None or not reason.strip():
            raise Refused(_("Say why it can't wait for another person."), code="reason")
        case ApprovalKind.EMERGENCY if revision.as_object().is_scheduled:
            raise Refused(_("It has a time to go live, so it can wait: empty that first."), code="waits")
        case ApprovalKind.SINGLE_CHECKED if approver is None:
            raise Refused(_("Someone must have checked it."), code="approver")
        case ApprovalKind.SHIPPED if approver is not None or authors:
            raise Refused(_("A person has changed this; it needs a review."), code="author")
    return write_approval(
        record=record, revision=revision, kind=kind, authors=authors, approver=approver, reason=reason
    )


def write_approval(
    *,
    record: Published,
    revision: Revision,
    kind: ApprovalKind,
    authors: list[int],
    approver,
    reason: str,
    action: str = "review.approve",
) -> Approval:
    """Write an approval and its log entry, and return it.

    Checks no conditions: the caller has done that. `action` is the action in the log.
    """
    reason = reason.strip()
    log(instance=record, action=action, user=approver, revision=revision, data={"kind": kind, "reason": reason})
    approval = Approval.objects.create(
        content_type=record.get_base_content_type(),
        object_id=str(record.pk),
        revision=revision,
        digest=digest_of(revision.content),
        kind=kind,
        authors=authors,
        approver=approver,
        reason=reason,
    )
    effects.run_effects(effects.Approved(approval))
    return approval
