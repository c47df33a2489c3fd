"""The listing index follows what is live: an entry's own values, and those from neighbours."""

from datetime import date

import pytest
from django.contrib.auth import get_user_model

from catalog.listing.past import rebuild
from catalog.models import FacetValue, Layer, ListingEntry, Modality, Segment
from catalog.models.checks import Outcome
from catalog.models.field_groups import FIELD_GROUPS
from catalog.publishing.checking import record_checks
from tests.factories import (
    make_label,
    make_model,
    make_organization,
    make_product,
    publish_revision,
    withdraw,
)

pytestmark = pytest.mark.django_db


def facets_of(record) -> dict[str, set[str]]:
    """Return the facet values of a record, without `unknown`."""
    facets: dict[str, set[str]] = {}
    for facet, value in FacetValue.objects.filter(listing__entry=record.uid).values_list("facet", "value"):
        if value != "unknown":
            facets.setdefault(facet, set()).add(value)
    return facets


@pytest.fixture
def segments():
    image = make_label(Segment, "image")
    return {"image": image, "image-generation": make_label(Segment, "image-generation", parent=image)}


def test_an_organization_has_the_values_of_its_live_products_and_models(segments):
    maker = make_organization(country="GB", segments=[])
    model = make_model(makers=[maker], inputs=[make_label(Modality, "text")], outputs=[make_label(Modality, "image")])
    make_product(
        maker=maker, built_on=[model], segments=[segments["image-generation"]], layer=make_label(Layer, "application")
    )
    facets = facets_of(maker)
    assert facets["segment"] == {"image", "image-generation"}, "a parent includes its children"
    assert facets["layer"] == {"application", "model"}
    assert facets["modality"] == {"text", "image"}
    assert facets["built_on"] == {model.slug}
    assert facets_of(model)["country"] == {"GB"}


def test_a_maker_inherits_nothing_from_a_draft_product(segments):
    maker = make_organization()
    make_product(maker=maker, segments=[segments["image"]], publish=False)
    assert "segment" not in facets_of(maker)


def test_withdrawing_a_product_removes_its_values_from_the_maker(segments):
    maker = make_organization()
    product = make_product(maker=maker, segments=[segments["image"]])
    assert facets_of(maker)["segment"] == {"image"}
    withdraw(product)
    assert "segment" not in facets_of(maker)


def test_models_follow_their_maker_to_another_country():
    maker = make_organization(country="GB")
    model = make_model(makers=[maker])
    draft = maker.get_latest_revision_as_object()
    draft.country = "US"
    publish_revision(draft.save_revision())
    assert facets_of(model)["country"] == {"US"}


def test_a_model_published_before_its_maker_gets_the_country_later():
    maker = make_organization(country="FR", publish=False)
    model = make_model(makers=[maker])
    assert "country" not in facets_of(model)
    publish_revision(maker.latest_revision)
    assert facets_of(model)["country"] == {"FR"}


def test_a_renamed_maker_is_found_by_its_new_slug():
    maker = make_organization(slug="deep-mind")
    model = make_model(makers=[maker])
    draft = maker.get_latest_revision_as_object()
    draft.slug = "deepmind"
    publish_revision(draft.save_revision())
    assert facets_of(model)["maker"] == {"deepmind"}


def test_multimodal_is_derived():
    text, image = make_label(Modality, "text"), make_label(Modality, "image")
    assert facets_of(make_model(inputs=[text], outputs=[image]))["multimodal"] == {"yes"}
    assert facets_of(make_model(inputs=[text], outputs=[text]))["multimodal"] == {"no"}
    assert "multimodal" not in facets_of(make_model())


