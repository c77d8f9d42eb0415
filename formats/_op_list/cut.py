"""Was a text list cut off? Its last row, where no line end follows it, compared with the rows before it.

A file may end without a line end and be whole. Where its last cell could be the beginning of a longer one, it is taken
for cut off: "1" of "120,00", "20.12.20" of "20.12.2026", any part of a number.
"""

import re
from collections.abc import Iterator
from itertools import islice

from formats._op_list.headings import Columns
from formats._tables.delimited import Cells

_DECIMALS = re.compile(r",\d+|\.\d{1,2}(?!\d)")
_KEPT = 50


class LastRows:
    """Watches rows go by and keeps the last one, and what the last column of some others looked like."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._last: Cells = []
        self._seen: list[str] = []

    def watched(self, rows: Iterator[Cells]) -> Iterator[Cells]:
        """Yield the rows as they are."""
        width = len(self._columns.headings)
        yield from islice(rows, self._columns.row)
        for cells in rows:
            if len(self._last) == width and len(self._seen) < _KEPT and self._last[-1] != "":
                self._seen.append(str(self._last[-1]).strip())
            self._last = list(cells)
            yield cells

    def is_cut(self) -> bool:
        """Say whether the last row may have lost its end; a row that lacks whole cells is judged elsewhere."""
        width = len(self._columns.headings)
        if len(self._last) != width:
            return False
        last = str(self._last[-1]).strip()
        fields = {field for field, index in self._columns.index_of.items() if index == width - 1}
        if fields & {"account", "number", "second_number"}:
            return last != ""
        if not self._seen:
            return False
        if fields & {"open", "amount", "debit", "credit"}:
            lost_mark = last[-1:].isdigit() and not all(text[-1].isdigit() for text in self._seen)
            return bool(last) and (lost_mark or _decimals(last) < min(map(_decimals, self._seen)))
        if "side" in fields:
            return last == ""
        if fields & {"document_date", "due_date", "cleared_on"}:
            return bool(last) and len(last) < min(map(len, self._seen))
        return False


def _decimals(text: str) -> int:
    match = _DECIMALS.search(text)
    return len(match[0]) if match else 0
