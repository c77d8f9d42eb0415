"""Tables for people as lines of text in columns, at most 100 wide; Notepad shows them as they are."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from formats._reports.tables import Cell, Column, Table, plain, shown

WIDTH = 100
"""Columns of a line."""

_GAP = "  "

_FEWEST = 12
"""Columns that a text gets at least, however wide the numbers beside it are."""


def titled(title: str) -> tuple[str, str]:
    """A title and the line under it."""
    return title, "-" * len(title)


def beginning(title: str, facts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The title of a report, and what it is about."""
    yield title
    yield "=" * len(title)
    yield ""
    for word, value in facts:
        yield f"{word + ':' if word else '':<16}{plain(value)}".rstrip()
    yield ""


def table_lines(table: Table, remark: str = "") -> Iterator[str]:
    """A table with its title; nothing where it has no rows."""
    if not table.rows:
        return
    yield from titled(table.title)
    yield from in_lines(remark, WIDTH)
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
        in_lines(cell, width) if column.kind == "text" else [cell]
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
    yield from (f"  {line}" for line in in_lines(", ".join(told), WIDTH - 2))


def in_lines(text: str, width: int) -> list[str]:
    """A text in lines; words with a hyphen stay whole."""
    return textwrap.wrap(text, width, break_on_hyphens=False)
