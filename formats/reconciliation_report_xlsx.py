"""The report of a reconciled list (Abgleichsbericht) as a workbook for people: a summary first, then every line.

Every heading is frozen and has a filter. No text is a formula, whatever it begins with. The same report gives the same
bytes: the workbook knows no moment but that of the report.
"""

from core.batch import Output
from core.reconciliation_report import ReconciliationReport
from formats._fibu.text import CompanyDecides
from formats._reports.writers import WorkbookWriter

LABEL = "Abgleichsbericht (Excel)"
WriterSettings = CompanyDecides


def open_writer(_output: Output, _settings: CompanyDecides) -> WorkbookWriter[ReconciliationReport]:
    """Make the writer of one file."""
    return WorkbookWriter(_workbook)


def _workbook(report: ReconciliationReport) -> bytes:
    from formats._reports.reconciliation_workbook import workbook  # openpyxl is big, and few processes write a report

    return workbook(report)
