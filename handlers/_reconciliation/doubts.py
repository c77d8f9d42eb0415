"""Why a row of a list of open items must not be believed, though its account and number are those of a document."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from core.open_items import OpenItemRow

_FAR_APART = 180
"""Days between the date of a row and that of its document: numbers begin anew every year, and come again."""
_FEWEST_IMPLAUSIBLE = 4


def strange(row: OpenItemRow, document: Mapping[str, Any], amount: Decimal, key_text: str) -> str | None:
    """Why a row is probably not about this document, in German; None where it may be. ``amount``: as CLUE counts."""
    issued = date.fromisoformat(document["issue_date"])
    if row.document_date is not None and abs((row.document_date - issued).days) > _FAR_APART:
        return f"in der Liste ist er vom {row.document_date:%d.%m.%Y}, die Rechnung in CLUE aber vom {issued:%d.%m.%Y}."
    if document["issue_date"] > key_text and row.document_date != issued:
        return f"die Rechnung ist in CLUE vom {issued:%d.%m.%Y}, also jünger als der Stichtag der Liste."
    if document.get("first_seen") is None and amount == -Decimal(document["gross"]):
        return "er steht mit umgekehrtem Vorzeichen in der Liste."
    return None


def is_implausible(document: Mapping[str, Any], amount: Decimal) -> bool:
    """Say whether more is open than was invoiced, or something on the other side: now and then that is so."""
    gross = Decimal(document["gross"])
    # Of a final invoice the FIBU may show all, also what the advances have paid.
    return not document.get("deducts") and (amount * gross < 0 or abs(amount) > abs(gross))


def too_many_implausible(implausible: int, matched: int) -> bool:
    """Say whether so many amounts are implausible that the list is probably not ours, or its signs are turned."""
    return implausible >= _FEWEST_IMPLAUSIBLE and implausible * 2 > matched
