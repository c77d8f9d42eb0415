"""Rows of a BMD file, by the names of NTCS, become bookings: the other way round of ``_bmd_values``."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from core.fibu.booking import (
    NO_TAX,
    OTHER_SIDE,
    USUAL_SIDE,
    Booking,
    BookingKind,
    BookingLine,
    ForeignAmount,
    PaymentTerms,
    Side,
)
from core.fibu.options import BmdOptions
from core.fibu.program import Taxed, number_text
from core.fibu.tax_codes import SELF_ASSESSED
from core.money import total
from formats._fibu.bmd_values import SIDE_CODE, STAGES
from formats._fibu.cells import ASK_SETTINGS, Cells, Found, ReadingSettings

REQUIRED = (
    "konto", "gkonto", "belegnr", "belegdatum", "buchsymbol", "buchcode", "prozent", "steuercode", "betrag", "steuer",
)  # fmt: skip
"""The columns without which a row says too little (facts/fibu.md 1.3, the minimal header)."""

_SIDES: dict[str, Side] = {code: side for side, code in SIDE_CODE.items()}


@dataclass(frozen=True, slots=True)
class BmdReading:
    """How the file was written, and where problems go."""

    options: BmdOptions
    settings: ReadingSettings
    found: Found


@dataclass(frozen=True, slots=True)
class _Sign:
    """How the amounts of a document's rows are to be read."""

    side: Side
    amount: int
    """Factor that makes betrag the amount of the booking."""
    tax: int
    """The same for steuer, but for self-assessed VAT."""


def bmd_bookings(rows: Iterable[Cells], reading: BmdReading) -> Iterator[Booking]:
    """Yield the bookings; those with a wrong row are told and left out."""
    leading = "konto" if reading.options.leading == "person" else "gkonto"
    shared = (leading, "belegnr", "belegdatum", "buchsymbol", "buchcode", "waehrung", "extbelegnr", "ausz-belegnr")
    for _, group in groupby(rows, key=lambda cells: tuple(cells.text(name) for name in shared)):
        booking = _booking(list(group), leading, reading)
        if booking is not None:
            yield booking


def _booking(rows: Sequence[Cells], leading: str, reading: BmdReading) -> Booking | None:
    first, options = rows[0], reading.options
    for cells in rows:
        cells.one_of("satzart", ("0", ""))
    document_date = first.day("belegdatum", options.date_format)
    if document_date is None and not first.bad:
        first.needed("belegdatum")
    posting_date = first.day("buchdatum", options.date_format)
    kind = _kind(first, reading)
    if any(cells.bad for cells in rows) or document_date is None or kind is None:
        return None
    sign = _sign(first, kind, options)
    foreign = _foreign(first, reading)
    lines = tuple(_line(cells, leading, sign, reading) for cells in rows)
    terms = _terms(first)
    number = first.needed("belegnr")
    fields = {
        "document_id": number,
        "kind": kind,
        "side": sign.side,
        "account": first.account(leading),
        "number": number,
        "external_number": first.text("extbelegnr"),
        "settles": first.text("ausz-belegnr"),
        "document_date": document_date,
        "posting_date": None if posting_date == document_date else posting_date,
        "due_date": _due(first, document_date, terms, options),
        "service_date": first.day("leistdat", options.date_format),
        "stage": first.text("stage")
        or next((stage for stage, code in STAGES.items() if code == first.text("ts-ablauftyp")), ""),
        "order_number": first.text("ts-ablaufnr"),
        "currency": reading.settings.currency if foreign else first.currency("waehrung", reading.settings.currency),
        "foreign": foreign,
        "text": first.text("text"),
        "vat_id": first.text("uidnr"),
        "terms": terms,
        "document_file": first.text(options.document_column),
    }
    gross = total(line.gross for line in lines)
    symbol = first.text("buchsymbol")
    fields["symbol"] = "" if options.symbol(kind, gross < 0) == symbol else symbol
    return (
        None if any(cells.bad for cells in rows) else Booking.model_validate(fields | {"gross": gross, "lines": lines})
    )


