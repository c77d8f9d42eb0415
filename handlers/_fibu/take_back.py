"""Taking back an export run: as if it had never been, so that its documents may come again, changed or not.

What others were told stays true and stays remembered: the accounts that CLUE was told of, the receipts that a
register's protocol is compared with. So a run of which CLUE was told a payment is never taken back, and what lists have
shown of other documents stays. Payments at the register that are taken back after a list has shown them are owed by the
next list (``known_paid`` below zero).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.batch import Origin
from core.company import Company
from core.contracts import CompanyLedger, Context, Entry, Put
from core.documents import ExportOrder
from core.errors import Problem
from core.fibu.export_run import EXPORTED, RUN, WITHDRAWN, ExportRun, WithdrawnFile
from core.tracked import KIND, NUMBERS, TrackedDocument, match_key
from handlers._fibu.earlier import CORRECTED, DEDUCTED
from handlers._fibu.open_items import apply_changes, changed_keys
from handlers._fibu.parties import SENT, SENT_BEFORE
from handlers._fibu.runs import closed
from handlers._intake.message_rules import MESSAGE, SITE
from handlers._reconciliation.decisions import DECISION

_CANCEL_THERE = (
    "Bitte stornieren Sie die Buchungen in der FIBU. Danach nehmen Sie den Lauf zurück und geben dabei an, dass er "
    "auch als gebuchter zurückgenommen werden soll (even_if_booked)."
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that is to be taken back, with all that is remembered of its documents."""

    run_id: str
    run: ExportRun
    documents: Sequence[Entry]
    """Their EXPORTED entries."""
    tracked: Mapping[str, Entry]
    """By key of the tracked document: those of the run, and those of others that it has changed."""
    records: Mapping[str, Mapping[str, Entry]]
    """CLUE's records, by kind and id: of the run's documents, and of those that these have cancelled."""
    revived: frozenset[str]
    """Keys of the tracked documents that the run's documents have cancelled."""

    @classmethod
    def load(cls, run_id: str, run: ExportRun, ledger: CompanyLedger) -> "Taken":
        """Look everything up."""
        documents = list(ledger.group(EXPORTED, run_id))
        keys = {key for entry in documents for key in (_tracked_key(entry.body), *changed_keys(entry.body)) if key}
        records: dict[str, dict[str, Entry]] = {}
        for kind in ("record:invoice", "record:cash_receipt"):
            ids = [entry.body["record"] for entry in documents if _record_kind(entry.body) == kind]
            cancelled = [entry for entries in ledger.get_groups(kind, ids).values() for entry in entries]
            records[kind] = {**ledger.get_many(kind, ids), **{entry.key: entry for entry in cancelled}}
        cancelled_ids = [key for key, entry in records["record:invoice"].items() if entry.body.get("cancelled_by")]
        others = [entry for entry in ledger.get_many(EXPORTED, cancelled_ids).values() if entry.group != run_id]
        revived = frozenset(_tracked_key(entry.body) for entry in others)
        tracked = ledger.get_many(KIND, sorted(keys | revived))
        return cls(run_id, run, documents, tracked, records, revived)


def obstacles(taken: Taken, order: ExportOrder, ledger: CompanyLedger) -> Iterator[Problem]:
    """What stands against it: later documents that rest on these, and what lists of the FIBU have shown of them."""
    yield from _later(taken, ledger)
    own: dict[str, Decimal] = {}
    others: dict[str, Entry] = {}
    keys = {key: entry for entry in taken.documents if (key := _tracked_key(entry.body))}
    for entry in taken.documents:
        for key, amount in entry.body.get("paid", ()):
            own[key] = own.get(key, Decimal(0)) + Decimal(amount)
            others.setdefault(key, entry)
    for key, entry in keys.items():
        if key in taken.tracked:
            tracked = TrackedDocument.model_validate(taken.tracked[key].body)
            yield from _shown(entry.body, tracked, own.get(key, Decimal(0)), order)
    for key in others.keys() & taken.tracked.keys() - keys.keys():
        tracked = TrackedDocument.model_validate(taken.tracked[key].body)
        if not order.even_if_booked and (tracked.register_seen or abs(tracked.known_paid) < abs(own[key])):
            yield _payment_booked(others[key].body, tracked)


