"""Which files must be handled one after the other, and what waits in each line.

Handlers remember things per company, so all routes that may touch the same company form one stream: what one file has
changed, the next one sees. Streams run side by side. A stream is first in, first out over all of its routes, but for
those that pause.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from core.errors import Problem
from core.site import Route, Site
from spool.results.committing import Handled
from spool.work.messages import DropRef

_COMMIT_AT = 256
_COMMIT_SECONDS = 0.5
_MOST_AHEAD = 4


@dataclass(slots=True)
class Waiting:
    """A drop that something should precede: it steps aside and lets the others pass."""

    route: Route
    drop: DropRef
    problem: Problem
    companions: Sequence[str] = ()


@dataclass(slots=True, eq=False)
class Stream:
    """One line of files."""

    name: str
    queues: dict[str, deque[DropRef]]
    waiting: list[Waiting] = field(default_factory=list)
    results: list[Handled] = field(default_factory=list)
    """Reported by the worker, not yet committed, in order."""
    results_since: float = 0.0
    one_by_one: int = 0
    """So many files are to be handled and committed alone: one of them brought a group down."""
    fresh_worker: bool = True
    """The worker knows nothing of uncommitted changes, so everything must be committed before its next job."""
    ahead: int = 0
    """Jobs in a row that were given out before everything was committed; the worker has all their changes in mind."""

    @property
    def may_run_ahead(self) -> bool:
        """The worker may begin its next job while what it has reported is being committed."""
        spilled = any(handled.outcome.spilled_puts for handled in self.results)
        return self.ahead < _MOST_AHEAD and not (self.fresh_worker or self.one_by_one or spilled)

    def push(self, route: str, drops: Iterable[DropRef]) -> None:
        """New files, at the end of the line."""
        self.queues[route].extend(drops)

    def push_back(self, route: str, drops: Sequence[DropRef]) -> None:
        """Files that were not handled after all, back to where they stood."""
        self.queues[route].extendleft(reversed(drops))

    def next_job(self, most: int, paused: Iterable[str]) -> tuple[str, tuple[DropRef, ...]] | None:
        """Files for the next job: of one route, as many as came before all others. One that ended a worker goes alone.

        What waits in a paused route is passed by.
        """
        first = {route: queue[0].id for route, queue in self.queues.items() if queue and route not in paused}
        if not first:
            return None
        route = min(first, key=first.__getitem__)
        before = min((drop_id for other, drop_id in first.items() if other != route), default=None)
        queue = self.queues[route]
        if self.one_by_one:
            self.one_by_one -= 1
            most = 1
        drops = [queue.popleft()]
        while queue and len(drops) < most and not (drops[-1].suspect or queue[0].suspect):
            if before is not None and queue[0].id > before:
                break
            drops.append(queue.popleft())
        return route, tuple(drops)

    def add_result(self, handled: Handled) -> None:
        """An outcome has come."""
        if not self.results:
            self.results_since = time.monotonic()
        self.results.append(handled)

    def wants_commit(self, *, worker_busy: bool) -> bool:
        """Enough has come, or nothing more will come soon."""
        if not self.results:
            return False
        waited = time.monotonic() - self.results_since
        return not worker_busy or len(self.results) >= _COMMIT_AT or waited >= _COMMIT_SECONDS

    def wake_waiting(self, may_go_on: Callable[[Waiting], bool]) -> None:
        """What may go on after all stands at the end of its line again."""
        waited, self.waiting = self.waiting, []
        for waiting in waited:
            if may_go_on(waiting):
                self.queues[waiting.route.name].append(waiting.drop)
            else:
                self.waiting.append(waiting)

    @property
    def idle(self) -> bool:
        """Nothing to handle and nothing to commit; what waits for something else does not count."""
        return not self.results and not any(self.queues.values())


def streams_of(site: Site) -> dict[str, Stream]:
    """The stream of every route, by route name. A route without a company may touch every company."""
    everyone = frozenset(site.companies)
    groups: list[tuple[set[str], list[str]]] = []
    for route in site.routes:
        companies = {route.company} if route.company else set(everyone)
        names = [route.name]
        for group in [group for group in groups if group[0] & companies]:
            groups.remove(group)
            companies |= group[0]
            names = [*group[1], *names]
        groups.append((companies, names))
    streams: dict[str, Stream] = {}
    for _companies, names in groups:
        stream = Stream(names[0], {name: deque() for name in names})
        streams.update(dict.fromkeys(names, stream))
    return streams


def again(drop: DropRef, *, suspect: bool = False) -> DropRef:
    """The same drop for one more attempt; its staged names will be others."""
    return replace(drop, attempt=drop.attempt + 1, suspect=suspect)
