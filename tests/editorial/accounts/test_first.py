"""The first account: a link that the server prints makes it, and then is gone."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from editorial.accounts.first import announce_first_account
from editorial.review.roles import Role
from tests.editorial.accounts.test_sign_in import enter, is_in
from tests.editorial.accounts.test_users import make_user, roles_of

pytestmark = pytest.mark.django_db
PASSWORD = "A long pass phrase"
FIELDS = {
    "username": "ada",
    "email": "ada@example.org",
    "first_name": "Ada",
    "last_name": "First",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


@pytest.fixture
def links(caplog, settings):
    """Return what reads the links that a server prints as it starts."""
    settings.DEMO = False

    def read_links() -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            announce_first_account()
        return re.findall(r"http://testserver(/\S+)", caplog.text)

    return read_links


def test_the_link_makes_an_administrator_who_signs_in(links):
    (link,) = links()
    page = Client().get(link).content.decode()
    assert "The first account" in page
    response = Client().post(link, FIELDS)
    assert response.headers["Location"] == "/en/accounts/login/"
    user = User.objects.get()
    assert user.is_superuser
    assert roles_of(user) == {Role.ADMINISTRATOR}
    assert is_in(enter("ada", PASSWORD))


def test_it_works_once_and_is_printed_no_more(links):
    (link,), (other,) = links(), links()
    Client().post(link, FIELDS)
    for address in (link, other):
        assert Client().get(address).status_code == 404
        assert Client().post(address, {**FIELDS, "username": "eve"}).status_code == 404
    assert User.objects.count() == 1
    assert links() == []


def test_it_is_gone_where_there_are_accounts(links):
    (link,) = links()
    make_user("editor", Role.EDITOR)
    assert Client().post(link, FIELDS).status_code == 404
    assert links() == []


def test_it_holds_for_a_day_and_can_not_be_made_up(links):
    (link,) = links()
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1)):
        assert Client().get(link).status_code == 404
    assert Client().get(link[:-3] + "xx/").status_code == 404
    assert Client().post("/en/accounts/first/first/", FIELDS).status_code == 404
    assert not User.objects.exists()


def test_a_weak_password_or_no_address_is_refused_with_words(links):
    (link,) = links()
    response = Client().post(link, {**FIELDS, "password1": "12345678", "password2": "12345678", "email": ""})
    assert response.status_code == 422
    page = response.content.decode()
    assert "This password is entirely numeric." in page
    assert "This field is required." in page
    assert not User.objects.exists()


def test_the_demo_prints_none(links, settings):
    settings.DEMO = True
    assert links() == []
