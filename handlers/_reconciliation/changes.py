"""What follows from what a list says of a document: payments and a state for CLUE, and what the ledger remembers."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from core.batch import Origin, Output
from core.contracts import Effect, Emit, Entry, Put
from core.documents import InvoiceStatus, Record, message_head
from core.money import ZERO, cents
from core.tracked import KIND
from handlers._reconciliation.payments import Evidence, Parts, Teller, mark_taken_back


class Change(NamedTuple):
    """What became of a document."""

    status: InvoiceStatus
    before: Decimal
    after: Decimal
    paid: Decimal = ZERO
    """Money that CLUE was told of."""
    other: Decimal = ZERO
    """What CLUE was told besides: Skonto, write-offs, exchange differences, settlements against other documents."""
    inferred: bool = False


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
        self._payments: list[Record] = []
        self._states: list[Record] = []
        self._puts: list[Put] = []
        self.teller = Teller(company, origin.name, origin.drop_id)
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
        self._puts.append(Put(self._company, KIND, entry.key, {**entry.body, "first_seen": self._today}, entry.group))

    def observed(self, entry: Entry, after: Decimal, row: int | None, parts: Parts | None = None) -> Change:
        """A list of open items shows another open amount, in the sign of the document, or the document no more.

        What CLUE itself has told of a payment at the register is no news for it, only the new state is. ``parts`` says
        what the difference is, where it is not money.
        """
        body = dict(entry.body)
        before = Decimal(body["amount_open"])
        told = parts or Parts(before - after)
        at_register = overlap(told.amount, Decimal(body.get("known_paid") or 0))
        told = told._replace(amount=told.amount - at_register)
        status = self.status(Decimal(body["gross"]), after)
        if any(told):
            evidence = Evidence("op_diff", self._key_date, row, inferred=True, date_inferred=True)
            payment_id, opposite = self._id(body, told.total), _opposite(body, told)
            self._payments.append(
                self.teller.tell(body, payment_id, told, evidence, (status, after), opposite["id"] if opposite else "")
            )
            if opposite:
                # What a clearing list proves later takes the place of what was concluded, but not of such a pair.
                mine = [str(body["told"][-1]["id"])] if opposite["source"] == "op_diff" else []
                mark_taken_back(body, {str(opposite["id"]), *mine})
        if at_register:
            body["known_paid"] = str(Decimal(body["known_paid"]) - at_register)
            body["register_seen"] = str(Decimal(body.get("register_seen") or 0) + at_register)
        self._state(entry, body, status, after)
        return Change(status, before, after, told.amount, told.total - told.amount, inferred=any(told))

    def proved(self, entry: Entry, body: dict[str, Any], records: list[Record], after: Decimal) -> None:
        """A clearing list has led to these payments; ``body`` holds them already, but not the new state."""
        self._payments += records
        self._state(entry, body, self.status(Decimal(body["gross"]), after), after)

    def status(self, gross: Decimal, amount_open: Decimal) -> InvoiceStatus:
        """State of a document of which so much is open; a small one of which all is open is no small rest."""
        if not amount_open or (abs(amount_open) <= self._tolerance and amount_open != gross):
            return "paid"
        if (amount_open < 0) != (gross < 0):
            return "overpaid"
        return "partly_paid" if abs(amount_open) < abs(gross) else "open"

    def _id(self, body: dict[str, Any], amount: Decimal) -> str:
        payment_id = f"{self.teller.prefix(body)}:{self._today}:{cents(amount)}"
        if body.get("last_key_date") == self._today:
            # A second change on the same key date may have the same amount and is still another payment.
            payment_id += f":{self._origin.drop_id[-6:]}"
        return payment_id

    def _state(self, entry: Entry, body: dict[str, Any], status: InvoiceStatus, after: Decimal) -> None:
        amount_open = str(cents(after))
        if (status, Decimal(amount_open)) != (entry.body["status"], Decimal(entry.body["amount_open"])):
            self._states.append(Record("patch", body["document_id"], {"status": status, "amount_open": amount_open}))
        changed = {
            "amount_open": amount_open,
            "status": status,
            "first_seen": body.get("first_seen") or self._today,
            "last_key_date": max(body.get("last_key_date") or "", self._today),
        }
        self._puts.append(Put(self._company, KIND, entry.key, {**body, **changed}, entry.group))

    def flush(self) -> Iterator[Effect]:
        """Hand over what was collected: payments, then states, then what to remember."""
        if self._payments:
            yield Emit(self._payment_output, self._payments)
        if self._states:
            yield Emit(self._state_output, self._states)
        yield from self._puts
        self._payments, self._states, self._puts = [], [], []


def overlap(amount: Decimal, known: Decimal) -> Decimal:
    """The part of an amount that is known already: nothing where the signs differ."""
    return min(amount, known, key=abs) if amount * known > 0 else ZERO


def _opposite(body: dict[str, Any], told: Parts) -> dict[str, Any] | None:
    """The last payment that this one takes back exactly; None where there is none, or more is paid."""
    if told.amount * Decimal(body["gross"]) >= 0:
        return None
    wanted = told.turned()
    found = (payment for payment in reversed(body.get("told", ())) if not payment["taken_back"])
    return next((payment for payment in found if Parts.of(payment) == wanted), None)
