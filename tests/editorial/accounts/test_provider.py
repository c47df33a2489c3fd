"""Signing in by another service, with OpenID Connect: a service on this machine answers as a real one does."""

import json
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from editorial.review.roles import Role
from tests.editorial.accounts.test_sign_in import LOGIN, SECRET
from tests.editorial.accounts.test_users import make_user
from tests.editorial.review.web_server import Handler, WebServer, running_web_server

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
SERVICE = "/en/accounts/oidc/service/login/"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def service(settings, monkeypatch):
    """A service that has signed in whoever `who` says."""
    # A client fetches tokens by POST.
    monkeypatch.setattr(Handler, "do_POST", Handler.do_GET, raising=False)
    with running_web_server() as server:
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {
                "OAUTH_PKCE_ENABLED": True,
                "APPS": [
                    {
                        "provider_id": "service",
                        "name": "Example ID",
                        "client_id": "aigc",
                        "secret": "secret",
                        "settings": {"server_url": server.at("")},
                    }
                ],
            }
        }
        show(
            server,
            "/.well-known/openid-configuration",
            {
                "issuer": server.at(""),
                "authorization_endpoint": server.at("/authorize"),
                "token_endpoint": server.at("/token"),
                "userinfo_endpoint": server.at("/userinfo"),
                "jwks_uri": server.at("/keys"),
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
        )
        yield server


def show(server: WebServer, path: str, answer: dict) -> None:
    server.pages[path] = (200, JSON, json.dumps(answer).encode())


def sign_in_by(server: WebServer, *, client: Client | None = None, **who):
    """Go to the service and come back as somebody; return the client and the last answer."""
    client = client or Client()
    there = urlsplit(client.get(SERVICE).headers["Location"])
    asked = parse_qs(there.query)
    now = int(timezone.now().timestamp())
    claims = {"iss": server.at(""), "aud": "aigc", "sub": who["sub"], "iat": now, "exp": now + 60}
    token = jwt.encode(claims, "a key that nobody checks, since it came over TLS")
    show(server, "/token", {"access_token": "token", "token_type": "Bearer", "id_token": token})
    show(server, "/userinfo", who)
    response = client.get(f"{SERVICE}callback/", {"code": "code", "state": asked["state"][0]})
    return client, response


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_the_page_offers_it_only_where_the_settings_name_one(service, settings):
    assert "Sign in with Example ID" in Client().get(LOGIN).content.decode()
    assert SERVICE in Client().get(LOGIN).content.decode()
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    assert "Example ID" not in Client().get(LOGIN).content.decode()
    assert Client().get(SERVICE).status_code == 404


def test_it_is_asked_with_pkce_and_told_where_to_return(service):
    there = urlsplit(Client().get(SERVICE).headers["Location"])
    asked = parse_qs(there.query)
    assert there.netloc == urlsplit(service.at("")).netloc
    assert asked["redirect_uri"] == [f"http://testserver{SERVICE}callback/"]
    assert asked["code_challenge_method"] == ["S256"]


def test_somebody_with_an_account_gets_in_and_is_known_from_then_on(service):
    make_user("editor", Role.EDITOR)
    client, response = sign_in_by(service, sub="17", email="Editor@example.org", email_verified=True)
    assert response.headers["Location"] == "/admin/"
    assert is_in(client)
    assert SocialAccount.objects.get().user == User.objects.get()
    client, _response = sign_in_by(service, sub="17", email="new@example.com", email_verified=True)
    assert is_in(client), "the service's own name for a person counts, not the address"
    assert not EmailAddress.objects.exists(), "an address that is kept apart would sign in after it has changed"


@pytest.mark.parametrize(
    "who",
    [
        {"sub": "1", "email": "nobody@example.org", "email_verified": True},
        {"sub": "2", "email": "editor@example.org", "email_verified": False},
        {"sub": "3", "email": "editor@example.org"},
        {"sub": "4"},
        {"sub": "5", "email": "gone@example.org", "email_verified": True},
    ],
)
def test_nobody_else_gets_in_or_gets_an_account(service, who):
    make_user("editor", Role.EDITOR)
    make_user("gone", Role.LEAD, is_active=False)
    client, response = sign_in_by(service, **who)
    assert response.headers["Location"] == LOGIN
    assert "no account here has your address" in client.get(LOGIN).content.decode()
    assert not is_in(client)
    assert User.objects.count() == 2
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("error", ["access_denied", "server_error"])
def test_whoever_cancels_there_is_back_on_the_page_to_sign_in(service, error):
    client = Client()
    state = parse_qs(urlsplit(client.get(SERVICE).headers["Location"]).query)["state"][0]
    response = client.get(f"{SERVICE}callback/", {"error": error, "state": state})
    assert response.headers["Location"] == LOGIN
    assert "Example ID has not signed you in." in client.get(LOGIN).content.decode()


def test_its_owner_is_told_that_a_service_signs_an_account_in(service):
    editor = make_user("editor", Role.EDITOR)
    sign_in_by(service, sub="17", email="editor@example.org", email_verified=True)
    assert "Another service now signs this account in." in editor.notices.values_list("text", flat=True)


def test_a_second_factor_is_still_asked_for(service, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    reviewer = make_user("reviewer", Role.REVIEWER)
    TOTP.activate(reviewer, SECRET)
    client, response = sign_in_by(service, sub="9", email="reviewer@example.org", email_verified=True)
    assert response.headers["Location"] == "/en/accounts/second-factor/authenticate/"
    assert not is_in(client)


def test_an_answer_that_nobody_asked_for_is_refused(service):
    make_user("editor", Role.EDITOR)
    sign_in_by(service, sub="17", email="editor@example.org", email_verified=True)
    client = Client()
    response = client.get(f"{SERVICE}callback/", {"code": "code", "state": "made-up"})
    assert "_auth_user_id" not in client.session
    assert response.headers["Location"] == LOGIN
