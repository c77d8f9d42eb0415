"""One payment as CLUE is told of it and as the ledger remembers it: amounts, a stable id, where it was read."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from core.documents import InvoiceStatus, Payment, Record
from core.money import ZERO, cents

_LONGEST_ID = 120


class Parts(NamedTuple):
    """What a payment takes from the open amount, by kind; all in the sign of the document."""

    amount: Decimal = ZERO
    """Money."""
    discount_amount: Decimal = ZERO
    write_off_amount: Decimal = ZERO
    fx_difference: Decimal = ZERO
    offset_amount: Decimal = ZERO
    """Settled against another document."""

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum(self, ZERO)

    def turned(self) -> "Parts":
        """What takes this back."""
        return Parts(*(-part for part in self))

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Parts":
        """The parts of an entry of ``TrackedDocument.told``."""
        return cls(*(Decimal(told.get(name, ZERO)) for name in cls._fields))


class Evidence(NamedTuple):
    """Where it is read that something was paid."""

    source: Literal["clearing", "op_diff"]
    day: date
    row: int | None
    inferred: bool
    date_inferred: bool


class Teller:
    """Makes the payments of one drop."""

    def __init__(self, company: str, list_name: str, drop_id: str) -> None:
        self._company = company
        self._list_name = list_name
        self._drop_id = drop_id
        # Making a model from nothing costs ten times as much as copying one.
        self._pattern = Payment.model_construct(
            id="", direction="ar", date=date.min, amount=ZERO, source="op_diff", inferred=True, date_inferred=True
        )

    def prefix(self, document: Mapping[str, Any]) -> str:
        """The part of a payment's id that names its document."""
        return f"{self._company}:{document['ledger_account']}:{document['number']}"

    def proof_id(self, document: Mapping[str, Any], clearing: str, day: date) -> str:
        """Id of a payment that a clearing list proves (facts/domain.md 3.2, "Idempotency")."""
        account, number = document["ledger_account"], document["number"]
        return f"clr:{self._company}:{account}:{clearing or '-'}:{number}:{day.isoformat()}"

    def tell(
        self,
        body: dict[str, Any],
        payment_id: str,
        parts: Parts,
        evidence: Evidence,
        outcome: tuple[InvoiceStatus, Decimal],
        reverses: str = "",
    ) -> Record:
        """The payment for CLUE; it is added to what ``body`` (of a TrackedDocument) says was told.

        ``outcome``: state and open amount after everything that is told at once. The id gets a number behind it when it
        was given before.
        """
        found = _free(_fitting(payment_id), body.get("told", ()))
        self._remember(body, found, parts, evidence)
        others = zip(Parts._fields[1:], parts[1:], strict=True)
        optional = {name: rounded for name, part in others if part and (rounded := cents(part))}
        payment = self._pattern.model_copy(
            update={
                "id": found,
                "direction": body["direction"],
                "invoice_id": body["document_id"],
                "document_number": body["number"],
                "party_id": body["party_id"] or None,
                "ledger_account": body["ledger_account"],
                "date": evidence.day,
                "amount": cents(parts.amount),
                "currency": body["currency"],
                "source": evidence.source,
                "inferred": evidence.inferred,
                "date_inferred": evidence.date_inferred,
                "resulting_status": outcome[0],
                "open_after": cents(outcome[1]),
                "reverses": reverses or None,
                "evidence_list": self._list_name,
                "evidence_row": evidence.row,
                **optional,
            }
        )
        return Record("upsert", found, payment)

    def _remember(self, body: dict[str, Any], payment_id: str, parts: Parts, evidence: Evidence) -> None:
        amounts = {name: str(part) for name, part in zip(Parts._fields, parts, strict=True) if part or name == "amount"}
        place = self._list_name if evidence.row is None else f"{self._list_name}, Zeile {evidence.row}"
        told = {
            "id": payment_id,
            "day": evidence.day.isoformat(),
            **amounts,
            "source": evidence.source,
            "taken_back": False,
            "seen_in": place,
            "drop": self._drop_id,
        }
        body["told"] = [*body.get("told", ()), told]


def mark_taken_back(body: dict[str, Any], ids: Collection[str]) -> None:
    """Note of payments that they were taken back, or take back others: both together are nothing."""
    told = body.get("told", ())
    body["told"] = [{**payment, "taken_back": payment["taken_back"] or payment["id"] in ids} for payment in told]


def _free(payment_id: str, told: Iterable[Mapping[str, Any]]) -> str:
    taken = {payment["id"] for payment in told}
    number, free = 1, payment_id
    while free in taken:
        number += 1
        free = f"{payment_id}:{number}"
    return free


def _fitting(payment_id: str) -> str:
    """An id that leaves room for a number; of a longer one the end is a digest."""
    if len(payment_id) <= _LONGEST_ID - 5:
        return payment_id
    digest = hashlib.sha256(payment_id.encode()).hexdigest()[:16]
    return f"{payment_id[: _LONGEST_ID - 22]}:{digest}"
