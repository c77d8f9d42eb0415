"""Handing files to workers and getting their outcomes back; a worker that dies costs one file at most.

This is the embedded dispatcher of a single daemon: the work folders and the journal are the queue, so nothing here
needs to survive a crash.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from loguru import logger

from core.errors import Problem, TransportError
from spool.bell import Bell
from spool.folders.places import places_of
from spool.folders.reach import check_answers
from spool.results import file_problems
from spool.results.committing import Handled
from spool.results.leftovers import discard_staged
from spool.work.messages import Outcome
from spool.work.pool import Pool, Worker
from spool.work.streams import Stream, again, streams_of
from spool.work.worker import WorkerSetup


class Dispatcher:
    """The streams of a site and the workers that serve them."""

    def __init__(self, setup: WorkerSetup) -> None:
        self._site = setup.site
        self._limits = setup.site.limits
        self._routes = {route.name: route for route in setup.site.routes}
        self._by_route = streams_of(setup.site)
        self.streams = tuple(dict.fromkeys(self._by_route.values()))
        # Whoever parses foreign files knows nothing of servers, nor of where their secrets lie.
        self._pool = Pool(replace(setup, site=replace(setup.site, remote=())))

    def stream(self, route: str) -> Stream:
        """The stream that a route belongs to."""
        return self._by_route[route]

    def is_busy(self, stream: Stream) -> bool:
        """A worker is at a job of this stream."""
        return any(worker.busy and worker.stream is stream for worker in self._pool.workers)

    @property
    def trouble(self) -> str:
        """Why worker processes are missing; empty when none is."""
        return self._pool.trouble

    @property
    def in_hand(self) -> bool:
        """A group is being handled or waits to be committed."""
        return any(worker.busy for worker in self._pool.workers) or any(stream.results for stream in self.streams)

    def hand_out(self, paused: Iterable[str]) -> None:
        """Give every idle worker a job, where one waits."""
        for stream in self.streams:
            if stream.results and not stream.may_run_ahead:
                continue  # what is not committed yet must be, before anything builds on it
            worker = self._pool.free_worker(stream)
            if worker is None:
                continue
            job = stream.next_job(self._limits.group_files, paused)
            if job is not None:
                worker.stream = stream
                stream.fresh_worker = False
                stream.ahead = stream.ahead + 1 if stream.results else 0
                worker.give(job[0], job[1], settled=not stream.results)

    def wait(self, bell: Bell, timeout: float) -> None:
        """Return when a worker has something to say, somebody rings, or the time is over."""
        self._pool.wait(bell, timeout)

    def collect(self) -> Iterator[tuple[Stream, Handled]]:
        """Outcomes that have come since the last call; workers that died or take too long are replaced."""
        self._pool.refill()
        for worker in list(self._pool.workers):
            stream = worker.stream
            if stream is None:
                if worker.is_dead:  # nobody's fault; left alone its closed pipe would wake us again and again
                    self._pool.replace_dead(worker)
                continue
            try:
                outcomes, left = worker.receive()
            except (EOFError, OSError):
                yield from self._bury(worker, stream, file_problems.worker_died())
                continue
            stream.push_back(worker.route, left)
            yield from ((stream, Handled(self._routes[worker.route], drop, outcome)) for drop, outcome in outcomes)
            if not worker.busy and stream.idle:
                worker.stream = None
        for worker in self._pool.overdue(self._limits.worker_seconds):
            if worker.stream is not None:
                problem = file_problems.took_too_long(timedelta(seconds=self._limits.worker_seconds))
                yield from self._bury(worker, worker.stream, problem, at_once=True)

    def _hanging_share(self) -> str | None:
        """A share that a worker may be waiting for: then its file is not to blame."""
        for place in places_of(self._site):
            try:
                check_answers(place.folder)
            except TransportError as error:
                return str(error)
        return None

    def _bury(
        self, worker: Worker, stream: Stream, problem: Problem, *, at_once: bool = False
    ) -> Iterator[tuple[Stream, Handled]]:
        """A worker is dead or must die: reject the file that did it, give the others to a fresh one."""
        excuse = self._hanging_share()
        suspect = None if excuse else worker.suspect()
        unanswered = worker.unanswered(take=True)
        logger.error("worker {} ended over {}", worker.process.pid, suspect.name if suspect else "nothing")
        (self._pool.replace if at_once else self._pool.replace_dead)(worker)
        stream.fresh_worker = True
        discard_staged(self._site, {drop.id for drop in unanswered})
        if suspect is None:
            # Not over a file, so the next worker may end the same way: not before the route has paused.
            trouble = excuse or "a worker process ended before it had begun"
            stream.push_back(worker.route, [again(drop) for drop in unanswered[1:]])
            for drop in unanswered[:1]:
                yield stream, Handled(self._routes[worker.route], drop, Outcome(drop.id, "retry", trouble=trouble))
            return
        stream.push_back(worker.route, [again(drop) for drop in unanswered if drop.id != suspect.id])
        if at_once or suspect.suspect:
            rejected = Outcome(suspect.id, "rejected", problems=(problem,))
            yield stream, Handled(self._routes[worker.route], suspect, rejected)
        else:
            # Once can be bad luck, the machine's memory being full for instance; twice and alone is the file.
            stream.push_back(worker.route, [again(suspect, suspect=True)])

    def take_back(self, stream: Stream, group: Sequence[Handled]) -> None:
        """A commit failed: forget what workers think is true, and handle these files again."""
        for worker in list(self._pool.workers):
            if worker.stream is stream:
                unanswered = worker.unanswered(take=True)
                stream.push_back(worker.route, [again(drop) for drop in unanswered])
                self._pool.replace(worker)
                discard_staged(self._site, {drop.id for drop in unanswered})
        stream.fresh_worker = True
        discard_staged(self._site, {handled.drop.id for handled in group})
        for handled in reversed(group):
            stream.push_back(handled.route.name, [again(handled.drop)])

    def close(self) -> None:
        """End the workers."""
        self._pool.stop()
