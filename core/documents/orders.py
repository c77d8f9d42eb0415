"""Orders of the shops and their states (facts/domain.md 2.4)."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import model_validator

from core.documents.base import (
    Broken,
    Currency,
    Day,
    Document,
    Email,
    Flag,
    Id,
    Model,
    Money,
    Name,
    Number,
    Percent,
    Quantity,
    Text,
    Timestamp,
    Unit,
    VatCategory,
    VatId,
    refuse,
)
from core.documents.parties import Address
from core.documents.totals import Totals
from core.money import total

PaymentStatus = Literal["unpaid", "partially_paid", "paid", "refunded"]
OrderState = Literal[
    "new", "confirmed", "in_progress", "partially_shipped", "shipped", "completed", "cancelled", "returned"
]
ROUNDING_LIMIT = Decimal("0.05")
"""Shops may be off by some cents between lines and totals (facts/domain.md 3.1, 3)."""


class OrderCustomer(Model):
    """Who ordered: a known customer by id, or a guest with name and address."""

    id: Id | None = None
    name: Name | None = None
    email: Email | None = None
    phone: Text | None = None
    vat_id: VatId | None = None
    is_guest: Flag = False

    @model_validator(mode="after")
    def _known_or_named(self) -> Self:
        if self.id is None and self.name is None:
            what = "Beim Kunden fehlt die Kundennummer oder, bei einem Gast, der Name."
            refuse([Broken("", "customer_missing", what, "Bitte „id“ oder „name“ angeben.")])
        return self


class OrderPayment(Model):
    """How and what the customer has paid."""

    method: Text
    transaction_id: Text | None = None
    paid_at: Timestamp | None = None
    amount: Money | None = None


class OrderLine(Model):
    """One line of an order."""

    line_id: Id
    kind: Literal["product", "shipping", "discount", "surcharge", "coupon", "deposit"]
    qty: Quantity
    unit_price: Quantity
    net: Money
    vat_rate: Percent
    vat: Money
    gross: Money
    sku: Number | None = None
    name: Text | None = None
    unit: Unit | None = None
    discount_percent: Percent | None = None
    vat_category: VatCategory | None = None
    external_line_id: Id | None = None


class Order(Document):
    """An order (Auftrag, Bestellung) of a shop."""

    number: Number | None = None
    order_date: Day
    customer: OrderCustomer
    currency: Currency
    prices_include_tax: Flag
    lines: tuple[OrderLine, ...]
    totals: Totals
    channel: Text | None = None
    status: OrderState | None = None
    payment_status: PaymentStatus | None = None
    payment: OrderPayment | None = None
    billing_address: Address | None = None
    delivery_address: Address | None = None
    shipping_method: Text | None = None
    customer_reference: Text | None = None
    note: Text | None = None
    requested_delivery_date: Day | None = None

    @property
    def control_amount(self) -> Decimal | None:
        """The gross total."""
        return self.totals.gross

    @model_validator(mode="after")
    def _lines_make_the_total(self) -> Self:
        lines = total(line.gross for line in self.lines)
        if abs(lines - self.totals.gross) > ROUNDING_LIMIT:
            stated = str(self.totals.gross)
            what = f"Der Bruttobetrag {stated} passt nicht zu den Zeilen, die {lines} ergeben."
            refuse([Broken("/totals/gross", "sum_differs", what, "Bitte die Bestellung prüfen.", stated)])
        return self


class Tracking(Model):
    """Where the parcel is."""

    carrier: Text
    tracking_number: Text
    tracking_url: Text | None = None


class OrderStatus(Document):
    """A state that an order has reached (Statusmeldung)."""

    order_id: Id
    status: OrderState
    at: Timestamp
    payment_status: PaymentStatus | None = None
    tracking: tuple[Tracking, ...] = ()
    invoice_number: Number | None = None
    notify_customer: Flag | None = None
    mail_template: Text | None = None
