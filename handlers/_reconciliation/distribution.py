"""Which booking of a clearing settles which document (facts/domain.md 3.2, "From an Auszifferungsliste").

A booking under the number of a document is that document's own. What is left of a clearing, say one payment for three
invoices, is handed out in order of days: first what is owed longest. Where it could be handed out otherwise, by other
kinds or with another rest, it is only a guess.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core.contracts import Entry
from core.money import ZERO
from core.open_items import ClearingRow
from handlers._reconciliation.kinds import Kind, Kinds
from handlers._reconciliation.proofs import Item


class Placed(NamedTuple):
    """A row with the document that its number names."""

    row: ClearingRow
    entry: Entry | None
    earlier: bool
    """The document is the one that the booking belonged to before a final invoice took it over."""


@dataclass(slots=True)
class Document:
    """A document of ours in one clearing; amounts in the sign in which an invoice of its direction is positive."""

    entry: Entry
    row: ClearingRow | None = None
    """Its own booking, where the clearing shows it."""
    invoice: Decimal = ZERO
    """Amount of that booking."""
    items: list[Item] = field(default_factory=list)
    currencies: frozenset[str] = frozenset()
    """What the rows of the clearing name, if they do."""

    @property
    def left(self) -> Decimal:
        """What the bookings that were handed to it do not settle."""
        return self.invoice - sum((item.amount for item in self.items), ZERO)


@dataclass(slots=True)
class _Side:
    """What is still to be handed out of a booking, or to be settled of a document."""

    amount: Decimal
    row: ClearingRow
    document: Document | None
    guessed: bool = False
    """It could be settled otherwise too."""

    @property
    def age(self) -> tuple[date, int]:
        return self.row.document_date or date.min, self.row.row


class Clearing:
    """The rows of one clearing, or of one open item where the list has no numbers of clearings."""

    def __init__(self, rows: Sequence[Placed], kinds: Kinds, fallback: date) -> None:
        """``fallback``: the day of bookings for which the list prints none."""
        self._kinds = kinds
        self._fallback = fallback
        directions = {placed.entry.body["direction"] for placed in rows if placed.entry}
        self._sign = -1 if directions == {"ap"} else 1
        self.documents: dict[str, Document] = {}
        """The documents of ours, by key, with the bookings that settle them."""
        own = self._find_own(rows)
        free = [placed.row for placed in rows if placed.row.row not in own and not self._handed(placed, bool(own))]
        self.left = self._hand_out(free)
        """Bookings, and documents of others, that nothing of ours belongs to."""
        currencies = frozenset(placed.row.currency for placed in rows)
        for document in self.documents.values():
            document.currencies = currencies

    def _amount(self, row: ClearingRow) -> Decimal:
        return row.amount * self._sign

    def _find_own(self, rows: Iterable[Placed]) -> set[int]:
        """Find each document's own booking: of its sign, best of its gross."""
        candidates: dict[str, list[tuple[ClearingRow, Entry]]] = {}
        for row, entry, _ in rows:
            if entry and self._amount(row) * Decimal(entry.body["gross"]) > 0 and self._kinds.is_invoice(row):
                candidates.setdefault(entry.key, []).append((row, entry))
        own = set()
        for key, found in candidates.items():
            gross = Decimal(found[0][1].body["gross"])
            row, entry = next((pair for pair in found if self._amount(pair[0]) == gross), found[0])
            self.documents[key] = Document(entry, row, self._amount(row))
            own.add(row.row)
        return own

    def _handed(self, placed: Placed, has_documents: bool) -> bool:
        """Hand a booking to the document of its number, where there is one in this clearing."""
        row, entry, earlier = placed
        if entry is None or (has_documents and not earlier and entry.key not in self.documents):
            return False
        document = self.documents.setdefault(entry.key, Document(entry))
        self._hand(document, row, -self._amount(row))
        return True

    def _hand(self, document: Document, row: ClearingRow, amount: Decimal, *, guessed: bool = False) -> None:
        """Note that so much of a booking settles a document; positive takes from an invoice."""
        sign = 1 if Decimal(document.entry.body["gross"]) > 0 else -1
        meaning = self._kinds.of(row, -amount * sign)
        self._add(document, row, meaning.kind, amount, guessed=guessed or meaning.guessed)

    def _add(self, document: Document, row: ClearingRow, kind: Kind, amount: Decimal, *, guessed: bool) -> None:
        day = row.document_date or row.cleared_on or self._fallback
        known = row.document_date is not None
        document.items.append(Item(kind, day, known, amount, row.row, row.clearing_number, guessed))

    def _hand_out(self, free: Sequence[ClearingRow]) -> list[ClearingRow]:
        """Set bookings without a document, and credit notes of ours, against what is owed; return what is left."""
        shown = [(document, document.row) for document in self.documents.values() if document.row]
        sides = [_Side(self._amount(row), row, None) for row in free]
        sides += [_Side(document.left, row, document) for document, row in shown]
        debits = sorted((side for side in sides if side.amount > 0), key=lambda side: side.age)
        owing = sorted((side for side in sides if side.amount < 0), key=lambda side: side.age)
        self._mark_guessed(debits, owing)
        self._mark_guessed(owing, debits)
        for debit in debits:
            for credit in owing:
                amount = min(debit.amount, -credit.amount)
                if amount:
                    self._settle(debit, credit, amount)
        if not self.documents:
            return [row for row in free if self._kinds.is_invoice(row)] or list(free)
        return [side.row for side in sides if side.amount and side.document is None]

    def _mark_guessed(self, mine: Sequence[_Side], others: Sequence[_Side]) -> None:
        """Mark what is settled by several kinds of bookings that could be divided otherwise, or may keep a rest."""
        rest = abs(sum((side.amount for side in mine), ZERO)) - abs(sum((side.amount for side in others), ZERO))
        alike = len(others) == 1 or all(self._is_credit_note(side) for side in others)
        several = len(mine) > 1
        guessed = (several and rest > 0) or (not alike and (several or rest < 0))
        for side in mine:
            side.guessed = guessed

    def _is_credit_note(self, side: _Side) -> bool:
        return side.document is not None or self._kinds.of(side.row, side.amount).kind == "credit_note"

    def _settle(self, debit: _Side, credit: _Side, amount: Decimal) -> None:
        """Set so much of both against each other."""
        debit.amount -= amount
        credit.amount += amount
        if debit.document and credit.document:
            self._add(debit.document, credit.row, "credit_note", amount, guessed=debit.guessed)
            self._add(credit.document, debit.row, "credit_note", -amount, guessed=credit.guessed)
        elif debit.document:
            self._hand(debit.document, credit.row, amount, guessed=debit.guessed)
        elif credit.document:
            self._hand(credit.document, debit.row, -amount, guessed=credit.guessed)
