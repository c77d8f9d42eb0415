"""Where do the rows of a list come from: delimited text, a print list of fixed width, or a sheet of a workbook?"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from core.errors import FormatError, Problem
from formats._op_list.fields import Field
from formats._op_list.fixed import fixed_width_rows
from formats._op_list.headings import Columns, fields_of, heading_row
from formats._op_list.layout import Rows
from formats._op_list.settings import Settings
from formats._tables.delimited import DELIMITERS, Cells, encoding_of, first_rows, text_rows
from formats._tables.ole_file import OLE_MAGIC
from formats._tables.workbook import ZIP_MAGIC, Sheet, old_sheets, visible_sheets
from formats._tables.xlsx_parts import Valueless

_MEGABYTE = 1 << 20
_WHOLE_HEADING = 1_000


class Opened(NamedTuple):
    """A list whose rows can be read."""

    top: list[Cells]
    """The rows in which a heading is looked for."""
    rows: Rows
    workbook: bool
    may_be_cut: bool
    valueless: Valueless = MappingProxyType({})


def opened(source: BinaryIO, settings: Settings) -> Opened:
    """Find out how a list is written. Raises FormatError for encoding, damage, and for two lists in one workbook."""
    source.seek(0)
    magic = source.read(8)
    largest = settings.max_unpacked_mb * _MEGABYTE
    if magic == OLE_MAGIC:
        return _workbook_list(old_sheets(source, largest), settings)
    if magic.startswith(ZIP_MAGIC):
        return _workbook_list(visible_sheets(source, largest), settings)
    return _text_list(source, settings)


def _text_list(source: BinaryIO, settings: Settings) -> Opened:
    """Cut at the delimiter that finds most headings, else at the edges of its columns."""
    encoding = encoding_of(source, settings.encoding)
    may_be_cut = not _ends_with_line_end(source)
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
            candidates.append((_score(heading_row(rows, settings.columns), rows, settings.columns), delimiter, rows))
    score, delimiter, rows = max(candidates, key=lambda candidate: candidate[0], default=(0, ";", []))
    if score < _WHOLE_HEADING:
        fixed = fixed_width_rows(source, encoding, settings.columns)
        if fixed is not None:
            return Opened(*fixed, workbook=False, may_be_cut=may_be_cut)
        if fault is not None:
            raise fault
    all_rows: Rows = partial(text_rows, source, encoding, delimiter)
    if any(str(cell) != str(cell).strip() for cells in rows for cell in cells):
        all_rows = partial(_stripped_rows, all_rows)
    return Opened(rows, all_rows, workbook=False, may_be_cut=may_be_cut)


def _stripped_rows(rows: Rows) -> Iterator[Cells]:
    for cells in rows():
        yield [str(cell).strip() for cell in cells]


def _score(columns: Columns | None, rows: list[Cells], given: Mapping[Field, str]) -> int:
    """How well a delimiter fits: the headings understood, a whole heading row before parts of one."""
    if columns is not None:
        return _WHOLE_HEADING + len(columns.index_of)
    return max((len(fields_of(cells, given)) for cells in rows), default=0)


def _ends_with_line_end(source: BinaryIO) -> bool:
    source.seek(0, 2)
    source.seek(max(0, source.tell() - 4))
    return source.read().strip(b"\0")[-1:] in (b"\r", b"\n")


def _workbook_list(sheets: Sequence[Sheet], settings: Settings) -> Opened:
    """The sheet that has headings."""
    found: list[tuple[Sheet, list[Cells]]] = []
    for sheet in sheets:
        rows = sheet.first_rows()
        if heading_row(rows, settings.columns) is not None:
            found.append((sheet, rows))
    if len(found) > 1:
        raise FormatError(_several_sheets([sheet.name for sheet, _ in found]))
    if not found:
        found = [(sheet, rows) for sheet in sheets if (rows := sheet.first_rows())]
    if not found:
        raise FormatError(
            Problem(
                "empty_file",
                "Die Excel-Datei enthält keine Zeilen.",
                "Bitte exportieren Sie die Liste noch einmal und legen Sie sie neu ab.",
            )
        )
    sheet, rows = found[0]
    return Opened(rows, sheet.rows, workbook=True, may_be_cut=False, valueless=sheet.valueless)


def _several_sheets(names: list[str]) -> Problem:
    shown = ", ".join(f"„{name}“" for name in names)
    return Problem(
        "several_sheets",
        f"Die Excel-Datei enthält mehrere Listen, in den Tabellenblättern {shown}.",
        "Bitte lassen Sie nur eine Liste in der Datei, oder blenden Sie die anderen Tabellenblätter aus.",
    )
