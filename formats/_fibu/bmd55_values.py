"""The fields of a BMD 5.5 booking by the names of NTCS, as text, and back: what its two forms have in common.

Source: facts/fibu.md 1.9.
"""

from collections.abc import Iterator, Mapping

from core.fibu.booking import Booking, Stage
from core.fibu.numbers import number_digits
from core.fibu.options import BmdOptions
from formats._fibu.bmd_values import bmd_values

_ACCOUNTS = ("konto", "gkonto")
_DISCOUNTS = (("skontopz", "skontotage"), ("skontopz2", "skontotage2"))
_NO_DISCOUNT = "99"
_EXTERNAL_LENGTH = 12
_OWN_BESIDE = frozenset({"ar", "cash"})
"""Kinds whose own number stands in extbelegnr, where it is more than its digits; no supplier has another one."""
_ORDER_FLAGS: Mapping[tuple[Stage, bool], str] = {
    ("partial", False): "01",
    ("partial", True): "02",
    ("advance", False): "03",
    ("advance", True): "04",
    ("final", False): "05",
}
"""Field auftkz: 01 part invoice, 02 its cancellation, 03 advance, 04 its cancellation, 05 final invoice."""


def old_values(booking: Booking, options: BmdOptions) -> Iterator[dict[str, str]]:
    """The fields of each row."""
    digits = number_digits(booking.number)
    beside = booking.kind in _OWN_BESIDE and booking.number != digits and len(booking.number) <= _EXTERNAL_LENGTH
    terms = booking.terms
    shared = {
        "belegnr": digits,
        "extbelegnr": booking.external_number or (booking.number if beside else _settled(booking)),
        "leistdat": booking.service_date.strftime(options.date_format) if booking.service_date else "",
        "skonto": "0,00",
        "fwskonto": "0,00",
        "auftkz": _ORDER_FLAGS.get((booking.stage, booking.gross < 0), "") if options.part_invoices else "",
        "auftnr": number_digits(booking.order_number) if options.part_invoices else "",
    }
    if terms is None or terms.discount_percent is None:
        shared["skontopz"] = _NO_DISCOUNT
    if terms is None or terms.discount_percent_2 is None:
        shared["skontopz2"] = _NO_DISCOUNT
    for values in bmd_values(booking, options):
        yield values | shared | {name: values[name].zfill(9) for name in _ACCOUNTS}


def _settled(booking: Booking) -> str:
    """The invoice that a payment settles: there is no field for it."""
    return booking.settles if len(booking.settles) <= _EXTERNAL_LENGTH else ""


def ntcs_values(values: Mapping[str, str]) -> dict[str, str]:
    """The fields of a row as NTCS would have them."""
    made = dict(values)
    for name in _ACCOUNTS:
        made[name] = values[name].lstrip("0")
    for percent, days in _DISCOUNTS:
        if made.get(percent) in {_NO_DISCOUNT, "99,00"}:
            made[percent] = ""
            if made.get(days) == "0":
                made[days] = ""
    stage = next((stage for (stage, _), flag in _ORDER_FLAGS.items() if flag == values.get("auftkz")), "")
    made["stage"] = stage
    made["ts-ablaufnr"] = values.get("auftnr", "")
    return made


def with_own_number(booking: Booking) -> Booking:
    """The booking under its own number, or with the invoice that it settles, where that stood in extbelegnr."""
    stated = booking.external_number
    if booking.kind not in _OWN_BESIDE or not stated:
        return booking
    if number_digits(stated) == booking.number:
        return booking.model_copy(update={"number": stated, "document_id": stated, "external_number": ""})
    if booking.kind == "cash":
        return booking.model_copy(update={"kind": "payment", "settles": stated, "external_number": ""})
    return booking
