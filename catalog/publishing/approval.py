"""Approves a version: the one thing without which nothing is published."""

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
    """Write down that a revision may go live, for exactly what it says now.

    `digest` is what the approver saw, where that is known. Raises Refused if the revision says something else by
    now, or if the approver wrote a part of it and the kind needs another pair of eyes.
    """
    found = digest_of(revision.content)
    authors = find_authors(record=record, revision=revision)
    if digest is not None and digest != found:
        raise Refused(_("It was changed since: look at the newer version before you approve it."), code="newer")
    match kind:
        case ApprovalKind.REVIEWED | ApprovalKind.BATCH if record.owed_look:
            # It would be part of what is approved, and be seen by nobody.
            raise Refused(_("A second look is owed to what was published alone: take it first."), code="owed")
        case ApprovalKind.REVIEWED | ApprovalKind.BATCH if approver is None or approver.pk in authors:
            raise Refused(_("You changed this version; someone else must approve it."), code="author")
        case ApprovalKind.EMERGENCY if approver is None or not reason.strip():
            raise Refused(_("Say why it can't wait for another person."), code="reason")
        case ApprovalKind.EMERGENCY if revision.as_object().waits:
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
    """Write an approval down, in the log too, under this action; the conditions are for the caller to check."""
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
    effects.follow(effects.Approved(approval))
    return approval
