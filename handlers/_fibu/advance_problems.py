"""What stands against deducting an advance or partial invoice, said to a clerk."""

from collections.abc import Iterator
from decimal import Decimal

from core.documents import Invoice
from core.documents.invoices import AdvanceInvoice
from core.errors import Problem
from core.money import total
from core.tracked import match_key
from handlers._fibu.earlier import Earlier, EarlierDocuments
from handlers._fibu.parties import Person
from handlers._fibu.source import Source, german
from handlers._fibu.vat import document_gross


def paid_of(advance: AdvanceInvoice) -> Decimal:
    """What was paid of an advance, in the currency of the document."""
    return advance.gross if advance.paid is None else advance.paid


def total_problems(source: Source, invoice: Invoice, person: Person, earlier: EarlierDocuments) -> Iterator[Problem]:
    """Yield what speaks against the sum of what is deducted."""
    paid = total(paid_of(advance) for advance in invoice.advance_invoices)
    if paid > invoice.totals.prepaid:
        yield source.problem(
            "fibu_prepaid_differs",
            f"{source.label}: Von den Anzahlungen sind {german(paid)} bezahlt, abgezogen sind aber nur "
            f"{german(invoice.totals.prepaid)}.",
            "Bitte geben Sie in CLUE den ganzen Rechnungsbetrag, die Anzahlungen und als „prepaid“ ihre Zahlungen an.",
            "/totals/prepaid",
            invoice.totals.prepaid,
        )
    if invoice.document_type != "cancellation" or not invoice.corrects:
        return
    key = match_key(person.account, invoice.corrects.number)
    known = earlier.find(key, invoice.corrects.id)
    if known and known.stage == "advance" and earlier.deductions.get(key, 0) > 0:
        yield source.problem(
            "fibu_advance_used_up",
            f"{source.label}: Die Anzahlungsrechnung {known.number} wurde schon storniert oder von einer Rechnung "
            "abgezogen.",
            "Bitte stornieren Sie zuerst die Rechnung, die sie abzieht.",
            "/corrects",
            known.number,
        )
    if known and known.deducted and not invoice.advance_invoices:
        yield source.problem(
            "fibu_advances_not_restored",
            f"{source.label}: Die stornierte Rechnung {known.number} zieht Anzahlungen ab, der Storno nennt keine.",
            "Bitte übergeben Sie den Stornobeleg mit denselben Anzahlungen wie die Rechnung.",
            "/advance_invoices",
        )


def amount_problems(source: Source, advance: AdvanceInvoice, at: str) -> Iterator[Problem]:
    """Yield what speaks against the amounts of an advance."""
    if advance.net + advance.vat != advance.gross or not 0 <= paid_of(advance) <= advance.gross:
        what = (
            f"Die Beträge der Anzahlungsrechnung {advance.number} passen nicht zusammen: netto {german(advance.net)}, "
            f"Umsatzsteuer {german(advance.vat)}, brutto {german(advance.gross)}, bezahlt {german(paid_of(advance))}."
        )
        yield _problem(source, advance, at, "fibu_advance_amounts", what, "Bitte prüfen Sie die Beträge in CLUE.")


def differences(
    source: Source, invoice: Invoice, advance: AdvanceInvoice, earlier: Earlier, at: str
) -> Iterator[Problem]:
    """Yield what an advance says otherwise than when it was handed over."""
    if earlier.stage not in {"advance", "partial"}:
        what = f"Der Beleg {advance.number} ist keine Anzahlungs- oder Teilrechnung."
        todo = "Bitte prüfen Sie in CLUE, welche Anzahlungen abzuziehen sind."
        yield _problem(source, advance, at, "fibu_advance_is_none", what, todo)
        return
    gross = total(document_gross(line) for line in earlier.lines)
    vat = total(line.vat if line.foreign_vat is None else line.foreign_vat for line in earlier.lines)
    if (earlier.currency, gross, vat) != (invoice.currency, advance.gross, advance.vat):
        what = (
            f"Die Anzahlungsrechnung {advance.number} wurde mit {german(gross)} {earlier.currency}, davon "
            f"{german(vat)} Umsatzsteuer, übergeben; hier stehen {german(advance.gross)} {invoice.currency} mit "
            f"{german(advance.vat)}."
        )
        todo = "Bitte prüfen Sie die abgezogene Anzahlung in CLUE."
        yield _problem(source, advance, at, "fibu_advance_differs", what, todo)


def twice(source: Source, advance: AdvanceInvoice, at: str) -> Problem:
    """An advance is deducted once."""
    what = f"Die Anzahlungsrechnung {advance.number} wurde schon von einer Rechnung abgezogen oder storniert."
    todo = "Bitte prüfen Sie in CLUE, welche Anzahlungen noch abzuziehen sind."
    return _problem(source, advance, at, "fibu_advance_deducted_twice", what, todo)


def unknown(source: Source, advance: AdvanceInvoice, at: str) -> Problem:
    """An advance has not been handed over yet."""
    what = f"Die Anzahlungsrechnung {advance.number} wurde noch nicht an die FIBU übergeben."
    todo = (
        "Bitte übergeben Sie die Anzahlungsrechnung aus CLUE. Wurde sie in der FIBU von Hand gebucht, geben Sie diese "
        "Datei bitte frei."
    )
    return _problem(source, advance, at, "fibu_advance_unknown", what, todo)


def not_ours(source: Source, advance: AdvanceInvoice, at: str) -> Problem:
    """An advance was booked by somebody else: what the final invoice says of it is taken."""
    what = (
        f"Die Anzahlungsrechnung {advance.number} wurde nicht von hier übergeben; sie wird nach den Angaben der "
        "Rechnung vom Konto für Anzahlungen abgezogen."
    )
    todo = "Bitte prüfen Sie in der FIBU, dass sie auf demselben Konto und mit demselben Steuercode gebucht ist."
    return _problem(source, advance, at, "fibu_advance_not_ours", what, todo)


def rate_unclear(source: Source, advance: AdvanceInvoice, at: str) -> Problem:
    """Nobody can tell which rate the VAT of an advance belongs to."""
    what = (
        f"Zu welchem Steuersatz die Umsatzsteuer {german(advance.vat)} der Anzahlungsrechnung {advance.number} gehört, "
        "geht aus der Rechnung nicht hervor."
    )
    todo = "Bitte buchen Sie diesen Beleg in der FIBU von Hand und nehmen Sie ihn aus der Übergabe."
    return _problem(source, advance, at, "fibu_advance_rate_unclear", what, todo)


def _problem(source: Source, advance: AdvanceInvoice, at: str, code: str, what: str, todo: str) -> Problem:
    """What is said of one of the advances that a document names."""
    return source.problem(code, f"{source.label}: {what}", todo, at, advance.number)
