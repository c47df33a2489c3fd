"""Publishing alone, in an emergency."""

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

# Within which the second look is taken, before somebody is reminded of it.
WORKING_DAYS = 2
SATURDAY = 5


@transaction.atomic
def publish_in_emergency(*, record, user, reason: str) -> None:
    """Publish the newest version at once; another person owes it a second look.

    Raises PermissionDenied for all but leads, Refused without a reason.
    """
    if not is_lead(user):
        raise PermissionDenied
    record.lock_row()
    record.refresh_from_db(fields=["latest_revision"])
    revision = record.get_latest_revision()
    approve(record=record, revision=revision, kind=ApprovalKind.EMERGENCY, approver=user, reason=reason)
    publish(record=record, revision=revision, user=user, skip_permission_checks=True)


def find_owed_looks() -> Iterator[tuple]:
    """Each record that was published or withdrawn by one person alone, with its approval; oldest first."""
    newer = Approval.objects.filter(
        content_type=OuterRef("content_type"), object_id=OuterRef("object_id"), pk__gt=OuterRef("pk")
    )
    last = Approval.objects.filter(~Exists(newer), kind=ApprovalKind.EMERGENCY)
    for approval in last.select_related("approver").prefetch_related("revision__content_object").order_by("at"):
        yield approval.revision.content_object, approval


def look_due(approval) -> datetime:
    """Until when the second look is owed: two working days, Monday to Friday where the site is, after the emergency."""
    moment = timezone.localtime(approval.at, timezone.get_default_timezone())
    if moment.weekday() >= SATURDAY:
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=7 - moment.weekday())
    left = WORKING_DAYS
    while left:
        moment += timedelta(days=1)
        left -= moment.weekday() < SATURDAY
    return moment
