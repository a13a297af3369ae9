"""Write a spreadsheet whose texts are never formulae and whose formulae point at named inputs."""

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

INPUT = Font(color="1F3FA8")
HEAD = Font(bold=True)
TITLE = Font(bold=True, size=14)
MUTED = Font(color="6B645A")
LINE = Border(bottom=Side(style="thin", color="26221D"))
FILL = PatternFill("solid", fgColor="EAF1EE")
FORMATS = {
    "VND": "#,##0",
    "fraction": "0.00%",
    "years": "0.00",
    "number": "0.0000",
    "factor": "0.000000",
    "": "General",
}
LEADS = ("=", "+", "-", "@", "\t", "\r", "\n")


def put_text(cell: Cell, words: Any) -> None:
    """Put words that people typed into a cell as words, whatever they begin with; control characters are dropped."""
    text = ILLEGAL_CHARACTERS_RE.sub("", str(words))
    cell.value = text
    cell.data_type = "s"
    if text.startswith(LEADS):
        cell.quotePrefix = True
    cell.alignment = Alignment(vertical="top", wrap_text=len(text) > 30)


class Sheet:
    """A worksheet filled from the top, row by row."""

    def __init__(self, worksheet: Worksheet, title: str, widths: list[int]) -> None:
        self.worksheet, self.row = worksheet, 0
        for number, width in enumerate(widths, 1):
            worksheet.column_dimensions[chr(64 + number)].width = width
        worksheet.sheet_view.showGridLines = False
        self.words(title, font=TITLE)
        self.gap()

    def gap(self) -> None:
        """Leave a row empty."""
        self.row += 1

    def cell(self, column: str, row: int | None = None) -> Cell:
        """Give a cell of the present row, or of another."""
        found = self.worksheet[f"{column}{row or self.row}"]
        assert isinstance(found, Cell)
        return found

    def words(self, *texts: Any, font: Font | None = None) -> int:
        """Write texts side by side in a new row; give its number."""
        self.row += 1
        for number, text in enumerate(texts):
            cell = self.cell(chr(65 + number))
            put_text(cell, text)
            if font is not None:
                cell.font = font
            if font is TITLE or (len(texts) == 1 and font is not HEAD):
                cell.alignment = Alignment(wrap_text=False)
        return self.row

    def head(self, *texts: Any) -> int:
        """Write the head of a table."""
        row = self.words(*texts, font=HEAD)
        for number in range(len(texts)):
            self.cell(chr(65 + number)).border = LINE
            self.cell(chr(65 + number)).fill = FILL
        return row

    def value(self, column: str, value: float, unit: str = "", *, row: int | None = None) -> str:
        """Write a figure that may be changed (blue); give its reference from other sheets."""
        cell = self.cell(column, row)
        cell.value = value
        cell.font, cell.number_format = INPUT, FORMATS[unit]
        return self.at(column, row)

    def formula(self, column: str, formula: str, unit: str = "", *, row: int | None = None) -> str:
        """Write a formula (without its sign); give its reference from other sheets."""
        cell = self.cell(column, row)
        cell.value = f"={formula}"
        cell.number_format = FORMATS[unit]
        return self.at(column, row)

    def at(self, column: str, row: int | None = None) -> str:
        """Give the absolute reference of a cell, with its sheet."""
        return f"'{self.worksheet.title}'!${column}${row or self.row}"

    def span(self, column: str, first: int, last: int) -> str:
        """Give the absolute reference of a column's part, with its sheet."""
        return f"'{self.worksheet.title}'!${column}${first}:${column}${last}"


class Book:
    """A workbook of sheets, its names kept so that formulae may point at them."""

    def __init__(self) -> None:
        self.workbook = Workbook()
        default = self.workbook.active
        assert default is not None
        self.workbook.remove(default)

    def sheet(self, name: str, title: str, widths: list[int]) -> Sheet:
        """Add a sheet; its name is cut to what spreadsheets allow."""
        return Sheet(self.workbook.create_sheet(name[:31].replace("'", "")), title, widths)

    def save(self) -> bytes:
        """Give the file."""
        out = io.BytesIO()
        self.workbook.save(out)
        return out.getvalue()
