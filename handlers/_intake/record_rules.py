"""Rules about a single record: is it new, unchanged, out of date, or not allowed (facts/domain.md 2.3).

The company's ledger remembers master data under the name of the entity, whole, and issued documents under
``record:<entity>``, by their hash and state: exported, not_booked, cancelled; the group of a cancelled one is the
document that cancels it. An export run that is taken back forgets its documents: they may come again, changed or not.
"""

import hashlib
import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from core.contracts import CompanyLedger, Entry, Put
from core.documents import ENTITIES, Cancellation, CashReceipt, Document, Invoice, MasterData, Record
from core.documents.problems import pointer
from core.documents.validate import document, merge_patch
from core.errors import ContentError, Problem, RuleError
from handlers._fibu.source import Source

TITLES: Mapping[str, str] = {
    "customer": "Kunde",
    "supplier": "Lieferant",
    "article": "Artikel",
    "account": "Konto",
    "price_list": "Preisliste",
    "invoice": "Rechnung",
    "cash_receipt": "Kassenbeleg",
    "export_order": "Auftrag",
}
"""German names of the entities that are taken."""
MASTER_DATA = frozenset(name for name in TITLES if issubclass(ENTITIES[name], MasterData))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one record."""

    index: int
    id: str
    result: Literal["accepted", "unchanged", "stale", "rejected"]
    problems: tuple[Problem, ...] = ()
    put: Put | None = None
    forward: Document | None = None
    """The document that the next job gets, where there is one."""

    @property
    def cancelled_by(self) -> str | None:
        """Id of the cancelling document, where this record cancels one."""
        taken = self.result == "accepted" and self.forward is None and self.put is not None and self.put.body
        return taken.get("cancelled_by") if taken else None


def with_state(verdict: Verdict, exported: Container[str]) -> Verdict:
    """The verdict, remembering whether its document was booked; ``exported`` holds the export keys."""
    if verdict.put is None or not isinstance(verdict.forward, Invoice | CashReceipt):
        return verdict
    booked = Source(verdict.index, verdict.id, verdict.forward).export_key in exported
    body = {**(verdict.put.body or {}), "state": "exported" if booked else "not_booked"}
    return replace(verdict, put=replace(verdict.put, body=body))


class RecordRules:
    """The rules for the records of one message."""

    def __init__(self, entity: str, company: str, ledger: CompanyLedger, records: list[Record]) -> None:
        self._entity = entity
        self._title = TITLES[entity]
        self._company = company
        self._kind = entity if entity in MASTER_DATA else f"record:{entity}"
        wanted = [record.id for record in records]
        wanted += [record.data.cancelled_by for record in records if isinstance(record.data, Cancellation)]
        self._known = ledger.get_many(self._kind, wanted)
        self._in_message = {record.id for record in records if record.op == "upsert"}

    def judge(self, index: int, record: Record) -> Verdict:
        """Decide on one record; never raise for its content."""
        at = pointer("records", index)
        try:
            match record.op:
                case "upsert":
                    return self._upsert(index, record.id, record.data, at)
                case "patch":
                    return self._patch(index, record, at)
                case "delete":
                    return self._delete(index, record.id, at)
                case _:
                    return self._cancel(index, record, at)
        except ContentError as error:
            return Verdict(index, record.id, "rejected", error.problems)

    def _upsert(self, index: int, record_id: str, data: Document, at: str, *, patched: bool = False) -> Verdict:
        known = self._known.get(record_id)
        body = _body(data)
        if known is not None:
            if _is_older(data, known):
                what = f"{self._title} {record_id}: Hier ist schon ein neuerer Stand bekannt; dieser wurde übergangen."
                notice = self._problem("stale", what, "Es ist nichts zu tun.", record_id, at)
                return Verdict(index, record_id, "stale", (notice,))
            same = body["hash"] == known.body["hash"]
            if same and body["active"] == known.body.get("active", True):
                newer = self._put(record_id, data, {**known.body, **_stamps(body, known)})
                return Verdict(index, record_id, "unchanged", put=newer if newer.body != known.body else None)
            if not same:
                self._check_change(record_id, data, known, at, patched=patched)
        return Verdict(index, record_id, "accepted", put=self._put(record_id, data, body), forward=data)

    def _check_change(self, record_id: str, data: Document, known: Entry, at: str, *, patched: bool) -> None:
        """Raise RuleError where a known record must not change."""
        state = known.body.get("state")
        if state in {"exported", "cancelled"}:
            done = "storniert" if state == "cancelled" else "an die Buchhaltung übergeben"
            what = f"{self._title} {record_id} wurde schon {done} und kann nicht mehr geändert werden."
            todo = "Bitte einen Stornobeleg übergeben und den Beleg neu ausstellen."
            raise RuleError(self._problem("already_handed_over", what, todo, record_id, at))
        if data.version is not None and data.version == known.body["version"] and not patched:
            what = f"{self._title} {record_id} kam schon mit der Version {data.version}, aber mit anderem Inhalt."
            todo = "Bitte bei jeder Änderung die Version erhöhen."
            raise RuleError(self._problem("conflict", what, todo, record_id, at + "/data/version"))

    def _patch(self, index: int, record: Record, at: str) -> Verdict:
        if self._entity not in MASTER_DATA:
            what = f"{self._title} {record.id}: Ausgestellte Belege können nicht teilweise geändert werden."
            raise RuleError(self._problem("patch_refused", what, "Bitte den ganzen Beleg übergeben.", record.id, at))
        known = self._existing(record.id, at, "Änderung nicht möglich")
        merged = merge_patch(known.body["data"], record.data)
        data = document(self._entity, record.id, merged, at + "/data")
        return self._upsert(index, record.id, data, at, patched=True)

    def _delete(self, index: int, record_id: str, at: str) -> Verdict:
        if self._entity not in MASTER_DATA:
            what = f"{self._title} {record_id}: Ausgestellte Belege werden nie gelöscht."
            raise RuleError(self._problem("delete_refused", what, "Bitte einen Stornobeleg übergeben.", record_id, at))
        known = self._existing(record_id, at, "Löschen nicht möglich")
        if not known.body["active"]:
            return Verdict(index, record_id, "unchanged")
        return Verdict(index, record_id, "accepted", put=deactivated(self._company, self._kind, known))

    def _cancel(self, index: int, record: Record, at: str) -> Verdict:
        if self._entity in MASTER_DATA:
            what = f"{self._title} {record.id}: Stammdaten werden nicht storniert."
            todo = "Bitte „delete“ verwenden, um sie stillzulegen."
            raise RuleError(self._problem("cancel_refused", what, todo, record.id, at))
        known = self._existing(record.id, at, "Storno nicht möglich")
        by, before = record.data.cancelled_by, known.body.get("cancelled_by")
        if by == record.id or before not in {None, by}:
            what = f"{self._title} {record.id} wurde schon mit {before} storniert."
            if by == record.id:
                what = f"{self._title} {record.id} kann nicht sein eigener Stornobeleg sein."
            todo = "Bitte die Angabe des Stornobelegs in CLUE prüfen."
            raise RuleError(self._problem("cancel_refused", what, todo, record.id, at + "/data/cancelled_by"))
        if by not in self._known and by not in self._in_message:
            raise RuleError(self._cancelling_unknown(record.id, by, at))
        if before == by:
            return Verdict(index, record.id, "unchanged")
        body = {**known.body, "state": "cancelled", "cancelled_by": by, "before": known.body.get("state")}
        return Verdict(index, record.id, "accepted", put=Put(self._company, self._kind, record.id, body, by))

    def _cancelling_unknown(self, record_id: str, by: str, at: str) -> Problem:
        what = f"{self._title} {record_id}: Der Stornobeleg {by} ist hier nicht bekannt."
        todo = "Bitte den Stornobeleg vorher oder in derselben Nachricht übergeben."
        return self._problem("cancelling_unknown", what, todo, record_id, at + "/data/cancelled_by")

    def without_cancelling(self, verdict: Verdict, rejected: Container[str]) -> Verdict:
        """The verdict; a cancellation is rejected too where its cancelling document came with it and was rejected."""
        by = verdict.cancelled_by
        if by is None or by not in rejected or by in self._known:
            return verdict
        problem = self._cancelling_unknown(verdict.id, by, pointer("records", verdict.index))
        return Verdict(verdict.index, verdict.id, "rejected", (problem,))

    def _existing(self, record_id: str, at: str, consequence: str) -> Entry:
        known = self._known.get(record_id)
        if known is None:
            what = f"{self._title} {record_id} ist unbekannt; {consequence}."
            todo = "Bitte zuerst den ganzen Datensatz übergeben."
            raise RuleError(self._problem("unknown_record", what, todo, record_id, at + "/id"))
        return known

    def _put(self, record_id: str, data: Document, body: Mapping[str, Any]) -> Put:
        if self._entity in MASTER_DATA:
            return Put(self._company, self._kind, record_id, body, getattr(data, "ledger_account", None) or "")
        kept = {name: value for name, value in body.items() if name not in {"data", "active"}}
        return Put(self._company, self._kind, record_id, kept, kept.get("cancelled_by", ""))

    def _problem(self, code: str, what: str, todo: str, record_id: str, at: str) -> Problem:
        return Problem(code, what, todo, pointer=at, record=record_id)


def deactivated(company: str, kind: str, known: Entry) -> Put:
    """The entry as one that is no longer used."""
    return Put(company, kind, known.key, {**known.body, "active": False}, known.group)


def _body(data: Document) -> dict[str, Any]:
    """What is remembered of a document; the hash covers all that does not change by itself."""
    fields = data.model_dump(mode="json", exclude_none=True)
    lasting = {name: value for name, value in fields.items() if name not in data.VOLATILE}
    text = json.dumps(lasting, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {
        "version": data.version,
        "hash": hashlib.sha256(text.encode()).hexdigest(),
        "updated_at": data.updated_at.isoformat() if data.updated_at else None,
        "active": getattr(data, "active", True),
        "data": fields,
    }


def _stamps(body: Mapping[str, Any], known: Entry) -> dict[str, Any]:
    """Newer stamps of unchanged content."""
    names = ("version", "updated_at")
    return {name: body[name] if body[name] is not None else known.body.get(name) for name in names}


def _is_older(data: Document, known: Entry) -> bool:
    version, stamp = known.body.get("version"), known.body.get("updated_at")
    if data.version is not None and version is not None and data.version != version:
        return data.version < int(version)
    return data.updated_at is not None and stamp is not None and data.updated_at < datetime.fromisoformat(stamp)
