"""Bookings for DATEV, EXTF 700 category 21 "Buchungsstapel" (facts/fibu.md 6), and back.

Rows hold a gross amount that is never negative and a side; DATEV works out the VAT from a key or the account. Several
rates are several rows with one Belegfeld 1, which is also the key of the open item: the number that the party knows.
What has no column of its own (document circle, own number, file) stands in the Beleginfo, where a clerk finds it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import BinaryIO

from core.batch import Batch, Origin, Output
from core.errors import Problem
from core.fibu.booking import Booking, BookingLine, Stage
from core.fibu.datev_options import DatevOptions
from core.fibu.datev_rows import datev_rows, foreign_rows
from core.fibu.limits import booking_problems
from core.fibu.numbers import open_item_number
from core.fibu.program import number_text
from formats._fibu.cells import Found
from formats._fibu.datev_columns import BOOKING_COLUMNS, BOOKING_NUMBERS
from formats._fibu.datev_file import DatevWriter, Kind, datev_rows_of, is_datev
from formats._fibu.datev_reading import DatevReading, DatevReadingSettings, datev_bookings
from formats._fibu.text import CompanyDecides, amount, clean

LABEL = "DATEV-Buchungsstapel"
WriterSettings = CompanyDecides

KIND = Kind("21", "Buchungsstapel", "13", BOOKING_COLUMNS, BOOKING_NUMBERS)

_TEXT_LENGTH = 60
_STAGES: Mapping[Stage, str] = {"": "", "advance": "AA", "partial": "AA", "final": "SR"}
"""Buchungstyp: AA asked for on account, SR final invoice."""
_RATE_PLACES = Decimal("0.000001")


class Settings(DatevOptions, DatevReadingSettings):
    """How the DATEV was set up that the bookings come from; as ``[company.datev]``."""


def open_writer(output: Output, _settings: CompanyDecides) -> "DatevBookingsWriter":
    """Make the writer of one file."""
    return DatevBookingsWriter(output)


def sniff(head: bytes, name: str) -> bool:
    """Say whether the first line is the header of this category."""
    del name
    return is_datev(head, KIND.category)


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read ``Booking`` documents. Raises FormatError with every row that cannot be read."""
    found = Found()
    head, rows = datev_rows_of(source, settings.encoding, KIND, found, settings.max_rows)
    documents = tuple(datev_bookings(rows, DatevReading(settings, settings, found, head)))
    found.refuse()
    return Batch(origin, "booking", documents)


class DatevBookingsWriter(DatevWriter[Booking]):
    """Writes ``Booking`` documents of one fiscal year."""

    kind = KIND

    def problems(self, document: Booking) -> Iterable[Problem]:
        """The limits of ``core.fibu.limits``; a day outside of the file's period would lose its year."""
        yield from booking_problems(document, self._options)
        if not self.first <= document.document_date <= self.last:
            raise ValueError(f"{document.document_date} is not in the period of the file")

    def rows(self, document: Booking) -> Iterator[Sequence[str]]:
        """One row a VAT group, a few more where its VAT asks for it."""
        shared = _document_values(document, self._options)
        for line in document.lines:
            for values in _line_values(document, line, self._options):
                yield self.quoted(shared | values)


def _document_values(booking: Booking, options: DatevOptions) -> dict[str, str]:
    """The columns that are the same on every row of a document."""
    item = options.number(booking.number if booking.kind == "cash" else open_item_number(booking))
    assigned = booking.posting_date
    service = booking.service_date or (booking.document_date if assigned else None)
    circle = booking.symbol or options.symbol(booking.kind, credit=booking.gross < 0)
    infos = {
        "Belegkreis": circle,
        "Belegnummer": "" if booking.number == item else booking.number,
        "Fremdbelegnummer": "" if booking.external_number == item else booking.external_number,
        "Belegdatei": booking.document_file,
        "Zahlungsreferenz": clean(booking.payment_reference),
    }
    values = {
        "Konto": options.ledger_account(booking.account),
        "Belegdatum": f"{booking.document_date:%d%m}",
        "Belegfeld 1": item,
        "Buchungstext": clean(" ".join(part for part in (booking.party_name, booking.text) if part), _TEXT_LENGTH),
        "Postensperre": "1" if booking.dunning_block else "",
        "EU-Land u. UStID (Bestimmung)": booking.vat_id,
        "Auftragsnummer": booking.order_number,
        "Buchungstyp": _STAGES[booking.stage],
        "Festschreibung": str(int(options.finalised)),
        "Leistungsdatum": f"{service:%d%m%Y}" if service else "",
        "Datum Zuord. Steuerperiode": f"{assigned:%d%m%Y}" if assigned else "",
        "Fälligkeit": f"{booking.due:%d%m%Y}" if booking.due else "",
    }
    for number, (kind, content) in enumerate(((kind, content) for kind, content in infos.items() if content), 1):
        values |= {f"Beleginfo - Art {number}": kind, f"Beleginfo - Inhalt {number}": content}
    return values


def _line_values(booking: Booking, line: BookingLine, options: DatevOptions) -> Iterator[dict[str, str]]:
    """The columns of one VAT group, for each of its rows."""
    rule = options.known_code(booking.vat_side, line.treatment, line.rate, line.destination)
    values = {
        "Gegenkonto (ohne BU-Schlüssel)": options.ledger_account(line.account),
        "BU-Schlüssel": options.written(rule, line.rate)[0] if rule else "",
        "KOST1 - Kostenstelle": line.cost_center,
        "KOST2 - Kostenstelle": line.cost_object,
        "Steuersatz": number_text(line.rate) if line.rate or options.automatic_accounts else "",
    }
    if line.destination:
        country = {"EU-Land u. UStID (Bestimmung)": line.destination}
        values |= country | {"EU-Steuersatz (Bestimmung)": number_text(line.rate)}
    parts = datev_rows(line) or ()
    foreign = foreign_rows(line, parts) if booking.foreign else parts
    for part, in_foreign in zip(parts, foreign, strict=True):
        debit = (booking.side == "debit") == (part >= 0)
        amounts = {"Umsatz (ohne Soll/Haben-Kz)": amount(abs(part)), "Soll/Haben-Kennzeichen": "S" if debit else "H"}
        if booking.foreign:
            amounts |= {
                "Umsatz (ohne Soll/Haben-Kz)": amount(abs(in_foreign)),
                "WKZ Umsatz": booking.foreign.currency,
                "Kurs": number_text(booking.foreign.rate.quantize(_RATE_PLACES)),
                "Basis-Umsatz": amount(abs(part)),
                "WKZ Basis-Umsatz": booking.currency,
            }
        yield values | amounts
