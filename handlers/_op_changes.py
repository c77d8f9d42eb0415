"""What follows from a changed open amount: a payment and a state for CLUE, and what the ledger remembers."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from core.batch import Origin, Output
from core.contracts import Effect, Emit, Entry, Put
from core.documents import InvoiceStatus, Payment, Record, message_head
from core.money import ZERO, cents
from core.tracked import KIND


class Changes:
    """Collects the changes of one list; ``flush`` hands them over as effects and forgets them.

    Only documents that change are written to the ledger, so that an unchanged list of a million rows writes nothing.
    That a document stood in *some* list is its ``first_seen``, written once; that it still stood in the *last* list
    need not be written, because a document that is missing from a complete list is settled there and then. So
    ``last_key_date`` of a document is the key date of the last list that changed it, and the key date of the last
    list as a whole lies in one entry of its own.
    """

    def __init__(self, origin: Origin, company: str, key_date: date, target: str, tolerance: Decimal) -> None:
        self._origin = origin
        self._company = company
        self._key_date = key_date
        self._today = key_date.isoformat()
        self._tolerance = tolerance
        # Making a model from nothing costs ten times as much as copying one.
        self._pattern = Payment.model_construct(
            id="", direction="ar", date=key_date, amount=ZERO, source="op_diff", inferred=True, date_inferred=True
        )
        self._payments: list[Record] = []
        self._states: list[Record] = []
        self._puts: list[Put] = []
        self._payment_output = self._output(target, "payment", "zahlungen")
        self._state_output = self._output(target, "invoice", "rechnungsstatus")

    def _output(self, target: str, document_type: str, what: str) -> Output:
        origin = self._origin
        name = f"{self._company}_{origin.received_at:%Y%m%d-%H%M%S}_{origin.drop_id[-6:]}_{what}.json"
        head = message_head(origin, self._company, "clue", as_of=self._key_date)
        return Output(target, "clue_exchange", name, document_type, head)

    def __len__(self) -> int:
        return len(self._puts)

    def seen(self, entry: Entry) -> None:
        """The document stands in a list for the first time, and nothing was paid."""
        self._remember(entry, {"first_seen": self._today})

    def paid(self, entry: Entry, before: Decimal, after: Decimal) -> None:
        """The open amount went from ``before`` to ``after``; both in the sign of the document.

        What CLUE itself has told of a payment at the register is no news for it, only the new state is.
        """
        document = entry.body
        status = self.status(Decimal(document["gross"]), after)
        amount_open = cents(after)
        paid, known = before - after, Decimal(document.get("known_paid") or 0)
        told = min(paid, known, key=abs) if paid * known > 0 else ZERO
        if paid != told:
            self._payments.append(self._payment(entry, cents(paid - told), amount_open, status))
        self._states.append(
            Record("patch", document["document_id"], {"status": status, "amount_open": str(amount_open)})
        )
        self._remember(
            entry,
            {
                "amount_open": str(amount_open),
                "known_paid": str(known - told),
                "status": status,
                "first_seen": document.get("first_seen") or self._today,
                "last_key_date": self._today,
            },
        )

    def status(self, gross: Decimal, amount_open: Decimal) -> InvoiceStatus:
        """State of a document of which so much is open."""
        if abs(amount_open) <= self._tolerance:
            return "paid"
        if (amount_open < 0) != (gross < 0):
            return "overpaid"
        return "partly_paid" if abs(amount_open) < abs(gross) else "open"

    def _payment(self, entry: Entry, amount: Decimal, amount_open: Decimal, status: InvoiceStatus) -> Record:
        document = entry.body
        payment_id = f"{self._company}:{document['ledger_account']}:{document['number']}:{self._today}:{amount}"
        if document.get("last_key_date") == self._today:
            # A second change on the same key date may have the same amount and is still another payment.
            payment_id += f":{self._origin.drop_id[-6:]}"
        payment = self._pattern.model_copy(
            update={
                "id": payment_id,
                "direction": document["direction"],
                "invoice_id": document["document_id"],
                "document_number": document["number"],
                "party_id": document["party_id"],
                "ledger_account": document["ledger_account"],
                "amount": amount,
                "currency": document["currency"],
                "resulting_status": status,
                "open_after": amount_open,
            }
        )
        return Record("upsert", payment_id, payment)

    def _remember(self, entry: Entry, changed: dict[str, Any]) -> None:
        self._puts.append(Put(self._company, KIND, entry.key, {**entry.body, **changed}, entry.group))

    def flush(self) -> Iterator[Effect]:
        """Hand over what was collected: payments, then states, then what to remember."""
        if self._payments:
            yield Emit(self._payment_output, self._payments)
        if self._states:
            yield Emit(self._state_output, self._states)
        yield from self._puts
        self._payments, self._states, self._puts = [], [], []
