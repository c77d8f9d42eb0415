"""One row of an open-item list (OP-Liste) or clearing list (Auszifferungsliste), between reader and reconciliation.

A list may have a million rows, so a row is a named tuple and not a validated model: the reader has checked every
value before it builds one (facts/performance.md 3).

What a reader says of the list as a whole stands in ``Batch.head``: ``source``, ``kind``, ``key_date`` (a date, or None
where none is printed), and, where the list prints or the reader knows it, ``accounts`` (ranges of accounts that the
list was restricted to, each a pair of texts) and ``ignored`` (a sequence of ``IgnoredRow``, whole once the documents
have been iterated).
"""

from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

_GERMAN_MARKS = str.maketrans(",.", ".,")

DOCUMENT_TYPE = "open_item_list"
"""Document type of a Batch that holds rows of an open-item list: what is open of each document."""

CLEARING_LIST = "clearing_list"
"""Document type of a Batch that holds rows of a clearing list: every booking that took part in a clearing, as a row of
its own with its signed amount (Soll positive), the invoice's own booking too. Group rows and sums are left out."""

Source = Literal["bmd", "rzl"]
"""FIBU program that printed a list."""

ListKind = Literal["customers", "suppliers", "both"]
"""Whose open items a list holds: debtors, creditors or all."""


class OpenItemRow(NamedTuple):
    """What the FIBU says of one document; several rows of one document that stand together are one.

    In a clearing list it is one booking, ``amount`` its amount and ``document_date`` its date.
    """

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
    settled_on: date | None = None
    """Day of the clearing (Ausgeglichen am, Auszifferungsdatum)."""
    settlement: str = ""
    """Number of the clearing (Auszifferungsnummer) as printed."""
    contra_account: str = ""
    """Other account of the booking (Gegenkonto), digits only."""
    symbol: str = ""
    """Booking symbol or document circle (BK, AR, ER) as printed."""
    earlier_number: str = ""
    """OP-Nummer that the booking had before a final invoice took it over (RZL: "OP-Nr. vor SR")."""


class IgnoredRow(NamedTuple):
    """A row of the file that is no item, and why the reader passed over it."""

    row: int
    """Row in the file, counted from 1."""
    text: str
    """What the row says, cells joined, shortened."""
    reason: str
    """In German, for the report, e.g. "Summenzeile"."""


def printed(amount: Decimal) -> str:
    """An amount as a clerk writes it: ``1.790,50``."""
    return f"{amount:,.2f}".translate(_GERMAN_MARKS)
