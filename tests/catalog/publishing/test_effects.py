"""What follows a decision: every slot is filled, they run in order, and a failure undoes the decision."""

import pytest
from django.contrib.auth import get_user_model
from django.core.checks import run_checks

from catalog.models import Approval, Check, Layer, Publication
from catalog.models.checks import Outcome
from catalog.publishing import effects
from catalog.publishing.checking import record_checks
from tests.factories import make_label, make_model, publish


@pytest.fixture
def fill(monkeypatch):
    """Return a function that fills the slots until the end of the test."""

    def fill_slots(**functions) -> None:
        monkeypatch.setattr(effects, "filled", {})
        for slot, function in functions.items():
            effects.fill(slot, function)

    return fill_slots


def test_a_system_check_reports_an_empty_slot(fill):
    assert not [error for error in run_checks() if error.id == "catalog.E020"], "all are filled when apps are ready"
    fill(index=lambda event: None)
    (error,) = [error for error in run_checks() if error.id == "catalog.E020"]
    assert "notices" in error.msg
    assert "newsroom" in error.hint


def test_a_slot_takes_one_function_and_must_be_a_known_one(fill):
    fill(index=print)
    effects.fill("index", print)
    with pytest.raises(ValueError, match="filled already"):
        effects.fill("index", repr)
    with pytest.raises(ValueError, match="no slot"):
        effects.fill("indices", print)


@pytest.mark.django_db
def test_every_event_reaches_the_slots_in_order(fill):
    model, layer, user = (
        make_model(access="api"),
        make_label(Layer, "tools"),
        get_user_model().objects.create_user("ann"),
    )
    seen = []
    # Fill them in another order than they run in.
    fill(notices=lambda event: seen.append(("notices", event)), index=lambda event: seen.append(("index", event)))
    publish(model, access="open-weights")
    record_checks(entry=model.uid, group="access", outcome=Outcome.STILL_TRUE, user=user)
    layer.name_en = "Tools"
    layer.save()
    make_label(Layer, "new")
    assert [(slot, type(event).__name__) for slot, event in seen] == [
        (slot, event)
        for event in ("Approved", "PublicationRecorded", "VerificationsOutdated", "WordChanged")
        for slot in ("index", "notices")
    ]
    approval, publication, outdated, word = [event for slot, event in seen if slot == "index"]
    assert approval.approval == Approval.objects.of(model).first()
    assert (publication.publication, publication.record) == (Publication.objects.of(model.uid).first(), model)
    assert publication.record.access == "open-weights", "the object as it is now"
    assert (outdated.entries, word.word) == ([model.uid], layer)


@pytest.mark.django_db
def test_an_error_in_a_slot_undoes_the_decision(fill):
    model = make_model(access="api")
    user = get_user_model().objects.create_user("ann")

    def fail(event) -> None:
        if not isinstance(event, effects.Approved):
            raise RuntimeError("The index is full.")

    fill(index=fail, notices=lambda event: None)
    with pytest.raises(RuntimeError):
        publish(model, access="open-weights")
    with pytest.raises(RuntimeError):
        record_checks(entry=model.uid, group="access", outcome=Outcome.STILL_TRUE, user=user)
    model.refresh_from_db()
    assert (model.access, Publication.objects.of(model.uid).count()) == ("api", 1)
    assert not Check.objects.exists()
