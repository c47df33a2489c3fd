"""Who may do what with entries and terms: permissions that follow the registry of kinds.

Migrations gave the first kinds their permissions. Kinds that were added later get theirs here, after each migration.
"""

from django.apps import apps as current_apps
from django.db import transaction

from catalog.models.kinds import Kind, list_kinds
from editorial.review.roles import Role

# No role may publish, because only an approval publishes; none may delete, because entries are withdrawn instead.
WRITING = ("add", "change")
RIGHTS = {
    Role.CONTRIBUTOR: WRITING,
    Role.EDITOR: WRITING,
    Role.REVIEWER: WRITING,
    Role.LEAD: (*WRITING, "lock", "unlock"),
}
WORKFLOW = "Review"


def grant_rights(sender, apps=current_apps, **kwargs) -> None:
    """Give the roles permissions for each new kind, and let it be reviewed (receiver of `post_migrate`).

    A kind is new if no role has any permission for it, so permissions that operators changed are left alone. Does
    nothing while the roles don't exist.
    """
    try:
        roles = list(apps.get_model("auth", "Group").objects.filter(name__in=RIGHTS))
        workflow = apps.get_model("wagtailcore", "Workflow").objects.filter(name=WORKFLOW).first()
        reviewed = apps.get_model("wagtailcore", "WorkflowContentType").objects
    except LookupError:
        return
    with transaction.atomic():
        for kind in list_kinds() if roles else ():
            permissions = make_permissions(kind, apps=apps)
            if not permissions or has_any(roles, permissions):
                continue
            for role in roles:
                role.permissions.add(*(permissions[action] for action in RIGHTS[role.name]))
            content_type = permissions["change"].content_type
            if workflow and not reviewed.filter(content_type=content_type).exists():
                reviewed.create(content_type=content_type, workflow=workflow)


def has_any(roles: list, permissions: dict) -> bool:
    """Return whether any of these roles has any of these permissions."""
    return any(role.permissions.filter(pk__in=[it.pk for it in permissions.values()]).exists() for role in roles)


def make_permissions(kind: Kind, *, apps) -> dict:
    """Return the permissions of a kind by action, creating missing ones; {} if the kind has no table yet."""
    try:
        model = apps.get_model(kind.model_label)
    except LookupError:
        return {}
    name, words = model._meta.model_name, model._meta.verbose_name_raw
    content_type, _created = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="catalog", model=name
    )
    return {
        action: apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=content_type, codename=f"{action}_{name}", defaults={"name": f"Can {action} {words}"}
        )[0]
        for action in RIGHTS[Role.LEAD]
    }
