"""What stands in the columns of a list: the rows that show documents, and whether a column holds money."""

import re
from collections.abc import Iterable, Sequence

from formats._german import amount_of, amount_of_cell
from formats._op_list.cells import text_of
from formats._op_list.headings import Columns
from formats._op_list.other_rows import group_account, total_label
from formats._tables.delimited import Cells

_FEWEST_WORDS = 3
_MONEY = re.compile(r".*\d[.,]\d{2}\D{0,6}", re.DOTALL)


def document_rows(rows: Iterable[Cells]) -> list[Cells]:
    """The rows that are neither a total nor a group, and hold more than a word or two."""
    return [cells for cells in rows if _is_document(cells)]


def _is_document(cells: Cells) -> bool:
    words = [text for cell in cells if cell != "" and (text := text_of(cell))]
    return len(words) >= _FEWEST_WORDS and total_label(words) is None and not group_account(words)


def values_of(rows: Sequence[Cells], index: int) -> list[object]:
    """What stands in a column, without its blank cells."""
    return [cells[index] for cells in rows if index < len(cells) and cells[index] != ""]


def is_money(value: object) -> bool:
    """Say whether a cell shows cents, as an amount does and a number of days does not."""
    if isinstance(value, str):
        return _MONEY.fullmatch(value) is not None and amount_of(value.strip()) is not None
    return isinstance(value, float) and not value.is_integer()


def holds_money(values: Sequence[object]) -> bool:
    """Say whether all of a column are amounts, and some of them show cents."""
    return all(amount_of_cell(value) is not None for value in values) and any(map(is_money, values))


def has_number(cells: Cells, columns: Columns) -> bool:
    """Say whether a row names a document."""
    place = columns.index_of.get("number", len(cells))
    return place < len(cells) and text_of(cells[place]) != ""
