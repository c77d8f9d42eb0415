"""Is a column what its heading says? "Saldo" heads open amounts in some lists, and a running balance in others."""

from decimal import Decimal

from core.errors import Problem
from formats._op_list.amounts import Amounts
from formats._op_list.cells import text_of
from formats._op_list.fields import Field
from formats._op_list.headings import Columns
from formats._tables.delimited import Cells

_ENOUGH = 2
"""So many rows in a row have to run on from the one above."""


def running_balance(columns: Columns, rows: list[Cells], amounts: Amounts) -> Problem | None:
    """Say so where the open amounts of the first rows add up from row to row; to read them would be quite wrong."""
    if not columns.index_of.keys() >= {"open", "debit", "credit"} or columns.is_clearing:
        return None
    balance: Decimal | None = None
    running = 0
    for cells in rows:
        change = amounts.difference(_filled(cells, columns))
        stated = amounts.single(_filled(cells, columns), "open")
        if change is None or stated is None or not _has_number(cells, columns):
            balance, running = stated, 0
            continue
        goes_on = balance is not None and balance != 0 and stated != change and stated == balance + change
        running = running + 1 if goes_on else 0
        if running == _ENOUGH:
            return _problem(columns)
        balance = stated
    return None


def _filled(cells: Cells, columns: Columns) -> Cells:
    return [*cells, *[""] * (len(columns.headings) - len(cells))]


def _has_number(cells: Cells, columns: Columns) -> bool:
    place = columns.index_of.get("number", len(cells))
    return place < len(cells) and text_of(cells[place]) != ""


def _problem(columns: Columns) -> Problem:
    field: Field = "open"
    index = columns.index_of[field]
    return Problem(
        "running_balance",
        f"Die Spalte „{columns.headings[index]}“ enthält keinen offenen Betrag, sondern einen Saldo, der von Zeile zu "
        "Zeile weiterläuft.",
        "Bitte exportieren Sie die Liste mit dem offenen Betrag je Posten, oder ohne diese Spalte.",
        row=columns.row,
        column=columns.headings[index],
        column_index=index,
    )
