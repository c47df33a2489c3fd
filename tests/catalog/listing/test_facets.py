"""One declaration is all that a facet takes; a system check says what a declaration lacks."""

import pytest

from catalog.listing.facets import FACET_SETS, AsRecorded, Entries, Facet, FacetSet, FromMade, Range, Unit
from catalog.listing.facets.checks import check_facets, find_faults
from catalog.listing.filterset import find_filterset
from catalog.listing.past import rebuild
from catalog.models.kinds import EntryKind
from tests.catalog.listing.listings import counts, names, open_listing
from tests.catalog.listing.oracle import Reader
from tests.factories import make_organization

# What addresses of listings that people keep may have asked for; more may come, none may go.
PARAMETERS = {
    EntryKind.ORGANIZATION: {
        *("segment", "layer", "modality", "built_on", "country", "type", "status", "founded", "founded_known"),
        *("latest_round", "funding", "funding_known", "valuation", "valuation_known", "investor", "checked"),
        "freshness",
    },
    EntryKind.MODEL: {
        *("maker", "country", "input", "output", "multimodal", "released", "released_known", "parameters", "size"),
        *("access", "licence", "status", "technique", "checked", "freshness"),
    },
    EntryKind.PRODUCT: {
        *("segment", "layer", "maker", "built_on", "country", "launched", "launched_known", "free_plan", "status"),
        *("price_checked", "checked", "freshness"),
    },
    EntryKind.TERM: set(),
}
ORDERS = {
    EntryKind.ORGANIZATION: {
        *("name", "country", "founded", "segment", "latest_round", "funding", "valuation", "checked"),
    },
    EntryKind.MODEL: {"name", "maker", "released", "parameters", "access", "checked"},
    EntryKind.PRODUCT: {"name", "maker", "launched", "segment", "built_on", "checked", "price_checked"},
    EntryKind.TERM: {"name"},
}


def facet(**values) -> Facet:
    return Facet(**{"name": "city", "label": "City", "options": AsRecorded(), "field": "country", **values})


def scale(**values) -> Range:
    columns = {"low": "funding_usd", "high": "funding_usd"}
    its = {"name": "income", "label": "Income", "unit": Unit.MONEY, "field": "funding_rounds", **columns}
    return Range(**{**its, "derive": lambda subject: None, **values})


def test_nothing_that_is_declared_lacks_anything():
    assert check_facets() == []


@pytest.mark.parametrize("kind", EntryKind)
def test_what_listings_could_be_asked_for_they_still_can(kind):
    assert PARAMETERS[kind] <= FACET_SETS[kind].by_name.keys()
    assert ORDERS[kind] <= FACET_SETS[kind].sortable


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        ([facet(name="sort")], "reserved"),
        ([facet(name="as_of")], "reserved"),
        ([facet(name="unknown")], "reserved"),
        ([facet(name="find_city")], "reserved"),
        ([facet(name="city_max")], "reserved"),
        ([facet(name="the city")], "letters, digits and underscores"),
        ([facet(name="a_name_that_is_far_too_long")], "20 at most"),
        ([facet(), facet()], "declared twice"),
        ([facet(), scale(name="city")], "declared twice"),
        ([facet(), scale(known=facet())], "declared twice"),
        ([facet(label="")], "no label"),
        ([facet(options=None)], "no options"),
        ([facet(field="")], "no derivation"),
        ([facet(field="colour")], "“colour”"),
        ([facet(field="city")], "derive them"),
        ([facet(field="funding_rounds")], "derive them"),
        ([facet(tree=True)], "tree"),
        ([facet(inherited=(FromMade(EntryKind.MODEL, "colour"),))], "“colour”"),
        ([facet(exported="x", inherited=(FromMade(EntryKind.MODEL, "input"),))], "exported"),
        ([facet(exported="x"), facet(name="town", exported="x")], "“x”"),
        ([facet(follows_checks=True, inherited=(FromMade(EntryKind.MODEL, "input"),))], "checks"),
        ([facet(name="maker", options=Entries(EntryKind.TERM))], "addresses"),
        ([scale(low="income_usd", high="income_usd")], "“income_usd”"),
        ([scale(until="income_until")], "“income_until”"),
        ([scale(unit=Unit.DATE)], "unit"),
        ([scale(until="valuation_until", column=80)], "no longer current"),
        ([scale(field="income")], "“income”"),
        ([scale(exported={"income": "valuation_usd"})], "“income”"),
    ],
)
def test_a_check_says_what_a_declaration_lacks(declared, fault):
    faults = [text for _name, text in find_faults(FacetSet(kind=EntryKind.ORGANIZATION, declared=declared, orders={}))]
    assert len(faults) == 1
    assert fault in faults[0]


def test_a_check_says_which_order_leads_nowhere():
    facet_set = FacetSet(kind=EntryKind.ORGANIZATION, declared=[facet()], orders={"name": "Name", "-city": "City"})
    assert [name for name, _text in find_faults(facet_set)] == ["-city"]


@pytest.mark.django_db
def test_one_declaration_and_a_rebuild_are_all_that_a_facet_takes(monkeypatch, request):
    google = make_organization(slug="google", name="Google")
    make_organization(slug="deepmind", name="DeepMind", parent=google)
    make_organization(slug="waymo", name="Waymo", parent=google)
    make_organization(slug="nobody", name="Nobody")
    declared = Facet(name="parent", label="Parent", options=Entries(EntryKind.ORGANIZATION), field="parent", column=70)
    before = FACET_SETS[EntryKind.ORGANIZATION]
    after = FacetSet(kind=before.kind, declared=[*before.declared, declared], orders=before.orders)
    monkeypatch.setitem(FACET_SETS, EntryKind.ORGANIZATION, after)

    find_filterset.cache_clear()
    request.addfinalizer(find_filterset.cache_clear)
    assert list(find_faults(after)) == []
    rebuild()
    listing = open_listing("organizations", "parent=google&sort=parent")
    assert names(listing) == ["DeepMind", "Waymo"]
    assert counts(listing, "parent") == {"google": 2, "unknown": 2}
    assert [chip.value.en for chip in listing.chips] == ["Google"]
    assert listing.columns[-1].name == "parent"
    assert ("parent", "Parent") in [(value, str(label)) for value, label, _chosen in listing.sorts]
    assert {fact.slug: fact.facets["parent"] for fact in Reader(today=listing.as_of.today).read()} == {
        "google": {"unknown"},
        "deepmind": {"google"},
        "waymo": {"google"},
        "nobody": {"unknown"},
    }


@pytest.mark.django_db
def test_the_oracle_asks_for_what_it_has_no_derivation_of(monkeypatch):
    make_organization()
    before = FACET_SETS[EntryKind.ORGANIZATION]
    derived = facet(derive=lambda subject: ["x"])
    monkeypatch.setitem(
        FACET_SETS,
        EntryKind.ORGANIZATION,
        FacetSet(kind=before.kind, declared=[*before.declared, derived], orders=before.orders),
    )
    with pytest.raises(NotImplementedError, match="city"):
        Reader(today=None).read()
