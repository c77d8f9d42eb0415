"""Reading and writing the journal. One writer: the engine's main thread."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Insert, and_, bindparam, delete, func, insert, select, update

from spool.archive.manifest import GENESIS, ChainHead
from spool.journal.database import check_pages, open_database, reachable, sync_names, upsert, writing
from spool.journal.place import Place
from spool.journal.tables import Row, alerts, chain, drops, keys, ledger, outputs, remote_places, requests, routes

_CHUNK = 1_000


@dataclass(slots=True)
class Results:
    """What one group writes in its one transaction; every list holds rows of the table of that name."""

    drops: list[Row]
    outputs: list[Row]
    keys: list[Row]
    ledger: Iterable[Row]
    """Rows to write; a ``body`` of None forgets the entry."""


class Journal:
    """What became of every drop. Methods that say "durable" return after the disk has it.

    Every method raises TransportError when the journal cannot be read or written; then nothing is written.
    JournalError says that it is damaged, or that its file is not there any more.
    """

    def __init__(self, url: str) -> None:
        self._durable_engine = open_database(url)
        self._relaxed_engine = open_database(url, durable=False)
        self._reading_engine = open_database(url, readonly=True)
        self._durable = self._durable_engine.connect()
        self._relaxed = self._relaxed_engine.connect()
        self._place = Place(self._durable)
        self._number: int | None = None
        self._upserts = {table.name: upsert(self._durable_engine.dialect, table) for table in (keys, ledger, alerts)}

    def prove(self) -> None:
        """Raise JournalError or TransportError when the journal is not whole."""
        self._place.check()
        with reachable("read"):
            check_pages(self._reading_engine)

    def close(self) -> None:
        """Give the database back."""
        self._durable.close()
        self._relaxed.close()
        for engine in (self._durable_engine, self._relaxed_engine, self._reading_engine):
            engine.dispose()

    # ── drops ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def claim(self, rows: Sequence[Row], *, durable: bool = False) -> None:
        """Note new drops. Not durable, as a rule: the files in the work folder are the truth, the rows follow."""
        connection = self._durable if durable else self._relaxed
        with writing(connection):
            connection.execute(insert(drops), rows)

    def commit(self, results: Results) -> None:
        """Durable: before it nothing has happened, after it everything will. All or nothing."""
        self._place.check()
        with writing(self._durable):
            self._write(self._durable, results)

    def next_number(self) -> int:
        """The number of the next commit of a drop; they grow for ever, and may leave out some."""
        if self._number is None:
            self._number = max((row["committed"] for row in self._rows(select(chain))), default=0)
        self._number += 1
        return self._number

    def _write(self, connection: Connection, results: Results) -> None:
        if results.keys:
            connection.execute(self._upserts["keys"], results.keys)
        if results.outputs:
            connection.execute(insert(outputs), results.outputs)
        write_ledger(connection, self._upserts["ledger"], results.ledger)
        if results.drops:
            connection.execute(_SETTLE, results.drops)
            if number := max(row["b_number"] for row in results.drops):
                connection.execute(_COMMITTED, {"committed": number})

    def finish(
        self, rows: Sequence[Row], counts: Mapping[tuple[str, str], int], head: ChainHead, finished_at: int
    ) -> None:
        """Note that drops need no further act. Not durable: a restart finds out from the folders."""
        with writing(self._relaxed):
            if rows:
                self._relaxed.execute(_FINISH, rows)
            for (route, outcome), number in counts.items():
                self._relaxed.execute(_COUNT[outcome], {"b_name": route, "b_number": number, "b_at": finished_at})
            self._relaxed.execute(_HEAD, {"sequence": head.sequence, "digest": head.digest})

    def note(self, rows: Sequence[Row]) -> None:
        """Change state and report of drops that go on later. Not durable."""
        with writing(self._relaxed):
            self._relaxed.execute(_NOTE, rows)

    def reopen(self, drop_id: str, flags: str) -> None:
        """A person wants a drop handled again; what was laid down for it before is no longer its own."""
        with writing(self._durable):
            self._durable.execute(delete(outputs).where(outputs.c.drop_id == drop_id))
            values = {"state": "claimed", "flags": flags, "finished_at": None}
            self._durable.execute(update(drops).where(drops.c.id == drop_id).values(values))

    def forget(self, drop_ids: Sequence[str]) -> None:
        """Remove drops that left no trace: canaries, and claims whose file went back to the inbox."""
        with writing(self._relaxed):
            for start in range(0, len(drop_ids), _CHUNK):
                self._relaxed.execute(delete(drops).where(drops.c.id.in_(drop_ids[start : start + _CHUNK])))

    def unfinished(self) -> list[Row]:
        """Drops that need a further act, oldest first."""
        return self._rows(select(drops).where(drops.c.finished_at.is_(None)).order_by(drops.c.id))

    def drop(self, drop_id: str) -> Row | None:
        """One drop, or None. The id may be cut short as long as it is unique."""
        query = select(drops).where(drops.c.id >= drop_id, drops.c.id < drop_id + "g").limit(2)
        rows = self._rows(query)
        return rows[0] if len(rows) == 1 else None

    def latest(self, number: int, route: str | None = None) -> list[Row]:
        """The last drops, newest first."""
        query = select(drops).order_by(drops.c.id.desc()).limit(number)
        return self._rows(query if route is None else query.where(drops.c.route == route))

    def effects_of(self, drop_ids: Collection[str]) -> dict[str, tuple[list[tuple[str, str]], list[Row]]]:
        """Keys and ledger rows that drops were the last to write. One look at all that there is: for a restart."""
        found: dict[str, tuple[list[tuple[str, str]], list[Row]]] = {drop_id: ([], []) for drop_id in drop_ids}
        if found:
            for row in self.stream(select(keys)):
                if row["drop_id"] in found:
                    found[row["drop_id"]][0].append((row["scope"], row["key"]))
            for row in self.stream(select(ledger)):
                if row["drop_id"] in found:
                    found[row["drop_id"]][1].append(row)
        return found

    def outputs_of(self, drop_ids: Sequence[str]) -> dict[str, list[Row]]:
        """Outputs by drop, in publishing order."""
        found: dict[str, list[Row]] = {}
        for start in range(0, len(drop_ids), _CHUNK):
            query = select(outputs).where(outputs.c.drop_id.in_(drop_ids[start : start + _CHUNK]))
            for row in self._rows(query.order_by(outputs.c.drop_id, outputs.c.ordinal)):
                found.setdefault(row["drop_id"], []).append(row)
        return found

    # ── the rest ──────────────────────────────────────────────────────────────────────────────────────────────────

    def head(self) -> ChainHead:
        """Last link of the archive's chain that the journal knows."""
        rows = self._rows(select(chain))
        return ChainHead(rows[0]["sequence"], rows[0]["digest"]) if rows else GENESIS  # no daemon has run yet

    def prepare(self, route_names: Sequence[str]) -> None:
        """Make the rows that later statements update, and see to it that the database cannot get lost as a whole."""
        with writing(self._relaxed):
            known = set(self._relaxed.execute(select(routes.c.name)).scalars())
            for name in route_names:
                if name not in known:
                    self._relaxed.execute(insert(routes).values(name=name))
            if not self._relaxed.execute(select(func.count()).select_from(chain)).scalar_one():
                self._relaxed.execute(insert(chain).values(id=1, sequence=GENESIS.sequence, digest=GENESIS.digest))
        sync_names(self._durable_engine)

    def routes(self) -> dict[str, Row]:
        """What is known of every route, by name."""
        return {row["name"]: row for row in self._rows(select(routes))}

    def set_route(self, name: str, **values: Any) -> None:
        """Change what is known of a route."""
        with writing(self._relaxed):
            self._relaxed.execute(update(routes).where(routes.c.name == name).values(values))

    def remote_places(self) -> dict[str, Row]:
        """How every place outside was when its thread told of it last, by name."""
        return {row["name"]: row for row in self._rows(select(remote_places))}

    def alerts(self) -> list[Row]:
        """Open alerts, oldest first."""
        return self._rows(select(alerts).order_by(alerts.c.raised_at))

    def raise_alert(self, code: str, subject: str, text: str, now: int) -> None:
        """Open an alert, or renew its text."""
        with writing(self._relaxed):
            self._relaxed.execute(
                self._upserts["alerts"], {"code": code, "subject": subject, "text": text, "raised_at": now}
            )

    def clear_alert(self, code: str, subject: str) -> None:
        """The matter of an alert is over."""
        with writing(self._relaxed):
            self._relaxed.execute(delete(alerts).where(and_(alerts.c.code == code, alerts.c.subject == subject)))

    def ask(self, verb: str, drop_id: str, reason: str, now: int) -> int:
        """Note what a person wants done with a drop; the daemon does it. Durable. Returns the request's number."""
        with writing(self._durable):
            made = self._durable.execute(
                insert(requests).values(verb=verb, drop_id=drop_id, reason=reason, asked_at=now)
            )
            number = made.inserted_primary_key
        return int(number[0]) if number else 0

    def asked(self) -> list[Row]:
        """Requests that wait, oldest first."""
        return self._rows(select(requests).where(requests.c.done.is_(False)).order_by(requests.c.id))

    def answered(self, request_id: int) -> str | None:
        """The daemon's answer to a request; None as long as there is none."""
        return next((row["answer"] for row in self._rows(select(requests).where(requests.c.id == request_id))), None)

    def answer(self, request_id: int, text: str) -> None:
        """A request is done, or refused with a reason."""
        with writing(self._relaxed):
            self._relaxed.execute(update(requests).where(requests.c.id == request_id).values(done=True, answer=text))

    def _rows(self, query: Any) -> list[Row]:
        self._place.check()
        with reachable("read"), self._reading_engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def stream(self, query: Any) -> Iterator[Row]:
        """Rows of a long answer, a few at a time."""
        with self._reading_engine.connect() as connection:
            for row in connection.execution_options(yield_per=_CHUNK).execute(query).mappings():
                yield dict(row)


