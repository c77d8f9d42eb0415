"""The report of an export run as a workbook for people: a summary first, then a sheet for each table.

Every heading is frozen and has a filter. No text is a formula, whatever it begins with. The same report gives the same
bytes: the workbook knows no moment but that of the report.
"""

from core.batch import Output
from core.run_report import RunReport
from formats._fibu_text import CompanyDecides
from formats._people_writers import WorkbookWriter

LABEL = "Übergabeprotokoll (Excel)"
WriterSettings = CompanyDecides


def open_writer(_output: Output, _settings: CompanyDecides) -> WorkbookWriter[RunReport]:
    """Make the writer of one file."""
    return WorkbookWriter(_workbook)


def _workbook(report: RunReport) -> bytes:
    from formats._report_workbook import workbook  # openpyxl is big, and few processes write a report

    return workbook(report)
