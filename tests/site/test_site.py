"""The site as a whole: language redirect, health, headers, error pages, and messages about wrong settings."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.test import Client, override_settings
from django.urls import path

from aigc_site.middleware import ServerTimingMiddleware
from tests.factories import make_article, make_home, make_model

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("accepted", "address"),
    [("zh-CN,zh;q=0.9,en;q=0.5", "/zh-hans/"), ("en-GB,en", "/en/"), ("fr", "/en/"), ("zh-Hans", "/zh-hans/")],
)
def test_the_site_opens_in_the_language_of_the_browser(client, accepted, address):
    response = client.get("/", headers={"Accept-Language": accepted})
    assert (response.status_code, response.url) == (302, address)
    assert "Accept-Language" in response.headers["Vary"]


@pytest.mark.django_db
def test_health_is_json_once_the_database_is_migrated(client):
    for address in ("/healthz", "/readyz", "/livez"):
        response = client.get(address)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_public_pages_carry_the_policy_and_the_usual_headers(client):
    make_home()
    headers = client.get("/en/").headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.django_db
def test_the_admin_has_a_policy_of_its_own(client):
    policy = client.get("/admin/password_reset/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline'" in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "Page not found"), ("zh-hans", "找不到")])
def test_a_missing_page_is_reported_in_the_readers_language(client, language, words):
    response = client.get(f"/{language}/models/nothing-here/")
    assert response.status_code == 404
    assert words in response.content.decode()


def list_hosts(html: str) -> set[str]:
    """Return the hosts that the addresses of a page lead to from this site."""
    found = BeautifulSoup(html, "html.parser").find_all(True)
    names = ("href", "src", "action", "formaction", "content", "hx-get", "data-url")
    addresses = [element[name] for element in found for name in names if element.has_attr(name)]
    return {urlsplit(urljoin("http://testserver/en/", address)).netloc for address in addresses}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/en/",
        "//evil.example/zh-hans/models/",
        "///evil.example/en/",
        "/\\evil.example/en/",
        "//evil.example/en/models/feed.atom",
        "//evil.example/admin/",
        "//evil.example/en/search/",
        "//evil.example",
        "/en//evil.example/",
        "//user@evil.example/en/glossary/",
    ],
)
def test_no_link_of_a_page_leads_off_the_site_because_of_its_path(client, path):
    make_home()
    make_home("zh-hans")
    for query in ("", "q=x&next=//evil.example/"):
        response = client.get("/", PATH_INFO=path, QUERY_STRING=query)
        assert urlsplit(urljoin("http://testserver/", response.headers.get("Location", ""))).netloc == "testserver"
        assert list_hosts(response.content.decode()) <= {"testserver"}


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["next=//evil.example/", "next=https://evil.example/", "next=/%5Cevil.example/"])
def test_signing_in_leads_to_no_other_site(client, query):
    get_user_model().objects.create_superuser("boss", password="correct horse")
    address = f"/en/accounts/login/?{query}"
    assert "evil.example" not in list_hosts(client.get(address).content.decode())
    values = {"login": "boss", "password": "correct horse", "next": unquote(query.removeprefix("next="))}
    assert client.post(address, values).headers["Location"] == "/admin/"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head", "options", "put"])
def test_only_a_post_signs_out(client, method):
    client.force_login(get_user_model().objects.create_superuser("boss"))
    response = getattr(client, method)("/admin/logout/")
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/account/").status_code == 200, "still signed in"
    assert client.post("/admin/logout/").headers["Location"] == "/en/accounts/login/"
    assert client.get("/admin/account/").status_code == 302


def explode(request):
    raise RuntimeError("on purpose")


urlpatterns = [path("en/explode/", explode)]


@pytest.mark.django_db
@override_settings(ROOT_URLCONF="tests.site.test_site", DEBUG=False)
@pytest.mark.parametrize(("language", "words"), [("en", "Something went wrong"), ("zh-hans", "出了点问题")])
def test_a_server_error_shows_no_traceback(language, words):
    response = Client(raise_request_exception=False).get("/en/explode/", headers={"Accept-Language": language})
    assert response.status_code == 500
    html = response.content.decode()
    assert "RuntimeError" not in html
    assert "on purpose" not in html


@pytest.mark.django_db
def test_robots_and_sitemap(client):
    make_article(slug="why-2022", body=[("heading", "Why")])
    make_article(slug="unfinished", body=[("heading", "Why")], publish=False)
    make_model(slug="gpt-3")
    make_model(slug="secret", publish=False)
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()
    entries = client.get("/sitemap-entries.xml").content.decode()
    assert "http://testserver/en/models/gpt-3/" in entries
    assert "http://testserver/zh-hans/models/gpt-3/" in entries
    assert "secret" not in entries
    articles = client.get("/sitemap-articles.xml").content.decode()
    assert "/en/articles/why-2022/" in articles
    assert "unfinished" not in articles


PUBLIC_PAGES = ["/en/", "/zh-hans/", "/en/models/", "/zh-hans/glossary/", "/en/search/?q=x", "/en/models/not-there/"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PUBLIC_PAGES)
def test_the_demo_says_on_every_page_that_it_is_one_and_no_other_site_does(client, settings, address):
    make_home()
    make_home("zh-hans")
    words = "这是演示站" if "zh-hans" in address else "This is a demonstration copy"
    assert words not in client.get(address).content.decode()
    settings.DEMO = True
    header = client.get(address).content.decode().partition("</header>")[0]
    assert words in header


@pytest.mark.django_db
def test_server_timing_counts_the_queries(rf):
    from django.http import HttpResponse

    from catalog.models import ListingEntry

    def view(request):
        return HttpResponse(str(ListingEntry.objects.count()))

    header = ServerTimingMiddleware(view)(rf.get("/")).headers["Server-Timing"]
    assert 'desc="1 query"' in header
    assert "total;dur=" in header


# --- messages about wrong settings -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def settings_alone(tmp_path_factory) -> Path:
    """A folder with the settings but no `.env`: a developer's own file would supply missing variables."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "aigc_site", folder / "aigc_site")
    shutil.copy(ROOT / "manage.py", folder)
    return folder


