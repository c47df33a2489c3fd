"""No spreadsheet of the admin, Wagtail's own included, has a cell that a spreadsheet program runs as a formula."""

import csv
from collections.abc import Iterator
from io import BytesIO, StringIO

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver
from openpyxl import load_workbook
from wagtail.admin.views.mixins import SpreadsheetExportMixin

from catalog.models import Organization
from editorial.articles.pages import ArticlePage
from editorial.review.desk import TABLES
from tests.editorial.review.support import create, make_article_index, sign_in
from tests.factories import publish_revision

pytestmark = [pytest.mark.django_db, pytest.mark.admin]

FORMULA = "=HYPERLINK(A1)"
STARTS = ("=", "+", "-", "@", "\t", "\r")


def list_exports(resolver, prefix: str = "/") -> Iterator[str]:
    """Yield the addresses without arguments whose views export spreadsheets."""
    for pattern in resolver.url_patterns:
        address = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if hasattr(pattern, "url_patterns"):
            yield from list_exports(pattern, address)
        elif "<" not in address and "(" not in address:
            view = getattr(pattern.callback, "view_class", None)
            if view and issubclass(view, SpreadsheetExportMixin):
                yield address


def cells_in(response, kind: str) -> list[tuple[str, str]]:
    """Return the data type and the text of each cell; CSV has texts only."""
    content = b"".join(response.streaming_content)
    if kind == "csv":
        return [("s", cell) for row in csv.reader(StringIO(content.decode("utf-8-sig"))) for cell in row]
    rows = load_workbook(BytesIO(content)).active.iter_rows()
    return [(cell.data_type, str(cell.value)) for row in rows for cell in row]


def test_no_spreadsheet_of_the_admin_carries_formulas():
    editor = sign_in("Editor", "+editor")
    create(editor, Organization, action="submit", name_en=FORMULA, name_zh=FORMULA)
    page = make_article_index().add_child(
        instance=ArticlePage(
            title=FORMULA, slug="sum", body=[("heading", "Why")], locked=True, locked_by=editor.user, live=False
        )
    )
    publish_revision(page.save_revision(user=editor.user, log_action=True))
    boss = Client()
    boss.force_login(User.objects.create_superuser("@boss"))
    with_formula = set()
    addresses = set(list_exports(get_resolver()))
    for address in addresses:
        for kind in ("csv", "xlsx"):
            # The desk's report has several tables.
            response = boss.get(address, {"export": kind, "table": next(iter(TABLES))})
            assert response.status_code == 200, address
            cells = cells_in(response, kind)
            assert "f" not in [data_type for data_type, _text in cells], address
            if kind == "csv":
                assert [text for _type, text in cells if text.startswith(STARTS)] == [], address
                if f"'{FORMULA}" in [text for _type, text in cells]:
                    with_formula.add(address.removeprefix("/admin/"))
            else:
                assert f"'{FORMULA}" not in [text for _type, text in cells], "XLSX has types: texts stay as they are"
    assert with_formula >= {
        "reports/locked/",
        "reports/site-history/",
        "reports/aging-pages/",
        "reports/workflow/",
        "reports/workflow_tasks/",
        "snippets/catalog/organization/",
    }
