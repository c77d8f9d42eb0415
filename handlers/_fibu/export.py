"""Invoices and cash receipts become bookings for the company's FIBU program; each document once.

Everything is checked before anything is emitted: a message is exported whole or refused with all its problems. Person
accounts that the FIBU does not know yet go out in a file before the bookings that need them.
"""

from collections.abc import Iterator, Sequence

from core.batch import Origin
from core.company import Company
from core.contracts import CompanyLedger, Context, Effect, Wait, Warn
from core.documents import CashReceipt, Invoice
from core.documents.problems import LIMIT
from core.errors import Problem, RuleError
from core.fibu.booking import Booking
from core.fibu.export_run import EXPORTED, OPEN_RUN
from core.fibu.limits import account_problems, booking_problems
from core.rksv import stated_sums, sums_of_groups
from core.tracked import KIND, match_key
from handlers._fibu.accounts import load_accounts, load_chart, unknown_accounts
from handlers._fibu.advances import Books
from handlers._fibu.days import written_bookings
from handlers._fibu.earlier import Billed, load_earlier
from handlers._fibu.effects import effects, export_body
from handlers._fibu.handed import Handed
from handlers._fibu.invoices import plan_invoice
from handlers._fibu.open_items import tracked_document
from handlers._fibu.parties import (
    Parties,
    Person,
    load_parties,
    outside_range,
    party_kind,
    unsent_accounts,
)
from handlers._fibu.plan import Done, Plan
from handlers._fibu.receipts import NEVER_BOOKED, SettledInvoice, receipt_bookings, remembered_receipts
from handlers._fibu.source import Source, german


def export(
    documents: Sequence[tuple[int, str, Invoice | CashReceipt]], company: Company, context: Context, origin: Origin
) -> Iterator[Effect]:
    """Yield what hands these documents (record index, record id, document) to the FIBU.

    Raises RuleError with every problem of every document. Yields a single Wait where all is well but for parties or
    invoices that have not been sent yet; once a person has released the drop, that is a RuleError too.
    """
    ledger = context.ledger.of(company.id)
    plan = Plan()
    sources = [source for source in (Source(*entry) for entry in documents) if _is_booked(source, plan)]
    _refuse_exported(sources, ledger, plan)
    invoices = [source.document for source in sources if isinstance(source.document, Invoice)]
    parties = load_parties(invoices, company, ledger)
    _plan_invoices(sources, company, parties, context, plan)
    _plan_receipts(sources, company, ledger, plan)
    _refuse_taken_numbers(plan, ledger)
    _check_accounts(plan, company, ledger)
    bookings = written_bookings([Handed.of(done) for done in plan.done], company)
    plan.problems += [problem for booking in bookings for problem in booking_problems(booking, company.options)]
    persons = [(done.source, done.person) for done in plan.done if done.person]
    accounts, shared = unsent_accounts(persons, company, ledger)
    plan.warnings += shared
    plan.problems += [problem for account in accounts for problem in account_problems(account, company.options)]
    if plan.problems:
        raise RuleError(*plan.shown(sources))
    if plan.waiting:
        if context.released:
            raise RuleError(*plan.waiting[:LIMIT])
        yield Wait(plan.waiting[0])
        return
    yield from (Warn(problem) for problem in plan.warnings)
    yield from remembered_receipts([document for _, _, document in documents], company)
    yield from effects(plan.done, accounts, parties.new, company, context, origin, plan.warnings)


# ── what is exported ──────────────────────────────────────────────────────────────────────────────────────────────


def _is_booked(source: Source, plan: Plan) -> bool:
    """Whether a document belongs into the books; a warning tells of invoices and sales that do not."""
    document = source.document
    if isinstance(document, CashReceipt):
        if document.receipt_type in NEVER_BOOKED:
            return False
        empty = document.total == 0 and not any(row.net or row.vat for row in document.vat_breakdown)
    elif document.document_type == "proforma":
        what = f"{source.label} wird nicht an die FIBU übergeben, weil Proformarechnungen nicht gebucht werden."
        plan.warnings.append(source.problem("fibu_proforma", what, "", "/document_type", document.document_type))
        return False
    else:
        empty = document.totals.gross == 0 and not any(row.net or row.vat for row in document.vat_breakdown)
    if empty:
        what = f"{source.label} wird nicht an die FIBU übergeben, weil der Betrag 0,00 ist."
        plan.warnings.append(source.problem("fibu_zero_document", what, ""))
    return not empty


