"""The fields of a BMD booking row by name, as text: what NTCS and both forms of 5.5 have in common.

Names are those of NTCS (facts/fibu.md 1.3); signs follow 1.5.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from core.errors import Problem
from core.fibu.booking import OTHER_SIDE, Booking, BookingLine, PaymentTerms, Side, Stage
from core.fibu.limits import booking_problems
from core.fibu.options import BmdOptions
from core.fibu.program import number_text
from formats._fibu.text import RowsWriter, amount, clean

SIDE_CODE: Mapping[Side, str] = {"debit": "1", "credit": "2"}
STAGES: Mapping[Stage, str] = {"": "", "advance": "1", "partial": "1", "final": "2"}
"""Column ts-ablauftyp: 1 part or advance invoice, 2 final invoice."""


class BmdRowsWriter(RowsWriter[BmdOptions, Booking]):
    """Writes ``Booking`` documents, one row a VAT group."""

    def header(self) -> Sequence[str]:
        """The client's columns."""
        return self._options.header

    def problems(self, document: Booking) -> Iterable[Problem]:
        """The limits of ``core.fibu.limits``."""
        return booking_problems(document, self._options)

    def rows(self, document: Booking) -> Iterator[Sequence[str]]:
        """The client's columns of each row."""
        header = self._options.header
        for values in bmd_values(document, self._options):
            yield [values.get(column, "") for column in header]


def bmd_values(booking: Booking, options: BmdOptions) -> Iterator[dict[str, str]]:
    """The fields of each row."""
    shared = _document_values(booking, options)
    for line in booking.lines:
        yield shared | _line_values(booking, line, options)


def _document_values(booking: Booking, options: BmdOptions) -> dict[str, str]:
    """The fields that are the same on every row of a document."""
    posting_date = booking.posting_date or booking.document_date
    period = (posting_date.month - options.fiscal_year_start) % 12 + 1
    text = " ".join(part for part in (booking.party_name, booking.text) if part)
    return {
        "satzart": "0",
        "buchtyp": "1",
        "verbuchstatus": "0",
        "belegnr": booking.number,
        "belegdatum": booking.document_date.strftime(options.date_format),
        "buchdatum": posting_date.strftime(options.date_format),
        "periode": f"{period:02d}",
        "buchsymbol": booking.symbol or options.symbol(booking.kind, credit=booking.gross < 0),
        "text": clean(text, options.text_length),
        "extbelegnr": booking.external_number,
        "ausz-belegnr": booking.settles,
        "uidnr": booking.vat_id,
        "gegenbuchkz": options.contra_flag,
        "verbuchkz": options.posting_flag,
        "waehrung": booking.foreign.currency if booking.foreign else booking.currency,
        "fwkurs": number_text(booking.foreign.rate) if booking.foreign else "",
        "fwfaktor": "1" if booking.foreign else "",
        "ts-ablauftyp": STAGES[booking.stage] if options.part_invoices else "",
        "ts-ablaufnr": booking.order_number if options.part_invoices else "",
        **_terms(booking, options),
        **dict.fromkeys(("dokument", "dokumente", options.document_column), booking.document_file),
    }


def _line_values(booking: Booking, line: BookingLine, options: BmdOptions) -> dict[str, str]:
    """The fields of one VAT group."""
    tax = options.known_code(booking.vat_side, line.treatment, line.rate, line.destination)
    code, percent = options.written(tax, line.rate) if tax else ("", number_text(line.rate))
    pair = (booking.account, line.account)
    leading, contra = pair if options.leading == "person" else reversed(pair)
    return {
        "konto": leading,
        "gkonto": contra,
        "kost": line.cost_center,
        "kotraeger": line.cost_object,
        "steuercode": code,
        "prozent": percent,
        **_signed(booking, line, options),
    }


def _signed(booking: Booking, line: BookingLine, options: BmdOptions) -> dict[str, str]:
    """Side and amounts of a row (facts/fibu.md 1.5)."""
    side = booking.side if options.leading == "person" else OTHER_SIDE[booking.side]
    sign = 1 if side == "debit" else -1
    if options.credit_note == "swapped" and booking.gross < 0:
        side, sign = OTHER_SIDE[side], -1
    tax = line.self_assessed_vat or line.vat
    if options.leading == "ledger" or line.self_assessed_vat:
        tax_sign = sign
    elif options.tax_sign == "opposite":
        tax_sign = -sign
    else:
        tax_sign = -1 if options.credit_note == "swapped" and booking.gross < 0 else 1
    values = {
        "buchcode": SIDE_CODE[side],
        "betrag": amount(sign * (line.gross if options.leading == "person" else line.net)),
        "steuer": amount(tax_sign * tax),
    }
    if booking.settles:
        values["ausz-betrag"] = values["betrag"]
    if booking.foreign and line.foreign_net is not None:
        foreign_vat = line.foreign_vat or Decimal(0)
        foreign = line.foreign_net + (foreign_vat if options.leading == "person" else 0)
        values |= {"fwbetrag": amount(sign * foreign), "fwsteuer": amount(tax_sign * foreign_vat)}
    return values


def _terms(booking: Booking, options: BmdOptions) -> dict[str, str]:
    terms = booking.terms or PaymentTerms()
    discount = None if terms.discount_days is None else booking.document_date + timedelta(terms.discount_days)
    return {
        "zziel": number_text(terms.net_days),
        "skontopz": number_text(terms.discount_percent),
        "skontotage": number_text(terms.discount_days),
        "skontopz2": number_text(terms.discount_percent_2),
        "skontotage2": number_text(terms.discount_days_2),
        "Nettodatum": booking.due.strftime(options.date_format) if booking.due else "",
        "Skontodatum": discount.strftime(options.date_format) if discount else "",
    }
