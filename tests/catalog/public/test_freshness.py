"""How current the catalog is: every number, with data that is small enough to count by hand."""

import csv
import io
import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Publisher, Source, Verification
from catalog.models.checks import Outcome
from catalog.models.field_groups import INTERVALS
from catalog.public.corrections import count_corrections
from catalog.public.freshness import Freshness, Share
from catalog.publishing.checking import flag_source, record_checks
from tests.factories import make_model, make_organization, make_product, make_source, publish_revision, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.page]


@pytest.fixture
def user():
    return get_user_model().objects.create_user("editor")


def check(record, group, user, outcome=Outcome.STILL_TRUE, **values) -> None:
    record_checks(entry=record.uid, group=group, outcome=outcome, user=user, **values)


def edit(record, **values) -> None:
    """Publish another version of an entry."""
    draft = record.get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    publish_revision(draft.save_revision())


def text_of(response) -> str:
    """Return the words of a page, without markup and with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def rows_of(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def measure(on: date | None = None) -> Freshness:
    return Freshness(on=on or timezone.now().date())


def row_of(freshness: Freshness, kind: str | None = None, group: str | None = None):
    return next(row for row in freshness.groups if (row.kind, row.group) == (kind, group))


# --- states and ages ---------------------------------------------------------------------------------------


def test_shares_follow_checks_edits_and_sources_and_the_day(user, client):
    """Seven models in all states; then time passes, and no job runs."""
    source = make_source()
    with time_machine.travel("2026-01-10") as clock:
        models = {
            name: make_model(
                access="api",
                status="retired" if name == "retired" else "available",
                cite={"access": "2025"},
                source=source if name == "doubtful" else None,
            )
            for name in ("old", "fresh", "due", "unchecked", "doubtful", "contradicted", "retired")
        }
        draft = models["contradicted"].get_latest_revision_as_object()
        citation = draft.citations.get()
        citation.stance, citation.stated_en = "contradicts", "Hosted only"
        draft.citations.add(citation)
        publish_revision(draft.save_revision())
        for name in ("old", "doubtful", "contradicted", "retired"):
            check(models[name], "access", user)
        dates = Verification.objects.get(entry=models["due"].uid, group="access")
        dates.checked_at = timezone.now()
        dates.set_dates()
        due_after = dates.due_on - timezone.now().date()
        clock.move_to(datetime(2026, 3, 20, tzinfo=UTC) - due_after)
        check(models["due"], "access", user)
        clock.move_to("2026-03-18")
        Source.objects.filter(pk=source.pk).update(changed_at=timezone.now())
        flag_source(source)
        check(models["fresh"], "access", user)
    freshness = measure(date(2026, 3, 20))
    access, total = row_of(freshness, "model", "access"), row_of(freshness)
    assert access.numbers == {"within": 2, "overdue": 1, "unverified": 1, "flagged": 1, "disputed": 1}
    assert (access.within, access.historical) == (Share(2, 6), 1)
    assert row_of(freshness, "model", "profile").numbers == {"unverified": 7}
    # Of each model three groups.
    assert total.numbers == {"within": 2, "overdue": 1, "unverified": 15, "flagged": 1, "disputed": 1}
    assert (total.tracked, total.historical) == (20, 1)
    with time_machine.travel("2026-09-20"):
        access = row_of(measure(), "model", "access")
        assert access.numbers == {"overdue": 3, "unverified": 1, "flagged": 1, "disputed": 1}
        assert access.historical == 1
        assert "0 of 6 (0%)" in text_of(client.get("/en/freshness/"))


def make_verifications(*, ages: list[int | None], on: date, kind="product", group="pricing", **values) -> None:
    """Make field groups of live entries, each checked `ages` days before a day, or never (None)."""
    verifications = [
        Verification(
            entry=uuid.uuid4(),
            object_id=1,
            kind=kind,
            group=group,
            interval=INTERVALS[group],
            checked_at=None
            if age is None
            else datetime(on.year, on.month, on.day, 23, 59, tzinfo=UTC) - timedelta(days=age),
            waiting_since=on,
            **values,
        )
        for age in ages
    ]
    for verification in verifications:
        verification.set_dates()
    Verification.objects.bulk_create(verifications)


@pytest.mark.parametrize(
    ("ages", "median", "ninetieth"),
    [
        ([], None, None),
        ([3], 3, 3),
        ([8, 1], 1, 8),
        ([10, 20, 30, 40, 50, 60, 70, 80, 90, 100], 50, 90),
        ([5, 5, 5, 0, 5, 7, 400, 5, 5, 5, 5], 5, 7),
        ([*range(101)], 50, 90),
    ],
)
def test_ages_are_those_of_the_groups_at_the_nearest_rank(ages, median, ninetieth):
    on = date(2026, 3, 20)
    make_verifications(ages=ages, on=on)
    make_verifications(ages=[1000], on=on, historical=True)
    row = row_of(measure(on), "product", "pricing")
    assert (row.median, row.ninetieth, row.checked, row.unchecked) == (median, ninetieth, len(ages), 0)


def test_ages_are_those_of_each_kind_and_of_all_and_leave_out_what_has_no_check():
    on = date(2026, 3, 20)
    make_verifications(ages=[1, 2, 3], on=on)
    make_verifications(ages=[10, None], on=on, kind="model", group="access")
    freshness = measure(on)
    total, pricing, access = (
        row_of(freshness),
        row_of(freshness, "product", "pricing"),
        row_of(freshness, "model", "access"),
    )
    assert (pricing.median, pricing.ninetieth, pricing.checked, pricing.unchecked) == (2, 3, 3, 0)
    assert (access.median, access.ninetieth, access.checked, access.unchecked) == (10, 10, 1, 1)
    assert (total.median, total.ninetieth, total.checked, total.unchecked) == (2, 10, 4, 1)


@pytest.mark.parametrize(
    ("number", "of", "percent", "words"),
    [
        (0, 0, "", "–"),
        (0, 5, "0", "0 of 5 (0%)"),
        (1, 1000, "<1", "1 of 1000 (<1%)"),
        (999, 1000, ">99", "999 of 1000 (>99%)"),
        (5, 5, "100", "5 of 5 (100%)"),
    ],
)
def test_a_share_is_0_or_100_percent_only_for_none_or_all(number, of, percent, words):
    assert Share(number, of).percent == percent
    assert str(Share(number, of)) == words


# --- sources -----------------------------------------------------------------------------------------------


def test_sources_and_disputes_are_counted_by_value_of_what_is_live():
    paper = make_source(archived_url="https://web.archive.org/1")
    press = make_source(kind="press")
    make_source(kind="press", archived_url="https://web.archive.org/2")  # nothing cites it
    model = make_model(status="available", access="api", cite={"status": "2024", "access": "2024"}, source=press)
    draft = model.get_latest_revision_as_object()
    supports = draft.citations.get(field="status")
    for field, stance in (("status", "supports"), ("access", "contradicts")):
        draft.citations.add(type(supports)(field=field, source=paper, stance=stance, stated_en="Another", as_of="2025"))
    publish_revision(draft.save_revision())
    make_product(cite={"status": "2024"}, status="available", source=paper)
    make_product(cite={"status": "2024"}, status="available", publish=False)
    withdraw(make_organization(cite={"country": "2024"}, country="US"))
    freshness = measure()
    found = {row.kind: (row.first_hand, row.disputed) for row in freshness.values}
    assert found == {
        # Its access also has a first-hand source, which contradicts the value.
        "model": (Share(1, 2), Share(1, 2)),
        "organization": (Share(0, 0), Share(0, 0)),
        "product": (Share(1, 1), Share(0, 1)),
        None: (Share(2, 3), Share(1, 3)),
    }
    assert freshness.archived == Share(1, 2)


# --- corrections -------------------------------------------------------------------------------------------


@pytest.fixture
def clock():
    with time_machine.travel("2026-01-10T12:00Z", tick=False) as clock:
        yield clock


def corrections():
    found = count_corrections(on=timezone.now().date())
    return found.number, found.median


def test_without_a_correction_there_is_no_time_to_one(user, clock):
    model = make_model(access="api", cite={"access": "2024"})
    assert corrections() == (0, None)
    clock.shift(timedelta(days=2))
    check(model, "access", user, Outcome.CHANGED)
    assert corrections() == (0, None)
    clock.shift(timedelta(days=2))
    edit(model, name_en="Another")
    assert corrections() == (0, None)


@pytest.mark.parametrize(("outcome", "paths"), [(Outcome.CHANGED, [""]), (Outcome.CONFLICT, ["access"])])
def test_a_correction_takes_from_the_first_doubting_check_to_the_next_publication(user, clock, outcome, paths):
    model = make_model(access="api", cite={"access": "2024"})
    clock.shift(timedelta(days=2))
    check(model, "access", user, outcome, paths=paths)
    clock.shift(timedelta(days=3))
    check(model, "access", user, outcome, paths=["access"])
    clock.shift(timedelta(days=4))
    edit(model, access="hosted-only")
    clock.shift(timedelta(days=5))
    edit(model, access="api")
    assert corrections() == (1, 7)
    clock.shift(timedelta(days=400))
    assert corrections() == (0, None)


def test_a_value_confirmed_in_between_needed_no_correction(user, clock):
    model = make_model(access="api", cite={"access": "2024"})
    clock.shift(timedelta(days=2))
    check(model, "access", user, Outcome.CHANGED, paths=["access"])
    clock.shift(timedelta(days=1))
    check(model, "access", user)
    clock.shift(timedelta(days=1))
    edit(model, access="hosted-only")
    assert corrections() == (0, None)


def test_a_source_that_changed_counts_from_when_it_was_found(clock):
    source = make_source()
    model = make_model(
        access="api",
        cite={"access": "2024", "milestones/launch": "2024"},
        children={
            "milestones": [
                {"key": "launch", "milestone_kind": "release", "date": "2024", "text_en": "Out", "text_zh": "发布"}
            ]
        },
        source=source,
    )
    clock.shift(timedelta(days=1))
    Source.objects.filter(pk=source.pk).update(changed_at=timezone.now())
    clock.shift(timedelta(days=5, hours=23))
    edit(model, access="hosted-only")
    assert corrections() == (1, 5)
    clock.shift(timedelta(days=5))
    draft = model.get_latest_revision_as_object()
    row = draft.milestones.get()
    row.text_en = "It came out"
    draft.milestones.add(row)
    publish_revision(draft.save_revision())
    # The median of 5 and 10 is the lower one.
    assert corrections() == (2, 5)


def test_a_value_that_came_after_its_source_changed_corrects_nothing(clock):
    source = make_source(changed_at=timezone.now())
    clock.shift(timedelta(days=3))
    make_model(access="api", cite={"access": "2024"}, source=source)
    assert corrections() == (0, None)


def test_a_new_row_corrects_a_list_that_was_found_changed(user, clock):
    organization = make_organization(country="US", cite={"country": "2024"})
    clock.shift(timedelta(days=1))
    check(organization, "funding", user, Outcome.CHANGED)
    check(organization, "profile", user, Outcome.CHANGED, paths=["country"])
    clock.shift(timedelta(days=4))
    draft = organization.get_latest_revision_as_object()
    draft.funding_rounds.add(
        draft.funding_rounds.model(key="seed", round_kind="seed", announced="2026-01"),
    )
    publish_revision(draft.save_revision())
    assert corrections() == (1, 4)


# --- the page, and the file --------------------------------------------------------------------------------


@pytest.fixture
def groups_in_all_states():
    """Groups in all states on 2026-03-20: access is within its interval for a third of six models, profile for none."""
    on = date(2026, 3, 20)
    access = {"on": on, "kind": "model", "group": "access"}
    make_verifications(ages=[1, 2, 500, None], **access)
    make_verifications(ages=[3], flagged=True, **access)
    make_verifications(ages=[4], flagged=True, disputed=True, **access)
    make_verifications(ages=[5], historical=True, **access)
    make_verifications(ages=[None] * 14, on=on, kind="model", group="profile")


def test_the_page_says_each_number_in_words_and_in_a_chart(groups_in_all_states, client):
    with time_machine.travel("2026-03-20"):
        response = client.get("/en/freshness/")
    html, text = response.content.decode(), text_of(response)
    for words in (
        "How current we are",
        "Within their interval are 2 of 20 (10%) of the field groups that are tracked. "
        "By kind and group it is between 0% (Model · Profile) and 33% (Model · Access and status).",
        "Within interval",
        "Check overdue",
        "Not checked yet",
        "Source gone or changed",
        "Sources differ",
        "No longer tracked",
        "2 of 6 (33%)",
        "Median time to correction – (n = 0)",
    ):
        assert words in text
    assert html.count('role="img"') == 1
    assert "33% of 6" in text
    assert 'width="33.333%"' in html
    assert "style=" not in html
    assert "/en/models/?freshness=overdue" in html


def test_the_page_in_chinese_and_the_link_to_it(client):
    model = make_model()
    assert "/zh-hans/freshness/" in client.get(f"/zh-hans/models/{model.slug}/").content.decode()
    assert "http://testserver/zh-hans/freshness/" in client.get("/sitemap-pages.xml").content.decode()
    text = text_of(client.get("/zh-hans/freshness/"))
    for words in ("逾期未核实", "尚未核实", "模型 · 开放与状态"):
        assert words in text


def test_an_empty_catalog_has_a_page(client):
    assert "–" in text_of(client.get("/en/freshness/"))
    assert all(row[6] in ("0", "") for row in rows_of(client.get("/en/freshness/data.csv"))[1:])


def test_the_file_has_every_number_with_its_total(groups_in_all_states, client):
    with time_machine.travel("2026-03-20"):
        response = client.get("/en/freshness/data.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="freshness-2026-03-20.csv"' in response.headers["Content-Disposition"]
    heading, *rows = rows_of(response)
    assert heading == ["Measure", "Type", "Field group", "Result", "Unit", "Number", "Of", "Of what"]
    tracked, with_check = "tracked field groups of live entries", "tracked field groups with a check that counts"
    assert ["Within interval", "Model", "Access and status", "33.3", "%", "2", "6", tracked] in rows
    assert ["Within interval", "All", "All", "10.0", "%", "2", "20", tracked] in rows
    assert ["Median age", "Model", "Access and status", "3", "days", "", "5", with_check] in rows
    assert ["No longer tracked", "All", "All", "4.8", "%", "1", "21", "field groups of live entries"] in rows
    assert ["Open disputes", "Model", "All", "", "%", "0", "0", "cited values of live entries"] in rows
    assert rows[-1][0] == "Licence"
    assert "CC BY 4.0 <https://creativecommons.org/licenses/by/4.0/>" in rows[-1][3]
    year = "corrections in the last 365 days"
    assert ["Median time to correction", "All", "All", "", "days", "", "0", year] in rows
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    chinese = rows_of(client.get("/zh-hans/freshness/data.csv"))
    assert [len(row) for row in chinese] == [8] * (len(rows) + 1)


def test_the_file_names_the_publisher_at_its_end(client):
    Publisher.objects.create(name_en="Example Press", contact="https://example.org/contact")
    publisher, contact, _licence = rows_of(client.get("/en/freshness/data.csv"))[-3:]
    assert (publisher[0], publisher[3]) == ("Publisher", "Example Press")
    assert (contact[0], contact[3]) == ("Contact", "https://example.org/contact")


def test_the_page_and_the_file_take_as_many_queries_however_many_entries(user, client):
    def fill(number: int) -> None:
        on = timezone.now().date()
        make_verifications(ages=[*range(number)], on=on)
        source = make_source()
        for each in range(number):
            model = make_model(access="api", cite={"access": "2024"}, source=source)
            check(model, "access", user, Outcome.CHANGED)
            if each % 2:
                edit(model, access="hosted-only")
        Source.objects.filter(pk=source.pk).update(changed_at=timezone.now())

    def count_queries() -> list[int]:
        counts = []
        for address in ("/en/freshness/", "/en/freshness/data.csv"):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    fill(2)
    few = count_queries()
    fill(4)
    assert count_queries() == few
    assert max(few) <= 12


@pytest.mark.parametrize(
    ("language", "before", "after"), [("en", "Checked ", "Check overdue since "), ("zh-hans", "已核实", "起逾期未核实")]
)
def test_the_words_on_an_entry_and_its_listing_change_with_the_day_alone(client, user, language, before, after):
    """No job runs in between."""
    with time_machine.travel(datetime(2026, 1, 5, 12, tzinfo=UTC)) as clock:
        model = make_model(slug="whisper", access="api", cite={"access": "2025"})
        for group in ("profile", "specifications", "access"):
            check(model, group, user)

        def read() -> tuple[str, bool]:
            page = BeautifulSoup(client.get(f"/{language}/models/whisper/").content, "html.parser")
            listing = client.get(f"/{language}/models/?freshness=overdue").content.decode()
            state = page.select_one(".group-head:has(#group-access) .state").get_text(strip=True)
            return state, "/models/whisper/" in listing

        state, is_listed = read()
        assert before in state
        assert not is_listed
        end = Verification.objects.get(group="access").overdue_on
        clock.move_to(datetime(end.year, end.month, end.day, tzinfo=UTC))
        state, is_listed = read()
        assert after in state
        assert is_listed
