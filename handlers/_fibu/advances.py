"""What a final invoice takes back of the advance and partial invoices before it (facts/domain.md 3, facts 8 and 9).

The final invoice is booked whole, and each earlier invoice is taken back as it was booked, with its VAT. What was paid
of it is deducted from the final invoice, so that its open item is what is still to pay. What was not paid is taken back
from the earlier invoice's own open item, so that nothing stays open there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import starmap

from core.company import Company
from core.documents import Invoice
from core.documents.invoices import AdvanceInvoice
from core.fibu.booking import NO_TAX, Booking, BookingLine, ForeignAmount
from core.money import ZERO, cents, total, vat_of_net
from core.tracked import match_key
from handlers._fibu.accounts import LedgerAccounts, account_missing
from handlers._fibu.advance_problems import (
    amount_problems,
    differences,
    not_ours,
    paid_of,
    rate_unclear,
    total_problems,
    twice,
    unknown,
)
from handlers._fibu.earlier import EarlierDocuments
from handlers._fibu.parties import Person
from handlers._fibu.plan import Plan
from handlers._fibu.source import Source
from handlers._fibu.treatments import ADVANCE, MOST_ROUNDING
from handlers._fibu.vat import document_gross, turned

_AMOUNTS = ("net", "vat", "self_assessed_vat", "foreign_net", "foreign_vat")


@dataclass(frozen=True, slots=True)
class Books:
    """What decides on the bookings besides the document."""

    company: Company
    accounts: LedgerAccounts
    earlier: EarlierDocuments
    released: bool
    """A person has said that what is missing will not come."""


@dataclass(frozen=True, slots=True)
class Deduction:
    """One earlier invoice that is taken back; its lines have the sign of the earlier invoice."""

    key: str
    number: str
    """Its number in the company's own books."""
    external_number: str
    paid: tuple[BookingLine, ...]
    unpaid: tuple[BookingLine, ...]
    rate: Decimal | None
    """Exchange rate of the earlier invoice, None where it is in the company's currency."""


def is_advance(invoice: Invoice, person: Person, earlier: EarlierDocuments) -> bool:
    """Whether the document is an advance invoice, or takes one back."""
    if invoice.document_type in {"credit_note", "cancellation"} and invoice.corrects:
        known = earlier.find(match_key(person.account, invoice.corrects.number), invoice.corrects.id)
        return known is not None and known.stage == "advance"
    return invoice.document_type == "advance_invoice"


def withdrawn(invoice: Invoice, person: Person, earlier: EarlierDocuments) -> str:
    """Match key of the advance invoice that the document cancels, "" where it cancels none."""
    if invoice.document_type != "cancellation" or not invoice.corrects:
        return ""
    return match_key(person.account, invoice.corrects.number) if is_advance(invoice, person, earlier) else ""


def deductions(source: Source, invoice: Invoice, person: Person, books: Books, plan: Plan) -> list[Deduction]:
    """What the invoice deducts. What stands against it is added to the plan, also what has not come yet."""
    found: list[Deduction] = []
    plan.problems += total_problems(source, invoice, person, books.earlier)
    seen: set[str] = set()
    for index, advance in enumerate(invoice.advance_invoices):
        at = f"/advance_invoices/{index}"
        key = match_key(person.account, advance.number)
        wrong = list(amount_problems(source, advance, at))
        if key in seen or (source.sign > 0 and books.earlier.deductions.get(key, 0) > 0):
            wrong.append(twice(source, advance, at))
        seen.add(key)
        earlier = books.earlier.find(key, advance.id)
        if earlier is None:
            plan.warnings += [not_ours(source, advance, at)] if books.released else []
            plan.waiting += [] if books.released else [unknown(source, advance, at)]
        else:
            wrong += differences(source, invoice, advance, earlier, at)
        plan.problems += wrong
        if not wrong and (earlier or books.released):
            lines = (
                _placed(earlier.lines, source, at) if earlier else _stated(source, invoice, advance, books, plan, at)
            )
            paid, unpaid = _divided(lines, advance)
            number = earlier.number if earlier else invoice.number if invoice.direction == "ap" else advance.number
            external = advance.number if invoice.direction == "ap" else ""
            rate = earlier.rate if earlier else _rate(invoice, books)
            found.append(Deduction(key, number, external, paid, unpaid, rate))
    return found


def deducted_lines(found: Sequence[Deduction], rate: Decimal | None) -> tuple[BookingLine, ...]:
    """Lines that take back what was paid at this exchange rate, as part of the invoice's own booking."""
    return tuple(line for deduction in found if deduction.rate == rate for line in turned(deduction.paid, -1))


def deducted_gross(found: Sequence[Deduction]) -> Decimal:
    """What is deducted, in the currency of the document."""
    return total(document_gross(line) for deduction in found for line in deduction.paid)


