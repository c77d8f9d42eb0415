"""What an export does once everything is checked: two files for the FIBU, news for CLUE, and entries in the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.batch import Origin, Output
from core.booking import Booking, PersonAccount
from core.company import Company
from core.contracts import CompanyLedger, Context, Effect, Emit, Entry, Put
from core.documents import Record, message_head
from core.money import total
from core.tracked import KIND, TrackedDocument, digits_key, match_key
from handlers._fibu_files import account_file, booking_files, file_stem
from handlers._fibu_parties import Person, remember_allocated, remember_sent
from handlers._fibu_source import Source

EXPORTED = "exported_document"
"""Ledger kind: a document that was handed to the FIBU; group = the run (drop) that did it."""
RUN = "export_run"
"""Ledger kind: one export; key = id of the drop."""


@dataclass(frozen=True, slots=True)
class Done:
    """One document, ready to go out."""

    source: Source
    bookings: Sequence[Booking]
    person: Person | None = None


def effects(
    exported: Sequence[Done],
    accounts: Sequence[PersonAccount],
    new: Sequence[Person],
    company: Company,
    context: Context,
    origin: Origin,
) -> Iterator[Effect]:
    """Yield the files, person accounts first, and what is to be remembered of these documents."""
    bookings = [booking for done in exported for booking in done.bookings]
    outputs: list[str] = []
    if accounts:
        output = account_file(company, origin)
        outputs.append(output.name)
        yield Emit(output, accounts)
        yield from (remember_sent(account, company) for account in accounts)
    for output, contents in booking_files(bookings, company, origin):
        outputs.append(output.name)
        yield Emit(output, contents)
    for person in new:
        yield remember_allocated(person, company)
    yield from _report_accounts(new, company, origin)
    day = f"{origin.received_at:%d.%m.%Y}"
    for done in exported:
        yield Put(
            company.id,
            EXPORTED,
            done.source.export_key,
            export_body(done, origin.drop_id, day, outputs),
            origin.drop_id,
        )
    yield from _tracked(exported, company, context.ledger.of(company.id), origin)
    if exported:
        yield Put(company.id, RUN, origin.drop_id, _run_body(exported, company, origin, outputs))


def _tracked(exported: Sequence[Done], company: Company, ledger: CompanyLedger, origin: Origin) -> Iterator[Put]:
    """Remember what the open-item lists are compared with: new documents, and what was paid at the register."""
    entries: dict[str, Entry] = {}
    for done in exported:
        if done.person:
            tracked = tracked_document(done, origin.drop_id)
            key = match_key(tracked.ledger_account, tracked.number)
            group = digits_key(tracked.ledger_account, _shown_number(done.bookings[0]))
            entries[key] = Entry(key, tracked.body(), group)
    payments = [done.bookings[0] for done in exported if done.bookings[0].kind == "payment"]
    paid = [(match_key(b.account, b.external_number or b.settles), b.gross) for b in payments]
    entries = {**ledger.get_many(KIND, [key for key, _ in paid if key not in entries]), **entries}
    for key, amount in paid:
        if entry := entries.get(key):
            known = Decimal(entry.body.get("known_paid") or 0) + amount
            entries[key] = Entry(key, {**entry.body, "known_paid": str(known)}, entry.group)
    yield from (Put(company.id, KIND, entry.key, entry.body, entry.group) for entry in entries.values())


def _report_accounts(new: Sequence[Person], company: Company, origin: Origin) -> Iterator[Effect]:
    """Tell CLUE which accounts were chosen for its customers and suppliers."""
    for kind in ("customer", "supplier"):
        records = [Record("patch", p.party_id, {"ledger_account": p.account}) for p in new if p.kind == kind]
        if records:
            output = Output(
                target=company.clue_target,
                format="clue_exchange",
                name=f"{file_stem(company, origin)}_{kind}.json",
                document_type=kind,
                head=message_head(origin, company.id, "clue"),
            )
            yield Emit(output, records)


def export_body(done: Done, run: str, day: str, outputs: Sequence[str]) -> Mapping[str, Any]:
    """What is remembered of an exported document."""
    booking = done.bookings[0]
    return {
        "direction": booking.kind if done.person else "cash",
        "number": booking.number,
        "external_number": booking.external_number,
        "ledger_account": booking.account,
        "party_name": booking.party_name,
        "gross": str(booking.gross),
        "currency": booking.currency,
        "run": run,
        "exported_on": day,
        "outputs": list(outputs),
    }


def tracked_document(done: Done, run: str) -> TrackedDocument:
    """What open-item lists are compared with."""
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
    )


def _shown_number(booking: Booking) -> str:
    """The number whose digits RZL shows (``open_item_digits``)."""
    has_digits = any(char.isdigit() for char in booking.external_number)
    return booking.external_number if has_digits else booking.number


def _run_body(exported: Sequence[Done], company: Company, origin: Origin, outputs: Sequence[str]) -> Mapping[str, Any]:
    return {
        "fibu": company.fibu,
        "at": origin.received_at.isoformat(),
        "documents": len(exported),
        "gross": str(total(done.bookings[0].gross for done in exported)),
        "outputs": list(outputs),
    }