IMPORT_SETTINGS = ("-c", "import aigc_site.settings")


def start(folder: Path, *command: str, **environment) -> subprocess.CompletedProcess:
    """Run Python in a new process, by default to import the site's settings."""
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
    return subprocess.run(
        [sys.executable, *(command or IMPORT_SETTINGS)],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
    )


GOOD = {"SECRET_KEY": "k" * 60, "ALLOWED_HOSTS": "example.org"}


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"ALLOWED_HOSTS": "example.org"}, "SECRET_KEY"),
        ({**GOOD, "SECRET_KEY": "short"}, "at least 50 random characters"),
        ({"SECRET_KEY": "k" * 60}, "ALLOWED_HOSTS is not set"),
        ({**GOOD, "DEBUG": "perhaps"}, "DEBUG"),
        ({**GOOD, "SITE_URL": "example.org"}, "SITE_URL must be an address"),
        ({**GOOD, "DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL"),
        ({**GOOD, "EMAIL_PORT": "many"}, "EMAIL_PORT"),
        ({**GOOD, "HSTS_PRELOAD": "true"}, "HSTS_PRELOAD needs HSTS and HSTS_SUBDOMAINS"),
    ],
)
def test_a_wrong_or_missing_setting_stops_the_start_with_a_sentence(settings_alone, environment, complaint):
    result = start(settings_alone, **environment)
    assert result.returncode != 0
    assert complaint in result.stderr.splitlines()[-1]


def test_a_command_reports_a_wrong_setting_in_one_sentence(settings_alone):
    result = start(settings_alone, "manage.py", "migrate", **GOOD, EMAIL_PORT="many")
    assert result.returncode == 1
    assert "EMAIL_PORT" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" in start(settings_alone, "manage.py", "migrate", "--traceback", EMAIL_PORT="many").stderr


def test_a_good_environment_starts(settings_alone):
    assert start(settings_alone, **GOOD).returncode == 0


ASK_FOR_LIFE = """
import django
django.setup()
from django.test import Client
print(Client().get("/livez", secure=True, headers={"host": "example.org", "x-forwarded-proto": "https"}).headers)
"""
HTTPS = {**GOOD, "SITE_URL": "https://example.org", "DJANGO_SETTINGS_MODULE": "aigc_site.settings"}
YEAR = "max-age=31536000"


@pytest.mark.parametrize(
    ("environment", "header"),
    [
        ({}, f"'{YEAR}'"),
        ({"HSTS": "false"}, None),
        ({"HSTS_SUBDOMAINS": "true"}, f"'{YEAR}; includeSubDomains'"),
        ({"HSTS_SUBDOMAINS": "true", "HSTS_PRELOAD": "true"}, f"'{YEAR}; includeSubDomains; preload'"),
        ({"SITE_URL": "http://example.org"}, None),
    ],
)
def test_hsts_its_subdomains_and_preload_are_three_settings(settings_alone, environment, header):
    for part in ("catalog", "editorial"):
        if not (settings_alone / part).exists():
            (settings_alone / part).symlink_to(ROOT / part)
    result = start(settings_alone, "-c", ASK_FOR_LIFE, **{**HTTPS, **environment})
    assert result.returncode == 0, result.stderr
    found = re.search(r"'Strict-Transport-Security': ('[^']*')", result.stdout)
    assert (found and found[1]) == header


# The settings read it, but it doesn't belong in a `.env` file.
NOT_IN_EXAMPLE = {"DEMO"}  # `make demo` sets it, and then the file is not read.


def test_the_example_of_an_environment_names_what_the_settings_read_and_nothing_else():
    settings = (ROOT / "aigc_site" / "settings.py").read_text()
    example = (ROOT / ".env.example").read_text()
    read = set(re.findall(r"""\benv\.\w+\(\s*"([A-Z_]+)\"""", settings))
    named = re.findall(r"^(?:# ?)?([A-Z_]+)=", example, re.MULTILINE)
    assert "EMAIL_HOST" in read, "the settings are read in another way: change this test"
    assert sorted(named) == sorted(read - NOT_IN_EXAMPLE)
    assert read >= NOT_IN_EXAMPLE
