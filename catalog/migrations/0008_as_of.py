from datetime import date

from django.db import migrations, models
from django.utils import timezone

ALWAYS_UNTIL = date(9999, 12, 31)


def date_rows(apps, schema_editor):
    """The index keeps what it says from today on; `rebuild_listing` fills in what was before."""
    apps.get_model("catalog", "ListingEntry")._default_manager.update(since=timezone.now().date())


def forget_past(apps, schema_editor):
    """Leave one row for each entry, as there was before."""
    apps.get_model("catalog", "ListingEntry")._default_manager.exclude(until=ALWAYS_UNTIL).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0007_link_state_failed"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(fields=["kind", "at"], name="publication_by_time"),
        ),
        migrations.AlterModelOptions(
            name="listingentry",
            options={"default_manager_name": "ever"},
        ),
        migrations.AlterModelManagers(
            name="listingentry",
            managers=[("ever", models.Manager())],
        ),
        migrations.RemoveConstraint(model_name="listingentry", name="listing_entry_address"),
        migrations.RemoveIndex(model_name="listingentry", name="listing_by_date"),
        migrations.RemoveIndex(model_name="listingentry", name="listing_by_name_en"),
        migrations.RemoveIndex(model_name="listingentry", name="listing_by_name_zh"),
        migrations.AlterField(
            model_name="listingentry",
            name="entry",
            field=models.UUIDField(db_index=True),
        ),
        migrations.AddField(
            model_name="listingentry",
            name="since",
            field=models.DateField(default=date(2000, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="listingentry",
            name="until",
            field=models.DateField(default=ALWAYS_UNTIL),
        ),
        migrations.RunPython(date_rows, forget_past),
        migrations.AddConstraint(
            model_name="listingentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", ALWAYS_UNTIL)), fields=("entry",), name="listing_entry_present"
            ),
        ),
        migrations.AddConstraint(
            model_name="listingentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", ALWAYS_UNTIL)), fields=("kind", "slug"), name="listing_entry_address"
            ),
        ),
        migrations.AddIndex(
            model_name="listingentry",
            index=models.Index(fields=["kind", "until", "date_to"], name="listing_by_date"),
        ),
        migrations.AddIndex(
            model_name="listingentry",
            index=models.Index(fields=["kind", "until", "sort_en"], name="listing_by_name_en"),
        ),
        migrations.AddIndex(
            model_name="listingentry",
            index=models.Index(fields=["kind", "until", "sort_zh"], name="listing_by_name_zh"),
        ),
    ]
