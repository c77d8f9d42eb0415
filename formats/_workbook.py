"""Excel workbooks (XLSX): what must not be opened, and the rows of a sheet.

python-calamine reads a sheet whole, so the size is checked before: from the directory of the zip container
(facts/performance.md 4, facts/ecosystem.md 11).
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import IO, BinaryIO, NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from core.errors import FormatError, Problem
from formats._tables import HEADING_AREA, Cells

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
_SMALL = 10 << 20
"""Below so many unpacked bytes any ratio is harmless."""
_LARGEST_RATIO = 200
"""Tables of numbers pack 5 to 20 times; a bomb 1,000 times."""
_READ = 1 << 20
_SEARCHED = 4 << 20
_SPARE_ROWS = 1_000
_FAR_COLUMN = rb"((?:[A-Za-z]{3,}|[D-Zd-z][A-Za-z]|[Cc][W-Zw-z])\d+"
"""A reference to a cell beyond column CV, the hundredth."""
_UNUSUAL = (b"r='", b"r =", b"r= ", b"r\t", b"r\n", b"r\r", b"r=\t", b"r=\n", b"r=\r")
"""How an attribute r may be written besides r="..., which a search finds three times as fast."""
_ZIP_FAULTS = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error,
)  # fmt: skip
_SAVE_AS_XLSX = "Bitte speichern Sie die Liste in Excel als XLSX-Datei ohne Kennwort und legen Sie sie neu ab."


class Sheet(NamedTuple):
    """A visible sheet of a workbook."""

    name: str
    sheet: CalamineSheet

    def rows(self) -> Iterator[Cells]:
        """Iterate over the cells of every row, row 1 first."""
        start = self.sheet.start
        if start is None:
            return iter(())
        above, margin = start
        rows: Iterator[Cells] = iter(self.sheet.iter_rows())  # type: ignore[arg-type]  # read as objects
        if margin:
            rows = ([*[""] * margin, *cells] for cells in rows)
        return chain(([] for _ in range(above)), rows)

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
        raise FormatError(Problem("encrypted", "Die Excel-Datei ist mit einem Kennwort geschützt.", _SAVE_AS_XLSX))
    raise FormatError(Problem("old_workbook", "Die Datei ist im alten Excel-Format (XLS) gespeichert.", _SAVE_AS_XLSX))


def visible_sheets(source: BinaryIO, largest: int) -> list[Sheet]:
    """Open a workbook whose unpacked parts hold at most ``largest`` bytes together.

    Raises FormatError for a damaged or protected workbook, for a bomb and for one that declares XML entities.
    """
    _check_container(source, largest)
    source.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(source)
        return [
            Sheet(meta.name, workbook.get_sheet_by_name(meta.name))
            for meta in workbook.sheets_metadata
            if meta.visible == SheetVisibleEnum.Visible
        ]
    except PasswordError as failure:
        raise FormatError(
            Problem("encrypted", "Die Excel-Datei ist mit einem Kennwort geschützt.", _SAVE_AS_XLSX)
        ) from failure
    except (CalamineError, OSError, ValueError) as failure:
        raise _damaged() from failure


def _check_container(source: BinaryIO, largest: int) -> None:
    try:
        with zipfile.ZipFile(source) as container:
            parts = container.infolist()
            unpacked = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts)
            if unpacked > largest or (unpacked > _SMALL and unpacked > _LARGEST_RATIO * max(packed, 1)):
                raise FormatError(
                    Problem(
                        "zip_bomb",
                        f"Die Excel-Datei wäre entpackt {unpacked >> 20} MB groß; das braucht keine Liste.",
                        "Bitte exportieren Sie die Liste neu, bei sehr vielen Zeilen als CSV-Datei.",
                    )
                )
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    with container.open(part) as content:
                        start = content.read(2048)
                        _refuse_entities(start)
                        if b"<worksheet" in start or b":worksheet" in start:
                            _refuse_far_cells(start, content, part.file_size)
    except _ZIP_FAULTS as failure:
        raise _damaged() from failure


def _refuse_entities(start: bytes) -> None:
    if b"<!" in start.replace(b"\0", b"") and b"<!--" not in start:
        raise FormatError(
            Problem(
                "xml_entities",
                "Die Excel-Datei enthält Anweisungen, die in einer Liste nichts zu suchen haben.",
                "Bitte öffnen Sie die Liste in Excel und speichern Sie sie neu als XLSX-Datei.",
            )
        )


def _refuse_far_cells(start: bytes, rest: IO[bytes], size: int) -> None:
    """Refuse a sheet with a cell far from all others: calamine makes room for every cell between, and dies of it.

    A row takes at least ten bytes, so no list has a cell in a row of more digits than this allows. Only the first
    megabytes are searched, small files whole: to search all would cost a third of the time that reading takes. What
    gets through is left to the memory limit of the process that reads.
    """
    digits = len(str(_SPARE_ROWS + size // 10))
    reference = _FAR_COLUMN + rb"|[A-Za-z]*\d{%d,})" % (digits + 1)
    usual, any_spelling = re.compile(rb'r="' + reference), re.compile(rb"""r\s*=\s*["']""" + reference)
    chunk, searched = start, 0
    while chunk and searched < _SEARCHED:
        unusual = any(spelling in chunk for spelling in _UNUSUAL)
        found = (any_spelling if unusual else usual).search(chunk)
        if found is not None:
            raise FormatError(
                Problem(
                    "far_cell",
                    f"In der Excel-Datei steht weit außerhalb der Liste noch ein Eintrag ({found[1].decode('ascii')}).",
                    "Bitte löschen Sie in Excel die Zeilen und Spalten hinter der Liste und speichern Sie sie neu.",
                )
            )
        searched += len(chunk)
        more = rest.read(_READ)
        chunk = chunk[-40:] + more if more else b""


def _damaged() -> FormatError:
    return FormatError(
        Problem(
            "damaged_workbook",
            "Die Excel-Datei ist beschädigt oder unvollständig und lässt sich nicht öffnen.",
            "Bitte exportieren Sie die Liste noch einmal und legen Sie sie vollständig ab.",
        )
    )
