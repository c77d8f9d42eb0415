"""What an export does once everything is checked: bookings for the FIBU, news for CLUE, entries in the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.batch import Origin, Output
from core.company import Company
from core.contracts import Context, Effect, Emit, Put
from core.documents import Invoice, Record, message_head
from core.errors import Problem
from core.fibu.booking import PersonAccount
from core.fibu.export_run import EXPORTED
from handlers._fibu.earlier import CORRECTED, DEDUCTED, cancels, remembered, uses
from handlers._fibu.files import file_stem
from handlers._fibu.open_items import changes, tracked_entries
from handlers._fibu.parties import Person, remember_allocated, sent_accounts
from handlers._fibu.plan import Done
from handlers._fibu.runs import handed_over, run_of


def effects(
    exported: Sequence[Done],
    accounts: Sequence[PersonAccount],
    new: Sequence[Person],
    company: Company,
    context: Context,
    origin: Origin,
    warnings: Sequence[Problem],
) -> Iterator[Effect]:
    """Yield what goes to the FIBU, now or with the open run, and what is to be remembered of these documents.

    ``warnings`` go into the report of the run.
    """
    ledger = context.ledger.of(company.id)
    run = run_of(company, ledger, origin)
    yield from handed_over(exported, accounts, warnings, company, ledger, origin)
    yield from sent_accounts(accounts, company, ledger, run)
    for person in new:
        yield remember_allocated(person, company)
    yield from _report_accounts(new, company, origin)
    yield from _report_settled(exported, company, origin)
    day = f"{origin.received_at:%d.%m.%Y}"
    for done in exported:
        body = {**export_body(done, run, day), **_attached(done, origin)}
        yield Put(company.id, EXPORTED, done.source.export_key, body, run)
    yield from _deductions(exported, company, run)
    yield from tracked_entries(exported, company, ledger, run)


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


def export_body(done: Done, run: str, day: str) -> Mapping[str, Any]:
    """What is remembered of an exported document: what a later one needs, and what taking it back needs."""
    booking = done.bookings[0]
    return {
        "record": done.source.record,
        "direction": booking.kind if done.person else "cash",
        "number": booking.number,
        "external_number": booking.external_number,
        "ledger_account": booking.account,
        "party_name": booking.party_name,
        "gross": str(booking.gross),
        "currency": booking.currency,
        "run": run,
        "exported_on": day,
        **remembered(done),
        **changes(done),
        **({"corrects": key} if (key := cancels(done)) else {}),
    }


def _attached(done: Done, origin: Origin) -> Mapping[str, Any]:
    """The document's files in the FIBU's folder, and the drop that has laid them there."""
    document = done.source.document
    names = document.attachments if isinstance(document, Invoice) else ()
    return {"attached": list(names), "drop_id": origin.drop_id} if names else {}


def _deductions(exported: Sequence[Done], company: Company, run: str) -> Iterator[Put]:
    """An earlier invoice is deducted once; a cancelled deduction counts against the one that it cancels."""
    for done in exported:
        by = done.source.export_key
        for key, sign in uses(done):
            yield Put(company.id, DEDUCTED, f"{key}/{by}", {"by": by, "sign": sign, "run": run}, key)
        if key := cancels(done):
            yield Put(company.id, CORRECTED, f"{key}/{by}", {"by": by, "run": run}, key)
