"""Which Kennzahl of the Austrian VAT return (UVA) a posting belongs to, as data (facts/domain.md 2.5).

A check for people, no return: where the facts name no Kennzahl, none is given, and where a document does not say which
of several it is, all of them are named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from core.fibu.booking import NO_TAX, Booking, BookingLine, VatSide
from core.fibu.tax_codes import best_rule, posting_label
from core.money import ZERO, total

_ADVANCE = "advance_received"
_DEDUCTED_AS: dict[VatSide, str] = {"ar": "domestic", "ap": "input_vat"}
"""Treatment under which a final invoice gives back the VAT of its advances: it was owed when they were paid."""


@dataclass(frozen=True, slots=True)
class Kennzahl:
    """One number of the form, and what it takes of a posting."""

    number: str
    """E.g. "022"; several with a stroke between them where the document does not say which."""
    meaning: str
    """German, for clerks."""
    base: bool = False
    """Whether the net amount goes there."""
    tax: Literal["", "vat", "self_assessed_vat"] = ""
    """Which VAT goes there."""


@dataclass(frozen=True, slots=True)
class UvaRule:
    """Where the postings of a side, treatment and rate go."""

    side: VatSide
    treatment: str
    rate: Decimal | None
    """None fits every rate."""
    numbers: tuple[Kennzahl, ...]
    """Empty: nowhere."""
    reason: str = ""
    """Why nowhere; German."""
    destination: None = None
    """A rule fits every country."""


@dataclass(frozen=True, slots=True)
class UvaSum:
    """One Kennzahl of a month."""

    number: str
    meaning: str
    base: Decimal | None
    """None: the form takes no base there."""
    tax: Decimal | None
    """None: the form takes no tax there."""


@dataclass(frozen=True, slots=True)
class UvaRest:
    """Postings of a month that go nowhere in its return."""

    label: str
    reason: str
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class UvaMonth:
    """What the postings of a month add to its return."""

    month: date
    """Its first day."""
    sums: tuple[UvaSum, ...]
    rest: tuple[UvaRest, ...]


def _sales(number: str, rate: str) -> Kennzahl:
    return Kennzahl(number, f"Lieferungen und Leistungen {rate} %", base=True, tax="vat")


def _acquired(number: str, rate: str) -> tuple[Kennzahl, ...]:
    own = Kennzahl(number, f"davon {rate} %", base=True, tax="self_assessed_vat")
    return (_ACQUISITIONS, own, _ACQUISITION_INPUT)


_ACQUISITIONS = Kennzahl("070", "innergemeinschaftliche Erwerbe, zusammen", base=True)
_ACQUISITION_INPUT = Kennzahl("065", "Vorsteuer aus innergemeinschaftlichen Erwerben", tax="self_assessed_vat")
_INPUT = Kennzahl("060", "Vorsteuer", tax="vat")
_IMPORT = Kennzahl("061/083", "Einfuhrumsatzsteuer (061 oder 083, je nach Entrichtung)", tax="vat")
_RECEIVED = (
    Kennzahl("057", "Steuerschuld für empfangene Leistungen, § 19 Abs. 1", tax="self_assessed_vat"),
    Kennzahl("066", "Vorsteuer dazu", tax="self_assessed_vat"),
)
_DOMESTIC_CHARGE = (
    Kennzahl("048/032/044", "Steuerschuld: Bauleistung, Schrott oder § 19 Abs. 1b", tax="self_assessed_vat"),
    Kennzahl("082/089/087", "Vorsteuer dazu", tax="self_assessed_vat"),
)
_NO_INPUT = "Es gibt keine Vorsteuer."
_ZM_ONLY = "Diese Umsätze gehören nur in die Zusammenfassende Meldung (ZM)."
_OTHER_STATE = "Diese Umsätze gehören in die OSS-Meldung."
_NOT_TAXABLE = "Der Umsatz ist nicht steuerbar."
_SUNK = "Die Steuer ist nicht abziehbar und im Aufwand enthalten."
_WITHOUT_TAX = "Zahlung, Umbuchung oder Anzahlung ohne Umsatzsteuer."
_WHEN_PAID = "Die Steuer gehört in die UVA des Monats, in dem gezahlt wird; dieser ist hier nicht bekannt."
_UNKNOWN = "Eine Kennzahl ist nicht bekannt. Bitte ordnen Sie den Betrag selbst zu."


def _rule(side: VatSide, treatment: str, *numbers: Kennzahl, rate: str | None = None, reason: str = "") -> UvaRule:
    return UvaRule(side, treatment, None if rate is None else Decimal(rate), numbers, reason)


_SALES = (("20", "022"), ("10", "029"), ("13", "006"), ("19", "037"), ("4.9", "124"))
_ACQUIRED = (("20", "072"), ("10", "073"), ("13", "008"), ("19", "088"), ("4.9", "125"))

RULES: tuple[UvaRule, ...] = (
    *(_rule("ar", "domestic", _sales(kz, rate.replace(".", ",")), rate=rate) for rate, kz in _SALES),
    _rule("ar", "export", Kennzahl("011", "Ausfuhrlieferungen", base=True)),
    _rule("ar", "ic_supply", Kennzahl("017", "innergemeinschaftliche Lieferungen (auch in der ZM)", base=True)),
    _rule("ar", "rc_domestic", Kennzahl("021", "Umsätze mit Übergang der Steuerschuld, § 19", base=True)),
    _rule("ar", "small_business", Kennzahl("016", "Umsätze als Kleinunternehmer", base=True)),
    _rule("ar", "exempt", Kennzahl("020", "übrige steuerfreie Umsätze ohne Vorsteuerabzug", base=True)),
    _rule("ar", "ic_service", reason=_ZM_ONLY),
    _rule("ar", "triangular", reason=_ZM_ONLY),
    _rule("ar", "oss", reason=_OTHER_STATE),
    _rule("ar", "out_of_scope", reason=_NOT_TAXABLE),
    *(_rule("ap", treatment, _INPUT) for treatment in ("domestic", "input_vat")),
    *(_rule("ap", "ic_acquisition", *_acquired(kz, rate.replace(".", ",")), rate=rate) for rate, kz in _ACQUIRED),
    _rule("ap", "rc_received", *_RECEIVED),
    _rule("ap", "rc_domestic", *_DOMESTIC_CHARGE),
    _rule("ap", "import_vat", _IMPORT),
    *(_rule("ap", treatment, reason=_NO_INPUT) for treatment in ("small_business", "exempt", "out_of_scope")),
    _rule("ap", "not_deductible", reason=_SUNK),
    *(_rule(side, _ADVANCE, reason=_WHEN_PAID) for side in ("ar", "ap")),
    *(_rule(side, NO_TAX, reason=_WITHOUT_TAX) for side in ("ar", "ap")),
)
_ORDER = {number: place for place, number in enumerate(dict.fromkeys(kz for rule in RULES for kz in rule.numbers))}


def uva_rule(booking: Booking, line: BookingLine) -> UvaRule:
    """Where this line of a booking goes; nowhere, with a reason, where the facts do not say.

    VAT of an advance is owed or deducted in the month of its payment, which no document names. What a final invoice
    takes back of it counts in the final invoice's own month.
    """
    side, treatment = booking.vat_side, line.treatment
    if treatment == _ADVANCE and booking.stage == "final":
        treatment = _DEDUCTED_AS[side]
    found = best_rule(RULES, side, treatment, line.rate)
    return found or UvaRule(side, treatment, line.rate, (), _UNKNOWN)


def month_of(booking: Booking) -> date:
    """First day of the month that a booking belongs to: the one of its posting date, else of its document."""
    return (booking.posting_date or booking.document_date).replace(day=1)


def uva_months(bookings: Iterable[Booking]) -> tuple[UvaMonth, ...]:
    """The Kennzahlen of these bookings, by the month that each belongs to, in the order of the form."""
    months: dict[date, list[tuple[UvaRule, BookingLine]]] = {}
    for booking in bookings:
        months.setdefault(month_of(booking), []).extend((uva_rule(booking, line), line) for line in booking.lines)
    return tuple(UvaMonth(month, _sums(lines), _rest(lines)) for month, lines in sorted(months.items()))


def _sums(lines: Sequence[tuple[UvaRule, BookingLine]]) -> tuple[UvaSum, ...]:
    found: dict[Kennzahl, list[BookingLine]] = {}
    for rule, line in lines:
        for number in rule.numbers:
            found.setdefault(number, []).append(line)
    return tuple(
        UvaSum(
            number.number,
            number.meaning,
            total(line.net for line in found[number]) if number.base else None,
            total(_tax(line, number.tax) for line in found[number]) if number.tax else None,
        )
        for number in sorted(found, key=_ORDER.__getitem__)
    )


def _tax(line: BookingLine, which: Literal["", "vat", "self_assessed_vat"]) -> Decimal:
    return line.vat if which == "vat" else line.self_assessed_vat


def _rest(lines: Sequence[tuple[UvaRule, BookingLine]]) -> tuple[UvaRest, ...]:
    found: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for rule, line in lines:
        if not rule.numbers:
            key = (posting_label(rule.side, line.treatment, line.destination), rule.reason)
            net, tax = found.get(key, (ZERO, ZERO))
            found[key] = (net + line.net, tax + line.vat + line.self_assessed_vat)
    return tuple(UvaRest(label, reason, *amounts) for (label, reason), amounts in found.items())
