"""Which day does a list speak of? Its key date (Stichtag): printed above the headings, in a column, or in its name.

A list without a key date cannot be put in order with others, and a document that is missing from it proves nothing
(facts/domain.md 3.2): it is refused, unless the route says that its lists count as of their arrival.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

from core.errors import FormatError, Problem
from formats._german import date_of, date_of_cell
from formats._op_list.headings import Columns
from formats._op_list.layout import Rows
from formats._tables.delimited import Cells

_DAY = r"(\d{1,2}\.\s?\d{1,2}\.\s?(?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2})(?!\d)"
_PRINTED = (
    re.compile(r"Stichtag\D{0,12}?" + _DAY, re.IGNORECASE),
    re.compile(r"\b(?:per|zum|bis)\b:?\s+" + _DAY, re.IGNORECASE),
)
_IN_NAME = re.compile(
    r"(?<!\d)(?:(?P<y>20\d\d)[-_.]?(?P<m>[01]\d)[-_.]?(?P<d>[0-3]\d)|(?P<d2>[0-3]?\d)[-_.](?P<m2>[01]?\d)[-_.](?P<y2>20\d\d))(?!\d)"
)
_SHOWN = 5

Where = Literal["preamble", "column", "file_name", "arrival"]


_PLACES: Mapping[Where, str] = MappingProxyType({
    "preamble": "Über der Liste stehen",
    "column": "In der Spalte „Stichtag“ stehen",
    "file_name": "Im Dateinamen stehen",
})  # fmt: skip


class KeyDate(NamedTuple):
    """The key date of a list and where it was found; or what is wrong with it."""

    day: date | None
    where: Where
    problem: Problem | None = None


def key_date(preamble: Sequence[Cells], column: Iterable[object], name: str, *, arrival: bool) -> KeyDate:
    """Find the key date of a list.

    ``column`` are the cells of a column "Stichtag", ``arrival`` says that lists without a key date count as of their
    arrival.
    """
    printed = _in_preamble(preamble)
    if printed:
        return _one_of(printed, "preamble")
    in_column = {found for cell in column if cell != "" and (found := date_of_cell(cell)) is not None}
    if in_column:
        return _one_of(sorted(in_column), "column")
    named = _in_name(name)
    if named:
        return _one_of(named, "file_name")
    return KeyDate(None, "arrival", None if arrival else _missing())


def of_one_day(rows: Rows, columns: Columns, day: date) -> Iterator[Cells]:
    """Yield the rows of a list that has a column "Stichtag". Raise FormatError where it names another day."""
    index = columns.index_of["key_date"]
    for row, cells in enumerate(rows(), 1):
        cell = cells[index] if row > columns.row and index < len(cells) else ""
        found = date_of_cell(cell) if cell != "" else None
        if found is not None and found != day:
            raise FormatError(
                Problem(
                    "several_key_dates",
                    f"In dieser Zeile steht ein anderer Stichtag als in den Zeilen darüber ({day:%d.%m.%Y}).",
                    "Bitte exportieren Sie die Liste mit nur einem Stichtag.",
                    row=row,
                    column=columns.heading(index),
                    column_index=index,
                    value=_printed(cell),
                )
            )
        yield cells


def _one_of(days: Sequence[date], where: Where) -> KeyDate:
    if len(days) == 1:
        return KeyDate(days[0], where)
    shown = ", ".join(f"{day:%d.%m.%Y}" for day in days[:_SHOWN])
    place = _PLACES[where]
    problem = Problem(
        "several_key_dates",
        f"{place} mehrere Tage, die der Stichtag sein könnten: {shown}.",
        "Bitte exportieren Sie die Liste mit nur einem Stichtag.",
    )
    return KeyDate(None, where, problem)


def _in_preamble(preamble: Sequence[Cells]) -> list[date]:
    """The days that are called "Stichtag: 20.11.2026", or else "per 20.11.2026"."""
    lines = [" ".join(_printed(cell) for cell in cells) for cells in preamble]
    for pattern in _PRINTED:
        texts = [match[1].replace(" ", "") for line in lines for match in pattern.finditer(line)]
        found = list(dict.fromkeys(day for text in texts if (day := date_of(text)) is not None))
        if found:
            return found
    return []


def _in_name(name: str) -> list[date]:
    """The days in a file name, "OP-Liste_2026-11-20.csv" or "OP 20.11.2026.xlsx"."""
    days: list[date] = []
    for match in _IN_NAME.finditer(name):
        year, month, day = (
            (match["y"], match["m"], match["d"]) if match["y"] else (match["y2"], match["m2"], match["d2"])
        )
        found = date_of(f"{int(day)}.{int(month)}.{year}")
        if found is not None and found not in days:
            days.append(found)
    return days


def _printed(cell: object) -> str:
    if isinstance(cell, datetime | date):
        return cell.strftime("%d.%m.%Y")
    return str(cell)


def _missing() -> Problem:
    return Problem(
        "missing_key_date",
        "Die Liste sagt nicht, für welchen Stichtag sie gilt.",
        "Bitte exportieren Sie sie mit dem Stichtag in der Kopfzeile, oder schreiben Sie den Stichtag in den "
        "Dateinamen, zum Beispiel „OP-Liste 2026-11-20.csv“, und legen Sie die Liste neu ab.",
    )
