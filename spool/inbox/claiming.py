"""Taking a file so that nobody else can: from the inbox into the route's hidden work folder, on the same file system.

Every file first gets its new name, then one sync makes these names durable, then the old names go: at any moment, also
after a power cut, a file is here, or there, or has both names on one inode, which the restart recognises.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.errors import TransportError
from core.readiness import Sight
from spool.folders.durable import link_new, remove_old_name, sync_file, undo_move
from spool.folders.names import visible_name
from spool.identifiers import new_drop_id, now_ms

_LONGEST_NAME = 255
_BUSY = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY})

Refuse = Callable[[str, str], None]
"""Told of a file that is there but cannot be taken, with the reason."""


@dataclass(slots=True)
class Claimed:
    """A file that has just become ours."""

    id: str
    name: str
    path: str
    size: int
    mtime_ns: int
    claimed_at: int


def look(path: str) -> Sight | None:
    """What lies under a name; None for nothing, and for a folder."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode):
        return None
    return sight_of(status)


def sight_of(status: os.stat_result) -> Sight:
    """What a look has shown. A write sets both times to the same moment; whatever else is done moves one of them."""
    touched = status.st_ctime_ns != status.st_mtime_ns
    return Sight(status.st_size, status.st_mtime_ns, status.st_ino, stat.S_ISREG(status.st_mode), touched)


class Claiming:
    """Moves files from one inbox into its work folder."""

    def __init__(self, folder: str, work: str) -> None:
        self._folder = folder
        self._work = work
        self._half: list[Claimed] = []
        """Have both names, because a claim failed and could not be undone; a restart would take them for claimed."""

    def work_path(self, drop_id: str, name: str) -> str:
        """Path of a claimed file: its id and as much of its name as fits, so that the folder alone tells the story."""
        room = _LONGEST_NAME - len(drop_id) - 1
        cut = visible_name(name).encode()[-room:].decode("utf-8", "ignore")
        return f"{self._work}/{drop_id} {cut}"

    def claim(self, names: Iterable[str], most: int, refuse: Refuse) -> list[Claimed]:
        """Take files, at most so many. A file that has gone is no error.

        Raise TransportError when the place is in the way before anything was taken.
        """
        linked = self._undo_rest()
        moment = now_ms()
        for name in names:
            if len(linked) >= most:
                break
            try:
                found = self._link(name, moment, refuse)
            except TransportError:
                if linked:
                    break
                raise
            if found is not None:
                linked.append(found)
        return self._take_away(linked, refuse)

    def _link(self, name: str, moment: int, refuse: Refuse) -> Claimed | None:
        shown = self._shown(name)
        sight = look(shown)
        if sight is None:
            return None
        if sight.is_regular and not os.access(shown, os.R_OK, effective_ids=True):
            refuse(name, "its rights keep us from reading it")
            return None
        drop_id = new_drop_id(moment)
        drop = Claimed(drop_id, name, self.work_path(drop_id, name), sight.size, sight.mtime_ns, moment)
        try:
            link_new(shown, drop.path)
        except OSError as error:
            if self._undo(drop):
                if error.errno != errno.ENOENT and not _is_busy(name, error, refuse):
                    raise self._in_the_way(error) from error
                return None
        return drop

    def _undo(self, drop: Claimed) -> bool:
        """Say False where the file is ours in spite of the error."""
        try:
            return undo_move(self._shown(drop.name), drop.path)
        except OSError:
            self._half.append(drop)
            return True

    def _undo_rest(self) -> list[Claimed]:
        """Undo what could not be undone before anything new is taken; returns what is ours after all."""
        half, self._half = self._half, []
        ours = [drop for drop in half if not self._undo(drop)]
        if self._half:
            self._half += ours
            raise TransportError(f"{self._folder}: a claim cannot be undone")
        return ours

    def _take_away(self, linked: Sequence[Claimed], refuse: Refuse) -> list[Claimed]:
        claimed: list[Claimed] = []
        trouble: OSError | None = None
        try:
            if linked:
                sync_file(self._work)
        except OSError as error:
            trouble = error
        for drop in linked:
            try:
                if trouble is not None:
                    raise trouble
                remove_old_name(self._shown(drop.name), drop.path)
            except OSError as error:
                if self._undo(drop):
                    if not _is_busy(drop.name, error, refuse):
                        trouble = error
                    continue
            claimed.append(drop)
        if trouble is not None and not claimed:
            raise self._in_the_way(trouble) from trouble
        return claimed

    def _shown(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _in_the_way(self, error: OSError) -> TransportError:
        return TransportError(f"{self._folder}: {error.strerror}")


def _is_busy(name: str, error: OSError, refuse: Refuse) -> bool:
    """Somebody has it open on a share, or it is not ours to move: this one is tried again later."""
    if error.errno not in _BUSY:
        return False
    refuse(name, error.strerror or str(error))
    return True
