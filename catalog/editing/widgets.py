"""The picker: a widget to choose any number of entries, terms or sources without rendering all of them as options."""

import json

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.telepath import JSContext, register
from wagtail.admin.telepath.widgets import WidgetAdapter
from wagtail.snippets.widgets import AdminSnippetChooser


class Picker(forms.SelectMultiple):
    """A list of the chosen names, with a button that opens Wagtail's chooser for multiple objects.

    `filters` limits the chooser: field names of the model, with the values that they must have.
    """

    template_name = "wagtailadmin/catalog/picker.html"

    def __init__(self, model: type[models.Model], filters: dict[str, str] | None = None, attrs=None) -> None:
        super().__init__(attrs)
        self.model = model
        self.filters = filters or {}

    def get_context(self, name, value, attrs):
        # Skip SelectMultiple's version, which makes an option of every row of the table.
        context = forms.Widget.get_context(self, name, value, attrs)
        context["widget"]["chosen"] = [(row.pk, describe(row)) for row in self.chosen(value)]
        context["widget"]["chooser"] = json.dumps(JSContext().pack(AdminSnippetChooser(model=self.model)))
        context["widget"]["filters"] = json.dumps(self.filters)
        return context

    def chosen(self, value) -> list[models.Model]:
        """Return the chosen rows, by name. Invalid keys are left to the form field, which refuses them."""
        keys = {int(key) for key in map(str, value or []) if key.isascii() and key.isdigit()}
        return sorted(self.model._default_manager.filter(pk__in=keys), key=str) if keys else []

    @property
    def media(self):
        return forms.Media(js=[versioned_static("wagtailsnippets/js/snippet-chooser-telepath.js")])


# The adapter of select boxes would look for options.
register(WidgetAdapter(), Picker)


def describe(row: models.Model) -> str:
    """Return the name of a row, with a note if it is a draft."""

    return str(row) if getattr(row, "live", True) else _("%(name)s (draft)") % {"name": row}
