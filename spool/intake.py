"""From a folder to claimed drops: what lies there, is it finished, and taking it so that nobody else can.

Claiming is a no-overwrite move into the route's hidden work folder on the same file system. From then on the file is
ours, whatever happens: the work folder is the truth, the journal's row follows.
"""

import contextlib
import errno
import glob
import math
import os
import re
import stat
import time
import unicodedata
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import TransportError
from core.readiness import NEVER_TAKEN, Sight, Stillness, is_ignored
from core.site import Route
from spool.canary import is_canary
from spool.durable import move_new, undo_move
from spool.handling import WORK_FOLDER
from spool.identifiers import new_drop_id, now_ms
from spool.leases import has_writer
from spool.names import visible_name

REJECTED, HELD, NOTES = "rejected", "held", "notes"
OWN_FOLDERS = frozenset({REJECTED, HELD, NOTES, WORK_FOLDER})
_LONGEST_NAME = 255
_BUSY = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY})


@dataclass(slots=True)
class Claimed:
    """A file that has just become ours."""

    id: str
    name: str
    path: str
    size: int
    mtime_ns: int
    claimed_at: int


class Intake:
    """Watches over one route's folder. Not thread-safe but for ``hint``."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.folder = str(route.folder)
        self.work = f"{self.folder}/{WORK_FOLDER}"
        self.stuck: dict[str, str] = {}
        """Files that are there but cannot be taken, with the reason."""
        self.directories: set[str] = set()
        """Folders that somebody has dropped by mistake."""
        self.last_claim = 0
        """When a file was last taken (ms), canaries aside."""
        self._still = Stillness(route.settle_seconds)
        # append and popleft are safe between threads
        self._moved: deque[str] = deque()
        self._closed: deque[tuple[float, str]] = deque()
        self._ignored = [*NEVER_TAKEN, *route.ignore, *route.companions]
        if route.ready == "marker":
            self._ignored.append(route.marker.replace("{name}", "*"))
        if route.sentinel is not None:
            self._ignored.append(glob.escape(route.sentinel))

    def hint(self, name: str, *, moved: bool) -> None:
        """An event said that this file is complete: moved in, or closed. May be called from another thread."""
        if moved:
            self._moved.append(name)
        else:
            self._closed.append((time.monotonic() + self.route.breath_seconds, name))

    def put_back(self, names: Sequence[str]) -> None:
        """Hinted files for which there was no room come first the next time."""
        self._moved.extendleft(reversed(names))

    def prepare(self) -> None:
        """Make the folders of the route. Raise TransportError when the place is away."""
        self._check_sentinel()
        try:
            if self.route.sentinel is None:
                os.makedirs(self.folder, exist_ok=True)
            for name in OWN_FOLDERS:
                os.makedirs(f"{self.folder}/{name}", exist_ok=True)
        except OSError as error:
            raise TransportError(f"{self.folder}: {error.strerror}") from error

    def check_present(self) -> None:
        """Raise TransportError when the folder is away, or is an empty mount point where a share should be."""
        self._check_sentinel()
        if not os.path.isdir(self.work):
            self.prepare()

    def _check_sentinel(self) -> None:
        if self.route.sentinel is not None and not os.path.exists(f"{self.folder}/{self.route.sentinel}"):
            raise TransportError(f"{self.folder}: {self.route.sentinel} is missing, so the share is not mounted")

    def hinted(self, now: float, most: int) -> list[str]:
        """Names of hinted files that are complete, at most so many, in order of their events."""
        ready: dict[str, None] = {}
        while len(ready) < most and (name := self._next_hinted(now)) is not None:
            if name in ready or self._is_ours_to_leave(name):
                continue
            if self.route.ready == "marker":
                name = self._marked(name)
            sight = self._look(name)
            if sight is None:
                continue
            if self.route.ready == "marker":
                finished = self._has_marker(name)
            else:
                finished = self.route.ready == "closed" and sight.size > 0 and not has_writer(self._path(name))
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

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def _next_hinted(self, now: float) -> str | None:
        if self._moved:
            return self._moved.popleft()
        if self._closed and self._closed[0][0] <= now:
            return self._closed.popleft()[1]
        return None

    def next_hint(self) -> float:
        """Monotonic time at which the next event is to be looked at."""
        if self._moved:
            return 0.0
        return self._closed[0][0] if self._closed else math.inf

    @property
    def has_hints(self) -> bool:
        """Events wait to be looked at."""
        return bool(self._moved or self._closed)

    def scan(self, now: float) -> list[str]:
        """Names of all files that have stood still for the settle time, or whose marker is there, oldest first."""
        entries: list[tuple[int, str]] = []
        seen: set[str] = set()
        self.directories.clear()
        try:
            with os.scandir(self.folder) as found:
                for entry in found:
                    self._sort(entry, entries, seen, now)
        except OSError as error:
            raise TransportError(f"{self.folder}: {error.strerror}") from error
        self._still.forget_all_but(seen)
        for name in self.stuck.keys() - seen:
            del self.stuck[name]
        return [name for _mtime, name in sorted(entries)]

    def _sort(self, entry: "os.DirEntry[str]", entries: list[tuple[int, str]], seen: set[str], now: float) -> None:
        name = entry.name
        if name in OWN_FOLDERS or self._is_ours_to_leave(name):
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
            self.directories.add(name)
            return
        seen.add(name)
        sight = Sight(status.st_size, status.st_mtime_ns, status.st_ino, stat.S_ISREG(status.st_mode))
        if self.route.ready == "marker":
            finished = self._has_marker(name)
        else:
            finished = self._still.observe(name, sight, now)
            if finished and has_writer(self._path(name)):
                self._still.restart(name, now)
                finished = False
        if finished or is_canary(name):
            entries.append((status.st_mtime_ns, name))

    def next_look(self) -> float | None:
        """Monotonic time at which a watched file can be finished."""
        return self._still.next_look()

    def claim(self, names: Iterable[str], most: int) -> list[Claimed]:
        """Take files, at most so many. A file that has gone is no error; one that cannot be taken is noted as stuck.

        Raise TransportError when the place is in the way before anything was taken.
        """
        claimed: list[Claimed] = []
        moment = now_ms()
        for name in names:
            if len(claimed) >= most:
                break
            try:
                taken = self._claim(name, moment)
            except TransportError:
                if claimed:
                    break
                raise
            if taken is not None:
                claimed.append(taken)
        return claimed

    def _claim(self, name: str, moment: int) -> Claimed | None:
        sight = self._look(name)
        if sight is None:
            return None
        if sight.is_regular and not os.access(self._path(name), os.R_OK, effective_ids=True):
            self._get_stuck(name, "its rights keep us from reading it")
            return None
        drop_id = new_drop_id(moment)
        path = self.work_path(drop_id, name)
        try:
            move_new(self._path(name), path)
        except OSError as error:
            if undo_move(self._path(name), path):
                if error.errno == errno.ENOENT:
                    return None
                if error.errno not in _BUSY:
                    raise TransportError(f"{self.folder}: {error.strerror}") from error
                # Somebody has it open on a share, or it is not ours to move: try again later.
                self._get_stuck(name, error.strerror or str(error))
                return None
        self._still.forget(name)
        self.stuck.pop(name, None)
        if not is_canary(name):
            self.last_claim = moment
        if self.route.ready == "marker":  # one that cannot be removed does no harm
            with contextlib.suppress(OSError):
                os.unlink(f"{self.folder}/{self.route.marker.format(name=name)}")
        return Claimed(drop_id, name, path, sight.size, sight.mtime_ns, moment)

    def _get_stuck(self, name: str, reason: str) -> None:
        self._still.forget(name)  # tried again when a later scan has seen it stand still anew
        self.stuck[name] = reason

    def has_companion(self, name: str) -> bool:
        """Say whether an attachment lies in the folder, complete. Only plain files under plain names count."""
        spelled = self._spelled(name)
        sight = None if "/" in name or name in OWN_FOLDERS else self._look(spelled)
        return sight is not None and sight.is_regular and not has_writer(self._path(spelled))

    def _spelled(self, name: str) -> str:
        """The name as the folder has it: some senders write umlauts in one character, some in two."""
        spellings = (name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD")))
        return next((found for found in spellings if os.path.lexists(self._path(found))), name)

    def claim_companions(self, drop_id: str, names: Sequence[str]) -> dict[str, str]:
        """Take the attachments of a drop when all are there: name -> path in the work folder.

        Where one is missing or being written none is taken; where one slips away only those are that were taken.
        """
        taken: dict[str, str] = {}
        if not all(self.has_companion(name) for name in names):
            return taken
        with contextlib.suppress(OSError):
            for number, name in enumerate(names):
                path = self.work_path(f"{drop_id}+{number}", name)
                move_new(self._path(self._spelled(name)), path)
                if not stat.S_ISREG(os.lstat(path).st_mode):  # a link was swapped in since we looked
                    os.unlink(path)
                    break
                taken[name] = path
        return taken

    def work_path(self, drop_id: str, name: str) -> str:
        """Path of a claimed file: its id and as much of its name as fits, so that the folder alone tells the story."""
        room = _LONGEST_NAME - len(drop_id) - 1
        cut = visible_name(name).encode()[-room:].decode("utf-8", "ignore")
        return f"{self.work}/{drop_id} {cut}"

    def _is_ours_to_leave(self, name: str) -> bool:
        return is_ignored(name, self._ignored)

    def _look(self, name: str) -> Sight | None:
        try:
            status = os.lstat(f"{self.folder}/{name}")
        except OSError:
            return None
        if stat.S_ISDIR(status.st_mode):
            return None
        return Sight(status.st_size, status.st_mtime_ns, status.st_ino, stat.S_ISREG(status.st_mode))
