"""What a person has decided about single documents of a doubtful list."""

from collections.abc import Iterator, Mapping

from core.batch import Batch
from core.contracts import CompanyLedger, Effect, Put
from core.errors import Problem, RuleError
from handlers._reconciliation.matching import matched

DECISION = "op_decision"
"""Kind of the ledger entry: key as of the tracked document, ``{"decision": "open" or "settled", "by": drop id}``."""

_MOST_PROBLEMS = 100


def decisions(ledger: CompanyLedger) -> Mapping[str, str]:
    """All decisions, by key of the document."""
    return {entry.key: str(entry.body["decision"]) for entry in ledger.all(DECISION)}


def forget(key: str, company: str) -> Put:
    """A decision has been carried out."""
    return Put(company, DECISION, key, None)


def decide(batch: Batch, company: str, ledger: CompanyLedger) -> Iterator[Effect]:
    """Remember decisions until a list makes use of them. Raises RuleError for documents that are not known."""
    found = list(matched(list(batch.documents), ledger))
    unknown = [
        Problem(
            "unknown_document",
            f"Auf dem Konto {decision.account} gibt es keine Rechnung {decision.number} aus CLUE.",
            "Bitte prüfen Sie Konto und Beleg; sie stehen so im Hinweis zur zurückgehaltenen Liste.",
            row=decision.row,
            record=decision.number,
        )
        for decision, entry, _ in found
        if entry is None
    ]
    if unknown:
        raise RuleError(*unknown[:_MOST_PROBLEMS])
    for decision, entry, _ in found:
        if entry is not None:
            withdrawn = decision.verdict == "withdrawn"
            body = None if withdrawn else {"decision": decision.verdict, "by": batch.origin.drop_id}
            yield Put(company, DECISION, entry.key, body)
