"""The roles: user groups that the migration `0002_roles` makes with their permissions, and who may do what."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """A role. The value is the name of the group; the label is what people see."""

    CONTRIBUTOR = "Contributor", _("Contributor")
    EDITOR = "Editor", _("Editor")
    REVIEWER = "Reviewer", _("Reviewer")
    LEAD = "Lead", _("Lead")
    ADMINISTRATOR = "Administrator", _("Administrator")


def find_reviewers(*, besides=()) -> models.QuerySet:
    """Return all users who decide about versions, except those with the given ids."""
    users = get_user_model().objects.filter(is_active=True, groups__name__in=[Role.REVIEWER, Role.LEAD])
    return users.exclude(pk__in=besides).distinct()


def find_editors() -> models.QuerySet:
    """Return all users who submit versions and check values. Contributors only write drafts."""
    groups = [Role.EDITOR, Role.REVIEWER, Role.LEAD]
    users = get_user_model().objects.filter(is_active=True, groups__name__in=groups)
    return users.order_by("username").distinct()


def is_editor(user) -> bool:
    """Return whether a person may submit versions and check values."""
    return user.is_active and (user.is_superuser or find_editors().filter(pk=user.pk).exists())


def find_leads() -> models.QuerySet:
    """Return all users who may publish in an emergency; withdrawals and mergers also need one of them."""
    return get_user_model().objects.filter(is_active=True, groups__name=Role.LEAD)


def is_lead(user) -> bool:
    """Return whether a person may publish alone in an emergency."""
    return find_leads().filter(pk=user.pk).exists()


def is_reviewer(user) -> bool:
    """Return whether a person may decide about versions, and take the second look at emergency publications."""
    return find_reviewers().filter(pk=user.pk).exists()


def is_alone(user) -> bool:
    """Return whether a person is the only reviewer, and the setting `SINGLE_EDITOR` allows a team of one."""
    return settings.SINGLE_EDITOR and is_reviewer(user) and not find_reviewers(besides=[user.pk]).exists()


def may_change_account(*, actor, user) -> bool:
    """Return whether `actor` may change the account `user` at all, given the permission to change accounts."""
    return actor.is_superuser or not user.is_superuser
