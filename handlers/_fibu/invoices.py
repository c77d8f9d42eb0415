"""From an invoice to a booking: sides, signs, currency, texts, and what forbids the export."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from core.company import Company
from core.documents import Invoice
from core.errors import Problem
from core.fibu.booking import Booking, BookingLine, ForeignAmount
from core.fibu.program import Limits
from core.money import cents, total
from handlers._fibu.advances import (
    Books,
    Deduction,
    deducted_gross,
    deducted_lines,
    deductions,
    is_advance,
    other_bookings,
    withdrawn,
)
from handlers._fibu.parties import Person
from handlers._fibu.plan import Done, Plan
from handlers._fibu.source import GERMAN_TYPES, Source
from handlers._fibu.terms import terms_of
from handlers._fibu.treatments import SHOWS_VAT_ID, vat_id_problems, vat_id_warnings
from handlers._fibu.vat import balanced, invoice_lines, turned
from handlers._intake.document_files import shown_file


def plan_invoice(source: Source, invoice: Invoice, person: Person, books: Books, plan: Plan) -> Done | None:
    """The bookings of an invoice, None where its sums do not agree; what stands against it is added to the plan."""
    company, found = books.company, list[Problem]()
    lines = invoice_lines(source, invoice, books.accounts, found, advance=is_advance(invoice, person, books.earlier))
    gross = invoice.totals.gross
    foreign = None
    if invoice.currency != company.currency:
        found += _currency_problems(source, invoice, company)
        if not found and invoice.exchange:
            foreign = ForeignAmount(currency=invoice.currency, rate=invoice.exchange.rate)
            lines, gross = _converted(invoice, lines, foreign.rate), cents(gross / foreign.rate)
    vat_id = invoice.vat_id or person.vat_id
    treatments = frozenset(line.treatment for line in lines)
    if invoice.direction == "ar":
        found += vat_id_problems(source, treatments, vat_id, person.name or person.party_id)
        plan.warnings += vat_id_warnings(source, treatments, vat_id)
    lines = balanced(lines, gross)
    lines_total = total(line.gross for line in lines)
    plan.problems += found
    if lines_total != gross:
        plan.problems.append(source.unbalanced(lines_total, gross))
        return None
    deducted = deductions(source, invoice, person, books, plan)
    booking = _booking(source, invoice, person, lines, deducted, foreign, plan, company)
    if not treatments & SHOWS_VAT_ID:
        vat_id = ""
    booking = booking.model_copy(update={"vat_id": vat_id})
    rest = other_bookings(booking, deducted, source.sign)
    return Done(
        source,
        (booking, *rest),
        person,
        deducted=tuple(deduction.key for deduction in deducted),
        withdrawn=withdrawn(invoice, person, books.earlier),
    )


def _booking(
    source: Source,
    invoice: Invoice,
    person: Person,
    whole: Sequence[BookingLine],
    deducted: Sequence[Deduction],
    foreign: ForeignAmount | None,
    plan: Plan,
    company: Company,
) -> Booking:
    """The document's own booking: the whole supply less what was deducted.

    ``invoice.attachments`` are names of files that lie beside the bookings; the FIBU shows one of them.
    """
    lines = (*whole, *deducted_lines(deducted, foreign.rate if foreign else None))
    payable = invoice.totals.gross - deducted_gross(deducted)
    return Booking(
        document_id=source.record,
        pointer=source.pointer,
        kind=invoice.direction,
        side="debit" if invoice.direction == "ar" else "credit",
        account=person.account,
        number=invoice.number,
        external_number=_external_number(invoice),
        symbol=invoice.document_circle or "",
        document_date=invoice.issue_date,
        posting_date=_posting_date(invoice),
        due_date=invoice.due_date,
        service_date=source.supply_date if source.supply_date != invoice.issue_date else None,
        stage=source.stage,
        order_number=invoice.order_ids[0] if source.stage and invoice.order_ids else "",
        payment_reference=invoice.payment_reference or "",
        dunning_block=bool(invoice.dunning and invoice.dunning.block),
        currency=company.currency,
        foreign=foreign,
        party_name=invoice.party_name or person.name,
        text=_text(invoice),
        terms=terms_of(source, invoice, payable, company.options.LIMITS, plan.warnings),
        document_file=_document_file(source, invoice, company.options.LIMITS, plan.warnings),
        gross=source.sign * total(line.gross for line in lines),
        lines=turned(lines, source.sign) or tuple(lines[:1]),
    )


def _document_file(source: Source, invoice: Invoice, limits: Limits, warnings: list[Problem]) -> str:
    """The file that shows the document. What else was attached lies beside it all the same."""
    found = shown_file(invoice.attachments, limits)
    if invoice.attachments and not found:
        what = (
            f"{source.label}: {limits.program} zeigt zu einer Buchung nur Dateien mit der Endung "
            f"{', '.join(limits.document_types)}; angehängt ist nur {', '.join(invoice.attachments)}."
        )
        todo = "Bitte hängen Sie den Beleg in CLUE als PDF an, oder legen Sie ihn in der FIBU von Hand zur Buchung."
        warnings.append(source.problem("fibu_document_file", what, todo, "/attachments"))
    return found


def _external_number(invoice: Invoice) -> str:
    """The number that the other side has given: a supplier's, or a customer's who writes the invoice himself."""
    own = invoice.direction == "ar" and invoice.document_type != "self_billing"
    return "" if own else invoice.external_number or ""


def _currency_problems(source: Source, invoice: Invoice, company: Company) -> list[Problem]:
    exchange = invoice.exchange
    if exchange is None or exchange.rate <= 0:
        return [
            source.problem(
                "fibu_exchange_rate_missing",
                f"{source.label}: Der Beleg lautet auf {invoice.currency}, es fehlt der Umrechnungskurs zu "
                f"{company.currency}.",
                "Bitte geben Sie den Kurs in CLUE an und übergeben Sie den Beleg noch einmal.",
                "/exchange",
            )
        ]
    if invoice.totals.vat and exchange.vat_amount_eur is None:
        return [
            source.problem(
                "fibu_vat_in_euro_missing",
                f"{source.label}: Der Beleg lautet auf {invoice.currency}, es fehlt die Umsatzsteuer in Euro.",
                "Bitte geben Sie die Umsatzsteuer in Euro in CLUE an und übergeben Sie den Beleg noch einmal.",
                "/exchange/vat_amount_eur",
            )
        ]
    return []


def _converted(invoice: Invoice, lines: Sequence[BookingLine], rate: Decimal) -> list[BookingLine]:
    """The lines in the company's currency; their VAT adds up to the euro amount that the document states."""
    converted = [
        line.model_copy(
            update={
                "net": cents(line.net / rate),
                "vat": cents(line.vat / rate),
                "self_assessed_vat": cents(line.self_assessed_vat / rate),
                "foreign_net": line.net,
                "foreign_vat": line.vat,
            }
        )
        for line in lines
    ]
    stated = invoice.exchange.vat_amount_eur if invoice.exchange else None
    taxed = [index for index, line in enumerate(converted) if line.foreign_vat]
    if stated is None or not taxed:
        return converted
    largest = max(taxed, key=lambda index: abs(converted[index].vat))
    rest = stated - total(line.vat for line in converted)
    converted[largest] = converted[largest].model_copy(update={"vat": converted[largest].vat + rest})
    return converted


def _posting_date(invoice: Invoice) -> date | None:
    """A day in the month of the VAT return, where that is not the document's own."""
    if invoice.vat_month is None or invoice.vat_month == f"{invoice.issue_date:%Y-%m}":
        return None
    year, month = (int(part) for part in invoice.vat_month.split("-"))
    later = (year, month) > (invoice.issue_date.year, invoice.issue_date.month)
    return date(year, month, 1 if later else monthrange(year, month)[1])


def _text(invoice: Invoice) -> str:
    """What to say besides the party's name."""
    if invoice.text:
        return invoice.text
    if invoice.document_type in {"invoice", "self_billing"}:
        return ""
    word = "Storno" if invoice.document_type == "cancellation" else GERMAN_TYPES[invoice.document_type]
    return f"{word} zu {invoice.corrects.number}" if invoice.corrects else word
