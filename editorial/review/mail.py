"""Sending notices by mail.

A scheduled command sends them, never a request, so that a dead mail server delays nobody.
"""

import logging
import smtplib
from datetime import timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from wagtail.admin.utils import get_user_display_name
from wagtail.users.models import UserProfile

from editorial.review.notices import Notice, NoticeKind

logger = logging.getLogger(__name__)

# How long a process may hold a notice before another one may send it. Longer than a slow server takes.
LEASE = timedelta(minutes=5)


def send_notices() -> int:
    """Send the waiting mail, and return how many messages were sent.

    A notice counts as sent only after the server accepted it. Unsent notices stay for the next run, and a refused one
    does not block the others.
    """
    unsent = Notice.objects.unsent()
    unsent.filter(Q(recipient__is_active=False) | Q(recipient__email="")).update(by_mail=False)
    waiting = list(unsent.filter(not_before__lte=timezone.now()).values_list("pk", flat=True))
    if not waiting:
        return 0
    sent, refused = 0, []
    connection = get_connection()
    try:
        connection.open()
        for pk in waiting:
            if not claim_notice(pk):
                continue
            notice = (
                Notice.objects.select_related("recipient", "actor", "revision", "live_revision").filter(pk=pk).first()
            )
            if notice is None:
                # It was deleted a moment ago, together with its draft.
                continue
            try:
                build_message(notice, connection).send()
            except Exception as error:
                if is_connection_error(error):
                    raise
                # The answer of the server may hold the address, which is not for the log.
                refused.append(f"{notice.recipient.get_username()} ({type(error).__name__})")
            else:
                Notice.objects.filter(pk=pk).update(mailed_at=timezone.now())
                sent += 1
    except (OSError, smtplib.SMTPException) as error:
        logger.error(
            "The mail server could not be used; %s notices wait for the next run: %s", len(waiting) - sent, error
        )
    finally:
        connection.close()
    if refused:
        logger.error("Notices that could not be sent and are tried again later: %s", "; ".join(refused))
    return sent


def claim_notice(pk: int) -> bool:
    """Claim an unsent notice for this process; return False if another process was faster.

    This is one conditional update instead of a lock. A lock would be held until the mail server answers, and on SQLite
    it would block everybody who writes.
    """
    now = timezone.now()
    return bool(Notice.objects.unsent().filter(pk=pk, not_before__lte=now).update(not_before=now + LEASE))


def is_connection_error(error: Exception) -> bool:
    """Return whether an error concerns the connection, so that no other notice can be sent either."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, smtplib.SMTPServerDisconnected)
    return isinstance(error, OSError)


def build_message(notice: Notice, connection) -> EmailMessage:
    """Return a message that says what happened, what changed and where to act, in the recipient's language."""
    with translation.override(UserProfile.get_for_user(notice.recipient).get_preferred_language()):
        is_link = notice.kind == NoticeKind.PASSWORD_LINK
        body = render_to_string(
            f"wagtailadmin/review/{'password' if is_link else 'notice'}_mail.txt",
            {
                "notice": notice,
                "who": notice.actor and get_user_display_name(notice.actor),
                "address": urljoin(
                    settings.WAGTAILADMIN_BASE_URL, make_link(notice.recipient) if is_link else notice.address
                ),
                "choices": urljoin(settings.WAGTAILADMIN_BASE_URL, reverse("wagtailadmin_account")),
            },
        )
        subject = f"[{settings.WAGTAIL_SITE_NAME}] {' '.join(notice.title.split())}"
    return EmailMessage(
        subject=subject,
        body=body,
        to=[notice.recipient.email],
        headers={"Auto-Submitted": "auto-generated"},
        connection=connection,
    )


def make_link(user) -> str:
    """Return the address at which the owner of an account sets its password.

    It works once, for `PASSWORD_RESET_TIMEOUT` seconds, and not after a change of the password or the mail address.
    """
    token = default_token_generator.make_token(user)
    return reverse("wagtailadmin_password_reset_confirm", args=(urlsafe_base64_encode(force_bytes(user.pk)), token))
