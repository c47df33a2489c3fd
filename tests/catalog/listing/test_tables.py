"""What processes hold of the listing index in memory is always what the database has."""

import gc
import weakref
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.listing import tables
from catalog.listing.table import TEXTS, Table, read_table
from catalog.models import ListingEntry, ListingVersion
from catalog.models.kinds import EntryKind
from tests.catalog.listing.listings import counts, names, open_listing
from tests.factories import make_model, make_organization, publish, withdraw

pytestmark = pytest.mark.django_db


def describe(table: Table) -> dict:
    """All that a table says, whatever its slots, by address."""
    described = {}
    for slug, slot in table.slot_at.items():
        facets = {facet: sorted(table.values_of(facet, [slot])[slot]) for facet in table.facets}
        described[slug] = {
            "pk": int(table.pks[slot]),
            **{name: table.texts[name][slot] for name in TEXTS},
            **{name: str(column[slot]) for name, column in table.columns.items()},
            **{facet: values for facet, values in facets.items() if values},
        }
    ranks = {language: table.rank(language) for language in ("en", "zh")}
    order = {
        language: sorted(described, key=lambda slug: rank[table.slot_at[slug]]) for language, rank in ranks.items()
    }
    return {"rows": described, "order": order}


def read_anew(kind: EntryKind) -> Table:
    return read_table(kind=kind, on=timezone.now().date(), rows=ListingEntry.objects.all())


def test_a_publication_shows_in_the_next_request_of_every_process(commit):
    acme = make_organization(name="Acme", country="GB")
    commit()
    here, there = tables.Tables(), tables.Tables()
    today = timezone.now().date()
    for process in (here, there):
        process.follow(on=today)
    publish(acme, country="US")
    commit()
    for process in (here, there):
        table = process.follow(on=today)[EntryKind.ORGANIZATION]
        assert table.count("country", table.rows)["US"] == 1
        assert describe(table) == describe(read_anew(EntryKind.ORGANIZATION))


def test_a_request_reads_one_number_where_nothing_has_changed(commit):
    make_organization()
    commit()
    process, today = tables.Tables(), timezone.now().date()
    process.follow(on=today)
    with CaptureQueriesContext(connection) as queries:
        process.follow(on=today)
    assert len(queries) == 1


@pytest.mark.parametrize("number", [1, 20])
def test_what_changed_is_read_in_as_many_queries_for_many_as_for_few(commit, number):
    records = [make_organization(country="GB") for _ in range(number)]
    commit()
    process, today = tables.Tables(), timezone.now().date()
    process.follow(on=today)
    for record in records:
        publish(record, country="US")
    with CaptureQueriesContext(connection) as queries:
        process.follow(on=today)
    assert len(queries) == 4, "the number, the changes, the rows and their facet values"


def test_what_is_not_committed_is_seen_by_its_own_transaction_alone(commit):
    acme = make_organization(name="Acme", country="GB")
    commit()
    assert names(open_listing("organizations", "country=GB")) == ["Acme"]
    try:
        with transaction.atomic():
            publish(acme, country="US")
            assert names(open_listing("organizations", "country=US")) == ["Acme"]
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert names(open_listing("organizations", "country=GB")) == ["Acme"]
    assert counts(open_listing("organizations"), "country") == {"GB": 1}


def test_what_was_withdrawn_is_gone(commit):
    acme = make_organization(name="Acme")
    make_organization(name="Other")
    commit()
    assert names(open_listing("organizations")) == ["Acme", "Other"]
    withdraw(acme)
    commit()
    assert names(open_listing("organizations")) == ["Other"]
    assert open_listing("organizations").total == 1


def test_a_table_that_was_replaced_is_let_go(commit):
    acme = make_organization(name="Acme", country="GB")
    model = make_model(makers=[acme])
    commit()
    process = tables.of_process
    for _ in range(2):
        for name in ("organizations", "models"):
            assert open_listing(name).panel is not None
    old = [weakref.ref(table) for table in process.present.values()]
    publish(acme, country="US", name_en="Acme Labs")
    publish(model, name_en="Another")
    commit()
    for name in ("organizations", "models"):
        assert open_listing(name).panel is not None
    gc.collect()
    kept = {ref().kind for ref in old if ref() is not None}
    assert not kept & {EntryKind.ORGANIZATION, EntryKind.MODEL}