def _refuse_exported(sources: list[Source], ledger: CompanyLedger, plan: Plan) -> None:
    """A document goes to the FIBU once; what was wrong with it is mended by a document of its own."""
    known = ledger.get_many(EXPORTED, [source.export_key for source in sources])
    opened = ledger.get(OPEN_RUN, OPEN_RUN)
    seen: set[str] = set()
    for source in sources:
        before = known.get(source.export_key)
        if before is not None:
            done = f"wurde schon am {before.body['exported_on']} an die FIBU übergeben"
            if opened is not None and opened.body["run"] == before.group:
                done = f"steht seit {before.body['exported_on']} zur Übergabe an die FIBU bereit"
            plan.problems.append(
                source.problem(
                    "fibu_already_exported",
                    f"{source.label} {done}.",
                    "Eine Änderung geht nur mit einem Stornobeleg: Bitte stornieren Sie den Beleg in CLUE und "
                    "übergeben Sie den Stornobeleg und, wenn nötig, einen neuen Beleg.",
                    value=source.number,
                )
            )
        elif source.export_key in seen:
            what = f"{source.label} ist in dieser Übergabe mehrmals enthalten."
            todo = "Bitte übergeben Sie jeden Beleg nur einmal."
            plan.problems.append(source.problem("fibu_document_twice", what, todo, value=source.number))
        seen.add(source.export_key)


def _refuse_taken_numbers(plan: Plan, ledger: CompanyLedger) -> None:
    """Two documents under one number on one account would be one open item in the FIBU."""
    keyed = [(done, tracked_document(done, "")) for done in plan.done if done.person]
    known = ledger.get_many(KIND, [match_key(t.ledger_account, t.number) for _, t in keyed])
    seen: dict[str, str] = {}
    for done, tracked in keyed:
        key = match_key(tracked.ledger_account, tracked.number)
        other = seen.get(key) or (known[key].body["document_id"] if key in known else None)
        if other is not None and other != tracked.document_id:
            plan.problems.append(
                done.source.problem(
                    "fibu_number_taken",
                    f"{done.source.label}: Auf dem Konto {tracked.ledger_account} gibt es die Belegnummer "
                    f"{tracked.number} schon (Beleg {other}).",
                    "Bitte prüfen Sie, ob der Beleg doppelt erfasst ist; sonst vergeben Sie bitte eine andere Nummer.",
                    "/external_number" if tracked.direction == "ap" else "/number",
                    tracked.number,
                )
            )
        seen.setdefault(key, tracked.document_id)


def _check_accounts(plan: Plan, company: Company, ledger: CompanyLedger) -> None:
    """Accounts that the FIBU cannot know: all of them at once."""
    chart = load_chart(ledger)
    unknown = [problem for done in plan.done for problem in unknown_accounts(done, chart)]
    if company.accounts.unknown == "refuse":
        plan.problems += unknown
    else:
        plan.warnings += unknown
    plan.problems += [problem for done in plan.done for problem in outside_range(done.source, done.person, company)]


# ── documents to bookings ─────────────────────────────────────────────────────────────────────────────────────────


def _plan_invoices(sources: Sequence[Source], company: Company, parties: Parties, context: Context, plan: Plan) -> None:
    """Plan the invoices; those that deduct or cancel others come last, so that they find them."""
    ledger = context.ledger.of(company.id)
    billed: list[Billed] = []
    for source in sources:
        invoice = source.document
        if not isinstance(invoice, Invoice):
            continue
        before = len(plan.problems)
        person = parties.person(source, invoice, plan.problems)
        if person is not None:
            billed.append((source, invoice, person))
        elif len(plan.problems) == before:
            plan.waiting.append(_party_unknown(source, invoice))
    accounts = load_accounts([invoice for _, invoice, _ in billed], company.accounts, ledger)
    books = Books(company, accounts, load_earlier(billed, ledger), context.released)
    planned: list[Done] = []
    for source, invoice, person in sorted(billed, key=lambda one: _depth(one[1])):
        done = plan_invoice(source, invoice, person, books, plan)
        if done is not None:
            books.earlier.add(done)
            planned.append(done)
            plan.warnings += _warnings(source, invoice, done.bookings[0], person, company)
    plan.done += sorted(planned, key=lambda done: done.source.index)


def _depth(invoice: Invoice) -> int:
    """What refers to others comes after them: what deducts, then what takes back."""
    return 2 if invoice.corrects else 1 if invoice.advance_invoices else 0


