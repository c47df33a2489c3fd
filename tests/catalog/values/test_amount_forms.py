import datetime

import pytest
from django import forms
from django.core.exceptions import ValidationError

from catalog.values import Money, Quantity
from catalog.values.forms import MoneyFormField, QuantityFormField

NASTY = ["lots", "NaN", "1e999999", "9" * 10_000, "🙂", "5\x00", "-5", "100–10"]


@pytest.mark.parametrize(
    ("typed", "quantity"),
    [
        (["175 billion", "reported"], Quantity.exact("175e9")),
        (["1750 亿", "estimated"], Quantity.exact("175e9", kind="estimated")),
        (["about 5", "reported"], Quantity.exact(5, kind="estimated")),
        (["10M–100M", "reported"], Quantity("10e6", "100e6", "reported")),
        (["at least 5", "reported"], Quantity(5, None, "reported")),
        (["", "undisclosed"], Quantity.undisclosed()),
        (["undisclosed", "reported"], Quantity.undisclosed()),
        (["5", ""], Quantity.exact(5)),
        (["", "reported"], None),
        (["  ", "estimated"], None),
        ([None, None], None),
        ([], None),
        (None, None),
    ],
)
def test_quantities_are_read(typed, quantity):
    field = QuantityFormField(required=False)
    assert field.clean(typed) == quantity
    assert not field.has_changed(quantity, typed)


@pytest.mark.parametrize(
    ("typed", "money"),
    [
        (["65M", "USD", "reported", "", ""], Money.exact("65e6", "USD")),
        (["6500 万", "CNY", "estimated", "", ""], Money.exact("65e6", "CNY", kind="estimated")),
        (
            ["5 亿", "CNY", "reported", "0.138", "2024-01-03"],
            Money.exact("5e8", "CNY", usd_rate="0.138", rate_date=datetime.date(2024, 1, 3)),
        ),
        (["65M EUR", "EUR", "reported", "", ""], Money.exact("65e6", "EUR")),
        (["65M EUR", "", "reported", "", ""], Money.exact("65e6", "EUR")),
        (["", "USD", "undisclosed", "", ""], Money.undisclosed()),
        (["", "USD", "reported", "", ""], None),
    ],
)
def test_money_is_read(typed, money):
    field = MoneyFormField(required=False)
    assert field.clean(typed) == money
    assert not field.has_changed(money, typed)


@pytest.mark.parametrize("amount", NASTY)
def test_odd_amounts_are_form_errors(amount):
    for field, rest in ((QuantityFormField(), ["reported"]), (MoneyFormField(), ["USD", "reported", "", ""])):
        with pytest.raises(ValidationError):
            field.clean([amount, *rest])
        assert field.has_changed(None, [amount, *rest])


@pytest.mark.parametrize(
    "typed",
    [
        ["5", "USD", "undisclosed", "", ""],
        ["5", "", "reported", "", ""],
        ["5", "XXQ", "reported", "", ""],
        ["5 EUR", "USD", "reported", "", ""],
        ["5", "EUR", "guessed", "", ""],
        ["5", "EUR", "reported", "1.1", ""],
        ["5", "EUR", "reported", "", "2024-01-03"],
        ["5", "EUR", "reported", "NaN", "2024-01-03"],
        ["5", "EUR", "reported", "1.1", "January"],
        ["5", "USD", "reported", "1.1", "2024-01-03"],
        ["", "EUR", "reported", "1.1", "2024-01-03"],
    ],
)
def test_contradictory_amounts_are_form_errors(typed):
    with pytest.raises(ValidationError):
        MoneyFormField(required=False).clean(typed)


def test_an_empty_required_amount_is_missing():
    for field in (QuantityFormField(), MoneyFormField()):
        with pytest.raises(ValidationError, match="required"):
            field.clean(None)


def test_a_fresh_form_offers_reported_dollars_and_counts_as_empty():
    class Form(forms.Form):
        quantity = QuantityFormField(required=False)
        money = MoneyFormField(required=False)

    html = str(Form())
    assert '<option value="USD" selected>' in html
    assert html.count('<option value="reported" selected>') == 2
    sent = {"quantity_kind": "reported", "money_currency": "USD", "money_kind": "reported"}
    assert not Form(sent).has_changed()
    assert not Form({}).has_changed()
    assert Form({"quantity_kind": "undisclosed"}).changed_data == ["quantity"]


def test_a_disabled_field_keeps_its_value():
    class Form(forms.Form):
        money = MoneyFormField(required=False, disabled=True)

    money = Money.exact(5, "EUR")
    form = Form({"money_amount": "9"}, initial={"money": money})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["money"] == money