def _later(taken: Taken, ledger: CompanyLedger) -> Iterator[Problem]:
    """Documents of later runs that deduct or cancel these."""
    own = {entry.key for entry in taken.documents}
    keys = {key: entry for entry in taken.documents if (key := _tracked_key(entry.body))}
    later: dict[str, tuple[str, str, str]] = {}
    for kind, how in ((DEDUCTED, "abgerechnet"), (CORRECTED, "storniert")):
        for key, uses in ledger.get_groups(kind, sorted(keys)).items():
            others = [use.body for use in uses if use.body["by"] not in own]
            later.update((keys[key].key, (body["by"], how, body["run"])) for body in others)
    for record in taken.records["record:invoice"].values():
        by = record.body.get("cancelled_by")
        if record.key in own and by is not None and by not in own:
            cancelling = ledger.get(EXPORTED, by)
            later[record.key] = (by, "storniert", cancelling.group if cancelling else "")
    yield from (_needed(entry.body, *later[entry.key]) for entry in taken.documents if entry.key in later)


def _shown(body: Mapping[str, Any], tracked: TrackedDocument, paid: Decimal, order: ExportOrder) -> Iterator[Problem]:
    """What is known of the payments of a document; ``paid``: at the register, by receipts of the same run."""
    if tracked.told or tracked.bookings:
        yield _settled(body, tracked)
    elif tracked.known_paid + tracked.register_seen != paid:
        yield _needed(body, "", "an der Kassa bezahlt", "")
    elif tracked.first_seen is not None and not order.even_if_booked:
        yield _booked(body, tracked)


def undone(taken: Taken, order: ExportOrder, company: Company, context: Context, origin: Origin) -> Iterator[Put]:
    """Yield what takes the run back."""
    ledger, run_id = context.ledger.of(company.id), taken.run_id
    for entry in taken.documents:
        yield Put(company.id, EXPORTED, entry.key, None)
        for kind, names in ((DEDUCTED, ("deducted", "withdrawn")), (CORRECTED, ("corrects",))):
            yield from (Put(company.id, kind, f"{key}/{entry.key}", None) for key in _keys(entry.body, names))
    yield from _tracked_undone(taken, company)
    yield from _records_undone(taken, company)
    yield from _accounts_undone(run_id, company, ledger)
    for message in context.ledger.of(SITE).group(MESSAGE, run_id):
        yield Put(SITE, MESSAGE, message.key, None)
    if taken.run.status == "open":
        yield from closed(run_id, company, ledger)
    for number, file in enumerate(_files(taken, company)):
        yield Put(SITE, WITHDRAWN, f"{origin.drop_id}/{number:06}", file.model_dump())
    ended = {"status": "taken_back", "ended_at": origin.received_at, "reason": order.reason or ""}
    yield Put(company.id, RUN, run_id, taken.run.model_copy(update=ended).body())


def _files(taken: Taken, company: Company) -> Iterator[WithdrawnFile]:
    """Everything of the run that may still lie where the FIBU takes its files."""
    for target, name in taken.run.files:
        yield WithdrawnFile(drop_id=taken.run.written_by, target=target, name=name)
    for entry in taken.documents:
        for name in entry.body.get("attached", ()):
            yield WithdrawnFile(drop_id=entry.body["drop_id"], target=company.fibu_target, name=name)


def _tracked_undone(taken: Taken, company: Company) -> Iterator[Put]:
    own = {_tracked_key(entry.body) for entry in taken.documents}
    others = {key: entry for key, entry in taken.tracked.items() if key not in own}
    others |= {key: _in_force(others[key]) for key in taken.revived if key in others}
    for entry in taken.documents:
        apply_changes(entry.body, others, -1)
    yield from (Put(company.id, KIND, entry.key, entry.body, entry.group) for entry in others.values())
    kinds = (KIND, NUMBERS, DECISION)
    yield from (Put(company.id, kind, key, None) for key in own if key in taken.tracked for kind in kinds)


