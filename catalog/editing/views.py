"""The admin's views of the catalog, where they differ from Wagtail's."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.views.mixins import SpreadsheetExportMixin
from wagtail.models import DraftStateMixin
from wagtail.snippets.views import snippets

from catalog.editing.list_columns import describe_states, newest_name, with_state
from catalog.editing.plain_text import heading_of, related_names, spread, text_of
from catalog.editing.searching import find_meant_among
from catalog.editing.stale import StaleFormMixin
from catalog.export.spreadsheets import BYTE_ORDER_MARK, escape
from catalog.listing.search import match, search
from catalog.models import Refused
from catalog.models.document import child_lists
from catalog.values import BilingualField

# Maximum number of buttons in a message that names values.
WAYS_SHOWN = 6


class TextSpreadsheetMixin(SpreadsheetExportMixin):
    """Exports spreadsheets whose texts no spreadsheet program takes for formulas."""

    def stream_csv(self, queryset):
        # Not streamed: the editor's language is no longer active while a response is sent.
        return [BYTE_ORDER_MARK, *super().stream_csv(queryset)]

    def write_csv_response(self, queryset):
        response = super().write_csv_response(queryset)
        response["Content-Type"] = "text/csv; charset=utf-8"
        return response

    def get_preprocess_function(self, field, value, export_format):
        if export_format == self.FORMAT_CSV:
            return escape
        return super().get_preprocess_function(field, value, export_format)


class CatalogIndexView(TextSpreadsheetMixin, snippets.IndexView):
    """A list with state, search and export. `value_names` are the values in the spreadsheet."""

    value_names: tuple[str, ...] = ()
    # The corrected spelling that was searched for, if any.
    meant: str | None = None

    def get_base_queryset(self):
        queryset = super().get_base_queryset()
        if issubclass(self.model, DraftStateMixin):
            queryset = with_state(queryset)
        shown = [column.name for column in self.columns if column.name in self.relations]
        names = spread(self.model, self.value_names) if self.is_export else shown
        select, prefetch = related_names(self.model, names)
        return queryset.select_related("latest_revision", *select).prefetch_related(*prefetch)

    @property
    def relations(self) -> set[str]:
        """The names of the model's relations."""
        return {field.name for field in self.model._meta.get_fields() if field.concrete and field.is_relation}

    def _get_title_column(self, field_name, *args, **kwargs):
        if field_name == "__str__":
            kwargs["accessor"] = newest_name
        return super()._get_title_column(field_name, *args, **kwargs)

    def search_queryset(self, queryset):
        # Unlike the site's own search, Wagtail's refuses a queryset filtered by a field that is not indexed.
        if not self.is_searching:
            return queryset
        self.meant = find_meant_among(queryset, self.search_query)
        find = match if self.is_explicitly_ordered else search
        return find(queryset, self.meant or self.search_query)

    @property
    def list_export(self) -> list[str]:
        columns = ["slug", *spread(self.model, self.value_names), "updated"]
        return ["state", *columns] if issubclass(self.model, DraftStateMixin) else columns

    def to_row_dict(self, item) -> dict[str, str]:
        return {name: self.cell(item, name) for name in self.list_export}

    def cell(self, item, name: str) -> str:
        """Return one cell as text."""
        if name == "state":
            return describe_states(item)
        if name == "updated":
            return item.latest_revision.created_at.date().isoformat() if item.latest_revision else ""
        return text_of(item, name)

    def get_heading(self, queryset, field) -> str:
        headings = {"state": _("State"), "updated": _("Updated")}
        return headings.get(field) or heading_of(self.model, field)


class NewestNameMixin:
    """Titles an object's page with its newest name, in the reader's language."""

    def get_page_subtitle(self):
        return newest_name(self.object)


class CatalogInspectView(NewestNameMixin, snippets.InspectView):
    """All values and lists of an object as text."""

    def get_field_label(self, field_name, field):
        return heading_of(self.model, field_name)

    def get_field_display_value(self, field_name, field):
        return text_of(self.object, field_name) or "–"


class RefusedPublication:
    """Shows why a version can't go live. The draft is already saved at that point."""

    def run_action_method(self):
        try:
            with transaction.atomic():
                if self.action == "submit" and self.object.workflow_in_progress:
                    raise Refused(
                        _("It is in review already, and your changes are saved. “Resubmit” has them reviewed too.")
                    )
                return super().run_action_method()
        except ValidationError as error:
            address = self.get_edit_url()
            report_refusal(self.request, error, buttons=list_ways(self.model, error, address))
            return redirect(address)


def list_ways(model, error: ValidationError, address: str) -> list:
    """Return buttons that open the form at the values that a refusal names."""
    buttons = []
    for path, words in (getattr(error, "params", None) or {}).get("unsourced", {}).items():
        name = path.partition("/")[0]
        attribute = getattr(model, name)
        if name in child_lists(model):
            field = f"{name}-TOTAL_FORMS"
        else:
            field = attribute.columns[0] if isinstance(attribute, BilingualField) else name
        # The query forces the browser to load the page: only then does its script open the tab of the field.
        buttons.append(messages.button(f"{address}?{urlencode({'show': name})}#id_{field}", words))
    return buttons[:WAYS_SHOWN]


class CatalogCreateView(RefusedPublication, snippets.CreateView):
    pass


class CarefulEditView(NewestNameMixin, StaleFormMixin, snippets.EditView):
    """Edits a source or a word of a vocabulary."""


class CatalogEditView(RefusedPublication, CarefulEditView):
    pass


class CatalogCopyView(snippets.CopyView):
    """Shows the form of a new entry with another one's values; the form is sent to the create view."""

    # Wagtail's own view would overwrite the original if a form were sent here.
    http_method_names = ["get", "head", "options"]


def report_refusal(request, error: ValidationError, *, buttons: list | None = None) -> None:
    """Show in the admin what is wrong with a version, or why an action is not allowed."""
    reasons = " ".join(error.messages)
    if not isinstance(error, Refused):
        reasons = _("This version can't go live. %(reasons)s") % {"reasons": reasons}
    messages.error(request, reasons, buttons=buttons)
