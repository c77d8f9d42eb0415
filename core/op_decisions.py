"""What a person says about single documents of a doubtful list, on its way from a small table to the ledger."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from types import MappingProxyType
from typing import Literal, NamedTuple

DECISION_TYPE = "op_decision"
"""Document type of a Batch that holds decisions."""

Verdict = Literal["open", "settled", "withdrawn"]
"""The document stays open though a list does not hold it; it is settled; an earlier decision counts no more."""

HEADINGS = ("Konto", "Beleg", "Entscheidung")
"""Headings of the table."""

VERDICTS: Mapping[str, Verdict] = MappingProxyType({"offen": "open", "bezahlt": "settled", "aufgehoben": "withdrawn"})
"""What a clerk writes into it."""


class Decision(NamedTuple):
    """A verdict on one document."""

    row: int
    """Row in the file, counted from 1."""
    account: str
    number: str
    verdict: Verdict
    second_number: str = ""
    """Always "": a document is named by its own number."""


def decision_table(documents: Iterable[tuple[str, str]], verdict: Verdict) -> str:
    """The table that says the same of several documents, each named by account and number."""
    word = next(word for word, meaning in VERDICTS.items() if meaning == verdict)
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(HEADINGS)
    writer.writerows((account, number, word) for account, number in documents)
    return text.getvalue()
