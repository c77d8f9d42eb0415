"""One row of an open-item list (OP-Liste) on its way from a reader to the reconciliation.

A list may have a million rows, so a row is a named tuple and not a validated model: the reader has checked every
value before it builds one (facts/performance.md 3).
"""

from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

_GERMAN_MARKS = str.maketrans(",.", ".,")

DOCUMENT_TYPE = "open_item_list"
"""Document type of a Batch that holds such rows."""

Source = Literal["bmd", "rzl"]
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


def printed(amount: Decimal) -> str:
    """An amount as a clerk writes it: ``1.790,50``."""
    return f"{amount:,.2f}".translate(_GERMAN_MARKS)
