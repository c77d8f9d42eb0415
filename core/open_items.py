"""One row of an open-item list (OP-Liste) or a clearing list (Auszifferungsliste) on its way to the reconciliation.

A list may have a million rows, so a row is a named tuple and not a validated model: the reader has checked every
value before it builds one (facts/performance.md 3).

``Batch.head`` of both kinds of list holds ``source`` (Source), ``kind`` (ListKind), ``key_date`` (a date; None for
a clearing list that prints none, and where the route says that its lists count as of their arrival), ``key_date_from``
("preamble", "file_name", "column" or "arrival") and ``reading`` (a ListReading, complete once the documents have been
iterated).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, NamedTuple

_GERMAN_MARKS = str.maketrans(",.", ".,")

DOCUMENT_TYPE = "open_item_list"
"""Document type of a Batch that holds such rows."""

CLEARING_LIST_TYPE = "clearing_list"
"""Document type of a Batch that holds ClearingRow."""

Source = Literal["bmd", "rzl", "datev"]
"""FIBU program that printed a list."""

ListKind = Literal["customers", "suppliers", "both"]
"""Whose open items a list holds: debtors, creditors or all."""


class OpenItemRow(NamedTuple):
    """What the FIBU says of one document; several rows of one document that stand together are one."""

    row: int
    """Row in the file as a spreadsheet shows it, counted from 1."""
    account: str
    """Ledger account of the party, digits only, as printed."""
    number: str
    """OP-Nummer as printed."""
    amount: Decimal
    """Open amount; positive = debit (Soll): a debtor's invoice is positive, a creditor's invoice negative."""
    document_date: date | None
    due_date: date | None
    second_number: str
    """Another number that the list prints for the document (Fremdbeleg, Belegnummer); "" where it has none."""
    currency: str
    """ISO 4217 as printed; "" where the list has no such column."""
    text: str
    """Booking text as printed."""
    symbol: str = ""
    """Booking symbol or document circle as printed; "" where the list has no such column."""


class ClearingRow(NamedTuple):
    """One booking of a clearing list (facts/fibu.md 4, "Ausgeglichene OP"): an invoice, a payment, a discount.

    Rows are never added up. Those of one account and number belong together, and should add up to zero.
    """

    row: int
    account: str
    number: str
    """OP-Nummer as printed; carried from the group row where the rows below it do not repeat it."""
    amount: Decimal
    """Positive = debit (Soll)."""
    document_date: date | None
    """Day of the booking."""
    cleared_on: date | None
    """Day of the clearing; None where the list has no such column, or the booking is not cleared."""
    clearing_number: str
    """Number of the clearing as printed; "" where the list has none."""
    earlier_number: str
    """OP-Nummer before the item was moved to a final invoice (OP-Nr. vor SR); "" where the list has none."""
    clearing_mark: str
    """How it was cleared, as DATEV prints it (A automatic, M by hand, K small difference, N zero balance), else ""."""
    counter_account: str
    tax_code: str
    symbol: str
    """Booking symbol or document circle (AR, ER, BK, KA ...)."""
    second_number: str
    currency: str
    text: str


IgnoredReason = Literal[
    "blank", "preamble", "heading", "page", "group", "child", "subtotal", "total", "balance", "note",
]  # fmt: skip

IGNORED_LABELS: Mapping[IgnoredReason, str] = MappingProxyType({
    "blank": "Leerzeilen",
    "preamble": "Zeilen vor der Überschrift",
    "heading": "wiederholte Überschriften",
    "page": "Seitenköpfe und Seitenfüße",
    "group": "Gruppenzeilen",
    "child": "Einzelbuchungen unter einem zusammengefassten Posten",
    "subtotal": "Zwischensummen",
    "total": "Gesamtsummen",
    "balance": "Kontosalden und Differenzen",
    "note": "Textzeilen ohne Betrag",
})  # fmt: skip
"""Why a row of a list is no document of its own, as a clerk reads it."""


@dataclass(slots=True)
class ListReading:
    """What reading a list has found besides its documents; begun anew with each iteration, complete at its end.

    ``items`` + ``joined`` + all of ``ignored`` are the rows of the file less those of the headings.
    """

    items: int = 0
    """Documents of the list."""
    joined: int = 0
    """Rows that were added to the document before them, because they show the same one."""
    ignored: Counter[IgnoredReason] = field(default_factory=Counter)
    """Rows that are no documents, by their reason (IGNORED_LABELS)."""
    amount: Decimal = Decimal(0)
    """Sum of all documents."""
    grand_total_checked: bool = False
    """The list prints a total of all its rows, and it is right."""

    def restart(self, *, preamble: int) -> None:
        """Forget everything but the number of rows above the headings: a new iteration begins."""
        self.items = self.joined = 0
        self.ignored = Counter({"preamble": preamble} if preamble else {})
        self.amount, self.grand_total_checked = Decimal(0), False


def printed(amount: Decimal) -> str:
    """An amount as a clerk writes it: ``1.790,50``."""
    return f"{amount:,.2f}".translate(_GERMAN_MARKS)
