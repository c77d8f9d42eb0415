"""The report of an export run as tables of German headings and typed values; text and workbook show the same ones."""

from collections.abc import Iterator
from decimal import Decimal

from core.fibu.run_report import AccountSum, Amounts, Posted, RunReport
from core.fibu.tax_codes import posting_label
from formats._reports.tables import Cell, Column, Table, shown

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
