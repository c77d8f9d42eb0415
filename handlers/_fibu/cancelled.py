"""An invoice and the document that cancels it: nobody waits for money on either (facts/domain.md 3.2)."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from core.company import Company
from core.contracts import CompanyLedger, Effect, Entry, Put
from core.fibu.export_run import EXPORTED
from core.tracked import KIND, match_key


def settled_by_each_other(
    pairs: Sequence[tuple[str, str]], booked: Iterable[Effect], company: Company, ledger: CompanyLedger
) -> Iterator[Put]:
    """Mark the tracked documents of these pairs (ids of cancelled and cancelling document) as cancelled.

    An open-item list in which both are gone must not be read as a payment and its return. Where something was paid
    before, or the amounts differ, both stay tracked: then money still has to flow. ``booked`` are the effects of the
    export of the same drop.
    """
    puts = [effect for effect in booked if isinstance(effect, Put)]
    ids = [document_id for pair in pairs for document_id in pair]
    exported = {key: entry.body for key, entry in ledger.get_many(EXPORTED, ids).items()}
    exported |= {put.key: put.body for put in puts if put.kind == EXPORTED and put.body}
    keys = {
        document_id: match_key(body["ledger_account"], body["external_number"] or body["number"])
        for document_id, body in exported.items()
        if document_id in ids
    }
    tracked = dict(ledger.get_many(KIND, list(keys.values())))
    tracked |= {put.key: Entry(put.key, put.body, put.group) for put in puts if put.kind == KIND and put.body}
    for cancelled, cancelling in pairs:
        first, second = tracked.get(keys.get(cancelled, "")), tracked.get(keys.get(cancelling, ""))
        if first and second and _is_whole(first) and _open(first) == -_open(second):
            for entry in (first, second):
                yield Put(company.id, KIND, entry.key, {**entry.body, "status": "cancelled"}, entry.group)


def _open(entry: Entry) -> Decimal:
    return Decimal(entry.body["amount_open"])


def _is_whole(entry: Entry) -> bool:
    """Nothing was paid, as far as anyone knows."""
    return _open(entry) == Decimal(entry.body["gross"]) and not Decimal(entry.body.get("known_paid") or 0)
