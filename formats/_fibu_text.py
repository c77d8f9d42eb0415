"""What the FIBU writers share: German numbers, clean texts, and rows of a text file with semicolons."""

import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

from core.documents.problems import LIMIT
from core.errors import Problem, RuleError
from core.money import cents

_REPLACED = str.maketrans({";": ",", '"': "'", "\r": " ", "\n": " ", "\t": " "})


def amount(value: Decimal) -> str:
    """``1234.5`` -> ``1234,50``: two places, decimal comma, minus in front, no thousands separator, never ``-0,00``."""
    return f"{cents(value) + 0:f}".replace(".", ",")


def plain(value: Decimal | int | None) -> str:
    """``20.00`` -> ``20``, ``4.90`` -> ``4,9``, None -> empty."""
    if value is None:
        return ""
    text = f"{Decimal(value):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def clean(text: str, length: int | None = None) -> str:
    """A text without separators, quotes, line ends and control characters, in composed form, cut to a length."""
    composed = unicodedata.normalize("NFC", text).translate(_REPLACED)
    printable = "".join(char for char in composed if unicodedata.category(char) != "Cc")
    return " ".join(printable.split())[:length].rstrip()


def row(values: Sequence[str], encoding: str) -> bytes:
    """One row: semicolons between the values, none after the last, CRLF. The values must have been checked."""
    return (";".join(values) + "\r\n").encode(encoding)


def refuse(problems: Iterable[Problem]) -> None:
    """Raise RuleError with all problems, if there are any."""
    found = list(problems)
    if found:
        raise RuleError(*found[:LIMIT])
