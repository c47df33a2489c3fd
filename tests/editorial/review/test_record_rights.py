"""Permissions for the catalog's records follow the registry of kinds after each migration."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from wagtail.models import Workflow, WorkflowContentType

from catalog.models import Product
from catalog.models.kinds import KINDS
from editorial.review.record_rights import grant_rights
from editorial.review.roles import Role

pytestmark = pytest.mark.django_db
# What the roles may do with records. Change this only if their permissions are meant to change.
WRITING = {"add", "change"}
EXPECTED = {
    Role.CONTRIBUTOR: WRITING,
    Role.EDITOR: WRITING,
    Role.REVIEWER: WRITING,
    Role.LEAD: {*WRITING, "lock", "unlock"},
    Role.ADMINISTRATOR: set(),
}


def read_rights() -> set[tuple[str, str, str]]:
    """Return every permission of every group."""
    names = ("name", "permissions__content_type__model", "permissions__codename")
    return set(Group.objects.exclude(permissions=None).values_list(*names))


def rights_on(role: str, model) -> set[str]:
    """Return what a role may do with a model."""
    name = model._meta.model_name
    held = Group.objects.get(name=role).permissions.filter(content_type__app_label="catalog", content_type__model=name)
    return {codename.removesuffix(f"_{name}") for codename in held.values_list("codename", flat=True)}


def grant() -> None:
    grant_rights(sender=apps.get_app_config("editorial"))


def make_new(model) -> None:
    """Make a kind look new: remove all its permissions and its review."""
    kind = ContentType.objects.get_for_model(model)
    # While it is in use no kind leaves it.
    Workflow.objects.update(active=False)
    WorkflowContentType.objects.filter(content_type=kind).delete()
    Workflow.objects.update(active=True)
    Permission.objects.filter(content_type=kind).delete()


@pytest.mark.parametrize("role", EXPECTED)
def test_each_role_has_its_rights_on_each_kind(role):
    assert {kind.key: rights_on(role, kind.model) for kind in KINDS} == dict.fromkeys(
        (kind.key for kind in KINDS), EXPECTED[role]
    )


def test_existing_permissions_stay_unchanged():
    before = read_rights()
    call_command("migrate", verbosity=0)
    assert read_rights() == before
    assert WorkflowContentType.objects.count() == len(KINDS)


def test_a_new_kind_gets_its_rights_and_its_review_once():
    before = read_rights()
    make_new(Product)
    assert rights_on(Role.LEAD, Product) == set()
    grant()
    grant()
    assert read_rights() == before
    assert WorkflowContentType.objects.count() == len(KINDS)
    name = Permission.objects.get(codename="change_product").name
    assert name == "Can change product"


def test_permissions_that_operators_changed_stay():
    reviewers, contributors = (Group.objects.get(name=name) for name in (Role.REVIEWER, Role.CONTRIBUTOR))
    reviewers.permissions.add(Permission.objects.get(codename="lock_product"))
    contributors.permissions.remove(Permission.objects.get(codename="add_product"))
    own = Group.objects.create(name="Interns")
    own.permissions.add(Permission.objects.get(codename="change_product"))
    before = read_rights()
    grant()
    assert read_rights() == before


def test_without_roles_nothing_happens():
    """This is the case before the migrations that make the roles, and after a flush."""
    Group.objects.all().delete()
    grant()
    assert not Group.objects.exists()
