"""The migration that makes the roles can be reversed and run again."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from wagtail.models import Workflow, WorkflowContentType, WorkflowPage

from catalog.models.kinds import KINDS
from editorial.review.roles import Role


def migrate(name: str) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("editorial", name)])


@pytest.mark.django_db(transaction=True)
def test_the_migration_runs_forwards_and_backwards():
    last = max(name for app, name in MigrationExecutor(connection).loader.graph.leaf_nodes() if app == "editorial")
    permissions = {name: Group.objects.get(name=name).permissions.count() for name in Role.values}
    try:
        migrate("0001_initial")
        assert not Group.objects.filter(name__in=Role.values).exists()
        assert not Workflow.objects.exists()
        # As on an empty database, where Django has not created permissions yet.
        Permission.objects.filter(content_type__app_label="catalog").delete()
    finally:
        migrate(last)
    assert {name: Group.objects.get(name=name).permissions.count() for name in Role.values} == permissions
    assert Workflow.objects.get().active
    assert WorkflowPage.objects.get().page.depth == 1
    assert WorkflowContentType.objects.count() == len(KINDS)
