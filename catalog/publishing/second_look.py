"""The second look at an emergency publication: another person confirms it, or brings back what was live before."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalog.models.approval import Approval, ApprovalKind, Refused
from catalog.models.publication import Published
from catalog.publishing.approval import write_approval
from catalog.publishing.publication import publish


@transaction.atomic
def confirm(*, record: Published, owed: Approval, user, reason: str = "") -> Approval:
    """Confirm an emergency publication, and return the approval.

    `owed` is the publication that the person looked at. Raises Refused if there is a newer one, or if the person is one
    of its authors.
    """
    record.lock_row()
    refuse_second_look(record=record, owed=owed, user=user)
    return write_approval(
        record=record,
        revision=owed.revision,
        kind=ApprovalKind.REVIEWED,
        authors=sorted(find_owed_authors(record)),
        approver=user,
        reason=reason,
        action="review.confirm",
    )


@transaction.atomic
def revert(*, record: Published, owed: Approval, user, reason: str = "") -> None:
    """Bring back the version that was live before an emergency publication.

    `owed` is the publication that the person looked at. Newer drafts stay in the history. Raises Refused if there is a
    newer publication, if the person wrote either version, or if there was no version before.
    """
    record.lock_row()
    refuse_second_look(record=record, owed=owed, user=user)
    before = find_seen_approval(record)
    if before is None:
        raise Refused(_("There is no earlier version; withdraw it instead."), code="first")
    if user.pk in before.authors:
        raise Refused(_("You wrote the earlier version; someone else must bring it back."), code="author")
    revision = before.revision.as_object().save_revision(user=user, previous_revision=before.revision)
    write_approval(
        record=record,
        revision=revision,
        kind=ApprovalKind.REVIEWED,
        authors=before.authors,
        approver=user,
        reason=reason,
        action="review.revert",
    )
    publish(record=record, revision=revision, user=user, skip_permission_checks=True)


def refuse_second_look(*, record: Published, owed: Approval, user) -> None:
    """Raise Refused unless `owed` is the newest emergency publication and this person may decide about it."""
    newest = record.owed_look
    if newest is None:
        raise Refused(_("No second look is owed here any more."), code="decided")
    if newest != owed:
        raise Refused(_("It was published again meanwhile. This is the current version."), code="newer")
    if user.pk in find_owed_authors(record):
        raise Refused(_("You wrote or published this version; the second look is another person's."), code="author")


def find_owed_authors(record: Published) -> set[int]:
    """Return the ids of the users who can't take the second look: they wrote or published what nobody else has seen."""
    authors = set()
    for approval in Approval.objects.of(record):
        if approval.kind != ApprovalKind.EMERGENCY:
            break
        authors |= {*approval.authors, approval.approver_id}
    return authors


def find_seen_approval(record: Published) -> Approval | None:
    """Return the approval of the last live version that was not an emergency publication, or None."""
    seen = Approval.objects.of(record).exclude(kind=ApprovalKind.EMERGENCY)
    return seen.filter(revision__in=record.find_published_revisions()).first()
