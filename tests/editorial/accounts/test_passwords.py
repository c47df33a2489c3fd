"""Passwords are set by their owners alone, through a link that is mailed."""

import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry
from wagtail.users.models import UserProfile

from editorial.models import Notice
from editorial.review.roles import Role
from tests.editorial.accounts.test_users import ids_of, make_user, send_form, sign_in
from tests.editorial.review.mail_server import running_mail_server

pytestmark = [pytest.mark.django_db, pytest.mark.admin]

NEW = "a new pass phrase"
KNOWN = "editor@example.org"


@pytest.fixture
def admin() -> User:
    return make_user("admin", Role.ADMINISTRATOR)


@pytest.fixture
def editor() -> User:
    return make_user("editor", Role.EDITOR)


def ask(address: str, client: Client | None = None):
    """Ask for a link on the page for forgotten passwords."""
    return (client or Client()).post("/admin/password_reset/", {"email": address})


def read_link() -> str:
    """Send the waiting mail, and return the path of the link in the last message."""
    call_command("send_notices", stdout=io.StringIO())
    (link,) = re.findall(r"http://testserver(/\S+)", mail.outbox[-1].body)
    return link


def set_password(link: str, password: str = NEW):
    """Open a link and set a password, as a browser does."""
    client = Client()
    form = client.get(link, follow=True)
    path = form.redirect_chain[-1][0] if form.redirect_chain else link
    return client.post(path, {"new_password1": password, "new_password2": password})


def may_sign_in(name: str, password: str) -> bool:
    return Client().login(username=name, password=password)


class TestInvitations:
    def add(self, client: Client, **changes):
        fields = {"username": "new", "email": "new@example.org", "first_name": "New", "last_name": "Person"}
        return client.post(reverse("wagtailusers_users:add"), {**fields, **changes}, follow=True)

    def test_a_new_account_has_no_password_and_its_owner_gets_a_link(self, admin):
        client = sign_in(admin)
        assert "password1" not in client.get(reverse("wagtailusers_users:add")).content.decode()
        page = self.add(client, password1=NEW, password2=NEW, groups=ids_of(Role.EDITOR)).content.decode()
        assert "A link to set the password goes to new@example.org." in page
        assert not User.objects.get(username="new").has_usable_password()
        assert not may_sign_in("new", NEW)
        link = read_link()
        assert mail.outbox[-1].to == ["new@example.org"]
        assert "Admin Tester sends you this link." in mail.outbox[-1].body
        assert "Your user name: new" in mail.outbox[-1].body
        assert set_password(link).status_code == 302
        assert may_sign_in("new", NEW)

    def test_a_link_works_once(self, admin):
        self.add(sign_in(admin))
        link = read_link()
        set_password(link)
        set_password(link, "somebody else's")
        assert may_sign_in("new", NEW)

    def test_a_link_ends_after_three_days(self, admin):
        self.add(sign_in(admin))
        link = read_link()
        with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)):
            set_password(link)
        assert not may_sign_in("new", NEW)

    def test_no_database_row_holds_a_link(self, admin):
        self.add(sign_in(admin))
        token = read_link().rstrip("/").rpartition("/")[2]
        assert not any(token in str(row) for row in [*Notice.objects.values(), *ModelLogEntry.objects.values()])


