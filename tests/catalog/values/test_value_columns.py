"""The model fields in a real table, in modelcluster's revisions, and in Wagtail's forms."""

import copy
import datetime
import json
import pickle

import pytest
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.migrations.state import ModelState
from django.db.models import Value
from django.template import Context, Engine
from django.test.utils import isolate_apps
from django.utils.translation import gettext_lazy, override
from modelcluster.models import ClusterableModel
from wagtail.admin.compare import FieldComparison
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList

from catalog.values import (
    BilingualField,
    BilingualText,
    FuzzyDate,
    FuzzyDateField,
    Money,
    MoneyField,
    Quantity,
    QuantityField,
)

FIELDS = ("released", "parameters", "cost")
EURO = Money(10_000_000, 100_000_000, "estimated", "EUR", "1.1", datetime.date(2024, 1, 3))
VALUES = {"released": FuzzyDate(2020, 6), "parameters": Quantity.exact("175e9"), "cost": EURO}
TEXTS = {"released": "June 2020", "parameters": "1750 亿", "cost": EURO.to_json()}


@pytest.fixture(scope="module")
def thing():
    with isolate_apps("wagtail.admin"):

        class Base(ClusterableModel):
            summary = BilingualField(models.TextField, verbose_name=gettext_lazy("Summary"), blank=True)

            class Meta:
                abstract = True

        class Thing(Base):
            released = FuzzyDateField(null=True, blank=True)
            parameters = QuantityField(null=True, blank=True)
            cost = MoneyField(null=True, blank=True)
            note = BilingualField(models.CharField, max_length=20, blank=True)
            last = models.IntegerField(default=0)

            class Meta:
                app_label = "wagtailadmin"
                db_table = "tests_values_thing"

        yield Thing


@pytest.fixture
def table(thing, db):
    # Not used as a context manager: SQLite refuses that in the test's transaction, which removes the table at its end.
    editor = connection.SchemaEditorClass(connection, atomic=False)
    editor.deferred_sql = []
    editor.create_model(thing)
    return thing


@pytest.mark.parametrize("given", [VALUES, TEXTS])
def test_values_survive_saving_and_loading(table, given):
    assert {name: getattr(table(**given), name) for name in FIELDS} == VALUES
    table.objects.create(**given)
    row = table.objects.get()
    assert {name: getattr(row, name) for name in FIELDS} == VALUES
    assert table.objects.values(*FIELDS).get() == VALUES
    row.full_clean()


@pytest.mark.parametrize("value", VALUES.values())
def test_values_can_be_copied_and_pickled(value):
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value


def test_blank_is_none(table):
    row = table.objects.create(released="", parameters="", cost=" ")
    row.refresh_from_db()
    assert [getattr(row, name) for name in FIELDS] == [None] * 3
    assert table.objects.filter(released=None, parameters=None, cost__isnull=True).exists()


def test_deferred_values_are_loaded_and_parsed(table):
    table.objects.create(**VALUES)
    row = table.objects.defer(*FIELDS).get()
    assert row.get_deferred_fields() >= set(FIELDS)
    assert row.parameters == VALUES["parameters"]


def test_queries_accept_values_and_texts(table):
    table.objects.create(**VALUES)
    found = table.objects.filter
    assert found(released="June 2020").exists()
    assert found(released__gte=FuzzyDate(2020), released__lt=datetime.date(2020, 6, 1)).exists()
    assert found(released__in=["2020-06", "2021"], released__startswith="2020").exists()
    assert found(parameters=VALUES["parameters"]).exists()
    assert found(cost=EURO).exists()
    assert found(cost__currency="EUR", parameters__kind="reported").exists()
    assert not found(cost__currency="USD").exists()
    assert table.objects.values_list("cost__currency", flat=True).get() == "EUR"
    table.objects.update(parameters="5 万", released=Value("2021"))
    row = table.objects.get()
    assert (row.parameters, row.released) == (Quantity.exact(50_000), FuzzyDate(2021))


def test_dates_sort_in_the_database_as_in_python(table):
    texts = ["2020-06-11", "2019", "2020", "2020-10", "2020-06", "2020-01-01"]
    table.objects.bulk_create(table(released=text) for text in texts)
    stored = list(table.objects.order_by("released").values_list("released", flat=True))
    assert stored == sorted(FuzzyDate.parse(text) for text in texts)


@pytest.mark.parametrize("name", FIELDS)
def test_invalid_input_is_kept_for_validation_and_never_saved(thing, name):
    row = thing(**{name: "rubbish"})
    assert getattr(row, name) == "rubbish"
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    assert set(refused.value.message_dict) == {name}
    with pytest.raises(ValidationError):
        thing._meta.get_field(name).get_db_prep_save("rubbish", connection)


