"""Files of an outbox leave for a place outside, each exactly once, and only then go from here.

A file is known by what cannot be the same twice: its target, name, inode, size and time. So a restart knows what was
uploaded of this very file, and whether it stands outside already.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from core.connecting import Departure
from core.errors import TransportError
from core.readiness import FOLDERS_OF_SYSTEMS
from core.remote import DeliverFolder
from core.site import Target
from spool.folders.durable import make_folder, move_new, remove_files, sync_file
from spool.folders.names import free_name, visible_name
from spool.folders.ownership import check_sentinel
from spool.folders.places import SENT_FOLDER, target_place
from spool.folders.reach import check_answers
from spool.journal.remote import RemoteMemory
from spool.journal.tables import Row


class OutboxDespatch:
    """The way from one outbox to one folder outside; a ``core.connecting.Despatch``. Not thread-safe."""

    def __init__(self, target: Target, folder: DeliverFolder, memory: RemoteMemory, owner: str) -> None:
        """``owner`` is the number of the site."""
        self._target = target
        self._keeps = folder.after == "keep"
        self._memory = memory
        self._seed = f"{owner}/{memory.place}/{target.name}"
        self._rows: dict[str, Row] = memory.departures(target.name)

    def has_waiting(self) -> bool:
        """Something lies in the outbox; a quick look. Raise TransportError when it is away."""
        return next(self._entries(), None) is not None

    # ── what the connector asks for ───────────────────────────────────────────────────────────────────────────────

    def waiting(self) -> Sequence[Departure]:
        """Files that have not arrived outside, in the order in which they were published."""
        found = sorted(self._entries(), key=lambda entry: (entry[1].st_ctime_ns, entry[0]))
        there = [self._departure(name, status) for name, status in found]
        stand = [departure for departure in there if departure.final]
        self._take_away(stand)
        ids = {departure.id for departure in there}
        self._forget([row["id"] for row in self._rows.values() if row["id"] not in ids])
        return [departure for departure in there if not departure.final]

    def uploaded(self, departures: Sequence[Departure]) -> Sequence[Departure]:
        """These lie outside whole under hidden names. Returns those that still lie here."""
        there = [departure for departure in departures if self._is_there(departure)]
        self._note(there)
        return there

    def again(self, departure: Departure) -> None:
        """What was uploaded of it is gone."""
        self._forget([departure.id])

    def delivered(self, departures: Sequence[Departure]) -> None:
        """These stand outside: note it, then take them away here."""
        self._note(departures)
        self._take_away(departures)

    # ── the outbox ────────────────────────────────────────────────────────────────────────────────────────────────

    def _entries(self) -> Iterator[tuple[str, os.stat_result]]:
        folder = str(self._target.folder)
        check_answers(folder)
        check_sentinel(target_place(self._target))
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name in FOLDERS_OF_SYSTEMS:
                        continue
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode):
                            yield entry.name, status
        except OSError as error:
            raise TransportError(f"{folder}: {error.strerror}") from error

    def _departure(self, name: str, status: os.stat_result) -> Departure:
        known = f"{self._seed}/{name}/{status.st_ino}/{status.st_size}/{status.st_mtime_ns}"
        number = hashlib.sha256(os.fsencode(known)).hexdigest()[:20]
        row = self._rows.get(number)
        departure = Departure(number, name, self._target.folder / name, status.st_size)
        if row is None:
            return departure
        return replace(departure, uploaded_as=row["uploaded_as"], sha256=row["sha256"], final=row["delivered_as"])

    def _is_there(self, departure: Departure) -> bool:
        """Nobody has taken it back, or laid another file in its place."""
        try:
            status = os.lstat(departure.path)
        except OSError:
            return False
        return self._departure(departure.name, status).id == departure.id

    def _take_away(self, departures: Sequence[Departure]) -> None:
        """They stand outside. One that somebody has taken away here is just forgotten."""
        if not departures:
            return
        try:
            there = [departure.path for departure in departures if self._is_there(departure)]
            if self._keeps:
                self._keep(there)
            else:
                remove_files([str(path) for path in there])
            sync_file(str(self._target.folder))
        except OSError as error:
            raise TransportError(f"{error.filename or self._target.folder}: {error.strerror}") from error
        self._forget([departure.id for departure in departures])

    def _keep(self, paths: Sequence[Path]) -> None:
        sent = f"{self._target.folder}/{SENT_FOLDER}"
        make_folder(sent)
        for path in paths:
            move_new(str(path), f"{sent}/{free_name(sent, path.name)}")

    # ── the journal ───────────────────────────────────────────────────────────────────────────────────────────────

    def _note(self, departures: Sequence[Departure]) -> None:
        rows: list[Row] = [
            {
                "id": departure.id,
                "place": self._memory.place,
                "target": self._target.name,
                "name": visible_name(departure.name),
                "size": departure.size,
                "sha256": departure.sha256,
                "uploaded_as": departure.uploaded_as,
                "delivered_as": departure.final,
            }
            for departure in departures
        ]
        self._memory.note_departures(rows)
        self._rows |= {row["id"]: row for row in rows}

    def _forget(self, ids: Sequence[str]) -> None:
        self._memory.forget_departures(ids)
        for number in ids:
            self._rows.pop(number, None)
