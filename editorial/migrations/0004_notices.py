"""Makes the notices, and keeps Wagtail's own mail off for everybody who is there already."""

import django.db.models.deletion
import django.utils.timezone
import editorial.review.notices
from django.conf import settings
from django.db import migrations, models


def silence_wagtail(apps, schema_editor):
    apps.get_model("wagtailusers", "UserProfile").objects.update(
        submitted_notifications=False,
        approved_notifications=False,
        rejected_notifications=False,
        updated_comments_notifications=False,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('editorial', '0003_review'),
        ('wagtailcore', '0098_apitoken'),
        ('wagtailusers', '0015_userprofile_keyboard_shortcuts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='NoticeChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('in_admin', models.JSONField(default=editorial.review.notices.list_notice_kinds, verbose_name='in the admin')),
                ('by_mail', models.JSONField(default=editorial.review.notices.list_notice_kinds, verbose_name='by e-mail')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='notice_choice', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'choice of notices',
                'verbose_name_plural': 'choices of notices',
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('submitted', 'Submitted for review'), ('changes-requested', 'Changes requested'), ('approved', 'Approved'), ('second-look', 'Second look owed'), ('mentioned', 'Mentioned')], max_length=20, verbose_name='kind')),
                ('object_id', models.CharField(max_length=255)),
                ('text', models.TextField(blank=True, verbose_name='comment')),
                ('is_reminder', models.BooleanField(default=False, verbose_name='reminder')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='time')),
                ('in_admin', models.BooleanField(verbose_name='in the admin')),
                ('seen_at', models.DateTimeField(null=True, verbose_name='read')),
                ('by_mail', models.BooleanField(verbose_name='by e-mail')),
                ('not_before', models.DateTimeField(default=django.utils.timezone.now, verbose_name='not sent before')),
                ('mailed_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('content_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contenttypes.contenttype')),
                ('live_revision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='wagtailcore.revision')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
                ('revision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='wagtailcore.revision')),
            ],
            options={
                'verbose_name': 'notice',
                'verbose_name_plural': 'notices',
                'indexes': [models.Index(fields=['recipient', 'seen_at'], name='notice_unseen'), models.Index(condition=models.Q(('by_mail', True), ('mailed_at', None)), fields=['not_before'], name='notice_unsent')],
            },
        ),
        migrations.RunPython(silence_wagtail, migrations.RunPython.noop),
    ]
