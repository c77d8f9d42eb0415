"""One document a line; the smallest format that can do everything a format may do."""

from collections.abc import Sequence
from typing import Any, BinaryIO

from pydantic import BaseModel

from core.batch import Batch, Origin, Output
from core.errors import FormatError, Problem

LABEL = "Zeilen"


class Settings(BaseModel):
    """Nothing to set."""


WriterSettings = Settings


def sniff(head: bytes, name: str) -> bool:
    return not name.lower().endswith(".csv") and b"\0" not in head


def rank(head: bytes) -> int:
    return 0 if head.startswith(b"master") else 1


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    lines = source.read().decode("utf-8", "replace").splitlines()
    wrong = [number for number, line in enumerate(lines, 1) if line == "wrong"]
    if wrong:
        raise FormatError(*(Problem("wrong", "Diese Zeile ist falsch.", "Bitte berichtigen.", row=n) for n in wrong))
    needed = tuple(line.removeprefix("needs ") for line in lines if line.startswith("needs "))
    return Batch(origin, "line", tuple(lines), companions=needed)


class LineWriter:
    """Writes one line a document."""

    def begin(self) -> bytes:
        return b"begin\n"

    def add(self, documents: Sequence[Any]) -> bytes:
        return "".join(f"{document}\n" for document in documents).encode("utf-8")

    def end(self) -> bytes:
        return b"end\n"


def open_writer(output: Output, settings: Settings) -> LineWriter:
    return LineWriter()
