"""The forms of the catalog: they have every value of the registry, save what is typed, and show it again."""

import pytest
from bs4 import BeautifulSoup

from catalog.models import AIModel, Layer, Modality, Organization, Product, Segment, Source
from catalog.models.document import child_lists
from catalog.models.field_groups import FIELD_GROUPS, fields_of
from catalog.models.kinds import list_entry_kinds
from catalog.values import BilingualField, FuzzyDate, Money, Quantity
from tests.editorial.review.support import EACH_KIND, create, form_values, send, sign_in, url
from tests.factories import make_model, make_organization, make_source, make_term, publish_revision

pytestmark = [pytest.mark.django_db, pytest.mark.admin]
ENTRIES = [kind.model for kind in list_entry_kinds()]


@pytest.fixture
def editor():
    return sign_in("Editor")


@pytest.mark.parametrize("model", ENTRIES)
def test_form_has_every_value_of_the_registry(editor, model):
    html = editor.get(url(model, "add")).content.decode()
    values = form_values(html)
    for name in fields_of(model.kind):
        attribute = getattr(model, name)
        if isinstance(attribute, BilingualField):
            assert {*attribute.columns} <= values.keys()
        elif name in child_lists(model):
            assert f"{name}-TOTAL_FORMS" in values
        else:
            assert BeautifulSoup(html, "html.parser").find(
                lambda tag, name=name: (
                    (tag.get("name") or "").split("_amount")[0].startswith(name)
                    or (tag.get("id") or "").startswith(f"id_{name}")
                )
            ), name


@pytest.mark.parametrize("model", ENTRIES)
def test_citation_offers_the_values_of_the_entry(editor, model):
    soup = BeautifulSoup(editor.get(url(model, "add")).content, "html.parser")
    select = soup.find("select", attrs={"name": "citations-__prefix__-field"})
    offered = [option["value"] for option in select.find_all("option") if option["value"]]
    assert offered == fields_of(model.kind)
    assert len(select.find_all("optgroup")) == len(FIELD_GROUPS[model.kind])


@pytest.mark.parametrize("model", EACH_KIND)
def test_create_and_edit_each_kind(editor, model):
    response = create(editor, model)
    assert response.status_code == 302
    record = model.objects.get()
    assert (record.slug, record.live) == ("acme", False)
    assert send(editor, url(record, "edit"), name_en="Acme two").status_code == 302
    assert model.objects.get().get_latest_revision_as_object().name_en == "Acme two"