def _in_force(entry: Entry) -> Entry:
    """A document that is waited for again, where the two had settled each other (``_fibu_cancelled``)."""
    status = "open" if entry.body["status"] == "cancelled" else entry.body["status"]
    return Entry(entry.key, {**entry.body, "status": status}, entry.group)


def _records_undone(taken: Taken, company: Company) -> Iterator[Put]:
    """The run's documents may come again; what they have cancelled is in force again."""
    own = {(_record_kind(entry.body), entry.body["record"]) for entry in taken.documents}
    for kind, records in taken.records.items():
        for record in records.values():
            if (kind, record.key) in own:
                yield Put(company.id, kind, record.key, None)
            else:
                body = {name: value for name, value in record.body.items() if name not in {"cancelled_by", "before"}}
                yield Put(company.id, kind, record.key, {**body, "state": record.body["before"]})


def _accounts_undone(run_id: str, company: Company, ledger: CompanyLedger) -> Iterator[Put]:
    """The FIBU is told again of the accounts that the run has told it of."""
    sent = list(ledger.group(SENT, run_id))
    before = ledger.get_many(SENT_BEFORE, [f"{run_id}/{entry.key}" for entry in sent])
    for entry in sent:
        told = before.get(f"{run_id}/{entry.key}")
        if told is None:
            yield Put(company.id, SENT, entry.key, None)
        else:
            yield Put(company.id, SENT, entry.key, told.body["body"], told.body["run"])
            yield Put(company.id, SENT_BEFORE, told.key, None)


def _tracked_key(body: Mapping[str, Any]) -> str:
    """Key of a document's own tracked entry, "" for receipts."""
    if body["direction"] == "cash":
        return ""
    return match_key(body["ledger_account"], body["external_number"] or body["number"])


def _record_kind(body: Mapping[str, Any]) -> str:
    return "record:cash_receipt" if body["direction"] == "cash" else "record:invoice"


def _keys(body: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    """Keys that stand in a document's entry under these names, alone or as a list."""
    for name in names:
        found = body.get(name, ())
        yield from (found,) if isinstance(found, str) else found


def _needed(body: Mapping[str, Any], by: str, how: str, run: str) -> Problem:
    which = f" (Beleg {by})" if by else ""
    where = f"im Lauf {run}" if run else "in einem anderen Lauf"
    what = f"Der Beleg {body['number']} wurde inzwischen {how}{which}, und zwar {where}."
    todo = "Bitte nehmen Sie zuerst diesen anderen Lauf zurück."
    return Problem("run_needed", what, todo, pointer="/records/0/data/run", value=str(body["number"]))


def _booked(body: Mapping[str, Any], tracked: TrackedDocument) -> Problem:
    seen = f"{tracked.first_seen:%d.%m.%Y}"
    what = f"Den Beleg {body['number']} hat die FIBU schon gebucht: Er stand in der OP-Liste vom {seen}."
    return Problem("run_booked", what, _CANCEL_THERE, pointer="/records/0/data/run", value=str(body["number"]))


def _settled(body: Mapping[str, Any], tracked: TrackedDocument) -> Problem:
    where = tracked.told[-1].seen_in if tracked.told else "einer Auszifferungsliste"
    what = f"Zum Beleg {body['number']} hat CLUE aus der FIBU schon eine Zahlung erhalten ({where})."
    todo = (
        "Der Lauf kann nicht mehr zurückgenommen werden, sonst würde die Zahlung verloren gehen oder noch einmal "
        "gemeldet. Bitte stornieren Sie den Beleg in CLUE mit einem Stornobeleg."
    )
    return Problem("run_settled", what, todo, pointer="/records/0/data/run", value=str(body["number"]))


def _payment_booked(body: Mapping[str, Any], tracked: TrackedDocument) -> Problem:
    what = (
        f"Den Kassenbeleg {body['number']} hat die FIBU vermutlich schon gebucht: Eine Liste der FIBU hat eine Zahlung "
        f"an der Kassa zur Rechnung {tracked.number} gezeigt."
    )
    return Problem("run_booked", what, _CANCEL_THERE, pointer="/records/0/data/run", value=str(body["number"]))
