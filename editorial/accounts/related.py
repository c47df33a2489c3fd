"""Approvals between accounts that one person made: two accounts of one person can't be prevented, so they are shown."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from wagtail.admin.menu import MenuItem
from wagtail.models import ModelLogEntry

from catalog.models import Approval, ApprovalKind
from editorial.review.roles import is_lead

# Accounts that were made further apart don't count as made together.
TOGETHER = timedelta(days=30)
# Older approvals are not listed, so that the list stays short.
SHOWN = timedelta(days=90)
ON_A_PAGE = 50


class LeadsItem(MenuItem):
    """A menu item that only leads see."""

    def is_shown(self, request: HttpRequest) -> bool:
        return is_lead(request.user)


def find_makings() -> dict[int, tuple[int, datetime]]:
    """Return who made an account and when, by the id of the account, as far as the log says.

    It doesn't for accounts that were made by a command.
    """
    logged = ModelLogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(get_user_model()), action="wagtail.create", user__isnull=False
    )
    rows = logged.order_by("timestamp").values_list("object_id", "user_id", "timestamp")
    return {int(account): (maker, at) for account, maker, at in rows}


def find_maker(*, author: int, approver: int, makings: dict[int, tuple[int, datetime]]) -> int | None:
    """Return the id of the person who made both accounts within 30 days, or who made one and has the other."""
    if author in makings and approver in makings:
        (maker, at), (other, then) = makings[author], makings[approver]
        if maker == other and abs(at - then) <= TOGETHER:
            return maker
    for account, owner in ((author, approver), (approver, author)):
        if account in makings and makings[account][0] == owner:
            return owner
    return None


def list_related_approvals() -> Iterator[tuple[int, int, int]]:
    """Yield approvals between related accounts of the last 90 days, newest first: their id, the author, the maker."""
    makings = find_makings()
    approvals = Approval.objects.filter(
        kind__in=[ApprovalKind.REVIEWED, ApprovalKind.BATCH], at__gte=timezone.now() - SHOWN, approver__isnull=False
    )
    for pk, approver, authors in approvals.order_by("-pk").values_list("pk", "approver_id", "authors"):
        for author in authors:
            if author != approver and (maker := find_maker(author=author, approver=approver, makings=makings)):
                yield pk, author, maker


def show_related_approvals(request: HttpRequest) -> HttpResponse:
    """Show leads the approvals between accounts that one person made."""
    if not is_lead(request.user):
        raise PermissionDenied
    page = Paginator(list(list_related_approvals()), ON_A_PAGE).get_page(request.GET.get("p"))
    approvals = Approval.objects.select_related("approver", "revision__content_type").in_bulk({pk for pk, *_ in page})
    people = get_user_model().objects.in_bulk({pk for _approval, *pair in page for pk in pair})
    rows = [{"approval": approvals[pk], "author": people[author], "maker": people[maker]} for pk, author, maker in page]
    return render(request, "wagtailadmin/accounts/related_approvals.html", {"page": page, "rows": rows})
