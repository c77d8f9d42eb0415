"""What the journal knows of places outside: what has come from there, what has gone there, how they are.

Every place has a thread of its own and writes through a connection of its own; the engine's thread never waits for it
longer than one small transaction takes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table, delete, select, update

from core.connecting import OwnDiskError
from core.errors import TransportError
from spool.journal.database import open_database, reachable, upsert, writing
from spool.journal.place import Place
from spool.journal.tables import Row, arrivals, departures, remote_places

_CHUNK = 500


class RemoteMemory:
    """The memory of one place. Every write is durable when it returns. Not thread-safe: one for each thread.

    Every method raises OwnDiskError when the journal cannot be read or written, JournalError when it is damaged or
    its file is not there any more; then nothing is written.
    """

    def __init__(self, url: str, place: str) -> None:
        self.place = place
        self._engine = open_database(url)
        with _ours(), reachable("opened"):
            self._connection = self._engine.connect()
        self._file = Place(self._connection)
        self._upserts = {
            table.name: upsert(self._engine.dialect, table) for table in (arrivals, departures, remote_places)
        }

    def close(self) -> None:
        """Give the database back."""
        self._connection.close()
        self._engine.dispose()

    # ── what has come ─────────────────────────────────────────────────────────────────────────────────────────────

    def arrivals(self, folder: str) -> list[Row]:
        """All that is remembered of a folder outside."""
        return self._rows(select(arrivals).where(arrivals.c.place == self.place, arrivals.c.folder == folder))

    def note_arrivals(self, rows: Sequence[Row]) -> None:
        """Write rows of the table, over those that are there."""
        self._write("arrivals", rows)

    def forget_arrivals(self, ids: Sequence[str]) -> None:
        """Remove rows."""
        self._forget(arrivals, ids)

    # ── what has gone ─────────────────────────────────────────────────────────────────────────────────────────────

    def departures(self, target: str) -> dict[str, Row]:
        """All that is on its way from a target to this place, by id."""
        query = select(departures).where(departures.c.place == self.place, departures.c.target == target)
        return {row["id"]: row for row in self._rows(query)}

    def note_departures(self, rows: Sequence[Row]) -> None:
        """Write rows of the table, over those that are there."""
        self._write("departures", rows)

    def forget_departures(self, ids: Sequence[str]) -> None:
        """Remove rows."""
        self._forget(departures, ids)

    # ── how it is ─────────────────────────────────────────────────────────────────────────────────────────────────

    def state(self) -> Row | None:
        """How the place was when it was told of last."""
        return next(iter(self._rows(select(remote_places).where(remote_places.c.name == self.place))), None)

    def tell(self, **values: Any) -> None:
        """Note how the place is, for whoever asks for the status."""
        with self._writing():
            told = self._connection.execute(
                update(remote_places).where(remote_places.c.name == self.place).values(values)
            )
            if not told.rowcount:
                self._connection.execute(
                    self._upserts["remote_places"],
                    {"name": self.place, "connected": False, "failures": 0, "collected": 0, "delivered": 0} | values,
                )

    # ── the database ──────────────────────────────────────────────────────────────────────────────────────────────

    def _rows(self, query: Any) -> list[Row]:
        with _ours(), reachable("read"), self._connection.begin():
            return [dict(row) for row in self._connection.execute(query).mappings()]

    def _write(self, table: str, rows: Sequence[Row]) -> None:
        if rows:
            with self._writing():
                self._connection.execute(self._upserts[table], rows)

    def _forget(self, table: Table, ids: Sequence[str]) -> None:
        if not ids:
            return
        with self._writing():
            for start in range(0, len(ids), _CHUNK):
                self._connection.execute(delete(table).where(table.c.id.in_(ids[start : start + _CHUNK])))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _ours():
            self._file.check()
            with writing(self._connection):
                yield


@contextmanager
def _ours() -> Iterator[None]:
    """It is our own disk that is in the way, not the place."""
    try:
        yield
    except TransportError as error:
        raise OwnDiskError(str(error)) from error
