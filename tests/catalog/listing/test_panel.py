"""The filter panel: which options it shows, in which order, under which parent."""

import pytest
from django.utils import translation

from catalog.listing.panel import find_in_tree
from catalog.models import Segment
from tests.catalog.listing.listings import names, open_listing
from tests.factories import make_label, make_model, make_organization


def test_finding_an_option_shows_its_parent_and_its_children():
    labels = [("image", "Image"), ("logos", "Logos"), ("photos", "Photos"), ("code", "Code"), ("apps", "Apps")]
    parents = {"logos": "image", "photos": "image", "apps": "code"}

    def found(sought, *chosen):
        return [value for value, _ in find_in_tree(labels, parents=parents, chosen=[*chosen], sought=sought)]

    assert found("photo") == ["image", "photos"]
    assert found("IMAGE") == ["image", "logos", "photos"]
    assert found("nothing", "apps") == ["code", "apps"], "what is chosen stays"
    assert found("nothing") == []


@pytest.mark.django_db
def test_segments_are_a_tree_and_a_parent_includes_its_children():
    image = make_label(Segment, "image", position=1)
    generation = make_label(Segment, "image-generation", position=2, parent=image)
    make_label(Segment, "code", position=3)
    make_organization(name="Draws", segments=[generation])
    make_organization(name="Any image", segments=[image])
    listing = open_listing("organizations", "segment=image")
    (facet,) = [facet for facet in listing.facets if facet.name == "segment"]
    assert [(parent.value, [child.value for child in children]) for parent, children in facet.tree] == [
        ("image", ["image-generation"])
    ]
    assert (facet.tree[0][0].count, facet.tree[0][1][0].count) == (2, 1)
    assert sorted(names(listing)) == ["Any image", "Draws"]


@pytest.mark.django_db
def test_finding_an_option_does_not_filter_results():
    make_model(name="One", licence="mit")
    make_model(name="Two", licence="apache-2.0")
    listing = open_listing("models", "find_licence=apache&licence=mit&per_page=25")
    (facet,) = [facet for facet in listing.facets if facet.name == "licence"]
    assert [option.value for option in facet.options] == ["apache-2.0", "mit"], "the chosen one stays"
    assert {option.value: option.count for option in facet.options} == {"apache-2.0": 1, "mit": 1}
    assert names(listing) == ["One"]
    assert [chip.name for chip in listing.chips] == ["licence"]
    assert listing.chips[0].query == "find_licence=apache&per_page=25"
    assert listing.ignored == []
    assert not open_listing("models", "find_licence=apache").is_indexable
    assert open_listing("models", "find_colour=red").ignored == ["find_colour"]


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "size", "ignored"), [("25", 25, []), ("100", 100, []), ("7", 50, ["per_page=7"])])
def test_a_page_has_25_50_or_100_results(asked, size, ignored):
    listing = open_listing("models", f"per_page={asked}")
    assert (listing.per_page, listing.ignored) == (size, ignored)


@pytest.mark.django_db
def test_a_heading_sorts_and_another_click_reverses_the_order():
    assert open_listing("organizations", "country=GB&page=2").sort_by("funding") == ("", "country=GB&sort=-funding")
    assert open_listing("organizations", "sort=-funding").sort_by("funding") == ("descending", "sort=funding")
    assert open_listing("organizations", "sort=funding").sort_by("funding") == ("ascending", "sort=-funding")
    assert open_listing("organizations").sort_by("name") == ("ascending", "sort=-name")
    assert open_listing("organizations").sort_by("country") == ("", "sort=country")
    assert open_listing("models").sort_by("checked") == ("", "sort=-checked")


@pytest.mark.django_db
def test_every_order_has_a_label_and_every_column_an_order():
    def offers(query):
        return {key: (str(label), chosen) for key, label, chosen in open_listing("organizations", query).sorts}

    assert {"name", "-founded", "-funding", "country", "segment", "latest_round", "-checked"} == offers("").keys()
    assert offers("")["name"] == ("Name", True)
    assert offers("sort=-country")["-country"] == ("Country or region, reversed", True)
    assert offers("sort=-valuation")["-valuation"] == ("Valuation (post-money)", True)
    assert offers("q=x")["relevance"] == ("Best match", True)
    assert offers("q=x&sort=name")["name"] == ("Name", True)


@pytest.mark.django_db
def test_an_empty_result_names_filters_to_remove_in_the_readers_language():
    make_model(name="One", name_zh="一", licence="mit", access="api")
    make_model(name="Two", name_zh="二", licence="apache-2.0", access="hosted-only")
    query = "licence=mit&access=hosted-only&find_licence=mi"
    ways = {(way.label, way.count, way.query) for way in open_listing("models", query).ways_out}
    assert ways == {
        ("mit", 1, "access=hosted-only&find_licence=mi"),
        ("Hosted only", 1, "licence=mit&find_licence=mi"),
    }
    with translation.override("zh-hans"):
        assert "仅在线使用" in {way.label for way in open_listing("models", query).ways_out}
