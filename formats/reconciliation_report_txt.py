"""The report of a reconciled list (Abgleichsbericht) as a text for people: Notepad shows it in columns.

UTF-8 with a byte order mark, CRLF, at most 100 columns, numbers as 1.234,50. What is to be clarified comes first.
"""

from collections.abc import Iterator

from core.batch import Output
from core.reconciliation_report import ReconciliationReport
from formats._fibu.text import CompanyDecides
from formats._reports.reconciliation_tables import (
    NOTHING_TO_CLARIFY,
    TITLE,
    clarify_table,
    findings_table,
    head,
    hidden_lines,
    inferred_meaning,
    others_table,
    rows_table,
    sums_table,
)
from formats._reports.text import WIDTH, beginning, in_lines, table_lines
from formats._reports.writers import TextWriter

LABEL = "Abgleichsbericht (Text)"
WriterSettings = CompanyDecides


def open_writer(_output: Output, _settings: CompanyDecides) -> TextWriter[ReconciliationReport]:
    """Make the writer of one file."""
    return TextWriter(_lines)


def _lines(report: ReconciliationReport) -> Iterator[str]:
    yield from beginning(TITLE, head(report))
    yield from table_lines(findings_table(report))
    yield from table_lines(sums_table(report))
    yield from table_lines(rows_table(report))
    clarify = clarify_table(report)
    if not clarify.rows:
        yield NOTHING_TO_CLARIFY
        yield ""
    yield from table_lines(clarify)
    if meaning := inferred_meaning(report):
        yield from in_lines(meaning, WIDTH)
        yield ""
    yield from table_lines(others_table(report))
    if report.hidden:
        yield hidden_lines(report)
