"""The ledger that handlers are handed: the journal's, with what this worker has not seen committed yet laid over it.

A worker handles the files of one stream one after the other while the engine commits them in groups behind it. The
next file must see what the last one changed, committed or not; so changes stay in an overlay until the engine says
that everything is committed. If a commit fails, the engine ends the worker, and the overlay with it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Column, Connection, Engine, Select, bindparam, select

from core.contracts import Entry, Put
from spool.journal.tables import drops, keys, ledger

_CHUNK = 512
_COLUMNS = (ledger.c.key, ledger.c.body, ledger.c.group)


@dataclass(slots=True)
class _Overlay:
    """Changes of one kind that are not committed yet; an entry that is gone is None."""

    entries: dict[str, Entry | None] = field(default_factory=dict)
    keys_of: dict[str, set[str]] = field(default_factory=dict)
    """Keys that were put under a group; one may have another group by now, or be gone."""

    def put(self, key: str, entry: Entry | None) -> None:
        self.entries[key] = entry
        if entry is not None:
            self.keys_of.setdefault(entry.group, set()).add(key)

    def of_group(self, group: str) -> Iterator[Entry]:
        for key in self.keys_of.get(group, ()):
            entry = self.entries[key]
            if entry is not None and entry.group == group:
                yield entry


class WorkingLedger:
    """A ``core.contracts.Ledger`` for one worker, and the business keys claimed so far."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()
        self._changes: dict[tuple[str, str], _Overlay] = {}
        self._claims: dict[tuple[str, str], tuple[str, str]] = {}

    def of(self, company: str) -> "WorkingCompanyLedger":
        """The ledger of one company."""
        return WorkingCompanyLedger(self._connection, company, self._changes)

    def apply(self, puts: Sequence[Put], claims: Mapping[tuple[str, str], tuple[str, str]]) -> None:
        """Lay the changes of one finished file over the ledger; ``claims``: (scope, key) -> (digest, drop id)."""
        for put in puts:
            entry = None if put.body is None else Entry(put.key, put.body, put.group)
            self._changes.setdefault((put.company, put.kind), _Overlay()).put(put.key, entry)
        self._claims.update(claims)

    def settle(self) -> None:
        """Everything handed over so far is committed: read it from the journal from now on."""
        self._changes.clear()
        self._claims.clear()

    def release(self) -> None:
        """End the read transaction, so that the next read sees what was committed meanwhile.

        Once a job is enough: only this stream changes what its files may read, and these changes are laid over.
        """
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

    def __init__(self, connection: Connection, company: str, changes: Mapping[tuple[str, str], _Overlay]) -> None:
        self._connection = connection
        self._company = company
        self._changes = changes

    def get(self, kind: str, key: str) -> Entry | None:
        """The entry, or None."""
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: Sequence[str]) -> Mapping[str, Entry]:
        """Those of the entries that exist, by key."""
        changed = self._overlay(kind).entries
        found: dict[str, Entry] = {}
        wanted = keys
        if changed:
            overlaid = ((key, changed.get(key)) for key in keys)
            found = {key: entry for key, entry in overlaid if entry is not None}
            wanted = [key for key in keys if key not in changed]
        for start in range(0, len(wanted), _CHUNK):
            for entry in self._named(_by_keys, kind, wanted[start : start + _CHUNK]):
                found[entry.key] = entry
        return found

    def group(self, kind: str, group: str) -> Iterator[Entry]:
        """All entries of a group, in order of their keys."""
        return iter(self.get_groups(kind, [group]).get(group, ()))

    def get_groups(self, kind: str, groups: Sequence[str]) -> Mapping[str, Sequence[Entry]]:
        """Entries of many groups at once, each in order of its keys."""
        overlay = self._overlay(kind)
        found: dict[str, list[Entry]] = {}
        for start in range(0, len(groups), _CHUNK):
            for entry in self._named(_by_groups, kind, groups[start : start + _CHUNK]):
                if entry.key not in overlay.entries:
                    found.setdefault(entry.group, []).append(entry)
        for group in dict.fromkeys(groups):
            for entry in overlay.of_group(group):
                found.setdefault(group, []).append(entry)
        return {name: sorted(entries, key=lambda entry: entry.key) for name, entries in found.items()}

    def all(self, kind: str) -> Iterator[Entry]:
        """All entries of a kind in order of their keys; streamed a few at a time."""
        changed = self._overlay(kind).entries
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
        page = list(self._entries(_FIRST_PAGE, kind))
        yield from page
        while len(page) == _CHUNK:
            page = list(self._entries(_NEXT_PAGE, kind, last=page[-1].key))
            yield from page

    def _overlay(self, kind: str) -> _Overlay:
        return self._changes.get((self._company, kind), _NOTHING)

    def _named(self, query: Callable[[int], Select[Any]], kind: str, names: Sequence[str]) -> Iterator[Entry]:
        number = 1 << (len(names) - 1).bit_length()
        padded = [*names, *[names[-1]] * (number - len(names))]
        return self._entries(query(number), kind, **{f"name{at}": name for at, name in enumerate(padded)})

    def _entries(self, query: Select[Any], kind: str, **wanted: Any) -> Iterator[Entry]:
        rows = self._connection.execute(query, {"company": self._company, "kind": kind, **wanted}).all()
        for key, body, group in rows:
            yield Entry(key, json.loads(body), group)


_NOTHING = _Overlay()


def _of_kind(*columns: Column[Any]) -> Select[Any]:
    return select(*columns).where(ledger.c.company == bindparam("company"), ledger.c.kind == bindparam("kind"))


def _names(number: int) -> list[BindParameter[Any]]:
    return [bindparam(f"name{at}") for at in range(number)]


# Built once for every power of two: filling a list into a statement takes ten times as long as the answer of SQLite.
@lru_cache(maxsize=16)
def _by_keys(number: int) -> Select[Any]:
    return _of_kind(*_COLUMNS).where(ledger.c.key.in_(_names(number)))


@lru_cache(maxsize=16)
def _by_groups(number: int) -> Select[Any]:
    """Keys from the index of groups, then entries by their keys.

    Asked for in one go, or sorted by the database, SQLite without statistics walks the whole kind.
    """
    keys_of_groups = _of_kind(ledger.c.key).where(ledger.c.group.in_(_names(number)))
    return _of_kind(*_COLUMNS).where(ledger.c.key.in_(keys_of_groups))


_FIRST_PAGE = _of_kind(*_COLUMNS).order_by(ledger.c.key).limit(_CHUNK)
_NEXT_PAGE = _FIRST_PAGE.where(ledger.c.key > bindparam("last"))
_CLAIM = select(keys.c.digest, keys.c.drop_id).where(keys.c.scope == bindparam("scope"), keys.c.key == bindparam("key"))
_DROP = select(drops.c.name, drops.c.claimed_at).where(drops.c.id == bindparam("drop_id"))
