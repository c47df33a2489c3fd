"""Limits on guessing passwords and codes, checked before anything is hashed.

They are in the database, so that all processes share them. Those of django-allauth are in Django's cache, which each
process has for itself; they are switched off, except for passkeys, which nobody can guess. A refused attempt only
reads: it neither hashes nor writes, and it doesn't prolong a lockout. An address that goes on all the same is answered
before anything else is done.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_network

from allauth.account.adapter import get_adapter
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

SHORT, LONG = timedelta(minutes=5), timedelta(hours=1)
# For how long an address counts as known to an account after a sign-in. Attempts are deleted after that time.
KNOWN = timedelta(days=30)
# Failures by one address on one account, by one address on all accounts, and by all addresses on one account.
MOST_BY_PAIR, MOST_BY_ADDRESS, MOST_BY_ACCOUNT = 5, 20, 50
# How many addresses a process remembers as refused.
MOST_REMEMBERED = 10_000
# Seconds that an attempt waits for its refusal, and how many wait at most in a process.
WAIT, MOST_WAITING = 1, 12


class SignInAttempt(models.Model):
    """An attempt to sign in, or to confirm a sign-in, with a password or a code."""

    # A digest: people type passwords into the wrong field.
    account = models.CharField(_("account"), max_length=64)
    address = models.GenericIPAddressField(_("address"))
    succeeded = models.BooleanField(_("succeeded"))
    # An administrator, or a new password, lifts a lockout.
    lifted = models.BooleanField(_("lifted"), default=False)
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("attempt to sign in")
        verbose_name_plural = _("attempts to sign in")
        indexes = [
            models.Index(fields=["account", "at"], name="attempt_on_account"),
            models.Index(fields=["address", "at"], name="attempt_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.address}, {self.at}"


def find_client(request: HttpRequest) -> str:
    """Return the address that attempts of a request count for: for IPv6 its /64 network, which one client has whole."""
    address = get_adapter().get_client_ip(request)
    return str(ip_network(f"{address}/64", strict=False).network_address) if ":" in address else address


def digest_account(name: str) -> str:
    """Return what stands for an account or an unknown name in the table."""
    return hashlib.sha256(name.strip().casefold().encode()).hexdigest()


def name_password(user) -> str:
    """Return the name under which wrong passwords of an account count, whichever of its names was typed."""
    return f"user {user.pk}"


def name_code(user) -> str:
    """Return the name under which wrong codes count. Otherwise, the right password would clear them each time."""
    return f"code {user.pk}"


def find_lockout(*, account: str, address: str) -> datetime | None:
    """Return until when nobody may try a password or code for this account from this address, or None.

    The limit over all addresses is not for those from which the account has signed in within 30 days, so that strangers
    can't keep people out of their own accounts.
    """
    now, name = timezone.now(), digest_account(account)
    failures = SignInAttempt.objects.filter(succeeded=False, lifted=False)
    by_address, on_account = failures.filter(address=address), failures.filter(account=name)
    ends = [
        find_end(by_address.filter(account=name), most=MOST_BY_PAIR, within=SHORT, now=now),
        find_end(by_address, most=MOST_BY_ADDRESS, within=SHORT, now=now),
    ]
    known = SignInAttempt.objects.filter(account=name, address=address, succeeded=True, at__gt=now - KNOWN)
    if not known.exists():
        ends.append(find_end(on_account, most=MOST_BY_ACCOUNT, within=LONG, now=now))
    return max((end for end in ends if end), default=None)


def find_end(failures: models.QuerySet, *, most: int, within: timedelta, now: datetime) -> datetime | None:
    """Return when the oldest of the last `most` failures is no longer within that time, or None if it is already."""
    times = failures.filter(at__gt=now - within).order_by("-at").values_list("at", flat=True)
    oldest = next(iter(times[most - 1 : most]), None)
    return oldest + within if oldest else None


def note_attempt(*, account: str, address: str, succeeded: bool) -> None:
    """Write down an attempt, and delete old ones."""
    name = digest_account(account)
    SignInAttempt.objects.filter(at__lt=timezone.now() - KNOWN).delete()
    if succeeded:
        SignInAttempt.objects.filter(account=name, address=address, succeeded=False).delete()
    SignInAttempt.objects.create(account=name, address=address, succeeded=succeeded)


def lift_lockout(*, user) -> int:
    """Let passwords and codes of an account be tried again, and return how many failures no longer count."""
    forget_refusals()
    digests = [digest_account(name) for name in (name_password(user), name_code(user))]
    return SignInAttempt.objects.filter(account__in=digests, succeeded=False, lifted=False).update(lifted=True)


# Floods ---------------------------------------------------------------------------------------------------------

# When this process first refused an attempt by an address, in seconds since 1970, and how many it has refused since.
_refused: dict[str, tuple[float, int]] = {}


def count_refusal(address: str) -> None:
    """Count an attempt that was refused because of a lockout."""
    now = time.time()
    begun, number = _refused.get(address, (now, 0))
    if now - begun > SHORT.total_seconds():
        begun, number = now, 0
    if len(_refused) >= MOST_REMEMBERED:
        _refused.clear()
    _refused[address] = begun, number + 1


def forget_refusals() -> None:
    _refused.clear()


class FloodMiddleware:
    """Answers 429, after a second, to an address that goes on trying passwords during a lockout.

    It comes before all other middleware. A page with the message costs as much as any page, so that sixteen clients
    that try without a pause would slow down readers. The second slows down the clients. It costs a thread that sleeps,
    so that a server needs more threads than `MOST_WAITING`. When that many wait already, the next one is answered at
    once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.places = threading.BoundedSemaphore(MOST_WAITING)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _refused and request.method == "POST" and request.path.endswith("/accounts/login/"):
            begun, number = _refused.get(find_client(request), (0, 0))
            left = SHORT.total_seconds() - (time.time() - begun)
            if number >= MOST_BY_ADDRESS and left > 0:
                if self.places.acquire(blocking=False):
                    try:
                        time.sleep(WAIT)
                    finally:
                        self.places.release()
                with translation.override(translation.get_language_from_path(request.path)):
                    text = gettext("Too many attempts. Try again in five minutes.")
                headers = {"Retry-After": str(int(left) + 1)}
                return HttpResponse(text, status=429, content_type="text/plain; charset=utf-8", headers=headers)
        return self.get_response(request)
