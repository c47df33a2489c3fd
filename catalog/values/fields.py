"""Model fields for the value types: one column that parses and stores a value, or two columns for a bilingual text."""

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NoReturn, Self, overload

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.fields.json import JSONExact, KeyTransform, KeyTransformFactory
from django.db.models.lookups import Transform
from django.db.models.query_utils import DeferredAttribute
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .bilingual import BilingualText
from .forms import FuzzyDateFormField, MoneyFormField, QuantityFormField
from .fuzzy_date import FuzzyDate
from .money import Money
from .quantity import Amount, Quantity
from .text import NotUnderstood

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ParsedAttribute(DeferredAttribute):
    """Converts a value to the field's Python type as soon as it is assigned to an instance.

    A value that can't be parsed is kept unchanged, so that `full_clean()` reports it and saving refuses it.
    """

    def __set__(self, instance: models.Model, value: Any) -> None:
        if not hasattr(value, "resolve_expression"):
            with suppress(ValidationError):
                value = self.field.to_python(value)
        instance.__dict__[self.field.attname] = value


class FuzzyDateField(models.Field):  # type: ignore[type-arg]  # Django's own class takes no parameters
    """A FuzzyDate, stored as ISO 8601 text that sorts in the order of the dates. Blank is None: use `null=True`.

    Takes a FuzzyDate, a date, or a text in one of the accepted forms. Queries compare the text: a bare year comes
    before every month and day of that year, so `__lte="2020"` leaves 2020-06 out.

    It is a text column but no CharField, because Wagtail compares revisions of a CharField character by character.
    """

    description = _("Date known to the day, month or year")
    descriptor_class = ParsedAttribute
    empty_strings_allowed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 10)
        super().__init__(*args, **kwargs)

    @property
    def required_on_save(self) -> bool:
        """Whether Wagtail requires the value even in a draft: a column that is not nullable has no blank text."""
        return not self.null

    def get_internal_type(self) -> str:
        return "CharField"

    def from_db_value(
        self, value: str | None, expression: Expression, connection: BaseDatabaseWrapper
    ) -> FuzzyDate | None:
        return FuzzyDate.parse(value) if value else None

    def to_python(self, value: Any) -> FuzzyDate | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return FuzzyDate.parse(value)
        except NotUnderstood as error:
            raise error.as_validation_error() from error

    def get_prep_value(self, value: Any) -> Any:
        if hasattr(value, "resolve_expression"):
            return value
        date = self.to_python(value)
        return date.isoformat() if date else None

    def value_to_string(self, obj: models.Model) -> Any:
        return self.get_prep_value(self.value_from_object(obj))

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(**{"form_class": FuzzyDateFormField, **kwargs})


