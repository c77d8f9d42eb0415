"""Lists of open items (OP-Liste) and of cleared ones (Auszifferungsliste) of BMD, RZL and DATEV.

Delimited text, print lists of fixed width, or Excel workbooks, in any order of columns. What is known of these lists:
facts/fibu.md 2, 4 and 5. No real export was seen, so columns are found by their headings, and a heading that is not
known can be named in the settings.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

from core.batch import Batch, Origin
from core.errors import FormatError
from core.open_items import CLEARING_LIST_TYPE, DOCUMENT_TYPE, ListReading
from formats import op_decisions
from formats._op_list import heading_problems
from formats._op_list.amounts import Amounts
from formats._op_list.cells import text_of
from formats._op_list.clearings import clearings
from formats._op_list.documents import Documents
from formats._op_list.fixed import has_headings
from formats._op_list.headings import Columns, heading_row, is_plausible
from formats._op_list.key_date import KeyDate, key_date, of_one_day
from formats._op_list.layout import Layout
from formats._op_list.other_rows import group_account, signature
from formats._op_list.plausible import running_balance
from formats._op_list.proposal import explain
from formats._op_list.rows import open_items
from formats._op_list.settings import Settings
from formats._op_list.sources import Opened, opened
from formats._tables.delimited import DELIMITERS, Cells
from formats._tables.ods import MIME_TYPE
from formats._tables.ole_file import OLE_MAGIC
from formats._tables.workbook import ZIP_MAGIC

__all__ = ["LABEL", "Settings", "explain", "read", "sniff", "table"]

LABEL = "OP-Liste oder Auszifferungsliste (CSV, Text oder Excel)"

_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
_LINE = re.compile(r"\r\n|\r|\n")


def sniff(head: bytes, name: str) -> bool:
    """Say whether the file is a workbook, or text with the headings of such a list, but no table of decisions."""
    if op_decisions.sniff(head, name):
        return False
    if head.startswith(ZIP_MAGIC):
        return name.lower().endswith(_WORKBOOKS) or b"xl/" in head or MIME_TYPE in head
    if head.startswith(OLE_MAGIC):
        return name.lower().endswith(_WORKBOOKS)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head.decode("utf-16", "replace")
    else:
        text = head.decode("utf-8-sig", "replace")
    if text.lstrip().startswith(("{", "[")):
        return False
    lines = _LINE.split(text)
    for delimiter in DELIMITERS:
        cut: list[Cells] = [[cell.strip(' "') for cell in line.split(delimiter)] for line in lines]
        found = heading_row(cut, {})
        if found is not None:
            return is_plausible(found)
    return has_headings(lines)


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read a list; its rows (OpenItemRow, or ClearingRow of a clearing list) are parsed while they are iterated.

    ``head`` is described in ``core/open_items.py``. Raises FormatError for encoding, delimiter, headings and damage
    at once, for rows and a missing key date when they are iterated.
    """
    found = opened(source, settings)
    columns = heading_row(found.top, settings.columns)
    if columns is None:
        raise FormatError(heading_problems.no_heading(found.top))
    heading_problems.check_columns(columns, settings.columns)
    before = found.top[: columns.row - columns.height]
    day = _key_date(found, columns, before, origin.name, settings)
    as_printed = Amounts(columns, workbook=found.workbook, negate=False)
    running = running_balance(columns, found.top[columns.row :], as_printed)
    layout = Layout(
        columns=columns,
        workbook=found.workbook,
        negate=settings.suppliers_positive and settings.kind == "suppliers",
        max_rows=settings.max_rows,
        may_be_cut=found.may_be_cut,
        account="" if "account" in columns.index_of else _account_above(before),
        preamble=frozenset(signature([text for cell in cells if (text := text_of(cell))]) for cells in before),
        valueless=found.valueless,
        problems=tuple(filter(None, (day.problem, running))),
    )
    reading = ListReading()
    rows = found.rows
    if day.where == "column" and day.day is not None:
        rows = partial(of_one_day, rows, columns, day.day)
    head: Mapping[str, Any] = {
        "source": settings.source,
        "kind": settings.kind,
        "key_date": day.day,
        "key_date_from": day.where,
        "reading": reading,
    }
    if columns.is_clearing:
        return Batch(origin, CLEARING_LIST_TYPE, Documents(rows, layout, reading, clearings), head)
    return Batch(origin, DOCUMENT_TYPE, Documents(rows, layout, reading, open_items), head)


def _account_above(before: Sequence[Cells]) -> str:
    """The account that the last group row above the headings names."""
    words = ([text for cell in cells if (text := text_of(cell))] for cells in reversed(before))
    return next((account for row in words if (account := group_account(row))), "")


def _key_date(found: Opened, columns: Columns, before: Sequence[Cells], name: str, settings: Settings) -> KeyDate:
    index = columns.index_of.get("key_date")
    below = found.top[columns.row :]
    cells = [] if index is None else [row[index] for row in below if index < len(row)]
    arrival = columns.is_clearing or settings.without_key_date == "arrival"  # clearings have days of their own
    return key_date(before, cells, name, arrival=arrival)


def table(source: BinaryIO, settings: Settings) -> Iterator[Sequence[object]]:
    """Yield the rows as a person sees them; nothing where the file cannot be read as a table at all."""
    try:
        yield from opened(source, settings).rows()
    except FormatError:
        return
