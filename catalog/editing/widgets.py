"""The picker: chooses any number of entries, terms or sources without rendering all of them as options."""

import json

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.telepath import JSContext, register
from wagtail.admin.telepath.widgets import WidgetAdapter
from wagtail.snippets.widgets import AdminSnippetChooser


class Picker(forms.SelectMultiple):
    """What is chosen as a list of names, with a button that opens Wagtail's chooser for several.

    `filters` narrows the chooser: field names of the chosen model with the values that they must have.
    """

    template_name = "wagtailadmin/catalog/picker.html"

    def __init__(self, model: type[models.Model], filters: dict[str, str] | None = None, attrs=None) -> None:
        super().__init__(attrs)
        self.model = model
        self.filters = filters or {}

    def get_context(self, name, value, attrs):
        # Not SelectMultiple's own, which makes an option of every row of the table.
        context = forms.Widget.get_context(self, name, value, attrs)
        context["widget"]["chosen"] = [(row.pk, describe(row)) for row in self.chosen(value)]
        context["widget"]["chooser"] = json.dumps(JSContext().pack(AdminSnippetChooser(model=self.model)))
        context["widget"]["filters"] = json.dumps(self.filters)
        return context

    def chosen(self, value) -> list[models.Model]:
        """The chosen rows, by name. What is no key of a row is left to the form field to refuse."""
        keys = {int(key) for key in map(str, value or []) if key.isascii() and key.isdigit()}
        return sorted(self.model._default_manager.filter(pk__in=keys), key=str) if keys else []

    @property
    def media(self):
        return forms.Media(js=[versioned_static("wagtailsnippets/js/snippet-chooser-telepath.js")])


# Not the adapter of select boxes, which looks for options.
register(WidgetAdapter(), Picker)


def describe(row: models.Model) -> str:
    """The name of a row, with a note if the public does not see it yet."""
    return str(row) if getattr(row, "live", True) else _("%(name)s (draft)") % {"name": row}
