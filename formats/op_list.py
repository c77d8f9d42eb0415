"""Open-item lists (OP-Liste) of BMD and RZL: delimited text or Excel workbook, in any order of columns.

What is known of these lists: facts/fibu.md 4 and 5. No real export was seen, so columns are found by their headings
and a heading that is not known can be named in the settings.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.batch import Batch, Origin
from core.errors import FormatError, Problem
from core.open_items import DOCUMENT_TYPE, ListKind, Source
from formats import _headings as headings
from formats._headings import Columns
from formats._op_rows import Layout, OpenItemRows
from formats._tables import DELIMITERS, Cells, encoding_of, first_rows, text_rows
from formats._workbook import OLE_MAGIC, ZIP_MAGIC, Sheet, refuse_old_workbook, visible_sheets
from formats._workbook_parts import Valueless

_List = tuple[list[Cells], "partial[Iterator[Cells]]", Valueless]

LABEL = "OP-Liste (CSV oder Excel)"

_MEGABYTE = 1 << 20
_WHOLE_HEADING = 1_000
_ODD_DELIMITER = re.compile(r"\s{2,}|[^\w\s.,;|/()%-]+")


class Settings(BaseModel):
    """How the lists of one route look."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source = Field(default="bmd", description="FIBU program that prints the lists.")
    kind: ListKind = Field(default="both", description="Whose open items the lists hold: customers, suppliers or both.")
    encoding: Literal["cp1252", "cp850", "iso8859-15"] = Field(
        default="cp1252", description="Encoding of text that has no byte order mark and is not UTF-8."
    )
    columns: Mapping[headings.Field, str] = Field(
        default_factory=dict,
        description='Headings that are not known, by field, e.g. { number = "Rechnung", open = "Rest" }.',
    )
    suppliers_positive: bool = Field(
        default=False, description="Lists of suppliers show what is owed to them as positive amounts."
    )
    max_rows: int = Field(default=2_000_000, ge=1, description="Longer lists are refused.")
    max_unpacked_mb: int = Field(
        default=1_000, ge=1, description="Workbooks larger than this when unpacked are refused."
    )