class TestOwnersAlone:
    def test_no_form_of_another_account_sets_a_password(self, admin, editor):
        root = make_user("root", is_superuser=True)
        for client in (sign_in(admin), sign_in(root)):
            address = reverse("wagtailusers_users:edit", args=[editor.pk])
            assert "password1" not in client.get(address).content.decode()
            send_form(client, editor, password1=NEW, password2=NEW, first_name="Changed")
            assert User.objects.get(pk=editor.pk).first_name == "Changed"
            assert not may_sign_in("editor", NEW)

    def test_an_administrator_does_not_bring_the_mail_of_an_account_to_themselves(self, admin, editor):
        client = sign_in(admin)
        send_form(client, editor, email="admin@example.org", first_name="Changed")
        assert (User.objects.get(pk=editor.pk).first_name, User.objects.get(pk=editor.pk).email) == ("Changed", KNOWN)
        form = client.get(reverse("wagtailusers_users:edit", args=[editor.pk])).content.decode()
        assert "Its owner changes the address" in form

    def test_an_administrator_mends_the_address_of_an_account_that_nobody_has_used(self, admin, editor):
        editor.set_unusable_password()
        editor.save()
        call_command("send_notices", stdout=io.StringIO())
        sign_in(admin).post(reverse("accounts:link", args=[editor.pk]))
        old = read_link()
        send_form(sign_in(admin), editor, email="right@example.org")
        assert User.objects.get(pk=editor.pk).email == "right@example.org"
        set_password(old)
        assert not may_sign_in("editor", NEW), "The link to the old address must not work any more."

    def test_an_administrator_sends_a_link_that_only_the_owner_gets(self, admin, editor):
        client, address = sign_in(admin), reverse("accounts:link", args=[editor.pk])
        assert address in client.get(reverse("wagtailusers_users:edit", args=[editor.pk])).content.decode()
        assert KNOWN in client.get(address).content.decode()
        assert not Notice.objects.filter(kind="password-link").exists(), "Looking sends nothing."
        assert client.post(address).status_code == 302
        set_password(read_link())
        assert mail.outbox[-1].to == [KNOWN]
        assert may_sign_in("editor", NEW)
        logged = ModelLogEntry.objects.get(action="accounts.link")
        assert (logged.user, logged.object_id) == (admin, str(editor.pk))

    def test_nobody_else_sends_links_and_nobody_to_a_superuser(self, admin, editor):
        root = make_user("root", is_superuser=True)
        for user, account in ((editor, admin), (make_user("lead", Role.LEAD), editor), (admin, root)):
            sign_in(user).post(reverse("accounts:link", args=[account.pk]))
        assert not Notice.objects.filter(kind="password-link").exists()

    def test_an_account_that_cannot_get_mail_gets_words_that_say_so(self, admin, editor):
        User.objects.filter(pk=editor.pk).update(email="")
        page = sign_in(admin).post(reverse("accounts:link", args=[editor.pk]), follow=True).content.decode()
        assert "has no mail address" in page


class TestForgottenPasswords:
    def test_the_answer_is_the_same_for_known_and_unknown_addresses(self, editor):
        inactive = make_user("gone", is_active=False)
        answers = {
            (response.status_code, response.headers["Location"])
            for response in map(ask, (KNOWN, KNOWN.upper(), "nobody@example.org", inactive.email))
        }
        assert len(answers) == 1
        assert [notice.recipient for notice in Notice.objects.filter(kind="password-link")] == [editor, editor]

    def test_no_request_waits_for_the_mail_server(self, editor, settings):
        with running_mail_server() as server:
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
            settings.EMAIL_USE_TLS = False
            ask(KNOWN)
            assert server.taken == []
            call_command("send_notices", stdout=io.StringIO())
            ((to, message),) = server.taken
        assert to == [KNOWN]
        assert "If it was not you, do nothing." in message.get_content()

    def test_mail_is_in_the_language_of_the_account(self, editor):
        profile = UserProfile.get_for_user(editor)
        profile.preferred_language = "zh-hans"
        profile.save()
        ask(KNOWN)
        link = read_link()
        assert "您的用户名" in mail.outbox[-1].body
        set_password(link)
        assert may_sign_in("editor", NEW)

    def test_nobody_fills_a_mailbox(self, editor):
        for _number in range(5):
            ask(KNOWN)
        assert Notice.objects.filter(kind="password-link").count() == 3
        with time_machine.travel(timezone.now() + timedelta(minutes=61)):
            ask(KNOWN)
        assert Notice.objects.filter(kind="password-link").count() == 4


@pytest.mark.parametrize("password", ["73519462805173", "password123", "short pw", "editor2026"])
def test_weak_passwords_are_refused_on_the_page_and_by_the_rules(editor, password):
    with pytest.raises(ValidationError):
        validate_password(password, user=editor)
    ask(KNOWN)
    assert set_password(read_link(), password).status_code == 200
    assert not may_sign_in("editor", password)
