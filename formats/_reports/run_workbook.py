"""The sheets of the workbook about an export run."""

from textwrap import wrap

from openpyxl import Workbook

from core.fibu.run_report import RunReport
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
from formats._reports.workbook import Sheet, packed, table_sheet

_REMARK_WIDTH = 110


def workbook(report: RunReport) -> bytes:
    """The workbook of a report."""
    book = Workbook(write_only=True)
    _summary(book, report)
    for title, table in (
        ("Belege", documents_table(report)),
        ("Konten", accounts_table(report)),
        ("UVA", uva_table(report)),
        ("Nicht in der UVA", rest_table(report)),
    ):
        table_sheet(book, title, table)
    _warnings(book, report)
    return packed(book, TITLE, report.created)


def _summary(book: Workbook, report: RunReport) -> None:
    sheet = Sheet(book, "Übersicht", (44, 12, 16, 16, 16))
    sheet.beginning(TITLE, head(report))
    for table in (kinds_table(report), balances_table(report)):
        sheet.row()
        sheet.table(table)
    sheet.row()
    sheet.row(("strong", AGREES if report.agrees else DIFFERS))
    if report.warnings:
        sheet.row(("strong", f"Hinweise: {len(report.warnings)} (siehe Blatt „Hinweise“)"))
    for line in wrap(f"Blatt „UVA“: {UVA_MEANING}", _REMARK_WIDTH):
        sheet.row(("text", line))


def _warnings(book: Workbook, report: RunReport) -> None:
    if not report.warnings:
        return
    sheet = Sheet(book, "Hinweise", (6, 80, 60))
    sheet.freeze("A2", 3, len(report.warnings))
    sheet.row(("strong", "Nr."), ("strong", "Worum es geht"), ("strong", "Was zu tun ist"))
    for number, problem in enumerate(report.warnings, start=1):
        sheet.row(("count", number), ("sentence", problem.what), ("sentence", problem.todo))
