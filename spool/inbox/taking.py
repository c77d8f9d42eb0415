"""When is which inbox looked at, and how much is taken from it? No more than the house can digest.

Within a stream files are taken in the order of their arrival, over all of its routes. What lies there when the daemon
begins must stand still before it is known to be complete, and what arrives afterwards is known at once: so for the
settle time of the beginning nothing of the stream is taken, lest the second overtake the first.
"""

import heapq
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby

from core.errors import JournalError, TransportError
from core.site import Route, Site
from spool.folders.names import visible_name
from spool.folders.ownership import Ownership
from spool.identifiers import go_on_after, now_ms
from spool.inbox.claiming import Claimed
from spool.inbox.intake import Intake
from spool.inbox.pauses import Pauses
from spool.journal.store import Journal
from spool.work.messages import DropRef
from spool.work.streams import Stream

_BACKLOG_GROUPS = 4
_BETWEEN_SCANS = 0.05


class Taking:
    """The inboxes of a site. Not thread-safe but for ``hint``."""

    def __init__(
        self,
        site: Site,
        journal: Journal,
        ownership: Ownership,
        streams: Callable[[str], Stream],
        is_held_back: Callable[[str], bool],
    ) -> None:
        """``is_held_back`` says that nothing of a route may be taken now, whatever lies there."""
        for row in journal.latest(1):
            go_on_after(row["id"], now_ms())
        self.intakes = {route.name: Intake(route, ownership) for route in site.routes}
        self.pauses = Pauses(site.routes, journal)
        self._limits = site.limits
        self._journal = journal
        self._streams = streams
        self._is_held_back = is_held_back
        self._by_folder = {intake.folder: intake for intake in self.intakes.values()}
        self._scan_at = dict.fromkeys(self.intakes, 0.0)
        self._scanned_at = dict.fromkeys(self.intakes, 0.0)
        self._unnoted: dict[str, list[Claimed]] = {}
        """Claimed, but the journal could not be written then."""
        self._unopened = set(self.intakes)
        """Routes that were not looked at since the beginning."""
        self._lines: dict[Stream, list[Intake]] = {}
        for name, intake in self.intakes.items():
            self._lines.setdefault(streams(name), []).append(intake)
        self._begin_at = dict.fromkeys(self._lines, 0.0)
        """When a stream's files may be taken: what lay there at the beginning has stood still by then."""

    def prepare(self) -> None:
        """Make the folders of every route that is not away."""
        for intake in self.intakes.values():
            self._guarded(intake.route, intake.prepare)

    def is_present(self, route: str) -> bool:
        """Say whether a route's place is there; pauses the route when it is not."""
        if not self.pauses.is_paused(route):
            intake = self.intakes[route]
            self._guarded(intake.route, intake.check_present)
        return not self.pauses.is_paused(route)

    def hint(self, folder: str, name: str | None, *, moved: bool) -> None:
        """An event said that this file is complete; without a name anything may have come. From any thread."""
        if name is None:
            self._scan_at[self._by_folder[folder].route.name] = 0.0
        else:
            self._by_folder[folder].hint(name, moved=moved)

    def scan_all(self) -> None:
        """Look at every folder in the next round."""
        for name in self._scan_at:
            self._scan_at[name] = 0.0

    def take(self) -> None:
        """Take what is ready, as far as it may be taken."""
        for stream, intakes in self._lines.items():
            room = self._room(stream)
            if room > 0:
                self._take_of(stream, [intake for intake in intakes if self._may_take(intake.route)], room)

    def next_look(self) -> float:
        """Monotonic time at which something may be ready that no event will tell of."""
        moments = [time.monotonic() + 1.0]
        for stream, intakes in self._lines.items():
            if self._room(stream) > 0:
                for intake in filter(lambda intake: self._may_take(intake.route), intakes):
                    look = min(self._scan_at[intake.route.name], self._due(intake), intake.next_hint())
                    moments.append(max(self._begin_at[stream], look))
        return min(moments)

    def _due(self, intake: Intake) -> float:
        """When one of the files that are watched can be finished; a folder is not looked at without a breath."""
        look = intake.next_look()
        return math.inf if look is None else max(look, self._scanned_at[intake.route.name] + _BETWEEN_SCANS)

    @property
    def is_expecting(self) -> bool:
        """Files lie in an inbox that are not known to be complete yet."""
        return any(intake.next_look() is not None for intake in self.intakes.values())

    @property
    def has_hints(self) -> bool:
        """Events wait to be looked at."""
        return any(intake.has_hints for intake in self.intakes.values())

    def _may_take(self, route: Route) -> bool:
        return not (self.pauses.is_paused(route.name) or self._is_held_back(route.name))

    def _room(self, stream: Stream) -> int:
        """How many files of a stream may be taken now; what waits in routes that are held back takes no room."""
        waiting = sum(len(queue) for route, queue in stream.queues.items() if not self._is_held_back(route))
        return _BACKLOG_GROUPS * self._limits.group_files - waiting

    def _take_of(self, stream: Stream, intakes: Sequence[Intake], room: int) -> None:
        now = time.monotonic()
        scanned: dict[Intake, list[str]] = {}
        for intake in intakes:
            if now >= self._begin_at[stream] or intake.route.name in self._unopened:
                self._guarded(intake.route, partial(self._scan, stream, intake, now, scanned))
        if now < self._begin_at[stream]:
            for intake in filter(scanned.get, scanned):  # ready, but perhaps not the first
                self._scan_at[intake.route.name] = self._begin_at[stream]
            return
        there = [intake for intake in intakes if not self.pauses.is_paused(intake.route.name)]
        hinted = {intake: intake.hinted(now, room) for intake in there}
        ready = {intake: list(dict.fromkeys([*scanned.get(intake, ()), *hinted[intake]])) for intake in there}
        claimed: dict[Intake, list[Claimed]] = {}
        for intake, names in _by_arrival({intake: names for intake, names in ready.items() if names}):
            self._guarded(intake.route, partial(self._claim, intake, names[:room], claimed))
            if len(names) > room:
                left = set(hinted[intake])
                intake.put_back([name for name in names[room:] if name in left])
                self._scan_at[intake.route.name] = 0.0
            room = max(0, room - len(names))
        for intake, drops in claimed.items():
            self._guarded(intake.route, partial(self._note, intake.route, drops))
        for route in (intake.route.name for intake in scanned):
            if not self.pauses.is_paused(route):  # seen, and what was ready could be taken: to see it is not enough
                self.pauses.resume(route)

    def _claim(self, intake: Intake, names: Sequence[str], claimed: dict[Intake, list[Claimed]]) -> None:
        claimed.setdefault(intake, []).extend(intake.claim(names, len(names)))

    def _scan(self, stream: Stream, intake: Intake, now: float, scanned: dict[Intake, list[str]]) -> None:
        name = intake.route.name
        self._note(intake.route, self._unnoted.pop(name, []))
        if now < min(self._scan_at[name], self._due(intake)):
            return
        intake.check_present()
        settings = intake.route
        gap = settings.poll_seconds if settings.watch == "poll" else self._limits.rescan_seconds
        self._scan_at[name] = now + max(gap, _BETWEEN_SCANS)
        self._scanned_at[name] = now
        scanned[intake] = intake.scan(now)
        if name in self._unopened:
            self._unopened.discard(name)
            if intake.next_look() is not None:
                self._begin_at[stream] = max(self._begin_at[stream], now + settings.settle_seconds)

    def _note(self, route: Route, claimed: Sequence[Claimed]) -> None:
        if not claimed:
            return
        try:
            self._journal.claim([_row(route.name, drop) for drop in claimed])
        except (JournalError, TransportError):
            self._unnoted[route.name] = list(claimed)
            raise
        drops = [DropRef(drop.id, drop.path, drop.name, drop.claimed_at) for drop in claimed]
        self._streams(route.name).push(route.name, drops)

    def _guarded(self, route: Route, act: Callable[[], None]) -> None:
        """Let a route act; what stands in its way pauses this route and no other."""
        try:
            act()
        except TransportError as error:
            self.pauses.pause(route.name, str(error))


def _by_arrival(ready: dict[Intake, list[str]]) -> Iterator[tuple[Intake, list[str]]]:
    """Files of several routes in the order in which they came here; each route keeps the order that it has."""
    if len(ready) < 2:
        yield from ready.items()
        return
    intakes = list(ready)
    lines = [_arrivals(number, intake, ready[intake]) for number, intake in enumerate(intakes)]
    for number, found in groupby(heapq.merge(*lines), key=lambda arrival: arrival[1]):
        yield intakes[number], [name for _moment, _number, name in found]


def _arrivals(number: int, intake: Intake, names: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Moment, number of the route and name: the inode has changed last when the file came, whatever its own time is."""
    moment = 0
    for name in names:
        with suppress(OSError):  # gone, or away: told when it is claimed
            moment = max(moment, os.lstat(f"{intake.folder}/{name}").st_ctime_ns)
        yield moment, number, name


def _row(route: str, drop: Claimed) -> dict[str, object]:
    return {
        "id": drop.id,
        "route": route,
        "name": visible_name(drop.name),
        "size": drop.size,
        "mtime_ns": drop.mtime_ns,
        "state": "claimed",
        "claimed_at": drop.claimed_at,
    }
