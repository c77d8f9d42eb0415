"""What follows a commit: publish, archive, note "finished". Run again after a crash, it changes nothing twice."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from loguru import logger

from core.errors import CluedropError, TransportError
from core.site import Site
from spool.archive.files import ArchiveConflict
from spool.archive.filing import CHAIN_NAME, Archive
from spool.archive.manifest import GENESIS, ArchiveEntry, MadeFile, SourceFile
from spool.folders.durable import sync_paths
from spool.folders.reach import answers, check_answers
from spool.identifiers import now_ms
from spool.journal.store import Journal
from spool.results.committing import PARKED, Settled
from spool.results.publishing import let_change_time_move

_ARCHIVED = {"committed": "archived", "discarding": "discarded"}
"""States whose originals go into the archive, and what they are called then."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A drop whose results could not be laid down yet; nothing is lost, it is tried again."""

    drop: Settled
    reason: str


class Completer:
    """Lays down what is committed."""

    def __init__(self, site: Site, journal: Journal, hold: Callable[[str], None]) -> None:
        """``hold`` raises TransportError for an archive that is not ours, or not the one that it was."""
        self._hold = hold
        self._journal = journal
        self._root = site.archive
        self._archive = Archive(site.archive, sync_paths)
        self._zone = ZoneInfo(site.timezone)
        self._told_on: date | None = None
        own = self._archive.settle() if answers(str(self._root)) else GENESIS  # it is asked again at each placing
        self._head = max(own, journal.head(), key=lambda head: head.sequence)

    @property
    def has_begun(self) -> bool:
        """The archive holds something."""
        return self._head.sequence > 0

    def complete(self, drops: Sequence[Settled], *, fresh: bool) -> list[Unfinished]:
        """Publish, archive and finish drops; ``fresh``: committed a moment ago by this process.

        Returns those for which a folder or disk was in the way; they stay committed and are handed in again later.
        """
        published, unfinished = self._publish(drops, fresh=fresh)
        try:
            published, conflicts = self._archive_all(published)
            unfinished.extend(conflicts)
            self._sync_visible(published)
            self._finish(published)
        except (OSError, CluedropError) as error:
            return [*unfinished, *(Unfinished(drop, str(error)) for drop in published)]
        self._tidy(published)
        return unfinished

    def _publish(self, drops: Sequence[Settled], *, fresh: bool) -> tuple[list[Settled], list[Unfinished]]:
        published: list[Settled] = []
        unfinished: list[Unfinished] = []
        if fresh:
            let_change_time_move(made for drop in drops for made in drop.publications)
        for drop in drops:
            try:
                for publication in drop.publications:
                    check_answers(publication.folder)
                    publication.publish(fresh=fresh)
            except (OSError, TransportError) as error:
                unfinished.append(Unfinished(drop, str(error)))
            else:
                published.append(drop)
        return published, unfinished

    def _archive_all(self, drops: list[Settled]) -> tuple[list[Settled], list[Unfinished]]:
        """Place all originals; what the archive holds with other content keeps only itself from going on."""
        entries = [self._entry(drop) for drop in drops if drop.state in _ARCHIVED]
        if entries:
            self._hold(str(self._root))
        if entries and self._head.sequence and not os.path.lexists(f"{self._root}/{CHAIN_NAME}"):
            raise TransportError(f"{self._root}: {CHAIN_NAME} is missing, so this is not the archive; is it mounted?")
        try:
            self._head = self._archive.place(entries, self._head)
        except ArchiveConflict:
            return self._archive_each(drops)
        return drops, []

    def _archive_each(self, drops: Sequence[Settled]) -> tuple[list[Settled], list[Unfinished]]:
        placed: list[Settled] = []
        conflicts: list[Unfinished] = []
        for drop in drops:
            try:
                if drop.state in _ARCHIVED:
                    self._head = self._archive.place([self._entry(drop)], self._head)
            except ArchiveConflict as error:
                conflicts.append(Unfinished(drop, str(error)))
            else:
                placed.append(drop)
        return placed, conflicts

    def _entry(self, drop: Settled) -> ArchiveEntry:
        return ArchiveEntry(
            drop_id=drop.drop_id,
            route=drop.route,
            outcome=_ARCHIVED[drop.state],
            received_at=datetime.fromtimestamp(drop.claimed_at / 1000, tz=self._zone),
            archived_at=datetime.now(tz=self._zone),
            original=SourceFile(drop.name, drop.path, drop.size, drop.sha256),
            companions=drop.companions,
            outputs=[MadeFile(made.target, made.name, made.size, made.sha256) for made in drop.publications],
            warnings=drop.warnings,
            effects=drop.effects,
        )

    def _sync_visible(self, drops: Sequence[Settled]) -> None:
        sync_paths([], {publication.folder for drop in drops for publication in drop.publications})

    def _finish(self, drops: Sequence[Settled]) -> None:
        finished_at = now_ms()
        rows = []
        counts: Counter[tuple[str, str]] = Counter()
        for drop in drops:
            state = _ARCHIVED.get(drop.state, drop.state)
            parked = state in PARKED
            rows.append({"b_id": drop.drop_id, "b_state": state, "b_finished_at": None if parked else finished_at})
            if not parked:
                counts[drop.route, state] += 1
            if state != "archived":
                logger.info("route {}: drop {} is {}: {}", drop.route, drop.drop_id, state, drop.name)
        for (route, state), number in counts.items():
            if state == "archived":
                logger.info("route {}: {} archived", route, number)
        if rows:
            self._tell_head()
            self._journal.finish(rows, counts, self._head, finished_at)

    def _tell_head(self) -> None:
        """Once a day to the log: kept elsewhere it proves the archive against whoever can rewrite all of it."""
        today = datetime.now(tz=self._zone).date()
        if self._head.sequence and today != self._told_on:
            self._told_on = today
            logger.info("head of the archive: {}:{}", self._head.sequence, self._head.digest)

    def _tidy(self, drops: Sequence[Settled]) -> None:
        for drop in drops:
            for path in (*(publication.staged for publication in drop.publications), *drop.leftovers):
                with suppress(OSError):  # a restart removes what remains
                    os.unlink(path)
