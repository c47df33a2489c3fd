"""How the desk keeps up: checks required and done, counted as people would, on the screen and in spreadsheets."""

import csv
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from uuid import uuid4

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from catalog.models import Source, Verification
from catalog.models.checks import Outcome
from catalog.models.field_groups import FIELD_GROUPS, INTERVALS
from catalog.publishing.checking import flag_source, record_checks
from editorial.review.desk import read_outlook
from editorial.review.emergency import publish_in_emergency
from tests.editorial.review.support import sign_in
from tests.factories import make_model, make_organization, make_product, make_source, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def user():
    return User.objects.create_user("mei", first_name="Mei", last_name="Lin")


def check(record, group, user, *, days_ago=0, outcome=Outcome.STILL_TRUE, **values) -> None:
    with time_machine.travel(NOW - timedelta(days=days_ago), tick=False):
        record_checks(entry=record.uid, group=group, outcome=outcome, user=user, **values)


def add_products(number: int, **values) -> None:
    """Add unchecked verifications of this many products, without the products themselves."""
    Verification.objects.bulk_create(
        Verification(
            entry=uuid4(),
            object_id=0,
            kind="product",
            group=group,
            interval=INTERVALS[group],
            waiting_since=TODAY,
            **values,
        )
        for _ in range(number)
        for group in FIELD_GROUPS["product"]
    )


def read_report(client) -> tuple[str, dict[str, list[list[str]]]]:
    """Return the text of the report, and the rows of each of its tables by name."""
    response = client.get(reverse("review:desk"))
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    tables = {
        section["aria-labelledby"]: [
            [cell.get_text(strip=True) for cell in row.find_all(["th", "td"])] for row in section.select("tbody tr")
        ]
        for section in soup.select("section[aria-labelledby]")
    }
    return " ".join(soup.get_text().split()), tables


def read_csv(client, table: str) -> list[list[str]]:
    response = client.get(reverse("review:desk"), {"table": table, "export": "csv"})
    assert response["Content-Disposition"] == f'attachment; filename="desk-{table}.csv"'
    text = b"".join(response.streaming_content).decode()
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


def test_weeks_count_each_group_once_a_day_and_batches_apart(user):
    first, second = make_model(), make_model()
    check(first, "access", user)
    check(first, "access", user)
    check(first, "profile", user, days_ago=6)
    check(second, "profile", user, days_ago=7)
    check(second, "access", user, days_ago=7, outcome=Outcome.CANT_TELL)
    batch = uuid4()
    for record in (first, second):
        check(record, "specifications", user, days_ago=20, batch=batch)
    check(second, "access", user, days_ago=55)
    check(second, "access", user, days_ago=56)
    weeks = read_csv(sign_in("Editor"), "weeks")
    assert weeks[0] == ["Week until", "Asked for", "Checked one by one", "Checked in batches"]
    assert [row[0] for row in weeks[1:]] == [str(TODAY - timedelta(days=7 * number)) for number in range(8)]
    assert [row[2:] for row in weeks[1:]] == [
        ["2", "0"],
        ["1", "0"],
        ["0", "2"],
        *(["0", "0"] for _ in range(4)),
        ["1", "0"],
    ]


def test_required_checks_follow_the_intervals_without_historical_entries(user):
    add_products(30)
    # 180, 60 and 30 days: 30 × 7 × (1/180 + 1/60 + 1/30) = 11.67 checks a week.
    assert read_outlook(today=TODAY).required == 12
    add_products(30, historical=True)
    assert read_outlook(today=TODAY).required == 12


def test_the_report_warns_when_more_checks_are_due_than_are_done(user):
    models = [make_model(), make_model()]
    editor = sign_in("Editor")
    text, _tables = read_report(editor)
    assert "In the next four weeks 6 checks are needed" in text
    assert "in the last four the desk did 0. At this pace it does not keep up." in text
    assert "lengthen intervals, openly" in text
    html = editor.get(reverse("review:desk")).content.decode()
    assert f'href="{reverse("review:intervals")}"' in html
    for model in models:
        for group in FIELD_GROUPS["model"]:
            check(model, group, user)
    text, _tables = read_report(editor)
    assert "In the next four weeks 0 checks are needed" in text
    assert "does not keep up" not in text


def test_groups_overdue_within_four_weeks_count_as_ahead_and_overdue_ones_as_overdue(user, clock):
    model = make_model(makers=[])
    for group in FIELD_GROUPS["model"]:
        check(model, group, user)

    def outlook(days: int):
        found = read_outlook(today=TODAY + timedelta(days=days))
        return found.ahead, found.overdue

    assert outlook(0) == (0, 0)
    assert outlook(60) == (1, outlook(60)[1])
    assert outlook(75) == (1, 1)
    assert outlook(300) == (3, 3)


