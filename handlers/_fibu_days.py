"""Sales of a day at one register as one booking (Tageslosung), where the company books so.

The sale of a receipt is a debit of the cash account, money moved on is a credit of it (``handlers._fibu_receipts``).
"""

from collections.abc import Iterable, Sequence
from datetime import date

from core.booking import Booking, BookingLine
from core.company import Company
from core.documents import CashReceipt
from core.money import total
from handlers._fibu_plan import Done
from handlers._fibu_vat import merged

_SUMMED = frozenset({"sale", "cancellation"})


def written_bookings(exported: Sequence[Done], company: Company) -> list[Booking]:
    """What is written of these documents, in their order; a day's booking stands where its first receipt stood."""
    if company.cash_bookings == "single":
        return [booking for done in exported for booking in done.bookings]
    days: dict[tuple[str, date], list[tuple[CashReceipt, Sequence[Booking]]]] = {}
    written: list[list[Booking] | tuple[str, date]] = []
    for done in exported:
        receipt = done.source.document
        if not isinstance(receipt, CashReceipt) or receipt.receipt_type not in _SUMMED:
            written.append(list(done.bookings))
            continue
        key = (receipt.register_id, done.source.supply_date)
        if key not in days:
            written.append(key)
        days.setdefault(key, []).append((receipt, done.bookings))
    return [booking for part in written for booking in (part if isinstance(part, list) else _day(days[part], part[1]))]


def _day(receipts: Sequence[tuple[CashReceipt, Sequence[Booking]]], day: date) -> Iterable[Booking]:
    """One booking of all sales with all VAT groups, then one for each account that money was moved to."""
    first, last = receipts[0][0], receipts[-1][0]
    span = first.receipt_number
    if len(receipts) > 1:
        span = f"{first.receipt_number} bis {last.receipt_number}"
    sums: dict[tuple[str, str], list[Booking]] = {}
    for _, bookings in receipts:
        for booking in bookings:
            moved_to = ("", "") if booking.side == "debit" else (booking.lines[0].account, booking.text)
            sums.setdefault(moved_to, []).append(booking)
    for (account, text), parts in sums.items():
        lines = _kept(merged(line for booking in parts for line in booking.lines))
        if lines:
            yield parts[0].model_copy(
                update={
                    "number": f"{day:%Y%m%d}",
                    "text": text if account else f"Tageslosung {first.register_id}, Belege {span}",
                    "gross": total(line.gross for line in lines),
                    "lines": lines,
                }
            )


def _kept(lines: Sequence[BookingLine]) -> tuple[BookingLine, ...]:
    return tuple(line for line in lines if line.net or line.vat)
