"""What an administrator does for the owner of an account who can't sign in, each on a page that asks first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.log_actions import log

from catalog.models import Refused
from editorial.accounts.limits import lift_lockout
from editorial.accounts.passwords import send_link
from editorial.accounts.sign_in import tell_owner
from editorial.review.roles import may_change_account

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


def lift_lockout_of(*, user, actor) -> None:
    """Let the password and the codes of an account be tried again at once."""
    lift_lockout(user=user)


@transaction.atomic
def remove_second_factors(*, user, actor) -> None:
    """Remove the second factors of an account, and tell its owner.

    Raises Refused if it has none, or if it is the actor's own: somebody who has taken over a session must not be able
    to remove the factor that protects the account.
    """
    if user == actor:
        raise Refused(_("Remove your own on the page “Second factor”, which asks for it first."))
    if not Authenticator.objects.filter(user=user).delete()[0]:
        raise Refused(_("The account has no second factor."))
    tell_owner(user=user, text=_("An administrator removed all second factors."), actor=actor)


@dataclass(frozen=True)
class Help:
    """A way to help, with its words and what it does."""

    # The name of its address, and of its entry in the log.
    name: str
    title: "StrPromise"
    icon: str
    explanation: "StrPromise"
    done: "StrPromise"
    give: Callable[..., None]
    logged: "StrPromise"

    @property
    def action(self) -> str:
        """The name of its entry in the log."""
        return f"accounts.{self.name}"


HELPS = (
    Help(
        name="link",
        title=_("Send a link to set the password"),
        icon="mail",
        explanation=_(
            "A link goes to %(address)s. Within three days, it sets the password of the account, once. The present "
            "password stays valid until then."
        ),
        done=_("A link to set the password goes to %(address)s."),
        give=send_link,
        logged=_("Link to set the password sent"),
    ),
    Help(
        name="lockout",
        title=_("Lift a lockout"),
        icon="lock-open",
        explanation=_(
            "After too many wrong passwords or codes, nobody can try another for some minutes. This lets the owner of "
            "the account try again at once."
        ),
        done=_("The lockout is lifted: the owner can try again."),
        give=lift_lockout_of,
        logged=_("Lockout lifted"),
    ),
    Help(
        name="second-factor",
        title=_("Remove the second factors"),
        icon="key",
        explanation=_(
            "For somebody who has lost both their second factor and their recovery codes. First make sure that it is "
            "really they who ask: speak to them. They are told by mail, and set up another one when they next sign in."
        ),
        done=_("The second factors were removed."),
        give=remove_second_factors,
        logged=_("Second factors removed"),
    ),
)


def show_help(request: HttpRequest, pk: int, help: Help) -> HttpResponse:
    """Ask whether to help the owner of an account in this way, and do it."""
    user = get_object_or_404(get_user_model(), pk=pk)
    if not request.user.has_perm("auth.change_user") or not may_change_account(actor=request.user, user=user):
        raise PermissionDenied
    words = {"address": user.email}
    if request.method != "POST":
        context = {"account": user, "help": help, "explanation": help.explanation % words}
        return render(request, "wagtailadmin/accounts/help.html", context)
    try:
        help.give(user=user, actor=request.user)
    except Refused as refused:
        messages.error(request, refused.messages[0])
    else:
        log(instance=user, action=help.action)
        messages.success(request, help.done % words)
    return redirect("wagtailusers_users:edit", user.pk)


def register_help_log(actions) -> None:
    """Give the log the words for help with signing in."""
    for help in HELPS:
        actions.register_action(help.action, help.title, help.logged)
