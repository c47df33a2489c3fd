"""The roles: groups of users that the migration `0002_roles` makes and gives their permissions; and who may what."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """The value is the name of the group; the label is for people."""

    CONTRIBUTOR = "Contributor", _("Contributor")
    EDITOR = "Editor", _("Editor")
    REVIEWER = "Reviewer", _("Reviewer")
    LEAD = "Lead", _("Lead")
    ADMINISTRATOR = "Administrator", _("Administrator")


def find_reviewers(*, besides=()) -> models.QuerySet:
    """All who decide about versions, without those whose ids are given."""
    users = get_user_model().objects.filter(is_active=True, groups__name__in=[Role.REVIEWER, Role.LEAD])
    return users.exclude(pk__in=besides).distinct()


def find_editors() -> models.QuerySet:
    """All who submit versions and check values; contributors write drafts only."""
    groups = [Role.EDITOR, Role.REVIEWER, Role.LEAD]
    users = get_user_model().objects.filter(is_active=True, groups__name__in=groups)
    return users.order_by("username").distinct()


def is_editor(user) -> bool:
    """Whether a person submits versions and checks values."""
    return user.is_active and (user.is_superuser or find_editors().filter(pk=user.pk).exists())


def find_leads() -> models.QuerySet:
    """All who may publish in an emergency, and without whom nothing is withdrawn or merged."""
    return get_user_model().objects.filter(is_active=True, groups__name=Role.LEAD)


def is_lead(user) -> bool:
    """Whether a person may publish alone in an emergency."""
    return find_leads().filter(pk=user.pk).exists()


def is_reviewer(user) -> bool:
    """Whether a person decides about versions, and takes the second look at an emergency publication."""
    return find_reviewers().filter(pk=user.pk).exists()


def is_alone(user) -> bool:
    """Whether a person is the only one who reviews, and the operator lets a team of one work (`SINGLE_EDITOR`)."""
    return settings.SINGLE_EDITOR and is_reviewer(user) and not find_reviewers(besides=[user.pk]).exists()
