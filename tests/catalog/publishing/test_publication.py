"""What happens when something goes live, changes, or is withdrawn."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.models import (
    AIModel,
    AIModelCitation,
    AIModelMilestone,
    Approval,
    ListingEntry,
    Organization,
    Publication,
)
from catalog.models.approval import digest_of
from tests.factories import (
    make_model,
    make_organization,
    make_product,
    make_source,
    make_term,
    publish_revision,
    withdraw,
)

pytestmark = pytest.mark.django_db


def edit(record, **values):
    """Save a draft of a record with other values and return its revision."""
    draft = record.get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    return draft.save_revision()


def publications_of(record):
    return list(Publication.objects.of(record.uid))


def test_publishing_keeps_the_document_and_one_change_for_each_value():
    model = make_model(name="GPT-3", parameters="175 billion", released="2020-05-28", cite={"parameters": "2020-05-28"})
    (publication,) = publications_of(model)
    assert (publication.sequence, publication.action, publication.kind) == (1, "published", "model")
    assert publication.document["fields"]["released"] == "2020-05-28"
    assert publication.document["fields"]["parameters"] == {
        "low": "175000000000",
        "high": "175000000000",
        "kind": "reported",
    }
    assert publication.document["citations"][0]["as_of"] == "2020-05-28"
    changes = {change.path: (change.old, change.new) for change in publication.changes.all()}
    assert changes["released"] == (None, "2020-05-28")
    assert "licence" not in changes, "an empty value is no change"


NUMBERS = st.decimals(min_value=0, max_value=99999, places=1).flatmap(
    lambda number: st.sampled_from([number, str(number), f"0{number}0", str(number.normalize()), float(number)])
)


# A publication costs half a second, so that each has many numbers.
@settings(max_examples=5)
@given(numbers=st.lists(NUMBERS, min_size=20, max_size=20))
def test_what_is_live_has_the_digest_of_what_was_approved_however_a_number_was_written(numbers):
    numbers = [24, "24", "2.4E+1", *numbers]
    row = {"milestone_kind": "release", "date": "2020", "text_en": "It opens.", "text_zh": "开放。"}
    # Forms and files number the rows; those that have no number come in any order on PostgreSQL.
    rows = [
        {**row, "key": f"row{place}", "sort_order": place, "since_launch_months": number}
        for place, number in enumerate(numbers)
    ]
    with transaction.atomic():
        model = make_model(children={"milestones": rows})
        saved = dict(model.milestones.values_list("key", "since_launch_months"))
        assert [saved[row["key"]] for row in rows] == [Decimal(str(number)) for number in numbers]
        assert Approval.objects.of(model).get().digest == digest_of(model.serializable_data())
        transaction.set_rollback(True)


def test_a_number_with_too_many_digits_is_refused():
    for number in ("24.55", "1234567", "NaN"):
        milestone = AIModelMilestone(since_launch_months=number)
        with pytest.raises(ValidationError) as refused:
            milestone.full_clean()
        assert "since_launch_months" in refused.value.message_dict, number


def test_the_next_publication_records_only_the_differences():
    model = make_model(
        released="2020-05-28",
        children={
            "milestones": [
                {
                    "key": "api",
                    "milestone_kind": "release",
                    "date": "2020-06",
                    "text_en": "API opens.",
                    "text_zh": "API 开放。",
                }
            ]
        },
    )
    publish_revision(edit(model, released="2020-06"))
    second, first = publications_of(model)
    assert (second.sequence, first.sequence) == (2, 1)
    assert [(c.path, c.old, c.new) for c in second.changes.all()] == [("released", "2020-05-28", "2020-06")]


def test_a_row_keeps_its_key_when_it_changes():
    model = make_model(
        children={
            "milestones": [
                {
                    "key": "api",
                    "milestone_kind": "release",
                    "date": "2020-06",
                    "text_en": "API opens.",
                    "text_zh": "API 开放。",
                }
            ]
        }
    )
    draft = model.get_latest_revision_as_object()
    row = draft.milestones.all()[0]
    row.date = "2020-07"
    draft.milestones = [row]
    publish_revision(draft.save_revision())
    (change,) = publications_of(model)[0].changes.all()
    assert change.path == "milestones/api"
    assert (change.old["date"], change.new["date"]) == ("2020-06", "2020-07")


def test_a_draft_changes_nothing_that_the_public_sees():
    model = make_model(name="Public name")
    edit(model, name_en="Draft name")
    assert len(publications_of(model)) == 1
    assert ListingEntry.objects.get(entry=model.uid).name_en == "Public name"


def test_two_drafts_cannot_publish_one_slug():
    second = make_organization(slug="other")
    revision = edit(second, slug="acme")
    first = make_organization(slug="acme")
    with pytest.raises(ValidationError) as refused:
        publish_revision(revision)
    assert "slug" in refused.value.message_dict
    assert Organization.objects.get(pk=second.pk).slug == "other"
    assert len(publications_of(second)) == 1
    assert ListingEntry.objects.get(slug="acme").entry == first.uid


def test_an_incomplete_row_is_refused_with_the_name_of_its_list():
    model = make_model()
    revision = edit(model, milestones=[AIModelMilestone(key="api", milestone_kind="release")])
    with pytest.raises(ValidationError, match="milestone 1"):
        publish_revision(revision)
    assert len(publications_of(model)) == 1
    assert AIModel.objects.get(pk=model.pk).milestones.count() == 0


def test_two_rows_with_one_key_are_refused():
    rows = [
        {"key": "twice", "link_kind": "paper", "url": "https://example.org/a"},
        {"key": "twice", "link_kind": "paper", "url": "https://example.org/b"},
    ]
    model = make_model(publish=False, children={"links": rows})
    with pytest.raises(ValidationError, match="twice"):
        publish_revision(model.latest_revision)


def test_unpublishing_is_recorded_and_removes_the_entry_from_listings():
    model = make_model()
    withdraw(model)
    assert [p.action for p in publications_of(model)] == ["withdrawn", "published"]
    assert not ListingEntry.objects.filter(entry=model.uid).exists()
    assert publications_of(model)[0].reason == {"en": "It was wrong.", "zh": "内容有误。"}
    publish_revision(edit(model, withdrawal_en="", withdrawal_zh=""))
    assert publications_of(model)[0].action == "restored"
    assert ListingEntry.objects.filter(entry=model.uid).exists()


def test_a_new_slug_is_recorded_as_renamed():
    model = make_model(slug="old-name")
    publish_revision(edit(model, slug="new-name"))
    assert publications_of(model)[0].action == "renamed"
    assert ListingEntry.objects.get(entry=model.uid).slug == "new-name"


def test_a_scheduled_version_goes_live_at_its_time(time_machine):
    model = make_model(name="Before")
    publish_revision(edit(model, name_en="After", go_live_at=timezone.now() + timedelta(hours=2)))
    assert len(publications_of(model)) == 1
    assert ListingEntry.objects.get(entry=model.uid).name_en == "Before"
    time_machine.move_to(timezone.now() + timedelta(hours=3))
    call_command("publish_scheduled")
    assert len(publications_of(model)) == 2
    assert ListingEntry.objects.get(entry=model.uid).name_en == "After"


def test_a_refused_version_does_not_block_others_that_are_due(time_machine):
    refused, due = make_organization(name="Refused"), make_organization(name="Due")
    later = timezone.now() + timedelta(hours=1)
    publish_revision(edit(refused, slug="taken", go_live_at=later))
    make_organization(slug="taken")
    publish_revision(edit(due, name_en="Gone live", go_live_at=later))
    time_machine.move_to(timezone.now() + timedelta(hours=2))
    with pytest.raises(CommandError, match="Refused"):
        call_command("publish_scheduled")
    assert ListingEntry.objects.get(entry=due.uid).name_en == "Gone live"
    assert ListingEntry.objects.get(entry=refused.uid).slug != "taken"


def test_a_drafts_new_name_stays_out_of_documents_that_refer_to_it():
    secret = make_model(publish=False, name="Secret model")
    product = make_product(built_on=[secret])
    document = publications_of(product)[0].document
    assert "Secret model" not in str(document)
    assert document["fields"]["built_on"] == [secret.slug]


def test_terms_have_history_too():
    term = make_term(name="Diffusion model")
    publish_revision(edit(term, definition_en="Another meaning."))
    assert [change.path for change in publications_of(term)[0].changes.all()] == ["definition"]


def test_a_citation_of_a_missing_row_is_refused():
    model = make_model()
    citation = AIModelCitation(field="milestones", item="nothing", source=make_source(), as_of="2022")
    with pytest.raises(ValidationError, match="milestones/nothing"):
        publish_revision(edit(model, citations=[citation]))


def test_line_endings_of_browsers_are_no_change():
    model = make_model(aliases="davinci\nGPT-3 175B", summary_en="One.\n\nTwo.")
    draft = model.get_latest_revision_as_object()
    draft.aliases, draft.summary_en, draft.access = "davinci\r\nGPT-3 175B", "One.\r\n\r\nTwo.", "api"
    publish_revision(draft.save_revision())
    assert [change.path for change in Publication.objects.of(model.uid)[0].changes.all()] == ["access"]
