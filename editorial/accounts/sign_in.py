"""Signing in: what this site asks of django-allauth, and the second factor of those who decide."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa import signals as mfa_signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.app_settings import TOTP_PERIOD
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.signals import pre_save
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from wagtail.users.models import UserProfile

from editorial.accounts.limits import (
    count_refusal,
    find_client,
    find_lockout,
    lift_lockout,
    name_code,
    name_password,
    note_attempt,
)
from editorial.review.notices import NoticeKind, tell_of_account
from editorial.review.roles import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

FACTORS = {
    Authenticator.Type.TOTP: _("authenticator app"),
    Authenticator.Type.WEBAUTHN: _("passkey or security key"),
    Authenticator.Type.RECOVERY_CODES: _("recovery codes"),
}
# The roles that decide, or that change what others may do.
TRUSTED_ROLES = (Role.REVIEWER, Role.LEAD, Role.ADMINISTRATOR)


def refuse_locked_out(*, account: str, address: str) -> None:
    """Raise ValidationError if there were too many attempts on this account from this address."""
    if until := find_lockout(account=account, address=address):
        count_refusal(address)
        raise ValidationError(
            _("Too many attempts. Try again after %(time)s."),
            code="too_many_login_attempts",
            params={"time": date_format(timezone.localtime(until), "DATETIME_FORMAT")},
        )


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves, passwords can't be guessed for long, and a password never replaces a factor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        typed = credentials.pop("username", "") or credentials.pop("email", "")
        credentials.pop("email", "")
        user = find_user(typed)
        # By the account, whichever of its names was typed; unknown names have the same limits as known ones.
        account, address = name_password(user) if user else typed, find_client(request)
        refuse_locked_out(account=account, address=address)
        # One name, so that there is one hash, for unknown names as for known ones.
        signed_in = super().authenticate(request, username=user.get_username() if user else typed, **credentials)
        note_attempt(account=account, address=address, succeeded=signed_in is not None)
        return signed_in

    def get_reauthentication_methods(self, user: Any) -> list[dict]:
        """People with a second factor confirm with that alone: a password must not be enough to remove it."""
        methods = super().get_reauthentication_methods(user)
        return [it for it in methods if it["id"].startswith("mfa_")] if has_factor(user) else methods


def find_user(typed: str) -> Any:
    """Return the only account that has a typed user name, or else mail address, in any letter case, or None."""
    for name in ("username", "email") if typed else ():
        found = list(get_user_model().objects.filter(**{f"{name}__iexact": typed})[:2])
        if len(found) == 1:
            return found[0]
    return None


def has_factor(user: Any) -> bool:
    """Return whether an account has an authenticator app, a passkey or a security key."""
    return user.is_authenticated and is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds of codes are encrypted with `SECRET_KEY`: whoever reads the database alone can't make codes."""

    def encrypt(self, text: str) -> str:
        return make_cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return make_cipher().decrypt(encrypted_text.encode()).decode()


def make_cipher() -> Fernet:
    key = hashlib.sha256(b"second factor" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


@contextmanager
def limit_attempts(*, account: str) -> Iterator[None]:
    """Check a password or a code of somebody who is signed in, or half so, within the limits; it raises if it is wrong.

    Raises ValidationError, before the check, if there were too many attempts.
    """
    address = find_client(context.request)
    refuse_locked_out(account=account, address=address)
    try:
        yield
    except ValidationError:
        note_attempt(account=account, address=address, succeeded=False)
        raise
    note_attempt(account=account, address=address, succeeded=True)


class LimitedPasswordForm(PasswordChangeForm):
    """The form for another password, on the page "Account"."""

    def clean_old_password(self) -> str:
        # Wagtail makes and checks this form twice for one request, which is one attempt.
        checked = vars(context.request).setdefault("checked_password", [])
        if not checked:
            try:
                with limit_attempts(account=name_password(self.user)):
                    checked.append(super().clean_old_password())
            except ValidationError as error:
                checked.append(error)
        if isinstance(checked[0], ValidationError):
            raise checked[0]
        return checked[0]


class LimitedCode(BaseAuthenticateForm):
    """What the two forms that take a code have in common: limits as for passwords, and each code works once."""

    def clean_code(self) -> str:
        with limit_attempts(account=name_code(self.user)):
            code = super().clean_code()
            if self.authenticator.type == Authenticator.Type.TOTP and not claim_code(self.authenticator):
                raise ValidationError(_("This code has been used: wait for the next one."), code="incorrect_code")
            return code


def claim_code(authenticator: Authenticator) -> bool:
    """Claim the present code of an authenticator app; return False if it has been used already.

    A code holds for 30 seconds (RFC 6238), and django-allauth remembers used ones in the cache of one process only.
    """
    now = timezone.now()
    begin = datetime.fromtimestamp(now.timestamp() // TOTP_PERIOD * TOTP_PERIOD, tz=UTC)
    unused = Authenticator.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=begin), pk=authenticator.pk)
    return bool(unused.update(last_used_at=now))


