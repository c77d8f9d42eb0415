"""From a folder to claimed drops: what lies there, is it finished, and taking it so that nobody else can.

A claimed file is ours, whatever happens: the work folder is the truth, the journal's row follows.
"""

import contextlib
import glob
import math
import os
import re
import stat
import time
from collections import deque
from collections.abc import Iterable, Sequence

from core.errors import TransportError
from core.readiness import FOLDERS_OF_SYSTEMS, NEVER_TAKEN, TEMPORARY, Sight, Stillness, is_ignored
from core.site import Route
from spool.canary import is_canary
from spool.folders.durable import make_folder
from spool.folders.own_folders import check_real
from spool.folders.ownership import Ownership, check_sentinel
from spool.folders.places import route_place
from spool.folders.reach import check_answers
from spool.inbox.attachments import Attachments
from spool.inbox.claiming import Claimed, Claiming, look, sight_of
from spool.inbox.leases import has_writer
from spool.work.handling import WORK_FOLDER

REJECTED, HELD, NOTES = "rejected", "held", "notes"
SHOWN_FOLDERS = (REJECTED, HELD, NOTES)
OWN_FOLDERS = frozenset({*SHOWN_FOLDERS, WORK_FOLDER})
_RENAME_SECONDS = 1.0
"""Within this time a file that was closed under its temporary name gets its final one, as a rule."""


