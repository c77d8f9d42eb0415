"""Bookings for BMD NTCS, "Import Buchungen" (facts/fibu.md 1).

A text file with a header row: NTCS goes by the names of the columns. One row per VAT group; rows with the same leading
account and document number become one open item. Which columns, codes and symbols is the client's choice
(``BmdOptions``), handed over in the output's head as ``options``.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from core.batch import Output
from core.booking import Booking, BookingLine, Side
from core.errors import Problem
from core.fibu_limits import booking_problems
from core.fibu_options import BmdOptions
from formats._fibu_text import CompanyDecides, RowsWriter, amount, clean, plain

LABEL = "BMD-Buchungen"
WriterSettings = CompanyDecides

_SIDE_CODE: dict[Side, str] = {"debit": "1", "credit": "2"}
_OTHER_SIDE: dict[Side, Side] = {"debit": "credit", "credit": "debit"}


def open_writer(output: Output, _settings: CompanyDecides) -> "BmdBookingsWriter":
    """Make the writer of one file."""
    return BmdBookingsWriter(output)


class BmdBookingsWriter(RowsWriter[BmdOptions, Booking]):
    """Writes ``Booking`` documents."""

    def header(self) -> Sequence[str]:
        """The client's columns."""
        return self._options.header

    def problems(self, document: Booking) -> Iterable[Problem]:
        """The limits of ``core.fibu_limits``."""
        return booking_problems(document, self._options)

    def rows(self, document: Booking) -> Iterable[Sequence[str]]:
        """One row a VAT group."""
        shared = _document_values(document, self._options)
        for line in document.lines:
            values = shared | _line_values(document, line, self._options)
            yield [values.get(column, "") for column in self._options.header]


def _document_values(booking: Booking, options: BmdOptions) -> dict[str, str]:
    """The columns that are the same on every row of a document."""
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
        "fwkurs": plain(booking.foreign.rate) if booking.foreign else "",
        **_terms(booking),
        **dict.fromkeys(("dokument", "dokumente", options.document_column), booking.document_file),
    }


def _line_values(booking: Booking, line: BookingLine, options: BmdOptions) -> dict[str, str]:
    """The columns of one VAT group."""
    tax = options.tax_code(booking.vat_side, line.treatment, line.rate, line.destination)
    pair = (booking.account, line.account)
    leading, contra = pair if options.leading == "person" else reversed(pair)
    return {
        "konto": leading,
        "gkonto": contra,
        "kost": line.cost_center,
        "steuercode": tax.code if tax else "",
        "prozent": plain(line.rate if tax is None or tax.percent is None else tax.percent),
        **_signed(booking, line, options),
    }


def _signed(booking: Booking, line: BookingLine, options: BmdOptions) -> dict[str, str]:
    """Side and amounts of a row (facts/fibu.md 1.5)."""
    side = booking.side if options.leading == "person" else _OTHER_SIDE[booking.side]
    sign = 1 if side == "debit" else -1
    if options.credit_note == "swapped" and booking.gross < 0:
        side, sign = _OTHER_SIDE[side], -1
    tax = line.self_assessed_vat or line.vat
    if options.leading == "ledger" or line.self_assessed_vat:
        tax_sign = sign
    elif options.tax_sign == "opposite":
        tax_sign = -sign
    else:
        tax_sign = -1 if options.credit_note == "swapped" and booking.gross < 0 else 1
    values = {
        "buchcode": _SIDE_CODE[side],
        "betrag": amount(sign * (line.gross if options.leading == "person" else line.net)),
        "steuer": amount(tax_sign * tax),
    }
    if booking.foreign and line.foreign_net is not None:
        foreign_vat = line.foreign_vat or Decimal(0)
        foreign = line.foreign_net + (foreign_vat if options.leading == "person" else 0)
        values |= {"fwbetrag": amount(sign * foreign), "fwsteuer": amount(tax_sign * foreign_vat)}
    return values


def _terms(booking: Booking) -> dict[str, str]:
    terms = booking.terms
    if terms is None:
        return {}
    return {
        "zziel": plain(terms.net_days),
        "skontopz": plain(terms.discount_percent),
        "skontotage": plain(terms.discount_days),
        "skontopz2": plain(terms.discount_percent_2),
        "skontotage2": plain(terms.discount_days_2),
    }
