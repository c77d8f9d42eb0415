"""Rows of a RZL file become bookings: the other way round of ``rzl_bookings``.

A pair of rows that name each other is a booking with one posting; a collective row and the split rows beside it are one
with several. RZL keeps no number for what a payment settles but the digits of the open item.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

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
from core.fibu.numbers import number_digits
from core.fibu.options import RzlOptions
from core.fibu.program import Taxed
from core.fibu.tax_codes import RATE_KEYS, SELF_ASSESSED, RzlTaxCode
from core.money import ZERO, total, vat_of_net
from formats._fibu.cells import ASK_SETTINGS, Cells, Found, ReadingSettings
from formats._fibu.rzl_fields import COLLECTIVE, FORMS, PAIR, SPLIT

_DATE = "%d%m%Y"
_RATES = {key: Decimal(rate) for rate, key in RATE_KEYS}
_SAME = ("OP-Nummer", "Belegdatum", "Waehrung", "Fremdwährung", "Belegkreis", "Belegnummer")
_RATE_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class RzlReading:
    """How the file was written, and where problems go."""

    options: RzlOptions
    settings: ReadingSettings
    found: Found


def rzl_bookings(rows: Iterable[Cells], reading: RzlReading) -> Iterator[Booking]:
    """Yield the bookings; those with a wrong row are told and left out."""
    for leading, others in _documents(rows):
        booking = _booking(leading, others, reading)
        if booking is not None:
            yield booking


# ── rows that belong together ─────────────────────────────────────────────────────────────────────────────────────


def _documents(rows: Iterable[Cells]) -> Iterator[tuple[Cells, list[Cells]]]:
    """Yield the leading row of each document, and its other rows."""
    waiting: list[Cells] = []
    for cells in rows:
        cells.one_of("Buchungsart", FORMS)
        if waiting and not _belongs(waiting, cells):
            yield from _closed(waiting)
            waiting = []
        waiting.append(cells)
    yield from _closed(waiting)


def _belongs(waiting: Sequence[Cells], cells: Cells) -> bool:
    """Whether a row goes on with the document that the rows before it have begun."""
    first, form = waiting[0], cells.text("Buchungsart")
    if any(first.text(name) != cells.text(name) for name in _SAME):
        return False
    if first.text("Buchungsart") == PAIR:
        return form == PAIR and len(waiting) == 1
    has_collective = any(one.text("Buchungsart") == COLLECTIVE for one in waiting)
    if first.text("Buchungsart") == SPLIT and has_collective:
        return False
    return form == SPLIT or (form == COLLECTIVE and not has_collective)


def _closed(waiting: Sequence[Cells]) -> Iterator[tuple[Cells, list[Cells]]]:
    if not waiting:
        return
    first = waiting[0]
    leading = next((cells for cells in waiting if cells.text("Buchungsart") in {PAIR, COLLECTIVE}), None)
    others = [cells for cells in waiting if cells is not leading]
    if leading is None or not others:
        what = "Zu dieser Zeile fehlt die Zeile mit dem Gegenkonto, oder die Sammelzeile, oder die Splitzeilen."
        first.wrong("Buchungsart", "fibu_incomplete", what)
        return
    if leading.text("Buchungsart") == PAIR:
        swapped = (others[0].text("Gegenkonto"), others[0].text("Kontonummer"))
        if swapped != (leading.text("Kontonummer"), leading.text("Gegenkonto")):
            what = "Konto und Gegenkonto sind nicht die der Zeile davor, vertauscht."
            others[0].wrong("Gegenkonto", "fibu_pair", what)
    yield leading, others


# ── a document ────────────────────────────────────────────────────────────────────────────────────────────────────


def _booking(leading: Cells, others: Sequence[Cells], reading: RzlReading) -> Booking | None:
    kind = _kind(leading, reading)
    document_date = leading.day("Belegdatum", _DATE)
    if document_date is None and not leading.bad:
        leading.needed("Belegdatum")
    rows = (leading, *others)
    if kind is None or document_date is None or any(cells.bad for cells in rows):
        return None
    side = _side(leading, others, kind, reading.options)
    gross = _value(leading, side, "")
    lines = tuple(_line(cells, side, reading) for cells in others)
    if total(line.gross for line in lines) != gross:
        what = f"Die Zeilen ergeben {total(line.gross for line in lines)}, der Beleg lautet auf {gross}."
        leading.wrong("Sollbetrag", "fibu_unbalanced", what.replace(".", ",", 2))
    foreign, lines = _foreign(leading, lines, side, gross)
    terms = _terms(leading)
    due = None if terms is None or terms.net_days is None else document_date + timedelta(terms.net_days)
    text, party = leading.text("Buchungstext"), leading.text("Buchungstext Zeile 2")
    symbol, number = leading.text("Belegkreis"), leading.needed("Belegnummer")
    fields = {
        "document_id": number,
        "kind": kind,
        "side": side,
        "account": leading.account("Kontonummer"),
        "number": number,
        "external_number": leading.text("Fremdbelegnummer") or _suppliers_number(leading, kind),
        "settles": leading.text("OP-Nummer") if kind == "payment" else "",
        "symbol": "" if reading.options.symbol(kind, gross < 0) == symbol else symbol,
        "document_date": document_date,
        "due_date": due,
        "payment_reference": leading.text("Zahlungsreferenz"),
        "dunning_block": leading.one_of("Mahnsperre", ("", "0", "1")) == "1",
        "currency": leading.currency("Waehrung", reading.settings.currency),
        "foreign": foreign,
        "party_name": party or text,
        "text": text if party else "",
        "vat_id": leading.text("UID-Nummer"),
        "terms": terms,
        "document_file": leading.text("Belegpfad"),
    }
    if any(cells.bad for cells in rows):
        return None
    return Booking.model_validate(fields | {"gross": gross, "lines": lines})


def _kind(leading: Cells, reading: RzlReading) -> BookingKind | None:
    symbol = leading.text("Belegkreis")
    own = reading.settings.symbols.get(symbol)
    kinds = (own,) if own else reading.options.kinds(symbol)
    if not kinds:
        what = f"Der Belegkreis „{symbol}“ ist nicht bekannt."
        leading.wrong("Belegkreis", "fibu_symbol", what, ASK_SETTINGS)
        return None
    if "cash" in kinds and leading.text("OP-Nummer") not in {"", "0"}:
        return "payment"
    return kinds[0]


def _suppliers_number(leading: Cells, kind: BookingKind) -> str:
    """The open item of an incoming invoice has the supplier's number, as far as it has digits."""
    item = leading.text("OP-Nummer")
    return item if kind == "ap" and item not in {"", "0", number_digits(leading.text("Belegnummer"))} else ""


