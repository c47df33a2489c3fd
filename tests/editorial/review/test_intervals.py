"""The screen of the intervals: it shows the effect first, and the numbers are the same after saving."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Interval, Verification
from catalog.models.checks import Outcome
from catalog.models.field_groups import FIELD_GROUPS, INTERVALS
from catalog.publishing.checking import record_checks
from tests.editorial.review.support import sign_in, values_in
from tests.factories import make_model

pytestmark = [pytest.mark.django_db, pytest.mark.admin]


def read_screen(response) -> BeautifulSoup:
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def read_rows(screen: BeautifulSoup) -> dict[str, list[str]]:
    """Return the rows of the table: due and overdue by days ahead."""
    return {
        row.th.get_text(strip=True): [cell.get_text(strip=True) for cell in row.find_all("td")]
        for row in screen.select("table.listing tbody tr")
    }


def press(client: Client, button: str, form: dict, **changes):
    return client.post(reverse("review:intervals"), {**form, **changes, button: "1"}, follow=True)


def open_screen(client: Client) -> dict:
    return read_form(read_screen(client.get(reverse("review:intervals"))))


def read_form(screen: BeautifulSoup) -> dict:
    return values_in(screen.find("input", attrs={"name": "shown"}).find_parent("form"))


@pytest.fixture
def checked():
    """Make ten models that were checked fifty days ago."""
    user = User.objects.create_user("checker")
    with time_machine.travel(timezone.now() - timedelta(days=50)):
        for _ in range(10):
            model = make_model()
            for group in FIELD_GROUPS["model"]:
                record_checks(entry=model.uid, group=group, user=user, outcome=Outcome.STILL_TRUE)


def count_due(group: str) -> list[str]:
    """Return the expected row of the table for a group, counted one by one."""
    texts = []
    for days in (0, 7, 30, 90):
        day = timezone.now().date() + timedelta(days=days)
        states = [it.state(day).value for it in Verification.objects.filter(group=group)]
        texts.append(f"{states.count('due') + states.count('overdue')} ({states.count('overdue')})")
    return texts


def test_the_effect_is_shown_before_saving_and_is_the_same_after(checked):
    lead = sign_in("Lead")
    form = open_screen(lead)
    before = count_due("access")
    screen = read_screen(press(lead, "effect", form, access="20"))
    rows = read_rows(screen)
    assert rows["Access and status"] == ["60", *before]
    effect = rows["Access and status, if changed"]
    assert effect[0] == "20"
    assert effect[1] == "10 (10)"
    assert "Profile, if changed" not in rows
    assert not Interval.objects.exists()
    assert count_due("access") == before
    shown = read_form(screen)
    screen = read_screen(press(lead, "save", shown))
    assert read_rows(screen)["Access and status"] == effect == ["20", *count_due("access")]
    assert "Checks of the group “Access and status” hold for 20 days, before for 60" in screen.get_text()
    assert "lead" in screen.get_text()


def test_numbers_whose_effect_was_not_shown_are_not_saved(checked):
    lead = sign_in("Lead")
    form = open_screen(lead)
    screen = read_screen(press(lead, "save", form, access="20"))
    assert "not the numbers whose effect you saw" in screen.get_text()
    assert not Interval.objects.exists()
    shown = read_form(screen)
    # Meanwhile somebody else saves a different number.
    Interval.objects.create(group="access", days=30)
    press(lead, "save", shown)
    assert Interval.objects.get().days == 30


@pytest.mark.parametrize(("days", "words"), [("6", "greater than or equal to 7"), ("731", "less than or equal to 730")])
def test_a_number_out_of_range_is_refused_in_words(days, words):
    lead = sign_in("Lead")
    response = press(lead, "save", open_screen(lead), pricing=days)
    assert words in read_screen(response).get_text()
    assert not Interval.objects.exists()


def test_editors_can_look_and_try_but_not_save():
    editor = sign_in("Editor")
    screen = read_screen(press(editor, "effect", open_screen(editor), pricing="60"))
    assert read_rows(screen)["Pricing, if changed"][0] == "60"
    assert screen.find("button", attrs={"name": "save"}) is None
    shown = read_form(screen)
    press(editor, "save", shown)
    assert not Interval.objects.exists()


def test_superusers_save_and_the_menu_leads_to_the_screen():
    User.objects.create_superuser("root")
    client = Client()
    client.force_login(User.objects.get(username="root"))
    assert reverse("review:intervals") in client.get(reverse("wagtailadmin_home")).content.decode()
    screen = read_screen(press(client, "effect", open_screen(client), pricing="60"))
    press(client, "save", read_form(screen))
    assert Interval.objects.get().days == 60
    screen = read_screen(press(client, "effect", open_screen(client), pricing="30"))
    press(client, "save", read_form(screen))
    assert not Interval.objects.exists()
    log = client.get(reverse("wagtailadmin_reports:site_history")).content.decode()
    assert "hold for 60 days, before for 30" in log
    assert "hold for 30 days, before for 60" in log


def test_the_screen_takes_as_many_queries_for_many_entries(checked):

    lead = sign_in("Lead")
    form = open_screen(lead)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            press(lead, "effect", form, **{group: str(days + 1) for group, days in INTERVALS.items()})
        return len(queries)

    few = count()
    for _ in range(3):
        make_model()
    assert count() == few
