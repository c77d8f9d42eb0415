"""Places outside at work: each has a thread and a connection of its own, so that the stall of one touches no other."""

import importlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from loguru import logger

from core.connecting import Connector
from core.remote import RemotePlace
from spool.inbox.taking import Taking
from spool.remote.place_worker import PlaceWorker
from spool.work.worker import WorkerSetup

_STOP_SECONDS = 10.0


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

    def once(self, *, collect: bool) -> bool:
        """Collect, or else deliver, all there is, all places side by side; True when nothing stood in the way."""
        workers = [self._worker(started.place) for started in self._places]
        if not workers:
            return True
        with ThreadPoolExecutor(len(workers)) as threads:
            return all(list(threads.map(lambda worker: worker.once(collect=collect), workers)))

    def _has_landed(self, folder: str, name: str) -> None:
        self._engine.taking.hint(folder, name, moved=True)
        self._engine.wake()

    def _start(self, started: "_Started") -> None:
        started.worker = self._worker(started.place)
        name = f"place {started.place.name}"
        started.thread = threading.Thread(target=started.worker.run, name=name, daemon=True)
        started.thread.start()

    def _worker(self, place: RemotePlace) -> PlaceWorker:
        return PlaceWorker(self._setup.site, place, load_connector(self._setup, place), self._has_landed)


@dataclass(slots=True)
class _Started:
    place: RemotePlace
    worker: PlaceWorker | None = None
    thread: threading.Thread | None = None


def load_connector(setup: WorkerSetup, place: RemotePlace) -> Connector:
    """The module that knows how to reach a place; imported only where a configuration names one."""
    module: ModuleType = importlib.import_module(f"{setup.connector_package}.{place.connector}")
    return module
