"""A form that is refused as possibly forged: the page says what happened, and keeps what was typed."""

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from wagtail.models import Revision

from catalog.models import Term
from tests.editorial.review.support import open_form, sign_in, url, values_in
from tests.factories import make_term

pytestmark = pytest.mark.django_db
OWN = {"origin": "http://testserver"}
STALE = {"csrfmiddlewaretoken": "a" * 64}


@pytest.fixture
def client() -> Client:
    """A client with a CSRF cookie, whose forms are checked as those of a browser."""
    client = Client(enforce_csrf_checks=True)
    client.get("/en/accounts/login/")
    return client


def sign_in_checked() -> Client:
    """Return a signed-in editor whose forms are checked, with a CSRF cookie."""
    client = sign_in("Editor")
    client.handler.enforce_csrf_checks = True
    client.get("/admin/")
    return client


def offered_form(response):
    """Return the form that sends the same again, or None."""
    return BeautifulSoup(response.content.decode(), "html.parser").find("form")


def send_again(client: Client, response):
    """Confirm the form of the page, as a press of its button does."""
    form = offered_form(response)
    token = form.find("input", {"name": "csrfmiddlewaretoken"})["value"]
    return client.post(form["action"], {**values_in(form), "csrfmiddlewaretoken": token}, headers=OWN)


def test_the_page_says_in_both_languages_what_happened_and_what_to_do(client):
    response = client.post("/en/accounts/login/", {"username": "ann"}, headers=OWN)
    html = response.content.decode()
    assert response.status_code == 403
    for words in ("The form was not accepted", "Nothing has been saved", "表单未被接受", "未保存任何内容"):
        assert words in html
    assert "no-store" in response.headers["Cache-Control"]
    assert "Content-Security-Policy" in response.headers


def test_what_was_typed_is_kept_and_saved_once_the_person_confirms_it():
    editor, term = sign_in_checked(), make_term(slug="token")
    address = f"{url(term, 'edit')}?show=definition"
    typed = 'One line.\n<b>Another</b> "line"; 第三行'
    values = {**open_form(editor, address), "definition_en": typed}
    before = Revision.objects.count()
    response = editor.post(address, {**values, **STALE}, headers=OWN)
    assert response.status_code == 403
    assert Revision.objects.count() == before
    html = response.content.decode()
    assert "<b>Another</b>" not in html
    assert "&lt;b&gt;Another&lt;/b&gt;" in BeautifulSoup(html, "html.parser").find("dl").decode(), (
        "it shows what it sends"
    )
    assert f"<code>{address}</code>" in html
    assert send_again(editor, response).status_code == 302
    assert Term.objects.get().get_latest_revision().content["definition_en"] == typed


def test_confirming_needs_a_fresh_token():
    editor, term = sign_in_checked(), make_term(slug="token")
    address = url(term, "edit")
    values = {**open_form(editor, address), "definition_en": "Typed."}
    form = offered_form(editor.post(address, {**values, **STALE}, headers=OWN))
    before = Revision.objects.count()
    assert editor.post(form["action"], values_in(form), headers=OWN).status_code == 403
    assert Revision.objects.count() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://testserver.evil.example"},
        {"origin": "https://testserver"},
        {"origin": "null"},
        {"referer": "http://evil.example/http://testserver/"},
        {"referer": "http://testserver@evil.example/"},
        {"origin": "https://evil.example", "referer": "http://testserver/en/"},
        {},
    ],
)
def test_what_another_site_sends_is_never_offered(headers):
    editor, term = sign_in_checked(), make_term(slug="token")
    values = {**open_form(editor, url(term, "edit")), "definition_en": "Harm."}
    response = editor.post(url(term, "edit"), {**values, **STALE}, headers=headers)
    assert response.status_code == 403
    assert offered_form(response) is None
    assert "Harm." not in response.content.decode()
    assert "close this page" in response.content.decode()


def test_passwords_codes_and_files_are_never_shown_again(client):
    secrets = {"password": "hunter-2", "new_password1": "hunter-3", "code": "123456", "otp-token": "654321"}
    file = SimpleUploadedFile("secret.txt", b"what the file says")
    response = client.post("/en/accounts/login/", {"username": "ann", **secrets, "file": file, **STALE}, headers=OWN)
    html = response.content.decode()
    form = offered_form(response)
    assert set(values_in(form)) == {"username"}
    for word in (*secrets.values(), "what the file says", "secret.txt", STALE["csrfmiddlewaretoken"]):
        assert word not in html
    assert "Passwords and files were not kept" in html
    assert send_again(client, response).status_code == 200, "the form is shown again, to enter the password"


@pytest.mark.parametrize("path", ["//evil.example/en/accounts/login/", "/en/accounts/login/?next=//evil.example/"])
def test_the_offered_form_never_leaves_the_site(client, path):
    path, _mark, query = path.partition("?")
    response = client.post("/en/accounts/login/", {"username": "ann"}, headers=OWN, PATH_INFO=path, QUERY_STRING=query)
    form = offered_form(response)
    assert form is None or (form["action"].startswith("/") and not form["action"].startswith("//"))


def test_a_request_that_is_no_form_gets_the_page_too(client):
    for method in ("put", "delete"):
        response = getattr(client, method)("/en/accounts/login/", headers=OWN)
        assert response.status_code == 403
        assert offered_form(response) is None
    response = client.post("/en/accounts/login/", b"{]", content_type="application/json", headers=OWN)
    assert response.status_code == 403
    assert offered_form(response) is None
