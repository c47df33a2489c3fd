"""Tables for spreadsheet programs: no text runs as a formula, and numbers stay numbers."""

import csv
import io
import re
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.export.spreadsheets import FORMULA_STARTS, Sheets, write_line

numbers = st.one_of(
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.decimals(-(10**12), 10**12, places=3),
)
texts = st.one_of(
    st.text(),
    st.tuples(st.text(" \u3000"), st.sampled_from(FORMULA_STARTS), st.text()).map("".join),
    st.sampled_from(["-5", "+1", "1e5", "#N/A", "#REF!", "=", "＝1+1", "ＳＵＭ", "TRUE"]),
)
rows = st.lists(st.lists(st.one_of(st.none(), numbers, texts), min_size=1, max_size=6), max_size=5)


def find_guards(read: str, cell: str) -> list[int]:
    """Return the positions of added apostrophes; fail if anything else was changed."""
    guards, place = [], 0
    for char in read:
        if char == cell[place : place + 1]:
            place += 1
        else:
            assert char == "'"
            guards.append(place)
    assert place == len(cell)
    return guards


@given(rows)
@example([["=cmd|' /C calc'!A0", "\t=1", "  +1", "＝1", "a; =1\t@b", -5, Decimal("-0.5"), -2.5]])
def test_csv_keeps_every_value_and_has_no_formula(rows):
    lines = [write_line(row) for row in rows]
    for line, row in zip(lines, rows, strict=True):
        assert line.endswith("\r\n")
        [cells] = csv.reader(io.StringIO(line, newline=""))
        for read, cell in zip(cells, row, strict=True):
            if cell is None:
                assert read == ""
            elif isinstance(cell, str):
                for place in find_guards(read, cell):
                    assert place == 0 or re.search(r"[;\t]\s*$", cell[:place]), "only where a cell may begin"
                assert not read.lstrip().startswith(FORMULA_STARTS)
                assert not read.startswith(FORMULA_STARTS)
                assert not re.search(r"[;\t]\s*[=+\-@＝＋－＠]", read), "nor where another program ends a cell"
            else:
                assert Decimal(read) == Decimal(str(cell))


@given(rows)
def test_xlsx_stores_texts_as_texts_and_numbers_as_numbers(rows):
    sheets = Sheets()
    sheet = sheets.add("Table")
    for row in rows:
        sheets.append(sheet, row)
    file = io.BytesIO()
    sheets.save(file)
    read = openpyxl.load_workbook(file)["Table"]
    for line, row in enumerate(rows, start=1):
        for column, cell in enumerate(row, start=1):
            found = read.cell(line, column)
            assert found.data_type != "f"
            if isinstance(cell, str):
                assert found.data_type in ("s", "inlineStr", "n")
                assert (found.value or "") == written(cell)
            elif cell is None:
                assert found.value is None
            else:
                assert found.data_type == "n"
                assert found.value == pytest.approx(float(cell), rel=1e-9)


def written(text: str) -> str:
    """Return a text as XML stores it: without characters that it can't hold."""
    kept = "".join(it for it in text if it in "\t\n\r" or (it >= " " and it not in "\ufffe\uffff"))
    return kept


def test_an_unusual_number_of_digits_is_kept():
    assert write_line([Decimal("3.14E+23"), Decimal("-1"), -3, 0.25]) == "314000000000000000000000,-1,-3,0.25\r\n"
