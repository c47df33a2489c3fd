"""The forms of entries, of the rows of their lists, and of citations."""

from collections import Counter

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from catalog.models.base import make_key

# Keys of Entry.identifiers, with the label and an example of each.
IDENTIFIERS = {
    "arxiv": ("arXiv", "2005.14165"),
    "doi": ("DOI", "10.1038/nature14539"),
    "huggingface": ("Hugging Face", "openai-community/gpt2"),
    "github": ("GitHub", "openai/gpt-3"),
    "wikidata": ("Wikidata", "Q95726734"),
}


class IdentifiersWidget(forms.MultiWidget):
    """One small input for each kind of identifier."""

    def __init__(self, attrs=None) -> None:
        inputs: dict[str, forms.Widget | type[forms.Widget]] = {
            key: forms.TextInput({"aria-label": label, "placeholder": f"{label}: {example}", "autocomplete": "off"})
            for key, (label, example) in IDENTIFIERS.items()
        }
        super().__init__(inputs, attrs)

    def decompress(self, value):
        value = value if isinstance(value, dict) else {}
        return [value.get(key, "") for key in IDENTIFIERS]

    def id_for_label(self, id_):
        return f"{id_}_arxiv" if id_ else ""


class IdentifiersField(forms.MultiValueField):
    """The external identifiers as a dict without blanks."""

    widget = IdentifiersWidget

    def __init__(self, **kwargs) -> None:
        # The model's own help text is about JSON.
        kwargs["help_text"] = _("The identifier only, no address.")
        fields = [forms.CharField(required=False, max_length=200) for _key in IDENTIFIERS]
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, data_list):
        return {key: text for key, text in zip(IDENTIFIERS, data_list, strict=False) if text}


class EntryForm(WagtailAdminModelForm):
    """The form of an entry; it checks that no two rows of a list have the same key."""

    identifiers = IdentifiersField(required=False, label=capfirst(_("external identifiers")))

    def is_valid(self) -> bool:
        valid = super().is_valid()
        return self._check_keys() and valid

    def _check_keys(self) -> bool:
        """Add an error to each key of more than one row, which publication would refuse; return whether all is well."""
        clean = True
        for formset in self.formsets.values():
            rows = [
                form
                for form in formset.forms
                if "key" in getattr(form, "cleaned_data", {})
                and not form.cleaned_data.get("DELETE")
                # An untouched blank row at the end is not a row.
                and (form.has_changed() or not form.empty_permitted)
            ]
            count = Counter(form.cleaned_data["key"] for form in rows)
            for form in rows:
                if count[form.cleaned_data["key"]] > 1:
                    form.add_error("key", _("Another row has this key; each row needs its own."))
                    clean = False
        return clean


class RowForm(WagtailAdminModelForm):
    """One row of a list. A new row's key may be left empty: it is made when the row is saved.

    With the model's default in the form, all rows added on a page would have the same key, because the browser copies
    one template for every new row.
    """

    key = forms.SlugField(
        required=False,
        max_length=80,
        label=capfirst(_("key")),
        help_text=_("Permanent short name of this row; citations use it. Made by itself if left empty."),
    )

    def __init__(self, *args, instance=None, **kwargs) -> None:
        super().__init__(*args, instance=instance, **kwargs)
        if instance is None:
            self.initial["key"] = ""

    def clean_key(self) -> str:
        return self.cleaned_data["key"] or self.instance.key or make_key()

    def get_field_updates_for_resave(self):
        # The page stays open after an autosave; without this, each autosave would give the row another key.
        return [*super().get_field_updates_for_resave(), (self.add_prefix("key"), self.instance.key)]


class CitationForm(WagtailAdminModelForm):
    """One citation. Subclasses offer the values of their kind of entry in `field`."""

    field: forms.ChoiceField

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("item") and not self.row_lists & {cleaned.get("field")}:
            self.add_error("item", ValidationError(_("This value is not a list: leave the row empty.")))
        return cleaned

    row_lists: frozenset[str] = frozenset()


def citation_form(choices: list, row_lists: frozenset[str]) -> type[CitationForm]:
    """Return the citation form of a kind of entry; `row_lists` names the values that are lists of rows."""
    field = forms.ChoiceField(
        choices=[("", "---------"), *choices],
        label=capfirst(_("value")),
        help_text=_("Which value of this entry the source speaks of."),
    )
    return type("CitationForm", (CitationForm,), {"field": field, "row_lists": row_lists})
