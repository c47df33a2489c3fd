"""Administrators no longer change the review: which versions it decides about, and who decides, is fixed by code."""

from django.db import migrations


def take_workflow_permissions(apps, schema_editor):
    for group in apps.get_model("auth", "Group").objects.filter(name="Administrator"):
        group.permissions.remove(
            *apps.get_model("auth", "Permission").objects.filter(
                content_type__app_label="wagtailcore",
                codename__in=[f"{action}_{model}" for action in ("add", "change") for model in ("workflow", "task")],
            )
        )


class Migration(migrations.Migration):
    dependencies = [("editorial", "0005_publisher")]
    operations = [migrations.RunPython(take_workflow_permissions, migrations.RunPython.noop)]