def test_organization_with_all_lists_survives_every_cycle(editor):
    investor = make_organization(name="Investor")
    source = make_source()
    segment = Segment.objects.create(slug="chat", name_en="Chat", name_zh="对话")
    rows = (
        (
            "funding_rounds",
            {
                "key": "series-a",
                "round_kind": "series-a",
                "announced": "April 2022",
                "amount_amount": "65M",
                "amount_currency": "USD",
                "amount_kind": "reported",
                "valuation_amount": "65 亿",
                "valuation_currency": "CNY",
                "valuation_kind": "estimated",
                "valuation_usd_rate": "0.14",
                "valuation_rate_date": "2022-04-26",
                "investors": [str(investor.pk)],
                "lead": str(investor.pk),
            },
        ),
        ("people", {"name_en": "Ann", "name_zh": "安", "role": "founder", "since": "2020"}),
        ("people", {"name_en": "Bob", "name_zh": "鲍", "role": "founder"}),
        ("links", {"link_kind": "website", "url": "https://example.org/"}),
        (
            "measurements",
            {
                "metric_en": "Users",
                "metric_zh": "用户",
                "quantity_amount": "1 million",
                "quantity_kind": "reported",
                "as_of": "2023-01",
            },
        ),
        (
            "milestones",
            {
                "milestone_kind": "founding",
                "date": "2020",
                "text_en": "Founded",
                "text_zh": "成立",
                "since_launch_months": "2.5",
            },
        ),
        ("citations", {"field": "founded", "source": str(source.pk), "stance": "supports", "as_of": "2022"}),
        (
            "citations",
            {
                "field": "funding_rounds",
                "item": "series-a",
                "source": str(source.pk),
                "stance": "supports",
                "as_of": "2022",
            },
        ),
    )
    response = create(
        editor,
        Organization,
        rows=rows,
        country="US",
        founded="2020-06",
        segments=[str(segment.pk)],
        identifiers_wikidata="Q1",
    )
    assert response.status_code == 302, response.context["form"].errors
    organization = Organization.objects.get(slug="acme")

    def check(organization):
        assert organization.founded == FuzzyDate(2020, 6)
        assert organization.identifiers == {"wikidata": "Q1"}
        assert [*organization.segments.all()] == [segment]
        funding = organization.funding_rounds.get()
        assert (funding.key, funding.announced) == ("series-a", FuzzyDate(2022, 4))
        assert funding.amount == Money.parse("USD 65M")
        assert (funding.valuation.currency, funding.valuation.kind) == ("CNY", "estimated")
        assert funding.valuation.rate_date.isoformat() == "2022-04-26"
        assert [*funding.investors.all()] == [investor]
        assert funding.lead == investor
        assert len({person.key for person in organization.people.all()} - {""}) == 2
        assert organization.measurements.get().quantity == Quantity.parse("1 million")
        assert str(organization.milestones.get().since_launch_months) == "2.5"
        assert [citation.path for citation in organization.citations.all()] == ["founded", "funding_rounds/series-a"]

    check(organization)
    keys = [person.key for person in organization.people.all()]
    # Saved unchanged, published, changed as a draft of a live entry, changed again, published.
    assert send(editor, url(organization, "edit")).status_code == 302
    check(organization.get_latest_revision_as_object())
    publish_revision(Organization.objects.get(slug="acme").latest_revision)
    check(Organization.objects.get(slug="acme"))
    for city in ("Paris", "Lyon"):
        assert send(editor, url(organization, "edit"), city_en=city).status_code == 302
        check(Organization.objects.get(slug="acme").get_latest_revision_as_object())
    assert Organization.objects.get(slug="acme").city_en == ""
    publish_revision(Organization.objects.get(slug="acme").latest_revision)
    organization = Organization.objects.get(slug="acme")
    check(organization)
    assert organization.city_en == "Lyon"
    assert [person.key for person in organization.people.all()] == keys


def test_model_with_relations(editor):
    maker, older = make_organization(), make_model()
    modality = Modality.objects.create(slug="text", name_en="Text", name_zh="文本")
    technique = make_term(slug="rlhf", name="RLHF", is_technique=True)
    response = create(
        editor,
        AIModel,
        makers=[str(maker.pk)],
        inputs=[str(modality.pk)],
        outputs=[str(modality.pk)],
        techniques=[str(technique.pk)],
        parameters_amount="1750 亿",
        training_compute_amount="3.14e23",
        training_cost_kind="undisclosed",
        rows=(("lineage", {"lineage_kind": "successor-of", "model": str(older.pk)}),),
    )
    assert response.status_code == 302, response.context["form"].errors
    model = AIModel.objects.get(slug="acme")
    assert [*model.makers.all()] == [maker]
    assert [*model.techniques.all()] == [technique]
    assert model.parameters == Quantity.parse("175 billion")
    assert model.training_cost.is_undisclosed
    assert model.lineage.get().model == older
    # The form shows the chosen objects, and keeps them.
    html = editor.get(url(model, "edit")).content.decode()
    assert form_values(html)["makers"] == [str(maker.pk)]
    assert str(maker) in html


def test_product_with_price_plans(editor):
    layer = Layer.objects.create(slug="application", name_en="Application", name_zh="应用层")
    built_on, maker = make_model(), make_organization()
    plan = {"name_en": "Pro", "name_zh": "专业版", "price_amount": "10", "price_currency": "USD", "per": "month"}
    response = create(
        editor,
        Product,
        layer=str(layer.pk),
        maker=str(maker.pk),
        built_on=[str(built_on.pk)],
        rows=(("price_plans", plan),),
    )
    assert response.status_code == 302, response.context["form"].errors
    product = Product.objects.get()
    assert product.price_plans.get().price == Money.parse("USD 10")
    assert [*product.built_on.all()] == [built_on]