def test_dates_funding_and_valuation_become_columns():
    rounds = [
        {"key": "seed", "round_kind": "seed", "announced": "2020", "amount": "USD 5M"},
        {"key": "a", "round_kind": "series-a", "announced": "2022-04", "amount": "USD 65M", "valuation": "USD 1B"},
        {"key": "b", "round_kind": "undisclosed", "announced": "2021", "amount": "CNY 100M"},
    ]
    organization = make_organization(
        founded="2019-06", children={"funding_rounds": rounds}, cite={"funding_rounds/a": "2022-04-26"}
    )
    row = ListingEntry.objects.get(entry=organization.uid)
    assert (row.date_from, row.date_to) == (date(2019, 6, 1), date(2019, 6, 30))
    assert row.funding_usd == 70_000_000, "an amount without a rate to USD adds nothing"
    assert row.valuation_usd == 1_000_000_000
    assert row.valuation_until == date(2022, 10, 23), "180 days after the source speaks of it"
    assert facets_of(organization)["latest_round"] == {"series-a"}


def test_an_old_price_leaves_the_free_plan_unknown():
    plan = {"key": "free", "name_en": "Free", "name_zh": "免费", "per": "free"}
    product = make_product(children={"price_plans": [plan]}, cite={"price_plans/free": "2022-10-01"})
    values = FacetValue.objects.filter(listing__entry=product.uid, facet="free_plan")
    assert set(values.values_list("value", "until")) == {
        ("yes", date(2022, 11, 30)),
        ("unknown", date(9999, 12, 31)),
    }


def test_a_rebuilt_index_is_the_same(segments):
    maker = make_organization(country="GB")
    model = make_model(makers=[maker], inputs=[make_label(Modality, "text")])
    make_product(maker=maker, built_on=[model], segments=[segments["image-generation"]])

    def read():
        return set(FacetValue.objects.values_list("listing__entry", "facet", "value", "since", "until")), set(
            ListingEntry.objects.values_list("entry", "slug", "name_en", "text")
        )

    before = read()
    assert rebuild(past=True) == 3
    assert read() == before


def plan(key: str, **values) -> dict:
    return {"key": key, "name_en": key, "name_zh": key, **values}


def free_plan_of(*rows: dict, cite: dict[str, str]) -> set[tuple]:
    product = make_product(children={"price_plans": list(rows)}, cite=cite)
    values = FacetValue.objects.filter(listing__entry=product.uid, facet="free_plan")
    return set(values.values_list("value", "since", "until"))


def test_a_paid_plan_replaces_an_ended_free_plan_in_any_order():
    ended = plan("free", per="free", valid_to="2022-01-01")
    paid = plan("paid", per="month", price="USD 10")
    cite = {"price_plans/free": "2021-12-01", "price_plans/paid": "2026-10-01"}
    expected = {
        ("yes", date(1, 1, 1), date(2022, 1, 2)),
        ("no", date(2022, 1, 2), date(2026, 11, 30)),
        ("unknown", date(2026, 11, 30), date(9999, 12, 31)),
    }
    assert free_plan_of(ended, paid, cite=cite) == expected
    assert free_plan_of(paid, ended, cite=cite) == expected


def test_a_check_changes_the_freshness_at_once():
    user = get_user_model().objects.create_user("editor")
    model = make_model()
    for group in FIELD_GROUPS["model"]:
        record_checks(entry=model.uid, group=group, user=user, outcome=Outcome.STILL_TRUE)
    assert "verified" in facets_of(model)["freshness"]
    assert "unverified" not in facets_of(model)["freshness"]


def test_a_renamed_segment_is_found_by_its_new_slug(segments):
    maker = make_organization()
    product = make_product(maker=maker, segments=[segments["image-generation"]])
    segment = segments["image-generation"]
    segment.slug = "pictures"
    segment.save()
    assert facets_of(product)["segment"] == {"image", "pictures"}
    assert facets_of(maker)["segment"] == {"image", "pictures"}


def test_the_valuation_is_that_of_the_newest_round():
    rounds = [
        {"key": "b", "round_kind": "series-b", "announced": "2023", "valuation": "USD 2B"},
        {"key": "a", "round_kind": "series-a", "announced": "2022", "valuation": "USD 1B"},
    ]
    cite = {"funding_rounds/a": "2026-01", "funding_rounds/b": "2023"}
    organization = make_organization(children={"funding_rounds": rounds}, cite=cite)
    assert ListingEntry.objects.get(entry=organization.uid).valuation_usd == 2_000_000_000
