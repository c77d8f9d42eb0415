"""Excel workbooks (XLSX): the rows of a sheet, and which kinds of workbooks are refused."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from core.errors import FormatError, Problem
from formats._tables import HEADING_AREA, Cells
from formats._workbook_parts import Valueless, damaged, encrypted, look_through

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
_SAVE_AS_XLSX = "Bitte speichern Sie die Liste in Excel als XLSX-Datei ohne Kennwort und legen Sie sie neu ab."


class Sheet(NamedTuple):
    """A visible sheet of a workbook."""

    name: str
    sheet: CalamineSheet
    valueless: Valueless
    """Cells of the workbook in which something else stands than a value; they are read as blank."""

    def rows(self) -> Iterator[Cells]:
        """Iterate over the cells of every row, row 1 first."""
        start = self.sheet.start
        if start is None:
            return iter(())
        # iter_rows begins with row 1, blank or not, but leaves out the blank columns on the left.
        rows: Iterator[Cells] = iter(self.sheet.iter_rows())  # type: ignore[arg-type]  # read as objects
        if margin := start[1]:
            rows = ([*[""] * margin, *cells] for cells in rows)
        return rows

    def first_rows(self) -> list[Cells]:
        """The rows in which a heading is looked for."""
        found: list[Cells] = []
        for cells in self.rows():
            found.append(cells)
            if len(found) == HEADING_AREA:
                break
        return found


def refuse_old_workbook(source: BinaryIO) -> None:
    """Raise FormatError for an encrypted workbook or one of the old XLS kind."""
    source.seek(0)
    if _ENCRYPTED_MARK in source.read(4 << 20):
        raise FormatError(encrypted())
    raise FormatError(Problem("old_workbook", "Die Datei ist im alten Excel-Format (XLS) gespeichert.", _SAVE_AS_XLSX))


def visible_sheets(source: BinaryIO, largest: int) -> list[Sheet]:
    """Open a workbook whose unpacked parts hold at most ``largest`` bytes together.

    Raises FormatError for a damaged or protected workbook, for a bomb and for one that declares XML entities.
    """
    valueless = look_through(source, largest)
    source.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(source)
        return [
            Sheet(meta.name, workbook.get_sheet_by_name(meta.name), valueless)
            for meta in workbook.sheets_metadata
            if meta.visible == SheetVisibleEnum.Visible
        ]
    except PasswordError as failure:
        raise FormatError(encrypted()) from failure
    except (CalamineError, OSError, ValueError) as failure:
        raise damaged() from failure
