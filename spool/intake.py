"""From a folder to claimed drops: what lies there, is it finished, and taking it so that nobody else can.

Claiming is a no-overwrite move into the route's hidden work folder on the same file system. From then on the file is
ours, whatever happens: the work folder is the truth, the journal's row follows.
"""

import contextlib
import errno
import fcntl
import os
import stat
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import TransportError
from core.readiness import NEVER_TAKEN, Sight, Stillness, is_ignored
from core.site import Route
from spool.canary import is_canary
from spool.durable import move_new
from spool.handling import WORK_FOLDER
from spool.identifiers import new_drop_id

REJECTED, HELD = "rejected", "held"
OWN_FOLDERS = frozenset({REJECTED, HELD, WORK_FOLDER})
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
        self._hints: deque[str] = deque()  # append and popleft are safe between threads
        self._ignored = (*NEVER_TAKEN, *route.ignore, *route.companions, route.marker.replace("{name}", "*"))
        if route.ready != "marker":
            self._ignored = self._ignored[:-1]

    def hint(self, name: str) -> None:
        """An event said that this file is complete. May be called from another thread."""
        self._hints.append(name)

    def prepare(self) -> None:
        """Make the folders of the route. Raise TransportError when the place is away."""
        try:
            if self.route.sentinel is None:
                os.makedirs(self.folder, exist_ok=True)
            for name in OWN_FOLDERS:
                os.makedirs(f"{self.folder}/{name}", exist_ok=True)
        except OSError as error:
            raise TransportError(f"{self.folder}: {error.strerror}") from error

    def check_present(self) -> None:
        """Raise TransportError when the folder is away, or is an empty mount point where a share should be."""
        if self.route.sentinel is not None and not os.path.exists(f"{self.folder}/{self.route.sentinel}"):
            raise TransportError(f"{self.folder}: {self.route.sentinel} is missing, so the share is not mounted")
        if not os.path.isdir(self.work):
            self.prepare()

    def hinted(self, now: float, most: int) -> list[str]:
        """Names of hinted files that are complete, at most so many, in order of their events."""
        if self.route.ready != "closed" or self.route.watch != "events":
            self._hints.clear()
            return []
        ready: dict[str, None] = {}
        while self._hints and len(ready) < most:
            name = self._hints.popleft()
            if name in ready or self._is_ours_to_leave(name):
                continue
            sight = self._look(name)
            if sight is None:
                continue
            if sight.size > 0 and not _has_writer(f"{self.folder}/{name}"):
                ready[name] = None
            else:
                self._still.observe(name, sight, now)
        return list(ready)

    @property
    def has_hints(self) -> bool:
        """Events wait to be looked at."""
        return bool(self._hints)

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
        if stat.S_ISDIR(status.st_mode):
            self.directories.add(name)
            return
        seen.add(name)
        sight = Sight(status.st_size, status.st_mtime_ns, status.st_ino)
        if self.route.ready == "marker":
            finished = os.path.exists(f"{self.folder}/{self.route.marker.format(name=name)}")
        else:
            finished = self._still.observe(name, sight, now) and not _has_writer(f"{self.folder}/{name}")
        if finished:
            entries.append((status.st_mtime_ns, name))

    def next_look(self) -> float | None:
        """Monotonic time at which a watched file can be finished."""
        return self._still.next_look()

    def claim(self, names: Iterable[str], now_ms: int, most: int) -> list[Claimed]:
        """Take files, at most so many. A file that has gone is no error; one that cannot be taken is noted as stuck."""
        claimed: list[Claimed] = []
        for name in names:
            if len(claimed) >= most:
                break
            taken = self._claim(name, now_ms)
            if taken is not None:
                claimed.append(taken)
        return claimed

    def _claim(self, name: str, now_ms: int) -> Claimed | None:
        sight = self._look(name)
        if sight is None:
            return None
        drop_id = new_drop_id(now_ms)
        path = self.work_path(drop_id, name)
        try:
            move_new(f"{self.folder}/{name}", path)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in _BUSY:
                raise TransportError(f"{self.folder}: {error.strerror}") from error
            # Somebody has it open on a share, or it is not ours to move: never half a claim, try again later.
            _remove_link(path)
            self.stuck[name] = error.strerror or str(error)
            return None
        self._still.forget(name)
        self.stuck.pop(name, None)
        if not is_canary(name):
            self.last_claim = now_ms
        if self.route.ready == "marker":
            _remove_link(f"{self.folder}/{self.route.marker.format(name=name)}")
        return Claimed(drop_id, name, path, sight.size, sight.mtime_ns, now_ms)

    def claim_companions(self, drop_id: str, names: Iterable[str]) -> dict[str, str] | None:
        """Take the attachments of a drop, all of them or none: dropped name -> path in the work folder.

        None as long as one of them is missing or being written.
        """
        wanted = list(names)
        for name in wanted:
            path = f"{self.folder}/{name}"
            if "/" in name or name in {".", ".."} or self._look(name) is None or _has_writer(path):
                return None
        taken: dict[str, str] = {}
        for number, name in enumerate(wanted):
            path = self.work_path(f"{drop_id}+{number}", name)
            move_new(f"{self.folder}/{name}", path)
            taken[name] = path
        return taken

    def give_back(self, drop: Claimed) -> None:
        """Undo a claim that could not be noted."""
        move_new(drop.path, f"{self.folder}/{drop.name}")

    def work_path(self, drop_id: str, name: str) -> str:
        """Path of a claimed file: its id and as much of its name as fits, so that the folder alone tells the story."""
        room = _LONGEST_NAME - len(drop_id) - 1
        raw = os.fsencode(name)
        if len(raw) > room:
            raw = os.fsencode(name.encode("utf-8", "surrogateescape")[-room:].decode("utf-8", "ignore"))
        return f"{self.work}/{drop_id} {os.fsdecode(raw)}"

    def _is_ours_to_leave(self, name: str) -> bool:
        return is_ignored(name, self._ignored)

    def _look(self, name: str) -> Sight | None:
        try:
            status = os.lstat(f"{self.folder}/{name}")
        except OSError:
            return None
        if stat.S_ISDIR(status.st_mode):
            return None
        return Sight(status.st_size, status.st_mtime_ns, status.st_ino)


def _has_writer(path: str) -> bool:
    """Say whether somebody certainly has the file open for writing: then the kernel refuses a read lease.

    No answer is possible on shares and for files of other users without the right; then the other proofs decide.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)  # gives the lease back
    return False


def _remove_link(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
