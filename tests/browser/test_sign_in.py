"""Signing in with a passkey in a real browser: setting one up, on a phone in Chinese, and getting in with it alone."""

import re

import pytest
from playwright.sync_api import expect

from editorial.review.roles import Role
from tests.browser.axe import violations
from tests.editorial.accounts.test_users import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ACCOUNTS = "/zh-hans/accounts/"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(live_server, browser):
    """A page on a phone that has a key, made by the browser. Keys need a name for the host."""
    address = live_server.url.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    yield page
    context.close()


def test_a_reviewer_sets_up_a_passkey_and_signs_in_with_it_alone(page, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    make_user("reviewer", Role.REVIEWER)
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto("/admin/")
    page.get_by_label("登录", exact=True).fill("reviewer")
    page.get_by_label("密码").fill("A long pass phrase")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_text("您的角色需要两步验证才能操作：请先设置。")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{ACCOUNTS}second-factor/webauthn/add/")
    page.get_by_label("密码").fill("A long pass phrase")
    page.get_by_role("button").last.click()
    page.get_by_label("名称").fill("手机")
    page.get_by_role("checkbox").check()
    assert violations(page) == []
    page.get_by_role("button", name="添加").click()
    page.wait_for_url(re.compile("/recovery-codes/"))
    assert violations(page) == []
    page.context.clear_cookies()
    page.goto("/zh-hans/accounts/login/")
    page.get_by_role("button", name="使用通行密钥登录").click()
    page.wait_for_url("**/admin/")
    for name in ("sessions/", "second-factor/", "second-factor/webauthn/", "second-factor/totp/activate/"):
        page.goto(f"{ACCOUNTS}{name}")
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert errors == []
