"""The ledger that handlers are handed: the journal's, with what this worker has not seen committed yet laid over it.

A worker handles the files of one stream one after the other while the engine commits them in groups behind it. The
next file must see what the last one changed, committed or not; so changes stay in an overlay until the engine says
that everything is committed. If a commit fails, the engine ends the worker, and the overlay with it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Engine, Select, bindparam, select

from core.contracts import Entry, Put
from spool.journal.tables import drops, keys, ledger

_CHUNK = 500
_COLUMNS = (ledger.c.key, ledger.c.body, ledger.c.group)


class WorkingLedger:
    """A ``core.contracts.Ledger`` for one worker, and the business keys claimed so far."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()
        self._changes: dict[tuple[str, str], dict[str, Entry | None]] = {}
        self._claims: dict[tuple[str, str], tuple[str, str]] = {}

    def of(self, company: str) -> "WorkingCompanyLedger":
        """The ledger of one company."""
        return WorkingCompanyLedger(self._connection, company, self._changes)

    def apply(self, puts: Sequence[Put], claims: Mapping[tuple[str, str], tuple[str, str]]) -> None:
        """Lay the changes of one finished file over the ledger; ``claims``: (scope, key) -> (digest, drop id)."""
        for put in puts:
            entry = None if put.body is None else Entry(put.key, put.body, put.group)
            self._changes.setdefault((put.company, put.kind), {})[put.key] = entry
        self._claims.update(claims)

    def settle(self) -> None:
        """Everything handed over so far is committed: read it from the journal from now on."""
        self._changes.clear()
        self._claims.clear()

    def release(self) -> None:
        """End the read transaction, so that the next read sees what was committed meanwhile."""
        self._connection.rollback()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def claimed(self, scope: str, key: str) -> tuple[str, str] | None:
        """Digest and drop id under which a key was claimed; None when it is free."""
        pending = self._claims.get((scope, key))
        if pending is not None:
            return pending
        row = self._connection.execute(_CLAIM, {"scope": scope, "key": key}).one_or_none()
        return None if row is None else (row.digest, row.drop_id)

    def drop(self, drop_id: str) -> tuple[str, int]:
        """Name of an earlier drop and when it was claimed (ms)."""
        row = self._connection.execute(_DROP, {"drop_id": drop_id}).one_or_none()
        return (drop_id, 0) if row is None else (row.name, row.claimed_at)


class WorkingCompanyLedger:
    """A ``core.contracts.CompanyLedger``: the journal's entries with the overlay on top."""

    def __init__(
        self, connection: Connection, company: str, changes: Mapping[tuple[str, str], Mapping[str, Entry | None]]
    ) -> None:
        self._connection = connection
        self._company = company
        self._changes = changes

    def get(self, kind: str, key: str) -> Entry | None:
        """The entry, or None."""
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: Sequence[str]) -> Mapping[str, Entry]:
        """Those of the entries that exist, by key."""
        changed = self._overlay(kind)
        found: dict[str, Entry] = {}
        wanted = keys
        if changed:
            overlaid = ((key, changed.get(key)) for key in keys)
            found = {key: entry for key, entry in overlaid if entry is not None}
            wanted = [key for key in keys if key not in changed]
        for start in range(0, len(wanted), _CHUNK):
            query = self._of(kind).where(ledger.c.key.in_(wanted[start : start + _CHUNK]))
            for entry in self._entries(query):
                found[entry.key] = entry
        return found

    def group(self, kind: str, group: str) -> Iterator[Entry]:
        """All entries of a group, in order of their keys."""
        return iter(self.get_groups(kind, [group]).get(group, ()))

    def get_groups(self, kind: str, groups: Sequence[str]) -> Mapping[str, Sequence[Entry]]:
        """Entries of many groups at once, each in order of its keys."""
        changed = self._overlay(kind)
        found: dict[str, list[Entry]] = {}
        for start in range(0, len(groups), _CHUNK):
            # Keys from the index of groups, then entries by their keys: asked in one go, and also when asked to sort,
            # SQLite without statistics walks the whole kind.
            of_groups = self._of(kind, ledger.c.key).where(ledger.c.group.in_(groups[start : start + _CHUNK]))
            for entry in self._entries(self._of(kind).where(ledger.c.key.in_(of_groups))):
                if entry.key not in changed:
                    found.setdefault(entry.group, []).append(entry)
        wanted = set(groups)
        for pending in changed.values():
            if pending is not None and pending.group in wanted:
                found.setdefault(pending.group, []).append(pending)
        return {name: sorted(entries, key=lambda entry: entry.key) for name, entries in found.items()}

    def all(self, kind: str) -> Iterator[Entry]:
        """All entries of a kind in order of their keys; streamed a few at a time."""
        changed = self._overlay(kind)
        fresh = iter(sorted((entry for entry in changed.values() if entry is not None), key=lambda entry: entry.key))
        waiting: Entry | None = next(fresh, None)
        for entry in self._stored(kind):
            while waiting is not None and waiting.key < entry.key:
                yield waiting
                waiting = next(fresh, None)
            if entry.key not in changed:
                yield entry
        while waiting is not None:
            yield waiting
            waiting = next(fresh, None)

    def _stored(self, kind: str) -> Iterator[Entry]:
        # Page by key rather than by an open cursor: a handler may ask other things between two entries.
        last = ""
        while True:
            page = list(self._entries(self._of(kind).where(ledger.c.key > last).order_by(ledger.c.key).limit(_CHUNK)))
            yield from page
            if len(page) < _CHUNK:
                return
            last = page[-1].key

    def _overlay(self, kind: str) -> Mapping[str, Entry | None]:
        return self._changes.get((self._company, kind), {})

    def _of(self, kind: str, *columns: Column[Any]) -> Select[Any]:
        return select(*(columns or _COLUMNS)).where(ledger.c.company == self._company, ledger.c.kind == kind)

    def _entries(self, query: Select[Any]) -> Iterator[Entry]:
        for key, body, group in self._connection.execute(query):
            yield Entry(key, json.loads(body), group)


_CLAIM = select(keys.c.digest, keys.c.drop_id).where(keys.c.scope == bindparam("scope"), keys.c.key == bindparam("key"))
_DROP = select(drops.c.name, drops.c.claimed_at).where(drops.c.id == bindparam("drop_id"))
