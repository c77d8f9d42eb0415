"""Invoices, outgoing and incoming (facts/domain.md 2.4). Amounts are positive; the document type says the direction."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from core.documents.base import (
    Account,
    Broken,
    Count,
    Country,
    Currency,
    Day,
    Document,
    ExchangeRate,
    Flag,
    Id,
    Model,
    Money,
    Number,
    Percent,
    Quantity,
    Text,
    Unit,
    VatCategory,
    VatId,
    refuse,
)
from core.documents.parties import PaymentTerms, VatTreatment
from core.documents.totals import VAT_TOLERANCE, Totals, VatRow, unequal, wrong_vat
from core.money import total

InvoiceType = Literal[
    "invoice",
    "credit_note",
    "cancellation",
    "advance_invoice",
    "partial_invoice",
    "final_invoice",
    "self_billing",
    "debit_note",
    "proforma",
]
InvoiceStatus = Literal["open", "partly_paid", "paid", "overpaid", "cancelled"]


class InvoiceLine(Model):
    """One line of an invoice."""

    line_id: Id
    kind: Literal["product", "shipping", "discount", "surcharge", "coupon", "deposit", "text"] = "product"
    sku: Number | None = None
    name: Text | None = None
    qty: Quantity
    unit: Unit | None = None
    unit_price: Quantity
    discount_percent: Percent | None = None
    net: Money
    vat_category: VatCategory
    vat_rate: Percent
    cost_center: Text | None = None
    cost_object: Text | None = None


class Posting(Model):
    """One entry of an invoice that comes without lines, already assigned to an account."""

    account: Account
    net: Money
    vat_category: VatCategory | None = None
    vat_rate: Percent | None = None
    vat: Money | None = None
    vat_treatment: VatTreatment | None = None
    cost_center: Text | None = None
    cost_object: Text | None = None
    text: Text | None = None


class ServicePeriod(Model):
    """Period of the supply, both days inclusive."""

    start: Day
    end: Day


class Corrected(Model):
    """The document that this one corrects or cancels."""

    number: Number
    date: Day | None = None
    id: Id | None = None


class AdvanceInvoice(Model):
    """An advance invoice that a final invoice deducts, with its VAT (facts/domain.md 3, fact 8).

    ``totals.gross`` of the final invoice is the whole supply; ``totals.prepaid`` holds what was paid of its advances.
    """

    number: Number
    id: Id | None = None
    net: Money
    vat: Money
    gross: Money
    paid: Money | None = None
    """Amount that was paid; left out: all of it."""


class Exchange(Model):
    """Rate of a foreign currency: units of it for one euro, and the VAT in euro (facts/domain.md 3, fact 11)."""

    rate: ExchangeRate
    date: Day | None = None
    vat_amount_eur: Money | None = None


class Oss(Model):
    """One-stop shop: the country whose VAT is owed."""

    country: Country


class Dunning(Model):
    """What was reminded so far."""

    level: Count | None = None
    block: Flag | None = None
    last_date: Day | None = None


class Invoice(Document):
    """An invoice (Rechnung) or what is like it: credit note, cancellation, advance, partial, final invoice."""

    VOLATILE: ClassVar[frozenset[str]] = Document.VOLATILE | {"status", "dunning", "external_ids"}

    direction: Literal["ar", "ap"]
    document_type: InvoiceType
    number: Number
    issue_date: Day
    party_id: Id
    party_name: Text | None = None
    ledger_account: Account | None = None
    """Person account, where the invoice itself carries it."""
    vat_id: VatId | None = None
    """UID of the party as printed on the document."""
    currency: Currency
    lines: tuple[InvoiceLine, ...] = ()
    postings: tuple[Posting, ...] = ()
    vat_breakdown: Annotated[tuple[VatRow, ...], Field(min_length=1)]
    totals: Totals
    service_date: Day | None = None
    service_period: ServicePeriod | None = None
    due_date: Day | None = None
    payment_terms: PaymentTerms | None = None
    external_number: Number | None = None
    """The supplier's own number (Fremdbelegnummer)."""
    received_date: Day | None = None
    vat_month: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")] | None = None
    """Month of the VAT return where it differs, YYYY-MM."""
    corrects: Corrected | None = None
    order_ids: tuple[Id, ...] = ()
    delivery_note_ids: tuple[Id, ...] = ()
    advance_invoices: tuple[AdvanceInvoice, ...] = ()
    exchange: Exchange | None = None
    oss: Oss | None = None
    cost_center: Text | None = None
    cost_object: Text | None = None
    """Cost object (Kostenträger)."""
    prices_include_tax: Flag | None = None
    """The prices include VAT: the nets of the lines are rounded one by one and may miss their sum by cents."""
    document_circle: Annotated[str, Field(max_length=10)] | None = None
    """Belegkreis (RZL) or Buchungssymbol (BMD)."""
    payment_reference: Text | None = None
    text: Text | None = None
    attachments: tuple[Id, ...] = ()
    status: InvoiceStatus | None = None
    dunning: Dunning | None = None

    @property
    def control_amount(self) -> Decimal | None:
        """The gross total, positive whatever the document type."""
        return self.totals.gross

    @model_validator(mode="after")
    def _rules(self) -> Self:
        refuse([*self._parts(), *self._sums(), *self._vat()])
        return self

    def _parts(self) -> Iterator[Broken]:
        if not self.lines and not self.postings:
            what = f"Der Beleg {self.number} hat weder Zeilen noch Kontierungen."
            yield Broken("/lines", "lines_missing", what, "Bitte „lines“ oder „postings“ angeben.")
        if self.direction == "ap" and self.external_number is None and self.document_type != "self_billing":
            what = f"Bei der Eingangsrechnung {self.number} fehlt die Rechnungsnummer des Lieferanten."
            yield Broken("/external_number", "external_number_missing", what, "Bitte „external_number“ angeben.")
        if self.totals.gross < 0:
            what = f"Der Beleg {self.number} hat einen negativen Betrag."
            todo = "Gutschriften bitte als „credit_note“ mit positiven Beträgen übergeben."
            yield Broken("/totals/gross", "negative_total", what, todo, str(self.totals.gross))

    def _sums(self) -> Iterator[Broken]:
        groups = "die Summe der Steuergruppen"
        net, vat = total(row.net for row in self.vat_breakdown), total(row.vat for row in self.vat_breakdown)
        yield from unequal("/totals/net", "Der Nettobetrag", self.totals.net, net, groups)
        yield from unequal("/totals/vat", "Die Umsatzsteuer", self.totals.vat, vat, groups)
        lines = self.lines or self.postings
        if lines:
            net = total(line.net for line in lines)
            if not self.prices_include_tax or abs(self.totals.net - net) > self._rounded_off():
                yield from unequal("/totals/net", "Der Nettobetrag", self.totals.net, net, "die Summe der Zeilen")

    def _vat(self) -> Iterator[Broken]:
        """Check the VAT of our own invoices; on a supplier's it is kept as printed (facts/domain.md 3.1, 5)."""
        if self.direction != "ar":
            return
        tolerance = self._rounded_off()
        for index, row in enumerate(self.vat_breakdown):
            if row.vat_treatment == "domestic":
                yield from wrong_vat(f"/vat_breakdown/{index}/vat", row.net, row.vat_rate, row.vat, tolerance)

    def _rounded_off(self) -> Decimal:
        """What rounding line by line may add up to."""
        return max(VAT_TOLERANCE, Decimal(len(self.lines)) / 100)
