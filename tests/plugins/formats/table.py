"""A comma-separated table; the cell "x" is wrong."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from pydantic import BaseModel

from core.batch import Batch, Origin
from core.errors import FormatError, Problem

LABEL = "Tabelle"


class Settings(BaseModel):
    """Nothing to set."""


def sniff(head: bytes, name: str) -> bool:
    return name.lower().endswith(".csv")


def table(source: BinaryIO, settings: Settings) -> Iterator[Sequence[object]]:
    for line in source.read().decode().splitlines():
        yield line.split(",")


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    rows = list(table(source, settings))
    problems = [
        Problem("cell", "Diese Zelle ist falsch.", "Bitte berichtigen.", row=row, column_index=column, value=cell)
        for row, cells in enumerate(rows, 1)
        for column, cell in enumerate(cells)
        if cell == "x"
    ]
    if problems:
        raise FormatError(*problems)
    return Batch(origin, "line", tuple(",".join(map(str, row)) for row in rows))
