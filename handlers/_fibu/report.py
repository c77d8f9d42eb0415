"""What a person is told of an export run: a report of its documents, and the two files that show it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from core.batch import Output
from core.company import Company
from core.contracts import Emit
from core.errors import Problem
from core.fibu.booking import Booking, BookingKind, BookingLine, Side
from core.fibu.run_report import AccountSum, Amounts, Balance, KindSum, Posted, RunReport, foreign_sum
from core.fibu.uva import month_of, uva_months

Handed = tuple[str, Sequence[Booking]]
"""A document as a clerk calls it ("Rechnung AR-2026-1"), and its bookings: its own first, then what goes with it."""

FORMATS = (("run_report_txt", "txt"), ("run_report_xlsx", "xlsx"))
"""Formats that show a report, each with the ending of its files."""
_CASH: dict[Side, str] = {"debit": "Eingang", "credit": "Ausgang"}
_BALANCED: dict[tuple[BookingKind, Side], str] = {
    ("ar", "debit"): "Ausgangsrechnungen",
    ("ap", "credit"): "Eingangsrechnungen",
    ("cash", "debit"): "Kassa, Eingänge",
    ("cash", "credit"): "Kassa, Ausgänge und Umbuchungen",
    ("payment", "credit"): "Zahlungen zu Ausgangsrechnungen",
    ("payment", "debit"): "Zahlungen zu Eingangsrechnungen",
}


def report_files(
    run: str,
    company: Company,
    created: datetime,
    files: Sequence[str],
    stem: str,
    documents: Sequence[Handed],
    written: Sequence[Booking],
    warnings: Sequence[Problem],
) -> Iterator[Emit]:
    """Yield the report of a run as text and as workbook, where the company wants reports and there are documents.

    ``stem`` is what the names of the run's files begin with; for the rest see ``run_report``.
    """
    if not company.report_target or not documents:
        return
    report = run_report(run, company, created, files, documents, written, warnings)
    for format_id, ending in FORMATS:
        name = f"{stem}_3_uebergabeprotokoll.{ending}"
        yield Emit(Output(company.report_target, format_id, name, "run_report"), (report,))


def run_report(
    run: str,
    company: Company,
    created: datetime,
    files: Sequence[str],
    documents: Sequence[Handed],
    written: Sequence[Booking],
    warnings: Sequence[Problem],
) -> RunReport:
    """The report of one run.

    ``files`` are names in the order of their import. ``written`` are the bookings as they stand in the files: those of
    the documents, or sums of these.
    """
    bookings = [booking for _, own in documents for booking in own]
    posted = tuple(entry for handed in documents for entry in _posted(handed))
    return RunReport(
        company=company.id,
        company_name=company.name,
        currency=company.currency,
        program=company.options.LIMITS.program,
        run=run,
        created=created,
        files=tuple(files),
        documents=posted,
        kinds=_kinds(posted),
        balances=_balances(bookings, written),
        accounts=_accounts(bookings, company),
        uva=uva_months(bookings),
        warnings=tuple(warnings),
    )


def _posted(handed: Handed) -> Iterator[Posted]:
    label, bookings = handed
    number = bookings[0].number
    document = label.replace(f" {number}", "", 1)
    for place, booking in enumerate(bookings):
        follows = place > 0
        yield Posted(
            label=label,
            kind=_kind(document, booking, follows=follows),
            number=number,
            document_date=booking.document_date,
            month=month_of(booking),
            account=booking.account,
            party=booking.party_name,
            amounts=Amounts.of(booking.lines),
            text=booking.text if follows else "",
            booked_as=booking.number if booking.number != number else "",
            foreign=foreign_sum(booking),
        )


def _kind(document: str, booking: Booking, *, follows: bool) -> str:
    """What is summed up together: money that comes, goes and is moved apart, although one register prints all of it."""
    if booking.kind in {"ar", "ap"}:
        return f"{document}: Verrechnung" if follows else document
    if follows:
        return f"{document}: {booking.text}"
    word = "Zahlung einer Rechnung" if booking.kind == "payment" else _CASH[booking.side]
    return f"{document}: {word}"


def _kinds(posted: Sequence[Posted]) -> tuple[KindSum, ...]:
    """In the order in which the first of each kind comes."""
    found: dict[str, list[Posted]] = {}
    for entry in posted:
        found.setdefault(entry.kind, []).append(entry)
    return tuple(
        KindSum(kind, len(entries), sum((entry.amounts for entry in entries), Amounts()))
        for kind, entries in found.items()
    )


def _balances(bookings: Sequence[Booking], written: Sequence[Booking]) -> tuple[Balance, ...]:
    """Documents and written bookings by kind and side: what has no booking, or no document, shows as zero."""
    documents, files = _by_kind(bookings), _by_kind(written)
    return tuple(
        Balance(label, _of_bookings(documents[kind]), _of_bookings(files[kind]), len(files[kind]))
        for kind, label in _BALANCED.items()
        if documents[kind] or files[kind]
    )


def _by_kind(bookings: Iterable[Booking]) -> dict[tuple[BookingKind, Side], list[Booking]]:
    found: dict[tuple[BookingKind, Side], list[Booking]] = {kind: [] for kind in _BALANCED}
    for booking in bookings:
        found[booking.kind, booking.side].append(booking)
    return found


def _of_bookings(bookings: Iterable[Booking]) -> Amounts:
    return Amounts.of(line for booking in bookings for line in booking.lines)


def _accounts(bookings: Iterable[Booking], company: Company) -> tuple[AccountSum, ...]:
    """By account, then outgoing before incoming, treatment, country and rate."""
    found: dict[tuple[str, bool, str, str, Decimal], tuple[Booking, list[BookingLine]]] = {}
    for booking in bookings:
        for line in booking.lines:
            key = (line.account.zfill(9), booking.vat_side == "ap", line.treatment, line.destination, -line.rate)
            found.setdefault(key, (booking, []))[1].append(line)
    return tuple(_account(*found[key], company) for key in sorted(found))


def _account(booking: Booking, lines: Sequence[BookingLine], company: Company) -> AccountSum:
    line, side = lines[0], booking.vat_side
    rule = company.options.known_code(side, line.treatment, line.rate, line.destination)
    shown = company.options.written(rule, line.rate) if rule else ("",)
    return AccountSum(
        account=line.account,
        side=side,
        treatment=line.treatment,
        destination=line.destination,
        rate=line.rate,
        tax_code="/".join(shown) if shown[0] else "",
        amounts=Amounts.of(lines),
    )
