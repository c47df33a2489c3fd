"""Fixtures of all tests: profiles of property-based tests, databases, and a browser for the tests that need one."""

import os
import shutil

import pytest
from django.db import connection
from django.utils import timezone, translation
from hypothesis import HealthCheck, settings

from catalog.listing import table_cache
from tests import databases

# Quick and long use the same examples on every run, so that a failure comes from the current change; `explore` tries
# new ones: `python tools/run_tests.py --long --hypothesis-profile=explore`.
# A slow machine is no fault: speed is measured by benchmarks.
COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("quick", max_examples=50, derandomize=True, **COMMON)
settings.register_profile("long", max_examples=500, derandomize=True, print_blob=True, **COMMON)
settings.register_profile("explore", max_examples=2000, print_blob=True, **COMMON)
settings.load_profile("quick")

NO_CHROMIUM = "no Chromium found; set CHROMIUM=/path/to/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Reports violations through the console, which `page` listens to.
REPORT_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`Policy violation: ${event.effectiveDirective} blocked ${event.blockedURI}`))"""


@pytest.fixture(autouse=True)
def default_language():
    """Reset the language and time zone that a request of the test client leaves in the thread."""
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def new_process(monkeypatch):
    """Start with empty caches of the listing index, as in a new process, because the last test's database is gone."""
    monkeypatch.setattr(table_cache, "process_cache", table_cache.TableCache())


@pytest.fixture
def commit():
    """Return a function that makes listings treat this test's writes so far as committed."""
    return lambda: connection.run_on_commit.clear()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker):
    """Provide a migrated database where pytest-django looks for a kept one."""
    name = connection.creation._get_test_db_name()
    with django_db_blocker.unblock():
        databases.MIGRATED.copy_to(name)
    yield
    with django_db_blocker.unblock():
        connection.close()
        databases.STORE.drop(name)


@pytest.fixture(scope="session")
def django_db_keepdb():
    return True


@pytest.fixture(scope="session")
def chromium_path():
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named) or pytest.fail(f"CHROMIUM names {named}, which is not a program")
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {NO_CHROMIUM}")
    pytest.skip(NO_CHROMIUM)


@pytest.fixture(scope="session")
def browser(chromium_path, django_db_setup):
    from playwright.sync_api import sync_playwright

    serialized = connection._test_serialized_contents
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # With an event loop in this thread, Django opens another connection, which needs the rows of migrations too.
        connection._test_serialized_contents = serialized
        # Playwright runs an event loop in this thread, which Django takes for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A browser page in its own context; its `problems` are console errors, script errors and policy violations."""
    context = browser.new_context()
    context.add_init_script(REPORT_VIOLATIONS)
    page = context.new_page()
    page.problems = []
    page.on("console", lambda it: it.type == "error" and page.problems.append(f"{it.text} ({page.url})"))
    page.on("pageerror", lambda error: page.problems.append(f"{error} ({page.url})"))
    yield page
    context.close()


def pytest_collection_modifyitems(items):
    """Restore the rows of migrations for every transactional test: the one before it has emptied all tables."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        is_transactional = {"live_server", "transactional_db"}.intersection(item.fixturenames)
        if is_transactional or (marker and marker.kwargs.get("transaction")):
            options = {**(marker.kwargs if marker else {}), "transaction": True, "serialized_rollback": True}
            item.add_marker(pytest.mark.django_db(**options), append=False)


def pytest_terminal_summary(terminalreporter):
    if any(NO_CHROMIUM in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"Browser tests did not run: {NO_CHROMIUM}.", yellow=True)
