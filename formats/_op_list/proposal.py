"""What a list that was refused holds in its columns, as far as it can be told, and a column map for the rest.

Guesses are never used to read a list: they are shown to a person, who saves them as a setting or does not.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import BinaryIO

from core.errors import FormatError
from core.table_explanation import ExplainedColumn, TableExplanation
from formats._german import amount_of, amount_of_cell, date_of_cell
from formats._op_list.amounts import AMOUNTS
from formats._op_list.cells import account_of, text_of
from formats._op_list.fields import GERMAN_NAMES, PASSED_OVER, Field, normalised
from formats._op_list.heading_problems import HARMLESS
from formats._op_list.headings import Columns, columns_of, heading_row
from formats._op_list.other_rows import group_account, total_label
from formats._op_list.settings import Settings
from formats._op_list.sources import opened
from formats._tables.delimited import Cells

_SAMPLES = 3
_LONGEST = 40
_MOST_COLUMNS = 100
_FEWEST_HEADINGS = 3
_OPTIONAL: frozenset[Field] = frozenset({"document_date"})
"""Proposed beside what is missing, where a column has nothing but dates."""
_NOT_NEEDED = "wird nicht gebraucht"
_MONEY = re.compile(r".*\d[.,]\d{2}\D{0,6}", re.DOTALL)


def explain(source: BinaryIO, settings: Settings) -> TableExplanation | None:
    """Say what the columns of a list were taken for; None where it cannot be read as a table with headings."""
    try:
        top = opened(source, settings).top
    except FormatError:
        return None
    columns = heading_row(top, settings.columns) or _likely_headings(top)
    if columns is None:
        return None
    rows = [cells for cells in top[columns.row :] if _is_document(cells)]
    values = [_values(rows, index) for index in range(min(len(columns.headings), _MOST_COLUMNS))]
    meanings = {index: GERMAN_NAMES[field] for field, index in reversed(list(columns.index_of.items()))}
    shown = tuple(
        ExplainedColumn(_letters(index), heading, meanings.get(index) or _passed_over(heading), _shown(values[index]))
        for index, heading in enumerate(columns.headings[:_MOST_COLUMNS])
    )
    missing = _missing(columns, top)
    proposal = _proposed(columns, values, missing, settings.columns)
    return TableExplanation(
        columns.row,
        shown,
        tuple(GERMAN_NAMES[field] for field in missing),
        {"columns": {**{str(name): heading for name, heading in settings.columns.items()}, **proposal}}
        if proposal
        else {},
    )


def _likely_headings(top: Sequence[Cells]) -> Columns | None:
    """The first row of words alone that is followed by a row with amounts."""
    for row, (cells, below) in enumerate(pairwise(top), 1):
        words = [cell for cell in cells if cell != ""]
        are_words = all(isinstance(cell, str) and not any(char.isdigit() for char in cell) for cell in words)
        if len(words) >= _FEWEST_HEADINGS and are_words and any(_is_money(cell) for cell in below):
            return columns_of(row, cells, {})
    return None


def _is_document(cells: Cells) -> bool:
    words = [text for cell in cells if cell != "" and (text := text_of(cell))]
    return len(words) >= _FEWEST_HEADINGS and total_label(words) is None and not group_account(words)


def _values(rows: Sequence[Cells], index: int) -> list[object]:
    return [cells[index] for cells in rows if index < len(cells) and cells[index] != ""]


def _shown(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text_of(value)[:_LONGEST] for value in values))[:_SAMPLES]


def _passed_over(heading: str) -> str:
    return _NOT_NEEDED if normalised(heading) in PASSED_OVER else ""


def _missing(columns: Columns, top: Sequence[Cells]) -> tuple[Field, ...]:
    has = columns.index_of.keys()
    found: list[Field] = []
    groups = any(group_account([text_of(cell) for cell in cells if cell != ""]) for cells in top)
    if "account" not in has and not groups:
        found.append("account")
    if "number" not in has:
        found.append("number")
    if not has & {"open", "amount"} and not has >= {"debit", "credit"}:
        found += [field for field in ("debit", "credit") if field not in has] if has & {"debit", "credit"} else ["open"]
    return tuple(found)


# ── guesses ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_money(value: object) -> bool:
    if isinstance(value, str):
        return _MONEY.fullmatch(value) is not None and amount_of(value.strip()) is not None
    return isinstance(value, float) and not value.is_integer()


def _is_account(value: object) -> bool:
    return account_of(text_of(value)) != ""


def _is_number(value: object) -> bool:
    text = text_of(value)
    return any(char.isdigit() for char in text) and len(text) <= _LONGEST and not isinstance(value, date)


def _fits(field: Field, values: Sequence[object]) -> bool:
    """Say whether a column can hold what a field needs."""
    if field in AMOUNTS:
        return all(amount_of_cell(value) is not None for value in values) and any(map(_is_money, values))
    if field == "document_date":
        return all(date_of_cell(value) is not None for value in values)
    return all(map(_is_account if field == "account" else _is_number, values)) and not any(map(_is_money, values))


def _proposed(
    columns: Columns, values: Sequence[Sequence[object]], missing: Sequence[Field], given: Mapping[Field, str]
) -> dict[str, str]:
    """For each missing column the first that could be it, and for each that stands there twice which one was read."""
    free = [
        index
        for index in range(len(values))
        if index not in columns.index_of.values() and not _passed_over(columns.headings[index]) and values[index]
    ]
    found: dict[str, str] = {}
    for field in (*missing, *(_OPTIONAL - columns.index_of.keys() if missing else ())):
        place = _likeliest(field, values, free)
        if place is not None:
            free.remove(place)
            found[field] = _named(columns, place)
    for field, index in columns.index_of.items():
        if field not in HARMLESS and field not in given and _count(columns, index) > 1:
            found[field] = _named(columns, index)
    return found


def _likeliest(field: Field, values: Sequence[Sequence[object]], free: Sequence[int]) -> int | None:
    places = [index for index in free if _fits(field, values[index])]
    dated = {index for index in places if _fits("document_date", values[index])}
    if field in {"account", "number"}:  # numbers of documents differ from row to row, accounts do not
        sign = -1 if field == "number" else 1
        places.sort(key=lambda index: (index in dated, sign * _distinct(values[index])))
    return places[0] if places else None


def _distinct(values: Sequence[object]) -> float:
    return len({text_of(value) for value in values}) / len(values)


def _count(columns: Columns, index: int) -> int:
    names = [normalised(heading) for heading in columns.headings]
    return names.count(names[index])


def _named(columns: Columns, index: int) -> str:
    """How the settings name a column: by its heading, by heading and number, or by its letter."""
    heading = columns.headings[index]
    if not normalised(heading):
        return f"#{_letters(index)}"
    names = [normalised(name) for name in columns.headings]
    if names.count(names[index]) == 1:
        return heading
    return f"{heading}#{names[: index + 1].count(names[index])}"


def _letters(index: int) -> str:
    return chr(65 + index) if index < 26 else chr(64 + index // 26) + chr(65 + index % 26)
