"""The sheets of the workbook about a reconciled list."""

from textwrap import wrap

from openpyxl import Workbook

from core.reconciliation_report import ReconciliationReport
from formats._reports.reconciliation_tables import (
    NOTHING_TO_CLARIFY,
    TITLE,
    clarify_table,
    findings_table,
    head,
    hidden_lines,
    inferred_meaning,
    lines_table,
    rows_table,
    sums_table,
)
from formats._reports.workbook import Sheet, packed, table_sheet

_REMARK_WIDTH = 80


def workbook(report: ReconciliationReport) -> bytes:
    """The workbook of a report."""
    book = Workbook(write_only=True)
    _summary(book, report)
    table_sheet(book, "Zu klären", clarify_table(report))
    table_sheet(book, "Posten", lines_table(report))
    return packed(book, TITLE, report.created)


def _summary(book: Workbook, report: ReconciliationReport) -> None:
    sheet = Sheet(book, "Übersicht", (52, 16, 16), upright=True)
    sheet.beginning(TITLE, head(report))
    for table in (findings_table(report), sums_table(report), rows_table(report)):
        if not table.rows:
            continue
        sheet.row()
        sheet.row(("strong", table.title))
        sheet.table(table)
    sheet.row()
    if not clarify_table(report).rows:
        sheet.row(("strong", NOTHING_TO_CLARIFY))
    if report.hidden:
        sheet.row(("strong", hidden_lines(report)))
    for line in wrap(inferred_meaning(report), _REMARK_WIDTH):
        sheet.row(("text", line))