def test_a_new_day_brings_what_holds_from_then_on(commit, time_machine):
    time_machine.move_to("2026-03-01T12:00:00Z")
    rounds = [{"key": "a", "round_kind": "series-a", "announced": "2026-02", "valuation": "USD 1B"}]
    make_organization(name="Unicorn", children={"funding_rounds": rounds}, cite={"funding_rounds/a": "2026-02-28"})
    commit()
    assert names(open_listing("organizations", "valuation_known=reported")) == ["Unicorn"]
    time_machine.move_to("2026-12-01T12:00:00Z")
    assert names(open_listing("organizations", "valuation_known=reported")) == []
    assert names(open_listing("organizations", "valuation_known=unknown")) == ["Unicorn"]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["name", "country", "founded", "withdraw", "model"]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=6,
)


def test_all_that_a_transaction_changes_has_one_number_and_the_next_one_another(commit):
    with CaptureQueriesContext(connection) as queries:
        make_organization()
        make_organization()
    counted = [query for query in queries if query["sql"].startswith("UPDATE") and "listingversion" in query["sql"]]
    assert len(counted) == 1
    first = ListingVersion.objects.get().number
    commit()
    with transaction.atomic():
        make_organization()
        transaction.set_rollback(True)
    make_organization()
    assert ListingVersion.objects.get().number == first + 1, "what was rolled back has none"


@pytest.mark.long
@given(steps=STEPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_following_changes_is_the_same_as_reading_everything(commit, steps):
    """Whatever is published, by one or several at a time, and however often it is looked at meanwhile."""
    process, today = tables.Tables(), timezone.now().date()
    with transaction.atomic():
        records = [make_organization(name=f"Organization {number}", country="GB") for number in range(4)]
        commit()
        process.follow(on=today)
        for number, what, how in steps:
            record = records[number]
            match what:
                case "name":
                    publish(record, name_en=["Zebra", "Acme", "组织", "organization 2"][how])
                case "country":
                    publish(record, country=["US", "CN", "", "GB"][how])
                case "founded":
                    publish(record, founded=["2020", "2021-05", None, "2020-01-01"][how])
                case "withdraw":
                    withdraw(record)
                    records[number] = make_organization(name=f"Another {how}")
                case "model":
                    make_model(makers=[record])
            if how:
                commit()
                process.follow(on=today)
        commit()
        present = process.follow(on=today)
        for kind in EntryKind:
            assert describe(present[kind]) == describe(read_anew(kind))
        transaction.set_rollback(True)


def test_past_days_are_held_and_let_go(commit, time_machine):
    time_machine.move_to("2026-03-01T12:00:00Z")
    acme = make_organization(name="Acme", country="GB")
    time_machine.move_to("2026-03-05T12:00:00Z")
    publish(acme, country="US")
    commit()
    for day in range(1, 5):
        assert open_listing("organizations", f"as_of=2026-03-0{day}").panel is not None
    with CaptureQueriesContext(connection) as queries:
        for day in range(1, 5):
            assert open_listing("organizations", f"as_of=2026-03-0{day}").total is not None
    assert len(queries) == 8, "no more than the number of the last change and the day on which records begin, each"
    assert len(tables.of_process.past) == tables.PAST_DAYS
    assert open_listing("organizations", "as_of=2020-01-01").panel is not None
    assert len(tables.of_process.past) == tables.PAST_DAYS, "nothing is held of what was before"
    assert names(open_listing("organizations", "as_of=2026-03-02&country=GB")) == ["Acme"]
    time_machine.shift(timedelta(days=1))
    assert names(open_listing("organizations", "as_of=2026-03-05&country=US")) == ["Acme"]