def _plan_receipts(sources: Sequence[Source], company: Company, ledger: CompanyLedger, plan: Plan) -> None:
    receipts = [(source, source.document) for source in sources if isinstance(source.document, CashReceipt)]
    paid = [receipt.invoice_id for _, receipt in receipts if receipt.receipt_type == "invoice_payment"]
    settled = {
        key: SettledInvoice.of(entry.body)
        for key, entry in ledger.get_many(EXPORTED, [key for key in paid if key]).items()
        if entry.body["direction"] != "cash"
    }
    settled |= {done.source.export_key: SettledInvoice.of(export_body(done, "", "")) for done in plan.done}
    for source, receipt in receipts:
        invoice = None
        if receipt.receipt_type == "invoice_payment":
            invoice = settled.get(receipt.invoice_id or "")
            if invoice is None:
                plan.waiting.append(_invoice_unknown(source, receipt))
                continue
        if invoice and invoice.is_advance:
            plan.warnings.append(_advance_paid(source, invoice))
        groups = sums_of_groups(receipt)
        if groups and (stated_sums(receipt) or groups) != groups:
            plan.warnings.append(_register_differs(source))
        bookings = receipt_bookings(source, receipt, invoice, company, plan.problems)
        if bookings:
            plan.done.append(Done(source, bookings))


def _warnings(
    source: Source, invoice: Invoice, booking: Booking, person: Person, company: Company
) -> Iterator[Problem]:
    if invoice.totals.rounding:
        yield source.problem(
            "fibu_rounding",
            f"{source.label}: Der Zahlbetrag ist um {german(invoice.totals.rounding)} gerundet; an die FIBU geht der "
            "Betrag ohne diese Rundung.",
            "Bitte buchen Sie die Rundung beim Ausgleich des offenen Postens aus.",
            "/totals/rounding",
            invoice.totals.rounding,
        )
    if invoice.document_type == "final_invoice" and invoice.totals.prepaid and not invoice.advance_invoices:
        yield source.problem(
            "fibu_prepaid_without_advances",
            f"{source.label}: Abgezogen sind {german(invoice.totals.prepaid)}, der Beleg nennt aber keine "
            "Anzahlungsrechnung; an die FIBU geht der ganze Betrag.",
            "Bitte prüfen Sie, ob es Anzahlungsrechnungen gibt: Ihre Umsatzsteuer wäre sonst zweimal gebucht.",
            "/totals/prepaid",
            invoice.totals.prepaid,
        )
    if person.master is None:
        yield source.problem(
            "fibu_party_not_sent",
            f"{source.label}: Zum Personenkonto {person.account} hat CLUE keine Stammdaten übergeben.",
            "Bitte achten Sie darauf, dass es dieses Konto in der FIBU gibt.",
            "/party_id",
            person.party_id,
        )
    if booking.posting_date is not None and company.fibu == "rzl":
        yield source.problem(
            "fibu_vat_month",
            f"{source.label}: Den abweichenden USt-Monat {booking.posting_date:%m/%Y} kann RZL nicht aufnehmen.",
            "Bitte tragen Sie den USt-Monat nach dem Import in RZL ein.",
            "/vat_month",
        )


def _party_unknown(source: Source, invoice: Invoice) -> Problem:
    word = "Der Kunde" if party_kind(invoice) == "customer" else "Der Lieferant"
    name = f"{invoice.party_id} ({invoice.party_name})" if invoice.party_name else invoice.party_id
    return source.problem(
        "fibu_party_unknown",
        f"{source.label}: {word} {name} ist noch nicht bekannt.",
        "Bitte übergeben Sie die Stammdaten aus CLUE.",
        "/party_id",
        invoice.party_id,
    )


def _register_differs(source: Source) -> Problem:
    return source.problem(
        "fibu_rksv_differs",
        f"{source.label}: Die Summen der Registrierkasse (RKSV) sind andere als die der Steuergruppen; gebucht werden "
        "die Steuergruppen.",
        "Bitte prüfen Sie die Steuersätze des Belegs in CLUE.",
        "/rksv",
    )


def _advance_paid(source: Source, invoice: SettledInvoice) -> Problem:
    return source.problem(
        "fibu_advance_paid_in_cash",
        f"{source.label}: Mit der Zahlung der Anzahlungsrechnung {invoice.number} wird ihre Umsatzsteuer fällig.",
        "Bitte prüfen Sie nach dem Import in der FIBU, dass die Zahlung als Anzahlung gebucht ist.",
        "/invoice_id",
    )


def _invoice_unknown(source: Source, receipt: CashReceipt) -> Problem:
    return source.problem(
        "fibu_invoice_unknown",
        f"{source.label}: Die bar bezahlte Rechnung {receipt.invoice_id} wurde noch nicht an die FIBU übergeben.",
        "Bitte übergeben Sie die Rechnung aus CLUE.",
        "/invoice_id",
        receipt.invoice_id,
    )
