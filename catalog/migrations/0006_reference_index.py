"""What points to an object is asked for on every detail page and for each row of the queue; Wagtail has no index for it."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0005_verification"),
        ("wagtailcore", "0096_referenceindex_referenceindex_source_object_and_more"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS catalog_references_to ON wagtailcore_referenceindex (to_content_type_id, to_object_id)",
            "DROP INDEX IF EXISTS catalog_references_to",
        )
    ]
