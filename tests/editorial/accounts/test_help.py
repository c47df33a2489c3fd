"""Help for somebody who can't sign in: lockouts and second factors."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.urls import reverse
from wagtail.models import ModelLogEntry

from editorial.accounts.limits import MOST_BY_PAIR
from editorial.models import Notice
from editorial.review.notices import NoticeKind
from editorial.review.roles import Role
from tests.editorial.accounts.test_sign_in import SECRET, WRONG, enter, is_in
from tests.editorial.accounts.test_users import make_user, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
LOCKOUT, SECOND_FACTOR = "accounts:lockout", "accounts:second-factor"


@pytest.fixture
def admin() -> User:
    return make_user("admin", Role.ADMINISTRATOR)


@pytest.fixture
def reviewer() -> User:
    user = make_user("reviewer", Role.REVIEWER)
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def give(client, name: str, user: User):
    return client.post(reverse(name, args=[user.pk]))


def test_the_account_offers_it_and_each_page_asks_first(admin, reviewer):
    client = sign_in(admin)
    page = client.get(reverse("wagtailusers_users:edit", args=[reviewer.pk])).content.decode()
    for name in ("accounts:link", LOCKOUT, SECOND_FACTOR):
        address = reverse(name, args=[reviewer.pk])
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200
    assert Authenticator.objects.count() == 2


def test_a_lockout_is_lifted_by_an_administrator(admin):
    editor = make_user("editor", Role.EDITOR)
    for _number in range(MOST_BY_PAIR):
        enter("editor", WRONG)
    assert not is_in(enter("editor"))
    give(sign_in(admin), LOCKOUT, editor)
    assert is_in(enter("editor"))
    assert ModelLogEntry.objects.filter(action="accounts.lockout", object_id=editor.pk, user=admin).exists()


def test_lost_second_factors_are_removed_logged_and_told(admin, reviewer):
    give(sign_in(admin), SECOND_FACTOR, reviewer)
    assert not Authenticator.objects.exists()
    told = Notice.objects.get(recipient=reviewer, kind=NoticeKind.SIGN_IN)
    assert (told.text, told.actor, told.by_mail) == ("An administrator removed all second factors.", admin, True)
    assert ModelLogEntry.objects.filter(action="accounts.second-factor", object_id=reviewer.pk, user=admin).exists()
    assert is_in(enter("reviewer")), "the password is enough to sign in, and to set up another"


def test_nobody_removes_their_own_without_using_it(admin):
    TOTP.activate(admin, SECRET)
    page = sign_in(admin).post(reverse(SECOND_FACTOR, args=[admin.pk]), follow=True).content.decode()
    assert "Remove your own on the page" in page
    assert Authenticator.objects.filter(user=admin).exists()


def test_an_account_without_any_is_left_alone(admin):
    editor = make_user("editor", Role.EDITOR)
    page = sign_in(admin).post(reverse(SECOND_FACTOR, args=[editor.pk]), follow=True).content.decode()
    assert "The account has no second factor." in page
    assert not Notice.objects.filter(recipient=editor).exists()
    assert not ModelLogEntry.objects.filter(action="accounts.second-factor").exists()


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.EDITOR, Role.REVIEWER, Role.LEAD])
@pytest.mark.parametrize("name", [LOCKOUT, SECOND_FACTOR])
def test_only_administrators_help(role, name, reviewer):
    assert give(sign_in(make_user("other", role)), name, reviewer).status_code in (302, 403)
    assert Authenticator.objects.count() == 2
    assert not ModelLogEntry.objects.filter(action__startswith="accounts.").exclude(action="accounts.roles").exists()


def test_administrators_do_not_help_superusers(admin):
    root = make_user("root", is_superuser=True)
    TOTP.activate(root, SECRET)
    for name in (LOCKOUT, SECOND_FACTOR):
        assert give(sign_in(admin), name, root).status_code in (302, 403)
    assert Authenticator.objects.count() == 1