class PlacesField(models.DecimalField):  # type: ignore[type-arg]  # Django's own class takes no parameters
    """A decimal number that has all decimal places of its column from the start: 24 becomes 24.0.

    The database returns it so. A revision that said 24 would have another digest than the row published from it. A
    number with too many digits is left as it is, and validation refuses it.
    """

    descriptor_class = ParsedAttribute

    def deconstruct(self) -> Any:
        """Name Django's own class: the column is the same, so migrations need not know this one."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.DecimalField", args, kwargs

    def to_python(self, value: Any) -> Decimal | None:
        number: Decimal | None = super().to_python(value)
        if number is None:
            return None
        try:
            padded = number.quantize(Decimal(1).scaleb(-self.decimal_places), context=self.context)
        except InvalidOperation:
            return number
        return padded if padded == number else number


class AmountField(models.JSONField):
    """The base of QuantityField and MoneyField: one JSON column that holds an Amount. Blank is None.

    Its keys can be queried like those of a JSONField. Numbers in it are stored as texts, so use other columns to
    compare and sort.
    """

    descriptor_class = ParsedAttribute
    empty_strings_allowed = False
    amount_class: type[Quantity | Money]

    @property
    def required_on_save(self) -> bool:
        """Whether Wagtail requires the value even in a draft: a column that is not nullable takes no None."""
        return not self.null

    def from_db_value(
        self, value: str | None, expression: Expression, connection: BaseDatabaseWrapper
    ) -> Amount | None:
        data = super().from_db_value(value, expression, connection)
        return None if data is None else self.amount_class.from_json(data)

    def to_python(self, value: Any) -> Amount | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return self.amount_class.parse(value)
        except NotUnderstood as error:
            raise error.as_validation_error() from error

    def get_prep_value(self, value: Any) -> Any:
        if hasattr(value, "resolve_expression"):
            return value
        amount = self.to_python(value)
        return None if amount is None else amount.to_json()

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        return super().get_db_prep_value(value, connection, prepared=True)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        models.Field.validate(self, value, model_instance)

    def value_to_string(self, obj: models.Model) -> Any:
        return self.get_prep_value(self.value_from_object(obj))

    def get_transform(  # type: ignore[override]  # as in JSONField
        self, name: str
    ) -> type[Transform] | KeyTransformFactory:
        # JSONField's own transform would treat the value of each key as a whole amount.
        return models.Field.get_transform(self, name) or _AmountKeyFactory(name)


@AmountField.register_lookup
class _AmountExact(JSONExact):
    can_use_none_as_rhs = False  # None means NULL in the database, never JSON's null


class _AmountKey(KeyTransform):
    output_field = models.JSONField()


class _AmountKeyFactory(KeyTransformFactory):
    def __call__(self, *args: Any, **kwargs: Any) -> _AmountKey:
        return _AmountKey(self.key_name, *args, **kwargs)


class QuantityField(AmountField):
    """A Quantity in one JSON column. Takes a Quantity, a number, a text or a mapping; blank is None."""

    description = _("Quantity, which may be a range, an estimate or undisclosed")
    amount_class = Quantity

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return models.Field.formfield(self, **{"form_class": QuantityFormField, **kwargs})


class MoneyField(AmountField):
    """Money in one JSON column. Takes Money, a text or a mapping; blank is None."""

    description = _("Money, which may be a range, an estimate or undisclosed")
    amount_class = Money

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return models.Field.formfield(self, **{"form_class": MoneyFormField, **kwargs})


class BilingualField:
    """Adds two columns, `<name>_en` and `<name>_zh`, and an attribute `<name>` that reads both as a BilingualText.

    `BilingualField(models.TextField, verbose_name=_("Summary"), blank=True)`: the keyword arguments go to both columns.
    Works on abstract models. Migrations see only the two columns. Write to the columns.
    """

    def __init__(
        self,
        field_class: "type[models.Field[Any, Any]]",
        verbose_name: "StrOrPromise | None" = None,
        **kwargs: Any,
    ) -> None:
        self.verbose_name = verbose_name
        # Fields sort by creation, so create them here to keep the order of declaration. The name is set later.
        label = lazy(self.label_in, str)
        self.fields = {language: field_class(verbose_name=label(language), **kwargs) for language in ("en", "zh")}

    def contribute_to_class(self, cls: type[models.Model], name: str) -> None:
        self.name = name
        for language, field in self.fields.items():
            cls.add_to_class(f"{name}_{language}", field)
        setattr(cls, name, self)

    def label_in(self, language: str) -> str:
        """Return the label of the column of a language in forms."""
        label = {"en": gettext("{field} (English)"), "zh": gettext("{field} (Chinese)")}[language]
        return label.format(field=self.verbose_name or self.name.replace("_", " "))

    @property
    def columns(self) -> tuple[str, str]:
        """The names of the two columns."""
        return f"{self.name}_en", f"{self.name}_zh"

    @overload
    def __get__(self, instance: None, owner: type[models.Model] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: models.Model, owner: type[models.Model] | None = None) -> BilingualText: ...
    def __get__(self, instance: models.Model | None, owner: type[models.Model] | None = None) -> Self | BilingualText:
        if instance is None:
            return self
        return BilingualText(*(getattr(instance, column) for column in self.columns))

    def __set__(self, instance: models.Model, value: object) -> NoReturn:
        raise AttributeError(f"Set {' and '.join(self.columns)} instead of {self.name}.")
