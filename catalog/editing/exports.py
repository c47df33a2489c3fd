"""The spreadsheets of the admin: no spreadsheet program takes their texts for formulas, in Wagtail's reports either."""

from typing import Any

from wagtail.admin.views.mixins import SpreadsheetExportMixin

from catalog.export.spreadsheets import BYTE_ORDER_MARK, escape


def escape_formulas() -> None:
    """Make every CSV file of the admin escape formulas, Wagtail's own reports and lists included.

    All of them inherit the method that is replaced here. XLSX has types, and Wagtail writes no formulas there.
    """
    preprocess = SpreadsheetExportMixin.preprocess_field_value

    def preprocess_and_escape(view: SpreadsheetExportMixin, field: str, value: Any, export_format: str) -> Any:
        cell = preprocess(view, field, value, export_format)
        return escape(cell) if export_format == view.FORMAT_CSV and isinstance(cell, str) else cell

    SpreadsheetExportMixin.preprocess_field_value = preprocess_and_escape


class TextSpreadsheetMixin(SpreadsheetExportMixin):
    """Exports CSV files whose encoding spreadsheet programs recognize."""

    def stream_csv(self, queryset):
        # Not streamed: the editor's language is no longer active while a response is sent.
        return [BYTE_ORDER_MARK, *super().stream_csv(queryset)]

    def write_csv_response(self, queryset):
        response = super().write_csv_response(queryset)
        response["Content-Type"] = "text/csv; charset=utf-8"
        return response
