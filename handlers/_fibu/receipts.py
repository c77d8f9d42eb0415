"""From a cash receipt to bookings (facts/fibu.md 1.10, "Kassa"; facts/domain.md 2.4).

A sale is booked on the cash account with all its VAT groups; what was paid by card or voucher is then moved from the
cash account to the account of that means of payment. So the cash account ends up with the cash, and the turnover stands
in one document.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.company import Company
from core.contracts import Put
from core.documents import CashPayment, CashReceipt, Invoice
from core.errors import Problem
from core.fibu.booking import Booking, BookingKind, BookingLine, Side, VatSide
from core.money import ZERO, total
from core.rksv import HANDED_OVER, handed_over, receipt_key
from handlers._fibu.source import Source
from handlers._fibu.vat import receipt_lines, turned

NEVER_BOOKED = frozenset({"training", "zero", "start", "monthly", "yearly", "closing"})
"""Receipts that the cash register law wants and the books do not."""

_METHODS = {
    "card": "Kartenzahlung",
    "voucher": "Gutschein",
    "transfer": "Überweisung",
    "online": "Online-Zahlung",
    "other": "Sonstige Zahlung",
}


@dataclass(frozen=True, slots=True)
class SettledInvoice:
    """An exported invoice that is paid at the register."""

    direction: str
    number: str
    external_number: str
    account: str
    gross: Decimal
    party_name: str
    is_advance: bool

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "SettledInvoice":
        """From what is remembered of the export."""
        return cls(
            direction=str(body["direction"]),
            number=str(body["number"]),
            external_number=str(body["external_number"]),
            account=str(body["ledger_account"]),
            gross=Decimal(body["gross"]),
            party_name=str(body["party_name"]),
            is_advance=body.get("stage") == "advance",
        )


def remembered_receipts(documents: Iterable[Invoice | CashReceipt], company: Company) -> Iterator[Put]:
    """Remember what a register's protocol is compared with: every receipt, booked or not."""
    for document in documents:
        if isinstance(document, CashReceipt):
            key = receipt_key(document.register_id, document.receipt_number)
            yield Put(company.id, HANDED_OVER, key, handed_over(document), document.register_id)


def receipt_bookings(
    source: Source, receipt: CashReceipt, settled: SettledInvoice | None, company: Company, problems: list[Problem]
) -> list[Booking]:
    """The bookings of a receipt; what stands against them is added to the problems.

    ``settled`` is the invoice of an ``invoice_payment``.
    """
    if receipt.currency != company.currency:
        problems.append(
            source.problem(
                "fibu_cash_currency",
                f"{source.label}: Der Beleg lautet auf {receipt.currency}, die Kassa auf {company.currency}.",
                "Bitte erfassen Sie den Kassenbeleg in der Währung der Kassa.",
                "/currency",
                receipt.currency,
            )
        )
    if settled is not None:
        bookings = [_payment(source, receipt, settled, company, problems)]
    elif receipt.receipt_type in {"deposit", "withdrawal"}:
        bookings = [_movement(source, receipt, company, problems)]
    else:
        bookings = _sale(source, receipt, company, problems)
    return [booking for booking in bookings if booking is not None]


def _sale(source: Source, receipt: CashReceipt, company: Company, problems: list[Problem]) -> list[Booking | None]:
    cash = company.accounts.register(receipt.register_id).account
    cancelled = receipt.receipt_type == "cancellation"
    text = (
        f"Storno zu {receipt.corrects}" if cancelled and receipt.corrects else "Storno" if cancelled else "Kassaverkauf"
    )
    lines = receipt_lines(source, receipt.vat_breakdown, "ar", company, None, problems)
    sale = _booking(source, receipt, company, problems, side="debit", account=cash, lines=lines, text=text)
    moved: dict[tuple[str, str], Decimal] = {}
    for index, payment in enumerate(receipt.payments):
        account = _money_account(source, index, payment, cash, company, problems)
        if account != cash:
            key = (account, _METHODS.get(payment.method, payment.method))
            moved[key] = moved.get(key, ZERO) + payment.amount
    return [
        sale,
        *(
            _booking(
                source,
                receipt,
                company,
                problems,
                side="credit",
                account=cash,
                lines=[BookingLine(account=account, net=amount)],
                text=word,
                gross=amount,
            )
            for (account, word), amount in moved.items()
            if amount
        ),
    ]


