"""The open amount of a row, from whichever columns the list has for it; positive = debit (Soll)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from formats._german import amount_of, amount_of_cell
from formats._op_list.fields import Field
from formats._op_list.headings import Columns
from formats._tables.delimited import Cells

AMOUNTS: tuple[Field, ...] = ("open", "amount", "debit", "credit")
"""Columns of amounts; an open-item list is read from the first of them that it has."""
_AMOUNTS_OF_CLEARINGS: tuple[Field, ...] = ("debit", "credit", "amount", "open")
_SIDES = {"": False, "S": False, "SOLL": False, "H": True, "HABEN": True}
_ZERO = Decimal(0)


class Amounts:
    """Reads amounts: the open amount where the list prints one, else an amount with a side, else debit less credit."""

    def __init__(self, columns: Columns, *, workbook: bool, negate: bool) -> None:
        """``negate``: positive stands for credit in this list."""
        self._index_of = columns.index_of
        wanted = AMOUNTS
        if columns.is_clearing and columns.index_of.keys() >= {"debit", "credit"}:
            wanted = _AMOUNTS_OF_CLEARINGS
        self._fields = [field for field in wanted if field in columns.index_of]
        self._used = self._fields[: 2 if self._fields[0] == "debit" else 1]
        self._parse: Callable[[Any], Decimal | None] = amount_of_cell if workbook else amount_of
        self._negate = negate

    def reader(self) -> Callable[[Cells], Decimal | None]:
        """A function that reads the signed amount of a row, None where it is wrong or missing."""
        parse = self._parse
        if self._fields[0] == "debit":
            return self.difference
        single = self._index_of[self._fields[0]]
        if "side" in self._index_of or self._negate:
            return lambda cells: self._sided(cells, parse(cells[single]))
        return lambda cells: parse(cells[single])

    def are_blank(self, cells: Cells, *, used: bool = False) -> bool:
        """Say whether a row has no amount at all; or none in the columns that amounts are read from."""
        return all(cells[self._index_of[field]] == "" for field in (self._used if used else self._fields))

    def fault(self, cells: Cells) -> tuple[str, Field]:
        """What is wrong in a row whose amount could not be read, and in which column."""
        for field in self._used:
            cell = cells[self._index_of[field]]
            if cell != "" and self._parse(cell) is None:
                return "wrong_number", field
        if self.are_blank(cells, used=True):
            return "missing_amount", self._used[0]
        return "wrong_side", "side"

    def single(self, cells: Cells, field: Field) -> Decimal | None:
        """The amount in one column as it is printed; None where there is none."""
        return self._parse(cells[self._index_of[field]])

    def difference(self, cells: Cells) -> Decimal | None:
        """Debit less credit; None where the list has no such columns, or nothing stands in them."""
        if not self._index_of.keys() >= {"debit", "credit"}:
            return None
        debit, credit = cells[self._index_of["debit"]], cells[self._index_of["credit"]]
        left = self._parse(debit) if debit != "" else _ZERO
        right = self._parse(credit) if credit != "" else _ZERO
        if left is None or right is None or debit == credit == "":
            return None
        return right - left if self._negate else left - right

    def _sided(self, cells: Cells, amount: Decimal | None) -> Decimal | None:
        side = self._index_of.get("side")
        mark = "" if side is None else str(cells[side]).strip().upper()
        if amount is None or mark not in _SIDES:
            return None
        return -amount if _SIDES[mark] != self._negate else amount
