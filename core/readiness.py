"""Is a file finished, or is somebody still writing it? Judged from what was seen of it, never from its own clock.

The sender's clock may be hours off and a share may hand out whole seconds only, so the only time that counts is the
reader's monotonic time between two of its own looks (facts/filedrop.md 0.3, P1, P2, P17).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

TEMPORARY = (
    "*.tmp",
    "*.part",
    "*.partial",  # rclone
    "*.filepart",  # WinSCP
    "*.writing",  # Spring Integration
    "*.crdownload",  # Chromium
    ".in.*",  # lftp
)
"""Name patterns under which programs write what they rename when it is whole; compared without regard to case."""

NEVER_TAKEN = (
    *TEMPORARY,
    ".*",  # hidden files, and our own work folders
    "~$*",  # lock files of Microsoft Office
    "*.hinweis.txt",  # our own notes, if somebody moves one along with its file
    "*.hinweis.xlsx",
    "Thumbs.db",
    "desktop.ini",
)
"""Name patterns of what is never a drop, whatever the route; compared without regard to case."""


FOLDERS_OF_SYSTEMS = frozenset(
    {"lost+found", "System Volume Information", "$RECYCLE.BIN", "@eaDir", "#recycle", "@Recycle", ".snapshot"}
)
"""Folders that file systems and storage boxes make by themselves: nobody has dropped them."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at a file showed."""

    size: int
    mtime_ns: int
    inode: int
    is_regular: bool = True
    is_touched: bool = True
    """Something was done to it after its last write: renamed, or its times set, as senders do in the end."""


@dataclass(slots=True)
class _Watched:
    sight: Sight
    since: float


def is_ignored(name: str, patterns: Iterable[str]) -> bool:
    """Say whether a name matches one of the patterns, upper and lower case alike."""
    folded = name.casefold()
    return any(fnmatchcase(folded, pattern.casefold()) for pattern in patterns)


class Stillness:
    """Remembers the files of one folder until they have stood still for the settle time.

    ``patience_seconds`` is the longer time for files that were not touched after their last write: nobody can tell
    whether such a file is whole, or the part of an upload that broke off and may be resumed.
    """

    def __init__(self, settle_seconds: float, patience_seconds: float = 0.0) -> None:
        self._settle = settle_seconds
        self._patience = max(settle_seconds, patience_seconds)
        self._watched: dict[str, _Watched] = {}

    def observe(self, name: str, sight: Sight, now: float) -> bool:
        """Take one look into account; True when the file has not changed for the settle time."""
        known = self._watched.get(name)
        if known is None or known.sight != sight:
            self._watched[name] = _Watched(sight, now)
            return self._needed(sight) <= 0
        return now - known.since >= self._needed(sight)

    def _needed(self, sight: Sight) -> float:
        return self._settle if sight.is_touched else self._patience

    def restart(self, name: str, now: float) -> None:
        """Something else than its looks says that a file is not finished: its time begins anew."""
        if name in self._watched:
            self._watched[name].since = now

    def forget_all_but(self, names: set[str]) -> None:
        """Drop what is no longer in the folder, so that memory follows the folder and not its history."""
        for name in self._watched.keys() - names:
            del self._watched[name]

    def forget(self, name: str) -> None:
        """A file was taken."""
        self._watched.pop(name, None)

    def next_look(self) -> float | None:
        """Monotonic time at which the earliest of the watched files can be finished; None when there is none."""
        if not self._watched:
            return None
        return min(entry.since + self._needed(entry.sight) for entry in self._watched.values())
