"""What a program keeps of a booking or an account: the rest it has no field for, and nobody can read it back."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.fibu.booking import Booking, BookingLine, PaymentTerms, PersonAccount
from core.fibu.datev_options import DatevOptions
from core.fibu.datev_rows import vat_of_row
from core.fibu.numbers import number_digits, open_item_digits, open_item_number
from core.fibu.options import RzlOptions
from core.fibu.program import ProgramOptions
from formats._fibu.text import clean

_NOWHERE: Mapping[str, Any] = {"pointer": "", "party_name": "", "payment_reference": "", "dunning_block": False}


def _terms(terms: PaymentTerms | None, *names: str) -> PaymentTerms | None:
    made = PaymentTerms(**{name: getattr(terms, name) for name in names}) if terms else PaymentTerms()
    return None if made == PaymentTerms() else made


_ALL_TERMS = ("net_days", "discount_days", "discount_percent", "discount_days_2", "discount_percent_2")


def _due(booking: Booking) -> Any:
    days = booking.terms.net_days if booking.terms else None
    return None if days is None else booking.document_date + timedelta(days)


def _line(line: BookingLine, booking: Booking, options: ProgramOptions, **more: Any) -> BookingLine:
    """The treatment that the line's code stands for, where several share it."""
    rule = options.known_code(booking.vat_side, line.treatment, line.rate, line.destination)
    shown = options.written(rule, line.rate) if rule else ()
    meant = options.taxed(booking.vat_side, shown, line.rate)
    treatment = meant.treatment if meant else ""
    return line.model_copy(update={"pointer": "", "treatment": treatment, **more})


def _as_shown(booking: Booking) -> Booking:
    """Money that was moved has no usual side: what takes back is what goes the other way."""
    moved = booking.kind in {"cash", "payment"} and all(line.treatment == "none" for line in booking.lines)
    if not moved or booking.gross > 0 or (booking.gross == 0 and booking.side == "debit"):
        return booking
    amounts = ("net", "vat", "self_assessed_vat", "foreign_net", "foreign_vat")
    lines = tuple(
        line.model_copy(update={name: -value for name in amounts if (value := getattr(line, name)) is not None})
        for line in booking.lines
    )
    side = "credit" if booking.side == "debit" else "debit"
    return booking.model_copy(update={"side": side, "gross": -booking.gross, "lines": lines})


def _marked(booking: Booking, options: ProgramOptions) -> str:
    """A part invoice has the mark of an advance, where marks are wanted."""
    stage = "advance" if booking.stage == "partial" else booking.stage
    return stage if options.names_orders else ""


def by_bmd(booking: Booking, options: ProgramOptions) -> Booking:
    """BMD NTCS with every column that it knows: one text, no reference for payments."""
    return booking.model_copy(
        update={
            **_NOWHERE,
            "text": _joined(booking, 72),
            "posting_date": None if booking.posting_date == booking.document_date else booking.posting_date,
            "due_date": booking.due,
            "service_date": None,
            "stage": _marked(booking, options),
            "order_number": booking.order_number if options.names_orders else "",
            "terms": _terms(booking.terms, *_ALL_TERMS),
            "lines": tuple(_line(line, booking, options) for line in booking.lines),
        }
    )


def by_bmd55(booking: Booking, options: ProgramOptions) -> Booking:
    """BMD 5.5: a short text, no file, no day of payment but the terms."""
    kept = by_bmd(booking, options)
    named = booking.kind in {"ar", "cash"}
    number = booking.number if named else number_digits(booking.number)
    known = options.names_orders and (booking.stage != "final" or booking.gross >= 0)
    update = {
        "number": number,
        "document_id": number,
        "text": _joined(booking, 18),
        "document_file": "",
        "due_date": _due(booking),
        "service_date": booking.service_date,
        "stage": booking.stage if known else "",
    }
    return kept.model_copy(update=update)


def by_rzl(booking: Booking, options: ProgramOptions) -> Booking:
    """RZL: two lines of text, digits for what is settled, one discount."""
    text, party = clean(booking.text, 40), clean(booking.party_name, 40)
    first, second = (text, party) if text else (party, "")
    negated = isinstance(options, RzlOptions) and options.credit_note == "negate" and booking.gross < 0
    booking = booking if negated else _as_shown(booking)
    return booking.model_copy(
        update={
            "pointer": "",
            "party_name": second or first,
            "text": first if second else "",
            "settles": open_item_digits(booking) if booking.kind == "payment" else "",
            "posting_date": None,
            "due_date": _due(booking),
            "service_date": None,
            "stage": "",
            "order_number": "",
            "terms": _terms(booking.terms, "net_days", "discount_days", "discount_percent"),
            "lines": tuple(_line(line, booking, options) for line in booking.lines),
        }
    )


def by_datev(booking: Booking, options: ProgramOptions) -> Booking:
    """DATEV: accounts of one length, one text, no terms but the day, VAT of foreign amounts as it works it out."""
    if not isinstance(options, DatevOptions):
        raise TypeError
    item = options.number(open_item_number(booking))
    booking = _as_shown(booking)
    return booking.model_copy(
        update={
            "pointer": "",
            "party_name": "",
            "account": options.ledger_account(booking.account),
            "text": _joined(booking, 60),
            "due_date": booking.due,
            "terms": None,
            "settles": item if booking.kind == "payment" else "",
            "service_date": None
            if booking.posting_date and booking.service_date == booking.document_date
            else booking.service_date,
            "stage": _marked(booking, options),
            "lines": tuple(
                _foreign(_line(line, booking, options, account=options.ledger_account(line.account)))
                for line in booking.lines
            ),
        }
    )


def _foreign(line: BookingLine) -> BookingLine:
    if line.foreign_net is None:
        return line
    gross = line.foreign_net + (line.foreign_vat or 0)
    vat = vat_of_row(gross, line.rate) if line.vat else Decimal(0)
    return line.model_copy(update={"foreign_net": gross - vat, "foreign_vat": vat})


def _joined(booking: Booking, length: int) -> str:
    return clean(" ".join(part for part in (booking.party_name, booking.text) if part), length)


# ── person accounts ───────────────────────────────────────────────────────────────────────────────────────────────


def _person(person: PersonAccount, lengths: Mapping[str, int | None], **more: Any) -> PersonAccount:
    texts = {name: clean(getattr(person, name), length) for name, length in lengths.items()}
    return person.model_copy(update={"party_id": person.number or person.account, **texts, **more})


def person_by_bmd(person: PersonAccount) -> PersonAccount:
    """A list with every column that BMD is known to have."""
    lengths = dict.fromkeys(("name", "name2", "street", "city"))
    return _person(person, lengths, dunning_block=False, terms=_terms(person.terms, *_ALL_TERMS))


def person_by_rzl(person: PersonAccount) -> PersonAccount:
    """19 fields: no means of communication, no bank, days of payment."""
    lengths = {"name": 40, "name2": 40, "street": 40, "city": 25}
    nothing = dict.fromkeys(("email", "phone", "iban", "bic"), "")
    return _person(person, lengths, **nothing, terms=_terms(person.terms, "net_days"))


def person_by_datev(person: PersonAccount) -> PersonAccount:
    """Terms as far as there are fields for them; no currency."""
    lengths = {"name": 50, "name2": 36, "street": 36, "city": 30}
    names = ("net_days", "discount_percent") if person.kind == "customer" else _ALL_TERMS
    return _person(person, lengths, currency="EUR", terms=_terms(person.terms, *names))


KeptBooking = Callable[[Booking, ProgramOptions], Booking]