def _kind(first: Cells, reading: BmdReading) -> BookingKind | None:
    """Kind of the document, by its symbol; where several share it, by its side."""
    symbol = first.text("buchsymbol")
    own = reading.settings.symbols.get(symbol)
    kinds = (own,) if own else reading.options.kinds(symbol)
    if not kinds:
        first.wrong("buchsymbol", "fibu_symbol", f"Das Buchungssymbol „{symbol}“ ist nicht bekannt.", ASK_SETTINGS)
        return None
    if "cash" in kinds and first.text("ausz-belegnr"):
        return "payment"
    usual = "ar" if first.text("buchcode") == "1" else "ap"
    return usual if len(kinds) > 1 and usual in kinds else kinds[0]


def _sign(first: Cells, kind: BookingKind, options: BmdOptions) -> _Sign:
    """Side of the leading account and factors of the amounts (facts/fibu.md 1.5)."""
    coded = _SIDES[first.one_of("buchcode", ("1", "2"))]
    swapped = options.credit_note == "swapped" and kind in USUAL_SIDE
    side = coded if options.leading == "person" else OTHER_SIDE[coded]
    usual = USUAL_SIDE.get(kind, side)
    factor = 1 if coded == "debit" else -1
    if usual != side:
        if not swapped:
            what = f"Der Buchungscode „{first.text('buchcode')}“ passt nicht zum Symbol „{first.text('buchsymbol')}“."
            first.wrong("buchcode", "fibu_side", what, "Bitte prüfen Sie, wie dieses Programm Gutschriften schreibt.")
        factor = -1
    if options.leading == "ledger":
        tax = factor
    elif options.tax_sign == "opposite":
        tax = -factor
    else:
        tax = -1 if usual != side else 1
    return _Sign(usual, factor, tax)


def _line(cells: Cells, leading: str, sign: _Sign, reading: BmdReading) -> BookingLine:
    options = reading.options
    percent = cells.number("prozent") or Decimal(0)
    taxed = _taxed(cells, sign, percent, options)
    own = taxed.treatment in SELF_ASSESSED and sign.side == "credit"
    amount = sign.amount * cells.amount("betrag")
    tax = (sign.amount if own else sign.tax) * cells.amount("steuer")
    part = Decimal(0) if own or options.leading == "ledger" else tax
    values = {
        "account": cells.account("gkonto" if leading == "konto" else "konto"),
        "net": amount - part,
        "vat": Decimal(0) if own else tax,
        "self_assessed_vat": tax if own else Decimal(0),
        "treatment": taxed.treatment,
        "rate": taxed.rate,
        "destination": taxed.destination,
        "cost_center": cells.text("kost"),
        "cost_object": cells.text("kotraeger"),
    }
    if cells.text("fwbetrag") and cells.text("fwkurs"):
        foreign_vat = (sign.amount if own else sign.tax) * cells.amount("fwsteuer")
        in_foreign = sign.amount * cells.amount("fwbetrag")
        values |= {
            "foreign_net": in_foreign - (Decimal(0) if options.leading == "ledger" else foreign_vat),
            "foreign_vat": foreign_vat,
        }
    return BookingLine.model_validate(values)


def _taxed(cells: Cells, sign: _Sign, percent: Decimal, options: BmdOptions) -> Taxed:
    code = cells.text("steuercode")
    found = options.taxed("ar" if sign.side == "debit" else "ap", (code, number_text(percent)), percent)
    if found is None:
        what = f"Den Steuercode „{code}“ mit {number_text(percent)} % gibt es in den Einstellungen nicht."
        cells.wrong("steuercode", "fibu_tax_code", what, ASK_SETTINGS)
    return found or Taxed(NO_TAX, Decimal(0))


def _foreign(first: Cells, reading: BmdReading) -> ForeignAmount | None:
    rate = first.number("fwkurs")
    if not rate:
        return None
    return ForeignAmount(currency=first.currency("waehrung", reading.settings.currency), rate=rate)


def _terms(first: Cells) -> PaymentTerms | None:
    terms = PaymentTerms(
        net_days=first.count("zziel"),
        discount_days=first.count("skontotage"),
        discount_percent=first.number("skontopz"),
        discount_days_2=first.count("skontotage2"),
        discount_percent_2=first.number("skontopz2"),
    )
    return None if terms == PaymentTerms() else terms


def _due(first: Cells, document_date: date, terms: PaymentTerms | None, options: BmdOptions) -> date | None:
    """The day itself where the file has it, else the date and the days of payment."""
    stated = first.day("Nettodatum", options.date_format)
    if stated or terms is None or terms.net_days is None:
        return stated
    return document_date + timedelta(terms.net_days)
