"""What CLUE was told of each document, and what it knows itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.op_reconciliation.fibu import PARTS
from tests.op_reconciliation.lists import Result


def _nothing() -> dict[str, Decimal]:
    return dict.fromkeys(PARTS, Decimal(0))


@dataclass
class Told:
    """What CLUE was told of one document, and what it told itself."""

    proved: dict[str, Decimal] = field(default_factory=_nothing)
    """By clearing lists, by part."""
    guessed: dict[str, Decimal] = field(default_factory=_nothing)
    """By clearing lists too, but marked as inferred."""
    concluded: Decimal = Decimal(0)
    """By lists of open items."""
    at_register: Decimal = Decimal(0)
    """Receipts that pay it, together."""
    receipts: int = 0

    @property
    def by_clearings(self) -> Decimal:
        """All that clearing lists have led to."""
        return sum(self.proved.values()) + sum(self.guessed.values(), Decimal(0))

    @property
    def total(self) -> Decimal:
        """All that lists have led to."""
        return self.by_clearings + self.concluded


class Clue:
    """CLUE, as far as it reads files with payments and states."""

    def __init__(self) -> None:
        self.documents: dict[str, Told] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self._ids: set[str] = set()

    def __iter__(self) -> Iterator[tuple[str, Told]]:
        return iter(self.documents.items())

    def hear(self, result: Result) -> None:
        """Read the files of one list; no payment comes twice."""
        if result.held:
            return
        for payment in result.payments:
            assert payment.id not in self._ids
            self._ids.add(payment.id)
            told = self.documents[payment.document_number or ""]
            for name in PARTS:
                amount = getattr(payment, name) or Decimal(0)
                if payment.inferred and payment.id.startswith("clr:"):
                    told.guessed[name] += amount
                elif payment.inferred:
                    told.concluded += amount
                else:
                    told.proved[name] += amount
        for record in result.states:
            self.states[record.id.removeprefix("AR-")] = record.data
