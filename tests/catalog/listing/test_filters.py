"""Examples of filters, counts and orders; `test_agreement.py` compares all of them with an oracle."""

import pytest
from django.utils import translation

from catalog.models import Layer, Modality, Segment
from tests.catalog.listing.listings import counts, names, open_listing
from tests.factories import make_label, make_model, make_organization, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def landscape():
    """Organizations, models and products that differ in most facets."""
    image = make_label(Segment, "image", position=1)
    generation = make_label(Segment, "image-generation", position=2, parent=image)
    code = make_label(Segment, "code", position=3)
    text, picture = make_label(Modality, "text"), make_label(Modality, "image")
    application, tooling = make_label(Layer, "application"), make_label(Layer, "tooling")
    stability = make_organization(
        name="Stability",
        slug="stability",
        type="startup",
        country="GB",
        founded="2019",
        children={"funding_rounds": [{"key": "s", "round_kind": "seed", "announced": "2022-10", "amount": "USD 101M"}]},
    )
    adept = make_organization(
        name="Adept",
        slug="adept",
        type="startup",
        country="US",
        founded="2022",
        segments=[code],
        children={
            "funding_rounds": [{"key": "a", "round_kind": "series-a", "announced": "2022-04", "amount": "USD 65M"}]
        },
    )
    google = make_organization(name="Google", slug="google", type="big-tech", country="US", founded="1998-09")
    unknown = make_organization(name="Unknown", slug="nobody", type="startup")
    diffusion = make_model(
        name="Diffusion",
        slug="diffusion",
        makers=[stability],
        inputs=[text],
        outputs=[picture],
        released="2022-08-22",
        parameters="1.5 billion",
        access="open-weights-conditional",
    )
    act = make_model(name="Act", slug="act", makers=[adept], inputs=[text], outputs=[text], released="2022")
    bert = make_model(
        name="Bert",
        slug="bert",
        makers=[google],
        inputs=[text],
        parameters={"kind": "undisclosed"},
        released="2018-10",
        access="open-weights",
    )
    make_product(
        name="Studio",
        maker=stability,
        built_on=[diffusion],
        segments=[generation],
        layer=application,
        launched="2022-08",
    )
    make_product(name="Clicks", maker=adept, built_on=[act], segments=[code], layer=tooling)
    return {"organizations": [stability, adept, google, unknown], "models": [diffusion, act, bert]}


def test_filters_of_an_investor(landscape):
    listing = open_listing("startups", "segment=image-generation&country=GB&funding_min=50M&founded_min=2019")
    assert names(listing) == ["Stability"]
    assert names(open_listing("startups", "segment=image&country=US")) == []


def test_a_repeated_parameter_is_or_and_different_ones_are_and(landscape):
    assert names(open_listing("organizations", "country=GB&country=US")) == ["Adept", "Google", "Stability"]
    assert names(open_listing("organizations", "country=GB&country=US&type=startup")) == ["Adept", "Stability"]


def test_options_are_sorted_in_the_readers_language():
    for slug, zh, country in [("zhipu", "智谱", "CN"), ("alibaba", "阿里巴巴", "US"), ("openai", "OpenAI", "GB")]:
        maker = make_organization(slug=slug, name=slug, name_zh=zh, country=country)
        make_model(makers=[maker])

    def options(name):
        return [
            str(option.label)
            for facet in open_listing("models").facets
            if facet.name == name
            for option in facet.options
        ]

    assert options("maker") == ["alibaba", "openai", "zhipu"]
    with translation.override("zh-hans"):
        assert options("maker") == ["阿里巴巴", "OpenAI", "智谱"]
        # By sound: měiguó, yīngguó, zhōngguó.
        assert options("country") == ["美国", "英国", "中国"]


def test_unknown_and_undisclosed_are_options(landscape):
    assert names(open_listing("organizations", "country=unknown")) == ["Unknown"]
    assert names(open_listing("models", "size=undisclosed")) == ["Bert"]
    assert names(open_listing("models", "size=unknown")) == ["Act"]
    assert counts(open_listing("models"), "size") == {"reported": 1, "undisclosed": 1, "unknown": 1}