def _value(cells: Cells, side: Side, foreign: str) -> Decimal:
    """Amount of a row, positive on this side."""
    debit, credit = cells.amount(f"Sollbetrag{foreign}"), cells.amount(f"Habenbetrag{foreign}")
    return debit - credit if side == "debit" else credit - debit


def _side(leading: Cells, others: Sequence[Cells], kind: BookingKind, options: RzlOptions) -> Side:
    """Usual side of the leading account: amounts on the other side take back.

    A cash receipt has no usual side: there the VAT code tells sales from purchases, else the side stands as it is.
    """
    if kind in USUAL_SIDE:
        return USUAL_SIDE[kind]
    codes = {cells.text("UST-Code") for cells in others} - {"0"}
    for rule in options.rules() if codes else ():
        if isinstance(rule, RzlTaxCode) and rule.code in codes:
            return "debit" if rule.side == "ar" else "credit"
    return "credit" if leading.amount("Habenbetrag") else "debit"


def _line(cells: Cells, side: Side, reading: RzlReading) -> BookingLine:
    taxed = _taxed(cells, side, reading.options)
    tax = cells.amount("Steuerbetrag")
    own = taxed.treatment in SELF_ASSESSED and side == "credit"
    other = OTHER_SIDE[side]
    net = _value(cells, other, "")
    notional = tax if own and reading.options.self_assessed_amount == "gross" else ZERO
    return BookingLine(
        account=cells.account("Kontonummer"),
        net=net - notional,
        vat=ZERO if own else tax,
        self_assessed_vat=tax if own else ZERO,
        treatment=taxed.treatment,
        rate=taxed.rate,
        destination=taxed.destination,
        cost_center=cells.text("Kostenstelle") if cells.text("Kostenstelle") != "0" else "",
        cost_object=cells.text("Kostenträger"),
        foreign_net=_value(cells, other, " FW") if cells.text("Fremdwährung") else None,
    )


def _taxed(cells: Cells, side: Side, options: RzlOptions) -> Taxed:
    shown = tuple(cells.text(name).strip() for name in ("UST Land", "UST Prozentsatz", "UST-Code", "Sondercode"))
    key = shown[1]
    rate = _RATES.get(key, Decimal(int(key)) if key.isascii() and key.isdigit() and not key.startswith("0") else ZERO)
    found = None
    for tried in dict.fromkeys((rate, ZERO)):
        found = found or options.taxed("ar" if side == "debit" else "ap", shown, tried)
    if found is None:
        what = f"Schlüssel „{shown[1]}“, Code „{shown[2]}“ und Sondercode „{shown[3]}“ sind nicht eingestellt."
        cells.wrong("UST Prozentsatz", "fibu_tax_code", what, ASK_SETTINGS)
    return found or Taxed(NO_TAX, ZERO)


def _foreign(
    leading: Cells, lines: tuple[BookingLine, ...], side: Side, gross: Decimal
) -> tuple[ForeignAmount | None, tuple[BookingLine, ...]]:
    """Currency and rate of the document; what the lines leave of its amount is VAT."""
    currency = leading.text("Fremdwährung")
    if not currency:
        return None, lines
    foreign_gross = _value(leading, side, " FW")
    rest = foreign_gross - total(line.foreign_net or ZERO for line in lines)
    vats = [vat_of_net(line.foreign_net or ZERO, line.rate) if line.vat else ZERO for line in lines]
    largest = max(range(len(lines)), key=lambda index: abs(vats[index]))
    vats[largest] += rest - total(vats)
    rate = (foreign_gross / gross).quantize(_RATE_PLACES) if gross and foreign_gross else Decimal(1)
    pairs = zip(lines, vats, strict=True)
    named = leading.currency("Fremdwährung", currency)
    return ForeignAmount(currency=named, rate=abs(rate) or Decimal(1)), tuple(
        line.model_copy(update={"foreign_vat": vat}) for line, vat in pairs
    )


def _terms(leading: Cells) -> PaymentTerms | None:
    terms = PaymentTerms(
        net_days=leading.count("Abweichende Zahlungsfrist"),
        discount_days=leading.count("Abweichende Skontofrist"),
        discount_percent=leading.number("Abweichender Skontoprozentsatz"),
    )
    return None if terms == PaymentTerms() else terms
