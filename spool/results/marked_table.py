"""Which cells are wrong? A workbook beside a refused table: its rows as they are, wrong cells red and commented.

Nothing of the file is trusted: no text becomes a formula, cells, rows and columns are bounded, and rows are streamed.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.hyperlink import Hyperlink

from core.errors import ContentError, Problem
from spool.folders.own_folders import open_new
from spool.results.notes import column_letter, counted, place, visible

SHOWN_ROWS = 5_000
"""So many rows from the top are shown; of those below only the ones with a problem."""
MARKED_PROBLEMS = 1_000
"""So many problems are listed and marked."""
SHOWN_COLUMNS = 512

_PEEKED_ROWS = 100
_LONGEST_TEXT = 1_000
_TEXT_BUDGET = 20_000_000
"""Characters of all shown rows together; keeps the workbook of a hostile file small."""
_WIDEST, _NARROWEST = 60, 8
_EXACT_DIGITS = 15
_LARGEST_EXACT = 999_999_999_999_999
_RED = PatternFill("solid", fgColor="FFFF9999")
_PALE = PatternFill("solid", fgColor="FFFFE5CC")
_BOLD = Font(bold=True)
_LINK = Font(color="FF0563C1", underline="single")
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_LIST, _TABLE, _REST = "Hinweise", "Tabelle", "Weitere Zeilen"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_COULD_CALCULATE = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class _Marks:
    """Problems by row, and by column in it; column None stands for the whole row."""

    rows: dict[int, dict[int | None, list[Problem]]] = field(default_factory=dict)

    def add(self, row: int, column: int | None, problem: Problem) -> None:
        self.rows.setdefault(row, {}).setdefault(column, []).append(problem)


def marked_workbook(
    rows: Iterable[Sequence[object]], problems: Sequence[Problem], path: str | os.PathLike[str], header_row: int = 1
) -> None:
    """Write a workbook to ``path`` with the list of problems and the table they are in.

    ``rows`` are the rows as a person sees them, row 1 first (``TableReader.table``); where reading them fails half-way
    with a ContentError, the workbook ends there. The sheet "Tabelle" keeps the row and column numbers of the file.
    """
    top, rest = _peeked(rows)
    header = top[header_row - 1] if 0 < header_row <= len(top) else ()
    shown = problems[:MARKED_PROBLEMS]
    marks, places = _marks(shown, header)
    book = Workbook(write_only=True)
    _write_list(book, problems, places)
    table = _sheet(book, _TABLE, top, header_row)
    below: WriteOnlyWorksheet | None = None
    budget, width, last = _TEXT_BUDGET, 1, 0
    for number, row in enumerate(chain(top, rest), start=1):
        marked = marks.rows.get(number, {})
        if number <= SHOWN_ROWS:
            last = number
            cells = _cells(table, row, marked, bold=number == header_row) if budget > 0 or marked else []
            budget -= sum(len(cell) for cell in row[:SHOWN_COLUMNS] if isinstance(cell, str))
            width = max(width, len(cells))
            table.append(cells)
        elif marked:
            below = below or _rest_sheet(book, header)
            below.append([number, *_cells(below, row, marked)])
    if last >= header_row:
        table.auto_filter.ref = f"A{header_row}:{column_letter(width - 1)}{last}"
    with open(open_new(os.fspath(path)), "wb") as file:
        book.save(file)


def _peeked(rows: Iterable[Sequence[object]]) -> tuple[list[Sequence[object]], Iterator[Sequence[object]]]:
    """Split off the first rows, of which heading and column widths are taken before the first is written."""
    readable = _until_unreadable(rows)
    return list(islice(readable, _PEEKED_ROWS)), readable


def _until_unreadable(rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    try:
        yield from rows
    except ContentError:
        return


def _marks(problems: Sequence[Problem], header: Sequence[object]) -> tuple[_Marks, list[tuple[str, int, int] | None]]:
    """Sort problems to cells; also say for each problem (sheet, row, column position) of its cell, if it has one."""
    headings = {str(heading).strip(): index for index, heading in enumerate(header) if heading is not None}
    marks = _Marks()
    for problem in problems:
        if problem.row is not None and problem.row > 0:
            marks.add(problem.row, _column(problem, headings), problem)
    # Below the shown rows only marked ones follow, in their order, under one heading line and beside one number column.
    lines = {row: line for line, row in enumerate(sorted(row for row in marks.rows if row > SHOWN_ROWS), start=2)}
    places: list[tuple[str, int, int] | None] = []
    for problem in problems:
        if problem.row is None or problem.row <= 0:
            places.append(None)
        elif problem.row in lines:
            places.append((_REST, lines[problem.row], (_column(problem, headings) or 0) + 1))
        else:
            places.append((_TABLE, problem.row, _column(problem, headings) or 0))
    return marks, places


def _column(problem: Problem, headings: dict[str, int]) -> int | None:
    index = problem.column_index
    if index is None and problem.column is not None:
        index = headings.get(problem.column.strip())
    return index if index is not None and 0 <= index < SHOWN_COLUMNS else None


# ── sheets ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write_list(book: Workbook, problems: Sequence[Problem], places: Sequence[tuple[str, int, int] | None]) -> None:
    sheet: Any = book.create_sheet(_LIST)
    for letter, width in zip("ABCD", (6, 44, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    sheet.append([_styled(sheet, text, font=_BOLD) for text in ("Nr.", "Stelle", "Was nicht stimmt", "Was zu tun ist")])
    for number, (problem, target) in enumerate(zip(problems, places, strict=False), start=1):
        where = _styled(sheet, place(problem) or "ganze Datei", alignment=_WRAPPED)
        if target is not None:
            title, row, column = target
            where.hyperlink = Hyperlink(ref="", location=f"'{title}'!{column_letter(column)}{row}")
            where.font = _LINK
        what = _styled(sheet, problem.what, alignment=_WRAPPED)
        sheet.append([number, where, what, _styled(sheet, problem.todo, alignment=_WRAPPED)])
    hidden = len(problems) - len(places)
    if hidden > 0:
        sheet.append([None, None, f"Weitere Stellen, die hier nicht angeführt sind: {counted(hidden)}"])


def _sheet(book: Workbook, title: str, rows: Sequence[Sequence[object]], header_row: int, shift: int = 0) -> Any:
    """Make a sheet; widths and the frozen heading must be set before the first row is written."""
    sheet: Any = book.create_sheet(title)
    for index in range(min(max(map(len, rows), default=0), SHOWN_COLUMNS)):
        longest = max((len(str(row[index])) for row in rows if index < len(row) and row[index] is not None), default=0)
        width = max(_NARROWEST, min(longest + 2, _WIDEST))
        sheet.column_dimensions[column_letter(index + shift)].width = width
    sheet.freeze_panes = f"A{header_row + 1}"
    return sheet


def _rest_sheet(book: Workbook, header: Sequence[object]) -> Any:
    """Make the sheet of wrong rows far below; its first column says their row numbers in the file."""
    sheet = _sheet(book, _REST, [header], 1, shift=1)
    sheet.append([_styled(sheet, "Zeile", font=_BOLD), *_cells(sheet, header, {}, bold=True)])
    return sheet


# ── cells ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cells(
    sheet: Any, row: Sequence[object], marked: dict[int | None, list[Problem]], *, bold: bool = False
) -> list[object]:
    """Return one row for ``append``: plain values where nothing is special about them, else styled cells."""
    cells: list[object] = [_plain(sheet, value) for value in row[:SHOWN_COLUMNS]]
    if bold:
        cells = [_styled(sheet, value, font=_BOLD) for value in row[:SHOWN_COLUMNS]]
    if not marked:
        return cells
    needed = max((column for column in marked if column is not None), default=0) + 1
    cells += [None] * (needed - len(cells))
    if None in marked:
        cells = [_styled(sheet, value, fill=_PALE) for value in [*row[:SHOWN_COLUMNS], *[None] * needed][: len(cells)]]
    for column, problems in marked.items():
        index = column or 0
        cell = _styled(sheet, row[index] if index < len(row) else None, fill=_PALE if column is None else _RED)
        # A cell takes one comment: what concerns the whole row is told at its first cell.
        told = [*marked.get(None, []), *problems] if column == 0 else problems
        if column is not None or 0 not in marked:
            cell.comment = _comment(told)
            cells[index] = cell
    return cells


def _comment(problems: Sequence[Problem]) -> Comment:
    texts = [" ".join(filter(None, (problem.what, problem.todo))) for problem in problems]
    text = visible("\n\n".join(texts[:10]), _LONGEST_TEXT).replace("␊", "\n")
    return Comment(text, "Cluedrop", width=360, height=60 + 18 * (len(text) // 50 + text.count("\n")))


def _plain(sheet: Any, value: object) -> object:
    """Return a value that ``append`` writes as it is; text that a spreadsheet could calculate becomes a cell."""
    shown = _shown(value)
    if isinstance(shown, str) and (shown.startswith(_COULD_CALCULATE) or shown in ERROR_CODES):
        return _styled(sheet, value)
    return shown


def _styled(sheet: Any, value: object, **style: Any) -> Any:
    shown = _shown(value)
    cell: Any = WriteOnlyCell(sheet)
    cell.value = shown
    if isinstance(shown, str):
        # openpyxl has taken "=..." for a formula and "#N/A" for an error value.
        cell.data_type = "s"
        cell.quotePrefix = shown.startswith(_COULD_CALCULATE)
    for name, part in style.items():
        setattr(cell, name, part)
    return cell


def _shown(value: object) -> str | int | float | Decimal | date | time | bool | None:
    """Return the value as a cell can hold it: short text without characters that XML forbids, exact numbers, dates."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal) and _is_exact(value):
        return value
    if (
        isinstance(value, date | time)
        and getattr(value, "tzinfo", None) is None
        and getattr(value, "year", 1900) >= 1900
    ):
        return value
    text = _NOT_IN_XML.sub("", value if isinstance(value, str) else str(value))
    if len(text) > _LONGEST_TEXT:
        return f"{text[:_LONGEST_TEXT]} … ({counted(len(text))} Zeichen)"
    return text


def _is_exact(number: float | Decimal) -> bool:
    """Say whether a spreadsheet shows all digits; longer ones (an IBAN, a bar code) are kept as text."""
    if isinstance(number, int | float):
        return abs(number) <= _LARGEST_EXACT
    if not number.is_finite():
        return False
    return len(number.as_tuple().digits) <= _EXACT_DIGITS and abs(number.adjusted()) <= _EXACT_DIGITS
