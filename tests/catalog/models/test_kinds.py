"""The registry of kinds is complete, and the system check reports what is missing."""

from dataclasses import replace

import pytest
from django.core.management import call_command

from catalog import kind_checks
from catalog.kind_checks import check_kinds
from catalog.models import AIModel, AIModelCitation, OrganizationMilestone, Source, Term
from catalog.models.choices import FieldGroup
from catalog.models.kinds import KINDS, EntryKind, find_kind, kind_of, list_entry_kinds, list_kinds

MODEL = kind_of("model")


def complaints(monkeypatch, *kinds) -> list[str]:
    """Return the messages of the system check with these kinds."""
    monkeypatch.setattr(kind_checks, "KINDS", kinds)
    return [error.msg for error in check_kinds()]


def with_other(**values) -> list:
    """Return the kinds with some values of models replaced."""
    return [replace(kind, **values) if kind is MODEL else kind for kind in KINDS]


def test_the_existing_kinds_lack_nothing():
    assert check_kinds() == []
    call_command("check")


def test_each_key_has_one_kind_in_the_order_shown():
    assert [kind.key for kind in list_kinds()] == list(EntryKind)
    assert [kind.slug for kind in list_kinds()][:3] == ["models", "organizations", "products"]
    assert [kind.key for kind in list_kinds() if kind not in list_entry_kinds()] == ["term"]
    assert kind_of("term").slug == "glossary"


def test_a_kind_is_found_by_its_key_and_by_its_model():
    assert kind_of("model").model is AIModel
    assert find_kind(Term).key == EntryKind.TERM
    assert find_kind(Source) is find_kind(None) is None
    with pytest.raises(KeyError):
        kind_of("nothing")


def test_a_kind_knows_the_rows_of_its_model():
    assert MODEL.row_model("citations") is AIModelCitation
    assert kind_of("organization").row_model("milestones") is OrganizationMilestone
    assert kind_of("term").row_model("citations") is None


def test_kinds_come_after_those_that_they_refer_to():
    """They are loaded in this order."""
    places = {kind.model: number for number, kind in enumerate(KINDS)}
    for kind in KINDS:
        for column in [*kind.model._meta.fields, *kind.model._meta.many_to_many]:
            if column.related_model in places and column.name != "merged_into":
                assert places[column.related_model] <= places[kind.model], (kind.key, column.name)


@pytest.mark.parametrize(
    ("values", "what", "where"),
    [
        ({"model_name": "Nothing"}, "has no model catalog.Nothing", "catalog/models/__init__.py"),
        ({"model_name": "Product"}, "has a model that is no Entry of its kind", "kind = EntryKind.MODEL"),
        ({"date": "opened"}, "names “opened”, which AIModel does not have", "catalog/models/kinds.py"),
        (
            {"field_groups": {**MODEL.field_groups, FieldGroup.ACCESS: ("status", "colour")}},
            "names “colour”, which AIModel does not have",
            "catalog/models/kinds.py",
        ),
        (
            {"field_groups": {**MODEL.field_groups, FieldGroup.SPECIFICATIONS: ("inputs", "measurements")}},
            "has “lineage” in no field group",
            "catalog/models/kinds.py",
        ),
        ({"plural": "Nothings"}, "has no Chinese word for “Nothings”", "locale/zh_Hans"),
        ({"heading": "Nothings"}, "has no Chinese word for “Nothings”", "locale/zh_Hans"),
    ],
)
def test_the_check_names_what_a_kind_lacks_and_where_it_belongs(monkeypatch, values, what, where):
    monkeypatch.setattr(kind_checks, "KINDS", with_other(**values))
    (error,) = check_kinds()
    assert error.msg == f"The kind “model” {what}."
    assert where in error.hint


def test_the_check_does_not_treat_terms_as_entries(monkeypatch):
    term = replace(kind_of("term"), field_groups={FieldGroup.PROFILE: ("name", "definition")})
    said = complaints(monkeypatch, *(term if kind.key == term.key else kind for kind in KINDS))
    assert said == ["The kind “term” has a model that is no Entry of its kind."]


def test_the_check_reports_missing_citations_and_common_values(monkeypatch):
    groups = {FieldGroup.PROFILE: ("name", "aliases", "summary", "released")}
    monkeypatch.setattr(kind_checks, "child_lists", lambda model: {})
    assert complaints(monkeypatch, replace(MODEL, field_groups=groups))[-2:] == [
        "The kind “model” has no citations.",
        "The kind “model” has “identifiers” in no field group.",
    ]


def test_the_check_reports_a_missing_page_and_missing_screens(monkeypatch):
    monkeypatch.setattr(kind_checks.CatalogGroup, "items", ())
    monkeypatch.setattr(kind_checks.Kind, "template", "catalog/nothing.html")
    said = complaints(monkeypatch, *KINDS)
    assert "The kind “model” has no page." in said
    assert "The kind “term” has no screens for editors." in said
    assert len(said) == 2 * len(KINDS)


def test_the_check_reports_a_missing_kind_and_a_duplicate(monkeypatch):
    assert complaints(monkeypatch, *KINDS[1:]) == ["EntryKind.TERM has 0 kinds; it needs one."]
    assert complaints(monkeypatch, *KINDS, KINDS[0])[0] == "EntryKind.TERM has 2 kinds; it needs one."