def _movement(source: Source, receipt: CashReceipt, company: Company, problems: list[Problem]) -> Booking | None:
    """Money put into the register or taken out of it; with VAT groups it is a purchase paid in cash."""
    paid_in = receipt.receipt_type == "deposit"
    cash = company.accounts.register(receipt.register_id).account
    if receipt.vat_breakdown:
        side: VatSide = "ar" if paid_in else "ap"
        lines = receipt_lines(source, receipt.vat_breakdown, side, company, receipt.account, problems)
    else:
        lines = [BookingLine(account=receipt.account or company.accounts.in_transit, net=receipt.total)]
    return _booking(
        source,
        receipt,
        company,
        problems,
        side="debit" if paid_in else "credit",
        account=cash,
        lines=lines,
        text="Einzahlung" if paid_in else "Auszahlung",
    )


def _payment(
    source: Source, receipt: CashReceipt, settled: SettledInvoice, company: Company, problems: list[Problem]
) -> Booking | None:
    """An open item paid at the register: no revenue. A credit note is paid out."""
    cash = company.accounts.register(receipt.register_id).account
    sign = -1 if settled.gross < 0 else 1
    amounts: dict[str, Decimal] = {}
    for index, payment in enumerate(receipt.payments):
        account = _money_account(source, index, payment, cash, company, problems)
        amounts[account] = amounts.get(account, ZERO) + payment.amount
    return _booking(
        source,
        receipt,
        company,
        problems,
        kind="payment",
        side="credit" if settled.direction == "ar" else "debit",
        account=settled.account,
        lines=[BookingLine(account=account, net=amount) for account, amount in amounts.items()],
        text=f"Zahlung zu {settled.external_number or settled.number}",
        sign=sign,
        settled=settled,
    )


def _booking(
    source: Source,
    receipt: CashReceipt,
    company: Company,
    problems: list[Problem],
    *,
    side: Side,
    account: str,
    lines: Sequence[BookingLine],
    text: str,
    kind: BookingKind = "cash",
    sign: int | None = None,
    gross: Decimal | None = None,
    settled: SettledInvoice | None = None,
) -> Booking | None:
    expected = receipt.total if gross is None else gross
    lines_total = total(line.gross for line in lines)
    if lines_total != expected:
        problems.append(source.unbalanced(lines_total, expected))
        return None
    direction = source.sign if sign is None else sign
    kept = turned(lines, direction)
    if not kept:
        return None
    return Booking(
        document_id=source.record,
        pointer=source.pointer,
        kind=kind,
        side=side,
        account=account,
        number=receipt.receipt_number,
        external_number=settled.external_number if settled else "",
        settles=settled.number if settled else "",
        symbol=company.accounts.register(receipt.register_id).symbol,
        document_date=source.supply_date,
        currency=company.currency,
        party_name=settled.party_name if settled else "",
        text=receipt.text or text,
        gross=direction * expected,
        lines=kept,
    )


def _money_account(
    source: Source, index: int, payment: CashPayment, cash: str, company: Company, problems: list[Problem]
) -> str:
    """Where the money of a payment is; the cash account (and a problem) where nobody has named one."""
    if payment.method == "cash":
        return payment.account or cash
    account = payment.account or company.accounts.method_account(payment.method)
    if account is None:
        word = _METHODS.get(payment.method, payment.method)
        problems.append(
            source.problem(
                "fibu_payment_account_missing",
                f"{source.label}: Für das Zahlungsmittel „{word}“ ist kein Konto bekannt.",
                "Bitte lassen Sie das Konto in den Einstellungen der Firma eintragen.",
                f"/payments/{index}/method",
                payment.method,
            )
        )
    return account or cash
