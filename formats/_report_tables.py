"""The report of an export run as tables of German headings and typed values; text and workbook show the same ones."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from core.money import cents
from core.run_report import AccountSum, Amounts, Posted, RunReport
from core.tax_codes import posting_label

Cell = str | int | Decimal | date | None
Kind = Literal["text", "amount", "day", "month", "count", "rate", "factor"]
TITLE = "Übergabeprotokoll an die FIBU"
AGREES = "Belege und Buchungen stimmen auf den Cent überein."
DIFFERS = (
    "Achtung: Belege und Buchungen stimmen nicht überein. Bitte lesen Sie die Dateien nicht ein und verständigen Sie "
    "die Systembetreuung."
)
UVA_MEANING = (
    "Die Beträge dieser Übergabe nach Kennzahlen, zum Vergleich mit der UVA des Monats. Darin steht auch, was nicht "
    "mit dieser Übergabe gebucht wurde. Bei Besteuerung nach vereinnahmten Entgelten zählt der Monat der Zahlung."
)
_GERMAN = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    heading: str
    kind: Kind = "text"
    below: str | None = None
    """On paper the value stands under its row, behind this word, where there is one; None: in a column."""
    on_paper: bool = True
    """Whether it is shown where there is little room."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns; None is an empty cell."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def shown(kind: Kind, value: Cell) -> str:
    """A value as a clerk writes it: 1.234,50 or 22.11.2026 or 20 %; empty where there is none."""
    if isinstance(value, Decimal):
        if kind == "amount":
            return f"{cents(value) + 0:,.2f}".translate(_GERMAN)
        text = f"{value:f}"
        short = (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
        return f"{short} %" if kind == "rate" else short
    if isinstance(value, date):
        return f"{value:%m/%Y}" if kind == "month" else f"{value:%d.%m.%Y}"
    return "" if value is None else plain(str(value))


def plain(text: str) -> str:
    """A text without line ends, control characters and marks that turn the direction of writing."""
    if text.isascii() and text.isprintable() and " " not in (text[:1], text[-1:]):  # most values: nothing to look for
        return text
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(char if char.isprintable() else " " for char in composed).split())


def without_empty_columns(table: Table) -> Table:
    """The table without those columns in which no row says anything."""
    kept = [place for place in range(len(table.columns)) if any(row[place] is not None for row in table.rows)]
    columns = tuple(table.columns[place] for place in kept)
    return Table(table.title, columns, tuple(tuple(row[place] for place in kept) for row in table.rows))


def head(report: RunReport) -> Iterator[tuple[str, str]]:
    """What is known of the run as a whole, as pairs of a word and its value; the word is empty where it is the same."""
    name = f"{report.company}, {report.company_name}" if report.company_name else report.company
    yield "Firma", name
    yield "FIBU-Programm", report.program
    yield "Übergabe", report.run
    yield "Erstellt am", f"{report.created:%d.%m.%Y, %H:%M} Uhr"
    yield "Währung", report.currency
    yield "Belege", shown("count", report.count)
    for place, file in enumerate(report.files):
        yield "" if place else "Dateien", file


def kinds_table(report: RunReport) -> Table:
    """Sums of each kind of document."""
    columns = (Column("Belegart"), Column("Anzahl", "count"), *_AMOUNTS)
    rows = tuple((kind.kind, kind.count, *_amounts(kind.amounts)) for kind in report.kinds)
    return Table("Belege nach Art", columns, rows)


def balances_table(report: RunReport) -> Table:
    """Documents against written bookings, a row each."""
    columns = (Column("Abstimmung"), Column("Buchungen", "count"), *_AMOUNTS)
    rows: list[tuple[Cell, ...]] = []
    for balance in report.balances:
        rows.append((f"{balance.label} laut Belegen", None, *_amounts(balance.documents)))
        rows.append((f"{balance.label} laut Dateien", balance.bookings, *_amounts(balance.written)))
    return Table("Abstimmung der Belege mit den Buchungen", columns, tuple(rows))


def accounts_table(report: RunReport) -> Table:
    """Sums of each account and tax code."""
    columns = (
        Column("Konto"),
        Column("S/H"),
        Column("Steuerart"),
        Column("Satz", "rate"),
        Column("Steuercode"),
        *_AMOUNTS,
        Column("Steuerschuld", "amount", below="Steuerschuld und Vorsteuer daraus (nicht im Brutto):"),
    )
    return Table("Summen nach Konto und Steuer", columns, tuple(map(_account, report.accounts)))


def uva_table(report: RunReport) -> Table:
    """Kennzahlen of each month."""
    columns = (
        Column("Monat", "month"),
        Column("Kennzahl"),
        Column("Bedeutung"),
        Column("Bemessung", "amount"),
        Column("Steuer", "amount"),
    )
    rows = tuple((m.month, row.number, row.meaning, row.base, row.tax) for m in report.uva for row in m.sums)
    return Table("Kontrolle der Umsatzsteuervoranmeldung (UVA)", columns, rows)


def rest_table(report: RunReport) -> Table:
    """What stands in no Kennzahl, and why."""
    columns = (
        Column("Monat", "month"),
        Column("Steuerart"),
        Column("Netto", "amount"),
        Column("Steuer", "amount"),
        Column("Grund", below=""),
    )
    rows = tuple((m.month, row.label, row.net, row.tax, row.reason) for m in report.uva for row in m.rest)
    return Table("Nicht in der UVA", columns, rows)


def documents_table(report: RunReport) -> Table:
    """Every document; what goes with it stands in rows of its own after it."""
    columns = (
        Column("Beleg"),
        Column("Datum", "day"),
        Column("Monat", "month"),
        Column("Konto"),
        *_AMOUNTS,
        Column("Name", below=""),
        Column("Belegnummer", on_paper=False),
        Column("Dazu gebucht", below="dazu gebucht:"),
        Column("Unter Nummer", below="unter der Nummer"),
        Column("Währung", below="in"),
        Column("Netto FW", "amount", below="netto"),
        Column("USt FW", "amount", below="USt"),
        Column("Brutto FW", "amount", below="brutto"),
        Column("Kurs", "factor", below="Kurs"),
    )
    return Table("Belege", columns, tuple(map(_document, report.documents)))


_AMOUNTS = (Column("Netto", "amount"), Column("USt", "amount"), Column("Brutto", "amount"))


def _amounts(amounts: Amounts) -> tuple[Decimal, Decimal, Decimal]:
    return amounts.net, amounts.vat, amounts.gross


def _account(entry: AccountSum) -> tuple[Cell, ...]:
    owed = entry.amounts.self_assessed_vat
    return (
        entry.account,
        "H" if entry.side == "ar" else "S",
        posting_label(entry.side, entry.treatment, entry.destination),
        entry.rate,
        entry.tax_code or None,
        *_amounts(entry.amounts),
        owed or None,
    )


def _document(posted: Posted) -> tuple[Cell, ...]:
    foreign = posted.foreign
    in_foreign = (foreign.currency, foreign.net, foreign.vat, foreign.gross, foreign.rate) if foreign else (None,) * 5
    return (
        posted.label,
        posted.document_date,
        posted.month,
        posted.account,
        *_amounts(posted.amounts),
        posted.party or None,
        posted.number,
        posted.text or None,
        posted.booked_as or None,
        *in_foreign,
    )
