"""What a clerk is told of one list of the FIBU: every document of it, with what was concluded, and both sums.

Amounts of lines are signed like those of the documents; sums are signed like a list of the FIBU (debit positive).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, NamedTuple

Finding = Literal[
    "paid", "partly_paid", "lower", "overpaid", "reversal", "doubtful", "not_booked", "unmatched", "new", "unchanged",
]  # fmt: skip

FINDINGS: Mapping[Finding, str] = MappingProxyType({
    "paid": "bezahlt",
    "partly_paid": "teilweise bezahlt",
    "lower": "weniger offen",
    "overpaid": "überzahlt",
    "reversal": "wieder höher offen",
    "doubtful": "zweifelhaft",
    "not_booked": "fehlt in der FIBU",
    "unmatched": "nicht zugeordnet",
    "new": "erstmals in der Liste",
    "unchanged": "unverändert",
})  # fmt: skip
"""What can be found about a row or a document, as a clerk reads it; in the order of the report."""


class ReportLine(NamedTuple):
    """One row of the list, or one document that is missing from it."""

    finding: Finding
    account: str
    number: str
    document_id: str
    """"" where the row belongs to no document."""
    row: int | None
    """Row of the list; None where the document is missing from it."""
    listed: Decimal | None
    """Amount in the list."""
    before: Decimal | None
    """What was open before, None where the row belongs to no document."""
    paid: Decimal
    """Money that CLUE was told of; negative where it was taken back."""
    discount: Decimal
    """Skonto, write-offs, exchange differences and settlements against other documents."""
    after: Decimal | None
    inferred: bool
    """CLUE was told something that was concluded, not read."""
    reason: str
    """German sentence, "" where there is nothing to say."""


class FindingSum(NamedTuple):
    """All rows and documents with one finding."""

    finding: Finding
    documents: int
    """How many."""
    paid: Decimal


@dataclass(frozen=True, slots=True)
class OpenSums:
    """What the FIBU and CLUE take as open, as far as the list goes."""

    listed: Decimal
    """All rows of the list."""
    listed_ours: Decimal
    """Those of them that belong to documents from CLUE."""
    ours: Decimal
    """What is open of these documents now, in CLUE's eyes."""
    missing: Decimal
    """Open documents that the list should hold and does not."""

    @property
    def difference(self) -> Decimal:
        """What the list has more than CLUE."""
        return self.listed - self.ours - self.missing


@dataclass(frozen=True, slots=True)
class ReconciliationReport:
    """One list, compared (Abgleichsbericht)."""

    company: str
    company_name: str
    currency: str
    list_name: str
    """Name of the file."""
    list_label: str
    """Kind of list as clerks call it."""
    key_date: date
    key_date_printed: bool
    """The list says itself which day it speaks of; else that is the day of its arrival."""
    complete: bool
    """The list was taken to hold everything that is open."""
    total_checked: bool
    """The list prints a sum of all its rows, and it is right."""
    drop: str
    """Id of the drop."""
    created: datetime
    """With a time zone; printed as it is."""
    sums: OpenSums | None
    """None for a list that does not say what is open."""
    findings: tuple[FindingSum, ...]
    rows: int
    """Rows that were compared."""
    joined: int
    """Rows that were added to the one before them."""
    ignored: tuple[tuple[str, int], ...]
    """Rows that are no items: why, and how many."""
    lines: tuple[ReportLine, ...]
    hidden: int
    """Lines that are left out because there are too many; the findings count them."""
