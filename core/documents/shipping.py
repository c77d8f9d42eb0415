"""Delivery notes and parcels (facts/domain.md 2.4)."""

from typing import Literal

from core.documents.base import Currency, Day, Document, Id, Measure, Model, Money, Number, Quantity, Text
from core.documents.parties import Address

Carrier = Literal["dpd", "gls", "ups"]


class DeliveryLine(Model):
    """One line of a delivery note."""

    line_id: Id
    sku: Number
    qty: Quantity
    order_id: Id | None = None
    order_line_id: Id | None = None


class DeliveryNote(Document):
    """A delivery note (Lieferschein)."""

    number: Number
    date: Day
    delivery_address: Address
    lines: tuple[DeliveryLine, ...]
    customer_id: Id | None = None
    carrier: Carrier | None = None
    service: Text | None = None
    parcels: tuple[Id, ...] = ()
    serials: tuple[Text, ...] = ()
    batches: tuple[Text, ...] = ()
    attachments: tuple[Id, ...] = ()


class CashOnDelivery(Model):
    """Amount that the carrier collects (Nachnahme)."""

    amount: Money
    currency: Currency


class Parcel(Document):
    """A parcel: first the request for a label, later its result (Paket)."""

    delivery_note_id: Id
    carrier: Carrier
    weight_kg: Measure
    service: Text | None = None
    reference: Text | None = None
    cod: CashOnDelivery | None = None
    insured_value: Money | None = None
    dimensions_cm: tuple[Measure, Measure, Measure] | None = None
    recipient: Address | None = None
    label_format: Literal["pdf_a6", "zpl"] | None = None
    idempotency_key: Id | None = None
    tracking_number: Text | None = None
    tracking_url: Text | None = None
    label_attachment_id: Id | None = None
    carrier_shipment_id: Id | None = None
    status: Literal["requested", "labelled", "cancelled", "error"] | None = None
    cost: Money | None = None
    error: Text | None = None
