"""States of field groups: computed when read, from checks and from what was published since."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Check
from catalog.models.verification import (
    FIELD_GROUPS,
    INTERVALS,
    FieldGroup,
    State,
    Verification,
    check_field_groups,
    read_verifications,
)
from tests.factories import make_model, publish_revision

CHECKED = datetime(2026, 1, 10, 12, tzinfo=UTC)


@given(st.uuids(), st.sampled_from(FieldGroup))
def test_a_check_holds_for_its_interval_give_or_take_15_percent(uid, group):
    verification = Verification(entry=str(uid), group=group, checked=CHECKED)
    days = (verification.overdue_from - CHECKED.date()).days
    assert round(INTERVALS[group] * 0.85) <= days <= round(INTERVALS[group] * 1.15)
    assert verification.state(CHECKED.date()) == State.VERIFIED
    assert verification.state(verification.overdue_from - timedelta(days=1)) == State.DUE
    assert verification.state(verification.overdue_from) == State.OVERDUE


@given(st.uuids(), st.sampled_from(FieldGroup), st.integers(0, 1000), st.integers(0, 400))
def test_no_state_gets_better_as_time_passes(uid, group, days, more):
    order = [State.VERIFIED, State.DUE, State.OVERDUE]
    verification = Verification(entry=str(uid), group=group, checked=CHECKED)
    now = verification.state(CHECKED.date() + timedelta(days=days))
    later = verification.state(CHECKED.date() + timedelta(days=days + more))
    assert order.index(later) >= order.index(now)


def test_without_a_check_a_group_is_unverified():
    assert Verification(entry="x", group=FieldGroup.PRICING).state(date(2026, 1, 1)) == State.UNVERIFIED


def test_due_dates_are_spread():
    ends = {Verification(entry=str(n), group=FieldGroup.FUNDING, checked=CHECKED).overdue_from for n in range(100)}
    assert len(ends) > 15


@pytest.mark.django_db
def test_a_published_edit_unverifies_its_group_and_no_other():
    user = get_user_model().objects.create_user("editor")
    model = make_model(parameters="1 billion", access="api")
    for group in ("specifications", "access"):
        Check.objects.create(entry=model.uid, group=group, at=timezone.now(), by=user, outcome="still-true")
    today = timezone.now().date()
    states = {name: v.state(today) for name, v in read_verifications(model.public_document()).items()}
    assert states == {"profile": "unverified", "specifications": "verified", "access": "verified"}
    draft = model.get_latest_revision_as_object()
    draft.parameters = "2 billion"
    publish_revision(draft.save_revision())
    states = {name: v.state(today) for name, v in read_verifications(model.public_document()).items()}
    assert states == {"profile": "unverified", "specifications": "unverified", "access": "verified"}


def test_what_is_retired_needs_no_second_check_but_a_first_one():
    unchecked = Verification(entry="x", group=FieldGroup.ACCESS, historical=True)
    checked = Verification(entry="x", group=FieldGroup.ACCESS, historical=True, checked=CHECKED)
    assert unchecked.state(date(2026, 1, 11)) == State.UNVERIFIED
    assert checked.state(date(2036, 1, 11)) == State.HISTORICAL


@pytest.mark.django_db
def test_a_retired_model_that_nobody_checked_is_unverified():
    model = make_model(status="retired", cite={"status": "2024"})
    assert {v.historical for v in read_verifications(model.public_document()).values()} == {True}
    assert {v.state(date.today()) for v in read_verifications(model.public_document()).values()} == {State.UNVERIFIED}


def test_the_registry_names_only_what_entries_have(monkeypatch):
    assert check_field_groups() == []
    monkeypatch.setitem(FIELD_GROUPS["model"], FieldGroup.ACCESS, ("status", "colour"))
    (error,) = check_field_groups()
    assert "colour" in error.msg
    assert "AIModel" in error.msg
