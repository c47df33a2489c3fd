"""Puts our own task into the review, takes the right to publish from every role, and approves what is live already."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from catalog.models.approval import digest_of

WORKFLOW, TASK = "Review", "Editorial review"
RECORDS = [("catalog", name) for name in ("aimodel", "organization", "product", "term")]
PAGES = [("editorial", name) for name in ("homepage", "articleindexpage", "textpage", "articlepage")]


def replace_task(apps, schema_editor):
    """Let the review be decided by our own task; what is in review goes back to its authors as a draft."""
    kind, _created = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="editorial", model="review"
    )
    task = apps.get_model("editorial", "Review").objects.create(name=TASK, content_type=kind, active=True)
    task.groups.set(apps.get_model("auth", "Group").objects.filter(name__in=["Reviewer", "Lead"]))
    stock = apps.get_model("wagtailcore", "GroupApprovalTask").objects.filter(name=TASK)
    apps.get_model("wagtailcore", "WorkflowTask").objects.filter(workflow__name=WORKFLOW).update(task_id=task.pk)
    active = apps.get_model("wagtailcore", "WorkflowState").objects.filter(status__in=["in_progress", "needs_changes"])
    apps.get_model("wagtailcore", "TaskState").objects.filter(
        workflow_state__in=list(active.values_list("pk", flat=True)), status="in_progress"
    ).update(status="cancelled")
    active.update(status="cancelled")
    stock.update(active=False)


def take_publishing_away(apps, schema_editor):
    """Nobody publishes or unpublishes by right: an approval is what counts."""
    Group = apps.get_model("auth", "Group")
    for group in Group.objects.all():
        group.permissions.remove(*group.permissions.filter(codename__startswith="publish_"))
    apps.get_model("wagtailcore", "GroupPagePermission").objects.filter(
        permission__codename__in=["publish_page", "bulk_delete_page"]
    ).delete()


def approve_what_is_live(apps, schema_editor):
    """Write down how what is live came to be: shipped, or let through by one person under the rules of before."""
    Approval = apps.get_model("catalog", "Approval")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for app_label, name in [*RECORDS, *PAGES]:
        base = ("wagtailcore", "page") if app_label == "editorial" else (app_label, name)
        kind = ContentType.objects.filter(app_label=base[0], model=base[1]).first()
        for record in apps.get_model(app_label, name).objects.filter(live=True, live_revision__isnull=False):
            revision = record.live_revision
            Approval.objects.create(
                content_type=kind,
                object_id=str(record.pk),
                revision=revision,
                digest=digest_of(revision.content),
                kind="single-checked" if revision.user_id else "shipped",
                authors=[revision.user_id] if revision.user_id else [],
            )


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('editorial', '0002_roles'),
        ('wagtailcore', '0098_apitoken'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReviewState',
            fields=[
                ('taskstate_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='wagtailcore.taskstate')),
                ('digest', models.CharField(max_length=64, verbose_name='digest')),
                ('authors', models.ManyToManyField(related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='authors')),
            ],
            options={
                'verbose_name': 'review of a version',
                'verbose_name_plural': 'reviews of versions',
            },
            bases=('wagtailcore.taskstate',),
        ),
        migrations.AddField(
            model_name='articleindexpage',
            name='withdrawal_en',
            field=models.CharField(blank=True, help_text='Readers see it with the date. Whoever approves this version withdraws it; empty it to restore.', max_length=300, verbose_name='Reason for withdrawal (English)'),
        ),
        migrations.AddField(
            model_name='articleindexpage',
            name='withdrawal_zh',
            field=models.CharField(blank=True, help_text='Readers see it with the date. Whoever approves this version withdraws it; empty it to restore.', max_length=300, verbose_name='Reason for withdrawal (Chinese)'),
        ),
        migrations.AddField(
            model_name='articlepage',
            name='withdrawal_en',
            field=models.CharField(blank=True, help_text='Readers see it with the date. Whoever approves this version withdraws it; empty it to restore.', max_length=300, verbose_name='Reason for withdrawal (English)'),
        ),
        migrations.AddField(
            model_name='articlepage',
            name='withdrawal_zh',
            field=models.CharField(blank=True, help_text='Readers see it with the date. Whoever approves this version withdraws it; empty it to restore.', max_length=300, verbose_name='Reason for withdrawal (Chinese)'),
        ),
        migrations.AddField(
            model_name='homepage',
            name='withdrawal_en',
            field=models.CharField(blank=True, help_text='Readers see it with the date. Whoever approves this version withdraws it; empty it to restore.', max_length=300, verbose_name='Reason for withdrawal (English)'),
        ),
        migrations.AddField(
            model_name='homepage',
            name='withdrawal_zh',
            field=models.CharField(blank=True, help_text='Readers see it with the date. Whoever approves this version withdraws it; empty it to restore.', max_length=300, verbose_name='Reason for withdrawal (Chinese)'),
        ),
        migrations.AddField(
            model_name='textpage',
            name='withdrawal_en',
            field=models.CharField(blank=True, help_text='Readers see it with the date. Whoever approves this version withdraws it; empty it to restore.', max_length=300, verbose_name='Reason for withdrawal (English)'),
        ),
        migrations.AddField(
            model_name='textpage',
            name='withdrawal_zh',
            field=models.CharField(blank=True, help_text='Readers see it with the date. Whoever approves this version withdraws it; empty it to restore.', max_length=300, verbose_name='Reason for withdrawal (Chinese)'),
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('task_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='wagtailcore.task')),
                ('groups', models.ManyToManyField(help_text='Pages/snippets at this step in a workflow will be moderated or approved by these groups of users', to='auth.group', verbose_name='groups')),
            ],
            options={
                'verbose_name': 'Review by another person',
                'verbose_name_plural': 'Reviews by another person',
            },
            bases=('wagtailcore.task',),
        ),
        migrations.RunPython(replace_task, migrations.RunPython.noop),
        migrations.RunPython(take_publishing_away, migrations.RunPython.noop),
        migrations.RunPython(approve_what_is_live, migrations.RunPython.noop),
    ]
