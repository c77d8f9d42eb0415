"""The open amount of a row, from whichever columns the list has for it; positive = debit (Soll)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from formats._german import amount_of, amount_of_cell
from formats._headings import Columns, Field
from formats._tables import Cells

_AMOUNTS: tuple[Field, ...] = ("open", "amount", "debit", "credit")
_SIDES = {"": False, "S": False, "SOLL": False, "H": True, "HABEN": True}
_ZERO = Decimal(0)


class Amounts:
    """Reads amounts: the open amount where the list prints one, else an amount with a side, else debit less credit."""

    def __init__(self, columns: Columns, *, workbook: bool, negate: bool) -> None:
        """``negate``: positive stands for credit in this list."""
        self._index_of = columns.index_of
        self._fields = [field for field in _AMOUNTS if field in columns.index_of]
        self._parse: Callable[[Any], Decimal | None] = amount_of_cell if workbook else amount_of
        self._negate = negate

    def reader(self) -> Callable[[Cells], Decimal | None]:
        """A function that reads the signed amount of a row, None where it is wrong or missing."""
        parse = self._parse
        if self._fields[0] == "debit":
            return self._difference
        single = self._index_of[self._fields[0]]
        if "side" in self._index_of or self._negate:
            return lambda cells: self._sided(cells, parse(cells[single]))
        return lambda cells: parse(cells[single])

    def are_blank(self, cells: Cells) -> bool:
        """Say whether a row has no amount at all."""
        return all(cells[self._index_of[field]] == "" for field in self._fields)

    def stand_last(self, width: int) -> bool:
        """Say whether the last of so many columns is one that amounts are read from."""
        used = self._fields if self._fields[0] == "debit" else self._fields[:1]
        return width - 1 in {self._index_of[field] for field in used}

    def fault(self, cells: Cells) -> tuple[str, Field]:
        """What is wrong in a row whose amount could not be read, and in which column."""
        used = self._fields if self._fields[0] == "debit" else self._fields[:1]
        for field in used:
            cell = cells[self._index_of[field]]
            if cell != "" and self._parse(cell) is None:
                return "wrong_number", field
        if all(cells[self._index_of[field]] == "" for field in used):
            return "missing_amount", used[0]
        return "wrong_side", "side"

    def _difference(self, cells: Cells) -> Decimal | None:
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
