"""The report of a reconciled list as tables; text and workbook show the same ones."""

from collections.abc import Iterator

from core.reconciliation_report import FINDINGS, Finding, ReconciliationReport, ReportLine
from formats._reports.tables import Cell, Column, Table, shown

TITLE = "Abgleichsbericht"
TO_CLARIFY: frozenset[Finding] = frozenset({"overpaid", "reversal", "doubtful", "not_booked", "unmatched"})
"""Findings that a person should look at."""
NOTHING_TO_CLARIFY = "In dieser Liste ist nichts zu klären."
_INFERRED = (
    "„Erschlossen“ heißt: Die Zahlung steht nicht in der Liste, sondern folgt daraus, dass weniger offen ist als "
    "vorher. Es kann auch Skonto, eine Gutschrift oder eine Ausbuchung gewesen sein."
)
_GUESSED = (
    "„Erschlossen“ heißt: Aus der Liste geht nicht eindeutig hervor, was die Buchung war oder zu welcher Rechnung sie "
    "gehört."
)


def head(report: ReconciliationReport) -> Iterator[tuple[str, str]]:
    """What is known of the list as a whole, as pairs of a word and its value."""
    yield "Firma", f"{report.company}, {report.company_name}" if report.company_name else report.company
    yield "Liste", report.list_name
    yield "Art", report.list_label
    origin = "" if report.key_date_printed else " (Tag des Eingangs; die Liste nennt keinen früheren)"
    yield "Stichtag", f"{report.key_date:%d.%m.%Y}{origin}"
    if report.sums is not None:
        yield "Umfang", "vollständig" if report.complete else "Auszug: was fehlt, bleibt offen"
    if report.total_checked:
        yield "Gesamtsumme", "geprüft, sie stimmt"
    elif report.sums is not None:
        yield "Gesamtsumme", "die Liste nennt keine am Ende"
    yield "Gelesen am", f"{report.created:%d.%m.%Y, %H:%M} Uhr"
    yield "Vorgangsnummer", report.drop
    yield "Währung", report.currency


def findings_table(report: ReconciliationReport) -> Table:
    """How many rows and documents of each finding, and what was paid."""
    columns = (Column("Ergebnis"), Column("Anzahl", "count"), Column("Bezahlt", "amount"))
    rows = tuple((FINDINGS[one.finding], one.documents, one.paid or None) for one in report.findings)
    return Table("Überblick", columns, rows)


def sums_table(report: ReconciliationReport) -> Table:
    """What the FIBU and CLUE take as open."""
    sums = report.sums
    rows: tuple[tuple[Cell, ...], ...] = ()
    if sums is not None:
        rows = (
            ("Offen laut Liste", sums.listed),
            ("davon Rechnungen aus CLUE", sums.listed_ours),
            ("davon andere Posten", sums.listed - sums.listed_ours),
            ("Offen in CLUE: Rechnungen, die in der Liste stehen", sums.ours),
            ("Offen in CLUE: Rechnungen, die in der Liste fehlen", sums.missing),
            ("Unterschied zwischen Liste und CLUE", sums.difference),
        )
    return Table("Offene Summen nach dem Abgleich (Soll positiv)", (Column("Summe"), Column("Betrag", "amount")), rows)


def rows_table(report: ReconciliationReport) -> Table:
    """What became of the rows of the file."""
    rows: list[tuple[Cell, ...]] = [("verglichen", report.rows)]
    if report.joined:
        rows.append(("zu einem Posten zusammengefasst", report.joined))
    rows += [(f"übergangen: {why}", count) for why, count in report.ignored]
    return Table("Zeilen der Datei", (Column("Was damit geschah"), Column("Zeilen", "count")), tuple(rows))


def clarify_table(report: ReconciliationReport) -> Table:
    """What a person should look at."""
    return Table("Zu klären", _COLUMNS, tuple(_line(one) for one in report.lines if one.finding in TO_CLARIFY))


def others_table(report: ReconciliationReport) -> Table:
    """All that is clear, on paper after what is not."""
    clear = tuple(_line(one) for one in report.lines if one.finding not in TO_CLARIFY)
    return Table("Posten" if len(clear) == len(report.lines) else "Übrige Posten", _COLUMNS, clear)


def lines_table(report: ReconciliationReport) -> Table:
    """Every line."""
    return Table("Posten", _COLUMNS, tuple(map(_line, report.lines)))


def inferred_meaning(report: ReconciliationReport) -> str:
    """What "erschlossen" means in this report, "" where no line says it."""
    if not any(line.inferred for line in report.lines):
        return ""
    return _INFERRED if report.sums is not None else _GUESSED


def hidden_lines(report: ReconciliationReport) -> str:
    """How many lines are left out, "" where none is."""
    if not report.hidden:
        return ""
    return f"Weitere Zeilen, die hier nicht angeführt sind: {shown('count', report.hidden)}. Oben sind sie mitgezählt."


_COLUMNS = (
    Column("Ergebnis"),
    Column("Konto"),
    Column("Beleg"),
    Column("Zeile", "row"),
    Column("Liste", "amount"),
    Column("Bisher offen", "amount"),
    Column("Bezahlt", "amount"),
    Column("Jetzt offen", "amount"),
    Column("Skonto u. a.", "amount", below="Skonto, Ausbuchung, Verrechnung:"),
    Column("Erschlossen", below=""),
    Column("Grund", below=""),
)


def _line(line: ReportLine) -> tuple[Cell, ...]:
    return (
        FINDINGS[line.finding],
        line.account or None,
        line.number or None,
        line.row,
        line.listed,
        line.before,
        line.paid or None,
        line.after,
        line.discount or None,
        "erschlossen" if line.inferred else None,
        line.reason or None,
    )
