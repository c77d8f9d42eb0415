"""The limit: what a durable loop takes that does the same work and nothing else.

``python -m bench.peers.bare_loop INBOX OUTBOX ARCHIVE JOURNAL GROUP``. The same reader, handler and writer are called
directly, results are staged and synced (one syncfs a group, or each file where a group is one), one SQLite transaction
a group with synchronous=FULL, results renamed, originals moved into the archive with a manifest. No claim, no
readiness, no duplicates, no limits, no order, no notes, no chain, no recovery: a wrong file ends it.
"""

import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from bench.measuring import Arrivals
from core.batch import Origin, Output
from core.contracts import Context, Emit, Entry, Put, Warn, Writer
from formats import clue_exchange, op_list
from handlers import op_reconciliation
from spool.folders.durable import sync_file, sync_filesystem

_COMPANY = "1"


class PlainLedger:
    """The journal's ledger by plain SQL; one connection, so that a group sees its own changes."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def of(self, _company: str) -> "PlainLedger":
        return self

    def get(self, kind: str, key: str) -> Entry | None:
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: Sequence[str]) -> Mapping[str, Entry]:
        return {entry.key: entry for entry in self._select(kind, f"key IN ({_marks(keys)})", keys)}

    def get_groups(self, kind: str, groups: Sequence[str]) -> Mapping[str, Sequence[Entry]]:
        found: dict[str, list[Entry]] = {}
        # In two steps, else SQLite walks the whole kind.
        keys = f'SELECT key FROM ledger WHERE company=?1 AND kind=?2 AND "group" IN ({_marks(groups)})'
        for entry in self._select(kind, f"key IN ({keys})", groups):
            found.setdefault(entry.group, []).append(entry)
        return found

    def _select(self, kind: str, condition: str, values: Sequence[str]) -> Iterator[Entry]:
        query = f'SELECT key, body, "group" FROM ledger WHERE company=?1 AND kind=?2 AND {condition}'
        for key, body, group in self._database.execute(query, (_COMPANY, kind, *values)):
            yield Entry(key, json.loads(body), group)


def _marks(values: Sequence[str]) -> str:
    return ",".join(f"?{number}" for number in range(3, 3 + len(values)))


class BareLoop:
    """Takes what is there, a group at a time."""

    def __init__(self, inbox: str, outbox: str, archive: str, journal: str, group: int, durable: bool = True) -> None:
        self._inbox, self._outbox, self._archive, self._group, self._durable = inbox, outbox, archive, group, durable
        self._database = sqlite3.connect(journal, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        self._ledger = PlainLedger(self._database)
        self._number = 0

    def run(self) -> None:
        arrivals = Arrivals(Path(self._inbox))
        print("ready", flush=True)
        waiting: list[str] = []
        while True:
            waiting.extend(arrivals.wait(0.0 if waiting else 3600.0))
            self.take(waiting[: self._group])
            del waiting[: self._group]

    def take(self, names: Sequence[str]) -> None:
        """Handle these files as one group."""
        staged: list[tuple[str, str]] = []
        originals: list[tuple[str, str, bytes]] = []
        self._database.execute("BEGIN IMMEDIATE")
        for name in names:
            drop_id, made, manifest = self._handle(name)
            staged.extend(made)
            originals.append((name, drop_id, manifest))
        if self._durable:
            self._sync([hidden for hidden, _visible in staged])
        self._database.execute("COMMIT")
        for hidden, visible in staged:
            os.rename(hidden, visible)
        if self._durable:
            sync_file(self._outbox)
        for name, drop_id, manifest in originals:
            folder = f"{self._archive}/{drop_id}"
            os.mkdir(folder)
            os.rename(f"{self._inbox}/{name}", f"{folder}/{name}")
            with open(f"{folder}/manifest.json", "wb") as file:
                file.write(manifest)
        if self._durable:
            sync_filesystem(self._archive)

    def _sync(self, paths: Sequence[str]) -> None:
        if len(paths) > 4:
            sync_filesystem(self._outbox)
        else:
            for path in (*paths, self._outbox):
                sync_file(path)

    def _handle(self, name: str) -> tuple[str, list[tuple[str, str]], bytes]:
        self._number += 1
        now = datetime.now(tz=UTC)
        drop_id = f"{now:%Y%m%d%H%M%S}{self._number:06}"
        with open(f"{self._inbox}/{name}", "rb") as file:
            content = file.read()
        origin = Origin(drop_id, "bmd", name, now, _COMPANY)
        batch = op_list.read(BytesIO(content), origin, op_list.Settings(without_key_date="arrival"))
        context = Context(self._ledger, {}, op_reconciliation.Settings(), now.date())  # type: ignore[arg-type]
        pieces: dict[Output, tuple[Writer, list[bytes]]] = {}
        warnings = []
        for effect in op_reconciliation.handle(batch, context):
            match effect:
                case Emit():
                    self._emit(effect, pieces)
                case Put():
                    self._put(effect, drop_id)
                case Warn():
                    found = effect.problem
                    warnings.append({"code": found.code, "what": found.what, "row": found.row})
        made = [self._stage(output, writer, parts) for output, (writer, parts) in pieces.items()]
        digest = hashlib.sha256(content).hexdigest()
        report = json.dumps(warnings, ensure_ascii=False)
        self._note(drop_id, name, content, digest, report)
        manifest: dict[str, Any] = {"id": drop_id, "name": name, "size": len(content), "sha256": digest,
                                    "outputs": [(Path(path).name, done) for path, _, done in made],
                                    "warnings": warnings}  # fmt: skip
        data = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        return drop_id, [(hidden, visible) for visible, hidden, _ in made], data

    def _emit(self, effect: Emit, pieces: dict[Output, tuple[Writer, list[bytes]]]) -> None:
        opened = pieces.get(effect.output)
        if opened is None:
            writer = clue_exchange.open_writer(effect.output, clue_exchange.WriterSettings())
            opened = pieces[effect.output] = (writer, [writer.begin()])
        opened[1].append(opened[0].add(effect.documents))

    def _stage(self, output: Output, writer: Writer, parts: list[bytes]) -> tuple[str, str, str]:
        content = b"".join([*parts, writer.end()])
        visible = f"{self._outbox}/{output.name}"
        hidden = f"{self._outbox}/.{output.name}"
        with open(hidden, "wb") as file:
            file.write(content)
        return visible, hidden, hashlib.sha256(content).hexdigest()

    def _put(self, put: Put, drop_id: str) -> None:
        body = json.dumps(put.body, ensure_ascii=False)
        query = 'INSERT OR REPLACE INTO ledger (company, kind, key, "group", body, drop_id) VALUES (?, ?, ?, ?, ?, ?)'
        self._database.execute(query, (put.company, put.kind, put.key, put.group, body, drop_id))

    def _note(self, drop_id: str, name: str, content: bytes, digest: str, report: str) -> None:
        self._database.execute(
            "INSERT INTO drops (id, route, name, size, mtime_ns, sha256, state, claimed_at, finished_at, flags, report)"
            " VALUES (?, 'bmd', ?, ?, 0, ?, 'archived', 0, 0, '', ?)",
            (drop_id, name, len(content), digest, report),
        )


if __name__ == "__main__":
    BareLoop(*sys.argv[1:5], int(sys.argv[5])).run()  # type: ignore[misc]
