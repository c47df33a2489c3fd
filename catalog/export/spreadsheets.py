"""Tables for spreadsheet programs: texts stay texts, even those that look like formulas, and numbers stay numbers.

CSV has no types, so a text that a program would run as a formula gets a leading apostrophe. XLSX has types, so texts
are stored unchanged. openpyxl writes row by row (`write_only`), so that memory does not grow with the number of rows;
Wagtail's own spreadsheets are made with it too.
"""

import csv
import re
from collections.abc import Iterable
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

Cell = str | int | float | Decimal | None

# Spreadsheet programs take a text that begins like this for a formula; some accept full-width characters too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
INNER_FORMULA = re.compile(r"([;\t]\s*)(?=[=+\-@＝＋－＠])")
# Without it, spreadsheet programs assume a national encoding instead of UTF-8.
BYTE_ORDER_MARK = "\ufeff"
# Characters that XML, and so XLSX, can't hold.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# openpyxl takes a text that begins like this for a formula or an error.
MISTAKEN_STARTS = ("=", "#")


def escape(text: str) -> str:
    """Return a text for CSV that no spreadsheet program runs as a formula, even after leading spaces.

    Texts after a semicolon or a tab are escaped too: in many countries programs take these for the end of a cell.
    """
    text = INNER_FORMULA.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text


class _Echo:
    """A file whose `write` returns the text, for `csv.writer`."""

    def write(self, text: str) -> str:
        return text


_writer = csv.writer(_Echo())


def write_line(cells: Iterable[Cell]) -> str:
    """Return one line of a CSV file, with its line ending; numbers are written with all their digits."""
    return _writer.writerow([_in_csv(cell) for cell in cells])


def _in_csv(cell: Cell) -> Cell:
    match cell:
        case None | int() | float():
            return cell
        case Decimal():
            return format(cell, "f")
    # `str()` also evaluates lazy translations.
    return escape(str(cell))


class Sheets:
    """A workbook written row by row; rows may go to its sheets in any order."""

    def __init__(self) -> None:
        self.workbook = Workbook(write_only=True)

    def add(self, title: str, *, widths: Iterable[int] = (), freeze: str | None = None):
        """Return a new sheet: `widths` of its first columns in characters, `freeze` the first cell that scrolls."""
        sheet = self.workbook.create_sheet(title)
        sheet.freeze_panes = freeze
        for letter, width in zip("ABCDEFGH", widths, strict=False):
            sheet.column_dimensions[letter].width = width
        return sheet

    def append(self, sheet, cells: Iterable[Cell], *, bold: bool = False) -> None:
        """Write one row."""
        sheet.append([self._in_xlsx(sheet, cell, bold=bold) for cell in cells])

    def _in_xlsx(self, sheet, cell: Cell, *, bold: bool):
        match cell:
            case Decimal():
                return int(cell) if cell == cell.to_integral_value() and abs(cell) < 2**53 else float(cell)
            case str():
                text = NOT_IN_XML.sub("", cell)
                if not bold and not text.startswith(MISTAKEN_STARTS):
                    return text or None
                made = WriteOnlyCell(sheet, text)
                made.data_type = "s"
                if bold:
                    made.font = Font(bold=True)
                return made
        return cell

    def save(self, file) -> None:
        """Write the workbook to a binary file; no rows can be added afterwards."""

        self.workbook.save(file)
