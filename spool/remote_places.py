"""Places outside at work: each has a thread and a connection of its own, so that the stall of one touches no other.

What stands in the way of a place is tried again for ever, with growing delay and some chance in it, so that partners
are not all asked in the same moment. The state lies in the journal, for whoever asks for the status.
"""

import importlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from loguru import logger

from core.connecting import Connection, Connector, Round
from core.errors import ConfigError, JournalError, TransportError
from core.remote import DeliverFolder, RemotePlace
from core.site import Site
from spool.despatch import OutboxDespatch
from spool.identifiers import now_ms
from spool.remote_ways import Ways
from spool.taking import Taking
from spool.worker import WorkerSetup

_LOOK_SECONDS = 1.0
"""Time between two looks at the outboxes."""
_PROBE_SECONDS = 30.0
_STOP_SECONDS = 10.0
_SHOWN_TROUBLES = 5

Hint = Callable[[str, str], None]


class House(Protocol):
    """The part of the engine that is told of arrivals; from any thread."""

    @property
    def taking(self) -> Taking:
        """Knows which inbox is looked at when."""

    def wake(self) -> None:
        """Go round now."""


class RemotePlaces:
    """All places of a site. ``start``, ``look`` now and then, ``stop`` in the end."""

    def __init__(self, setup: WorkerSetup, engine: House) -> None:
        self._setup = setup
        self._engine = engine
        self._places = [_Started(place) for place in setup.site.remote]

    def start(self) -> None:
        """Begin to collect and to deliver."""
        for started in self._places:
            self._start(started)

    def look(self, tell: Callable[[str, str, str | None], None]) -> None:
        """Tell what is wrong, as alerts; a place whose thread a bug of ours has ended begins anew."""
        for started in self._places:
            name = started.place.name
            if started.thread is not None and not started.thread.is_alive():
                logger.error("the thread of {} has ended; it is started anew", name)
                tell("bug", name, "met a bug of ours; the log has the traceback")
                self._start(started)
            if started.worker is not None:
                tell("away", name, started.worker.away)
                tell("not-moved", name, started.worker.trouble)

    def stop(self) -> None:
        """End all connections. Whatever is half done goes on at the next start."""
        for started in self._places:
            if started.worker is not None:
                started.worker.stop()
        deadline = time.monotonic() + _STOP_SECONDS
        for started in self._places:
            if started.thread is not None:
                started.thread.join(max(0.0, deadline - time.monotonic()))

    def _has_landed(self, folder: str, name: str) -> None:
        self._engine.taking.hint(folder, name, moved=True)
        self._engine.wake()

    def _start(self, started: "_Started") -> None:
        connector = load_connector(self._setup, started.place)
        started.worker = PlaceWorker(self._setup.site, started.place, connector, self._has_landed)
        name = f"place {started.place.name}"
        started.thread = threading.Thread(target=started.worker.run, name=name, daemon=True)
        started.thread.start()


@dataclass(slots=True)
class _Started:
    place: RemotePlace
    worker: "PlaceWorker | None" = None
    thread: threading.Thread | None = None


def load_connector(setup: WorkerSetup, place: RemotePlace) -> Connector:
    """The module that knows how to reach a place; imported only where a configuration names one."""
    module: ModuleType = importlib.import_module(f"{setup.connector_package}.{place.connector}")
    return module


class PlaceWorker:
    """One place: connects, collects, delivers, rests. Runs in a thread of its own."""

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
        self._next_try = self._collect_at = self._probe_at = 0.0
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
                self._serve(ways)
            except (TransportError, ConfigError, JournalError, OSError) as error:
                if not self._over.is_set():
                    self._fail(error, ways)
            self._over.wait(_LOOK_SECONDS)
        self._disconnect()
        if ways is not None:
            ways.memory.close()

    # ── at work ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _serve(self, ways: Ways) -> None:
        now = time.monotonic()
        if now < self._next_try:
            return
        leaving = [(folder, way) for folder, way in ways.despatches.items() if self._has_waiting(folder, way, now)]
        collecting = bool(ways.landings) and now >= self._collect_at
        if not (leaving or collecting or now >= self._probe_at):
            return
        connection = self._connected()
        for deliver_folder, despatch in leaving:
            found = connection.deliver(deliver_folder, despatch)
            self._note(deliver_folder.target, found, ways, "delivered")
            if found.troubles:  # what is refused is not asked for every second
                self._deliver_at[deliver_folder] = time.monotonic() + self._place.poll_seconds
        if collecting:
            self._collect(connection, ways)
        if not (leaving or collecting):
            connection.probe()
        self._probe_at = time.monotonic() + _PROBE_SECONDS
        self._reached(ways)

    def _has_waiting(self, folder: DeliverFolder, despatch: OutboxDespatch, now: float) -> bool:
        if now < self._deliver_at.get(folder, 0.0):
            return False
        try:
            return despatch.has_waiting()
        except TransportError as error:  # our own outbox is in the way: the place is well
            self._troubles[folder.target] = {"": str(error)}
            return False

    def _collect(self, connection: Connection, ways: Ways) -> None:
        gap = self._place.poll_seconds
        for folder, landing in ways.landings.items():
            try:
                landing.prepare()
            except TransportError as error:  # our own inbox is in the way: the place is well
                self._troubles[folder.folder] = {"": str(error)}
                continue
            found = connection.collect(folder, landing)
            self._note(folder.folder, found, ways, "collected")
            if found.more:
                gap = 0.0
            elif found.waits:
                gap = min(gap, folder.settle_seconds)
        self._collect_at = time.monotonic() + gap

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
            logger.info("{} can be reached again", self._place.name)
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

    def _fail(self, error: Exception, ways: Ways | None) -> None:
        self._disconnect()
        self._failures += 1
        delay = delay_after(self._failures, self._place)
        self._next_try = time.monotonic() + delay
        self.away = str(error)
        logger.warning("{}: {}; tried again in {:.0f} s", self._place.name, error, delay)
        if ways is not None:
            with suppress(TransportError, JournalError):  # told to people only
                ways.memory.tell(
                    connected=False,
                    trouble=self.away,
                    failures=self._failures,
                    next_try_at=now_ms() + round(delay * 1000),
                    **ways.moved,
                )


def delay_after(failures: int, place: RemotePlace) -> float:
    """Seconds until the next attempt: doubled each time up to the most, and up to a quarter shorter by chance."""
    most = min(place.retry_most_seconds, place.retry_first_seconds * 2.0 ** min(failures - 1, 30))
    return most * (1.0 - secrets.randbelow(1_000) / 4_000)
