"""The administration of accounts: Wagtail's screens, without the ways to more rights for oneself.

Only superusers touch superusers, and nobody changes their own roles. Each change of roles is logged.
"""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models.signals import m2m_changed
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import LogFormatter, log
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.views import users as wagtail_users

ROLES_CHANGED = "accounts.roles"


def may_change(*, actor, user) -> bool:
    """Return whether `actor` may change the account `user` at all, given the permission to change accounts."""
    return actor.is_superuser or not user.is_superuser


def offer_rights(form: forms.BaseForm, *, actor, user) -> None:
    """Leave in the form of an account only the rights that `actor`, who fills it in, may give."""
    if not actor.is_superuser:
        form.fields.pop("is_superuser", None)
    if actor == user:
        # Shown, but what is sent for a disabled field is ignored.
        form.fields["groups"].disabled = True
        form.fields["groups"].help_text = _("Nobody changes their own roles; another person can.")


class AccountCreationForm(UserCreationForm):
    def __init__(self, *args: Any, actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rights(self, actor=actor, user=self.instance)


class AccountEditForm(UserEditForm):
    def __init__(self, *args: Any, actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rights(self, actor=actor, user=self.instance)


class CreateView(wagtail_users.CreateView):
    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"actor": self.request.user}


class EditView(wagtail_users.EditView):
    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"actor": self.request.user}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any):
        if not may_change(actor=request.user, user=self.object):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class AccountViewSet(wagtail_users.UserViewSet):
    add_view_class = CreateView
    edit_view_class = EditView
    # A copy would have the password and the rights of the original.
    copy_view_enabled = False

    def get_form_class(self, for_update: bool = False):
        return AccountEditForm if for_update else AccountCreationForm


def refuse_bulk_action(request: HttpRequest, action_type: str, objects: list, action) -> None:
    """Raise PermissionDenied if an action on many accounts includes one that its form would refuse."""
    if action.model is not get_user_model():
        return
    gives_role = action_type == "assign_role"
    for user in objects:
        if not may_change(actor=request.user, user=user) or (gives_role and user == request.user):
            raise PermissionDenied


def connect_role_log() -> None:
    """Connect the receiver. Call this once, when all models are loaded."""
    m2m_changed.connect(log_roles, sender=get_user_model().groups.through)


def log_roles(sender, instance, action: str, reverse: bool, pk_set: set[int] | None, **kwargs: Any) -> None:
    """Log the roles of each account before and after a change of its groups (receiver of `m2m_changed`)."""
    moment, _separator, change = action.partition("_")
    users = get_user_model().objects.filter(pk__in=pk_set or ()) if reverse else [instance]
    if moment == "pre":
        if reverse and change == "clear":
            users = instance.user_set.all()
        instance.roles_before = {user: list_roles(user) for user in users}
        return
    for user, before in instance.roles_before.items():
        if before != (after := list_roles(user)):
            log(instance=user, action=ROLES_CHANGED, data={"before": before, "after": after})


def list_roles(user) -> list[str]:
    """Return the names of an account's roles, in alphabetical order."""
    return sorted(Group.objects.filter(user=user).values_list("name", flat=True))


class RolesFormatter(LogFormatter):
    """Formats the log entry of a change of roles."""

    label = _("Change roles")

    def format_message(self, log_entry) -> str:
        before, after = (", ".join(log_entry.data[key]) or "–" for key in ("before", "after"))
        return _("Roles changed from “%(before)s” to “%(after)s”") % {"before": before, "after": after}


def register_role_log(actions) -> None:
    """Give the log the words for a change of roles."""
    actions.register_action(ROLES_CHANGED)(RolesFormatter)
