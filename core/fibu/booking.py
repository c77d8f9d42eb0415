"""What goes to a FIBU program, before anyone asks which program: bookings and person accounts.

A ``Booking`` is one document. Its amounts are signed: positive in the usual direction of the document, negative where
it takes back (credit note, cancellation). The side of the leading account says what "usual" is, so a writer needs
``side`` and the sign, never the document type.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.money import total

Side = Literal["debit", "credit"]
VatSide = Literal["ar", "ap"]
BookingKind = Literal["ar", "ap", "cash", "payment"]
OTHER_SIDE: Mapping[Side, Side] = {"debit": "credit", "credit": "debit"}
USUAL_SIDE: Mapping[BookingKind, Side] = {"ar": "debit", "ap": "credit"}
"""Side of the person account when amounts are positive; receipts and payments have no usual one."""
Stage = Literal["", "advance", "partial", "final"]
"""Place of an invoice in the billing of an order; "" for one that stands alone."""

NO_TAX = "none"
"""Treatment of a line that has nothing to do with VAT: money moved, an open item paid."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PaymentTerms(_Frozen):
    """Terms of payment of one document; None means that nothing is said."""

    net_days: int | None = None
    discount_days: int | None = None
    discount_percent: Decimal | None = None
    discount_days_2: int | None = None
    discount_percent_2: Decimal | None = None


class ForeignAmount(_Frozen):
    """The booking in its document's own currency; the amounts of the lines are in the company's currency."""

    currency: str = Field(pattern="^[A-Z]{3}$")
    rate: Decimal = Field(gt=0)
    """Units of the foreign currency for one unit of the company's currency, as the ECB quotes it."""


class BookingLine(_Frozen):
    """One posting against the leading account: one VAT group of the document, or one movement without tax."""

    account: str
    """Revenue, expense or money account: the contra account of the booking."""
    net: Decimal
    vat: Decimal = Decimal(0)
    """VAT that is part of the document's gross."""
    self_assessed_vat: Decimal = Decimal(0)
    """VAT that we owe for the supplier (reverse charge, acquisition); not part of the gross."""
    treatment: str = NO_TAX
    rate: Decimal = Decimal(0)
    """Percent, e.g. 20 or 4.9."""
    destination: str = ""
    """Country of an OSS supply."""
    cost_center: str = ""
    cost_object: str = ""
    """Cost object (Kostenträger)."""
    pointer: str = ""
    """JSON pointer of what it was made from, for messages."""
    foreign_net: Decimal | None = None
    foreign_vat: Decimal | None = None

    @property
    def gross(self) -> Decimal:
        """What this line adds to the leading account."""
        return self.net + self.vat


class Booking(_Frozen):
    """One document as a debit and a credit that are proved to be equal: it cannot be made otherwise."""

    document_id: str
    """Id in the sending system, for messages."""
    pointer: str = ""
    """JSON pointer of the record that it was made from, for messages."""
    kind: BookingKind
    side: Side
    """Side of the leading account when amounts are positive."""
    account: str
    """Leading account: the person account, or the money account of a cash receipt."""
    number: str
    """Document number in the company's own books."""
    external_number: str = ""
    """The supplier's own number (Fremdbelegnummer)."""
    settles: str = ""
    """Number of the invoice that a payment settles."""
    symbol: str = ""
    """Document circle (Belegkreis, Buchungssymbol); empty: the writer's setting for the kind."""
    document_date: date
    posting_date: date | None = None
    """Day of the booking; None: the document's date."""
    due_date: date | None = None
    service_date: date | None = None
    """Day of the supply, where it is not the document's."""
    stage: Stage = ""
    order_number: str = ""
    """Order that an advance, partial or final invoice belongs to."""
    payment_reference: str = ""
    """What the party is asked to state when it pays."""
    dunning_block: bool = False
    """The document must not be reminded."""
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    """Currency of the amounts, that is the company's."""
    foreign: ForeignAmount | None = None
    party_name: str = ""
    text: str = ""
    """What the document is about, where more is to be said than the party's name."""
    vat_id: str = ""
    """VAT id of the partner, where the VAT treatment needs it."""
    terms: PaymentTerms | None = None
    document_file: str = ""
    """Name of the file that shows the document, lying beside the booking file."""
    gross: Decimal
    lines: tuple[BookingLine, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _prove(self) -> Self:
        """Sum of lines = gross (facts/domain.md 3.1)."""
        if self.lines_total != self.gross:
            raise ValueError(f"lines sum up to {self.lines_total}, gross is {self.gross}")
        return self

    @property
    def lines_total(self) -> Decimal:
        """Sum of the gross of all lines."""
        return total(line.gross for line in self.lines)

    @property
    def due(self) -> date | None:
        """Day by which it is to be paid: the one that is stated, else the one of the terms."""
        days = self.terms.net_days if self.terms else None
        return self.due_date or (None if days is None else self.document_date + timedelta(days))

    @property
    def vat_side(self) -> VatSide:
        """Whether its VAT is owed (ar) or deducted (ap)."""
        return "ar" if self.side == "debit" else "ap"


class PersonAccount(_Frozen):
    """A debtor or creditor as the FIBU keeps it."""

    kind: Literal["customer", "supplier"]
    account: str
    party_id: str
    record: str = ""
    """Id of the record whose export needs the account, for messages."""
    pointer: str = ""
    """JSON pointer of that record, for messages."""
    number: str = ""
    """Customer or supplier number, where it differs from the account."""
    name: str
    collective_account: str = ""
    name2: str = ""
    street: str = ""
    zip: str = ""
    city: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2."""
    vat_id: str = ""
    currency: str = "EUR"
    email: str = ""
    phone: str = ""
    iban: str = ""
    bic: str = ""
    terms: PaymentTerms | None = None
    dunning_block: bool = False
