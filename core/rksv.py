"""Receipts of a registered cash register as its protocol (DEP7) states them, and the buckets of their sums.

Source: RKSV, Detailspezifikation; facts/domain.md 3, facts 13 to 15. The buckets cannot be turned into VAT: 19 % and
4.9 % share one of them.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from core.documents import CashReceipt
from core.money import ZERO

DOCUMENT_TYPE = "rksv_dep"
"""Document type of a Batch that holds such receipts."""
HANDED_OVER = "cash_receipt_sums"
"""Ledger kind: what CLUE has said of a receipt, booked or not; key = register/number, group = register."""

BUCKETS = ("normal", "reduced1", "reduced2", "zero", "special")
"""The five sums of a receipt, in the order of the machine code; RKSV calls them Betrag-Satz-..."""
_BUCKET_OF_RATE = {
    Decimal(20): "normal",
    Decimal(10): "reduced1",
    Decimal(13): "reduced2",
    Decimal(0): "zero",
    Decimal(19): "special",
    Decimal("4.9"): "special",
}
_SIGNS = {"sale": 1, "cancellation": -1}


class DepReceipt(NamedTuple):
    """One signed receipt."""

    pointer: str
    """JSON pointer in the file."""
    register_id: str
    number: str
    issued_at: datetime
    """Local time of the register, without zone."""
    sums: tuple[Decimal, ...]
    """Signed gross sums, in the order of ``BUCKETS``."""
    training: bool
    signed: bool
    """False where the signing device had failed."""
    previous: str
    """Link that the receipt carries of the one before it."""
    link: str
    """Link that the next receipt must carry."""


def chain_link(text: str) -> str:
    """What a receipt carries of the one before it: eight bytes of its SHA-256. The first one carries the register's."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


def receipt_key(register_id: str, number: str) -> str:
    """Key of a receipt; its number is unique in its register."""
    return f"{register_id}/{number}"


def stated_sums(receipt: CashReceipt) -> tuple[Decimal, ...] | None:
    """The buckets of a receipt as the register had them, None where CLUE has not handed them over."""
    if receipt.rksv is None:
        return None
    return tuple(getattr(receipt.rksv, f"sum_{bucket}") for bucket in BUCKETS)


def sums_of_groups(receipt: CashReceipt) -> tuple[Decimal, ...] | None:
    """The buckets of a sale or cancellation by its VAT groups; None for other receipts and for other rates."""
    sign = _SIGNS.get(receipt.receipt_type)
    rates = {row.vat_rate for row in receipt.vat_breakdown}
    if sign is None or not rates <= _BUCKET_OF_RATE.keys():
        return None
    return _sums((row.vat_rate, sign * (row.net + row.vat)) for row in receipt.vat_breakdown)


def handed_over(receipt: CashReceipt) -> Mapping[str, object]:
    """What is remembered of a receipt for the comparison."""
    sums = stated_sums(receipt) or sums_of_groups(receipt)
    return {
        "day": receipt.issued_at.date().isoformat(),
        "type": receipt.receipt_type,
        "sums": None if sums is None else [str(amount) for amount in sums],
    }


def _sums(amounts: Iterable[tuple[Decimal, Decimal]]) -> tuple[Decimal, ...]:
    found = dict.fromkeys(BUCKETS, ZERO)
    for rate, amount in amounts:
        found[_BUCKET_OF_RATE[rate]] += amount
    return tuple(found[bucket] for bucket in BUCKETS)
