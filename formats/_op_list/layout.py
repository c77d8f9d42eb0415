"""How the rows of one file are to be understood: what was found out before the first row of them is read."""

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import NamedTuple

from core.errors import Problem
from formats._op_list.headings import Columns
from formats._tables.delimited import Cells
from formats._tables.xlsx_parts import Valueless

Rows = Callable[[], Iterator[Cells]]
"""Reads the rows of a file anew."""


class Layout(NamedTuple):
    """What is known of a list besides its rows."""

    columns: Columns
    workbook: bool
    """Cells may hold numbers and dates, not only text."""
    negate: bool
    """Positive stands for credit (Haben)."""
    max_rows: int
    may_be_cut: bool
    """The text does not end with a line end: its last row may have been cut off."""
    account: str = ""
    """Named above the headings, where the list is that of one account, or each account has headings of its own."""
    preamble: frozenset[str] = frozenset()
    """Signatures of the lines above the headings, which may come again on every page."""
    valueless: Valueless = MappingProxyType({})
    """Cells of a workbook that seem blank, though a formula or an error stands in them."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the list as a whole, to be told together with what is wrong in its rows."""
