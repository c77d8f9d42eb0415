"""Documents that were handed over before, as far as a later one deducts or cancels them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.contracts import CompanyLedger
from core.documents import Invoice
from core.fibu.booking import BookingLine, Stage
from core.fibu.export_run import EXPORTED
from core.tracked import KIND, match_key
from handlers._fibu.parties import Person
from handlers._fibu.plan import Done
from handlers._fibu.source import Source

DEDUCTED = "deducted_invoice"
"""Ledger kind: a document that deducts an earlier one, or cancels an advance, with its sign and run.

Its group is the earlier one's match key.
"""

CORRECTED = "corrected_document"
"""Ledger kind: a document that cancels an earlier one; its group is the earlier one's match key."""

Billed = tuple[Source, Invoice, Person]
"""A document with its party and account."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is remembered of a document."""

    stage: Stage
    number: str
    currency: str
    """Currency of the document itself."""
    rate: Decimal | None
    """Exchange rate, None where the document is in the company's currency."""
    lines: tuple[BookingLine, ...]
    """As they were booked; only of invoices that a later one may deduct."""
    deducted: tuple[str, ...]
    """Match keys of what the document itself deducted."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Earlier":
        """From an entry of the ledger."""
        return cls(
            stage=body.get("stage", ""),
            number=str(body["number"]),
            currency=str(body.get("document_currency") or body["currency"]),
            rate=Decimal(body["document_rate"]) if "document_rate" in body else None,
            lines=tuple(BookingLine.model_validate(line) for line in body.get("lines", ())),
            deducted=tuple(body.get("deducted", ())),
        )


def remembered(done: Done) -> Mapping[str, Any]:
    """What an exported document's entry holds for ``Earlier``; nothing for documents that stand alone."""
    booking = done.bookings[0]
    body: dict[str, Any] = {}
    if done.person and booking.stage:
        body["stage"] = booking.stage
    if done.person and booking.stage in {"advance", "partial"}:
        if booking.foreign:
            body |= {"document_currency": booking.foreign.currency, "document_rate": str(booking.foreign.rate)}
        body["lines"] = [
            line.model_dump(mode="json", exclude_defaults=True, exclude={"pointer"}) for line in booking.lines
        ]
    if done.deducted:
        body["deducted"] = list(done.deducted)
    if done.withdrawn:
        body["withdrawn"] = done.withdrawn
    return body


@dataclass(slots=True)
class EarlierDocuments:
    """The documents that others refer to, from earlier drops and from this one."""

    by_id: dict[str, Earlier] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """Document id by match key."""
    deductions: dict[str, int] = field(default_factory=dict)
    """How often an invoice is deducted or cancelled, by match key; a cancelled deduction no longer counts."""

    def find(self, key: str, document_id: str | None) -> Earlier | None:
        """The document of this id, else of this match key (account and number)."""
        return self.by_id.get(document_id or "") or self.by_id.get(self.ids.get(key, ""))

    def add(self, done: Done) -> None:
        """A document of this drop: those after it may refer to it."""
        booking = done.bookings[0]
        body = {"number": booking.number, "currency": booking.currency, **remembered(done)}
        self.by_id[done.source.export_key] = Earlier.of(body)
        self.ids[match_key(booking.account, booking.external_number or booking.number)] = done.source.export_key
        for key, sign in uses(done):
            self.deductions[key] = self.deductions.get(key, 0) + sign


def uses(done: Done) -> Iterable[tuple[str, int]]:
    """Which earlier invoices a document uses up, by match key: 1, or -1 where it gives one back."""
    yield from ((key, done.source.sign) for key in done.deducted)
    if done.withdrawn:
        yield done.withdrawn, 1


def cancels(done: Done) -> str:
    """Match key of the document that a document cancels, "" where it cancels none."""
    invoice = done.source.document
    if not isinstance(invoice, Invoice) or invoice.document_type != "cancellation" or invoice.corrects is None:
        return ""
    return match_key(done.bookings[0].account, invoice.corrects.number)


def load_earlier(billed: Sequence[Billed], ledger: CompanyLedger) -> EarlierDocuments:
    """Look up everything that these documents refer to, all at once."""
    named = [(invoice, person.account) for _, invoice, person in billed if invoice.advance_invoices or invoice.corrects]
    if not named:
        return EarlierDocuments()
    keys = sorted({key for invoice, account in named for key in _keys(invoice, account)})
    ids = {key: str(entry.body["document_id"]) for key, entry in ledger.get_many(KIND, keys).items()}
    wanted = sorted({*ids.values(), *(found for invoice, _ in named for found in _ids(invoice))})
    by_id = {key: Earlier.of(entry.body) for key, entry in ledger.get_many(EXPORTED, wanted).items()}
    deductions = {
        key: sum(int(entry.body["sign"]) for entry in entries)
        for key, entries in ledger.get_groups(DEDUCTED, keys).items()
    }
    return EarlierDocuments(by_id, ids, deductions)


def _keys(invoice: Invoice, account: str) -> Iterable[str]:
    numbers = [advance.number for advance in invoice.advance_invoices]
    numbers += [invoice.corrects.number] if invoice.corrects else []
    return (match_key(account, number) for number in numbers)


def _ids(invoice: Invoice) -> Iterable[str]:
    ids = [advance.id for advance in invoice.advance_invoices]
    ids += [invoice.corrects.id] if invoice.corrects else []
    return (document_id for document_id in ids if document_id)
