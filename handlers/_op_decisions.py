"""What a person has decided about single documents of a doubtful list."""

from collections.abc import Mapping

from core.contracts import CompanyLedger

DECISION = "op_decision"
"""Kind of the ledger entry: key as of the tracked document, body ``{"decision": "open" | "settled"}``."""


def decisions(ledger: CompanyLedger) -> Mapping[str, str]:
    """All decisions, by key of the document."""
    return {entry.key: str(entry.body["decision"]) for entry in ledger.all(DECISION)}
