"""When is which inbox looked at, and how much is taken from it? No more than the house can digest."""

import math
import time
from collections.abc import Callable, Sequence
from functools import partial

from core.errors import TransportError
from core.site import Route, Site
from spool.claiming import Claimed
from spool.identifiers import go_on_after, now_ms
from spool.intake import Intake
from spool.journal.store import Journal
from spool.messages import DropRef
from spool.names import visible_name
from spool.ownership import Ownership
from spool.pauses import Pauses
from spool.streams import Stream

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
        for intake in self.intakes.values():
            room = self._room(intake.route)
            if room > 0:
                self._guarded(intake.route, partial(self._take_ready, intake, room))

    def next_look(self) -> float:
        """Monotonic time at which something may be ready that no event will tell of."""
        moments = [time.monotonic() + 1.0]
        for name, intake in self.intakes.items():
            if self._room(intake.route) > 0:
                moments += [self._scan_at[name], self._due(intake), intake.next_hint()]
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

    def _room(self, route: Route) -> int:
        """How many files of a route may be taken now."""
        if self.pauses.is_paused(route.name) or self._is_held_back(route.name):
            return 0
        return _BACKLOG_GROUPS * self._limits.group_files - self._streams(route.name).backlog(route.name)

    def _take_ready(self, intake: Intake, room: int) -> None:
        name, now = intake.route.name, time.monotonic()
        self._note(intake.route, self._unnoted.pop(name, []))
        ready = intake.hinted(now, room)
        is_scanned = now >= min(self._scan_at[name], self._due(intake))
        if is_scanned:
            intake.check_present()
            settings = intake.route
            gap = settings.poll_seconds if settings.watch == "poll" else self._limits.rescan_seconds
            self._scan_at[name] = now + max(gap, _BETWEEN_SCANS)
            self._scanned_at[name] = now
            ready = list(dict.fromkeys([*ready, *intake.scan(now)]))
        if ready:
            self._note(intake.route, intake.claim(ready, room))
            if len(ready) > room:
                self._scan_at[name] = 0.0
        if is_scanned:  # and what was ready could be taken: to see it is not enough
            self.pauses.resume(name)

    def _note(self, route: Route, claimed: Sequence[Claimed]) -> None:
        if not claimed:
            return
        try:
            self._journal.claim([_row(route.name, drop) for drop in claimed])
        except TransportError:
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
