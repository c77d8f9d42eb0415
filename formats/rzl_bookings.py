"""Bookings for RZL FIBU, "Datenimport, RZL-Format, Buchungen" (facts/fibu.md 3), and back.

41 fields by position, no header, nothing after the last field. A document with one contra account is a pair of
lines that name each other; one with several is a collective line and a split line for each. RZL posts the VAT itself,
from the tax amount and the key of the line with the revenue or expense account.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from core.batch import Batch, Origin, Output
from core.errors import Problem
from core.fibu.booking import OTHER_SIDE, Booking, BookingLine, Side
from core.fibu.limits import booking_problems
from core.fibu.numbers import open_item_digits
from core.fibu.options import RzlOptions
from core.fibu.program import number_text
from core.fibu.tax_codes import RzlTaxCode
from core.money import ZERO, total
from formats._fibu.cells import Found, ReadingSettings, placed_rows, sniffed_row
from formats._fibu.rzl_fields import COLLECTIVE, FIELDS, FORMS, PAIR, SPLIT
from formats._fibu.rzl_reading import RzlReading, rzl_bookings
from formats._fibu.text import CompanyDecides, RowsWriter, amount, clean

LABEL = "RZL-Buchungen"
WriterSettings = CompanyDecides

_NO_AMOUNTS = ("0,00", "0,00")
_NO_TERMS = ("", "", "")
_TEXT_LENGTH = 40
_NO_TAX_CODE = RzlTaxCode(side="ar", treatment="", key="0", code="0")


@dataclass(frozen=True, slots=True)
class _Line:
    """One row to be: what differs between the rows of a booking."""

    account: str
    contra: str
    side: Side
    amount: Decimal
    tax: Decimal
    code: Sequence[str]
    """Fields 16 to 19."""
    form: str
    leading: bool = False
    cost_center: str = ""
    cost_object: str = ""
    foreign: Decimal = ZERO


class Settings(RzlOptions, ReadingSettings):
    """How the RZL was set up that the bookings come from; as ``[company.rzl]``."""


def sniff(head: bytes, name: str) -> bool:
    """Say whether the first row has 41 fields, and names or values of bookings in them."""
    del name
    cells = sniffed_row(head)
    if len(cells) != len(FIELDS):
        return False
    named = cells[:3] == list(FIELDS[:3])
    return named or (cells[0].isdigit() and cells[1].isdigit() and len(cells[3]) == 8 and cells[19] in FORMS)


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read ``Booking`` documents. Raises FormatError with every row that cannot be read."""
    found = Found()
    rows = placed_rows(source, settings.encoding, FIELDS, found, settings.max_rows)
    documents = tuple(rzl_bookings(rows, RzlReading(settings, settings, found)))
    found.refuse()
    return Batch(origin, "booking", documents)


@dataclass(frozen=True, slots=True)
class _Same:
    """What is the same on every row of a booking."""

    item: str
    date: str
    circle: str
    terms: Sequence[str]
    texts: Sequence[str]


def open_writer(output: Output, _settings: CompanyDecides) -> "RzlBookingsWriter":
    """Make the writer of one file."""
    return RzlBookingsWriter(output)