class Intake:
    """Watches over one route's folder. Not thread-safe but for ``hint``."""

    def __init__(self, route: Route, ownership: Ownership) -> None:
        self.route = route
        self.folder = str(route.folder)
        self.work = f"{self.folder}/{WORK_FOLDER}"
        self.place = route_place(route)
        self._ownership = ownership
        self.stuck: dict[str, str] = {}
        """Files that are there but cannot be taken, with the reason."""
        self.directories: set[str] = set()
        """Folders that somebody has dropped by mistake."""
        self.unfinished: set[str] = set()
        """Files that have lain there unfinished for too long, as of the last scan."""
        self.last_claim = 0
        """When a file was last taken (ms), canaries aside."""
        self._claiming = Claiming(self.folder, self.work)
        self.work_path = self._claiming.work_path
        self.attachments = Attachments(route, self.work_path)
        self._still = Stillness(route.settle_seconds, route.patience_seconds)
        self._late = Stillness(route.unfinished_seconds or math.inf)
        self._rename_due = math.inf
        # append and popleft are safe between threads
        self._at_once: deque[tuple[str, bool]] = deque()
        self._closed: deque[tuple[float, str]] = deque()
        self._ignored = [*NEVER_TAKEN, *route.ignore, *route.companions]
        if route.ready == "marker":
            self._ignored.append(route.marker.replace("{name}", "*"))
        if route.sentinel is not None:
            self._ignored.append(glob.escape(route.sentinel))

    def hint(self, name: str, *, moved: bool) -> None:
        """An event said that this file is complete: moved in, or closed. May be called from another thread."""
        if moved:
            self._at_once.append((name, True))
        else:
            self._closed.append((time.monotonic() + self.route.breath_seconds, name))

    def put_back(self, names: Sequence[str]) -> None:
        """Hinted files for which there was no room come first the next time."""
        self._at_once.extendleft((name, False) for name in reversed(names))

    def prepare(self) -> None:
        """Make the folders of the route. Raise TransportError when the place is away or another site's."""
        self._ownership.enter(self.place)
        try:
            for name in SHOWN_FOLDERS:
                make_folder(f"{self.folder}/{name}")
        except OSError as error:
            raise TransportError(f"{self.folder}: {error.strerror}") from error

    def check_present(self) -> None:
        """Raise TransportError when the folder is away, is an empty mount point, or is another site's by now."""
        check_answers(self.folder)
        check_sentinel(self.place)
        check_real(self.folder)
        if not self.is_held:
            self.prepare()

    @property
    def is_held(self) -> bool:
        """The work folder is there, ours, and the one that it was."""
        return self._ownership.is_held(self.work)

    def hinted(self, now: float, most: int) -> list[str]:
        """Names of hinted files that are complete, at most so many, in order of their events."""
        ready: dict[str, None] = {}
        while len(ready) < most and (hinted := self._next_hinted(now)) is not None:
            name, moved = hinted
            if name in ready:
                continue
            if self._is_ours_to_leave(name):
                if is_ignored(name, TEMPORARY):  # a server may rename by link and unlink, of which no event tells
                    self._rename_due = now + _RENAME_SECONDS
                continue
            if self.route.ready == "marker":
                name = self._marked(name)
            sight = look(self._path(name))
            if sight is None:
                continue
            if self.route.ready == "marker":
                finished = self._has_marker(name)
            else:
                known = self.route.ready == "closed" and sight.size > 0
                sure = moved or sight.is_touched or self.route.patience_seconds == 0
                finished = known and sure and not self._has_writer(name)
                if not finished:
                    self._still.observe(name, sight, now)
            if finished or is_canary(name):
                ready[name] = None
        return list(ready)

    def _marked(self, name: str) -> str:
        """The file that a marker belongs to; of any other name the name itself."""
        before, _, after = self.route.marker.partition("{name}")
        found = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", name)
        return name if found is None else found[1]

    def _has_marker(self, name: str) -> bool:
        return os.path.exists(self._path(self.route.marker.format(name=name)))

    def _has_writer(self, name: str) -> bool:
        return self.route.watch == "events" and has_writer(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def _next_hinted(self, now: float) -> tuple[str, bool] | None:
        """The next name, and whether it was moved in."""
        if self._at_once:
            return self._at_once.popleft()
        if self._closed and self._closed[0][0] <= now:
            return self._closed.popleft()[1], False
        return None

    def next_hint(self) -> float:
        """Monotonic time at which the next event is to be looked at."""
        if self._at_once:
            return 0.0
        return self._closed[0][0] if self._closed else math.inf

    @property
    def has_hints(self) -> bool:
        """Events wait to be looked at."""
        return bool(self._at_once or self._closed)

    def scan(self, now: float) -> list[str]:
        """Names of all files that have stood still for the settle time, or whose marker is there, oldest first."""
        entries: list[tuple[int, str]] = []
        seen: set[str] = set()
        self.directories.clear()
        self.unfinished.clear()
        self._rename_due = math.inf
        self.attachments.alone.clear()
        try:
            with os.scandir(self.folder) as found:
                for entry in found:
                    self._sort(entry, entries, seen, now)
        except OSError as error:
            raise TransportError(f"{self.folder}: {error.strerror}") from error
        self._still.forget_all_but(seen)
        self._late.forget_all_but(seen)
        for name in self.stuck.keys() - seen:
            del self.stuck[name]
        return [name for _mtime, name in sorted(entries)]

    def _sort(self, entry: "os.DirEntry[str]", entries: list[tuple[int, str]], seen: set[str], now: float) -> None:
        name = entry.name
        if name in OWN_FOLDERS:
            return
        temporary = is_ignored(name, TEMPORARY)
        if not temporary and self._is_ours_to_leave(name):
            if self.attachments.is_one(name):
                self.attachments.see(entry)
            return
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
        except OSError as error:  # one bad entry of a share must not hide the others
            seen.add(name)
            self.stuck[name] = error.strerror or str(error)
            return
        if stat.S_ISDIR(status.st_mode):
            if name not in FOLDERS_OF_SYSTEMS:
                self.directories.add(name)
            return
        seen.add(name)
        sight = sight_of(status)
        if not temporary and (self._is_finished(name, sight, now) or is_canary(name)):
            entries.append((status.st_mtime_ns, name))
        elif self._late.observe(name, sight, now):
            self.unfinished.add(name)

    def _is_finished(self, name: str, sight: Sight, now: float) -> bool:
        if self.route.ready == "marker":
            return self._has_marker(name)
        if not self._still.observe(name, sight, now):
            return False
        if self._has_writer(name):
            self._still.restart(name, now)
            return False
        return True

    def next_look(self) -> float | None:
        """Monotonic time at which a watched file can be finished, or will have got its final name."""
        look = min(self._still.next_look() or math.inf, self._rename_due)
        return None if look == math.inf else look

    def claim(self, names: Iterable[str], most: int) -> list[Claimed]:
        """Take files, at most so many. A file that has gone is no error; one that cannot be taken is noted as stuck.

        Raise TransportError when the place is in the way before anything was taken.
        """
        self._ownership.hold(self.work)
        claimed = self._claiming.claim(names, most, self._get_stuck)
        for drop in claimed:
            self._still.forget(drop.name)
            self._late.forget(drop.name)
            self.stuck.pop(drop.name, None)
            if not is_canary(drop.name):
                self.last_claim = drop.claimed_at
            if self.route.ready == "marker":  # one that cannot be removed does no harm
                with contextlib.suppress(OSError):
                    os.unlink(self._path(self.route.marker.format(name=drop.name)))
        return claimed

    def _get_stuck(self, name: str, reason: str) -> None:
        self._still.forget(name)  # tried again when a later scan has seen it stand still anew
        self.stuck[name] = reason

    def _is_ours_to_leave(self, name: str) -> bool:
        return is_ignored(name, self._ignored)
