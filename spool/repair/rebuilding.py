"""Making the journal right again, from the archive and the folders, without doing anything a second time.

The archive is the event log: each manifest tells what its drop has changed in the journal, and its number says when.
So whatever a journal does not know yet, because it is new or was restored from a backup, is written into it; what is
known stays. Nothing is handled and nothing is published. On SQLite a new file is made and takes the place of the old
one at the very end, on a server all is one transaction: a rebuild that was cut off can just be run again.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, insert, select, update

from core.errors import CluedropError, Problem
from core.site import Site
from spool.archive.manifest import Manifest, entry_folder
from spool.archive.reading import Entry, Told, manifest_in, read_archive
from spool.folders.places import adopt_folders
from spool.instance import only_one
from spool.journal.database import upsert
from spool.journal.replacing import OldJournal, journal_to_be
from spool.journal.store import as_json, write_ledger
from spool.journal.tables import Row, chain, drops, keys, ledger, outputs, routes
from spool.repair.adopting import Adopted, Parking, given_back
from spool.results.committing import report_of
from spool.results.effects import done_again
from spool.work.handling import WORK_FOLDER

_GROUP = 500
_JUDGED = ("committed", "discarding", "archived", "discarded", "rejected", "duplicate", "held", "unclear")
_ARCHIVED = ("archived", "discarded")
_COUNTED = (*_ARCHIVED, "rejected", "duplicate")

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Report(OldJournal):
    """What was found and done."""

    archived: int = 0
    """Entries of the archive."""
    written: int = 0
    """Those of them that the journal did not know."""
    without_effects: list[str] = field(default_factory=list)
    """Drops whose entry does not say what they changed."""
    given_back: Counter[str] = field(default_factory=Counter)
    """Drops whose files lie in the inboxes' folders and were not known, by state."""
    parked: list[str] = field(default_factory=list)
    """Drops that a person must judge."""
    away: list[str] = field(default_factory=list)
    """Routes whose folders could not be looked at."""
    findings: list[str] = field(default_factory=list)
    """What is wrong with the archive."""

    @property
    def needs_a_look(self) -> bool:
        """Something is left for a person."""
        return bool(self.findings or self.parked or self.away or self.without_effects)


def rebuild(site: Site, progress: Progress, *, accept_loss: bool = False) -> Report:
    """Make the journal agree with the archive and the folders.

    ``accept_loss`` takes the archive as it is although the journal knows a later one. Raise AlreadyRunning while a
    daemon is at work, JournalError where the journal is of a later version, CluedropError where the archive ends
    before what the journal knows: it may not be mounted.
    """
    report = Report()
    with only_one(site.state), journal_to_be(site.journal_url, report) as connection:
        known = connection.execute(select(chain)).mappings().one_or_none()
        told = read_archive(site, progress)
        report.archived, report.findings = len(told.entries), [str(finding) for finding in told.findings]
        if known and told.head.sequence < known["sequence"] and not accept_loss:
            raise CluedropError(
                f"the archive ({site.archive}) ends at number {told.head.sequence}, the journal knows it up to number "
                f"{known['sequence']}. Is it mounted? If the rest is lost for good: daemon.py rebuild --accept-loss"
            )
        writing = _Writing(connection, site, report)
        writing.write(told, known["committed"] if known else 0, progress)
        writing.adopt()
        writing.settle(told, dict(known) if known else None)
    adopt_folders(site, of_others=False)
    return report


