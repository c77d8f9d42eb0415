"""What the FIBU writers share: German numbers, clean texts, and rows of checked values with semicolons."""

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from core.batch import Output
from core.documents.problems import LIMIT
from core.errors import Problem, RuleError
from core.fibu.booking import Booking, PersonAccount
from core.fibu.program import ProgramOptions
from core.money import cents

Options = TypeVar("Options", bound=ProgramOptions)
Document = TypeVar("Document", Booking, PersonAccount)

_REPLACED = str.maketrans({";": ",", '"': "'", "\r": " ", "\n": " ", "\t": " "})


def amount(value: Decimal) -> str:
    """``1234.5`` -> ``1234,50``: two places, decimal comma, minus in front, no thousands separator, never ``-0,00``."""
    return f"{cents(value) + 0:f}".replace(".", ",")


def clean(text: str, length: int | None = None) -> str:
    """A text without separators, quotes, line ends and control characters, in composed form, cut to a length."""
    if text.isascii() and text.isalnum():  # most values of a file: nothing to look for
        return text[:length]
    composed = unicodedata.normalize("NFC", text).translate(_REPLACED)
    if not composed.isprintable():
        composed = "".join(char for char in composed if unicodedata.category(char) != "Cc")
    return " ".join(composed.split())[:length].rstrip()


class CompanyDecides(BaseModel):
    """Nothing to set here: how a FIBU is set up stands with its company."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RowsWriter(ABC, Generic[Options, Document]):
    """Writes documents as rows of text, after it has made sure that the program can take them all."""

    def __init__(self, output: Output) -> None:
        """The company's options for its FIBU stand in the output's head."""
        self._options: Options = dict(output.head)["options"]

    @abstractmethod
    def header(self) -> Sequence[str]:
        """Names of the columns; empty where there is no header row."""

    @abstractmethod
    def problems(self, document: Document) -> Iterable[Problem]:
        """Everything that the program cannot take."""

    @abstractmethod
    def rows(self, document: Document) -> Iterable[Sequence[str]]:
        """The values of the document's rows."""

    def begin(self) -> bytes:
        """The header row, where there is one."""
        names = self.header()
        return self._row(names) if names else b""

    def add(self, documents: Sequence[Document]) -> bytes:
        """Rows of these documents. Raises RuleError naming everything that the program cannot take."""
        found = [problem for document in documents for problem in self.problems(document)]
        if found:
            raise RuleError(*found[:LIMIT])
        return b"".join(self._row(values) for document in documents for values in self.rows(document))

    def end(self) -> bytes:
        """Nothing comes after the last row."""
        return b""

    def _row(self, values: Sequence[str]) -> bytes:
        """Semicolons between the values, none after the last, CRLF. The values must have been checked."""
        return (";".join(values) + "\r\n").encode(self._options.encoding)
