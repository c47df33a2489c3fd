"""The attribute behind model fields whose Python value is a value type."""

from contextlib import suppress

from django.core.exceptions import ValidationError
from django.db.models.query_utils import DeferredAttribute


class ParsedAttribute(DeferredAttribute):
    """Turns what is assigned to an instance into the field's Python type at once.

    What can't be read is kept as it is, so that `full_clean()` reports it and saving refuses it.
    """

    def __set__(self, instance, value):
        if not hasattr(value, "resolve_expression"):
            with suppress(ValidationError):
                value = self.field.to_python(value)
        instance.__dict__[self.field.attname] = value