def write_ledger(connection: Connection, upserting: Insert, rows: Iterable[Row]) -> None:
    """Write rows of the ledger, a later one of a key over an earlier one; a ``body`` of None forgets the entry."""
    written: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        written[row["company"], row["kind"], row["key"]] = row
        if len(written) >= _CHUNK:
            _flush_ledger(connection, upserting, written)
    _flush_ledger(connection, upserting, written)


def _flush_ledger(connection: Connection, upserting: Insert, written: dict[tuple[str, str, str], Row]) -> None:
    kept = [row for row in written.values() if row["body"] is not None]
    gone = [
        {"b_company": row["company"], "b_kind": row["kind"], "b_key": row["key"]}
        for row in written.values()
        if row["body"] is None
    ]
    if kept:
        connection.execute(upserting, kept)
    if gone:
        connection.execute(_FORGET, gone)
    written.clear()


def as_json(value: Any) -> str:
    """The journal's spelling of a structure. Half characters, which no database takes, become JSON escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode()


_ID = drops.c.id == bindparam("b_id")
_SETTLED = ("state", "sha256", "companions", "report", "number", "effects")
_SETTLE = update(drops).where(_ID).values({name: bindparam(f"b_{name}") for name in _SETTLED})
_FINISH = (
    update(drops).where(_ID).values(state=bindparam("b_state"), finished_at=bindparam("b_finished_at"), effects=None)
)
_COUNT = {
    outcome: update(routes)
    .where(routes.c.name == bindparam("b_name"))
    .values({outcome: routes.c[outcome] + bindparam("b_number"), "last_drop_at": bindparam("b_at")})
    for outcome in ("archived", "rejected", "duplicate", "discarded")
}
"""By outcome: one drop more of a route has come to this end."""
_HEAD = update(chain).values(sequence=bindparam("sequence"), digest=bindparam("digest"))
_COMMITTED = update(chain).values(committed=bindparam("committed"))
_NOTE = update(drops).where(_ID).values(state=bindparam("b_state"), report=bindparam("b_report"))
_FORGET = delete(ledger).where(
    ledger.c.company == bindparam("b_company"), ledger.c.kind == bindparam("b_kind"), ledger.c.key == bindparam("b_key")
)
