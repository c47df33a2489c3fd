"""The panel of filters: which options are shown, in which order, under which parent."""

import pytest
from django.utils import translation

from catalog.listing.panel import SHOWN_AT_MOST, pick
from catalog.models import Segment
from catalog.values import BilingualText
from tests.catalog.listing.listings import names, open_listing
from tests.factories import make_label, make_model, make_organization

OPTIONS = [(f"maker-{number:03}", BilingualText(en=f"Maker {number}", zh=f"机构 {number}")) for number in range(100)]


def shown(options=OPTIONS, *, counts=(), chosen=(), parents=(), sought="") -> list[str]:
    found = pick(options, counts=dict(counts), chosen=set(chosen), parents=dict(parents), sought=sought)
    return [value for value, label in found]


def test_of_many_options_those_with_the_most_results_are_shown_in_their_order():
    counts = {f"maker-{number:03}": 5 for number in range(50, 90)}
    assert shown(counts=counts) == [f"maker-{number:03}" for number in range(50, 90)]
    assert len(shown()) == SHOWN_AT_MOST
    assert shown(OPTIONS[:SHOWN_AT_MOST]) == [value for value, label in OPTIONS[:SHOWN_AT_MOST]]


def test_what_is_chosen_is_always_shown():
    chosen = {value for value, label in OPTIONS[95:]}
    assert chosen <= set(shown(chosen=chosen, counts={value: 9 for value, label in OPTIONS[:60]}))
    assert shown(chosen=["maker-099"], sought="maker 12") == ["maker-012", "maker-099"]
    everything = {value for value, label in OPTIONS}
    assert set(shown(chosen=everything)) == everything


@pytest.mark.parametrize("sought", ["Maker 42", "ＭＡＫＥＲ 42", "机构 42", "maker-042"])
def test_an_option_is_found_by_its_name_in_either_language_and_by_its_address(sought):
    assert shown(sought=sought) == ["maker-042"]


def test_an_option_is_found_with_its_parent_and_a_parent_with_its_children():
    labels = [("image", "Image"), ("logos", "Logos"), ("photos", "Photos"), ("code", "Code"), ("apps", "Apps")]
    parents = {"logos": "image", "photos": "image", "apps": "code"}
    assert shown(labels, parents=parents, sought="photo") == ["image", "photos"]
    assert shown(labels, parents=parents, sought="image") == ["image", "logos", "photos"]
    assert shown(labels, parents=parents, sought="nothing") == []


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
def test_what_finds_an_option_filters_nothing():
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
def test_a_heading_sorts_and_the_next_click_turns_the_order_round():
    assert open_listing("organizations", "country=GB&page=2").sort_by("funding") == ("", "country=GB&sort=-funding")
    assert open_listing("organizations", "sort=-funding").sort_by("funding") == ("descending", "sort=funding")
    assert open_listing("organizations", "sort=funding").sort_by("funding") == ("ascending", "sort=-funding")
    assert open_listing("organizations").sort_by("name") == ("ascending", "sort=-name")
    assert open_listing("organizations").sort_by("colour") == ("", "")


@pytest.mark.django_db
def test_an_empty_result_says_what_to_remove_in_the_readers_language():
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
