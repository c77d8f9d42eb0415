"""One pass over the rows below the headings: what open-item lists and clearing lists have in common.

Cells are made comparable, accounts are carried from group rows or from the first row of a block, totals are compared,
and every row that is no document is counted with its reason (facts/fibu.md 4, 5.3). Nothing is skipped silently.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any

from core.errors import FormatError, Problem
from core.open_items import IgnoredReason, ListReading
from formats._german import date_of, date_of_cell
from formats._op_list import problems
from formats._op_list.accounts import CarriedAccount
from formats._op_list.amounts import AMOUNTS, Amounts
from formats._op_list.cells import account_of, account_of_cell, text_of
from formats._op_list.cut import LastRows
from formats._op_list.fields import DATES, NEEDED, PLACED, TELLING, Field
from formats._op_list.heading_problems import missing_account
from formats._op_list.layout import Layout
from formats._op_list.other_rows import (
    account_before_name,
    group_account,
    is_footer,
    is_label,
    is_of_page,
    total_label,
    what_is,
)
from formats._op_list.totals import GroupRow, Totals
from formats._tables.delimited import Cells, Crossed

_MOST_PROBLEMS = 100
_date_of_text = lru_cache(maxsize=8192)(date_of)
_date_of_cell = lru_cache(maxsize=8192)(date_of_cell)


class Reading:
    """One pass over a list. Who inherits reads the documents; ``found`` is filled on the way."""

    def __init__(self, layout: Layout, found: ListReading) -> None:
        self._layout = layout
        self._found = found
        self._columns = layout.columns
        self._width = len(layout.columns.headings)
        self._text: Callable[[Any], str] = text_of if layout.workbook else str.strip
        self._date_of: Callable[[Any], date | None] = _date_of_cell if layout.workbook else _date_of_text
        self._account_of: Callable[[Any], str] = account_of_cell if layout.workbook else account_of
        self._amounts = Amounts(layout.columns, workbook=layout.workbook, negate=layout.negate)
        self._amount_in = self._amounts.reader()
        self._accounts = CarriedAccount(layout.account)
        self._group = GroupRow()
        self._totals = Totals()
        self._last_row = self._short_row = 0
        self._problems: list[Problem] = list(layout.problems)

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fitting_rows(self, rows: Iterator[Cells]) -> Iterator[tuple[int, Cells]]:
        """Yield the rows below the headings, as wide as these and one blank cell more, which stands for no column."""
        start, width = self._columns.row, self._width
        last, valueless = self._layout.max_rows + start, self._layout.valueless
        row = start
        for row, cells in enumerate(islice(rows, start, None), start + 1):
            if row > last:
                raise problems.too_many_rows(self._layout.max_rows)
            if len(cells) != width:
                if not self._fits(row, cells):
                    continue
                cells.extend([""] * (width - len(cells)))
            cells.append("")
            if row in valueless and (lacking := problems.lacking_values(row, self._columns, cells, valueless[row])):
                self._add(*lacking)
                continue
            yield row, cells
        self._last_row = row

    def _fits(self, row: int, cells: Cells) -> bool:
        """Say whether a row of another width than the heading can be used; cut blank cells that are too many."""
        words = self._words(cells)
        if not words:
            self._ignore("blank")
            return False
        if isinstance(cells, Crossed):
            self._add(problems.crossed(row, cells))
            return False
        is_other = what_is(words, self._columns, self._layout.preamble) != "unknown"
        if len(cells) > self._width:
            if not is_other and any(cell != "" for cell in cells[self._width :]):
                self._add(problems.row_too_long(row, cells, self._width, workbook=self._layout.workbook))
                return False
            del cells[self._width :]
            return True
        if len(words) == 1 or is_other or is_label(words[0]):
            return True
        self._short_row = row
        needed = max(index for field, index in self._columns.index_of.items() if field in NEEDED)
        if len(cells) <= needed:
            self._add(problems.row_too_short(row, len(cells), self._width))
        return len(cells) > needed

    def _position(self, field: Field) -> int:
        """Position of a column; of the blank cell behind the last one where the list has no such column."""
        return self._columns.index_of.get(field, self._width)

    def _add_missing_accounts(self, rows: Sequence[int]) -> None:
        for row in rows:
            self._add_cell("missing_account", row, "account", "")

    def _carried_account(self, cells: Cells) -> str:
        return self._accounts.of_row(cells[self._position("name")])

    # ── rows that are no documents ────────────────────────────────────────────────────────────────────────────────

    def _other_row(self, row: int, cells: Cells) -> None:
        """Take note of a group row, a total, a child row or a page; or say what is wrong with the row."""
        words = self._words(cells)
        kind = what_is(words, self._columns, self._layout.preamble)
        if kind not in {"blank", "heading"} and self._could_be_document(cells):
            kind = "unknown"  # whatever its text begins with
        if kind == "group":
            self._begin_group(group_account(words))
        elif kind in {"total", "grand_total"}:
            self._check_total(row, cells, total_label(words) or "", grand=kind == "grand_total")
        elif kind != "unknown":
            self._ignore(kind)  # type: ignore[arg-type]  # what is left are reasons
        elif self._amounts.are_blank(cells):
            self._row_without_amount(row, cells, words)
        else:
            self._row_with_amount(row, cells)

    def _could_be_document(self, cells: Cells) -> bool:
        """Say whether a row has a day, or a number and an amount."""
        number = self._text(cells[self._position("number")])
        has_number = number != "" and not is_label(number)
        return self._date_of(cells[self._position("document_date")]) is not None or (
            has_number and self._amount_in(cells) is not None
        )

    def _row_without_amount(self, row: int, cells: Cells, words: list[str]) -> None:
        """A group row that names an account without saying so, a note, or a fault."""
        number = self._text(cells[self._position("number")])
        account = self._account_of(cells[self._position("account")])
        if not account and "account" not in self._columns.index_of and len(words) == 1:
            account = account_before_name(words[0])
            number = "" if account else number
        if account and not number:
            self._begin_group(account)
        elif is_footer(words):
            self._ignore("page")
        elif not any(char.isdigit() for word in words for char in word):
            if number:
                self._accounts.end_block()  # a group that is called by a name: what follows must say its account
            self._ignore("note")
        elif any(cells[index] != "" for field, index in self._columns.index_of.items() if field in PLACED):
            self._wrong_row(row, cells)
        else:
            self._ignore("note")

    def _row_with_amount(self, row: int, cells: Cells) -> None:
        """A child row, a total without a label, or a fault."""
        place = self._position
        number, account = self._text(cells[place("number")]), cells[place("account")]
        if not number and self._group.is_open:
            self._add_child(cells)
        elif not number and account == "" and self._is_bare_total(cells):
            self._totals.expected(self._amount_in(cells), grand=False, of_page=False)
            self._ignore("subtotal")
        else:
            self._wrong_item(row, cells)

    def _is_bare_total(self, cells: Cells) -> bool:
        """Say whether a row holds amounts alone, and the sum of the rows above it among them."""
        amounts = {index for field, index in self._columns.index_of.items() if field in AMOUNTS}
        if any(cell != "" for index, cell in enumerate(cells) if index not in amounts):
            return False
        printed = self._amount_in(cells)
        return printed is not None and self._totals.fits(printed)

    def _begin_group(self, account: str) -> None:
        self._accounts.begin_group(account)
        self._close_group()
        self._totals.begin_group()
        self._ignore("group")

    def _add_child(self, cells: Cells) -> None:
        """A row that only repeats what its group row says."""
        amount = self._amount_in(cells)
        self._group.add(self._amounts.difference(cells) if amount is None else amount)
        self._ignore("child")

    def _close_group(self) -> None:
        differs = self._group.close()
        if differs is not None:
            self._add(problems.wrong_group(*differs))

    def _check_total(self, row: int, cells: Cells, label: str, *, grand: bool) -> None:
        """Compare a printed total with the sum of the rows above it; what follows belongs to another account."""
        printed = self._amount_in(cells)
        if printed is None and self._amounts.are_blank(cells, used=True):
            printed = self._amounts.difference(cells)
        elif printed is None:
            self._add_amount_fault(row, cells)
        expected = self._totals.expected(printed, grand=grand, of_page=is_of_page(label))
        rows_lost = any(problem.row and problem.code != "wrong_total" for problem in self._problems)
        if printed is not None and expected is not None and not rows_lost:
            self._add(problems.wrong_total(row, label, printed, expected))
        self._ignore("total" if grand else "subtotal")
        if not is_of_page(label):
            self._close_group()
            self._accounts.end_group()

    # ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _wrong_item(self, row: int, cells: Cells) -> None:
        """Say everything that is wrong in a row that should be an item, so that it need not be mended twice."""
        place, before = self._position, len(self._problems)
        account_cell, number_cell = cells[place("account")], cells[place("number")]
        if not self._text(number_cell):
            self._add_cell("missing_number", row, "number", "")
        account = self._account_of(account_cell)
        if account:
            self._add_missing_accounts(self._accounts.note(row, account_cell, account))
        elif account_cell != "" or not self._carried_account(cells):
            if "account" not in self._columns.index_of:
                raise FormatError(missing_account(self._columns))
            self._add_cell("wrong_account" if account_cell else "missing_account", row, "account", account_cell)
        if self._amount_in(cells) is None:
            self._add_amount_fault(row, cells)
        for field in DATES:
            self._odd_date(row, field, cells[place(field)])
        if len(self._problems) == before:
            self._add_unplaced(row, cells)

    def _wrong_row(self, row: int, cells: Cells) -> None:
        """A row without an amount: an item that lacks it, or something that cannot be placed at all."""
        filled = {field for field, index in self._columns.index_of.items() if cells[index] != ""}
        if len(filled & TELLING) > 1:
            self._wrong_item(row, cells)
        else:
            self._add_unplaced(row, cells)

    def _add_unplaced(self, row: int, cells: Cells) -> None:
        index = next(index for index, cell in enumerate(cells) if cell != "")
        self._add(problems.unplaced_row(row, self._columns, index, self._words(cells)))

    def _add_amount_fault(self, row: int, cells: Cells) -> None:
        code, field = self._amounts.fault(cells)
        self._add_cell(code, row, field, cells[self._position(field)])

    def _day(self, row: int, cells: Cells, field: Field) -> date | None:
        cell = cells[self._position(field)]
        return (self._date_of(cell) or self._odd_date(row, field, cell)) if cell else None

    def _odd_date(self, row: int, field: Field, cell: object) -> date | None:
        """A date with blanks around it; or the problem that it is none."""
        text = self._text(cell)
        found = date_of(text)
        if found is None and text:
            self._add_cell("wrong_date", row, field, cell)
        return found

    def _words(self, cells: Cells) -> list[str]:
        """The texts of a row without its blank cells."""
        return [word for cell in cells if cell != "" and (word := self._text(cell))]

    def _ignore(self, reason: IgnoredReason) -> None:
        self._found.ignored[reason] += 1
        if reason != "blank":
            self._accounts.interrupted()

    def _add_cell(self, code: str, row: int, field: Field, cell: object) -> None:
        self._add(problems.cell_problem(code, row, self._columns, field, self._text(cell)))

    def _conclude(self, end: LastRows | None, last_document: int) -> None:
        """Raise FormatError for everything that was wrong.

        ``end`` has watched the last rows, where they may be cut off; ``last_document`` is the row of the last
        document, 0 where there is none.
        """
        self._close_group()
        self._found.amount = self._totals.sum
        self._found.grand_total_checked = self._totals.all_checked() and last_document > 0
        if end is not None and (
            0 < self._short_row == self._last_row or (end.is_cut() and last_document == self._last_row)
        ):
            self._problems = [problem for problem in self._problems if problem.row != self._last_row]
            self._problems.append(problems.truncated(self._last_row))
        if self._problems:
            raise FormatError(*sorted(self._problems, key=lambda problem: problem.row or 0))
        if not last_document:
            raise FormatError(problems.no_items(self._columns))

    def _add(self, *found: Problem) -> None:
        self._problems += found
        if len(self._problems) >= _MOST_PROBLEMS:
            raise FormatError(*self._problems[:_MOST_PROBLEMS])
