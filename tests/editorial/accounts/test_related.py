"""Approvals between accounts that one person made are listed for leads."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import ApprovalKind, Organization
from catalog.publishing.approval import approve
from editorial.review.roles import Role
from tests.editorial.accounts.test_users import ids_of, make_user, sign_in
from tests.editorial.review.support import create, decide
from tests.factories import make_model

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
ADDRESS = "/admin/accounts/approvals/"


@pytest.fixture
def lead() -> User:
    return make_user("lead", Role.LEAD)


@pytest.fixture
def admin() -> User:
    return make_user("admin", Role.ADMINISTRATOR, Role.REVIEWER)


def make_account(maker: Client, name: str, role: str) -> User:
    """Make an account with the form of the admin."""
    fields = {"username": name, "email": f"{name}@example.org", "first_name": name, "last_name": "Made"}
    assert maker.post(reverse("wagtailusers_users:add"), {**fields, "groups": ids_of(role)}).status_code == 302
    return User.objects.get(username=name)


def publish(*, by: User, approved_by: User) -> None:
    assert create(sign_in(by), Organization, action="submit").status_code == 302
    decide(sign_in(approved_by), Organization.objects.get())
    assert Organization.objects.get().live


def rows(user: User) -> str:
    return sign_in(user).get(ADDRESS).content.decode().partition("<tbody>")[2].partition("</tbody>")[0]


def test_two_accounts_of_one_maker_are_listed_with_all_three_people(lead, admin):
    client = sign_in(admin)
    publish(by=make_account(client, "one", Role.EDITOR), approved_by=make_account(client, "two", Role.REVIEWER))
    listed = rows(lead)
    assert all(words in listed for words in ("Acme", "<td>one</td>", "<td>two,", "<td>admin</td>"))


def test_a_maker_and_their_own_second_account_are_listed(lead, admin):
    publish(by=make_account(sign_in(admin), "second", Role.EDITOR), approved_by=admin)
    assert "<td>second</td>" in rows(lead)


def test_accounts_made_further_apart_or_by_others_are_not(lead, admin):
    other = make_user("other", Role.ADMINISTRATOR)
    one = make_account(sign_in(admin), "one", Role.EDITOR)
    two = make_account(sign_in(other), "two", Role.REVIEWER)
    publish(by=one, approved_by=two)
    assert rows(lead) == ""
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        three = make_account(sign_in(admin), "three", Role.REVIEWER)
        record = Organization.objects.get()
        draft = record.get_latest_revision_as_object()
        draft.city_en = draft.city_zh = ""
        draft.summary_en = "A summary."
        draft.save_revision(user=one)
        record.get_workflow().start(Organization.objects.get(), one)
        decide(sign_in(three), Organization.objects.get())
        assert Organization.objects.get().summary_en == "A summary."
        assert rows(lead) == ""


@pytest.mark.parametrize("count", [1, 12])
def test_the_list_takes_as_many_queries_for_many_approvals_as_for_one(
    lead, admin, count, django_assert_max_num_queries
):
    client = sign_in(admin)
    one, two = make_account(client, "one", Role.EDITOR), make_account(client, "two", Role.REVIEWER)
    for number in range(count):
        model = make_model()
        draft = model.get_latest_revision_as_object()
        draft.summary_en = f"Number {number}."
        approve(record=model, revision=draft.save_revision(user=one), kind=ApprovalKind.REVIEWED, approver=two)
    reader = sign_in(lead)
    reader.get(ADDRESS)
    with django_assert_max_num_queries(25):
        page = reader.get(ADDRESS).content.decode()
    assert page.count("<td>one</td>") == count


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.EDITOR, Role.REVIEWER, Role.ADMINISTRATOR])
def test_only_leads_see_the_list(role):
    response = sign_in(make_user("somebody", role)).get(ADDRESS)
    assert (response.status_code, response.headers.get("Location")) == (302, reverse("wagtailadmin_home"))