def test_ranges_take_fuzzy_dates_and_spelt_numbers(landscape):
    assert names(open_listing("models", "released_min=2022-06")) == ["Act", "Diffusion"], "2022 may be after June"
    assert names(open_listing("models", "released_max=2019")) == ["Bert"]
    assert names(open_listing("models", "parameters_min=1 billion")) == ["Diffusion"]
    assert names(open_listing("models", "parameters_min=15 亿&parameters_max=1.5B")) == ["Diffusion"]


def test_order(landscape):
    assert names(open_listing("organizations")) == ["Adept", "Google", "Stability", "Unknown"]
    assert names(open_listing("organizations", "sort=-founded")) == ["Adept", "Stability", "Google", "Unknown"]
    assert names(open_listing("organizations", "sort=founded")) == ["Google", "Stability", "Adept", "Unknown"]
    assert names(open_listing("organizations", "sort=-funding"))[:2] == ["Stability", "Adept"]


def test_a_facets_counts_ignore_its_own_filter(landscape):
    """Other filters still apply."""
    listing = open_listing("organizations", "country=GB&type=startup")
    assert counts(listing, "country") == {"GB": 1, "US": 1, "unknown": 1}
    assert counts(listing, "type") == {"startup": 1, "big-tech": 0}


def test_an_option_without_results_is_disabled_not_hidden(landscape):
    (facet,) = [item for item in open_listing("organizations", "country=GB").facets if item.name == "type"]
    assert [(option.value, option.disabled) for option in facet.options] == [("startup", False), ("big-tech", True)]


def test_invalid_parameters_are_reported_as_ignored(landscape):
    listing = open_listing("models", "colour=red&maker=nobody-at-all&maker=google&sort=size&released_min=soon")
    assert names(listing) == ["Bert"]
    assert set(listing.filterset.ignored) == {"colour", "maker=nobody-at-all", "sort=size", "released_min=soon"}


def test_fixed_values_of_a_page_are_not_filters(landscape):
    listing = open_listing("startups", "type=company")
    assert names(listing) == ["Adept", "Stability", "Unknown"]
    assert listing.chips == []
    assert listing.filterset.ignored == ["type"]


def test_a_draft_is_neither_an_option_nor_known(landscape):
    secret = make_organization(slug="secret-lab", publish=False)
    make_model(name="Open", makers=[secret])
    listing = open_listing("models", "maker=secret-lab")
    assert listing.filterset.ignored == ["maker=secret-lab"]
    assert listing.chips == []


def test_chips_remove_one_choice_each(landscape):
    listing = open_listing("organizations", "country=GB&country=US&q=stab&page=3")
    assert [(str(chip.label), str(chip.value)) for chip in listing.chips] == [
        ("Search", "“stab”"),
        ("Country or region", "United Kingdom"),
        ("Country or region", "United States"),
    ]
    assert listing.chips[1].query == "country=US&q=stab"


def test_an_old_valuation_is_not_current(time_machine):
    rounds = [{"key": "a", "round_kind": "series-a", "announced": "2022-10", "valuation": "USD 1B"}]
    time_machine.move_to("2022-11-01T00:00:00Z")
    make_organization(name="Unicorn", children={"funding_rounds": rounds}, cite={"funding_rounds/a": "2022-10-17"})
    assert names(open_listing("organizations", "valuation_min=1B")) == ["Unicorn"]
    time_machine.move_to("2023-04-20T00:00:00Z")
    assert names(open_listing("organizations", "valuation_min=1B")) == []


def test_a_missing_page_gives_the_nearest_one(landscape):
    assert names(open_listing("organizations", "page=999")) == ["Adept", "Google", "Stability", "Unknown"]
    assert names(open_listing("organizations", "page=x")) == ["Adept", "Google", "Stability", "Unknown"]
