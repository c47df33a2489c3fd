"""Who may do what with the entries and terms of the catalog: permissions that follow the registry of kinds.

Migrations made them for the first kinds. A kind that came later gets them here, after each migration.
"""

from django.apps import apps as current_apps
from django.db import transaction

from catalog.models.kinds import Kind, list_kinds
from editorial.review.roles import Role

# Nobody may publish by right: an approval is what counts. Nobody deletes: what is wrong is withdrawn.
WRITING = ("add", "change")
RIGHTS = {
    Role.CONTRIBUTOR: WRITING,
    Role.EDITOR: WRITING,
    Role.REVIEWER: WRITING,
    Role.LEAD: (*WRITING, "lock", "unlock"),
}
WORKFLOW = "Review"


def follow_kinds(sender, apps=current_apps, **kwargs) -> None:
    """Give the roles their permissions for each kind that is new, and have its versions reviewed (`post_migrate`).

    A kind is new while no role has any permission for it: so what operators gave or took away besides stays. Before
    the roles are there, it does nothing.
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
    """Whether any role has any of these permissions."""
    return any(role.permissions.filter(pk__in=[it.pk for it in permissions.values()]).exists() for role in roles)


def make_permissions(kind: Kind, *, apps) -> dict:
    """Return the permissions of a kind by action, made where Django has not made them yet; none without a table."""
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