class _Writing:
    """Writes what archive and folders tell into a journal."""

    def __init__(self, connection: Connection, site: Site, report: Report) -> None:
        self._connection = connection
        self._site = site
        self._report = report
        self._upserts = {table.name: upsert(connection.dialect, table) for table in (drops, keys, ledger)}

    # ── the archive ──────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, told: Told, committed: int, progress: Progress) -> None:
        """Write every drop that the journal does not know, in the order of the commits."""
        open_ids = select(drops.c.id).where(drops.c.finished_at.is_(None))
        unfinished = set(self._connection.execute(open_ids).scalars())
        wanted = [
            entry
            for entry in sorted(told.entries, key=lambda entry: (entry.number, entry.sequence))
            if entry.number > committed or entry.drop_id in unfinished or (not entry.number and not self._knows(entry))
        ]
        for start in range(0, len(wanted), _GROUP):
            self._write_group(wanted[start : start + _GROUP], committed)
            progress(min(start + _GROUP, len(wanted)), len(wanted))
        self._report.written = len(wanted)

    def _knows(self, entry: Entry) -> bool:
        return self._connection.execute(select(drops.c.id).where(drops.c.id == entry.drop_id)).first() is not None

    def _write_group(self, entries: Sequence[Entry], committed: int) -> None:
        manifests = [manifest_in(self._site.archive, entry.folder)[0] for entry in entries]
        self._connection.execute(self._upserts["drops"], [self._drop_row(manifest) for manifest in manifests])
        self._connection.execute(delete(outputs).where(outputs.c.drop_id.in_([entry.drop_id for entry in entries])))
        self._insert([row for manifest in manifests for row in _output_rows(manifest)])
        new = [manifest for manifest in manifests if manifest.number > committed]
        claimed = [
            {"scope": scope, "key": key, "digest": manifest.original.sha256, "drop_id": manifest.id}
            for manifest in new
            for scope, key in manifest.keys
        ]
        if claimed:
            self._connection.execute(self._upserts["keys"], claimed)
        changes = (row for manifest in new for row in self._changes(manifest))
        write_ledger(self._connection, self._upserts["ledger"], changes)
        self._report.without_effects += [
            manifest.id for manifest in manifests if not manifest.number and manifest.outcome == "archived"
        ]

    def _drop_row(self, manifest: Manifest) -> Row:
        original = manifest.original
        path = self._site.archive / entry_folder(manifest.received_at, manifest.id) / original.file
        modified = 0
        with suppress(OSError):
            modified = path.stat().st_mtime_ns
        kept = [[file.name, "", file.size, file.sha256] for file in manifest.companions]
        warnings = [Problem(**warning) for warning in manifest.warnings]
        return {
            "id": manifest.id,
            "route": manifest.route,
            "name": original.name,
            "size": original.size,
            "mtime_ns": modified,
            "sha256": original.sha256,
            "state": manifest.outcome,
            "claimed_at": round(manifest.received_at.timestamp() * 1000),
            "finished_at": round(manifest.archived_at.timestamp() * 1000),
            "flags": manifest.flags,
            "companions": as_json(kept) if kept else None,
            "report": report_of((), warnings),
            "number": manifest.number,
            "effects": None,
        }

    def _insert(self, rows: Sequence[Row]) -> None:
        if rows:
            self._connection.execute(insert(outputs), rows)

    def _changes(self, manifest: Manifest) -> Iterator[Row]:
        yield from done_again(manifest.ledger, manifest.id)
        if manifest.ledger_file is not None:
            folder = self._site.archive / entry_folder(manifest.received_at, manifest.id)
            with (folder / manifest.ledger_file.file).open(encoding="utf-8") as file:
                yield from done_again(file, manifest.id)

    # ── the folders ──────────────────────────────────────────────────────────────────────────────────────────────

    def adopt(self) -> None:
        """Write what the folders of the inboxes tell, and park what nobody can judge."""
        parking = Parking(self._site)
        for route in self._site.routes:
            known = select(drops.c.id).where(drops.c.route == route.name).limit(1)
            if not (os.path.isdir(f"{route.folder}/{WORK_FOLDER}") or self._connection.execute(known).first()):
                continue  # it has never been at work
            try:
                for adopted in given_back(route):
                    self._adopt(adopted)
                judged = select(drops.c.id).where(drops.c.route == route.name, drops.c.state.in_(_JUDGED))
                for adopted in parking.park(route, set(self._connection.execute(judged).scalars())):
                    self._adopt(adopted)
                    self._report.parked.append(adopted.drop["id"])
            except OSError as error:
                self._report.away.append(f"{route.name} ({error.strerror}: {error.filename})")

    def _adopt(self, adopted: Adopted) -> None:
        drop_id, state = adopted.drop["id"], adopted.drop["state"]
        known = self._connection.execute(select(drops.c.state).where(drops.c.id == drop_id)).scalar()
        if known in {state, "committed", "discarding", *_ARCHIVED}:
            return
        self._connection.execute(self._upserts["drops"], [adopted.drop])
        self._connection.execute(delete(outputs).where(outputs.c.drop_id == drop_id))
        self._insert(adopted.outputs)
        self._report.given_back[state] += 1

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    def settle(self, told: Told, before: Row | None) -> None:
        """Write the head of the chain, and count anew what has become of drops."""
        committed = max(told.committed, before["committed"] if before else 0)
        values = {"sequence": told.head.sequence, "digest": told.head.digest}
        values |= {"committed": committed, "copied_at": None}
        self._connection.execute(delete(chain))
        self._connection.execute(insert(chain).values(id=1, **values))
        counting = select(drops.c.route, drops.c.state, func.count(), func.max(drops.c.finished_at))
        counted = counting.where(drops.c.state.in_(_COUNTED)).group_by(drops.c.route, drops.c.state)
        found: dict[str, Row] = {}
        for name, state, number, last in self._connection.execute(counted):
            known = found.setdefault(name, {"last_drop_at": 0})
            known |= {state: number, "last_drop_at": max(known["last_drop_at"], last or 0)}
        there = set(self._connection.execute(select(routes.c.name)).scalars())
        for name, values in found.items():
            if name not in there:
                self._connection.execute(insert(routes).values(name=name))
            self._connection.execute(update(routes).where(routes.c.name == name).values(values))


def _output_rows(manifest: Manifest) -> Iterator[Row]:
    for ordinal, made in enumerate(manifest.outputs):
        published = {"staged": "", "place": 0, "inode": 0, "ctime_ns": 0}
        yield published | {
            "drop_id": manifest.id,
            "ordinal": ordinal,
            "target": made.target,
            "name": made.name,
            "size": made.size,
            "sha256": made.sha256,
        }
