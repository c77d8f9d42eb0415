"""What lists of open items are compared with: the entry of each exported document (``core.tracked``)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.company import Company
from core.contracts import CompanyLedger, Entry, Put
from core.documents import CashReceipt, Invoice
from core.fibu.booking import Booking
from core.money import ZERO
from core.tracked import (
    KIND,
    NUMBERS,
    DiscountTerm,
    TrackedDocument,
    digits_key,
    match_key,
    normalised_number,
)
from handlers._fibu.plan import Done

_PERCENT = Decimal("0.0001")


def tracked_entries(exported: Sequence[Done], company: Company, ledger: CompanyLedger, run: str) -> Iterator[Put]:
    """Remember new documents, what was paid of any at the register, and what was taken back of advances."""
    yield from _numbers(exported, company)
    entries: dict[str, Entry] = {}
    for done in exported:
        if done.person:
            tracked = tracked_document(done, run)
            key = match_key(tracked.ledger_account, tracked.number)
            group = digits_key(tracked.ledger_account, _shown_number(done.bookings[0]))
            entries[key] = Entry(key, tracked.body(), group)
    made = [changes(done) for done in exported]
    others = [key for change in made for key in changed_keys(change) if key not in entries]
    entries = {**ledger.get_many(KIND, others), **entries}
    for change in made:
        apply_changes(change, entries, 1)
    yield from (Put(company.id, KIND, entry.key, entry.body, entry.group) for entry in entries.values())


def changes(done: Done) -> Mapping[str, Any]:
    """What a document changes in the entries of others: "paid" and "reduced", each a list of [key, amount]."""
    found: dict[str, Any] = {}
    first = done.bookings[0]
    if first.kind == "payment":
        found["paid"] = [[match_key(first.account, first.external_number or first.settles), str(first.gross)]]
    if done.person and len(done.bookings) > 1:
        found["reduced"] = [
            [match_key(b.account, b.external_number or b.number), str(b.gross)] for b in done.bookings[1:]
        ]
    return found


def changed_keys(body: Mapping[str, Any]) -> list[str]:
    """Keys of the entries of others that a document has changed; ``body`` holds its ``changes``."""
    return [key for kind in ("paid", "reduced") for key, _ in body.get(kind, ())]


def apply_changes(body: Mapping[str, Any], entries: dict[str, Entry], sign: int) -> None:
    """Carry out the changes of a document on these entries, or take them back (``sign`` -1)."""
    for kind, change in (("paid", _paid), ("reduced", _reduced)):
        for key, amount in body.get(kind, ()):
            if entry := entries.get(key):
                entries[key] = Entry(key, change(entry.body, sign * Decimal(amount)), entry.group)


def _paid(body: Mapping[str, Any], amount: Decimal) -> Mapping[str, Any]:
    known = Decimal(body.get("known_paid") or 0) + amount
    return {**body, "known_paid": str(known) if known else "0"}


def tracked_document(done: Done, run: str) -> TrackedDocument:
    """The entry of a new document."""
    booking = done.bookings[0]
    invoice = done.source.document
    return TrackedDocument(
        document_id=done.source.export_key,
        direction="ar" if booking.kind == "ar" else "ap",
        number=booking.external_number or booking.number,
        party_id=invoice.party_id or "",
        ledger_account=booking.account,
        issue_date=booking.document_date,
        due_date=booking.due_date,
        currency=booking.currency,
        gross=booking.gross,
        exported_by=run,
        amount_open=booking.gross,
        status="open" if booking.gross else "paid",
        discounts=tuple(_discounts(invoice)),
        deducts=done.deducted,
    )


def _reduced(body: Mapping[str, Any], amount: Decimal) -> Mapping[str, Any]:
    """The entry of an advance invoice after its unpaid part was taken back, or given back: no list is needed for it."""
    gross, amount_open = Decimal(body["gross"]) + amount, Decimal(body["amount_open"]) + amount
    status = "cancelled" if not gross else "paid" if not amount_open else "open"
    if status == "open" and amount_open * gross < 0:
        status = "overpaid"
    elif status == "open" and abs(amount_open) < abs(gross):
        status = "partly_paid"
    return {**body, "gross": str(gross), "amount_open": str(amount_open), "status": status}


def _shown_number(booking: Booking) -> str:
    """The number whose digits RZL shows (``open_item_digits``)."""
    has_digits = any(char.isdigit() for char in booking.external_number)
    return booking.external_number if has_digits else booking.number


def _discounts(invoice: Invoice | CashReceipt) -> Iterator[DiscountTerm]:
    """The Skonto that the document offers its reader, whatever the FIBU program can hold of it."""
    if not isinstance(invoice, Invoice) or invoice.payment_terms is None or not invoice.totals.payable:
        return
    for discount in invoice.payment_terms.discounts:
        until = discount.until or invoice.issue_date + timedelta(discount.days or 0)
        percent = discount.percent or (discount.amount or ZERO) * 100 / invoice.totals.payable
        if percent:
            yield DiscountTerm(until=until, percent=percent.quantize(_PERCENT, ROUND_HALF_UP))


def _numbers(exported: Sequence[Done], company: Company) -> Iterator[Put]:
    """Documents are found by their number alone too, where a list has them on another account."""
    for booking in (done.bookings[0] for done in exported if done.person):
        number = booking.external_number or booking.number
        yield Put(company.id, NUMBERS, match_key(booking.account, number), {}, normalised_number(number))
