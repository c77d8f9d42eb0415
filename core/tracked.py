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

_SEPARATORS = re.compile(r"[^0-9A-Z]+")
_LETTERS = re.compile(r"[^0-9]+")


def normalised_number(number: str) -> str:
    """Make document numbers comparable: upper case, no separators, no leading zeros."""
    return _SEPARATORS.sub("", number.upper()).lstrip("0")


def match_key(ledger_account: str, number: str) -> str:
    """Key under which a document is remembered: the party's account and the normalised number."""
    return f"{ledger_account.lstrip('0')}/{normalised_number(number)}"


def digits_key(ledger_account: str, number: str) -> str:
    """Second way to find it: RZL keeps only the digits of a number (facts/fibu.md 3.3)."""
    return f"{ledger_account.lstrip('0')}/{_LETTERS.sub('', number).lstrip('0')}"


class TrackedDocument(BaseModel):
    """One exported document. Amounts are signed: positive increases what the party owes (AR) or is owed (AP)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    """Key date of the last list that spoke of it."""

    def body(self) -> Mapping[str, Any]:
        """The ledger entry's JSON body."""
        return self.model_dump(mode="json")