def other_bookings(booking: Booking, found: Sequence[Deduction], sign: int) -> Iterator[Booking]:
    """Bookings that go with the invoice's own.

    What was paid at another exchange rate is taken back at that rate, on the invoice's own open item; what was never
    paid is taken back on the open item of the earlier invoice.
    """
    rate = booking.foreign.rate if booking.foreign else None
    for deduction in found:
        if deduction.rate != rate:
            yield from _taken_back(booking, deduction, turned(deduction.paid, -sign), f"Anzahlung {deduction.number}")
        numbers = {"number": deduction.number, "external_number": deduction.external_number, "stage": "advance"}
        text = f"Rest verrechnet mit {booking.external_number or booking.number}"
        for rest in _taken_back(booking, deduction, turned(deduction.unpaid, -sign), text):
            yield rest.model_copy(update=numbers)


def _taken_back(booking: Booking, deduction: Deduction, lines: tuple[BookingLine, ...], text: str) -> Iterator[Booking]:
    """A booking with these lines, where there are any."""
    if lines:
        foreign = booking.foreign
        if foreign and deduction.rate:
            foreign = ForeignAmount(currency=foreign.currency, rate=deduction.rate)
        cleared = {"due_date": None, "terms": None, "document_file": "", "foreign": foreign}
        gross = total(line.gross for line in lines)
        yield booking.model_copy(update={**cleared, "text": text, "gross": gross, "lines": lines})


# ── amounts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _placed(lines: Sequence[BookingLine], source: Source, at: str) -> tuple[BookingLine, ...]:
    """The lines, as made from this place of the document."""
    return tuple(line.model_copy(update={"pointer": source.pointer + at}) for line in lines)


def _divided(
    lines: Sequence[BookingLine], advance: AdvanceInvoice
) -> tuple[tuple[BookingLine, ...], tuple[BookingLine, ...]]:
    """The lines as far as they were paid, and the rest; both together are the lines to the cent."""
    paid = paid_of(advance)
    if paid == advance.gross or not lines:
        return tuple(lines), ()
    if not paid:
        return (), tuple(lines)
    share = [_part(line, paid / advance.gross) for line in lines]
    largest = max(range(len(share)), key=lambda index: abs(share[index].net))
    foreign = share[largest].foreign_net
    missing = paid - total(document_gross(line) for line in share)
    changed = {"net": share[largest].net + missing} if foreign is None else {"foreign_net": foreign + missing}
    share[largest] = share[largest].model_copy(update=changed)
    return tuple(share), tuple(starmap(_less, zip(lines, share, strict=True)))


def _part(line: BookingLine, ratio: Decimal) -> BookingLine:
    """This part of a line: gross and VAT are rounded, the net is what is left."""
    vat = cents(line.vat * ratio)
    changed = {
        "vat": vat,
        "net": cents(line.gross * ratio) - vat,
        "self_assessed_vat": cents(line.self_assessed_vat * ratio),
    }
    if line.foreign_net is not None:
        foreign_vat = cents((line.foreign_vat or ZERO) * ratio)
        changed |= {"foreign_vat": foreign_vat, "foreign_net": cents(document_gross(line) * ratio) - foreign_vat}
    return line.model_copy(update=changed)


def _less(line: BookingLine, part: BookingLine) -> BookingLine:
    values = ((name, getattr(line, name), getattr(part, name)) for name in _AMOUNTS)
    return line.model_copy(update={name: whole - taken for name, whole, taken in values if whole is not None})


def _stated(
    source: Source, invoice: Invoice, advance: AdvanceInvoice, books: Books, plan: Plan, at: str
) -> tuple[BookingLine, ...]:
    """An advance that was not handed over from here, as the final invoice states it."""
    rates = {row.vat_rate for row in invoice.vat_breakdown if row.vat_rate}
    fitting = [rate for rate in sorted(rates) if abs(vat_of_net(advance.net, rate) - advance.vat) <= MOST_ROUNDING]
    if advance.vat and len(fitting) != 1:
        plan.problems.append(rate_unclear(source, advance, at))
        return ()
    rate = fitting[0] if advance.vat else ZERO
    account = books.accounts.of_group(invoice.direction, ADVANCE, rate)
    if account is None:
        plan.problems.append(account_missing(source, ADVANCE, rate, at))
        return ()
    line = BookingLine(
        account=account,
        net=advance.net,
        vat=advance.vat,
        treatment=ADVANCE if advance.vat else NO_TAX,
        rate=rate,
        pointer=source.pointer + at,
    )
    exchange = _rate(invoice, books)
    if exchange is None:
        return (line,)
    converted = {"net": cents(line.net / exchange), "vat": cents(line.vat / exchange)}
    return (line.model_copy(update={**converted, "foreign_net": line.net, "foreign_vat": line.vat}),)


def _rate(invoice: Invoice, books: Books) -> Decimal | None:
    """Exchange rate of a document in another currency."""
    foreign = invoice.currency != books.company.currency
    return invoice.exchange.rate if foreign and invoice.exchange and invoice.exchange.rate else None
