"""One place outside at work: connects, collects, delivers, rests.

What stands in the way of a place is tried again for ever, with growing delay and some chance in it, so that partners
are not all asked in the same moment. The state lies in the journal, for whoever asks for the status.
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from loguru import logger

from core.connecting import Connection, Connector, OwnDiskError, Round
from core.errors import ConfigError, JournalError, TransportError
from core.remote import DeliverFolder, RemotePlace
from core.site import Site
from spool.identifiers import now_ms
from spool.remote.despatch import OutboxDespatch
from spool.remote.look_times import LookTimes
from spool.remote.ways import Ways

_LOOK_SECONDS = 1.0
"""Time between two looks at the outboxes."""
_PROBE_SECONDS = 30.0
_OURS_MOST_SECONDS = 60.0
"""Longest time until the next attempt when we were in the way ourselves: that bothers no server in trouble."""
_SHOWN_TROUBLES = 5

_IN_THE_WAY = (TransportError, ConfigError, JournalError, OSError)
_OURS = (OwnDiskError, JournalError, OSError)
"""A connector says TransportError of the place; all else stands in the way at home."""

Hint = Callable[[str, str], None]


class PlaceWorker:
    """One place. ``run`` in a thread of its own until ``stop``, or ``once`` in any."""

    def __init__(self, site: Site, place: RemotePlace, connector: Connector, hint: Hint) -> None:
        self.away: str | None = None
        """Why the place cannot be reached."""
        self.trouble: str | None = None
        """What cannot be moved although it can be reached."""
        self._site = site
        self._place = place
        self._connector = connector
        self._hint = hint
        self._over = threading.Event()
        self._connection: Connection | None = None
        self._guard = threading.Lock()
        self._failures = 0
        self._next_try = self._probe_at = 0.0
        self._look_times = LookTimes(place, site.timezone)
        self._deliver_at: dict[DeliverFolder, float] = {}
        self._troubles: dict[str, Mapping[str, str]] = {}

    def stop(self) -> None:
        """End; from another thread. Whoever waits for the server gets an error at once."""
        self._over.set()
        with self._guard:
            if self._connection is not None:
                self._connection.close()

    def run(self) -> None:
        """Serve the place until ``stop``."""
        ways: Ways | None = None
        while not self._over.is_set():
            try:
                if ways is None:
                    ways = Ways(self._site, self._place, self._hint_while_at_work)
                    self._look_times.begin(ways.reached_at)
                self._serve(ways)
            except _IN_THE_WAY as error:
                if not self._over.is_set():
                    delay = delay_after(self._failures + 1, self._place, is_ours=isinstance(error, _OURS))
                    self._next_try = time.monotonic() + delay
                    self._fail(error, ways, delay)
            self._over.wait(_LOOK_SECONDS)
        self._disconnect()
        if ways is not None:
            ways.memory.close()

    def once(self, *, collect: bool) -> bool:
        """Collect, or else deliver, all there is; True when nothing stood in the way."""
        ways: Ways | None = None
        try:
            ways = Ways(self._site, self._place, self._hint_while_at_work)
            if collect:
                self._collect_all(ways)
            else:
                self._deliver(ways, ways.despatches)
            self._reached(ways)
        except _IN_THE_WAY as error:
            self._fail(error, ways)
        finally:
            self._disconnect()
            if ways is not None:
                ways.memory.close()
        return self.away is None and self.trouble is None

    def _collect_all(self, ways: Ways) -> None:
        """Whatever is finished there, or is going to be as soon as it has stood still."""
        looked_at: float | None = None
        is_late = False
        while ways.landings:
            before, soon = dict(ways.moved), self._collect(self._connected(), ways)
            has_moved = ways.moved != before
            if soon is None or (is_late and not has_moved):
                return
            if has_moved or looked_at is None:
                looked_at = time.monotonic()
            self._over.wait(soon)
            # the last look begins when all has had its time, however long a look takes
            is_late = time.monotonic() - looked_at > 2 * soon + _LOOK_SECONDS

    # ── at work ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _serve(self, ways: Ways) -> None:
        now = time.monotonic()
        if now < self._next_try:
            return
        leaving = {folder: way for folder, way in ways.despatches.items() if self._has_waiting(folder, way, now)}
        collecting = bool(ways.landings) and self._look_times.is_due()
        if not (leaving or collecting or now >= self._probe_at):
            return
        connection = self._connected()
        self._deliver(ways, leaving)
        if collecting:
            self._look_times.looked(self._collect(connection, ways))
        if not (leaving or collecting):
            connection.probe()
        self._probe_at = time.monotonic() + _PROBE_SECONDS
        self._reached(ways)

    def _deliver(self, ways: Ways, leaving: Mapping[DeliverFolder, OutboxDespatch]) -> None:
        for folder, despatch in leaving.items():
            found = self._connected().deliver(folder, despatch)
            self._note(folder.target, found, ways, "delivered")
            if found.troubles:  # what is refused is not asked for every second
                self._deliver_at[folder] = time.monotonic() + self._place.poll_seconds

    def _has_waiting(self, folder: DeliverFolder, despatch: OutboxDespatch, now: float) -> bool:
        if now < self._deliver_at.get(folder, 0.0):
            return False
        try:
            waits = despatch.has_waiting()
        except OwnDiskError as error:  # the place is well
            self._troubles[folder.target] = {"": str(error)}
            return False
        if not waits:  # what was refused has been taken away
            self._troubles.pop(folder.target, None)
        return waits

    def _collect(self, connection: Connection, ways: Ways) -> float | None:
        """One round; returns the seconds after which another is worth while, None for the usual time."""
        soon: list[float] = []
        for folder, landing in ways.landings.items():
            try:
                landing.prepare()
            except TransportError as error:  # our own inbox is in the way: the place is well
                self._troubles[folder.folder] = {"": str(error)}
                continue
            found = connection.collect(folder, landing)
            self._note(folder.folder, found, ways, "collected")
            if found.more:
                soon.append(0.0)
            elif found.waits:
                soon.append(folder.settle_seconds)
        return min(soon, default=None)

    def _note(self, subject: str, done: Round, ways: Ways, what: str) -> None:
        self._troubles[subject] = done.troubles
        if done.moved:
            logger.info("{}: {} {} files ({})", self._place.name, what, done.moved, subject)
            ways.moved[what] += done.moved

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._connector.connect(self._place)
            with self._guard:
                self._connection = connection
            if self._over.is_set():
                connection.close()
        return self._connection

    def _disconnect(self) -> None:
        with self._guard:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _hint_while_at_work(self, folder: str, name: str) -> None:
        if not self._over.is_set():
            self._hint(folder, name)

    # ── how it is ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _reached(self, ways: Ways) -> None:
        if self._failures:
            logger.info("{} is at work again", self._place.name)
        self._failures, self.away = 0, None
        lines = [
            f"{name}: {text}" if name else text for found in self._troubles.values() for name, text in found.items()
        ]
        more = f" and {len(lines) - _SHOWN_TROUBLES} more" if len(lines) > _SHOWN_TROUBLES else ""
        self.trouble = "; ".join(lines[:_SHOWN_TROUBLES]) + more if lines else None
        ways.memory.tell(
            connected=True,
            trouble=self.trouble,
            failures=0,
            next_try_at=None,
            reached_at=now_ms(),
            **ways.moved,
        )

    def _fail(self, error: Exception, ways: Ways | None, delay: float | None = None) -> None:
        """Nothing goes on for ``delay`` seconds, None where there is no next attempt of ours.

        Either the place is away, or our own disk is in the way; then what was under way is broken off all the same.
        """
        is_ours, reached = isinstance(error, _OURS), self._connection is not None
        self._disconnect()
        self._failures += 1
        text = f"our own side is in the way: {error}" if is_ours else str(error)
        if is_ours:
            self.away, self.trouble = None, text
        else:
            self.away = text
        again = "" if delay is None else f"; tried again in {delay:.0f} s"
        logger.warning("{}: {}{}", self._place.name, text, again)
        if ways is not None:
            with suppress(TransportError, JournalError):  # told to people only
                ways.memory.tell(
                    connected=is_ours and reached,
                    trouble=text,
                    failures=self._failures,
                    next_try_at=None if delay is None else now_ms() + round(delay * 1000),
                    **ways.moved,
                )


def delay_after(failures: int, place: RemotePlace, *, is_ours: bool = False) -> float:
    """Seconds until the next attempt: doubled each time up to the most, and up to a quarter shorter by chance.

    ``is_ours``: what is in the way is on our own side.
    """
    most = min(place.retry_most_seconds, _OURS_MOST_SECONDS) if is_ours else place.retry_most_seconds
    delay = min(most, place.retry_first_seconds * 2.0 ** min(failures - 1, 30))
    return delay * (1.0 - secrets.randbelow(1_000) / 4_000)
