"""Sheets for people: no text is a formula, headings are frozen and filtered, the same content gives the same bytes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.xml.constants import ARC_CORE
from openpyxl.xml.functions import tostring

from formats._reports.tables import Cell, Column, Table, plain, shown, without_empty_columns

MOST_ROWS = 1_000_000
"""Rows of a sheet; Excel holds 1,048,576."""

_NUMBER_FORMATS: dict[str, str] = {
    "amount": "#,##0.00",
    "day": "dd.mm.yyyy",
    "month": "mm/yyyy",
    "count": "#,##0",
    "row": "0",
    "rate": '0.0" %"',
    "factor": "0.0000##",
}
"""By kind of column, as the file spells them: a German Excel shows 1.234,50."""

_BOLD = Font(name="Calibri", size=11, bold=True)
_RIGHT, _INDENTED = Alignment(horizontal="right"), Alignment(horizontal="left", indent=1)

_STYLES: dict[str, dict[str, Any]] = {
    "title": {"font": Font(name="Calibri", size=14, bold=True)},
    "strong": {"font": _BOLD},
    "heading": {"font": _BOLD, "alignment": _INDENTED},
    "heading of numbers": {"font": _BOLD, "alignment": _RIGHT},
    "text": {"alignment": _INDENTED},
    "long number": {"alignment": _RIGHT},
    "sentence": {"alignment": Alignment(wrap_text=True, vertical="top")},
    **{kind: {"number_format": shape} for kind, shape in _NUMBER_FORMATS.items()},
}

_COULD_CALCULATE = ("=", "+", "-", "@")

_EXACT_DIGITS = 15
_NARROWEST, _WIDEST, _LOOKED_AT = 9, 60, 200

_A4 = 9


class Sheet:
    """A sheet that prints across the page. Rows are written as they come."""

    def __init__(self, book: Workbook, title: str, widths: Iterable[int], *, upright: bool = False) -> None:
        self.sheet: Any = book.create_sheet(title)
        self.sheet.page_setup.orientation = "portrait" if upright else "landscape"
        self.sheet.page_setup.paperSize = _A4
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True
        self.sheet.page_setup.fitToHeight = 0
        for place, width in enumerate(widths, start=1):
            self.sheet.column_dimensions[get_column_letter(place)].width = width
        self._cells: dict[tuple[int, str, bool], Any] = {}

    def freeze(self, place: str, columns: int, rows: int) -> None:
        """Keep the heading in sight up to this cell, print it on every page, and filter so many rows below it."""
        self.sheet.freeze_panes = place
        self.sheet.print_title_rows = "1:1"
        self.sheet.auto_filter.ref = f"A1:{get_column_letter(columns)}{rows + 1}"

    def beginning(self, title: str, facts: Iterable[tuple[str, str]]) -> None:
        """The title of a report, and what it is about."""
        self.row(("title", title))
        self.row()
        for word, value in facts:
            self.row(("strong", word), ("text", value))

    def table(self, table: Table) -> None:
        """Headings and rows."""
        self.row(*_heading(table.columns))
        for row in table.rows:
            self.row(*_styled(table.columns, row))

    def row(self, *values: tuple[str, Cell]) -> None:
        """Write a row of values, each behind the name of its style."""
        self.sheet.append([self._cell(place, style, value) for place, (style, value) in enumerate(values)])

    def _cell(self, place: int, style: str, value: Cell) -> Any:
        if value is None:
            return None
        text = plain(value) if isinstance(value, str) else ""
        quoted = text.startswith(_COULD_CALCULATE)
        cell = self._cells.get((place, style, quoted))
        if cell is None:  # one for each look of a column: to style a cell takes longer than to write it
            cell = self._cells[place, style, quoted] = WriteOnlyCell(self.sheet)
            for name, part in _STYLES[style].items():
                setattr(cell, name, part)
            cell.quotePrefix = quoted
        cell.value = text if isinstance(value, str) else value
        if isinstance(value, str):
            cell.data_type = "s"  # openpyxl takes "=..." for a formula and "#N/A" for an error value
        return cell


def table_sheet(book: Workbook, title: str, table: Table) -> None:
    """A sheet with a table; nothing where it has no rows."""
    if not table.rows:
        return
    table = without_empty_columns(table)
    shown_rows = table.rows[:MOST_ROWS]
    sheet = Sheet(book, title, _widths(table))
    sheet.freeze("B2", len(table.columns), len(shown_rows))
    sheet.table(replace(table, rows=shown_rows))
    more = len(table.rows) - len(shown_rows)
    if more:
        sheet.row(("strong", f"Weitere Zeilen: {more}. Sie stehen im Bericht als Text."))


def _widths(table: Table) -> Iterator[int]:
    """Width of each column, by its heading and its first values."""
    for place, column in enumerate(table.columns):
        texts = [column.heading, *(shown(column.kind, row[place]) for row in table.rows[:_LOOKED_AT])]
        yield min(max(_NARROWEST, max(map(len, texts)) + 4), _WIDEST)


def _heading(columns: Sequence[Column]) -> Iterator[tuple[str, Cell]]:
    """The headings of a table, each with its style."""
    return (("heading" if column.kind == "text" else "heading of numbers", column.heading) for column in columns)


def _styled(columns: Sequence[Column], row: Sequence[Cell]) -> Iterator[tuple[str, Cell]]:
    """The cells of a row, each with its style; a number that Excel would round is a text."""
    for column, value in zip(columns, row, strict=True):
        if isinstance(value, Decimal) and len(value.as_tuple().digits) > _EXACT_DIGITS:
            yield "long number", shown(column.kind, value)
        else:
            yield column.kind, value


def packed(book: Workbook, title: str, created: datetime) -> bytes:
    """The bytes of the workbook, packed anew: openpyxl stamps it with the moment of writing."""
    moment = created.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    stamped, packed = BytesIO(), BytesIO()
    book.properties.creator = "Cluedrop"
    book.properties.title = title
    book.save(stamped)
    book.properties.created = book.properties.modified = moment
    with ZipFile(stamped) as source, ZipFile(packed, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = tostring(book.properties.to_tree()) if name == ARC_CORE else source.read(name)
            info = ZipInfo(name, moment.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED
            target.writestr(info, content)
    return packed.getvalue()
