"""Rows of a DATEV "Buchungsstapel" become bookings: the other way round of ``datev_bookings``.

The VAT is worked out as DATEV does it. Rows that stand together and show the same account, number and day are one
document; rows of one account, key and cost centre are one posting.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from pydantic import Field

from core.company import AccountRange
from core.fibu.booking import (
    NO_TAX,
    OTHER_SIDE,
    USUAL_SIDE,
    Booking,
    BookingKind,
    BookingLine,
    ForeignAmount,
    Side,
    Stage,
)
from core.fibu.datev_options import DatevOptions
from core.fibu.datev_rows import vat_of_row
from core.fibu.program import Taxed
from core.fibu.tax_codes import SELF_ASSESSED
from core.money import ZERO, total, vat_of_net
from formats._fibu.cells import ASK_SETTINGS, Cells, Found, ReadingSettings
from formats._fibu.datev_file import DatevHead

_LEDGER, _CONTRA = "Konto", "Gegenkonto (ohne BU-Schlüssel)"
_ITEM, _DAY, _KEY = "Belegfeld 1", "Belegdatum", "BU-Schlüssel"
_AMOUNT = "Umsatz (ohne Soll/Haben-Kz)"
_VAT_ID = "EU-Land u. UStID (Bestimmung)"
_STAGES: Mapping[str, Stage] = {"AA": "advance", "SR": "final"}


class DatevReadingSettings(ReadingSettings):
    """What a file does not say of itself."""

    suppliers: AccountRange = Field(
        default=AccountRange(first=300000, last=399999), description="Person accounts of suppliers; all others buy."
    )


@dataclass(frozen=True, slots=True)
class DatevReading:
    """How the file was written, and where problems go."""

    options: DatevOptions
    settings: DatevReadingSettings
    found: Found
    head: DatevHead

    def is_person(self, account: str) -> bool:
        """Person accounts have one digit more than ledger accounts."""
        return len(account) == self.head.account_length + 1


@dataclass(frozen=True, slots=True)
class _Row:
    """One row, seen from the leading account."""

    cells: Cells
    account: str
    contra: str
    debit: bool
    infos: Mapping[str, str]


def datev_bookings(rows: Iterable[Cells], reading: DatevReading) -> Iterator[Booking]:
    """Yield the bookings; those with a wrong row are told and left out."""
    for _, group in groupby((_row(cells, reading) for cells in rows), key=_document_of):
        booking = _booking(list(group), reading)
        if booking is not None:
            yield booking


def _row(cells: Cells, reading: DatevReading) -> _Row:
    """The row with the person account in front, wherever it stands in the file."""
    account, contra = cells.account(_LEDGER), cells.account(_CONTRA)
    debit = cells.one_of("Soll/Haben-Kennzeichen", ("S", "H")) == "S"
    for name in (_AMOUNT, "Basis-Umsatz") if cells.text("Kurs") else (_AMOUNT,):
        if cells.amount(name) <= 0:
            what = f"„{cells.text(name)}“ ist nicht größer als 0; die Seite sagt das Kennzeichen."
            cells.wrong(name, "fibu_amount", what)
    if reading.is_person(contra) and not reading.is_person(account):
        account, contra, debit = contra, account, not debit
    infos = {cells.text(f"Beleginfo - Art {n}"): cells.text(f"Beleginfo - Inhalt {n}") for n in range(1, 9)}
    return _Row(cells, account, contra, debit, infos)


def _document_of(row: _Row) -> tuple[str, ...]:
    cells = row.cells
    own = (row.infos.get("Belegkreis", ""), row.infos.get("Belegnummer", ""))
    return (row.account, cells.text(_ITEM), cells.text(_DAY), cells.text("WKZ Umsatz"), *own)


def _booking(rows: Sequence[_Row], reading: DatevReading) -> Booking | None:
    first, cells = rows[0], rows[0].cells
    if any(row.cells.bad for row in rows):
        return None
    document_date = _day(cells, reading.head)
    kind = _kind(first, reading)
    if document_date is None or kind is None or any(row.cells.bad for row in rows):
        return None
    side = _side(rows, kind, reading)
    lines = _merged([_line(row, side, reading) for row in rows])
    foreign = _foreign(cells, reading)
    item = cells.text(_ITEM)
    number = first.infos.get("Belegnummer") or item
    external = first.infos.get("Fremdbelegnummer") or (item if kind == "ap" else "")
    posting_date, service_date = (
        cells.day("Datum Zuord. Steuerperiode", "%d%m%Y"),
        cells.day("Leistungsdatum", "%d%m%Y"),
    )
    oss = any(line.treatment == "oss" for line in lines)
    gross, circle = total(line.gross for line in lines), first.infos.get("Belegkreis", "")
    fields = {
        "document_id": number,
        "kind": kind,
        "side": side,
        "account": first.account,
        "number": number,
        "external_number": external,
        "settles": item if kind == "payment" else "",
        "symbol": "" if circle in {"", reading.options.symbol(kind, gross < 0)} else circle,
        "document_date": document_date,
        "posting_date": posting_date,
        "service_date": None if posting_date and service_date == document_date else service_date,
        "due_date": cells.day("Fälligkeit", "%d%m%Y"),
        "stage": _STAGES.get(cells.text("Buchungstyp"), ""),
        "order_number": cells.text("Auftragsnummer"),
        "payment_reference": first.infos.get("Zahlungsreferenz", ""),
        "dunning_block": cells.text("Postensperre") == "1",
        "currency": cells.currency("WKZ Basis-Umsatz", reading.settings.currency),
        "foreign": foreign,
        "text": cells.text("Buchungstext"),
        "vat_id": "" if oss else cells.text(_VAT_ID),
        "document_file": first.infos.get("Belegdatei", ""),
    }
    if any(row.cells.bad for row in rows):
        return None
    return Booking.model_validate(fields | {"gross": gross, "lines": lines})


def _day(cells: Cells, head: DatevHead) -> date | None:
    """Day and month, in the fiscal year of the file."""
    text = cells.needed(_DAY).zfill(4)
    for year in (head.fiscal_year.year, head.fiscal_year.year + 1):
        try:
            day = date(year, int(text[2:]), int(text[:2]))
        except ValueError:
            continue
        if day >= head.fiscal_year:
            return day
    cells.wrong(_DAY, "fibu_date", f"„{cells.text(_DAY)}“ ist kein Tag des Wirtschaftsjahres in der Form 3101.")
    return None


def _kind(first: _Row, reading: DatevReading) -> BookingKind | None:
    """Kind of the document: by its circle, without one by its account."""
    circle = first.infos.get("Belegkreis", "")
    own = reading.settings.symbols.get(circle)
    person = reading.is_person(first.account)
    if not circle and not own:
        if not person:
            return "cash"
        return "ap" if reading.settings.suppliers.holds(int(first.account)) else "ar"
    kinds = (own,) if own else reading.options.kinds(circle)
    if not kinds:
        first.cells.wrong(
            "Beleginfo - Inhalt 1", "fibu_symbol", f"Der Belegkreis „{circle}“ ist nicht bekannt.", ASK_SETTINGS
        )
        return None
    return "payment" if "cash" in kinds and person else kinds[0]


def _side(rows: Sequence[_Row], kind: BookingKind, reading: DatevReading) -> Side:
    """Usual side of the leading account. A cash receipt has none: there the key tells sales from purchases."""
    if kind in USUAL_SIDE:
        return USUAL_SIDE[kind]
    amounts = ((row.debit, row.cells.amount(_AMOUNT)) for row in rows)
    shown: Side = "debit" if total(amount if debit else -amount for debit, amount in amounts) >= 0 else "credit"
    for side in (shown, OTHER_SIDE[shown]):
        if all(_taxed(row, side, reading) for row in rows):
            return side
    return shown


def _line(row: _Row, side: Side, reading: DatevReading) -> BookingLine:
    cells = row.cells
    taxed = _taxed(row, side, reading)
    if taxed is None:
        rate = f"mit {cells.text('Steuersatz')} %" if cells.text("Steuersatz") else "ohne Steuersatz"
        what = f"Der Schlüssel „{cells.text(_KEY)}“ {rate} steht nicht in den Einstellungen."
        cells.wrong(_KEY, "fibu_tax_code", what, ASK_SETTINGS)
    found = taxed or Taxed(NO_TAX, ZERO)
    sign = 1 if row.debit == (side == "debit") else -1
    shown = cells.amount(_AMOUNT)
    in_foreign = bool(cells.text("Kurs"))
    gross = sign * (cells.amount("Basis-Umsatz") if in_foreign else shown)
    own = found.treatment in SELF_ASSESSED and side == "credit"
    vat = ZERO if own else vat_of_row(gross, found.rate)
    return BookingLine(
        account=row.contra,
        net=gross - vat,
        vat=vat,
        self_assessed_vat=vat_of_net(gross, found.rate) if own else ZERO,
        treatment=found.treatment,
        rate=found.rate,
        destination=cells.text(_VAT_ID)[:2] if found.treatment == "oss" else found.destination,
        cost_center=cells.text("KOST1 - Kostenstelle"),
        cost_object=cells.text("KOST2 - Kostenstelle"),
        foreign_net=sign * shown if in_foreign else None,
    )


def _taxed(row: _Row, side: Side, reading: DatevReading) -> Taxed | None:
    """What the key means; where the accounts carry their tax, the rate must stand in the row."""
    key, stated = row.cells.text(_KEY), row.cells.number("Steuersatz")
    if stated is None and not key and reading.options.automatic_accounts:
        return None
    found = reading.options.taxed("ar" if side == "debit" else "ap", (key,), stated or Decimal(0))
    return None if found and stated is not None and found.rate != stated else found


def _merged(lines: Sequence[BookingLine]) -> tuple[BookingLine, ...]:
    """Rows of one posting as one line."""
    merged: dict[tuple[object, ...], BookingLine] = {}
    for line in lines:
        key = (line.account, line.treatment, line.rate, line.destination, line.cost_center, line.cost_object)
        known = merged.get(key)
        if known is None:
            merged[key] = line
            continue
        names = ("net", "vat", "self_assessed_vat", "foreign_net")
        sums = {name: getattr(known, name) + getattr(line, name) for name in names if getattr(line, name) is not None}
        merged[key] = known.model_copy(update=sums)
    return tuple(map(_with_foreign_vat, merged.values()))


def _with_foreign_vat(line: BookingLine) -> BookingLine:
    """The foreign amount of a posting, so far gross, divided into net and VAT."""
    if line.foreign_net is None:
        return line
    vat = vat_of_row(line.foreign_net, line.rate) if line.vat else ZERO
    return line.model_copy(update={"foreign_net": line.foreign_net - vat, "foreign_vat": vat})


def _foreign(cells: Cells, reading: DatevReading) -> ForeignAmount | None:
    rate = cells.number("Kurs")
    if not rate:
        return None
    return ForeignAmount(currency=cells.currency("WKZ Umsatz", reading.settings.currency), rate=rate)
