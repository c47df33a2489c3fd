import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0005_verification"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoryChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shows_name", models.BooleanField(default=False, help_text="Readers see your first and last name beside what you let go live, before and from now on. Otherwise, and while both are empty, they see your role. You can take it back at any time: your name then leaves all of them.", verbose_name="Show my name in public histories")),
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="history_choice", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "choice of name",
                "verbose_name_plural": "choices of names",
            },
        ),
    ]
