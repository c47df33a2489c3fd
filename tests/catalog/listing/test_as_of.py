"""A listing as of a day shows the end of that day: results, order, facet counts and rows."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog.listing import table_cache
from catalog.listing.as_of import current_facets
from catalog.listing.intervals import change_intervals
from catalog.listing.past import rebuild
from catalog.models import Change, FacetValue, Layer, ListingEntry, Modality, Publication, Segment, Source
from catalog.models.checks import Outcome
from catalog.models.choices import FieldGroup
from catalog.models.document import flatten
from catalog.models.field_groups import FIELD_GROUPS
from catalog.models.history import PublicationAction
from catalog.models.kinds import EntryKind
from catalog.models.listing import ALWAYS_UNTIL
from catalog.publishing.checking import flag_source, record_checks
from tests.catalog.listing.listings import counts, names, open_listing
from tests.factories import (
    make_label,
    make_model,
    make_organization,
    make_product,
    make_source,
    publish,
    withdraw,
)

pytestmark = pytest.mark.django_db
FIRST = date(2026, 3, 1)


@pytest.fixture
def clock():
    """Stop the clock at noon (UTC) of the first day; tests move it by days."""
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as traveller:

        def move(days: int) -> None:
            traveller.move_to(datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=days))

        yield move


def test_a_past_day_has_its_own_values_results_and_counts(clock):
    acme = make_organization(name="Acme", slug="acme", country="GB")
    clock(2)
    publish(acme, country="US", name_en="Acme Labs")
    make_organization(name="Zeta", slug="zeta", country="GB")
    clock(5)
    assert names(open_listing("organizations")) == ["Acme Labs", "Zeta"]
    assert counts(open_listing("organizations"), "country") == {"GB": 1, "US": 1}
    for day in ("2026-03-01", "2026-03-02"):
        listing = open_listing("organizations", f"as_of={day}")
        assert names(listing) == ["Acme"]
        assert counts(listing, "country") == {"GB": 1}
        assert open_listing("organizations", f"as_of={day}&country=US").filterset.ignored == ["country=US"]
    assert names(open_listing("organizations", "as_of=2026-03-03&country=US")) == ["Acme Labs"]


def test_of_several_changes_on_one_day_the_last_is_kept(clock):
    acme = make_organization(slug="acme", name="One")
    publish(acme, name_en="Two")
    clock(1)
    publish(acme, name_en="Three")
    publish(acme, name_en="Four")
    clock(2)
    assert names(open_listing("organizations", "as_of=2026-03-01")) == ["Two"]
    assert names(open_listing("organizations", "as_of=2026-03-02")) == ["Four"]
    assert ListingEntry.ever.count() == 2


def test_a_withdrawn_entry_is_listed_until_the_day_of_its_withdrawal(clock):
    acme = make_organization(name="Acme")
    clock(1)
    withdraw(acme)
    clock(2)
    publish(acme, withdrawal_en="", withdrawal_zh="")
    clock(3)
    shown = [names(open_listing("organizations", f"as_of=2026-03-0{day}")) for day in (1, 2, 3)]
    assert shown == [["Acme"], [], ["Acme"]]


def test_a_past_day_has_its_own_values_from_neighbours(clock):
    acme = make_organization(slug="acme", country="GB")
    make_model(name="Model", makers=[acme])
    clock(1)
    publish(acme, country="US", slug="acme-labs")
    clock(2)
    then = open_listing("models", "as_of=2026-03-01&maker=acme")
    assert (names(then), counts(then, "country")) == (["Model"], {"GB": 1})
    now = open_listing("models", "maker=acme-labs")
    assert (names(now), counts(now, "country")) == (["Model"], {"US": 1})
    assert open_listing("models", "as_of=2026-03-01&maker=acme-labs").filterset.ignored == ["maker=acme-labs"]


def test_former_values_from_a_neighbour_are_not_listed_today(clock):
    acme = make_organization(slug="acme", country="GB")
    make_model(makers=[acme])
    product = make_product(maker=acme, segments=[make_label(Segment, "image")])
    clock(1)
    withdraw(product)
    publish(acme, country="US")
    assert counts(open_listing("organizations"), "segment") == {"unknown": 1}
    assert counts(open_listing("models"), "country") == {"US": 1}
    assert current_facets().filter(facet="maker", value="acme").count() == 1, "the model, and it once"
    assert counts(open_listing("organizations", "as_of=2026-03-01"), "segment") == {"image": 1}
    assert counts(open_listing("models", "as_of=2026-03-01"), "country") == {"GB": 1}


def test_search_and_order_use_the_texts_of_the_day(clock):
    acme = make_organization(name="Pixelworks", name_zh="像素工坊", founded="2019")
    make_organization(name="Pixelate", founded="2020")
    clock(1)
    publish(acme, name_en="Soundworks", name_zh="声音工坊", founded="2021")
    clock(2)
    assert names(open_listing("organizations", "q=pixel")) == ["Pixelate"]
    assert names(open_listing("organizations", "q=pixel&as_of=2026-03-01")) == ["Pixelate", "Pixelworks"]
    assert names(open_listing("organizations", "q=像素工坊&as_of=2026-03-01")) == ["Pixelworks"]
    assert names(open_listing("organizations", "q=sound&as_of=2026-03-01")) == []
    assert names(open_listing("organizations", "sort=-founded"))[0] == "Soundworks"
    assert names(open_listing("organizations", "sort=-founded&as_of=2026-03-01"))[0] == "Pixelate"


def test_a_past_day_has_its_own_freshness(clock):
    acme = make_organization(name="Acme")
    clock(1)
    user = get_user_model().objects.create_user("editor")
    for group in FIELD_GROUPS[EntryKind.ORGANIZATION]:
        record_checks(entry=acme.uid, group=group, outcome=Outcome.STILL_TRUE, user=user)
    clock(400)
    states = [
        counts(open_listing("organizations", f"as_of={day}"), "freshness") for day in ("2026-03-01", "2026-03-02")
    ]
    assert states == [{"unverified": 1}, {"verified": 1}]
    assert counts(open_listing("organizations", "as_of=2027-03-01"), "freshness") == {"overdue": 1}


def test_a_valuation_counts_on_the_days_when_it_was_current(clock):
    rounds = [{"key": "a", "round_kind": "series-a", "announced": "2026-02", "valuation": "USD 1B"}]
    make_organization(name="Unicorn", children={"funding_rounds": rounds}, cite={"funding_rounds/a": "2026-02-20"})
    clock(400)
    assert names(open_listing("organizations", "valuation_min=1B")) == []
    assert names(open_listing("organizations", "valuation_min=1B&as_of=2026-03-05")) == ["Unicorn"]


def test_a_changed_interval_applies_from_that_day_on(clock):
    rounds = [{"key": "a", "round_kind": "series-a", "announced": "2026-02", "valuation": "USD 1B"}]
    unicorn = make_organization(
        name="Unicorn", children={"funding_rounds": rounds}, cite={"funding_rounds/a": "2026-02-20"}
    )
    user = get_user_model().objects.create_user("editor")
    for group in FIELD_GROUPS[EntryKind.ORGANIZATION]:
        record_checks(entry=unicorn.uid, group=group, outcome=Outcome.STILL_TRUE, user=user)
    clock(60)
    change_intervals(days={FieldGroup.FUNDING: 20}, user=user)
    assert names(open_listing("organizations", "valuation_min=1B")) == []
    assert counts(open_listing("organizations"), "freshness") == {"overdue": 1}
    clock(61)
    then = open_listing("organizations", "valuation_min=1B&q=unicorn&as_of=2026-04-29")
    assert names(then) == ["Unicorn"]
    assert counts(then, "freshness") == {"verified": 1}
    assert counts(open_listing("organizations", "as_of=2026-04-30"), "freshness") == {"overdue": 1}
    assert names(open_listing("organizations", "valuation_min=1B&as_of=2026-04-30")) == []


@pytest.mark.parametrize("asked", ["2026-03-04", "9999-12-31", "20260301", "2026-02-30", "yesterday", "٢٠٢٦-٠٣-٠١"])
def test_a_future_or_invalid_day_is_reported_as_ignored(clock, asked):
    make_organization(name="Acme")
    clock(2)
    listing = open_listing("organizations", f"as_of={asked}")
    assert names(listing) == ["Acme"]
    assert listing.filterset.ignored == [f"as_of={asked}"]
    assert not listing.as_of.day


def test_a_rebuilt_index_has_every_day(clock):
    acme = make_organization(name="Acme", country="GB")
    clock(1)
    publish(acme, country="US")
    clock(2)

    def read():
        rows = ListingEntry.ever.values("entry", "since", "until", "name_en", "text", "funding_usd")
        facets = FacetValue.objects.values_list("listing__entry", "listing__since", "facet", "value", "since", "until")
        return list(rows.order_by("since")), set(facets)

    before = read()
    ListingEntry.ever.all().delete()
    assert rebuild() == 1
    assert read() == before
    assert counts(open_listing("organizations", "as_of=2026-03-01"), "country") == {"GB": 1}
    assert names(open_listing("organizations", "as_of=2026-03-01&q=acme")) == ["Acme"]


def forget_past() -> None:
    """Leave the index in the state after the migration that began to keep past days."""
    ListingEntry.ever.exclude(until=ALWAYS_UNTIL).delete()
    ListingEntry.objects.update(since=timezone.now().date())


def read_rows() -> tuple[list, list]:
    return list(ListingEntry.ever.order_by("pk").values()), list(FacetValue.objects.order_by("pk").values())


def test_a_repair_keeps_past_rows(clock):
    rounds = [{"key": "a", "round_kind": "series-a", "announced": "2026-02", "valuation": "USD 1B"}]
    source = make_source()
    make_organization(
        name="Unicorn", children={"funding_rounds": rounds}, cite={"funding_rounds/a": "2026-02-20"}, source=source
    )
    user = get_user_model().objects.create_user("editor")
    for day in (1, 5):
        clock(day)
        Source.objects.update(changed_at=timezone.now())
        flag_source(source)
        clock(day + 1)
        for group in FIELD_GROUPS[EntryKind.ORGANIZATION]:
            record_checks(
                entry=ListingEntry.objects.get().entry,
                group=group,
                paths=["", "funding_rounds/a"] if group == FieldGroup.FUNDING else [""],
                outcome=Outcome.STILL_TRUE,
                user=user,
            )
    clock(60)
    change_intervals(days={FieldGroup.FUNDING: 20}, user=user)
    clock(61)
    queries = [f"as_of={FIRST + timedelta(days=day)}" for day in (0, 1, 2, 5, 6, 59, 60)]

    def see_freshness():
        return [
            (counts(open_listing("organizations", query), "freshness"), names(open_listing("organizations", it)))
            for query in queries
            for it in [f"{query}&valuation_min=1B"]
        ]

    kept, rows = see_freshness(), read_rows()
    assert "flagged" in kept[1][0], "the first change of the source"
    assert kept[5][1] == ["Unicorn"], "with the interval of then"
    call_command("rebuild_listing", stdout=StringIO())
    assert read_rows() == rows
    # One more version of it in the index, as if an upgrade derived something else.
    ListingEntry.objects.update(text="Another text")
    call_command("rebuild_listing", stdout=StringIO())
    assert see_freshness() == kept
    assert ListingEntry.objects.get().text != "Another text"
    call_command("rebuild_listing", past=True, stdout=StringIO())
    assert see_freshness() != kept, "what can't be known any more"


def test_days_before_the_first_kept_row_are_filled_in(clock):
    acme, gone = make_organization(name="Acme", country="GB"), make_organization(name="Gone")
    back = make_organization(name="Back", country="GB")
    clock(1)
    publish(acme, country="US")
    withdraw(gone)
    withdraw(back)
    clock(3)
    publish(acme, country="FR")
    publish(back, withdrawal_en="", withdrawal_zh="", country="DE")
    clock(4)
    days = [f"as_of=2026-03-0{day}" for day in range(1, 8)]

    def see_countries():
        return [
            (names(listing), counts(listing, "country")) for listing in (open_listing("organizations", d) for d in days)
        ]

    before = see_countries()
    forget_past()
    publish(acme, country="CN")
    clock(6)
    publish(acme, country="JP")
    clock(7)
    since = ListingEntry.ever.get(entry=acme.uid, until=date(2026, 3, 7)).pk
    assert rebuild() == 2
    days = days[:4]
    assert see_countries() == before[:4]
    days = ["as_of=2026-03-05", "as_of=2026-03-06", "as_of=2026-03-07", ""]
    assert [found["CN" if day < 2 else "JP"] for day, (_names, found) in enumerate(see_countries())] == [1, 1, 1, 1]
    assert ListingEntry.ever.get(entry=acme.uid, until=date(2026, 3, 7)).pk == since, "what was kept stays"
    rows = read_rows()
    assert rebuild() == 2
    assert read_rows() == rows


def test_rows_with_a_wrong_slug_or_of_entries_not_live_are_ended(clock):
    records = make_organization(slug="one"), make_organization(slug="two"), make_organization(slug="three")
    clock(1)
    withdraw(records[2])
    clock(2)
    ListingEntry.ever.update(until=ALWAYS_UNTIL)
    for record, slug in zip(records, ("", "one", "two"), strict=True):
        ListingEntry.objects.filter(entry=record.uid).update(slug=slug)
    assert rebuild() == 2
    assert dict(ListingEntry.objects.values_list("entry", "slug")) == {it.uid: it.slug for it in records[:2]}


def test_a_row_without_changes_stays(clock):
    acme = make_organization(country="GB")
    model = make_model(makers=[acme])
    clock(1)
    publish(acme, summary_en="Other words.")
    clock(2)
    publish(model, licence="MIT")
    assert ListingEntry.ever.filter(entry=model.uid).count() == 2
    assert ListingEntry.ever.filter(entry=acme.uid).count() == 2, "its model has nothing new for it"


def test_a_past_day_takes_a_fixed_number_of_queries(clock, commit):
    def queries(address: str) -> int:
        # The cache has current tables, but no past days yet.
        commit()
        table_cache.process_cache.past.clear()
        with CaptureQueriesContext(connection) as context:
            assert client.get(address).status_code == 200
        return len(context)

    from django.test import Client

    client = Client()
    address = "/en/organizations/?as_of=2026-03-01&country=GB&q=organization&funding_min=0"
    pages = (address, address.split("&q")[0], "/en/organizations/?as_of=2020-01-01", "/en/glossary/?as_of=2026-03-01")
    acme = make_organization(country="GB")
    # A single result needs no sorting.
    make_organization(country="GB")
    clock(3)
    commit()
    for page in pages:
        client.get(page)
    few = [queries(page) for page in pages]
    clock(0)
    records = [make_organization(country="GB") for _ in range(5)]
    clock(1)
    for record in [acme, *records]:
        publish(record, country="US")
    clock(3)
    commit()
    # The first request reads what has changed.
    client.get(pages[0])
    assert [queries(page) for page in pages] == few
    assert max(few) <= 12, few


# --- any days ----------------------------------------------------------------------------------------------

NAMES = {"organization": ["Acme", "Beta"], "model": ["Mist"], "product": ["Pad"]}
CHANGES = {
    "organization": {
        "country": st.sampled_from(["GB", "US", ""]),
        "type": st.sampled_from(["startup", "company"]),
        "slug": st.sampled_from(["acme", "acme-labs"]),
        "founded": st.sampled_from(["2019", "2020-05", None]),
    },
    "model": {
        "access": st.sampled_from(["api", "open-weights"]),
        "makers": st.sampled_from([["Acme"], ["Acme", "Beta"], []]),
        "parameters": st.sampled_from(["1 billion", None]),
        "name_en": st.sampled_from(["Mist", "Mist Two"]),
    },
    "product": {
        "maker": st.sampled_from(["Acme", "Beta", None]),
        "built_on": st.sampled_from([["Mist"], []]),
        "layer": st.sampled_from(["application", "tooling"]),
        "segments": st.sampled_from([["image"], ["image-generation"], []]),
    },
}
MAKE = {"organization": make_organization, "model": make_model, "product": make_product}
ENTRIES = [(kind, name) for kind, its_names in NAMES.items() for name in its_names]
WHAT_HAPPENS = st.sampled_from(ENTRIES).flatmap(
    lambda entry: st.tuples(
        st.just(entry),
        st.one_of(
            st.fixed_dictionaries({}, optional=CHANGES[entry[0]]),
            st.sampled_from(["withdraw", "check"]),
        ),
    )
)
ACME, BETA, MIST, PAD = ENTRIES
# Days with a bit of everything: first checks, another maker, another slug, withdrawal and return.
STORY = [
    (
        1,
        [
            (ACME, {"country": "GB", "type": "startup", "founded": "2019"}),
            (BETA, {"country": "US", "type": "startup"}),
            (MIST, {"makers": ["Acme"], "access": "api"}),
            (PAD, {"maker": "Acme", "built_on": ["Mist"], "segments": ["image-generation"], "layer": "application"}),
        ],
    ),
    (1, [(ACME, "check"), (BETA, "check"), (MIST, "check")]),
    (2, [(PAD, {"maker": "Beta"}), (ACME, {"slug": "acme-labs", "country": "US"}), (MIST, {"name_en": "Mist Two"})]),
    (1, [(PAD, {"segments": []}), (BETA, "check")]),
    (35, [(ACME, "withdraw"), (BETA, {"country": ""}), (MIST, {"makers": ["Acme", "Beta"]})]),
    (1, [(ACME, {"country": "GB"}), (MIST, "withdraw")]),
    (200, [(MIST, {"access": "open-weights"}), (PAD, "withdraw")]),
]
DAYS = st.lists(
    st.tuples(st.sampled_from([1, 1, 2, 35]), st.lists(WHAT_HAPPENS, min_size=1, max_size=3)), min_size=2, max_size=4
)
QUERIES = [
    ("organizations", ""),
    ("organizations", "country=GB&q=acme"),
    ("startups", "segment=image"),
    ("models", "maker=acme&sort=name"),
    ("products", "q=pad"),
]


class Site:
    """Events of a few entries, by their first names."""

    def __init__(self):
        self.records: dict = {}
        self.user = get_user_model().objects.create_user("checker")
        self.words = {
            "layer": {slug: make_label(Layer, slug) for slug in ("application", "tooling", "model")},
            "segments": {"image": make_label(Segment, "image")},
        }
        self.words["segments"]["image-generation"] = make_label(
            Segment, "image-generation", parent=self.words["segments"]["image"]
        )
        self.text = make_label(Modality, "text")

    def read(self, field: str, value):
        """Return the value to write into a field; related objects must exist."""
        if field in ("makers", "built_on"):
            return [self.records[name] for name in value if name in self.records]
        if field == "maker":
            return self.records.get(value)
        if field == "layer":
            return self.words["layer"][value]
        if field == "segments":
            return [self.words["segments"][slug] for slug in value]
        return value

    def happen(self, kind: str, name: str, what) -> None:
        record = self.records.get(name)
        if record:
            record.refresh_from_db()
        match what:
            case "withdraw":
                if record and record.live:
                    withdraw(record)
            case "check":
                if record and record.live:
                    for group in FIELD_GROUPS[kind]:
                        record_checks(
                            entry=record.uid, group=group, outcome=Outcome.STILL_TRUE, user=self.user, is_alone=True
                        )
            case _:
                values = {field: self.read(field, value) for field, value in what.items()}
                if name == "Beta":
                    values.pop("slug", None)
                if record is None:
                    values = {"slug": name.lower(), **values}
                    self.records[name] = MAKE[kind](name=name, **values)
                else:
                    publish(record, withdrawal_en="", withdrawal_zh="", **values)


def see(as_of: str = "") -> list:
    """Return everything that some listings show."""
    seen = []
    for name, query in QUERIES:
        listing = open_listing(name, f"{query}&as_of={as_of}" if as_of else query)
        rows = [
            (row.entry.slug, str(row.name), row.entry.date_from, {facet: set(map(str, found)) for facet, found in held})
            for row in listing.rows
            for held in [row.facets.items()]
        ]
        facets = {
            facet.name: [(option.value, str(option.label), option.count) for option in facet.options]
            for facet in listing.facets
        }
        seen.append((name, query, listing.total, rows, facets, listing.filterset.ignored))
    return seen


def find_live(day: date) -> set[tuple[str, str]]:
    """Return the slugs of what was live at the end of a day, from the publications alone."""
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    last: dict = {it.entry: it for it in Publication.objects.filter(at__lt=end).order_by("sequence")}
    gone = (PublicationAction.WITHDRAWN, PublicationAction.MERGED)
    return {(it.kind, it.slug) for it in last.values() if it.action not in gone}


def without_names(document: dict) -> dict:
    """Return the values of a document, with permanent ids for related objects, since slugs change."""
    ids = {slug: str(uid) for slug, uid in Publication.objects.values_list("slug", "entry")}

    def read(value):
        if isinstance(value, list):
            return sorted(map(read, value))
        return ids.get(value, value) if isinstance(value, str) else value

    fields = ("makers", "maker", "built_on")
    return {path: read(value) if path in fields else value for path, value in flatten(document).items()}


@pytest.mark.long
@given(DAYS)
@example(STORY)
@settings(
    max_examples=max(2, settings.default.max_examples // 40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_each_past_day_is_as_it_was_and_today_follows_the_last_publications(db, days):
    with transaction.atomic(), time_machine.travel(datetime(2026, 3, 1, 9, tzinfo=UTC), tick=False) as traveller:
        site, today, seen = Site(), FIRST, {}
        for gap, events in days:
            for passed in sorted({1, gap}):
                # Including a day without events: time alone changes what is current.
                traveller.move_to(datetime.combine(today + timedelta(days=passed), datetime.min.time(), tzinfo=UTC))
                seen[today + timedelta(days=passed)] = see()
            today += timedelta(days=gap)
            for hour, (entry, what) in enumerate(events, start=1):
                traveller.move_to(datetime.combine(today, datetime.min.time(), tzinfo=UTC) + timedelta(hours=hour))
                site.happen(*entry, what)
            seen[today] = see()
        assert see(today.isoformat()) == seen[today], "today is the present"
        check_publications(site)
        last = today + timedelta(days=1)
        traveller.move_to(datetime.combine(last, datetime.min.time(), tzinfo=UTC))
        for way in ("kept", "filled in"):
            for day, shown in seen.items():
                assert see(day.isoformat()) == shown, f"{day}, {way}"
                held = ListingEntry.ever.on(day).values_list("kind", "slug")
                assert set(held) == find_live(day), f"{day}, {way}"
            forget_past()
            rebuild()
        transaction.set_rollback(True)


def check_publications(site: Site) -> None:
    """Check that the last publications, and all changes applied in turn, give the current state."""
    for record in site.records.values():
        record.refresh_from_db()
        if not record.live:
            continue
        last = Publication.objects.of(record.uid).first()
        now = without_names(record.public_document())
        assert without_names(last.document) == now
        values: dict = {}
        for path, new in (
            Change.objects.filter(publication__entry=record.uid)
            .order_by("publication__sequence", "pk")
            .values_list("path", "new")
        ):
            values[path] = new
        published = flatten(last.document)
        empty = (None, "", [], {"en": "", "zh": ""})
        assert {path: value for path, value in values.items() if value not in empty} == {
            path: value for path, value in published.items() if value not in empty
        }
