"""The report of a reconciled list (Abgleichsbericht) as a workbook for people: a summary first, then every line.

Every heading is frozen and has a filter. No text is a formula, whatever it begins with. The same report gives the same
bytes: the workbook knows no moment but that of the report.
"""

from collections.abc import Sequence

from core.batch import Output
from core.reconciliation_report import ReconciliationReport
from formats._fibu_text import CompanyDecides

LABEL = "Abgleichsbericht (Excel)"
WriterSettings = CompanyDecides


def open_writer(_output: Output, _settings: CompanyDecides) -> "WorkbookWriter":
    """Make the writer of one file."""
    return WorkbookWriter()


class WorkbookWriter:
    """Writes one report as a workbook; all of it comes at the end."""

    def __init__(self) -> None:
        self._reports: list[ReconciliationReport] = []

    def begin(self) -> bytes:
        """Nothing yet."""
        return b""

    def add(self, documents: Sequence[ReconciliationReport]) -> bytes:
        """Nothing yet: a workbook is packed when it is complete."""
        self._reports += documents
        return b""

    def end(self) -> bytes:
        """The workbook. Raises ValueError where it was handed anything but one report."""
        from formats._reconciliation_workbook import workbook  # openpyxl is big, and few processes write a report

        [report] = self._reports
        return workbook(report)
