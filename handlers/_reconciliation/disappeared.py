"""How many documents have disappeared from a list, and whether they look like a part of it that was left out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from core.errors import Problem
from handlers._reconciliation import notices

SHOWN = 50
"""So many documents are named in the note of a held list."""

_FEW = 3
"""So few documents of customers, or of suppliers, may all have been paid since the last list."""


class Run(NamedTuple):
    """Accounts that follow one another, of which nothing is left in the list."""

    accounts: int = 0
    documents: int = 0
    first: str = ""
    last: str = ""


class Disappeared:
    """Counts what is there and what is gone, account by account in their order."""

    def __init__(self) -> None:
        self.gone = 0
        self.shown: list[Problem] = []
        """The first of the disappeared documents, for the note."""
        self._directions = {"ar": [0, 0], "ap": [0, 0]}
        self._account = ""
        self._documents = 0
        self._whole = False
        self._run = self._longest = Run()

    def count(self, document: Mapping[str, Any], *, gone: bool) -> None:
        """One document that the list should hold."""
        if document["ledger_account"] != self._account:
            self._end_account()
            self._account, self._documents, self._whole = str(document["ledger_account"]), 0, True
        self._documents += 1
        self._directions[document["direction"]][1] += 1
        if not gone:
            self._whole = False
            return
        self.gone += 1
        self._directions[document["direction"]][0] += 1
        if len(self.shown) < SHOWN:
            self.shown.append(notices.would_be_paid(document))

    @property
    def expected(self) -> int:
        """How many documents the list should hold."""
        return sum(expected for _, expected in self._directions.values())

    def _end_account(self) -> None:
        run = self._run
        if self._whole:
            self._run = Run(
                run.accounts + 1, run.documents + self._documents, run.first or self._account, self._account
            )
            self._longest = max(self._longest, self._run)
        elif run.accounts:
            self._run = Run()

    def longest_run(self) -> Run:
        """The most accounts that follow one another and have disappeared whole; asked for at the end."""
        self._end_account()
        self._documents, self._whole = 0, False
        return self._longest

    def whole_direction(self) -> str:
        """The direction of which everything has disappeared while the other is there, "" where there is none."""
        found = (name for name, (gone, expected) in self._directions.items() if gone == expected and gone > _FEW)
        return next(found, "")

    def of_direction(self, direction: str) -> int:
        """How many documents of a direction have disappeared."""
        return self._directions[direction][0]
