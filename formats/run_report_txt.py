"""The report of an export run as a text for people: Notepad shows it in columns.

UTF-8 with a byte order mark, CRLF, at most 100 columns, numbers as 1.234,50. One report is one file.
"""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from core.batch import Output
from core.run_report import RunReport
from formats._fibu_text import CompanyDecides
from formats._report_tables import (
    AGREES,
    DIFFERS,
    TITLE,
    UVA_MEANING,
    Cell,
    Column,
    Table,
    accounts_table,
    balances_table,
    documents_table,
    head,
    kinds_table,
    plain,
    rest_table,
    shown,
    uva_table,
)

LABEL = "Übergabeprotokoll (Text)"
WriterSettings = CompanyDecides
WIDTH = 100
"""Columns of a line."""
_GAP = "  "
_FEWEST = 12
"""Columns that a text gets at least, however wide the numbers beside it are."""


def open_writer(_output: Output, _settings: CompanyDecides) -> "TextWriter":
    """Make the writer of one file."""
    return TextWriter()


class TextWriter:
    """Writes reports as text."""

    def begin(self) -> bytes:
        """The byte order mark: Notepad then knows the encoding."""
        return "\ufeff".encode()

    def add(self, documents: Sequence[RunReport]) -> bytes:
        """The text of these reports."""
        lines = (line for report in documents for line in _lines(report))
        return "".join(f"{line}\r\n" for line in lines).encode()

    def end(self) -> bytes:
        """Nothing comes after the last line."""
        return b""


def _lines(report: RunReport) -> Iterator[str]:
    yield TITLE
    yield "=" * len(TITLE)
    yield ""
    for word, value in head(report):
        yield f"{word + ':' if word else '':<16}{plain(value)}".rstrip()
    yield ""
    yield from _table(kinds_table(report))
    yield from _table(balances_table(report), AGREES if report.agrees else DIFFERS)
    yield from _warnings(report)
    yield from _table(accounts_table(report))
    yield from _table(uva_table(report), UVA_MEANING)
    yield from _table(rest_table(report))
    yield from _table(documents_table(report))


def _warnings(report: RunReport) -> Iterator[str]:
    if not report.warnings:
        return
    yield from _title(f"Hinweise ({len(report.warnings)})")
    for number, problem in enumerate(report.warnings, start=1):
        said = [line for text in (problem.what, problem.todo) for line in _wrapped(plain(text), WIDTH - 5)]
        yield from (f"{f'{number}.' if first == 0 else '':<5}{line}" for first, line in enumerate(said))
    yield ""


def _title(title: str) -> tuple[str, str]:
    return title, "-" * len(title)


def _table(table: Table, remark: str = "") -> Iterator[str]:
    """A table with its title; nothing where it has no rows."""
    if not table.rows:
        return
    yield from _title(table.title)
    yield from _wrapped(remark, WIDTH)
    places = [place for place, column in enumerate(table.columns) if column.on_paper]
    beside = [place for place in places if table.columns[place].below is None]
    below = [place for place in places if place not in beside]
    columns = [table.columns[place] for place in beside]
    texts = [[shown(table.columns[place].kind, row[place]) for place in beside] for row in table.rows]
    widths = _widths(columns, texts)
    yield from _row(columns, [column.heading for column in columns], widths)
    yield _GAP.join("-" * width for width in widths)
    for row, cells in zip(table.rows, texts, strict=True):
        yield from _row(columns, cells, widths)
        yield from _below([(table.columns[place], row[place]) for place in below])
    yield ""


def _widths(columns: Sequence[Column], texts: Sequence[Sequence[str]]) -> list[int]:
    """Each column as wide as its longest value; the widest text gives way where the line would be too long."""
    widths = [max(len(text) for text in (column.heading, *values)) for column, values in _by_column(columns, texts)]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - WIDTH
    while over > 0:
        widest = max((place for place, column in enumerate(columns) if column.kind == "text"), key=widths.__getitem__)
        if widths[widest] <= _FEWEST:
            break
        widths[widest] -= 1
        over -= 1
    return widths


def _by_column(columns: Sequence[Column], texts: Sequence[Sequence[str]]) -> Iterator[tuple[Column, list[str]]]:
    return ((column, [row[place] for row in texts]) for place, column in enumerate(columns))


def _row(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """One row, on as many lines as its longest text needs."""
    wrapped = [
        _wrapped(cell, width) if column.kind == "text" else [cell]
        for column, cell, width in zip(columns, cells, widths, strict=True)
    ]
    for parts in zip_longest(*wrapped, fillvalue=""):
        line = _GAP.join(
            f"{part:<{width}}" if column.kind == "text" else f"{part:>{width}}"
            for column, part, width in zip(columns, parts, widths, strict=True)
        )
        yield line.rstrip()


def _below(values: Sequence[tuple[Column, Cell]]) -> Iterator[str]:
    """What stands under a row, from the first value on."""
    told = [f"{column.below} {shown(column.kind, value)}".strip() for column, value in values if value is not None]
    yield from (f"  {line}" for line in _wrapped(", ".join(told), WIDTH - 2))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)
