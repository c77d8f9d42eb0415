"""Whose is a row that names no account? Accounts stand in every row, in the first row of a block, or in a group row."""

from collections.abc import Sequence

_MOST_ROWS = 100


class CarriedAccount:
    """The account that rows below it belong to, unless they name one of their own."""

    def __init__(self, account: str) -> None:
        """``account``: named above the headings, "" where none is."""
        self._account = account
        self._row = 0
        """Row of the document that it is carried from; 0 where a group row names it."""
        self._last: object = None
        self.in_every_row = False
        """Some row has repeated the account of the row above it: in this list a blank account is a fault."""
        self._carried_rows: list[int] = []

    def of_row(self, name: object) -> str:
        """The account of a document that names none; "" where it should. ``name``: what it says of the party."""
        if self._row and (self.in_every_row or name != ""):
            return ""
        return self._account

    def note(self, row: int, cell: object, account: str) -> Sequence[int]:
        """Take note of the account of a document. Return the rows that were wrong to name none, once that shows."""
        if cell == "":
            if self._row and len(self._carried_rows) < _MOST_ROWS:
                self._carried_rows.append(row)
            return ()
        repeated = cell == self._last and self._row > 0
        self._last, self._account, self._row = cell, account, row
        if not repeated or self.in_every_row:
            return ()
        self.in_every_row = True
        return self._carried_rows

    def begin_group(self, account: str) -> None:
        """A group row names the account of the rows below it."""
        self._account, self._row = account, 0

    def end_group(self) -> None:
        """What follows has to name its account."""
        self._account = ""

    def end_block(self) -> None:
        """The same, where the account was not named by a group row but by a document."""
        if self._row:
            self._account = ""

    def interrupted(self) -> None:
        """Behind a page or a group the first document names its account again, without meaning anything by it."""
        self._last = None
