"""Passwords: set by their owners alone, through a link that is mailed to the address of the account.

The link is made when the mail is sent (`editorial.review.mail`), so that neither the database nor a log holds it.
"""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.forms import PasswordResetForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.log_actions import log

from catalog.models import Refused
from editorial.accounts.users import LINK_SENT, may_change
from editorial.review.notices import Notice, NoticeKind, tell_of_account

# Links to one account within an hour: more would only fill a mailbox.
MOST_LINKS = 3


def send_link(*, user, actor=None) -> None:
    """Queue a mail with a link with which the owner of an account sets its password.

    `actor` is the administrator who asks for it, None if somebody did on the page for forgotten passwords. Raises
    Refused if the account has no address, is inactive, or has got links enough.
    """
    if not (user.is_active and user.email):
        raise Refused(_("The account is inactive or has no mail address: mend that first."))
    recent = Notice.objects.filter(
        recipient=user, kind=NoticeKind.PASSWORD_LINK, at__gt=timezone.now() - timedelta(hours=1)
    )
    if recent.count() >= MOST_LINKS:
        raise Refused(_("%(most)s links were sent within an hour: wait before sending another.") % {"most": MOST_LINKS})
    tell_of_account(kind=NoticeKind.PASSWORD_LINK, to=[user], account=user, actor=actor)


class LinkRequestForm(PasswordResetForm):
    """The form for a forgotten password. Its answer is the same whether an account has the address or not."""

    def get_users(self, email: str) -> Any:
        # Unlike Django's, with the accounts that have no password yet.
        return get_user_model().objects.filter(email__iexact=email, is_active=True)

    def save(self, *args: Any, **options: Any) -> None:
        """Queue the mail. A request that waited for the mail server would tell known addresses from unknown ones."""
        for user in self.get_users(self.cleaned_data["email"]):
            try:
                send_link(user=user)
            except Refused:
                # Saying so would tell that there is such an account.
                continue


def show_send_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether to send the owner of an account a link to set the password, and send it."""
    user = get_object_or_404(get_user_model(), pk=pk)
    if not request.user.has_perm("auth.change_user") or not may_change(actor=request.user, user=user):
        raise PermissionDenied
    if request.method != "POST":
        return render(request, "wagtailadmin/accounts/send_link.html", {"account": user})
    try:
        send_link(user=user, actor=request.user)
    except Refused as refused:
        messages.error(request, refused.messages[0])
    else:
        log(instance=user, action=LINK_SENT)
        messages.success(request, _("A link to set the password goes to %(address)s.") % {"address": user.email})
    return redirect("wagtailusers_users:edit", user.pk)
