"""The rows of an open-item list below its headings, made into OpenItemRow while they stream by.

Group rows, child rows and totals are told apart here (facts/fibu.md 4, 5.3). Speed matters: a list may have a
million rows, so a plain row takes the short way through ``_Reading.rows_with_items``, everything else a longer one.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from core.errors import FormatError, Problem
from core.open_items import OpenItemRow
from formats._german import date_of, date_of_cell
from formats._headings import Columns, Field, missing_account
from formats._op_amounts import Amounts
from formats._op_problems import (
    cell_problem,
    lacking_values,
    no_items,
    row_too_long,
    row_too_short,
    too_many_rows,
    truncated,
    wrong_total,
)
from formats._tables import Cells
from formats._workbook_parts import Valueless

_MOST_PROBLEMS = 100
_ZERO = Decimal(0)
_NEEDED = frozenset({"account", "number", "open", "amount", "debit", "credit", "side"})
_ACCOUNT = re.compile(r"(\d{3,10})(?:[\s,;:–-].*)?", re.ASCII | re.DOTALL)
_GROUP = re.compile(
    r"(?:(?:Personen)?konto(?:nummer|[ -]?Nr\.?)?|Debitor|Kreditor)[\s:;]*(\d{3,10})(?!\d)", re.IGNORECASE | re.ASCII
)
_TOTAL = re.compile(r"(?:zwischen|end|teil)?summe|saldo|gesamt|total", re.IGNORECASE)
_GRAND_TOTAL = re.compile(r"gesamt|endsumme|total", re.IGNORECASE)


class Layout(NamedTuple):
    """How the rows of one file are to be understood."""

    columns: Columns
    workbook: bool
    """Cells may hold numbers and dates, not only text."""
    negate: bool
    """Positive stands for credit (Haben)."""
    max_rows: int
    may_be_cut: bool
    """The text does not end with a line end: its last row may have been cut off."""
    valueless: Valueless = MappingProxyType({})
    """Cells of a workbook that seem blank, though a formula or an error stands in them."""


class OpenItemRows:
    """The items of a list, parsed anew each time it is iterated; one iteration at a time.

    Iterating raises FormatError, at the latest after the last row, with up to 100 problems.
    """

    def __init__(self, rows: Callable[[], Iterator[Cells]], layout: Layout) -> None:
        self._rows = rows
        self._layout = layout

    def __iter__(self) -> Iterator[OpenItemRow]:
        """Parse the list from its first row."""
        return _Reading(self._layout).items(self._rows())


@lru_cache(maxsize=8192)
def _account_of(text: str) -> str:
    """The account number at the start of a cell ("20001 Max Muster"), "" where there is none."""
    match = _ACCOUNT.fullmatch(text.strip())
    return match[1] if match else ""


_date_of_text = lru_cache(maxsize=8192)(date_of)
_date_of_cell = lru_cache(maxsize=8192)(date_of_cell)


def _text_of(cell: object) -> str:
    """What a spreadsheet shows in a cell; whole numbers without a fraction."""
    if type(cell) is str:
        return cell.strip()
    if type(cell) is float and cell.is_integer():
        return f"{cell:.0f}"
    return str(cell).strip()


@lru_cache(maxsize=8192)
def _account_of_cell(cell: object) -> str:
    return _account_of(_text_of(cell))


class _Reading:
    """One pass over a list."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._columns = layout.columns
        self._width = len(layout.columns.headings)
        self._text: Callable[[Any], str] = _text_of if layout.workbook else str.strip
        self._date_of: Callable[[Any], date | None] = _date_of_cell if layout.workbook else _date_of_text
        self._account_of: Callable[[Any], str] = _account_of_cell if layout.workbook else _account_of
        self._amounts = Amounts(layout.columns, workbook=layout.workbook, negate=layout.negate)
        self._amount_in = self._amounts.reader()
        self._account = ""
        self._in_group = False
        self._sum = _ZERO
        self._group_mark = _ZERO
        self._section_mark = _ZERO
        self._last_row = self._short_row = 0
        self._problems: list[Problem] = []

    # ── the short way ─────────────────────────────────────────────────────────────────────────────────────────────

    def items(self, rows: Iterator[Cells]) -> Iterator[OpenItemRow]:
        """Yield the items; several rows of one document that stand together come as one."""
        pending: OpenItemRow | None = None
        item: OpenItemRow | None = None
        for item, is_group in self._rows_with_items(rows):
            if pending is not None:
                if pending.number == item.number and pending.account == item.account:
                    if not self._in_group:  # the children of a group row only repeat what it says
                        pending = pending._replace(amount=pending.amount + item.amount)
                        self._sum += item.amount
                    continue
                yield pending
            pending, self._in_group = item, is_group
            self._sum += item.amount
        if pending is not None:
            yield pending
        self._finish(item)

    def _rows_with_items(self, rows: Iterator[Cells]) -> Iterator[tuple[OpenItemRow, bool]]:
        """Yield every row that is an item, and whether it may be a group row (no date and no symbol of its own)."""
        pick = self._picker()
        grouped = {"document_date", "symbol"} <= self._columns.index_of.keys()
        text, amount_in, day, account_of = self._text, self._amount_in, self._date_of, self._account_of
        short = lru_cache(maxsize=64)(text)
        for row, cells in self._fitting_rows(rows):
            account_cell, number_cell, date_cell, due_cell, second, currency, symbol, words = pick(cells)
            account = account_of(account_cell) if account_cell != "" else self._account
            number = text(number_cell)
            if not account or not number or (not number[0].isdigit() and _is_label(number)):
                self._other_row(row, cells, account_cell, number)
                continue
            amount = amount_in(cells)
            if amount is None:
                if sum(cell != "" for cell in cells) > 1:  # not a footer such as "Seite 1 von 3"
                    self._wrong_item(row, cells)
                continue
            document_date = (day(date_cell) or self._odd_date(row, "document_date", date_cell)) if date_cell else None
            due_date = (day(due_cell) or self._odd_date(row, "due_date", due_cell)) if due_cell else None
            second = text(second) if second else ""
            currency = short(currency) if currency else ""
            item = OpenItemRow(row, account, number, amount, document_date, due_date, second, currency, text(words))
            yield item, grouped and not date_cell and symbol == ""

    def _fitting_rows(self, rows: Iterator[Cells]) -> Iterator[tuple[int, Cells]]:
        """Rows below the heading that are not blank, as wide as the heading and one blank cell wider."""
        start, width, valueless = self._columns.row, self._width, self._layout.valueless
        last = start + self._layout.max_rows
        row = start
        for row, cells in enumerate(islice(rows, start, None), start + 1):
            if row > last:
                raise too_many_rows(self._layout.max_rows)
            if len(cells) != width:
                if all(cell == "" for cell in cells) or not self._fits(row, cells):
                    continue
                cells.extend([""] * (width - len(cells)))
            cells.append("")
            if row in valueless and (lacking := lacking_values(row, self._columns, cells, valueless[row])):
                self._add(*lacking)
                continue
            yield row, cells
        self._last_row = row

    def _picker(self) -> Callable[[Cells], tuple[Any, ...]]:
        """A function that picks the cells of an item out of a row, all but the amounts."""
        second = self._columns.second_number
        return itemgetter(
            self._position("account"),
            self._position("number"),
            self._position("document_date"),
            self._position("due_date"),
            self._width if second is None else second,
            self._position("currency"),
            self._position("symbol"),
            self._position("text"),
        )

    def _position(self, field: Field) -> int:
        """Position of a column; of the blank cell behind the last one where the list has no such column."""
        return self._columns.index_of.get(field, self._width)

    # ── values that are odd ───────────────────────────────────────────────────────────────────────────────────────
    def _wrong_item(self, row: int, cells: Cells) -> None:
        """Say everything that is wrong in a row that should be an item, so that it need not be mended twice."""
        place = self._position
        account_cell, number_cell = cells[place("account")], cells[place("number")]
        if not self._text(number_cell):
            self._add_cell("missing_number", row, "number", "")
        if not (self._account_of(account_cell) if account_cell != "" else self._account):
            if "account" not in self._columns.index_of:
                raise FormatError(missing_account(self._columns))
            self._add_cell("wrong_account" if account_cell else "missing_account", row, "account", account_cell)
        if self._amount_in(cells) is None:
            code, field = self._amounts.fault(cells)
            self._add_cell(code, row, field, cells[place(field)])
        dates: tuple[Field, ...] = ("document_date", "due_date")
        for field in dates:
            self._odd_date(row, field, cells[place(field)])

    def _odd_date(self, row: int, field: Field, cell: object) -> date | None:
        """A date with blanks around it; or the problem that it is none."""
        text = self._text(cell)
        found = date_of(text)
        if found is None and text:
            self._add_cell("wrong_date", row, field, cell)
        return found

    # ── rows that are no items ────────────────────────────────────────────────────────────────────────────────────

    def _other_row(self, row: int, cells: Cells, account_cell: object, number: str) -> None:
        """Take note of a group row, a total, a child row or a footer; or say what is wrong with the row."""
        words = [self._text(cell) for cell in cells if cell != ""]
        group = _GROUP.match("; ".join(words))
        label = next((word for word in words if _TOTAL.match(word)), None)
        if group is not None:
            self._account, self._group_mark = group[1], self._sum
        elif label is not None:
            self._check_total(row, cells, label)
        elif self._amounts.are_blank(cells):
            self._account = _account_of(self._text(account_cell)) or self._account
        elif number or not self._in_group:
            self._wrong_item(row, cells)

    def _check_total(self, row: int, cells: Cells, label: str) -> None:
        """Compare a printed total with the sum of the rows above it: of the group, of the section or of all."""
        group = self._sum - self._group_mark
        printed = self._amount_in(cells)
        allowed = [self._sum] if _GRAND_TOTAL.match(label) else [group, self._sum - self._section_mark, self._sum]
        if printed is not None and printed not in allowed:
            self._add(wrong_total(row, label, printed, allowed[0]))
        if printed != group:
            self._section_mark = self._sum
        self._group_mark = self._sum

    def _fits(self, row: int, cells: Cells) -> bool:
        """Say whether a row of another width than the heading can be used; cut blank cells that are too many."""
        if len(cells) > self._width:
            if any(cell != "" for cell in cells[self._width :]):
                self._add(row_too_long(row, len(cells), self._width))
                return False
            del cells[self._width :]
            return True
        words = [str(cell) for cell in cells if cell != ""]
        if len(words) == 1 or _is_label(words[0]):
            return True
        self._short_row = row
        needed = max(index for field, index in self._columns.index_of.items() if field in _NEEDED)
        if len(cells) <= needed:
            self._add(row_too_short(row, len(cells), self._width))
        return len(cells) > needed

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _add_cell(self, code: str, row: int, field: Field, cell: object) -> None:
        self._add(cell_problem(code, row, self._columns, field, self._text(cell)))

    def _add(self, *problems: Problem) -> None:
        self._problems += problems
        if len(self._problems) >= _MOST_PROBLEMS:
            raise FormatError(*self._problems)

    def _finish(self, last: OpenItemRow | None) -> None:
        if self._layout.may_be_cut and (0 < self._short_row == self._last_row or self._is_cut_amount(last)):
            self._problems = [problem for problem in self._problems if problem.row != self._last_row]
            self._problems.append(truncated(self._last_row))
        if self._problems:
            raise FormatError(*self._problems)
        if last is None:
            raise FormatError(no_items(self._columns))

    def _is_cut_amount(self, last: OpenItemRow | None) -> bool:
        """Say whether the file ends with an amount of fewer decimals than the others have ("1" of "120,00")."""
        if last is None or last.row != self._last_row or not self._amounts.stand_last(self._width):
            return False
        return last.amount.as_tuple().exponent > self._sum.as_tuple().exponent  # type: ignore[operator]  # finite


def _is_label(text: str) -> bool:
    return _TOTAL.match(text) is not None or _GROUP.match(text) is not None
