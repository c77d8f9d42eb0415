"""Under which number a FIBU program keeps a document and its open item (facts/fibu.md 1.9, 3.3, 6)."""

import re

from core.fibu.booking import Booking

_NOT_DIGITS = re.compile(r"[^0-9]+")


def open_item_digits(booking: Booking) -> str:
    """The number under which RZL keeps the open item: digits only, no leading zeros; "" where there are none.

    It is the number the party knows: ours on outgoing documents, the supplier's on incoming ones (facts/fibu.md 3.3).
    """
    own = booking.settles if booking.kind == "payment" else booking.number
    return next((digits for number in (booking.external_number, own) if (digits := number_digits(number))), "")


def number_digits(number: str) -> str:
    """The digits of a document number without leading zeros; "" where there are none."""
    return _NOT_DIGITS.sub("", number).lstrip("0")


def open_item_number(booking: Booking) -> str:
    """The number under which DATEV keeps the open item, as the party knows it; not yet cleaned."""
    own = booking.settles if booking.kind == "payment" else booking.number
    return booking.external_number or own