def test_lists_show_waiting_groups_gone_sources_disputes_and_owed_looks(user, clock):
    source = make_source(title="Gone paper")
    cited = make_model(name="Cited", status="available", cite={"status": "2024"}, source=source)
    make_organization(name="Citing too", status="active", cite={"status": "2024", "type": "2024"}, source=source)
    withdraw(make_product(name="Taken away", status="available", cite={"status": "2024"}, source=source))
    clock.shift(timedelta(minutes=1))
    Source.objects.filter(pk=source.pk).update(link_state="gone", changed_at=timezone.now())
    flag_source(source)
    record_checks(entry=cited.uid, group="access", outcome=Outcome.CONFLICT, user=user, paths=["status"])
    lead = sign_in("Lead")
    draft = cited.get_latest_revision_as_object()
    draft.summary_en = "In a hurry."
    draft.save_revision(user=lead.user)
    publish_in_emergency(record=cited, user=lead.user, reason="It could not wait.")
    _text, tables = read_report(lead)
    assert tables["gone"] == [["Gone paper", "", "2"]]
    assert tables["disputes"] == [["Cited", "Model", "Access and status"]]
    ((name, who, reason, _due),) = tables["looks"]
    assert (name, who, reason) == ("Cited", "lead", "It could not wait.")
    assert ["Citing too", "Organization", "Profile", "Flagged"] in [row[:4] for row in tables["waiting"]]
    assert ["Cited", "Model", "Access and status", "Disputed"] in [row[:4] for row in tables["waiting"]]


def test_the_twenty_that_wait_longest_are_shown_and_all_are_in_the_download():
    for days in range(8, 0, -1):
        with time_machine.travel(NOW - timedelta(days=days), tick=False):
            make_model(name=f"Waits {days} days")
    client = sign_in("Editor")
    text, tables = read_report(client)
    assert "The first 20 of 24" in text
    assert [row[0] for row in tables["waiting"][:4]] == [*["Waits 8 days"] * 3, "Waits 7 days"]
    assert len(tables["waiting"]) == 20
    assert len(read_csv(client, "waiting")) == 1 + 24


def test_checks_are_counted_by_person_and_kind(user):
    other = User.objects.create_user("bo")
    model, product, gone = make_model(), make_product(), make_model()
    check(model, "access", user)
    check(product, "access", user, batch=uuid4())
    check(gone, "access", other)
    check(model, "profile", other, days_ago=56)
    withdraw(gone)
    assert read_csv(sign_in("Editor"), "people")[1:] == [
        ["Mei Lin", "Model", "1", "0"],
        ["Mei Lin", "Product", "0", "1"],
        ["bo", "no longer live", "1", "0"],
    ]


def test_spreadsheets_have_numbers_and_dates_and_no_formulas():
    make_model(name="=1+1")
    client = sign_in("Editor")
    response = client.get(reverse("review:desk"), {"table": "waiting", "export": "xlsx"})
    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("Name", "Kind", "Field group", "State", "Since")
    assert rows[1][0] == "=1+1"
    assert rows[1][4].date() == TODAY if isinstance(rows[1][4], datetime) else rows[1][4] == TODAY
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert read_csv(client, "waiting")[1][0] == "'=1+1"
    assert client.get(reverse("review:desk"), {"table": "none", "export": "csv"}, follow=True).status_code == 404


def test_the_front_page_has_a_summary_in_one_line(user):
    editor = sign_in("Editor")
    home = reverse("wagtailadmin_home")
    assert "Checks in the last seven days" not in editor.get(home).content.decode()
    check(make_product(), "pricing", user)
    add_products(20)
    text = BeautifulSoup(editor.get(home).content, "html.parser").get_text()
    assert "Checks in the last seven days: 1, of 8 a week that the intervals ask for; overdue: 0" in text


def test_the_report_takes_as_many_queries_for_many_rows(user):
    lead = sign_in("Lead")

    def grow() -> None:
        for make in (make_model, make_organization, make_product):
            source = make_source(link_state="gone")
            record = make(status="", cite={"status": "2024"}, source=source)
            check(record, "profile", user)
            check(record, "profile", User.objects.create_user(record.slug), outcome=Outcome.CONFLICT)
            draft = record.get_latest_revision_as_object()
            draft.summary_en = "In a hurry."
            draft.save_revision(user=lead.user)
            publish_in_emergency(record=record, user=lead.user, reason="It could not wait.")

    def count(**query) -> int:
        with CaptureQueriesContext(connection) as queries:
            b"".join(lead.get(reverse("review:desk"), query))
        return len(queries)

    grow()
    count()
    few = count(), count(table="waiting", export="csv"), count(table="gone", export="csv")
    grow()
    assert (count(), count(table="waiting", export="csv"), count(table="gone", export="csv")) == few
