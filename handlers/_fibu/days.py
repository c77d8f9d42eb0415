"""Sales of a day at one register as one booking (Tageslosung), where the company books so.

The sale of a receipt is a debit of the cash account, money moved on is a credit of it (``handlers._fibu.receipts``).
"""

from collections.abc import Iterable, Sequence
from datetime import date

from core.company import Company
from core.fibu.booking import Booking, BookingLine
from core.money import total
from handlers._fibu.handed import Handed, Sale
from handlers._fibu.vat import merged

_Day = tuple[str, date]
"""A register and a day."""


def written_bookings(documents: Sequence[Handed], company: Company) -> list[Booking]:
    """What is written of these documents, in their order; a day's booking stands where its first receipt stood."""
    if company.cash_bookings == "single":
        return [booking for document in documents for booking in document.bookings]
    days: dict[_Day, list[tuple[Sale, Sequence[Booking]]]] = {}
    written: list[list[Booking] | _Day] = []
    for document in documents:
        if document.sale is None:
            written.append(list(document.bookings))
            continue
        key = (document.sale.register, document.sale.day)
        if key not in days:
            written.append(key)
        days.setdefault(key, []).append((document.sale, document.bookings))
    return [booking for part in written for booking in (part if isinstance(part, list) else _day(days[part]))]


def _day(sales: Sequence[tuple[Sale, Sequence[Booking]]]) -> Iterable[Booking]:
    """One booking of all sales with all VAT groups, then one for each account that money was moved to."""
    first, last = sales[0][0], sales[-1][0]
    span = first.receipt if len(sales) == 1 else f"{first.receipt} bis {last.receipt}"
    sums: dict[tuple[str, str], list[Booking]] = {}
    for _, bookings in sales:
        for booking in bookings:
            moved_to = ("", "") if booking.side == "debit" else (booking.lines[0].account, booking.text)
            sums.setdefault(moved_to, []).append(booking)
    for (account, text), parts in sums.items():
        lines = _kept(merged(line for booking in parts for line in booking.lines))
        if lines:
            yield parts[0].model_copy(
                update={
                    "number": f"{first.day:%Y%m%d}",
                    "text": text if account else f"Tageslosung {first.register}, Belege {span}",
                    "gross": total(line.gross for line in lines),
                    "lines": lines,
                }
            )


def _kept(lines: Sequence[BookingLine]) -> tuple[BookingLine, ...]:
    return tuple(line for line in lines if line.net or line.vat)
