"""Changing an interval updates everything derived from it at once, as a rebuild would."""

from datetime import date

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import ModelLogEntry

from catalog.listing.intervals import change_intervals
from catalog.listing.past import rebuild
from catalog.models import FacetValue, Interval, ListingEntry, Verification
from catalog.models.checks import Outcome
from catalog.models.field_groups import FIELD_GROUPS, INTERVALS
from catalog.models.verification import State, spread_of
from catalog.publishing.checking import record_checks
from tests.factories import make_model, make_organization, make_product, withdraw

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return get_user_model().objects.create_user("lead")


def check_all(record, user, outcome=Outcome.STILL_TRUE) -> None:
    for group in FIELD_GROUPS[record.kind]:
        record_checks(entry=record.uid, group=group, user=user, outcome=outcome)


def read_derived() -> tuple:
    """Return everything derived: verifications, facet values, and until when valuations are current."""
    verifications = Verification.objects.values_list(
        *("entry", "object_id", "kind", "group", "interval", "checked_at", "due_on", "overdue_on"),
        *("waiting_since", "disputed", "flagged", "historical"),
    )
    return (
        set(verifications),
        set(FacetValue.objects.values_list("listing__entry", "facet", "value", "since", "until")),
        set(ListingEntry.objects.values_list("entry", "slug", "valuation_usd", "valuation_until")),
    )


def make_mixed(user) -> None:
    """Make entries of all kinds: checked, never checked, flagged, closed and withdrawn."""
    rounds = [{"key": "a", "round_kind": "series-a", "announced": "2025", "valuation": "USD 1B"}]
    for status in ("active", "closed"):
        organization = make_organization(
            status=status, children={"funding_rounds": rounds}, cite={"funding_rounds/a": "2025-12-01"}
        )
        check_all(organization, user)
    make_organization()
    plans = [
        {"key": "free", "name_en": "Free", "name_zh": "免费", "per": "free"},
        {"key": "paid", "name_en": "Paid", "name_zh": "付费", "per": "month", "price": "USD 10"},
    ]
    cite = {"price_plans/free": "2025-12-20", "price_plans/paid": "2026-01-05"}
    check_all(make_product(children={"price_plans": plans}, cite=cite), user)
    make_product()
    check_all(make_model(), user)
    check_all(make_model(), user, Outcome.CHANGED)
    withdraw(make_model())


def test_derived_values_are_the_same_as_after_a_rebuild(user):
    with time_machine.travel("2026-01-10", tick=False):
        make_mixed(user)
        before = read_derived()
        change_intervals(days={**INTERVALS, "pricing": 90, "funding": 30}, user=user)
        after = read_derived()
        assert all(new != old for new, old in zip(after, before, strict=True))
        rebuild(past=True)
        assert read_derived() == after
        change_intervals(days=INTERVALS, user=user)
        assert read_derived() == before


def test_a_longer_interval_makes_overdue_entries_verified_in_listings_too(user):
    with time_machine.travel("2026-01-10"):
        model = make_model()
        check_all(model, user)
    with time_machine.travel("2026-04-10"):
        access = Verification.objects.get(entry=model.uid, group="access")
        assert access.state(date.today()) == State.OVERDUE
        change_intervals(days={"access": 365}, user=user)
        access.refresh_from_db()
        days = round(365 * (1 + spread_of(entry=model.uid, group="access")))
        assert (access.overdue_on - date(2026, 1, 10)).days == days
        assert access.waiting_since == access.overdue_on
        assert access.state(date.today()) == State.VERIFIED
        freshness = FacetValue.objects.filter(listing__entry=model.uid, facet="freshness")
        today = date.today()
        assert list(freshness.filter(since__lte=today, until__gt=today).values_list("value", flat=True)) == ["verified"]


def test_prices_and_valuations_are_current_for_twice_the_interval(user):
    rounds = [{"key": "a", "round_kind": "series-a", "announced": "2025", "valuation": "USD 1B"}]
    organization = make_organization(children={"funding_rounds": rounds}, cite={"funding_rounds/a": "2026-01-01"})
    plans = [{"key": "free", "name_en": "Free", "name_zh": "免费", "per": "free"}]
    product = make_product(children={"price_plans": plans}, cite={"price_plans/free": "2026-01-01"})
    change_intervals(days={"funding": 10, "pricing": 20}, user=user)
    assert ListingEntry.objects.get(entry=organization.uid).valuation_until == date(2026, 1, 21)
    free_plan = FacetValue.objects.filter(listing__entry=product.uid, facet="free_plan")
    assert set(free_plan.values_list("value", "until")) == {("yes", date(2026, 2, 10)), ("unknown", date(9999, 12, 31))}


def test_changes_are_logged_and_the_default_interval_leaves_no_row(user):
    change_intervals(days={**INTERVALS, "pricing": 45}, user=user)
    assert list(Interval.objects.values_list("group", "days")) == [("pricing", 45)]
    change_intervals(days=INTERVALS, user=user)
    assert not Interval.objects.exists()
    entries = ModelLogEntry.objects.filter(action="review.interval").order_by("pk")
    assert [(entry.user, entry.message) for entry in entries] == [
        (user, "Checks of the group “Pricing” hold for 45 days, before for 30"),
        (user, "Checks of the group “Pricing” hold for 30 days, before for 45"),
    ]


@pytest.mark.parametrize("days", [0, 6, 731])
def test_a_number_out_of_range_changes_nothing(user, days):
    before = read_derived()
    with pytest.raises(ValidationError):
        change_intervals(days={"funding": 100, "pricing": days}, user=user)
    assert read_derived() == before
    assert not ModelLogEntry.objects.filter(action="review.interval").exists()


def test_twice_the_entries_take_the_same_number_of_queries(user):
    def count(days: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            change_intervals(days={"pricing": days, "funding": days, "access": days}, user=user)
        return len(queries)

    make_organization(), make_product(), make_model()
    count(100)
    few = count(101)
    make_organization(), make_product(), make_model()
    assert count(102) == few
