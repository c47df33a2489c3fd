"""Signing in: one way in, limits on guessing, and the second factor of those who decide."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from bs4 import BeautifulSoup
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from wagtail.users.models import UserProfile

from editorial.accounts.limits import (
    MOST_BY_ACCOUNT,
    MOST_BY_ADDRESS,
    MOST_BY_PAIR,
    SignInAttempt,
    forget_refusals,
    lift_lockout,
)
from editorial.models import Notice
from editorial.review.notices import NoticeKind
from editorial.review.roles import Role
from tests.editorial.accounts.test_users import make_user
from tests.editorial.review.support import values_in

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
LOGIN = "/en/accounts/login/"
RIGHT, WRONG = "A long pass phrase", "a wrong pass phrase"
SECRET = "JBSWY3DPEHPK3PXP"
AUTHENTICATE = "/en/accounts/second-factor/authenticate/"
CONFIRM = "/en/accounts/second-factor/reauthenticate/"


@pytest.fixture(autouse=True)
def nothing_of_other_tests():
    """Forget what a process remembers: the next test has the same account, secret and address."""
    cache.clear()
    forget_refusals()
    yield
    forget_refusals()


@pytest.fixture
def editor() -> User:
    return make_user("editor", Role.EDITOR)


@pytest.fixture
def reviewer() -> User:
    return make_user("reviewer", Role.REVIEWER)


def enter(name: str, password: str = RIGHT, *, address: str = "192.0.2.1", client: Client | None = None):
    return (client or Client()).post(LOGIN, {"login": name, "password": password}, REMOTE_ADDR=address)


def is_in(response) -> bool:
    return response.status_code == 302 and "/accounts/" not in response.headers["Location"]


class TestOneWayIn:
    @pytest.mark.parametrize("name", ["editor", "editor@example.org", "EDITOR@example.org"])
    def test_by_name_or_address(self, editor, name):
        assert is_in(enter(name))

    def test_by_an_address_that_is_kept_with_capitals(self, editor):
        User.objects.filter(pk=editor.pk).update(email="Editor@Example.org")
        assert is_in(enter("editor@example.org"))
        assert is_in(enter("Editor@Example.org"))

    def test_a_session_ends_with_the_browser_unless_one_asks_otherwise(self, editor):
        for remember, lasts in (("", ""), ("on", 14 * 24 * 60 * 60)):
            client = Client()
            client.post(LOGIN, {"login": "editor", "password": RIGHT, "remember": remember})
            assert client.cookies["sessionid"]["max-age"] == lasts

    def test_the_old_page_leads_to_the_new_one_and_takes_no_password(self, editor):
        response = Client().get("/admin/login/?next=/admin/reports/")
        assert response.headers["Location"] == f"{LOGIN}?next=/admin/reports/"
        for address in ("/admin/login/", "/en/_util/login/", "/zh-hans/_util/login/"):
            client = Client()
            response = client.post(address, {"username": "editor", "password": RIGHT})
            assert response.headers["Location"].endswith("/accounts/login/"), address
            assert "_auth_user_id" not in client.session

    def test_the_admin_leads_to_it_and_it_leads_back(self, editor):
        client = Client()
        address = client.get("/admin/reports/workflow/").headers["Location"]
        assert address.startswith(LOGIN)
        response = client.post(address, {"login": "editor", "password": RIGHT, "next": "/admin/reports/workflow/"})
        assert response.headers["Location"] == "/admin/reports/workflow/"

    @pytest.mark.parametrize(
        "name", ["signup", "email", "password/change", "password/set", "social/connections", "3rdparty"]
    )
    def test_what_the_site_does_not_use_is_not_there(self, editor, name):
        client = Client()
        client.force_login(editor)
        assert client.get(f"/en/accounts/{name}/").status_code == 404

    @pytest.mark.parametrize(("language", "words"), [("en", "Sign in with a passkey"), ("zh-hans", "使用通行密钥登录")])
    def test_the_page_is_in_both_languages_and_in_no_search_engine(self, language, words):
        page = Client().get(f"/{language}/accounts/login/").content.decode()
        assert words in page
        assert '<meta name="robots" content="noindex">' in page
        assert "Sign Up" not in page


# What a GET of each address answers to strangers and to an editor: "in" leads to the page to sign in.
ADDRESSES = {
    "login/": (200, 302),
    "logout/": (302, 200),
    "inactive/": (200, 200),
    "confirm/": ("in", 200),
    "password/reset/": (302, 302),
    "sessions/": ("in", 200),
    "first/<str:token>/": (404, 404),
    "oidc/^(?P<provider_id>[^/]+)/login/": (404, 404),
    "oidc/^(?P<provider_id>[^/]+)/login/callback/": (404, 404),
    "second-factor/": ("in", 200),
    "second-factor/authenticate/": ("in", 302),
    "second-factor/reauthenticate/": ("in", 302),
    "second-factor/totp/activate/": ("in", 302),
    "second-factor/totp/deactivate/": ("in", 404),
    "second-factor/recovery-codes/": ("in", 404),
    "second-factor/recovery-codes/generate/": ("in", 302),
    "second-factor/recovery-codes/download/": ("in", 404),
    "second-factor/webauthn/": ("in", 200),
    "second-factor/webauthn/add/": ("in", 302),
    "second-factor/webauthn/login/": (302, 302),
    "second-factor/webauthn/reauthenticate/": ("in", 302),
    "second-factor/webauthn/keys/<int:pk>/remove/": ("in", 302),
    "second-factor/webauthn/keys/<int:pk>/edit/": ("in", 302),
}


def list_routes(resolver, prefix: str = ""):
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        yield from list_routes(pattern, route) if hasattr(pattern, "url_patterns") else [route]


class TestAddresses:
    def test_each_is_known(self):
        assert sorted(list_routes(get_resolver("editorial.accounts.urls"))) == sorted(ADDRESSES)

    @pytest.mark.parametrize("route", ADDRESSES)
    def test_strangers_and_editors(self, editor, route):
        address = "/en/accounts/" + re.sub("<.*?>", "1", re.sub(r"\^\(.*?\)", "service", route))
        client = Client()
        client.force_login(editor)
        for who, expected in zip((Client(), client), ADDRESSES[route], strict=True):
            response = who.get(address)
            if expected == "in":
                assert response.headers["Location"].startswith(LOGIN)
            else:
                assert response.status_code == expected


class TestLimits:
    def test_an_address_is_locked_out_of_an_account_and_the_account_is_open_to_others(self, editor):
        for _number in range(MOST_BY_PAIR):
            assert not is_in(enter("editor", WRONG))
        assert "Too many attempts" in enter("editor").content.decode()
        assert is_in(enter("editor", address="192.0.2.2"))

    def test_a_lockout_ends_by_itself_and_attempts_do_not_prolong_it(self, editor):
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for _number in range(MOST_BY_PAIR):
                enter("editor", WRONG)
            clock.shift(timedelta(minutes=4))
            before = SignInAttempt.objects.count()
            assert not is_in(enter("editor"))
            assert SignInAttempt.objects.count() == before
            clock.shift(timedelta(minutes=1, seconds=1))
            assert is_in(enter("editor"))

    def test_an_address_is_locked_out_of_all_accounts(self, editor):
        for number in range(MOST_BY_ADDRESS):
            enter(f"name{number}", WRONG)
        assert not is_in(enter("editor"))

    def test_many_addresses_lock_an_account_but_not_for_where_its_owner_has_been(self, editor):
        assert is_in(enter("editor", address="192.0.2.7"))
        for number in range(MOST_BY_ACCOUNT):
            enter("editor", WRONG, address=f"198.51.100.{number}")
        assert not is_in(enter("editor", address="203.0.113.1"))
        assert is_in(enter("editor", address="192.0.2.7"))

    def test_a_locked_attempt_hashes_nothing(self, editor, monkeypatch):
        hashed = []
        monkeypatch.setattr(User, "check_password", lambda user, password: hashed.append(user) or False)
        for _number in range(MOST_BY_PAIR + 3):
            enter("editor", WRONG)
        assert len(hashed) == MOST_BY_PAIR

    def test_unknown_names_have_the_same_limits_and_words(self, editor):
        for name in ("editor", "nobody"):
            answers = [enter(name, WRONG, address="192.0.2.9") for _number in range(MOST_BY_PAIR + 1)]
            assert "Too many attempts" in answers[-1].content.decode(), name

    def test_a_forged_header_does_not_get_around_the_limit(self, editor, settings):
        for number in range(MOST_BY_PAIR):
            Client().post(
                LOGIN, {"login": "editor", "password": WRONG}, headers={"X-Forwarded-For": f"203.0.113.{number}"}
            )
        assert not is_in(Client().post(LOGIN, {"login": "editor", "password": RIGHT}))

    def test_name_and_address_count_as_one_account(self, editor):
        for number in range(MOST_BY_PAIR):
            enter("editor" if number % 2 else "Editor@Example.org", WRONG)
        for name in ("editor", "editor@example.org"):
            assert "Too many attempts" in enter(name).content.decode()

    def test_the_addresses_of_one_ipv6_network_count_as_one(self, editor):
        for number in range(MOST_BY_ADDRESS):
            enter(f"name{number}", WRONG, address=f"2001:db8:0:1::{number + 1:x}")
        assert not is_in(enter("editor", address="2001:db8:0:1:ffff::1"))
        assert is_in(enter("editor", address="2001:db8:0:2::1"))

    @pytest.mark.parametrize("name", ["editor", "editor@example.org", "nobody", "nobody@example.org"])
    def test_known_and_unknown_names_hash_once(self, editor, monkeypatch, name):
        hashed = []
        monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(args) or "md5$salt$no")
        enter(name, WRONG)
        assert len(hashed) == 1

    def test_a_lockout_is_lifted(self, editor):
        for _number in range(MOST_BY_PAIR):
            enter("editor", WRONG)
        assert lift_lockout(user=editor) == MOST_BY_PAIR
        assert is_in(enter("editor"))

    def test_an_address_that_goes_on_is_answered_at_once_and_others_are_not(self, editor, django_assert_num_queries):
        for _number in range(MOST_BY_PAIR + MOST_BY_ADDRESS):
            enter("editor", WRONG)
        with django_assert_num_queries(0):
            response = enter("editor")
        assert response.status_code == 429
        assert response.content.decode() == "Too many attempts. Try again in five minutes."
        assert 0 < int(response.headers["Retry-After"]) <= 300
        assert Client().get(LOGIN).status_code == 200
        assert is_in(enter("editor", address="192.0.2.2"))
        with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
            assert is_in(enter("editor"))

    @pytest.mark.parametrize("page", ["/en/accounts/confirm/", "/admin/account/"])
    def test_no_form_lets_a_found_session_guess_the_password(self, editor, page):
        client = Client()
        enter("editor", client=client)

        def guess(password: str) -> str:
            name = "password-old_password" if "admin" in page else "password"
            new = {"password-new_password1": "x", "password-new_password2": "x"}
            values = values_in(BeautifulSoup(client.get(page).content.decode(), "html.parser").find_all("form")[-1])
            answer = client.post(page, {**values, name: password, **new}, REMOTE_ADDR="192.0.2.1")
            return answer.content.decode()

        for _number in range(MOST_BY_PAIR):
            assert "Too many attempts" not in guess(WRONG)
        assert "Too many attempts" in guess(RIGHT)

    def test_no_row_holds_what_was_typed(self, editor):
        enter("my secret password", WRONG)
        assert not any("secret" in str(row) for row in SignInAttempt.objects.values())


def code_now() -> str:
    return format_hotp_value(hotp_value(SECRET, next(yield_hotp_counters_from_time())))


class TestSecondFactor:
    @pytest.fixture(autouse=True)
    def required(self, settings):
        settings.REQUIRE_SECOND_FACTOR = True

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.LEAD, Role.ADMINISTRATOR])
    def test_who_decides_sets_one_up_before_anything_else(self, role):
        make_user("somebody", role)
        client = Client()
        enter("somebody", client=client)
        for address in ("/admin/", "/admin/pages/", "/admin/snippets/catalog/organization/add/"):
            for send in (client.get, client.post):
                assert send(address).headers["Location"] == "/en/accounts/second-factor/"
        assert "set one up first" in client.get("/en/accounts/second-factor/").content.decode()

    def test_a_superuser_does_too(self):
        make_user("root", is_superuser=True)
        client = Client()
        enter("root", client=client)
        assert client.get("/admin/").headers["Location"] == "/en/accounts/second-factor/"

    def test_editors_need_none(self, editor):
        client = Client()
        enter("editor", client=client)
        assert client.get("/admin/").status_code == 200

    def test_with_a_code_a_reviewer_gets_in(self, reviewer):
        TOTP.activate(reviewer, SECRET)
        client = Client()
        assert enter("reviewer", client=client).headers["Location"] == AUTHENTICATE
        assert client.get("/admin/").status_code == 302
        assert client.post(AUTHENTICATE, {"code": code_now()}).status_code == 302
        assert client.get("/admin/").status_code == 200

    def test_a_recovery_code_works_once(self, reviewer):
        TOTP.activate(reviewer, SECRET)
        code = RecoveryCodes.activate(reviewer).get_unused_codes()[0]
        for works in (True, False):
            client = Client()
            enter("reviewer", client=client)
            client.post(AUTHENTICATE, {"code": code})
            assert (client.get("/admin/").status_code == 200) == works

    def test_codes_can_not_be_guessed(self, reviewer):
        TOTP.activate(reviewer, SECRET)
        client = Client()
        enter("reviewer", client=client)
        for _number in range(MOST_BY_PAIR):
            client.post(AUTHENTICATE, {"code": "000000"})
        page = client.post(AUTHENTICATE, {"code": code_now()}).content.decode()
        assert "Too many attempts" in page

    def test_the_right_password_does_not_let_codes_be_guessed_further(self, reviewer):
        TOTP.activate(reviewer, SECRET)
        for number in range(MOST_BY_PAIR + 1):
            client = Client()
            enter("reviewer", client=client)
            page = client.post(AUTHENTICATE, {"code": "000000"}).content.decode()
            assert ("Too many attempts" in page) == (number == MOST_BY_PAIR)

    def test_a_password_is_not_enough_to_remove_one(self, reviewer):
        client = Client()
        enter("reviewer", client=client)
        TOTP.activate(reviewer, SECRET)
        client.post("/en/accounts/confirm/", {"password": RIGHT})
        deactivate = "/en/accounts/second-factor/totp/deactivate/"
        assert client.post(deactivate).headers["Location"].startswith(CONFIRM)
        assert Authenticator.objects.filter(user=reviewer).exists()
        client.post(CONFIRM, {"code": code_now()})
        client.post(deactivate)
        assert not Authenticator.objects.filter(user=reviewer).exists()

    def test_sessions_opened_with_a_removed_one_are_asked_for_another(self, reviewer):
        TOTP.activate(reviewer, SECRET)
        client = Client()
        enter("reviewer", client=client)
        client.post(AUTHENTICATE, {"code": code_now()})
        assert client.get("/admin/").status_code == 200
        Authenticator.objects.all().delete()
        assert client.get("/admin/").headers["Location"] == "/en/accounts/second-factor/"

    def test_the_first_one_ends_sessions_that_were_opened_without(self, reviewer, django_capture_on_commit_callbacks):
        here, elsewhere = Client(), Client()
        for client in (here, elsewhere):
            enter("reviewer", client=client)
        here.post("/en/accounts/confirm/", {"password": RIGHT})
        page = "/en/accounts/second-factor/totp/activate/"
        secret = here.get(page).context["form"].secret
        with django_capture_on_commit_callbacks(execute=True):
            here.post(page, {"code": format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))})
        assert here.get("/en/accounts/sessions/").status_code == 200
        assert elsewhere.get("/en/accounts/sessions/").headers["Location"].startswith(LOGIN)

    def test_a_session_from_before_is_asked_for_it(self, editor):
        client = Client()
        enter("editor", client=client)
        TOTP.activate(editor, SECRET)
        editor.groups.set(make_user("other", Role.REVIEWER).groups.all())
        assert client.get("/admin/reports/").headers["Location"] == f"{CONFIRM}?next=%2Fadmin%2Freports%2F"
        client.post(CONFIRM, {"code": code_now()})
        assert client.get("/admin/").status_code == 200

    def test_the_database_alone_gives_no_codes(self, reviewer):
        totp = TOTP.activate(reviewer, SECRET)
        assert SECRET not in str(totp.instance.data)

    def test_a_code_works_once_in_all_processes(self, reviewer):
        """django-allauth remembers used codes in the cache of one process; another one has an empty cache."""
        TOTP.activate(reviewer, SECRET)
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for works in (True, False):
                client = Client()
                enter("reviewer", client=client)
                client.post(AUTHENTICATE, {"code": code_now()})
                assert (client.get("/admin/").status_code == 200) == works
                cache.clear()
            clock.shift(timedelta(seconds=30))
            assert client.post(AUTHENTICATE, {"code": code_now()}).status_code == 302

    def test_somebody_with_passkeys_alone_is_asked_for_one(self, reviewer):
        client = Client()
        enter("reviewer", client=client)
        Authenticator.objects.create(user=reviewer, type=Authenticator.Type.WEBAUTHN, data={})
        address = client.get("/admin/reports/").headers["Location"]
        assert address == "/en/accounts/second-factor/webauthn/reauthenticate/?next=%2Fadmin%2Freports%2F"

    def test_the_demo_says_that_none_is_needed(self, reviewer, settings):
        words = "Nobody needs a second factor here"
        settings.REQUIRE_SECOND_FACTOR = False
        client = Client()
        enter("reviewer", client=client)
        assert words in client.get("/admin/").content.decode()
        settings.REQUIRE_SECOND_FACTOR = True
        editor = Client()
        editor.force_login(make_user("editor", Role.EDITOR))
        assert words not in editor.get("/admin/").content.decode()


class TestWhatItsOwnerIsTold:
    def told(self, user: User) -> list[str]:
        return [notice.text for notice in Notice.objects.shown_to(user).filter(kind=NoticeKind.SIGN_IN, by_mail=True)]

    def test_another_password_is_told_and_ends_all_other_sessions(self, editor):
        here, elsewhere = Client(), Client()
        for client in (here, elsewhere):
            enter("editor", client=client)
        new = "another long pass phrase"
        fields = {"old_password": RIGHT, "new_password1": new, "new_password2": new}
        page = here.get("/admin/account/").content.decode()
        prefix = re.search(r'name="(\w+-)old_password"', page)[1]
        form = BeautifulSoup(page, "html.parser").find("form", enctype="multipart/form-data")
        values = {**values_in(form), **{prefix + name: value for name, value in fields.items()}}
        assert here.post("/admin/account/", values).status_code == 302
        assert here.get("/admin/").status_code == 200
        assert elsewhere.get("/admin/").status_code == 302
        assert self.told(editor) == ["The password was changed."]

    def test_the_first_password_and_a_sign_in_are_no_news(self, editor):
        editor.set_unusable_password()
        editor.save()
        Notice.objects.all().delete()
        editor.set_password(RIGHT)
        editor.save()
        enter("editor")
        assert self.told(editor) == []

    def test_a_new_password_lifts_a_lockout(self, editor):
        for _number in range(MOST_BY_PAIR):
            enter("editor", WRONG)
        editor.set_password("another long pass phrase")
        editor.save()
        assert is_in(enter("editor", "another long pass phrase"))

    def test_factors_are_told_in_the_language_of_the_account(self, editor, django_capture_on_commit_callbacks):
        profile = UserProfile.get_for_user(editor)
        profile.preferred_language = "zh-hans"
        profile.save()
        client = Client()
        enter("editor", client=client)
        client.post("/en/accounts/confirm/", {"password": RIGHT})
        page = "/en/accounts/second-factor/totp/activate/"
        secret = client.get(page).context["form"].secret
        counter = next(yield_hotp_counters_from_time())
        with django_capture_on_commit_callbacks(execute=True):
            client.post(page, {"code": format_hotp_value(hotp_value(secret, counter))})
        assert sorted(self.told(editor)) == ["已添加：恢复代码。", "已添加：身份验证器应用。"]


class TestSessions:
    def test_they_are_listed_and_all_others_are_ended(self, editor):
        here, elsewhere = Client(), Client()
        enter("editor", client=elsewhere, address="203.0.113.5")
        enter("editor", client=here, address="203.0.113.6")
        page = here.get("/en/accounts/sessions/").content.decode()
        assert "203.0.113.5" in page
        assert "203.0.113.6" in page
        assert "/en/accounts/sessions/" in here.get("/admin/account/").content.decode()
        here.post("/en/accounts/sessions/")
        assert here.get("/admin/").status_code == 200
        assert elsewhere.get("/admin/").status_code == 302

    def test_nobody_sees_those_of_others(self, editor, reviewer):
        here, theirs = Client(), Client()
        enter("reviewer", client=theirs, address="203.0.113.5")
        enter("editor", client=here, address="203.0.113.6")
        assert "203.0.113.5" not in here.get("/en/accounts/sessions/").content.decode()
        here.post("/en/accounts/sessions/")
        assert theirs.get("/admin/").status_code == 200