def sniff(head: bytes, name: str) -> bool:
    """Say whether the file is a workbook, or text with the headings of an open-item list."""
    if head.startswith(ZIP_MAGIC):
        return name.lower().endswith((".xlsx", ".xlsm")) or b"xl/" in head
    if head.startswith(OLE_MAGIC):
        return name.lower().endswith((".xlsx", ".xlsm", ".xls"))
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head.decode("utf-16", "replace")
    else:
        text = head.decode("utf-8-sig", "replace")
    rows: list[list[str]] = [[line] for line in text.splitlines()]
    if rows and rows[0][0].lstrip().startswith(("{", "[")):
        return False
    for delimiter in DELIMITERS:
        cut: list[Cells] = [[cell.strip(' "') for cell in line.split(delimiter)] for line, *_ in rows]
        if headings.is_plausible(headings.heading_row(cut, {})):
            return True
    return False


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read a list; its rows (OpenItemRow) are parsed while they are iterated.

    ``head`` holds ``source``, ``kind`` and ``key_date`` (a date, or None where the list prints none).
    Raises FormatError for encoding, delimiter, headings and damage at once, for rows when they are iterated.
    """
    source.seek(0)
    magic = source.read(8)
    if magic == OLE_MAGIC:
        refuse_old_workbook(source)
    workbook = magic.startswith(ZIP_MAGIC)
    preamble, rows, valueless = _workbook_list(source, settings) if workbook else _text_list(source, settings)
    columns = headings.heading_row(preamble, settings.columns)
    if columns is None:
        raise FormatError(_no_heading(preamble))
    headings.check_columns(columns, settings.columns)
    layout = Layout(
        columns=columns,
        workbook=workbook,
        negate=settings.suppliers_positive and settings.kind == "suppliers",
        max_rows=settings.max_rows,
        may_be_cut=not workbook and not _ends_with_line_end(source),
        valueless=valueless,
    )
    head: Mapping[str, Any] = {
        "source": settings.source,
        "kind": settings.kind,
        "key_date": headings.key_date_of(preamble[: columns.row - 1]),
    }
    return Batch(origin, DOCUMENT_TYPE, OpenItemRows(rows, layout), head)


def table(source: BinaryIO, settings: Settings) -> Iterator[Sequence[object]]:
    """Yield the rows as a person sees them; nothing where the file cannot be read as a table at all."""
    source.seek(0)
    magic = source.read(8)
    try:
        if magic == OLE_MAGIC:
            return
        _, rows, _ = (_workbook_list if magic.startswith(ZIP_MAGIC) else _text_list)(source, settings)
        yield from rows()
    except FormatError:
        return


def _text_list(source: BinaryIO, settings: Settings) -> "_List":
    """The first rows, cut at the delimiter that finds most headings, and a way to read all."""
    encoding = encoding_of(source, settings.encoding)
    candidates: list[tuple[int, str, list[Cells]]] = []
    fault: FormatError | None = None
    for delimiter in DELIMITERS:
        try:
            rows = first_rows(source, encoding, delimiter)
        except FormatError as error:  # a quotation mark may be good with one delimiter and bad with another
            fault = fault or error
        else:
            best = max((score for score, *_ in candidates), default=0)
            if max(map(len, rows), default=0) <= best - _WHOLE_HEADING:
                continue  # too few cells to find more headings
            candidates.append((_score(headings.heading_row(rows, settings.columns), rows, settings), delimiter, rows))
    score, delimiter, rows = max(candidates, key=lambda candidate: candidate[0], default=(0, ";", []))
    if fault is not None and score < _WHOLE_HEADING:
        raise fault
    return rows, partial(text_rows, source, encoding, delimiter), {}


def _workbook_list(source: BinaryIO, settings: Settings) -> "_List":
    """The first rows of the sheet that has headings, and a way to read all."""
    sheets = visible_sheets(source, settings.max_unpacked_mb * _MEGABYTE)
    found: list[tuple[Sheet, list[Cells]]] = []
    for sheet in sheets:
        rows = sheet.first_rows()
        if headings.heading_row(rows, settings.columns) is not None:
            found.append((sheet, rows))
    if len(found) > 1:
        names = ", ".join(f"„{sheet.name}“" for sheet, _ in found)
        raise FormatError(
            Problem(
                "several_sheets",
                f"Die Excel-Datei enthält mehrere Listen, in den Tabellenblättern {names}.",
                "Bitte lassen Sie nur eine Liste in der Datei, oder blenden Sie die anderen Tabellenblätter aus.",
            )
        )
    if not found and sheets:
        found = [(sheets[0], sheets[0].first_rows())]
    if not found or not found[0][1]:
        raise FormatError(
            Problem(
                "empty_file",
                "Die Excel-Datei enthält keine Zeilen.",
                "Bitte exportieren Sie die Liste noch einmal und legen Sie sie neu ab.",
            )
        )
    sheet, rows = found[0]
    return rows, partial(sheet.rows), sheet.valueless


def _score(columns: Columns | None, rows: list[Cells], settings: Settings) -> int:
    """How well a delimiter fits: the headings understood, a whole heading row before parts of one."""
    if columns is not None:
        return _WHOLE_HEADING + len(columns.index_of)
    return max((len(headings.fields_of(cells, settings.columns)) for cells in rows), default=0)


def _no_heading(preamble: list[Cells]) -> Problem:
    """Say why there is no heading row: another delimiter, a missing column, or no list at all."""
    for row, cells in enumerate(preamble, 1):
        line = " ".join(str(cell) for cell in cells)
        parts: Cells = [part.strip() for part in _ODD_DELIMITER.split(line)]
        if len(parts) > len(cells) and headings.heading_row([parts], {}) is not None:
            return Problem(
                "wrong_delimiter",
                "Die Spalten der Liste sind nicht durch Strichpunkt, Tabulator, Beistrich oder | getrennt.",
                "Bitte exportieren Sie die Liste als CSV-Datei mit Strichpunkt oder als Excel-Datei (XLSX).",
                row=row,
                value=line[:80],
            )
    best = max(enumerate(preamble, 1), key=lambda row: len(headings.fields_of(row[1], {})), default=(1, []))
    if len(headings.fields_of(best[1], {})) >= 2:
        headings.check_columns(headings.columns_of(best[0], best[1], {}), {})
    return Problem(
        "no_heading",
        "In den ersten 50 Zeilen steht keine Überschrift mit Konto, OP-Nr. und Betrag; die Datei ist keine OP-Liste.",
        "Bitte exportieren Sie die OP-Liste mit Spaltenüberschriften.",
    )


def _ends_with_line_end(source: BinaryIO) -> bool:
    source.seek(0, 2)
    source.seek(max(0, source.tell() - 4))
    return source.read().strip(b"\0")[-1:] in (b"\r", b"\n")
