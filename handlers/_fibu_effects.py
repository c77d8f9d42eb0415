"""What an export does once everything is checked: two files for the FIBU, news for CLUE, and entries in the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.batch import Origin, Output
from core.booking import Booking, PersonAccount
from core.company import Company
from core.contracts import Context, Effect, Emit, Put
from core.documents import Record, message_head
from core.errors import Problem
from core.money import total
from handlers._fibu_earlier import DEDUCTED, EXPORTED, remembered, uses
from handlers._fibu_files import account_file, booking_files, file_stem
from handlers._fibu_open_items import tracked_entries
from handlers._fibu_parties import Person, remember_allocated, remember_sent
from handlers._fibu_plan import Done
from handlers._fibu_report import report_files

RUN = "export_run"
"""Ledger kind: one export; key = id of the drop."""


def effects(
    exported: Sequence[Done],
    bookings: Sequence[Booking],
    accounts: Sequence[PersonAccount],
    new: Sequence[Person],
    company: Company,
    context: Context,
    origin: Origin,
    warnings: Sequence[Problem],
) -> Iterator[Effect]:
    """Yield the files, person accounts first, and what is to be remembered of these documents.

    ``bookings`` are what is written of them: their own bookings, or sums of these. ``warnings`` go into the report.
    """
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
    yield from _report_settled(exported, company, origin)
    day = f"{origin.received_at:%d.%m.%Y}"
    for done in exported:
        yield Put(
            company.id,
            EXPORTED,
            done.source.export_key,
            export_body(done, origin.drop_id, day, outputs),
            origin.drop_id,
        )
    yield from _deductions(exported, company, origin)
    yield from tracked_entries(exported, company, context.ledger.of(company.id), origin.drop_id)
    if exported:
        yield Put(company.id, RUN, origin.drop_id, _run_body(exported, company, origin, outputs))
    handed = [(done.source.label, done.bookings) for done in exported]
    stem = file_stem(company, origin)
    yield from report_files(origin.drop_id, company, origin.received_at, outputs, stem, handed, bookings, warnings)


def _report_accounts(new: Sequence[Person], company: Company, origin: Origin) -> Iterator[Effect]:
    """Tell CLUE which accounts were chosen for its customers and suppliers."""
    for kind in ("customer", "supplier"):
        records = [Record("patch", p.party_id, {"ledger_account": p.account}) for p in new if p.kind == kind]
        if records:
            yield _report(company, origin, kind, records)


def _report(company: Company, origin: Origin, entity: str, records: Sequence[Record]) -> Emit:
    output = Output(
        target=company.clue_target,
        format="clue_exchange",
        name=f"{file_stem(company, origin)}_{entity}.json",
        document_type=entity,
        head=message_head(origin, company.id, "clue"),
    )
    return Emit(output, records)


def _report_settled(exported: Sequence[Done], company: Company, origin: Origin) -> Iterator[Effect]:
    """Tell CLUE of invoices on which nothing is left to pay: no list will show them (facts/domain.md 0, finding 2)."""
    settled = [done for done in exported if done.person and not done.bookings[0].gross]
    if settled:
        paid = {"status": "paid", "amount_open": "0.00"}
        records = [Record("patch", done.source.export_key, paid) for done in settled]
        yield _report(company, origin, "invoice", records)


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
        **remembered(done),
    }


def _deductions(exported: Sequence[Done], company: Company, origin: Origin) -> Iterator[Put]:
    """An earlier invoice is deducted once; a cancelled deduction counts against the one that it cancels."""
    for done in exported:
        for key, sign in uses(done):
            body = {"by": done.source.export_key, "sign": sign, "run": origin.drop_id}
            yield Put(company.id, DEDUCTED, f"{key}/{done.source.export_key}", body, key)


def _run_body(exported: Sequence[Done], company: Company, origin: Origin, outputs: Sequence[str]) -> Mapping[str, Any]:
    return {
        "fibu": company.fibu,
        "at": origin.received_at.isoformat(),
        "documents": len(exported),
        "gross": str(total(done.bookings[0].gross for done in exported)),
        "outputs": list(outputs),
    }
