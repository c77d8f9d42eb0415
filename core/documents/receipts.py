"""Cash receipts (facts/domain.md 2.4; 3, facts 13 to 15).

Amounts are positive as on every document: ``cancellation`` and ``withdrawal`` turn the direction. A sale may be
negative on balance, where more was taken back than sold.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from core.documents.base import (
    Account,
    Broken,
    Currency,
    Document,
    Id,
    Model,
    Money,
    Name,
    Number,
    Percent,
    Quantity,
    Text,
    Timestamp,
    VatCategory,
    refuse,
)
from core.documents.parties import VatTreatment
from core.documents.totals import VAT_TOLERANCE, unequal, wrong_vat
from core.money import ZERO, total

ReceiptType = Literal[
    "sale",
    "cancellation",
    "training",
    "zero",
    "start",
    "monthly",
    "yearly",
    "closing",
    "deposit",
    "withdrawal",
    "invoice_payment",
]


class CashVatRow(Model):
    """One VAT group of a cash receipt. The RKSV sums cannot replace it: 19 % and 4.9 % share one of them."""

    vat_rate: Percent
    net: Money
    vat: Money
    vat_category: VatCategory | None = None
    vat_treatment: VatTreatment = "domestic"
    account: Account | None = None
    cost_center: Text | None = None
    cost_object: Text | None = None


class CashPayment(Model):
    """A means of payment; what is left open on account has none."""

    method: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,30}$")]
    """cash, card, voucher, transfer, or a name that the configuration knows."""
    amount: Money
    account: Account | None = None


class Rksv(Model):
    """Data of the registered cash register, signed values as the register has them."""

    sum_normal: Money = ZERO
    sum_reduced1: Money = ZERO
    sum_reduced2: Money = ZERO
    sum_zero: Money = ZERO
    sum_special: Money = ZERO
    turnover_counter: Text | None = None
    previous_signature: Text | None = None
    signature: Text | None = None
    certificate_serial: Text | None = None
    qr: Text | None = None


class CashReceiptLine(Model):
    """One line of a cash receipt."""

    line_id: Id
    sku: Number | None = None
    name: Name | None = None
    qty: Quantity
    unit_price: Quantity
    gross: Money
    vat_rate: Percent


class CashReceipt(Document):
    """A cash receipt (Kassenbeleg); ``register_id`` and ``receipt_number`` together are unique."""

    VOLATILE: ClassVar[frozenset[str]] = Document.VOLATILE | {"external_ids"}

    register_id: Id
    receipt_number: Number
    issued_at: Timestamp
    receipt_type: ReceiptType
    vat_breakdown: tuple[CashVatRow, ...]
    total: Money
    payments: tuple[CashPayment, ...]
    currency: Currency = "EUR"
    rksv: Rksv | None = None
    invoice_id: Id | None = None
    """Invoice that is paid in cash: no revenue."""
    party_id: Id | None = None
    ledger_account: Account | None = None
    corrects: Text | None = None
    """Number of the receipt that this one cancels."""
    lines: tuple[CashReceiptLine, ...] = ()
    account: Account | None = None
    """Account that the other side of a deposit or withdrawal is booked on."""
    text: Text | None = None

    @property
    def control_amount(self) -> Decimal | None:
        """The total."""
        return self.total

    @model_validator(mode="after")
    def _rules(self) -> Self:
        refuse([*self._sums(), *self._kinds(), *self._vat()])
        return self

    def _sums(self) -> Iterator[Broken]:
        paid = total(payment.amount for payment in self.payments)
        yield from unequal("/total", "Der Gesamtbetrag", self.total, paid, "die Summe der Zahlungsmittel")
        if self.vat_breakdown or self.receipt_type in {"sale", "cancellation"}:
            gross = total(row.net + row.vat for row in self.vat_breakdown)
            yield from unequal("/total", "Der Gesamtbetrag", self.total, gross, "die Summe der Steuergruppen")

    def _kinds(self) -> Iterator[Broken]:
        if self.total < 0 and self.receipt_type != "sale":
            what = f"Der Kassenbeleg {self.receipt_number} hat einen negativen Betrag."
            todo = "Bei Storno und Auszahlung bitte positive Beträge angeben; die Belegart dreht die Richtung um."
            yield Broken("/total", "negative_total", what, todo, str(self.total))
        if self.receipt_type == "invoice_payment" and self.invoice_id is None:
            what = f"Beim Kassenbeleg {self.receipt_number} fehlt die Rechnung, die bar bezahlt wurde."
            yield Broken("/invoice_id", "invoice_missing", what, "Bitte „invoice_id“ angeben.")

    def _vat(self) -> Iterator[Broken]:
        """Check the VAT of what was sold; the takings of a day may come as one receipt, rounded many times."""
        for index, row in enumerate(self.vat_breakdown):
            if row.vat_treatment == "domestic" and self.receipt_type != "withdrawal":
                tolerance = max(VAT_TOLERANCE, abs(row.net) / 1000)
                yield from wrong_vat(f"/vat_breakdown/{index}/vat", row.net, row.vat_rate, row.vat, tolerance)
