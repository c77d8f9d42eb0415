"""Files from a folder outside land in an inbox, each exactly once, whatever the moment of a crash.

| the journal says | the draft                        | so                                                        |
|------------------|----------------------------------|-----------------------------------------------------------|
| nothing          | a part of it, or all             | fetch it again; a long one goes on, see ``drafts``        |
| fetched          | its change time has not moved    | link it into the inbox                                    |
| fetched          | it has moved, or it is gone      | it was in the inbox, even if it was claimed from there    |
| landed           | whatever                         | remove the draft; outside it remains to be cleared away   |
| kept             | none                             | it has come, and stays outside: it is not fetched again   |
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress

from core.connecting import Arrival
from core.errors import TransportError
from core.site import Route
from spool.folders.durable import remove_files, sync_paths
from spool.folders.names import safe_name
from spool.folders.ownership import Ownership
from spool.folders.places import ARRIVING_FOLDER, arriving_place
from spool.identifiers import now_ms
from spool.journal.remote import RemoteMemory
from spool.journal.tables import Row
from spool.remote.drafts import NOTE_MARK, RESUMED_FROM, Draft, Part
from spool.results.publishing import Publication, let_change_time_move

_FORGET_AFTER_MS = 60 * 86_400_000
"""A file that was left outside and has not been seen there for so long may come again."""
_MOST_WAITING = 10_000


class InboxLanding:
    """The way from one folder outside into one inbox; a ``core.connecting.Landing``. Not thread-safe."""

    def __init__(
        self,
        route: Route,
        folder: str,
        memory: RemoteMemory,
        ownership: Ownership,
        owner: str,
        free_bytes: int,
        hint: Callable[[str, str], None],
    ) -> None:
        """``hint`` is told folder and name of what has landed; ``owner`` is the number of the site."""
        self.owner = owner
        self._route = route
        self._folder = folder
        self._memory = memory
        self._ownership = ownership
        self._free_bytes = free_bytes
        self._hint = hint
        self._hidden = f"{route.folder}/{ARRIVING_FOLDER}"
        # other places, and other folders of this one, may land in the same inbox
        self._drafts = f"{memory.place}.{hashlib.sha256(folder.encode()).hexdigest()[:8]}."
        self._rows: dict[str, Row] = {row["id"]: row for row in memory.arrivals(folder)}
        self._kept: dict[bytes, Row] = {row["name"]: row for row in self._rows.values() if row["state"] == "kept"}

    def prepare(self) -> None:
        """Go on with what an earlier round has begun. Raise TransportError while nothing may land here."""
        self._ownership.enter(arriving_place(self._route))
        try:
            self._mend()
            disk = os.statvfs(self._hidden)
            waiting = sum(not name.startswith(".") for name in os.listdir(self._route.folder))
        except OSError as error:
            raise _in_the_way(error, self._hidden) from error
        if disk.f_bavail * disk.f_frsize < self._free_bytes:
            raise TransportError(f"{self._route.folder}: too little free space; nothing is fetched")
        if waiting > _MOST_WAITING:
            raise TransportError(f"{self._route.folder}: {waiting} files wait there; nothing more is fetched for now")

    # ── what the connector asks for ───────────────────────────────────────────────────────────────────────────────

    def new_id(self) -> str:
        """An id for an Arrival: time and chance, hexadecimal."""
        return f"{now_ms():011x}{secrets.token_hex(4)}"

    def draft(self, arrival: Arrival) -> Draft:
        """A hidden file for the content; what an earlier attempt has left of a long one is there."""
        return Draft(self._draft(arrival.id), self._note_of(arrival.taken_as), arrival)

    def knows(self, name: bytes, size: int, mtime: int) -> bool:
        """This very file has been fetched and was left outside."""
        row = self._kept.get(name)
        return row is not None and (row["size"], row["mtime"]) == (size, mtime)

    def remembers(self, name: bytes, sha256: str) -> bool:
        """A file of this name and content has been fetched and was left outside."""
        row = self._kept.get(name)
        return row is not None and row["sha256"] == sha256

    def has_landed(self, arrival_id: str) -> bool:
        """It is in the inbox already."""
        return arrival_id in self._rows

    def land(self, arrivals: Sequence[Arrival]) -> None:
        """Bring complete drafts into the inbox. Raise TransportError; what was noted by then goes on next time."""
        if not arrivals:
            return
        try:
            drafts = [self._draft(arrival.id) for arrival in arrivals]
            self._drop_notes(arrivals)  # a draft that may be in the inbox must never be written to again
            sync_paths(drafts, [self._hidden])
            planned = [self._planned(*pair) for pair in zip(arrivals, drafts, strict=True)]
            rows = [self._row(*pair) for pair in zip(arrivals, planned, strict=True)]
            let_change_time_move(planned)
            self._note(rows)
            self._show(rows, planned, fresh=True)
        except OSError as error:
            raise _in_the_way(error, self._hidden) from error

    def uncleared(self) -> Sequence[Arrival]:
        """What has landed and, as far as we know, still lies outside."""
        return [_arrival(row) for row in self._rows.values() if row["state"] == "landed"]

    def cleared(self, arrivals: Sequence[Arrival]) -> None:
        """These are cleared away outside: nothing of them needs to be remembered."""
        self._memory.forget_arrivals([arrival.id for arrival in arrivals])
        for arrival in arrivals:
            self._rows.pop(arrival.id, None)

    def kept(self, arrivals: Sequence[Arrival]) -> None:
        """These have come and stay outside; of each name the last one is remembered."""
        if not arrivals:
            return
        rows = [
            {**self._rows.get(arrival.id, self._row(arrival, None)), "state": "kept", "gone_at": None}
            for arrival in arrivals
        ]
        replaced = [self._kept[row["name"]]["id"] for row in rows if row["name"] in self._kept]
        self._note(rows)
        self._memory.forget_arrivals([number for number in replaced if number not in {row["id"] for row in rows}])
        for number in replaced:
            self._rows.pop(number, None)
        for row in rows:
            self._rows[row["id"]] = self._kept[row["name"]] = row
            with suppress(FileNotFoundError):
                os.unlink(self._draft(row["id"]))

    def there(self, names: Iterable[bytes]) -> None:
        """Forget what is not there any more: begun files at once, and after a while what has come."""
        now, there = now_ms(), set(names)
        self._tidy(there)
        changed = [row for name, row in self._kept.items() if (row["gone_at"] is None) != (name in there)]
        for row in changed:
            row["gone_at"] = None if row["name"] in there else now
        self._memory.note_arrivals(changed)
        over = [row for row in self._kept.values() if row["gone_at"] and row["gone_at"] < now - _FORGET_AFTER_MS]
        self.cleared([_arrival(row) for row in over])
        for row in over:
            del self._kept[row["name"]]

    # ── landing ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _draft(self, arrival_id: str) -> str:
        return f"{self._hidden}/{self._drafts}{arrival_id}"

    def _note_of(self, taken_as: bytes) -> str:
        return self._draft(NOTE_MARK + hashlib.sha256(taken_as).hexdigest()[:19])

    def _drop_notes(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            if arrival.size >= RESUMED_FROM:
                with suppress(FileNotFoundError):
                    os.unlink(self._note_of(arrival.taken_as))

    def _planned(self, arrival: Arrival, draft: str) -> Publication:
        return Publication.planned(
            self._route.name, _name_here(arrival.name), draft, str(self._route.folder), arrival.sha256
        )

    def _row(self, arrival: Arrival, planned: Publication | None) -> Row:
        return {
            "id": arrival.id,
            "place": self._memory.place,
            "folder": self._folder,
            "name": arrival.name,
            "taken_as": arrival.taken_as,
            "size": arrival.size,
            "mtime": arrival.mtime,
            "sha256": arrival.sha256,
            "state": "fetched",
            "shown": planned.name if planned else "",
            "draft": os.path.basename(planned.staged) if planned else "",
            "draft_place": planned.place if planned else 0,
            "inode": planned.inode if planned else 0,
            "ctime_ns": planned.ctime_ns if planned else 0,
            "gone_at": None,
        }

    def _note(self, rows: Sequence[Row]) -> None:
        self._memory.note_arrivals(rows)
        self._rows |= {row["id"]: row for row in rows}

    def _mend(self) -> None:
        """Bring in what was fetched whole and is not noted as landed."""
        rows = [row for row in self._rows.values() if row["state"] == "fetched"]
        self._show(rows, [self._publication(row) for row in rows], fresh=False)
        self._tidy(None)

    def _tidy(self, outside: Collection[bytes] | None) -> None:
        """Remove what was cut off, or has landed; long files can go on as long as they lie ``outside``."""
        found = [name for name in os.listdir(self._hidden) if name.startswith(self._drafts)]
        stay = set()
        for name in found:
            part = Part.read(f"{self._hidden}/{name}") if name.startswith(self._drafts + NOTE_MARK) else None
            if part and (outside is None or part.taken_as in outside):
                stay |= {name, part.draft}
        for name in found:
            if name not in stay:
                os.unlink(f"{self._hidden}/{name}")

    def _publication(self, row: Row) -> Publication:
        staged = f"{self._hidden}/{row['draft']}"
        known = (row["draft_place"], row["inode"], row["ctime_ns"], row["size"], row["sha256"])
        return Publication(self._route.name, row["shown"], staged, str(self._route.folder), *known)

    def _show(self, rows: Sequence[Row], planned: Sequence[Publication], *, fresh: bool) -> None:
        if not rows:
            return
        for publication in planned:
            publication.publish(fresh=fresh)
        sync_paths([], [str(self._route.folder)])
        self._note([{**row, "state": "landed", "shown": made.name} for row, made in zip(rows, planned, strict=True)])
        remove_files([publication.staged for publication in planned])  # with two names a file would be copied later
        for publication in planned:
            self._hint(publication.folder, publication.name)


def _name_here(name: bytes) -> str:
    """A name from outside as it is called here. One that is no UTF-8 comes from Windows, as a rule."""
    try:
        return safe_name(name.decode())
    except UnicodeDecodeError:
        return safe_name(name.decode("cp1252", "replace"))


def _arrival(row: Row) -> Arrival:
    return Arrival(row["id"], row["name"], row["taken_as"], row["size"], row["mtime"], row["sha256"])


def _in_the_way(error: OSError, folder: str) -> TransportError:
    return TransportError(f"{error.filename or folder}: cannot be used: {error.strerror}")
