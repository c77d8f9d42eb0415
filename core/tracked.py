"""What Cluedrop remembers of a document that it has handed to the FIBU, until the FIBU says that it is settled.

The export handler writes it, the open-item handler finds it again by account and document number
(facts/domain.md 3.2, "Matching order").
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

KIND = "tracked_document"
"""Kind of the ledger entry; its key is ``match_key``, its group ``digits_key``."""

NUMBERS = "tracked_number"
"""Kind of the index of documents by number alone: key ``match_key``, group ``normalised_number``, body empty."""

_SEPARATORS = re.compile(r"[^0-9A-Z]+")
_LETTERS = re.compile(r"[^0-9]+")


def normalised_number(number: str) -> str:
    """Make document numbers comparable: upper case, no separators, no leading zeros."""
    if number.isascii() and number.isdigit():  # most are: nothing to look for
        return number.lstrip("0")
    return _SEPARATORS.sub("", number.upper()).lstrip("0")


def match_key(ledger_account: str, number: str) -> str:
    """Key under which a document is remembered: the party's account and the normalised number."""
    return f"{ledger_account.lstrip('0')}/{normalised_number(number)}"


def digits_key(ledger_account: str, number: str) -> str:
    """Second way to find it: RZL keeps only the digits of a number (facts/fibu.md 3.3)."""
    return f"{ledger_account.lstrip('0')}/{_LETTERS.sub('', number).lstrip('0')}"


_LATER = ("discounts", "deducts", "told", "bookings", "register_seen")
"""Fields that most documents do not need; the ledger holds a million documents."""


class _Remembered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DiscountTerm(_Remembered):
    """Skonto that the document offers: so many percent of its gross, when paid by this day."""

    until: date
    percent: Decimal


class ToldPayment(_Remembered):
    """A payment that CLUE was told of; its amounts together are what it took from the open amount."""

    id: str
    day: date
    amount: Decimal
    discount_amount: Decimal = Decimal(0)
    write_off_amount: Decimal = Decimal(0)
    fx_difference: Decimal = Decimal(0)
    offset_amount: Decimal = Decimal(0)
    source: Literal["clearing", "op_diff"]
    """What was concluded from lists of open items gives way to what a clearing list proves later."""
    taken_back: bool = False
    """Another payment has taken it back, or it takes back another one: both together are nothing."""
    seen_in: str
    """Name of the list, and the row where one says it."""
    drop: str
    """Id of the drop of that list."""


class SeenBooking(_Remembered):
    """A booking of a clearing list that was counted for the document; no later list counts it again."""

    kind: str
    """As in ``core.documents.ClearingItem``."""
    day: date | None
    amount: Decimal
    """What it took from the open amount, in the sign of the document."""
    clearing: str
    """Number of the clearing, "" where the list had none."""


class TrackedDocument(_Remembered):
    """One exported document. Amounts are signed: positive increases what the party owes (AR) or is owed (AP)."""

    document_id: str
    """Id of the invoice in CLUE."""
    direction: Literal["ar", "ap"]
    number: str
    """Document number as CLUE writes it; for AP the supplier's own number."""
    party_id: str
    ledger_account: str
    issue_date: date
    due_date: date | None = None
    currency: str
    gross: Decimal
    exported_by: str
    """Id of the drop that exported it."""
    amount_open: Decimal
    """What the FIBU says is open; the gross until a list has said otherwise."""
    known_paid: Decimal = Decimal(0)
    """What CLUE has told of payments at the register that no list has shown yet; CLUE is not told of it again."""
    status: Literal["open", "partly_paid", "paid", "overpaid", "cancelled"] = "open"
    first_seen: date | None = None
    """Key date of the first OP list that held it: the FIBU has booked it."""
    last_key_date: date | None = None
    """Key date of the last list that changed it."""
    discounts: tuple[DiscountTerm, ...] = ()
    deducts: tuple[str, ...] = ()
    """Keys (``match_key``) of the advance and part invoices that the document, a final invoice, deducts."""
    told: tuple[ToldPayment, ...] = ()
    """What CLUE was told of its payments, oldest first."""
    bookings: tuple[SeenBooking, ...] = ()
    register_seen: Decimal = Decimal(0)
    """What of the payments at the register lists of open items have shown, but no booking of a clearing list."""

    def body(self) -> Mapping[str, Any]:
        """The ledger entry's JSON body; what has never happened to the document is left out."""
        unused = {name for name in _LATER if not getattr(self, name)}
        return self.model_dump(mode="json", exclude=unused)
