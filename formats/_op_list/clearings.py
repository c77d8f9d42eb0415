"""The rows of a clearing list (Auszifferungsliste) below its headings, made into ClearingRow while they stream by.

One row is one booking: an invoice, a payment, a discount. Rows of one number are not added up, because what each of
them is tells how the invoice was settled (facts/fibu.md 4, "Ausgeglichene OP"; 5.6).
"""

from collections.abc import Iterator

from core.open_items import ClearingRow, ListReading
from formats._op_list.cut import LastRows
from formats._op_list.fields import Field
from formats._op_list.layout import Layout
from formats._op_list.other_rows import is_no_number
from formats._op_list.reading import Reading
from formats._tables.delimited import Cells


def clearings(layout: Layout, found: ListReading, rows: Iterator[Cells]) -> Iterator[ClearingRow]:
    """The bookings of a list. Raises FormatError as ``Documents`` says."""
    return _ClearingReading(layout, found).bookings(rows)


class _ClearingReading(Reading):
    """One pass over a clearing list."""

    def bookings(self, rows: Iterator[Cells]) -> Iterator[ClearingRow]:
        """Yield the bookings; a group row that sums up the rows below it is none."""
        end = LastRows(self._columns) if self._layout.may_be_cut else None
        grouped = {"document_date", "symbol"} <= self._columns.index_of.keys()
        group: ClearingRow | None = None
        before: ClearingRow | None = None
        for row, cells in self._fitting_rows(end.watched(rows) if end else rows):
            found = self._booking(row, cells, before)
            if group is not None:
                if found is not None and (found.account, found.number) == (group.account, group.number):
                    self._ignore("group")
                else:
                    yield self._counted(group)
                group = None
            if found is None:
                self._other_row(row, cells)
                continue
            before = found
            if grouped and found.document_date is None and not found.symbol:
                group = found
            else:
                yield self._counted(found)
        if group is not None:
            yield self._counted(group)
        self._conclude(end, before.row if before else 0)

    def _counted(self, booking: ClearingRow) -> ClearingRow:
        self._totals.sum += booking.amount
        self._found.items += 1
        return booking

    def _booking(self, row: int, cells: Cells, before: ClearingRow | None) -> ClearingRow | None:
        """The booking of a row, None where it is none; one without a number has that of the booking ``before`` it."""
        account_cell = cells[self._position("account")]
        own = self._account_of(account_cell) if account_cell != "" else ""
        account = own or ("" if account_cell != "" else self._carried_account(cells))
        number = self._texts(cells, "number")
        if not number and before is not None and before.account == account and cells[self._position("document_date")]:
            number = before.number
        amount = self._amount_in(cells)
        bare = account_cell == cells[self._position("document_date")] == ""
        if not account or not number or is_no_number(number, bare=bare) or amount is None:
            return None
        if not self._accounts.in_every_row:
            self._add_missing_accounts(self._accounts.note(row, account_cell, account))
        return ClearingRow(
            row=row,
            account=account,
            number=number,
            amount=amount,
            document_date=self._day(row, cells, "document_date"),
            cleared_on=self._day(row, cells, "cleared_on"),
            clearing_number=self._texts(cells, "clearing_number"),
            earlier_number=self._texts(cells, "earlier_number"),
            clearing_mark=self._texts(cells, "clearing_mark"),
            counter_account=self._texts(cells, "counter_account"),
            tax_code=self._texts(cells, "tax_code"),
            symbol=self._texts(cells, "symbol"),
            second_number=self._texts(cells, "second_number"),
            currency=self._texts(cells, "currency"),
            text=self._texts(cells, "text"),
        )

    def _texts(self, cells: Cells, field: Field) -> str:
        return self._text(cells[self._position(field)])
