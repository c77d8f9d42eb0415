"""VAT groups of a document as posting lines: which account, how much net, how much VAT (facts/domain.md 3.1).

One posting per VAT group. A group is divided only where its lines go to different accounts, cost centres or cost
objects; then its VAT is divided too, and what rounding leaves over goes to the largest part, so that the group's VAT
stays the document's.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from core.company import Company
from core.documents import CashVatRow, Invoice, VatRow
from core.errors import Problem
from core.fibu.booking import BookingLine, VatSide
from core.money import ZERO, total, vat_of_net
from handlers._fibu.accounts import Asked, LedgerAccounts, Place, account_missing, parts, unplaced_postings
from handlers._fibu.source import Source
from handlers._fibu.treatments import (
    ADVANCE,
    MOST_ROUNDING,
    advance_problems,
    advance_treatment,
    booked_rate,
    country_problems,
    destination,
    row_problems,
    self_assessed,
)


def invoice_lines(
    source: Source, invoice: Invoice, accounts: LedgerAccounts, problems: list[Problem], *, advance: bool
) -> list[BookingLine]:
    """The posting lines of an invoice, in the currency of the document, positive as on the document.

    ``advance``: all of it goes to the account of advances, as it does for groups that say so themselves.
    """
    lines: list[BookingLine] = []
    problems += unplaced_postings(source, invoice)
    for index, row in enumerate(invoice.vat_breakdown):
        at = f"/vat_breakdown/{index}"
        found = [*row_problems(source, invoice.direction, row, at), *country_problems(source, invoice, row, at)]
        is_advance = advance or row.vat_treatment == ADVANCE
        if is_advance:
            found += advance_problems(source, invoice.direction, row, at)
        problems += found
        asked = Asked(
            treatment=ADVANCE if is_advance else row.vat_treatment,
            rate=row.vat_rate if is_advance else booked_rate(invoice.direction, row),
            destination=destination(invoice, row),
            articles=not is_advance,
        )
        made = [
            _line(source, invoice.direction, row, asked, place, net, vat, at)
            for (place, net), vat in _with_vat(parts(invoice, row, asked, accounts), row)
        ]
        if not found and any(line.account == "0" for line in made):
            problems.append(account_missing(source, asked.treatment, asked.rate, at))
        lines += made
    return merged(lines)


def _line(
    source: Source, side: VatSide, row: VatRow, asked: Asked, place: Place, net: Decimal, vat: Decimal, at: str
) -> BookingLine:
    """VAT that cannot be deducted is part of the expense."""
    sunk = row.vat_treatment == "not_deductible"
    is_advance = asked.treatment == ADVANCE
    return BookingLine(
        account=place.account or "0",
        net=net + vat if sunk else net,
        vat=ZERO if sunk else vat,
        self_assessed_vat=ZERO if is_advance else self_assessed(side, row, net, asked.rate),
        treatment=advance_treatment(row) if is_advance else row.vat_treatment,
        rate=ZERO if sunk or (is_advance and not row.vat) else asked.rate,
        destination=asked.destination,
        cost_center=place.cost_center,
        cost_object=place.cost_object,
        pointer=source.pointer + at,
    )


def receipt_lines(
    source: Source,
    rows: Sequence[CashVatRow],
    side: VatSide,
    company: Company,
    default: str | None,
    problems: list[Problem],
) -> list[BookingLine]:
    """The posting lines of a cash receipt, positive as on the receipt."""
    lines: list[BookingLine] = []
    for index, row in enumerate(rows):
        at = f"/vat_breakdown/{index}"
        problems += row_problems(source, side, row, at)
        rate = booked_rate(side, row)
        account = row.account or default or company.accounts.ledger_account(side, row.vat_treatment, rate)
        if account is None:
            problems.append(account_missing(source, row.vat_treatment, rate, at))
        sunk = row.vat_treatment == "not_deductible"
        lines.append(
            BookingLine(
                account=account or "0",
                net=row.net + row.vat if sunk else row.net,
                vat=ZERO if sunk else row.vat,
                self_assessed_vat=self_assessed(side, row, row.net, rate),
                treatment=row.vat_treatment,
                rate=ZERO if sunk else rate,
                cost_center=row.cost_center or "",
                cost_object=row.cost_object or "",
                pointer=source.pointer + at,
            )
        )
    return merged(lines)


def balanced(lines: Sequence[BookingLine], gross: Decimal) -> list[BookingLine]:
    """The lines with what rounding has left over on the largest one; unchanged where the difference is no rounding."""
    rest = gross - total(line.gross for line in lines)
    if not lines or rest == 0 or abs(rest) > MOST_ROUNDING:
        return list(lines)
    largest = max(range(len(lines)), key=lambda index: abs(lines[index].net))
    changed = lines[largest].model_copy(update={"net": lines[largest].net + rest})
    return [*lines[:largest], changed, *lines[largest + 1 :]]


def turned(lines: Iterable[BookingLine], sign: int) -> tuple[BookingLine, ...]:
    """The lines with the sign of the document; groups in which nothing is booked are left out."""
    amounts = ("net", "vat", "self_assessed_vat", "foreign_net", "foreign_vat")
    kept = [line for line in lines if line.net or line.vat or line.foreign_net]
    if sign > 0:
        return tuple(kept)
    return tuple(
        line.model_copy(
            update={
                name: -value + 0 for name in amounts if (value := getattr(line, name)) is not None
            }  # + 0: no minus zero
        )
        for line in kept
    )


def _with_vat(divided: Sequence[tuple[Place, Decimal]], row: VatRow) -> list[tuple[tuple[Place, Decimal], Decimal]]:
    """Divide the VAT of the group; the largest part takes what is left, so that the sum is the document's."""
    vats = [vat_of_net(net, row.vat_rate) if row.vat else ZERO for _, net in divided]
    if vats:
        largest = max(range(len(divided)), key=lambda index: abs(divided[index][1]))
        vats[largest] += row.vat - total(vats)
    return list(zip(divided, vats, strict=True))


def document_gross(line: BookingLine) -> Decimal:
    """Gross of a line in the currency of its document."""
    return line.gross if line.foreign_net is None else line.foreign_net + (line.foreign_vat or ZERO)


def merged(lines: Iterable[BookingLine]) -> list[BookingLine]:
    """Lines of the same account, treatment, rate, country, cost centre and cost object as one posting."""
    found: dict[tuple[object, ...], BookingLine] = {}
    for line in lines:
        key = (line.account, line.treatment, line.rate, line.destination, line.cost_center, line.cost_object)
        known = found.get(key)
        found[key] = (
            line
            if known is None
            else known.model_copy(
                update={
                    "net": known.net + line.net,
                    "vat": known.vat + line.vat,
                    "self_assessed_vat": known.self_assessed_vat + line.self_assessed_vat,
                }
            )
        )
    return list(found.values())
