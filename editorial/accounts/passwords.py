"""Passwords: set by their owners alone, through a link that is mailed to the address of the account.

The link is made when the mail is sent (`editorial.review.mail`), so that neither the database nor a log holds it.
"""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.forms import PasswordResetForm
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Refused
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
