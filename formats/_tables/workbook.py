"""Workbooks (XLSX, XLSM, ODS, XLS): their visible sheets and the rows of these."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import BinaryIO, NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from core.errors import FormatError, Problem
from formats._tables.delimited import HEADING_AREA, Cells
from formats._tables.ole_file import BrokenFileError
from formats._tables.xls import OlderError, ProtectedError, xls_sheets
from formats._tables.xlsx_parts import Valueless, damaged, encrypted, faults_are_damage, look_through

ZIP_MAGIC = b"PK\x03\x04"

_ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
_SAVE_AS_XLSX = "Bitte speichern Sie die Liste in Excel als XLSX-Datei ohne Kennwort und legen Sie sie neu ab."


class Sheet(NamedTuple):
    """A visible sheet of a workbook."""

    name: str
    rows: Callable[[], Iterator[Cells]]
    """Iterates over the cells of every row, row 1 first."""
    valueless: Valueless
    """Cells of the workbook in which something else stands than a value; they are read as blank."""

    def first_rows(self) -> list[Cells]:
        """The rows in which a heading is looked for."""
        return list(islice(self.rows(), HEADING_AREA))


def _rows(sheet: CalamineSheet) -> Iterator[Cells]:
    start = sheet.start
    if start is None:
        return iter(())
    # iter_rows begins with row 1, blank or not, but leaves out the blank columns on the left.
    rows: Iterator[Cells] = iter(sheet.iter_rows())  # type: ignore[arg-type]  # read as objects
    if margin := start[1]:
        rows = ([*[""] * margin, *cells] for cells in rows)
    return rows


def old_sheets(source: BinaryIO, largest: int) -> list[Sheet]:
    """Open a workbook of the old XLS kind, of at most ``largest`` bytes.

    Raises FormatError for a damaged or protected one, and for one that is still older.
    """
    source.seek(0)
    content = source.read(largest + 1)
    if _ENCRYPTED_MARK in content[: 4 << 20]:
        raise FormatError(encrypted())
    try:
        if len(content) > largest:
            raise OlderError
        return [Sheet(sheet.name, sheet.rows, sheet.errors) for sheet in xls_sheets(content)]
    except ProtectedError as failure:
        raise FormatError(encrypted()) from failure
    except OlderError as failure:
        old = "Die Datei ist in einem alten Excel-Format gespeichert, das nicht gelesen werden kann."
        raise FormatError(Problem("old_workbook", old, _SAVE_AS_XLSX)) from failure
    except BrokenFileError as failure:
        raise damaged() from failure


def visible_sheets(source: BinaryIO, largest: int) -> list[Sheet]:
    """Open a workbook whose unpacked parts hold at most ``largest`` bytes together.

    Raises FormatError for a damaged or protected workbook, for a bomb and for one that declares XML entities.
    """
    valueless = look_through(source, largest)
    source.seek(0)
    with faults_are_damage(CalamineError, OSError, ValueError):
        try:
            workbook = CalamineWorkbook.from_filelike(source)
            return [
                Sheet(meta.name, partial(_rows, workbook.get_sheet_by_name(meta.name)), valueless)
                for meta in workbook.sheets_metadata
                if meta.visible == SheetVisibleEnum.Visible
            ]
        except PasswordError as failure:
            raise FormatError(encrypted()) from failure
