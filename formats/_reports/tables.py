"""Tables for people: German headings over typed values; text and workbook show the same ones."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from core.money import cents

Cell = str | int | Decimal | date | None

Kind = Literal["text", "amount", "day", "month", "count", "row", "rate", "factor"]
"""What a column holds; a row is the number of one."""

_GERMAN = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    heading: str
    kind: Kind = "text"
    below: str | None = None
    """On paper the value stands under its row, behind this word, where there is one; None: in a column."""
    on_paper: bool = True
    """Whether it is shown where there is little room."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns; None is an empty cell."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def shown(kind: Kind, value: Cell) -> str:
    """A value as a clerk writes it: 1.234,50 or 22.11.2026 or 20 %; empty where there is none."""
    if isinstance(value, Decimal):
        if kind == "amount":
            return f"{cents(value) + 0:,.2f}".translate(_GERMAN)
        text = f"{value:f}"
        short = (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
        return f"{short} %" if kind == "rate" else short
    if isinstance(value, int) and kind == "count":
        return f"{value:,}".translate(_GERMAN)
    if isinstance(value, date):
        return f"{value:%m/%Y}" if kind == "month" else f"{value:%d.%m.%Y}"
    return "" if value is None else plain(str(value))


def plain(text: str) -> str:
    """A text without line ends, control characters and marks that turn the direction of writing."""
    if text.isascii() and text.isprintable() and " " not in (text[:1], text[-1:]):  # most values: nothing to look for
        return text
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(char if char.isprintable() else " " for char in composed).split())


def without_empty_columns(table: Table) -> Table:
    """The table without those columns in which no row says anything."""
    kept = [place for place in range(len(table.columns)) if any(row[place] is not None for row in table.rows)]
    columns = tuple(table.columns[place] for place in kept)
    return Table(table.title, columns, tuple(tuple(row[place] for place in kept) for row in table.rows))
