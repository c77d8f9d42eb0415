"""The documents of a list, parsed anew whenever they are iterated, so that a long list never stands in memory whole."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from core.open_items import ListReading
from formats._op_list.layout import Layout, Rows
from formats._tables.delimited import Cells

Document = TypeVar("Document")


class Documents(Generic[Document]):
    """One iteration at a time; it raises FormatError, at the latest after the last row, with up to 100 problems."""

    def __init__(
        self,
        rows: Rows,
        layout: Layout,
        found: ListReading,
        parse: Callable[[Layout, ListReading, Iterator[Cells]], Iterator[Document]],
    ) -> None:
        self._rows = rows
        self._layout = layout
        self._found = found
        self._parse = parse

    def __iter__(self) -> Iterator[Document]:
        """Parse the list from its first row."""
        columns = self._layout.columns
        self._found.restart(preamble=columns.row - columns.height)
        return self._parse(self._layout, self._found, self._rows())