class CodeForm(LimitedCode, AuthenticateForm):
    """The second step of a sign-in."""


class ConfirmationCodeForm(LimitedCode, ReauthenticateForm):
    """The form that asks for a code again before something sensitive."""


def needs_second_factor(user) -> bool:
    """Return whether a person has a role, or is a superuser, that acts only with a second factor."""
    return user.is_superuser or user.groups.filter(name__in=TRUSTED_ROLES).exists()


def used_second_factor(request: HttpRequest) -> bool:
    """Return whether this session was opened, or confirmed later, with a second factor that the account still has."""
    records = get_authentication_records(request, request.user)
    used = [record["id"] for record in records if record["method"] == "mfa"]
    return bool(used) and Authenticator.objects.filter(user=request.user, pk__in=used).exists()


class SecondFactorMiddleware:
    """Lets nobody who decides act in the admin without a second factor; shows them how to set one up or use it."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not (
            settings.REQUIRE_SECOND_FACTOR and request.path.startswith("/admin/") and request.user.is_authenticated
        ):
            return self.get_response(request)
        if request.path == "/admin/logout/" or not needs_second_factor(request.user) or used_second_factor(request):
            return self.get_response(request)
        kinds = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
        if not kinds:
            messages.warning(request, _("Your role acts only with a second factor: set one up first."))
            return redirect("mfa_index")
        messages.warning(request, _("Your role acts only with a second factor: confirm with it."))
        page = "mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn"
        then = request.get_full_path() if request.method == "GET" else reverse("wagtailadmin_home")
        return redirect(f"{reverse(page)}?{urlencode({'next': then})}")


# What its owner is told ---------------------------------------------------------------------------------------


def connect_sign_in_notices() -> None:
    """Connect the receivers. Call this once, when all models are loaded."""
    mfa_signals.authenticator_added.connect(report_added_factor)
    mfa_signals.authenticator_removed.connect(report_removed_factor)
    mfa_signals.authenticator_reset.connect(report_new_codes)
    pre_save.connect(report_password, sender=get_user_model())


def report_added_factor(sender, request, user, authenticator, **kwargs: Any) -> None:
    """Tell the owner of an account of a new factor, and end sessions that were opened without one, elsewhere."""
    if Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).count() == 1:
        for session in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
            session.end()
    tell_owner(user=user, text=_("Added: %(factor)s."), authenticator=authenticator)


def report_removed_factor(sender, user, authenticator, **kwargs: Any) -> None:
    tell_owner(user=user, text=_("Removed: %(factor)s."), authenticator=authenticator)


def report_new_codes(sender, user, **kwargs: Any) -> None:
    tell_owner(user=user, text=_("The recovery codes were replaced."))


def report_password(sender, instance, update_fields=None, raw: bool = False, **kwargs: Any) -> None:
    """Tell the owner of an account that it has another password, and lift a lockout (receiver of `pre_save`)."""
    # Django saves the field alone where it only hashes the same password again, with more rounds.
    if raw or not instance.pk or update_fields is not None:
        return
    old = sender.objects.filter(pk=instance.pk).exclude(password=instance.password).first()
    if old:
        lift_lockout(user=instance)
        if old.password and old.has_usable_password():
            tell_owner(user=instance, text=_("The password was changed."))


def tell_owner(*, user, text: "StrPromise", authenticator: Authenticator | None = None, actor=None) -> None:
    """Tell the owner of an account, in their language, how one signs in to it now."""
    with override(UserProfile.get_for_user(user).get_preferred_language()):
        words = text % {"factor": FACTORS[authenticator.type]} if authenticator else str(text)
        tell_of_account(kind=NoticeKind.SIGN_IN, to=[user], account=user, actor=actor, text=words)
