"""Form fields for the value types: text that an editor or reader typed becomes a value, or a clear error."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from . import fuzzy_date, numbers, quantity
from .currencies import ORDERED_CODES
from .fuzzy_date import FuzzyDate
from .money import Money
from .numbers import format_number, parse_number, plain
from .quantity import QUANTITY_KINDS, Amount, Quantity
from .text import NotUnderstood


class ParsedFormField(forms.Field):
    """One text input, parsed by the `parse` of each subclass; empty is None."""

    hint = ""
    parse: Callable[[str], Any]

    def __init__(self, **kwargs):
        # Model fields without a help text pass an empty one.
        kwargs["help_text"] = kwargs.get("help_text") or self.hint
        super().__init__(**kwargs)

    def to_python(self, value):
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return self.parse(value)
        except NotUnderstood as error:
            raise error.as_validation_error() from error

    def has_changed(self, initial, data):
        if self.disabled:
            return False
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


class FuzzyDateFormField(ParsedFormField):
    """A FuzzyDate in one text input."""

    hint = _("For example 2020, 2020-06, 2020-06-11, June 2020, 11 June 2020 or 2020 年 6 月.")
    parse = staticmethod(FuzzyDate.parse)

    def prepare_value(self, value):
        return value.isoformat() if isinstance(value, FuzzyDate) else value

    def widget_attrs(self, widget):
        return {"autocomplete": "off", "maxlength": fuzzy_date.MAX_LENGTH}


class NumberFormField(ParsedFormField):
    """A Decimal in one text input, in any form that `parse_number` accepts."""

    hint = _("For example 175 billion, 65M, 1,000 or 1750 亿.")
    parse = staticmethod(numbers.to_decimal)

    def prepare_value(self, value):
        return format_number(value) if isinstance(value, numbers.Decimal) else value

    def widget_attrs(self, widget):
        return {"autocomplete": "off", "maxlength": numbers.MAX_LENGTH}


class AmountWidget(forms.MultiWidget):
    """Inputs side by side, each with its own label."""

    amount_class: type[Amount]

    def use_required_attribute(self, initial):
        return False  # it would also mark the inputs that may stay empty

    def id_for_label(self, id_):
        return f"{id_}_0" if id_ else ""

    def as_amount(self, value) -> Amount | None:
        if value in (None, ""):
            return None
        try:
            return self.amount_class.parse(value)
        except NotUnderstood:
            return None


class QuantityWidget(AmountWidget):
    amount_class = Quantity

    def __init__(self, attrs=None):
        super().__init__({"amount": _amount_input(), "kind": _kind_input()}, attrs)

    def decompress(self, value):
        amount = self.as_amount(value)
        return [amount.typed(), amount.kind] if amount else ["", "reported"]


class MoneyWidget(AmountWidget):
    amount_class = Money

    def __init__(self, attrs=None):
        inputs = {
            "amount": _amount_input(),
            "currency": forms.Select({"aria-label": _("Currency")}, [(code, code) for code in ORDERED_CODES]),
            "kind": _kind_input(),
            "usd_rate": forms.TextInput(
                {
                    "aria-label": _("US dollars for one unit of the currency"),
                    "placeholder": _("USD rate"),
                    "autocomplete": "off",
                    "maxlength": numbers.MAX_LENGTH,
                }
            ),
            "rate_date": forms.DateInput({"aria-label": _("Date of the exchange rate"), "type": "date"}, "%Y-%m-%d"),
        }
        super().__init__(inputs, attrs)

    def decompress(self, value):
        money = self.as_amount(value)
        if not money:
            return ["", "USD", "reported", "", None]
        rate = "" if money.usd_rate is None else plain(money.usd_rate)
        return [money.typed(), money.currency or "USD", money.kind, rate, money.rate_date]


class AmountFormField(forms.MultiValueField):
    """The base of QuantityFormField and MoneyFormField; empty is None."""

    hint = _("For example 175 billion, 1750 亿, 10M–100M, at least 5 million, up to 20.")

    def __init__(self, fields, **kwargs):
        kwargs["help_text"] = kwargs.get("help_text") or self.hint
        kwargs["require_all_fields"] = False
        super().__init__(fields, **kwargs)

    def clean(self, value):
        if self.disabled and not isinstance(value, list):
            value = self.widget.decompress(value)
        amount = self.read(value)
        if amount is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        if amount is not None:
            self.run_validators(amount)
        return amount

    def read(self, value) -> Amount | None:
        """Return the amount that the list of inputs describes, None if empty. Raises ValidationError."""
        values = list(value or [])
        values += [None] * (len(self.fields) - len(values))
        try:
            return self.compress([field.clean(part) for field, part in zip(self.fields, values, strict=True)])
        except NotUnderstood as error:
            raise error.as_validation_error() from error

    def has_changed(self, initial, data):
        if self.disabled:
            return False
        if not isinstance(initial, list):
            initial = self.widget.decompress(initial)
        try:
            return self.read(initial) != self.read(data)
        except ValidationError:
            return True


class QuantityFormField(AmountFormField):
    """A Quantity: a text input for the amount and a choice of its kind."""

    widget = QuantityWidget

    def __init__(self, **kwargs):
        super().__init__((_amount_field(), _kind_field()), **kwargs)

    def compress(self, data_list) -> Quantity | None:
        amount, kind = data_list
        if not amount:
            return Quantity.undisclosed() if kind == "undisclosed" else None
        return Quantity.parse(amount, kind or "reported")


class MoneyFormField(AmountFormField):
    """Money: a text input for the amount, its currency and kind, and the exchange rate with its date."""

    hint = _("For example 65M, 6500 万, 10M–100M, at least 5 million. The rate is US dollars for one unit.")
    widget = MoneyWidget

    def __init__(self, **kwargs):
        fields = (
            _amount_field(),
            forms.ChoiceField(choices=[(code, code) for code in ORDERED_CODES], required=False),
            _kind_field(),
            forms.CharField(required=False, max_length=numbers.MAX_LENGTH),
            forms.DateField(
                required=False,
                input_formats=["%Y-%m-%d"],
                error_messages={
                    "invalid": _("Enter the date of the exchange rate as year, month and day, for example 2024-01-03.")
                },
            ),
        )
        super().__init__(fields, **kwargs)

    def compress(self, data_list) -> Money | None:
        amount, currency, kind, usd_rate, rate_date = data_list
        if not amount:
            if kind == "undisclosed":
                return Money.undisclosed()
            if usd_rate or rate_date:
                raise ValidationError(_("Enter the amount that the exchange rate is for."), code="incomplete")
            return None
        rate = parse_number(usd_rate) if usd_rate else None
        return Money.parse(amount, currency or None, kind or "reported", rate, rate_date)


def _amount_input() -> forms.TextInput:
    return forms.TextInput(
        {"aria-label": pgettext_lazy("quantity", "Amount"), "autocomplete": "off", "maxlength": quantity.MAX_LENGTH}
    )


def _kind_input() -> forms.Select:
    return forms.Select({"aria-label": _("Kind")}, QUANTITY_KINDS)


def _amount_field() -> forms.CharField:
    return forms.CharField(required=False, max_length=quantity.MAX_LENGTH)


def _kind_field() -> forms.ChoiceField:
    return forms.ChoiceField(choices=QUANTITY_KINDS, required=False)
