"""What a person says about single documents of a doubtful open-item list, on its way from the file to the ledger."""

from typing import Literal, NamedTuple

DECISION_TYPE = "op_decision"
"""Document type of a Batch that holds decisions."""

Verdict = Literal["open", "settled", "withdrawn"]
"""The document stays open though a list does not hold it; it is settled; an earlier decision counts no more."""


class Decision(NamedTuple):
    """A verdict on one document."""

    row: int
    """Row in the file, counted from 1."""
    account: str
    number: str
    verdict: Verdict
    second_number: str = ""
    """Always "": a document is named by its own number."""
