"""What the FIBU tells back: payments, open items, clearings (facts/domain.md 2.4, 3.2).

Amounts of open items and clearing items are signed: positive increases what the party owes us (AR) or what we owe (AP).
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.documents.base import (
    Account,
    Broken,
    Count,
    Currency,
    Day,
    Document,
    Flag,
    Id,
    Model,
    Money,
    Number,
    Percent,
    Text,
    refuse,
)
from core.documents.invoices import InvoiceStatus
from core.documents.totals import unequal
from core.money import ZERO, total


class Payment(Document):
    """A payment of an invoice (Zahlung), as the FIBU knows it or as it follows from what the FIBU says."""

    direction: Literal["ar", "ap"]
    invoice_id: Id | None = None
    document_number: Number | None = None
    party_id: Id | None = None
    ledger_account: Account | None = None
    date: Day
    amount: Money
    """Money that flowed; negative where a payment was taken back."""
    source: Literal["clearing", "op_diff", "cash", "shop"]
    discount_amount: Money | None = None
    write_off_amount: Money | None = None
    fx_difference: Money | None = None
    offset_amount: Money | None = None
    """Settled against another document (credit note, transfer): no money flowed."""
    currency: Currency | None = None
    bank_account: Text | None = None
    booking_ref: Text | None = None
    reverses: Id | None = None
    """Id of the payment that this one takes back."""
    inferred: Flag | None = None
    """True: concluded from lists, not read."""
    date_inferred: Flag | None = None
    evidence_list: Text | None = None
    """Name of the list that says so."""
    evidence_row: Count | None = None
    """Row of that list; None where the list says it by not holding the document."""
    resulting_status: InvoiceStatus | None = None
    open_after: Money | None = None

    @property
    def control_amount(self) -> Decimal | None:
        """The amount, signed."""
        return self.amount

    @model_validator(mode="after")
    def _named(self) -> Self:
        broken = []
        if self.invoice_id is None and self.document_number is None:
            what = "Bei der Zahlung fehlt die Rechnung."
            broken.append(Broken("", "invoice_missing", what, "Bitte „invoice_id“ oder „document_number“ angeben."))
        if self.party_id is None and self.ledger_account is None:
            what = "Bei der Zahlung fehlt, von wem sie kommt oder an wen sie geht."
            broken.append(Broken("", "party_missing", what, "Bitte „party_id“ oder „ledger_account“ angeben."))
        refuse(broken)
        return self


class OpenItem(Document):
    """An open item (offener Posten) on the key date of its list."""

    ledger_account: Account
    document_number: Number
    amount_open: Money
    amount_original: Money | None = None
    document_date: Day | None = None
    due_date: Day | None = None
    voucher_number: Number | None = None
    external_number: Number | None = None
    document_circle: Text | None = None
    text: Text | None = None
    currency: Currency | None = None
    amount_open_fc: Money | None = None
    """Amount in the currency of the document."""
    dunning_level: Count | None = None
    dunning_block: Flag | None = None
    last_dunning_date: Day | None = None
    vat_rate: Percent | None = None
    side: Literal["debit", "credit"] | None = None

    @property
    def control_amount(self) -> Decimal | None:
        """The open amount, signed."""
        return self.amount_open


class ClearingItem(Model):
    """One entry that takes part in a clearing."""

    kind: Literal["invoice", "payment", "discount", "credit_note", "write_off", "fx", "reversal", "transfer"]
    document_number: Number | None = None
    booking_date: Day | None = None
    amount: Money
    counter_account: Account | None = None
    voucher_number: Number | None = None


class Clearing(Document):
    """A clearing (Auszifferung); the items add up to ``residual``, which is zero when all is settled."""

    clearing_id: Id
    clearing_date: Day
    ledger_account: Account
    items: Annotated[tuple[ClearingItem, ...], Field(min_length=1)]
    residual: Money = ZERO

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        items = total(item.amount for item in self.items)
        refuse(unequal("/residual", "Der Restbetrag", self.residual, items, "die Summe der Posten"))
        return self