class RzlBookingsWriter(RowsWriter[RzlOptions, Booking]):
    """Writes ``Booking`` documents."""

    def header(self) -> Sequence[str]:
        """The names of the fields, where the client wants them."""
        return FIELDS if self._options.header_row else ()

    def problems(self, document: Booking) -> Iterable[Problem]:
        """The limits of ``core.fibu.limits``."""
        return booking_problems(document, self._options)

    def rows(self, document: Booking) -> Iterable[Sequence[str]]:
        """A pair of rows, or a collective row and a split row for each VAT group."""
        same = _same(document, self._options)
        return (self._values(document, line, same) for line in self._lines(document))

    def _lines(self, booking: Booking) -> list[_Line]:
        if len(booking.lines) == 1:
            line = booking.lines[0]
            code = self._code(booking, line)
            return [
                self._leading(booking, line.account, code, PAIR),
                self._contra(booking, line, booking.account, code, PAIR),
            ]
        contra = booking.account if self._options.split_contra == "person" else "0"
        collective = self._leading(booking, "0", self._options.written(_NO_TAX_CODE, ZERO), COLLECTIVE)
        splits = [self._contra(booking, line, contra, self._code(booking, line), SPLIT) for line in booking.lines]
        if booking.gross < 0 and self._options.collective_line == "last":
            return [*splits, collective]
        return [collective, *splits]

    def _leading(self, booking: Booking, contra: str, code: Sequence[str], form: str) -> _Line:
        foreign = total((line.foreign_net or ZERO) + (line.foreign_vat or ZERO) for line in booking.lines)
        return _Line(
            account=booking.account,
            contra=contra,
            side=booking.side,
            amount=booking.gross,
            tax=ZERO,
            code=code,
            form=form,
            leading=True,
            foreign=foreign,
        )

    def _contra(self, booking: Booking, line: BookingLine, contra: str, code: Sequence[str], form: str) -> _Line:
        notional = line.self_assessed_vat if self._options.self_assessed_amount == "gross" else ZERO
        return _Line(
            account=line.account,
            contra=contra,
            side=OTHER_SIDE[booking.side],
            amount=line.net + notional,
            tax=line.self_assessed_vat or line.vat,
            code=code,
            form=form,
            cost_center=line.cost_center,
            cost_object=line.cost_object,
            foreign=line.foreign_net or ZERO,
        )

    def _code(self, booking: Booking, line: BookingLine) -> Sequence[str]:
        rule = self._options.known_code(booking.vat_side, line.treatment, line.rate, line.destination)
        return self._options.written(rule or _NO_TAX_CODE, line.rate)

    def _values(self, booking: Booking, line: _Line, same: _Same) -> Sequence[str]:
        leading = line.leading
        return [
            line.account,
            line.contra,
            same.item,
            same.date,
            "",
            booking.currency,
            *self._sides(line.side, line.amount),
            amount(line.tax),
            booking.foreign.currency if booking.foreign else "",
            *(self._sides(line.side, line.foreign) if line.foreign else _NO_AMOUNTS),
            line.cost_center or "0",
            same.circle,
            booking.number,
            *line.code,
            line.form,
            *(same.terms if leading else _NO_TERMS),
            *same.texts,
            booking.vat_id,
            *[""] * 4,
            line.cost_object,
            booking.external_number,
            "",
            "",
            "1" if booking.dunning_block and leading else "",
            booking.payment_reference if leading else "",
            booking.document_file if leading else "",
            *[""] * 4,
        ]

    def _sides(self, side: Side, value: Decimal) -> tuple[str, str]:
        """Debit and credit amount; what takes back changes sides or becomes negative."""
        if value < 0 and self._options.credit_note == "swap":
            side, value = OTHER_SIDE[side], -value
        return (amount(value), amount(ZERO)) if side == "debit" else (amount(ZERO), amount(value))


def _same(booking: Booking, options: RzlOptions) -> _Same:
    return _Same(
        item="0" if booking.kind == "cash" else open_item_digits(booking),
        date=booking.document_date.strftime("%d%m%Y"),
        circle=booking.symbol or options.symbol(booking.kind, credit=booking.gross < 0),
        terms=_terms(booking),
        texts=_texts(booking),
    )


def _terms(booking: Booking) -> Sequence[str]:
    terms = booking.terms
    if terms is None:
        return _NO_TERMS
    return [number_text(terms.net_days), number_text(terms.discount_days), number_text(terms.discount_percent)]


def _texts(booking: Booking) -> Sequence[str]:
    """Two lines of text: what it is about, then the party; the party alone where that says enough."""
    text, party = clean(booking.text, _TEXT_LENGTH), clean(booking.party_name, _TEXT_LENGTH)
    return [text, party] if text else [party, ""]
