"""What the DATEV files share: a header line, a line of names, quoted texts, and the way back (facts/fibu.md 6)."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, NoReturn

from core.batch import Output
from core.errors import FormatError, Problem
from core.fibu.datev_options import DatevOptions
from formats._fibu.cells import EXPORT_AGAIN, Cells, Found, text_lines, wrong_width
from formats._fibu.text import Document, RowsWriter

MARK, VERSION = "EXTF", "700"
_HEADER_FIELDS = 31


@dataclass(frozen=True, slots=True)
class Kind:
    """One category of DATEV files."""

    category: str
    name: str
    format_version: str
    columns: tuple[str, ...]
    numbers: frozenset[str]
    """Columns that are never quoted."""


class DatevWriter(RowsWriter[DatevOptions, Document]):
    """Writes one category. The output's head says when the file was made and, for bookings, their period."""

    kind: Kind

    def __init__(self, output: Output) -> None:
        """``created`` (moment), ``first`` and ``last`` (days) stand in the output's head."""
        super().__init__(output)
        head = dict(output.head)
        self._created: datetime = head["created"]
        self.first: date = head["first"]
        self.last: date = head["last"]

    def begin(self) -> bytes:
        """The header line and the names of the columns."""
        names = ";".join(self.kind.columns)
        return f"{self._header()}\r\n{names}\r\n".encode(self._options.encoding)

    def header(self) -> Sequence[str]:
        """The line of names is part of ``begin``."""
        return ()

    def quoted(self, values: Mapping[str, str]) -> Sequence[str]:
        """All columns of a row, texts in quotes."""
        numbers = self.kind.numbers
        return [values.get(name, "") if name in numbers else f'"{values.get(name, "")}"' for name in self.kind.columns]

    def _header(self) -> str:
        """The 31 fields of the first line."""
        options, bookings = self._options, self.kind.category == "21"
        moment = self._created
        stamp = f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 1000:03d}"
        year = options.fiscal_year(self.first)
        first, last = (f"{day:%Y%m%d}" if bookings else "" for day in (self.first, self.last))
        fields = [
            f'"{MARK}"', VERSION, self.kind.category, f'"{self.kind.name}"', self.kind.format_version, stamp, "",
            f'"{options.origin}"', '""', '""', str(options.consultant), str(options.client), f"{year:%Y%m%d}",
            str(options.account_length), first, last, '"Buchungsstapel"' if bookings else '""', f'"{options.initials}"',
            "1" if bookings else "", "0" if bookings else "", str(int(options.finalised)) if bookings else "",
            '"EUR"' if bookings else '""', "", '""', "", "", f'"{options.chart}"', "", "", '""', '""',
        ]  # fmt: skip
        return ";".join(fields)


# ── back ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class DatevHead:
    """What the header line says."""

    fiscal_year: date
    """First day of the fiscal year: rows state day and month only."""
    account_length: int


def is_datev(head: bytes, category: str) -> bool:
    """Say whether a file begins with the header line of this category."""
    fields = head.split(b"\n", 1)[0].removeprefix(b"\xef\xbb\xbf").split(b";")
    return len(fields) > 3 and fields[0].strip(b'"') == MARK.encode() and fields[2] == category.encode()


def datev_rows_of(
    source: BinaryIO, encoding: str, kind: Kind, found: Found, max_rows: int
) -> tuple[DatevHead, Iterator[Cells]]:
    """The header line, and the rows below the line of names; raises FormatError where these two are wrong."""
    lines = text_lines(source, encoding, max_rows)
    _, first = next(lines)
    fields = next(csv.reader([first], delimiter=";"))
    if fields[0] != MARK or len(fields) < _HEADER_FIELDS or fields[2] != kind.category:
        _refuse(f"Die erste Zeile ist nicht die einer DATEV-Datei „{kind.name}“.", 1)
    if fields[1] != VERSION or fields[4] != kind.format_version:
        wanted = f"{VERSION}, Formatversion {kind.format_version}"
        _refuse(f"Gelesen wird DATEV {wanted}; die Datei hat {fields[1]}, Formatversion {fields[4]}.", 1)
    try:
        year = datetime.strptime(fields[12], "%Y%m%d").date()  # noqa: DTZ007 - a calendar day has no time zone
        length = int(fields[13])
    except ValueError:
        _refuse("In der ersten Zeile fehlt der Beginn des Wirtschaftsjahres oder die Länge der Sachkonten.", 1)
    if next(lines, None) is None:
        _refuse("Die Zeile mit den Namen der Spalten fehlt.", 2)
    return DatevHead(year, length), _rows(lines, kind.columns, found)


def _rows(lines: Iterator[tuple[int, str]], columns: Sequence[str], found: Found) -> Iterator[Cells]:
    for row, line in lines:
        values = next(csv.reader([line], delimiter=";"))
        if len(values) != len(columns):
            found.add(wrong_width(row, len(values), len(columns)))
            continue
        yield Cells(row, dict(zip(columns, values, strict=True)), found)


def _refuse(what: str, row: int) -> NoReturn:
    raise FormatError(Problem("fibu_datev_header", what, EXPORT_AGAIN, row=row))
