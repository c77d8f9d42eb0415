"""From an invoice to a booking: sides, signs, currency, texts, and what forbids the export."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from core.booking import Booking, BookingLine, ForeignAmount, PaymentTerms
from core.company import Company
from core.documents import Invoice
from core.errors import Problem
from core.money import ZERO, cents, total
from handlers._fibu_parties import Person
from handlers._fibu_source import GERMAN_TYPES, Source
from handlers._fibu_vat import Articles, balanced, invoice_lines, turned

_NEEDS_VAT_ID = frozenset({"ic_supply", "ic_service", "triangular"})
_SHOWS_VAT_ID = _NEEDS_VAT_ID | {"rc_domestic", "ic_acquisition", "rc_received"}


def invoice_booking(
    source: Source, invoice: Invoice, person: Person, company: Company, articles: Articles, problems: list[Problem]
) -> Booking | None:
    """The booking of an invoice, None where its sums do not agree; what stands against it is added to the problems.

    ``invoice.attachments`` are names of files that lie beside the bookings; the FIBU takes one, the first.
    """
    found = _refused_kind(source, invoice)
    lines = invoice_lines(source, invoice, company, articles, found)
    gross = invoice.totals.gross
    foreign = None
    if invoice.currency != company.currency:
        found += _currency_problems(source, invoice, company)
        if not found and invoice.exchange:
            foreign = ForeignAmount(currency=invoice.currency, rate=invoice.exchange.rate)
            lines, gross = _converted(invoice, lines, foreign.rate), cents(gross / foreign.rate)
    vat_id = invoice.vat_id or person.vat_id
    if invoice.direction == "ar" and not vat_id and any(line.treatment in _NEEDS_VAT_ID for line in lines):
        found.append(_vat_id_missing(source, person))
    lines = balanced(lines, gross)
    lines_total = total(line.gross for line in lines)
    problems += found
    if lines_total != gross:
        problems.append(source.unbalanced(lines_total, gross))
        return None
    return Booking(
        document_id=source.record,
        pointer=source.pointer,
        kind=invoice.direction,
        side="debit" if invoice.direction == "ar" else "credit",
        account=person.account,
        number=invoice.number,
        external_number=(invoice.external_number or "") if invoice.direction == "ap" else "",
        symbol=invoice.document_circle or "",
        document_date=invoice.issue_date,
        posting_date=_posting_date(invoice),
        due_date=invoice.due_date,
        currency=company.currency,
        foreign=foreign,
        party_name=invoice.party_name or person.name,
        text=_text(invoice),
        vat_id=vat_id if any(line.treatment in _SHOWS_VAT_ID for line in lines) else "",
        terms=_terms(invoice),
        document_file=invoice.attachments[0] if invoice.attachments else "",
        gross=source.sign * gross,
        lines=turned(lines, source.sign) or tuple(lines[:1]),
    )


def _refused_kind(source: Source, invoice: Invoice) -> list[Problem]:
    """Advance payments need postings of their own (facts/domain.md 3, fact 8), which are not made yet."""
    if invoice.document_type != "advance_invoice" and not invoice.advance_invoices:
        return []
    return [
        source.problem(
            "fibu_advance_invoice",
            f"{source.label}: Anzahlungsrechnungen und Schlussrechnungen mit Anzahlungen können noch nicht an die FIBU "
            "übergeben werden.",
            "Bitte buchen Sie diesen Beleg in der FIBU von Hand und nehmen Sie ihn aus der Übergabe.",
            "/document_type",
            invoice.document_type,
        )
    ]


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
    taxed = [index for index, line in enumerate(converted) if line.vat]
    if stated is None or not taxed:
        return converted
    largest = max(taxed, key=lambda index: abs(converted[index].vat))
    rest = stated - total(line.vat for line in converted)
    converted[largest] = converted[largest].model_copy(update={"vat": converted[largest].vat + rest})
    return converted


def _vat_id_missing(source: Source, person: Person) -> Problem:
    return source.problem(
        "fibu_vat_id_missing",
        f"{source.label}: Für eine steuerfreie Lieferung oder Leistung in die EU fehlt die UID-Nummer von "
        f"{person.name or person.party_id}.",
        "Bitte tragen Sie die UID-Nummer in CLUE beim Kunden ein und übergeben Sie den Beleg noch einmal.",
        "/vat_id",
    )


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


def _terms(invoice: Invoice) -> PaymentTerms | None:
    """Days counted from the document's date; a discount that is an amount cannot be said in days and percent."""
    terms = invoice.payment_terms
    net_days = terms.net_days if terms else None
    if net_days is None and invoice.due_date is not None:
        net_days = max(0, (invoice.due_date - invoice.issue_date).days)
    steps: list[tuple[int, Decimal]] = []
    for discount in terms.discounts if terms else ():
        days = discount.days
        if days is None and discount.until is not None:
            days = max(0, (discount.until - invoice.issue_date).days)
        if days is not None and discount.percent is not None and discount.percent > ZERO:
            steps.append((days, discount.percent))
    steps.sort(key=lambda step: step[0])
    if net_days is None and not steps:
        return None
    return PaymentTerms(
        net_days=net_days,
        discount_days=steps[0][0] if steps else None,
        discount_percent=steps[0][1] if steps else None,
        discount_days_2=steps[1][0] if len(steps) > 1 else None,
        discount_percent_2=steps[1][1] if len(steps) > 1 else None,
    )
