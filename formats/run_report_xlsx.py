"""The report of an export run as a workbook for people: a summary first, then a sheet for each table.

Every heading is frozen and has a filter. No text is a formula, whatever it begins with. The same report gives the same
bytes: the workbook knows no moment but that of the report.
"""

from core.batch import Output
from core.fibu.run_report import RunReport
from formats._fibu.text import CompanyDecides
from formats._reports.writers import WorkbookWriter

LABEL = "Übergabeprotokoll (Excel)"
WriterSettings = CompanyDecides


def open_writer(_output: Output, _settings: CompanyDecides) -> WorkbookWriter[RunReport]:
    """Make the writer of one file."""
    return WorkbookWriter(_workbook)


def _workbook(report: RunReport) -> bytes:
    from formats._reports.run_workbook import workbook  # openpyxl is big, and few processes write a report

    return workbook(report)
