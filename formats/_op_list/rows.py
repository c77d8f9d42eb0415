"""The rows of an open-item list below its headings, made into OpenItemRow while they stream by.

Speed matters: a list may have a million rows, so a plain row takes the short way through ``_items``, everything else
a longer one (``formats/_op_list/reading.py``).
"""

from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any

from core.open_items import ListReading, OpenItemRow
from formats._op_list.cut import LastRows
from formats._op_list.layout import Layout
from formats._op_list.other_rows import is_no_number
from formats._op_list.reading import Reading
from formats._tables.delimited import Cells


def open_items(layout: Layout, found: ListReading, rows: Iterator[Cells]) -> Iterator[OpenItemRow]:
    """The items of a list; several rows of one document that stand together come as one.

    Raises FormatError as ``Documents`` says.
    """
    return _ItemReading(layout, found).items(rows)


class _ItemReading(Reading):
    """One pass over an open-item list."""

    def items(self, rows: Iterator[Cells]) -> Iterator[OpenItemRow]:
        """Yield the items; several rows of one document that stand together come as one."""
        end = LastRows(self._columns) if self._layout.may_be_cut else None
        pending: OpenItemRow | None = None
        item: OpenItemRow | None = None
        found, totals, group = self._found, self._totals, self._group
        for item, is_group in self._items(end.watched(rows) if end else rows):
            if pending is not None:
                if pending.number == item.number and pending.account == item.account:
                    if group.is_open:  # the children of a group row only repeat what it says
                        group.add(item.amount)
                        self._ignore("child")
                    else:
                        pending = pending._replace(amount=pending.amount + item.amount)
                        totals.sum += item.amount
                        found.joined += 1
                    continue
                yield pending
            if group.is_open:
                self._close_group()
            if is_group:
                group.begin(item.row, item.amount)
            pending = item
            totals.sum += item.amount
            found.items += 1
        if pending is not None:
            yield pending
        self._conclude(end, item.row if item else 0)

    def _items(self, rows: Iterator[Cells]) -> Iterator[tuple[OpenItemRow, bool]]:
        """Yield every row that is an item, and whether it may be a group row (no date and no symbol of its own)."""
        pick = self._picker()
        grouped = {"document_date", "symbol"} <= self._columns.index_of.keys()
        text, amount_in, day, account_of = self._text, self._amount_in, self._date_of, self._account_of
        short, accounts = lru_cache(maxsize=64)(text), self._accounts
        for row, cells in self._fitting_rows(rows):
            account_cell, number_cell, date_cell, due_cell, second, currency, symbol, words = pick(cells)
            account = account_of(account_cell) if account_cell != "" else self._carried_account(cells)
            number = text(number_cell)
            if (
                not account
                or not number
                or (
                    (not number[0].isdigit() or " " in number)
                    and is_no_number(number, bare=account_cell == date_cell == "")
                )
            ):
                self._other_row(row, cells)
                continue
            amount = amount_in(cells)
            if amount is None:
                self._other_row(row, cells)
                continue
            if not accounts.in_every_row and (lacking := accounts.note(row, account_cell, account)):
                self._add_missing_accounts(lacking)
            document_date = (day(date_cell) or self._odd_date(row, "document_date", date_cell)) if date_cell else None
            due_date = (day(due_cell) or self._odd_date(row, "due_date", due_cell)) if due_cell else None
            second = text(second) if second else ""
            currency = short(currency) if currency else ""
            symbol = short(symbol) if symbol else ""
            item = OpenItemRow(
                row, account, number, amount, document_date, due_date, second, currency, text(words), symbol
            )
            yield item, grouped and not date_cell and not symbol

    def _picker(self) -> Any:
        """A function that picks the cells of an item out of a row, all but the amounts."""
        place = self._position
        return itemgetter(
            place("account"),
            place("number"),
            place("document_date"),
            place("due_date"),
            place("second_number"),
            place("currency"),
            place("symbol"),
            place("text"),
        )
