"""Files that are never taken alone, but along with the one that names them; and those that nobody names."""

import contextlib
import os
import stat
import time
import unicodedata
from collections.abc import Callable, Sequence

from core.readiness import is_ignored
from core.site import Route
from spool.folders.durable import move_new
from spool.inbox.leases import has_writer


class Attachments:
    """The attachments in one route's folder."""

    def __init__(self, route: Route, work_path: Callable[[str, str], str]) -> None:
        """``work_path`` makes the path of a claimed file of its id and its name."""
        self._folder = str(route.folder)
        self._patterns = route.companions
        self._patience = route.wait_seconds
        self._is_local = route.watch == "events"
        self._work_path = work_path
        self.alone: set[str] = set()
        """Names of those that have lain there longer than a file would wait for them, as of the last scan."""

    def is_one(self, name: str) -> bool:
        """Say whether a name is that of an attachment."""
        return is_ignored(name, self._patterns)

    def see(self, entry: "os.DirEntry[str]") -> None:
        """A scan has met an attachment."""
        with contextlib.suppress(OSError):
            if time.time() - entry.stat(follow_symlinks=False).st_ctime > self._patience:
                self.alone.add(entry.name)

    def has(self, name: str) -> bool:
        """Say whether an attachment lies in the folder, complete. Only plain files under plain names count."""
        path = self._path(name)
        try:
            is_regular = "/" not in name and stat.S_ISREG(os.lstat(path).st_mode)
        except OSError:
            return False
        return is_regular and not (self._is_local and has_writer(path))

    def claim(self, drop_id: str, names: Sequence[str]) -> dict[str, str]:
        """Take the attachments of a drop when all are there: name -> path in the work folder.

        Where one is missing or being written none is taken; where one slips away only those are that were taken.
        """
        taken: dict[str, str] = {}
        if not all(self.has(name) for name in names):
            return taken
        with contextlib.suppress(OSError):
            for number, name in enumerate(names):
                path = self._work_path(f"{drop_id}+{number}", name)
                move_new(self._path(name), path)
                if not stat.S_ISREG(os.lstat(path).st_mode):  # a link was swapped in since we looked
                    os.unlink(path)
                    break
                taken[name] = path
        return taken

    def _path(self, name: str) -> str:
        """The path as the folder spells it: some senders write umlauts in one character, some in two."""
        spellings = (name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD")))
        paths = [f"{self._folder}/{spelling}" for spelling in spellings]
        return next((path for path in paths if os.path.lexists(path)), paths[0])
