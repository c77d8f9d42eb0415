"""The report of an export run as a text for people: Notepad shows it in columns.

UTF-8 with a byte order mark, CRLF, at most 100 columns, numbers as 1.234,50. One report is one file.
"""

from collections.abc import Iterator

from core.batch import Output
from core.fibu.run_report import RunReport
from formats._fibu.text import CompanyDecides
from formats._reports.run_tables import (
    AGREES,
    DIFFERS,
    TITLE,
    UVA_MEANING,
    accounts_table,
    balances_table,
    documents_table,
    head,
    kinds_table,
    rest_table,
    uva_table,
)
from formats._reports.tables import plain
from formats._reports.text import WIDTH, beginning, in_lines, table_lines, titled
from formats._reports.writers import TextWriter

LABEL = "Übergabeprotokoll (Text)"
WriterSettings = CompanyDecides


def open_writer(_output: Output, _settings: CompanyDecides) -> TextWriter[RunReport]:
    """Make the writer of one file."""
    return TextWriter(_lines)


def _lines(report: RunReport) -> Iterator[str]:
    yield from beginning(TITLE, head(report))
    yield from table_lines(kinds_table(report))
    yield from table_lines(balances_table(report), AGREES if report.agrees else DIFFERS)
    yield from _warnings(report)
    yield from table_lines(accounts_table(report))
    yield from table_lines(uva_table(report), UVA_MEANING)
    yield from table_lines(rest_table(report))
    yield from table_lines(documents_table(report))


def _warnings(report: RunReport) -> Iterator[str]:
    if not report.warnings:
        return
    yield from titled(f"Hinweise ({len(report.warnings)})")
    for number, problem in enumerate(report.warnings, start=1):
        said = [line for text in (problem.what, problem.todo) for line in in_lines(plain(text), WIDTH - 5)]
        yield from (f"{f'{number}.' if first == 0 else '':<5}{line}" for first, line in enumerate(said))
    yield ""
