"""The states of field groups follow from the time of the check and the current day."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from catalog.models.choices import FieldGroup
from catalog.models.field_groups import INTERVALS
from catalog.models.verification import State, Verification

CHECKED = datetime(2026, 1, 10, 12, tzinfo=UTC)


def make_verification(*, entry="x", group=FieldGroup.PRICING, checked_at=CHECKED, **values) -> Verification:
    """Return an unsaved verification of a group with the default interval."""
    values = {"interval": INTERVALS[group], "checked_at": checked_at, **values}
    verification = Verification(entry=entry, group=group, **values)
    verification.set_dates()
    return verification


@given(st.uuids(), st.sampled_from(FieldGroup))
def test_a_check_is_valid_for_its_interval_give_or_take_15_percent(uid, group):
    verification = make_verification(entry=str(uid), group=group)
    days = (verification.overdue_on - CHECKED.date()).days
    assert round(INTERVALS[group] * 0.85) <= days <= round(INTERVALS[group] * 1.15)
    assert verification.state(CHECKED.date()) == State.VERIFIED
    assert verification.state(verification.overdue_on - timedelta(days=1)) == State.DUE
    assert verification.state(verification.overdue_on) == State.OVERDUE


@given(st.uuids(), st.sampled_from(FieldGroup), st.integers(0, 1000), st.integers(0, 400))
def test_no_state_gets_better_as_time_passes(uid, group, days, more):
    order = [State.VERIFIED, State.DUE, State.OVERDUE]
    verification = make_verification(entry=str(uid), group=group)
    now = verification.state(CHECKED.date() + timedelta(days=days))
    later = verification.state(CHECKED.date() + timedelta(days=days + more))
    assert order.index(later) >= order.index(now)


def test_without_a_check_a_group_is_unverified():
    assert make_verification(checked_at=None).state(date(2026, 1, 1)) == State.UNVERIFIED


def test_due_dates_are_spread():
    ends = {make_verification(entry=str(n), group=FieldGroup.FUNDING).overdue_on for n in range(100)}
    assert len(ends) > 15


def test_a_retired_model_needs_a_first_check_but_no_second_one():
    unchecked = make_verification(historical=True, checked_at=None)
    checked = make_verification(historical=True)
    assert unchecked.state(date(2026, 1, 11)) == State.UNVERIFIED
    assert checked.state(date(2036, 1, 11)) == State.HISTORICAL
