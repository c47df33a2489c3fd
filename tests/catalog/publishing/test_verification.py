"""States of field groups, computed from checks and from what was published since."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.models import AIModelMilestone, Check, Interval, Publication, Refused, Source
from catalog.models.checks import Outcome
from catalog.models.verification import State, Verification
from catalog.publishing.checking import flag_source, record_checks
from catalog.publishing.verification import read_verifications
from tests.factories import make_model, make_source, publish_revision


@pytest.fixture
def user():
    return get_user_model().objects.create_user("editor")


def states_of(record) -> dict[str, str]:
    """Return the state of each group today; computed, stored and database states must agree."""
    today = timezone.now().date()
    computed = {name: it.state(today).value for name, it in read_verifications(record.public_document()).items()}
    stored = Verification.objects.filter(entry=record.uid)
    assert {it.group: it.state(today).value for it in stored} == computed
    assert dict(stored.with_state(on=today).values_list("group", "state_now")) == computed
    return computed


def edit(record, **values) -> None:
    """Publish another version of an entry."""
    draft = record.get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    publish_revision(draft.save_revision())


def check(record, group, user, outcome=Outcome.STILL_TRUE, **values) -> None:
    record_checks(entry=record.uid, group=group, outcome=outcome, user=user, **values)


@pytest.mark.django_db
def test_a_published_edit_makes_only_its_own_group_unverified(user):
    model = make_model(parameters="1 billion", access="api")
    for group in ("specifications", "access"):
        check(model, group, user)
    assert states_of(model) == {"profile": "unverified", "specifications": "verified", "access": "verified"}
    edit(model, parameters="2 billion")
    assert states_of(model) == {"profile": "unverified", "specifications": "unverified", "access": "verified"}


@pytest.mark.django_db
def test_a_group_is_verified_once_all_its_values_with_sources_are(user):
    model = make_model(status="available", access="api", cite={"status": "2024", "access": "2024"})
    check(model, "access", user, paths=["status"])
    assert states_of(model)["access"] == "unverified"
    check(model, "access", user, paths=["access"])
    assert states_of(model)["access"] == "verified"


@pytest.mark.django_db
def test_a_group_is_as_old_as_the_oldest_check_of_its_values(user):
    with time_machine.travel("2026-01-10"):
        model = make_model(status="available", access="api", cite={"status": "2024", "access": "2024"})
        check(model, "access", user, paths=["status"])
    with time_machine.travel("2026-03-10"):
        check(model, "access", user, paths=["access"])
        assert states_of(model)["access"] in ("due", "overdue")


@pytest.mark.django_db
def test_a_value_found_changed_or_in_conflict_is_no_longer_verified(user):
    model = make_model(status="available", access="api", cite={"status": "2024", "access": "2024"})
    check(model, "access", user)
    check(model, "access", user, Outcome.CANT_TELL, paths=["status"])
    assert states_of(model)["access"] == "verified"
    check(model, "access", user, Outcome.CHANGED, paths=["status"])
    assert states_of(model)["access"] == "flagged"
    check(model, "access", user, Outcome.CONFLICT, paths=["status"])
    assert states_of(model)["access"] == "disputed"
    edit(model, status="retired")
    assert states_of(model)["access"] == "unverified"
    check(model, "access", user, paths=["status"])
    # It is retired now, so nobody needs to check it again.
    assert states_of(model)["access"] == "historical"


@pytest.mark.django_db
def test_a_changed_source_flags_its_group_until_each_value_is_checked(user):
    source = make_source()
    model = make_model(status="available", access="api", cite={"status": "2024", "access": "2024"}, source=source)
    check(model, "access", user)
    Source.objects.filter(pk=source.pk).update(changed_at=timezone.now())
    flag_source(source)
    assert states_of(model) == {"profile": "unverified", "specifications": "unverified", "access": "flagged"}
    check(model, "access", user, paths=["status"])
    assert states_of(model)["access"] == "flagged"
    check(model, "access", user, Outcome.CANT_TELL, paths=["access"])
    assert states_of(model)["access"] == "flagged"
    check(model, "access", user, paths=["access"])
    assert states_of(model)["access"] == "verified"


@pytest.mark.django_db
def test_a_source_change_before_a_value_was_entered_does_not_flag_it():
    source = make_source(changed_at=timezone.now() - timedelta(days=1))
    model = make_model(status="available", cite={"status": "2024"}, source=source)
    assert states_of(model)["access"] == "unverified"


@pytest.mark.django_db
def test_a_changed_name_makes_the_profile_unverified_until_it_is_checked(user):
    model = make_model(released="2024", cite={"released": "2024"})
    check(model, "profile", user, paths=["released"])
    assert states_of(model)["profile"] == "verified"
    edit(model, name_en="Another")
    check(model, "profile", user, paths=["released"])
    assert states_of(model)["profile"] == "unverified"
    check(model, "profile", user, paths=["name"])
    assert states_of(model)["profile"] == "verified"


@pytest.mark.django_db
def test_a_new_row_ends_the_check_of_its_list(user):
    rows = [{"key": "launch", "milestone_kind": "release", "date": "2024", "text_en": "Out", "text_zh": "发布"}]
    model = make_model(cite={"milestones": "2024"}, children={"milestones": rows})
    check(model, "profile", user, paths=["milestones"])
    assert states_of(model)["profile"] == "verified"
    draft = model.get_latest_revision_as_object()
    draft.milestones.add(AIModelMilestone(**{**rows[0], "key": "second"}))
    publish_revision(draft.save_revision())
    assert states_of(model)["profile"] == "unverified"


@pytest.mark.django_db
def test_people_cannot_verify_a_value_that_they_entered_recently(user):
    with time_machine.travel("2026-01-10") as clock:
        model = make_model(status="available", access="api", cite={"status": "2024", "access": "2024"})
        draft = model.get_latest_revision_as_object()
        draft.status = "preview"
        publish_revision(draft.save_revision(user=user), user=user)
        for paths in (["status"], [""]):
            with pytest.raises(Refused, match="someone else must verify it"):
                check(model, "access", user, paths=paths)
        assert not Check.objects.exists()
        check(model, "access", user, Outcome.CHANGED, paths=["status"])
        check(model, "access", user, paths=["access"])
        colleague = get_user_model().objects.create_user("other")
        check(model, "access", colleague, paths=["status"])
        clock.shift(timedelta(days=31))
        check(model, "access", user, paths=["status"])


@pytest.mark.django_db
def test_a_new_interval_applies_to_verifications_read_from_now_on(user):
    with time_machine.travel("2026-01-10"):
        model = make_model(access="api", cite={"access": "2024"})
        check(model, "access", user)
    with time_machine.travel("2026-03-20"):
        assert states_of(model)["access"] == "overdue"
        Interval.objects.create(group="access", days=365)
        assert read_verifications(model.public_document())["access"].state(date.today()) == State.VERIFIED


@pytest.mark.django_db
def test_the_state_before_a_moment_ignores_later_checks_and_edits(user):
    with time_machine.travel("2026-01-10") as clock:
        model = make_model(access="api", cite={"access": "2024"})
        clock.move_to("2026-01-12")
        check(model, "access", user)
        clock.move_to("2026-01-14")
        edit(model, access="hosted-only")
        document = Publication.objects.of(model.uid).last().document

        def state(day):
            until = datetime(2026, 1, day + 1, tzinfo=UTC)
            return read_verifications(document, until=until)["access"].state(date(2026, 1, day))

        assert [state(day) for day in (10, 11, 12, 13, 14)] == [
            "unverified",
            "unverified",
            "verified",
            "verified",
            "unverified",
        ]


def recite(record, *, field: str, **values) -> None:
    """Publish an entry with the same value but changed citations of it."""
    draft = record.get_latest_revision_as_object()
    citations = list(draft.citations.all())
    for citation in citations:
        if citation.field == field:
            for name, value in values.items():
                setattr(citation, name, value)
    draft.citations = citations
    publish_revision(draft.save_revision())


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{"as_of": "2026"}, {"source": None}, {"locator": "Table 2"}])
def test_other_sources_make_an_unchanged_value_unverified(user, values):
    model = make_model(status="available", access="api", cite={"status": "2024", "access": "2024"})
    check(model, "access", user)
    recite(model, field="status", **{name: value or make_source() for name, value in values.items()})
    assert states_of(model)["access"] == "unverified"
    check(model, "access", user, paths=["status"])
    assert states_of(model)["access"] == "verified"


@pytest.mark.django_db
def test_replacing_the_source_makes_a_flagged_value_unverified(user):
    source = make_source()
    model = make_model(status="available", cite={"status": "2024"}, source=source)
    check(model, "access", user)
    Source.objects.filter(pk=source.pk).update(changed_at=timezone.now())
    flag_source(source)
    assert states_of(model)["access"] == "flagged"
    recite(model, field="status", source=make_source())
    assert states_of(model)["access"] == "unverified"


@pytest.mark.django_db
def test_people_cannot_verify_a_value_whose_source_they_added_recently(user):
    model = make_model(status="available", cite={"status": "2024"})
    draft = model.get_latest_revision_as_object()
    (citation,) = draft.citations.all()
    citation.as_of = "2026"
    draft.citations = [citation]
    publish_revision(draft.save_revision(user=user), user=user)
    with pytest.raises(Refused, match="someone else must verify it"):
        check(model, "access", user, paths=["status"])


@pytest.mark.django_db
def test_people_cannot_verify_a_list_with_a_row_that_they_wrote_recently(user):
    rows = [{"key": "launch", "milestone_kind": "release", "date": "2024", "text_en": "Out", "text_zh": "发布"}]
    model = make_model(cite={"milestones": "2024"}, children={"milestones": rows})
    draft = model.get_latest_revision_as_object()
    draft.milestones.add(AIModelMilestone(**{**rows[0], "key": "second"}))
    publish_revision(draft.save_revision(user=user), user=user)
    for path in ("milestones", "milestones/second", ""):
        with pytest.raises(Refused, match="someone else must verify it"):
            check(model, "profile", user, paths=[path])


@pytest.mark.django_db
def test_values_become_historical_only_after_the_end_was_checked(user):
    with time_machine.travel("2026-01-10") as clock:
        values = {"status": "available", "parameters": "1 billion"}
        model = make_model(**values, cite={"status": "2024", "parameters": "2024"})
        check(model, "specifications", user)
        clock.shift(timedelta(days=400))
        assert states_of(model)["specifications"] == "overdue"
        edit(model, status="retired")
        assert states_of(model)["specifications"] == "overdue"
        check(model, "access", user, paths=["status"])
        assert states_of(model) == {"profile": "unverified", "specifications": "historical", "access": "historical"}


@pytest.mark.django_db
def test_a_check_of_an_outdated_publication_is_refused(user):
    model = make_model(status="available", cite={"status": "2024"})
    edit(model, status="retired")
    with pytest.raises(Refused, match="published again meanwhile"):
        check(model, "access", user, paths=["status"], sequence=1)
    check(model, "access", user, paths=["status"], sequence=2)


@pytest.mark.django_db
@settings(max_examples=max(8, settings.default.max_examples // 20))
@given(
    st.lists(
        st.sampled_from(["wait", "publish", "recite", "source", *(("check", outcome) for outcome in Outcome)]),
        min_size=1,
        max_size=8,
    )
)
def test_no_state_gets_better_without_a_check(steps):
    """Whatever happens, only a check that finds a value still true makes a group verified."""
    with transaction.atomic(), time_machine.travel("2026-01-10") as clock:
        user = get_user_model().objects.create_user("editor")
        source = make_source()
        model = make_model(status="available", cite={"status": "2024"}, source=source)
        order = [*State][:-1]
        before = states_of(model)["access"]
        for number, step in enumerate(steps):
            clock.shift(timedelta(days=17))
            match step:
                case "publish":
                    edit(model, status=("preview", "available")[number % 2], licence=f"L{number}")
                case "recite":
                    recite(model, field="status", as_of=f"20{10 + number}")
                case "source":
                    Source.objects.filter(pk=source.pk).update(changed_at=timezone.now())
                    flag_source(source)
                case ("check", outcome):
                    check(model, "access", user, outcome, paths=["status"])
            after = states_of(model)["access"]
            if step in ("publish", "recite"):
                assert after in ("unverified", "disputed", "flagged")
            elif step != ("check", Outcome.STILL_TRUE) and step != ("check", Outcome.CHANGED):
                assert order.index(after) <= order.index(before)
            if step == ("check", Outcome.CHANGED):
                assert after == "flagged"
            before = after
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_retired_model_that_nobody_checked_is_unverified():
    model = make_model(status="retired", cite={"status": "2024"})
    assert {v.state(date.today()) for v in read_verifications(model.public_document()).values()} == {State.UNVERIFIED}
