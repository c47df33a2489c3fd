"""Tables for spreadsheet programs: texts stay texts, whatever they begin with, and numbers stay numbers.

CSV says nothing of types, so that a text which a program would run is led by an apostrophe there. XLSX does: a text is
stored as one, as it is. openpyxl writes it row by row (`write_only`): memory does not grow with the number of rows, and
it is what Wagtail's own spreadsheets are made with.
"""

import csv
import re
from collections.abc import Iterable
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

Cell = str | int | float | Decimal | None

# A spreadsheet program takes a text that begins like this for a formula, some with full-width characters too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
INNER_FORMULA = re.compile(r"([;\t]\s*)(?=[=+\-@＝＋－＠])")
# Without it at the start, spreadsheet programs take the encoding for that of their own country.
BYTE_ORDER_MARK = "\ufeff"
# What XML can't hold, and XLSX is made of it.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# openpyxl takes a text that begins like this for a formula or an error.
MISTAKEN_STARTS = ("=", "#")


def escape(text: str) -> str:
    """Return a text for CSV that no spreadsheet program runs, with or without the spaces before it.

    Nor where the program takes a semicolon or a tab for the end of a cell, as it does in many countries.
    """
    text = INNER_FORMULA.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


_writer = csv.writer(_Echo())


def write_line(cells: Iterable[Cell]) -> str:
    """Return one line of a CSV file, with the end of the line; a number is written with all its digits."""
    return _writer.writerow([_in_csv(cell) for cell in cells])


def _in_csv(cell: Cell) -> Cell:
    match cell:
        case None | int() | float():
            return cell
        case Decimal():
            return format(cell, "f")
    # Also of a word that is yet to be translated.
    return escape(str(cell))


class Sheets:
    """A workbook that is written row by row, to several sheets by turns."""

    def __init__(self) -> None:
        self.workbook = Workbook(write_only=True)

    def add(self, title: str, *, widths: Iterable[int] = (), freeze: str | None = None):
        """Return a new sheet; `widths` of its first columns in characters, `freeze` is the first cell that scrolls."""
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
        """Write the workbook to a binary file; it can't be added to after that."""
        self.workbook.save(file)
