"""Bookings for RZL FIBU, "Datenimport, RZL-Format, Buchungen" (facts/fibu.md 3).

41 fields by position, no header, nothing after the last field. A document with one contra account is a pair of
lines that name each other; one with several is a collective line and a split line for each. RZL posts the VAT itself,
from the tax amount and the key of the line with the revenue or expense account.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.batch import Output
from core.booking import Booking, BookingLine, Side
from core.errors import Problem
from core.fibu_limits import booking_problems, open_item_digits
from core.fibu_options import RzlOptions
from core.money import ZERO, total
from core.tax_codes import RzlTaxCode
from formats._fibu_text import CompanyDecides, RowsWriter, amount, clean, plain

LABEL = "RZL-Buchungen"
WriterSettings = CompanyDecides

FIELDS = (
    "Kontonummer", "Gegenkonto", "OP-Nummer", "Belegdatum", "Valutadatum", "Waehrung", "Sollbetrag", "Habenbetrag",
    "Steuerbetrag", "Fremdwährung", "Sollbetrag FW", "Habenbetrag FW", "Kostenstelle", "Belegkreis", "Belegnummer",
    "UST Land", "UST Prozentsatz", "UST-Code", "Sondercode", "Buchungsart", "Abweichende Zahlungsfrist",
    "Abweichende Skontofrist", "Abweichender Skontoprozentsatz", "Buchungstext", "Buchungstext Zeile 2", "UID-Nummer",
    "Dienstleistungsnummer", "Dienstleistungsland", "Dienstleistungsexport", "DMS-Schlüssel", "Kostenträger",
    "Fremdbelegnummer", "Wert1", "Wert2", "Mahnsperre", "Zahlungsreferenz", "Belegpfad", "Reserviert",
    "OSS-Korrekturzeitraum", "OSS-Korrekturart", "DMS-GUID",
)  # fmt: skip
"""Names of the 41 fields; the first 26 are those of a header seen in practice (facts/fibu.md 3.2)."""

_PAIR, _SPLIT, _COLLECTIVE = "1", "3", "4"
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
    code: RzlTaxCode
    form: str
    leading: bool = False
    cost_center: str = ""
    foreign: Decimal = ZERO


def open_writer(output: Output, _settings: CompanyDecides) -> "RzlBookingsWriter":
    """Make the writer of one file."""
    return RzlBookingsWriter(output)


class RzlBookingsWriter(RowsWriter[RzlOptions, Booking]):
    """Writes ``Booking`` documents."""

    def header(self) -> Sequence[str]:
        """The names of the fields, where the client wants them."""
        return FIELDS if self._options.header_row else ()

    def problems(self, document: Booking) -> Iterable[Problem]:
        """The limits of ``core.fibu_limits``."""
        return booking_problems(document, self._options)

    def rows(self, document: Booking) -> Iterable[Sequence[str]]:
        """A pair of rows, or a collective row and a split row for each VAT group."""
        return (self._values(document, line) for line in self._lines(document))

    def _lines(self, booking: Booking) -> list[_Line]:
        if len(booking.lines) == 1:
            line = booking.lines[0]
            code = self._code(booking, line)
            return [
                self._leading(booking, line.account, code, _PAIR),
                self._contra(booking, line, booking.account, code, _PAIR),
            ]
        contra = booking.account if self._options.split_contra == "person" else "0"
        collective = self._leading(booking, "0", _NO_TAX_CODE, _COLLECTIVE)
        splits = [self._contra(booking, line, contra, self._code(booking, line), _SPLIT) for line in booking.lines]
        if booking.gross < 0 and self._options.collective_line == "last":
            return [*splits, collective]
        return [collective, *splits]

    def _leading(self, booking: Booking, contra: str, code: RzlTaxCode, form: str) -> _Line:
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

    def _contra(self, booking: Booking, line: BookingLine, contra: str, code: RzlTaxCode, form: str) -> _Line:
        notional = line.self_assessed_vat if self._options.self_assessed_amount == "gross" else ZERO
        return _Line(
            account=line.account,
            contra=contra,
            side="credit" if booking.side == "debit" else "debit",
            amount=line.net + notional,
            tax=line.self_assessed_vat or line.vat,
            code=code,
            form=form,
            cost_center=line.cost_center,
            foreign=line.foreign_net or ZERO,
        )

    def _code(self, booking: Booking, line: BookingLine) -> RzlTaxCode:
        return self._options.tax_code(booking.vat_side, line.treatment, line.rate, line.destination) or _NO_TAX_CODE

    def _values(self, booking: Booking, line: _Line) -> Sequence[str]:
        options = self._options
        return [
            line.account,
            line.contra,
            "0" if booking.kind == "cash" else open_item_digits(booking),
            booking.document_date.strftime("%d%m%Y"),
            "",
            booking.currency,
            *self._sides(line.side, line.amount),
            amount(line.tax),
            booking.foreign.currency if booking.foreign else "",
            *self._sides(line.side, line.foreign),
            line.cost_center or "0",
            booking.symbol or options.circle(booking.kind),
            booking.number,
            line.code.country or options.vat_country,
            line.code.key,
            line.code.code,
            line.code.special,
            line.form,
            *(_terms(booking) if line.leading else _NO_TERMS),
            *_texts(booking),
            booking.vat_id,
            *[""] * 5,
            booking.external_number,
            *[""] * 4,
            booking.document_file if line.leading else "",
            *[""] * 4,
        ]

    def _sides(self, side: Side, value: Decimal) -> tuple[str, str]:
        """Debit and credit amount; what takes back changes sides or becomes negative."""
        if value < 0 and self._options.credit_note == "swap":
            side, value = ("credit" if side == "debit" else "debit"), -value
        return (amount(value), amount(ZERO)) if side == "debit" else (amount(ZERO), amount(value))


def _terms(booking: Booking) -> Sequence[str]:
    terms = booking.terms
    if terms is None:
        return _NO_TERMS
    return [plain(terms.net_days), plain(terms.discount_days), plain(terms.discount_percent)]


def _texts(booking: Booking) -> Sequence[str]:
    """Two lines of text: what it is about, then the party; the party alone where that says enough."""
    first, second = (booking.text, booking.party_name) if booking.text else (booking.party_name, "")
    return [clean(first, _TEXT_LENGTH), clean(second, _TEXT_LENGTH)]
