"""Lets administrators, and nobody else, change publisher, contact and licence.

The permission is made here where it is missing: on an empty database Django makes it only after all migrations.
"""

from django.db import migrations


def allow_administrators(apps, schema_editor):
    content_type, _created = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="catalog", model="publisher"
    )
    words = apps.get_model("catalog", "Publisher")._meta.verbose_name_raw
    permission, _created = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename="change_publisher", defaults={"name": f"Can change {words}"}
    )
    for group in apps.get_model("auth", "Group").objects.filter(name="Administrator"):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_publisher"),
        ("editorial", "0004_notices"),
    ]

    operations = [
        # Taken back, the permission goes with the table.
        migrations.RunPython(allow_administrators, migrations.RunPython.noop),
    ]