@pytest.mark.parametrize("given", [VALUES, dict.fromkeys(FIELDS), {"parameters": "undisclosed"}])
def test_values_survive_revisions(thing, given):
    row = thing(pk=1, **given)
    content = json.loads(json.dumps(row.serializable_data(), cls=DjangoJSONEncoder))
    again = thing.from_serializable_data(content)
    assert all(getattr(again, name) == getattr(row, name) for name in FIELDS)
    assert content == json.loads(again.to_json())


def test_revisions_do_not_depend_on_the_language(thing):
    with override("zh-hans"):
        assert thing(pk=1, **VALUES).serializable_data()["released"] == "2020-06"


def test_migrations_see_real_columns_only(thing):
    state = ModelState.from_model(thing)
    assert list(state.fields) == [
        "id",
        "summary_en",
        "summary_zh",
        "released",
        "parameters",
        "cost",
        "note_en",
        "note_zh",
        "last",
    ]
    assert str(state.fields["summary_zh"].verbose_name) == "Summary (Chinese)"
    assert str(state.fields["note_en"].verbose_name) == "note (English)"
    for field in state.fields.values():
        _name, _path, args, kwargs = field.deconstruct()
        type(field)(*args, **kwargs)


def test_wagtail_compares_revisions_of_every_field(thing):
    empty, full = thing(), thing(**VALUES)
    for name in FIELDS:
        panel = FieldPanel(name).bind_to_model(thing)
        comparison = panel.get_comparison_class()(thing._meta.get_field(name), empty, full)
        assert isinstance(comparison, FieldComparison)
        assert comparison.has_changed()
        assert str(VALUES[name]) in comparison.htmldiff()


def wagtail_form(thing, data=None, **values):
    handler = ObjectList([FieldPanel(name) for name in FIELDS], base_form_class=WagtailAdminModelForm)
    return handler.bind_to_model(thing).get_form_class()(data, instance=thing(**values))


def posted(form):
    """Return what a browser would send for the untouched form."""
    data = {}
    for name in FIELDS:
        bound = form[name]
        context = bound.field.widget.get_context(name, bound.value(), {})["widget"]
        for widget in context.get("subwidgets", [context]):
            value = widget["value"]
            data[widget["name"]] = (value[0] if value else "") if isinstance(value, list) else (value or "")
    return data


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "values",
    [
        VALUES,
        {},
        {"parameters": Quantity.undisclosed(), "cost": Money.undisclosed()},
        {"parameters": Quantity(10, None, "estimated"), "cost": Money(None, 5, "reported", "USD")},
        {"parameters": Quantity.exact("1234567.891"), "cost": Money.exact("0.000002", "USD")},
    ],
)
def test_an_untouched_form_changes_nothing(thing, values, language):
    with override(language):
        data = posted(wagtail_form(thing, **values))
        form = wagtail_form(thing, data, **values)
        assert form.changed_data == []
        assert form.is_valid(), form.errors
    before = thing(**values)
    assert all(getattr(form.instance, name) == getattr(before, name) for name in FIELDS)


def test_a_changed_form_changes_the_instance(thing):
    data = posted(wagtail_form(thing, **VALUES)) | {"cost_amount": "20M", "parameters_kind": "estimated"}
    form = wagtail_form(thing, data, **VALUES)
    assert form.changed_data == ["parameters", "cost"]
    assert form.is_valid(), form.errors
    assert str(form.instance.parameters) == "about 175 billion"
    assert form.instance.cost.low == 20_000_000


def test_a_form_with_errors_keeps_the_typed_text(thing):
    data = {"released": "some day", "parameters_amount": "lots", "cost_amount": "5M", "cost_currency": "EUR"}
    data |= {
        "parameters_kind": "estimated",
        "cost_kind": "reported",
        "cost_usd_rate": "one",
        "cost_rate_date": "soon",
    }
    form = wagtail_form(thing, data)
    assert set(form.errors) == {"released", "parameters", "cost"}
    html = "".join(str(form[name]) for name in FIELDS)
    assert all(f'value="{typed}"' in html for typed in ("some day", "lots", "5M", "one", "soon"))
    assert '<option value="EUR" selected>' in html
    assert html.count("aria-label=") == 7


def test_bilingual_texts_are_in_the_readers_language(thing):
    row = thing(summary_en="A & B", summary_zh="甲 & 乙", note_zh="<注>")
    assert row.summary == BilingualText("A & B", "甲 & 乙")
    render = Engine().from_string("{{ row.summary }}|{{ row.note }}").render
    assert render(Context({"row": row})) == 'A &amp; B|<span lang="zh-hans">&lt;注&gt;</span>'
    assert (row.note.language, str(row.note)) == ("zh-hans", "<注>")
    with override("zh-hans"):
        assert render(Context({"row": row})) == "甲 &amp; 乙|&lt;注&gt;"
        assert row.note.language == "zh-hans"
    assert not thing().summary
    assert not thing(summary_en=" ").summary
    assert thing().summary.language == "en"
    assert thing.summary.columns == ("summary_en", "summary_zh")
    with pytest.raises(AttributeError, match="summary_en and summary_zh"):
        row.summary = "text"
