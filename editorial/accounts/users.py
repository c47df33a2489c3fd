"""The administration of accounts: Wagtail's screens, without the ways to more rights for oneself.

Only superusers touch superusers, and nobody changes their own roles. Each change of roles is logged and told to leads.
Passwords and, once an account has a password, its mail address are changed by its owner alone.
"""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets import Button
from wagtail.log_actions import LogFormatter, log
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.views import users as wagtail_users

from editorial.accounts.help import HELPS
from editorial.review.notices import NoticeKind, tell_of_account
from editorial.review.roles import find_leads, may_change_account

ROLES_CHANGED = "accounts.roles"
SUPERUSER = "Superuser"


def offer_rights(form: forms.BaseForm, *, actor, user) -> None:
    """Leave in the form of an account only the rights that `actor`, who fills it in, may give."""
    if not actor.is_superuser:
        form.fields.pop("is_superuser", None)
    if actor == user:
        # Shown, but what is sent for a disabled field is ignored.
        form.fields["groups"].disabled = True
        form.fields["groups"].help_text = _("Nobody changes their own roles; another person can.")
    elif user.pk and user.has_usable_password() and not actor.is_superuser:
        # Who gets the mail of an account gets the link to set its password.
        form.fields["email"].disabled = True
        form.fields["email"].help_text = _(
            "Its owner changes the address, on the page “Account”; a superuser can, too."
        )


class AccountCreationForm(UserCreationForm):
    def __init__(self, *args: Any, actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rights(self, actor=actor, user=self.instance)

    def save(self, commit: bool = True):
        # Until its owner sets one. An empty password would count as one that nobody knows.
        self.instance.set_unusable_password()
        return super().save(commit=commit)


class AccountEditForm(UserEditForm):
    def __init__(self, *args: Any, actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rights(self, actor=actor, user=self.instance)


class CreateView(wagtail_users.CreateView):
    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"actor": self.request.user}

    def save_instance(self):
        user = super().save_instance()
        tell_of_account(kind=NoticeKind.PASSWORD_LINK, to=[user], account=user, actor=self.request.user)
        return user

    def get_success_message(self, instance) -> str:
        return _("Account “%(user)s” made. A link to set the password goes to %(address)s.") % {
            "user": instance,
            "address": instance.email,
        }


class EditView(wagtail_users.EditView):
    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"actor": self.request.user}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any):
        if not may_change_account(actor=request.user, user=self.object):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        buttons = [
            Button(help.title, url=reverse(f"accounts:{help.name}", args=(self.object.pk,)), icon_name=help.icon)
            for help in HELPS
        ]
        return [*super().header_more_buttons, *buttons]


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
        if not may_change_account(actor=request.user, user=user) or (gives_role and user == request.user):
            raise PermissionDenied


def connect_role_log() -> None:
    """Connect the receivers. Call this once, when all models are loaded."""
    user = get_user_model()
    m2m_changed.connect(report_groups, sender=user.groups.through)
    pre_delete.connect(report_deleted_group, sender=Group)
    pre_save.connect(report_superuser, sender=user)
    post_save.connect(report_new_superuser, sender=user)


def report_groups(sender, instance, action: str, reverse: bool, pk_set: set[int] | None, **kwargs: Any) -> None:
    """Report the roles of each account before and after a change of its groups (receiver of `m2m_changed`)."""
    moment, _separator, change = action.partition("_")
    users = get_user_model().objects.filter(pk__in=pk_set or ()) if reverse else [instance]
    if moment == "pre":
        if reverse and change == "clear":
            users = instance.user_set.all()
        instance.roles_before = {user: list_roles(user) for user in users}
        return
    for user, before in instance.roles_before.items():
        report_roles(user=user, before=before, after=list_roles(user))


def report_deleted_group(sender, instance: Group, **kwargs: Any) -> None:
    """Report what accounts lose with a group that is deleted (receiver of `pre_delete`)."""
    for user in instance.user_set.all():
        before = list_roles(user)
        report_roles(user=user, before=before, after=[role for role in before if role != instance.name])


def report_superuser(sender, instance, update_fields=None, raw: bool = False, **kwargs: Any) -> None:
    """Report that an account becomes a superuser, or is none any more (receiver of `pre_save`)."""
    if raw or not instance.pk or (update_fields is not None and "is_superuser" not in update_fields):
        return
    old = sender.objects.filter(pk=instance.pk).first()
    if old and old.is_superuser != instance.is_superuser:
        before = list_roles(old)
        after = [role for role in before if role != SUPERUSER] if old.is_superuser else sorted([*before, SUPERUSER])
        report_roles(user=instance, before=before, after=after)


def report_new_superuser(sender, instance, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """Report a new account that is a superuser (receiver of `post_save`)."""
    if created and instance.is_superuser and not raw:
        report_roles(user=instance, before=[], after=[SUPERUSER])


def report_roles(*, user, before: list[str], after: list[str]) -> None:
    """Log a change of an account's roles, and tell all leads, if there is a change."""
    if before == after:
        return
    entry = log(instance=user, action=ROLES_CHANGED, data={"before": before, "after": after})
    words = " → ".join(", ".join(roles) or "–" for roles in (before, after))
    tell_of_account(kind=NoticeKind.ROLES, to=find_leads(), account=user, actor=entry.user, text=words)


def list_roles(user) -> list[str]:
    """Return the names of an account's roles, in alphabetical order; being a superuser counts as one."""
    names = Group.objects.filter(user=user).values_list("name", flat=True)
    return sorted([*names, *([SUPERUSER] if user.is_superuser else [])])


class RolesFormatter(LogFormatter):
    """Formats the log entry of a change of roles."""

    label = _("Change roles")

    def format_message(self, log_entry) -> str:
        before, after = (", ".join(log_entry.data[key]) or "–" for key in ("before", "after"))
        return _("Roles changed from “%(before)s” to “%(after)s”") % {"before": before, "after": after}


def register_account_log(actions) -> None:
    """Give the log the words for what happens to accounts."""
    actions.register_action(ROLES_CHANGED)(RolesFormatter)
