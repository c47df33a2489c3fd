"""Publishing without a second person, in an emergency."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from catalog.models import Approval, ApprovalKind
from catalog.publishing.approval import approve
from catalog.publishing.publication import publish
from editorial.review.roles import is_lead

# Working days for the second look; after that, reviewers get a reminder.
WORKING_DAYS = 2
SATURDAY = 5


@transaction.atomic
def publish_in_emergency(*, record, user, reason: str) -> None:
    """Publish the newest version at once; it then needs a second look by another person.

    Raises PermissionDenied unless the user is a lead, and Refused without a reason.
    """
    if not is_lead(user):
        raise PermissionDenied
    record.lock_row()
    record.refresh_from_db(fields=["latest_revision"])
    revision = record.get_latest_revision()
    approve(record=record, revision=revision, kind=ApprovalKind.EMERGENCY, approver=user, reason=reason)
    publish(record=record, revision=revision, user=user, skip_permission_checks=True)


def find_owed_looks() -> Iterator[tuple]:
    """Yield each record that one person published or withdrew alone, with its approval, oldest first."""
    newer = Approval.objects.filter(
        content_type=OuterRef("content_type"), object_id=OuterRef("object_id"), pk__gt=OuterRef("pk")
    )
    last = Approval.objects.filter(~Exists(newer), kind=ApprovalKind.EMERGENCY)
    for approval in last.select_related("approver").prefetch_related("revision__content_object").order_by("at"):
        yield approval.revision.content_object, approval


def second_look_due(approval) -> datetime:
    """Return when the second look is due: two working days after the approval, in the site's time zone."""
    moment = timezone.localtime(approval.at, timezone.get_default_timezone())
    if moment.weekday() >= SATURDAY:
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=7 - moment.weekday())
    left = WORKING_DAYS
    while left:
        moment += timedelta(days=1)
        left -= moment.weekday() < SATURDAY
    return moment
