"""The worker processes: starting them, watching their time, and knowing which file was in hand when one died."""

import contextlib
import ctypes
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from loguru import logger

from spool.bell import Bell
from spool.work.confinement import missing_layers, plain_environment
from spool.work.messages import DropRef, Job, Outcome, Report
from spool.work.plugins import module_names
from spool.work.streams import Stream
from spool.work.worker import WorkerSetup, work

_STOP_SECONDS = 5.0
_FIRST_DELAY, _MOST_DELAY = 1.0, 60.0


class Worker:
    """One worker process and the job it is at."""

    def __init__(self, pipe: Connection, process: BaseProcess, current: ctypes.c_int) -> None:
        self.pipe = pipe
        self.process = process
        self._current = current
        self.stream: Stream | None = None
        """Stream whose uncommitted changes this worker holds."""
        self.route = ""
        self._drops: dict[str, DropRef] = {}
        self._order: tuple[str, ...] = ()
        self.progress_at = time.monotonic()
        self.has_begun = False
        """It has said something: its start went well."""

    @property
    def busy(self) -> bool:
        """A job is under way."""
        return bool(self._drops)

    def give(self, route: str, drops: Sequence[DropRef], *, settled: bool) -> None:
        """Start a job; ``settled``: everything that this worker has reported is committed."""
        self.route = route
        self.progress_at = time.monotonic()
        self._drops = {drop.id: drop for drop in drops}
        self._order = ()
        with contextlib.suppress(OSError):  # a dead process is noticed when we listen to it
            self.pipe.send(Job(route, tuple(drops), settled))

    def receive(self) -> tuple[list[tuple[DropRef, Outcome]], list[DropRef]]:
        """Outcomes that have come, and what was left out when the job is over. Raise EOFError when it is dead."""
        outcomes: list[tuple[DropRef, Outcome]] = []
        while self.pipe.poll():
            try:
                message = self.pipe.recv()
            except (EOFError, OSError):
                if outcomes:
                    break  # what it said before it died counts; the next call finds it dead
                raise
            self.progress_at = time.monotonic()
            self.has_begun = True
            if not isinstance(message, Report):
                self._order = message
                continue
            outcomes.extend((self._drops.pop(outcome.drop_id), outcome) for outcome in message.outcomes)
            if message.finished:
                return outcomes, self.unanswered(take=True)
        return outcomes, []

    @property
    def is_dead(self) -> bool:
        """Of an idle worker, which has nothing to say: its process has ended."""
        return not self.busy and self.pipe.poll()

    def unanswered(self, *, take: bool = False) -> list[DropRef]:
        """Drops of the job without an outcome, in their order; ``take`` ends the job."""
        left = list(self._drops.values())
        if take:
            self._drops = {}
        return left

    def suspect(self) -> DropRef | None:
        """After its death: the file that it had in hand."""
        index = self._current.value
        return self._drops.get(self._order[index]) if 0 <= index < len(self._order) else None

    def kill(self) -> None:
        """End it at once; nothing that it did had any effect."""
        self.process.kill()
        self.process.join(_STOP_SECONDS)
        self.pipe.close()

    def stop(self) -> None:
        """Let it end by itself: it reads the end of its pipe."""
        self.pipe.close()
        self.process.join(_STOP_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(_STOP_SECONDS)


class Pool:
    """All workers of the daemon. A fork server that has imported everything once makes new ones in milliseconds.

    Where one cannot be started (no process or descriptor is left, the fork server was killed), it is tried again later,
    with the workers that there are until then.
    """

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._context = multiprocessing.get_context("forkserver")
        modules = [*module_names(setup.format_package), *module_names(setup.handler_package)]
        self._context.set_forkserver_preload(["spool.work.worker", *modules])
        for missing in missing_layers(setup.site):
            logger.warning("{}", missing)
        self.workers: list[Worker] = []
        self.trouble = ""
        """Why workers are missing; empty when none is."""
        self._start_at = 0.0
        self._delay = _FIRST_DELAY
        self.refill()

    def refill(self) -> None:
        """Start the workers that are missing, where it is time to."""
        missing = self._setup.site.limits.workers - len(self.workers)
        if not missing or time.monotonic() < self._start_at:
            return
        try:
            for _ in range(missing):
                self.workers.append(self._start())
        except (OSError, EOFError) as error:
            self._put_off(f"a worker process cannot be started: {error!r}")
        else:
            self.trouble = ""

    def _start(self) -> Worker:
        ours, theirs = self._context.Pipe()
        try:
            current = self._context.RawValue(ctypes.c_int, -1)
            process = self._context.Process(target=work, args=(theirs, self._setup, current), daemon=True)
            with plain_environment():  # a killed fork server is started anew
                process.start()
        except (OSError, EOFError):
            ours.close()
            raise
        finally:
            theirs.close()
        return Worker(ours, process, current)

    def _put_off(self, trouble: str) -> None:
        self.trouble = trouble
        if time.monotonic() < self._start_at:
            return  # of several at once
        self._start_at = time.monotonic() + self._delay
        logger.error("{}; trying again in {:.0f} s", trouble, self._delay)
        self._delay = min(self._delay * 2, _MOST_DELAY)

    def replace(self, worker: Worker) -> None:
        """Put a fresh process in the place of one that must go: too slow, or with changes that were not committed."""
        worker.kill()
        self.workers.remove(worker)
        self.refill()

    def replace_dead(self, worker: Worker) -> None:
        """The same for one that has ended by itself; when it had not even begun, the next one is not hurried."""
        if worker.has_begun:
            self._delay = _FIRST_DELAY
        else:
            self._put_off("a worker process ended before it had begun")
        self.replace(worker)

    def free_worker(self, stream: Stream) -> Worker | None:
        """The idle worker that holds this stream's changes, else one that holds nobody's."""
        for worker in self.workers:
            if worker.stream is stream:
                return None if worker.busy else worker
        return next((worker for worker in self.workers if worker.stream is None and not worker.busy), None)

    def overdue(self, most_seconds: float) -> list[Worker]:
        """Workers that have said nothing for too long."""
        latest = time.monotonic() - most_seconds
        return [worker for worker in self.workers if worker.busy and worker.progress_at < latest]

    def wait(self, bell: Bell, timeout: float) -> None:
        """Return when a worker has something to say or has died, when somebody rings, or after the time-out."""
        wait([bell.fileno(), *(worker.pipe for worker in self.workers)], timeout)

    def stop(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.stop()
