"""Makes the roles with their permissions, and the review that entries, terms and articles go through.

Permissions and content types are made here where they are missing: on an empty database Django makes them only
after all migrations have run. Wagtail's own groups and workflow go, so that nobody finds two systems.
"""

from django.db import migrations

ENTRIES = [("catalog", name) for name in ("aimodel", "organization", "product", "term")]
SOURCES = [("catalog", "source")]
VOCABULARIES = [("catalog", name) for name in ("segment", "modality", "layer")]
ROLES = ("Contributor", "Editor", "Reviewer", "Lead", "Administrator")
STOCK_GROUPS = ("Editors", "Moderators")
WORKFLOW, TASK = "Review", "Editorial review"


def permissions_of(actions, models):
    """(app, model, action) for each action on each model."""
    return [(app, model, action) for app, model in models for action in actions]


# A source is public at once wherever it is cited: contributors add what their drafts need, and change none.
DRAFTING = [*permissions_of(["add", "change"], ENTRIES), *permissions_of(["add"], SOURCES)]
WRITING = permissions_of(["add", "change"], [*ENTRIES, *SOURCES])
VOCABULARY = permissions_of(["add", "change"], VOCABULARIES)
# With stock moderation a lead alone publishes directly and unpublishes.
LEADING = permissions_of(["publish", "lock", "unlock"], ENTRIES)
ADMINISTRATION = [
    *permissions_of(["add", "change", "view"], [("auth", "user")]),
    *permissions_of(["view"], [("auth", "group")]),
    *permissions_of(["add", "change"], [("wagtailcore", name) for name in ("site", "locale", "workflow", "task")]),
]
GENERAL = {
    "Contributor": DRAFTING,
    "Editor": [*WRITING, *VOCABULARY],
    "Reviewer": [*WRITING, *VOCABULARY],
    "Lead": [*WRITING, *VOCABULARY, *LEADING],
    "Administrator": ADMINISTRATION,
}
# On the root page, above all homes, so that they hold for homes made later.
PAGES = {
    "Contributor": ["add", "change"],
    "Editor": ["add", "change"],
    "Reviewer": ["add", "change"],
    "Lead": ["add", "change", "publish", "lock", "unlock"],
}
FILES = permissions_of(["add", "change", "choose"], [("wagtailimages", "image"), ("wagtaildocs", "document")])
FILE_ROLES = ("Editor", "Reviewer", "Lead")


def get_permission(apps, app_label, model, action):
    """The permission, made where it is missing, under the name that Django gives it."""
    content_type, _created = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app_label, model=model
    )
    words = apps.get_model(app_label, model)._meta.verbose_name_raw
    permission, _created = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=f"{action}_{model}", defaults={"name": f"Can {action} {words}"}
    )
    return permission


def make_roles(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    access = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="wagtailadmin", codename="access_admin"
    )
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in ROLES}
    for name, group in groups.items():
        group.permissions.set([access, *(get_permission(apps, *what) for what in GENERAL[name])])

    root_page = apps.get_model("wagtailcore", "Page").objects.get(depth=1)
    page_permissions = apps.get_model("wagtailcore", "GroupPagePermission").objects
    for name, actions in PAGES.items():
        for action in actions:
            permission = get_permission(apps, "wagtailcore", "page", action)
            page_permissions.get_or_create(group=groups[name], page=root_page, permission=permission)

    root_collection = apps.get_model("wagtailcore", "Collection").objects.get(depth=1)
    file_permissions = apps.get_model("wagtailcore", "GroupCollectionPermission").objects
    for name in FILE_ROLES:
        for what in FILES:
            permission = get_permission(apps, *what)
            file_permissions.get_or_create(
                group=groups[name], collection=root_collection, permission=permission
            )


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


def remove_stock_moderation(apps, schema_editor):
    """Take Wagtail's own groups and workflow away; what was used stays, but is no longer offered."""
    Workflow = apps.get_model("wagtailcore", "Workflow")
    for task in apps.get_model("wagtailcore", "GroupApprovalTask").objects.filter(name="Moderators approval"):
        workflows = Workflow.objects.filter(workflow_tasks__task=task)
        used = apps.get_model("wagtailcore", "WorkflowState").objects.filter(workflow__in=workflows).exists()
        if used:
            apps.get_model("wagtailcore", "WorkflowPage").objects.filter(workflow__in=workflows).delete()
            workflows.update(active=False)
            task.active = False
            task.save()
        else:
            Workflow.objects.filter(pk__in=list(workflows.values_list("pk", flat=True))).delete()
            task.delete()
    apps.get_model("auth", "Group").objects.filter(name__in=STOCK_GROUPS, user=None).delete()


def make_review(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    kind, _created = ContentType.objects.get_or_create(app_label="wagtailcore", model="groupapprovaltask")
    task = apps.get_model("wagtailcore", "GroupApprovalTask").objects.create(
        name=TASK, content_type=kind, active=True
    )
    task.groups.set(apps.get_model("auth", "Group").objects.filter(name__in=["Reviewer", "Lead"]))
    workflow = apps.get_model("wagtailcore", "Workflow").objects.create(name=WORKFLOW, active=True)
    apps.get_model("wagtailcore", "WorkflowTask").objects.create(workflow=workflow, task=task, sort_order=0)
    root_page = apps.get_model("wagtailcore", "Page").objects.get(depth=1)
    apps.get_model("wagtailcore", "WorkflowPage").objects.update_or_create(
        page=root_page, defaults={"workflow": workflow}
    )
    for app_label, model in ENTRIES:
        content_type, _created = ContentType.objects.get_or_create(app_label=app_label, model=model)
        apps.get_model("wagtailcore", "WorkflowContentType").objects.create(
            content_type=content_type, workflow=workflow
        )


def remove_review(apps, schema_editor):
    """Remove the review with its records. Wagtail's own groups and workflow are not made anew."""
    apps.get_model("wagtailcore", "Workflow").objects.filter(name=WORKFLOW).delete()
    apps.get_model("wagtailcore", "GroupApprovalTask").objects.filter(name=TASK).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("catalog", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("editorial", "0001_initial"),
        ("wagtailadmin", "0006_formstate"),
        ("wagtailcore", "0098_apitoken"),
        ("wagtaildocs", "0014_alter_document_file_size"),
        ("wagtailimages", "0027_image_description"),
    ]

    operations = [
        migrations.RunPython(make_roles, remove_roles),
        migrations.RunPython(remove_stock_moderation, migrations.RunPython.noop),
        migrations.RunPython(make_review, remove_review),
    ]
