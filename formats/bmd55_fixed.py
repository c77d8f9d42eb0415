"""Bookings for BMD 5.5 as records of 480 characters, the fixed form of the input file ``buerf``, and back.

Positions, names and the signs behind the amounts: facts/fibu.md 1.9. Numbers stand right with zeros before them, texts
left with blanks behind; amounts and percentages have two implied
decimals. The record has no place for the name of a currency, so documents in a foreign one are refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO, Literal

from core.batch import Batch, Origin, Output
from core.errors import Problem
from core.fibu.bmd55_options import Bmd55Options
from core.fibu.booking import Booking
from core.fibu.program import number_text
from formats._fibu.bmd55_values import ntcs_values, old_values, with_own_number
from formats._fibu.bmd_reading import BmdReading, bmd_bookings
from formats._fibu.bmd_values import BmdRowsWriter
from formats._fibu.cells import Cells, Found, ReadingSettings, text_lines
from formats._fibu.text import CompanyDecides, amount

LABEL = "BMD-5.5-Buchungen (feste Satzlänge)"
WriterSettings = CompanyDecides

LENGTH = 480


@dataclass(frozen=True, slots=True)
class Place:
    """A field of the record; positions count from 1, both inclusive."""

    name: str
    first: int
    last: int
    kind: Literal["text", "digits", "amount", "percent", "optional"]
    """``optional`` is a number that is blank where nothing is said."""


PLACES = (
    Place("satzart", 1, 1, "digits"),
    Place("konto", 2, 10, "digits"),
    Place("buchdatum", 11, 18, "digits"),
    Place("gkonto", 19, 27, "digits"),
    Place("belegnr", 28, 36, "digits"),
    Place("belegdatum", 37, 44, "digits"),
    Place("kost", 45, 53, "digits"),
    Place("kotraeger", 55, 63, "digits"),
    Place("prozent", 99, 103, "percent"),
    Place("steuercode", 104, 105, "digits"),
    Place("buchcode", 107, 107, "digits"),
    Place("betrag", 108, 125, "amount"),
    Place("steuer", 126, 143, "amount"),
    Place("skonto", 144, 161, "amount"),
    Place("periode", 180, 181, "digits"),
    Place("text", 300, 317, "text"),
    Place("buchsymbol", 318, 319, "text"),
    Place("extbelegnr", 320, 331, "text"),
    Place("zziel", 333, 338, "optional"),
    Place("skontopz", 339, 343, "percent"),
    Place("skontotage", 344, 347, "optional"),
    Place("skontopz2", 348, 352, "percent"),
    Place("skontotage2", 353, 356, "optional"),
    Place("auftkz", 385, 386, "optional"),
    Place("auftnr", 387, 395, "digits"),
    Place("leistdat", 426, 433, "optional"),
    Place("uidnr", 440, 454, "text"),
    Place("gegenbuchkz", 477, 477, "text"),
    Place("verbuchkz", 478, 478, "text"),
)
"""The fields that documents fill; the others are blank (texts) or zero (numbers)."""

_ZEROS = ((64, 98), (106, 106), (162, 179), (182, 299), (357, 384), (396, 425), (434, 439), (455, 476))
"""Ranges of numbers that nobody fills."""


class Settings(Bmd55Options, ReadingSettings):
    """How the BMD 5.5 was set up that the bookings come from; as ``[company.bmd55]``."""


def open_writer(output: Output, _settings: CompanyDecides) -> "Bmd55FixedWriter":
    """Make the writer of one file."""
    return Bmd55FixedWriter(output)


def sniff(head: bytes, name: str) -> bool:
    """Say whether the first line is a record of 480 characters that begins like one."""
    del name
    first = head.split(b"\n", 1)[0].rstrip(b"\r")
    return len(first) == LENGTH and first[:44].isdigit() and first[106:107] in b"12" and b";" not in first


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read ``Booking`` documents. Raises FormatError with every record that cannot be read."""
    found = Found()
    reading = BmdReading(settings, settings, found)
    documents = tuple(map(with_own_number, bmd_bookings(_records(source, settings, found), reading)))
    found.refuse()
    return Batch(origin, "booking", documents)


class Bmd55FixedWriter(BmdRowsWriter):
    """Writes ``Booking`` documents."""

    def header(self) -> Sequence[str]:
        """Records have no header."""
        return ()

    def rows(self, document: Booking) -> Iterator[Sequence[str]]:
        """One record a VAT group."""
        for values in old_values(document, self._options):
            yield (_record(values),)


# ── a record ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _layout() -> Iterator[tuple[str, Place | None]]:
    """What stands in the record, in order: characters that are always the same, before each field and at the end."""
    blank = [" "] * LENGTH
    for first, last in _ZEROS:
        blank[first - 1 : last] = "0" * (last - first + 1)
    end = 0
    for place in PLACES:
        yield "".join(blank[end : place.first - 1]), place
        end = place.last
    yield "".join(blank[end:]), None


_LAYOUT = tuple(_layout())


def _record(values: Mapping[str, str]) -> str:
    return "".join(filler + (_packed(values.get(place.name, ""), place) if place else "") for filler, place in _LAYOUT)


def _packed(value: str, place: Place) -> str:
    kind, length = place.kind, place.last - place.first + 1
    if kind == "text" or (kind == "optional" and not value):
        return value.ljust(length)
    if kind == "amount":
        digits = value.lstrip("-").replace(",", "") or "0"
        return digits.zfill(length - 1) + ("-" if value.startswith("-") else "+")
    if kind == "percent":
        whole, _, places = value.partition(",")
        if len(places) > 2:
            whole, _, places = amount(Decimal(value.replace(",", "."))).partition(",")
        return (whole + places.ljust(2, "0")).zfill(length)
    return value.zfill(length)


def _records(source: BinaryIO, settings: Settings, found: Found) -> Iterator[Cells]:
    for row, line in text_lines(source, settings.encoding, settings.max_rows):
        if len(line) != LENGTH:
            what = f"Der Satz in Zeile {row} hat {len(line)} Zeichen, es müssen {LENGTH} sein."
            found.add(
                Problem("fibu_width", what, "Bitte erzeugen Sie die Datei im FIBU-Programm noch einmal.", row=row)
            )
            continue
        values = {place.name: _unpacked(line[place.first - 1 : place.last], place) for place in PLACES}
        yield Cells(row, ntcs_values(values), found)


def _unpacked(raw: str, place: Place) -> str:
    """The value as the variable form would show it; what is no number stays as it is, to be told."""
    if place.kind == "text":
        return raw.rstrip()
    bare = raw.strip()
    if place.kind == "amount":
        digits, sign = (bare[:-1], bare[-1:]) if bare[-1:] in {"+", "-"} else (bare, "+")
        if not (digits.isascii() and digits.isdigit()):
            return bare
        whole = digits.lstrip("0").zfill(3)
        return f"{'-' if sign == '-' else ''}{whole[:-2]},{whole[-2:]}"
    if not (bare.isascii() and bare.isdigit()):
        return bare
    if place.kind == "percent":
        return number_text(Decimal(bare).scaleb(-2))
    if place.kind == "optional":
        return str(int(bare)) if place.name != "auftkz" else bare
    if place.name in {"kost", "kotraeger", "auftnr", "belegnr"}:
        return bare.lstrip("0")
    return bare