def test_errors_are_beside_their_fields_and_nothing_typed_is_lost(editor):
    response = create(
        editor,
        Organization,
        founded="soon",
        summary_en="A long text.",
        city_en="Paris",
        rows=(
            (
                "milestones",
                {"milestone_kind": "founding", "date": "yesterday", "text_en": "Founded", "text_zh": "成立"},
            ),
            ("funding_rounds", {"round_kind": "seed", "amount_amount": "much", "amount_currency": "EUR"}),
        ),
    )
    assert response.status_code == 200
    form = response.context["form"]
    assert set(form.errors) == {"founded"}
    assert set(form.formsets["milestones"].errors[0]) == {"date"}
    assert set(form.formsets["funding_rounds"].errors[0]) == {"amount"}
    values = form_values(response.content.decode())
    assert values["founded"] == ["soon"]
    assert values["summary_en"] == ["A long text."]
    assert values["milestones-0-date"] == ["yesterday"]
    assert values["funding_rounds-0-amount_amount"] == ["much"]
    assert values["funding_rounds-0-amount_currency"] == ["EUR"]
    soup = BeautifulSoup(response.content, "html.parser")
    assert soup.find(id="panel-child-profile-child-founded-errors").get_text(strip=True)
    assert not Organization.objects.exists()


def test_dates_and_figures_of_rows_are_required_in_drafts_too(editor):
    source = make_source()
    response = create(
        editor,
        Organization,
        rows=(
            ("citations", {"field": "founded", "source": str(source.pk), "stance": "supports", "as_of": ""}),
            ("measurements", {"metric_en": "Users", "as_of": "", "quantity_amount": ""}),
        ),
    )
    assert response.status_code == 200
    formsets = response.context["form"].formsets
    assert set(formsets["citations"].errors[0]) == {"as_of"}
    assert set(formsets["measurements"].errors[0]) == {"as_of", "quantity"}


def test_citation_of_an_unknown_value_is_refused(editor):
    source = make_source()
    response = create(
        editor,
        AIModel,
        rows=(("citations", {"field": "colour", "source": str(source.pk), "stance": "supports", "as_of": "2022"}),),
    )
    assert set(response.context["form"].formsets["citations"].errors[0]) == {"field"}


def test_citation_of_a_plain_value_names_no_row(editor):
    source = make_source()
    row = {"field": "released", "item": "x", "source": str(source.pk), "stance": "supports", "as_of": "2022"}
    response = create(editor, AIModel, rows=(("citations", row),))
    assert set(response.context["form"].formsets["citations"].errors[0]) == {"item"}


def test_two_rows_with_one_key_are_refused(editor):
    link = {"key": "same", "link_kind": "website", "url": "https://example.org/"}
    response = create(editor, Organization, rows=(("links", link), ("links", link)))
    assert response.status_code == 200
    assert "key" in response.context["form"].formsets["links"].forms[1].errors


def test_sources_and_vocabularies_can_be_made(editor):
    values = {"slug": "paper", "kind": "paper", "title": "A paper", "url": "https://Example.org/a#b"}
    assert send(editor, url(Source, "add"), **values).status_code == 302
    assert Source.objects.get().url == "https://example.org/a"
    for model in (Segment, Modality, Layer):
        response = send(editor, url(model, "add"), slug="new", name_en="New", name_zh="新", position="3")
        assert response.status_code == 302
        assert model.objects.get().position == 3


@pytest.mark.parametrize("model", EACH_KIND)
def test_copy_makes_another_entry(editor, model):
    create(editor, model)
    original = model.objects.get()
    assert send(editor, url(original, "copy"), slug="copy").status_code == 302
    copy = model.objects.get(slug="copy")
    assert copy.pk != original.pk
    assert copy.uid != original.uid
    assert editor.post(url(original, "copy"), {}).status_code == 405


def test_copy_has_the_rows_too(editor):
    link = {"key": "site", "link_kind": "website", "url": "https://example.org/"}
    create(editor, Organization, rows=(("links", link),))
    original = Organization.objects.get()
    assert send(editor, url(original, "copy"), slug="copy").status_code == 302
    assert [row.key for row in Organization.objects.get(slug="copy").links.all()] == ["site"]
    assert [row.key for row in Organization.objects.get(slug="acme").links.all()] == ["site"]
