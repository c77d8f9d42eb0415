"""Making a committed result visible, exactly once, whatever the moment of a crash.

A staged file becomes visible by a hard link. The link moves the inode's ctime, so after a crash the staged name tells
on which side of the link we died, even when somebody has already taken the visible file away: another ctime than the
one in the journal means "published". Where a place has no hard links the staged name itself is moved, and a missing
staged name means "published".

All of that holds only in the very folder in which the file was staged, so the journal knows that folder's inode: an
empty mount point, or another folder that the configuration names by now, says nothing about what has happened.
"""

import errno
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.batch import REJECTED_FOLDER
from core.site import Site
from spool.folders.durable import link_new
from spool.folders.names import free_name, free_number, numbered, safe_name
from spool.inbox.intake import HELD, NOTES, REJECTED
from spool.journal.tables import Row

HELD_FOLDER = "@held"
NOTES_FOLDER = "@notes"
_SHOWN_IN = {REJECTED_FOLDER: REJECTED, HELD_FOLDER: HELD, NOTES_FOLDER: NOTES}
"""What the clerk gets back, and the folder of the inbox in which it is shown."""
_CLOCK_REALTIME_COARSE = 5
_TICK_SECONDS = 0.004
NOTE_ENDINGS = (".hinweis.txt", ".hinweis.xlsx")


@dataclass(slots=True)
class Publication:
    """One staged file on its way to its visible name."""

    target: str
    name: str
    staged: str
    folder: str
    place: int
    """Inode of the hidden folder; 0 in rows of the first release."""
    inode: int
    ctime_ns: int
    size: int
    sha256: str

    @classmethod
    def planned(cls, target: str, name: str, staged: str, folder: str, sha256: str = "") -> "Publication":
        """Plan to publish a staged file; its state before the link is taken down now."""
        status = os.lstat(staged)
        place = os.stat(os.path.dirname(staged)).st_ino
        return cls(target, name, staged, folder, place, status.st_ino, status.st_ctime_ns, status.st_size, sha256)

    def row(self, drop_id: str, ordinal: int, base: str) -> Row:
        """The journal's row; the staged name relative to ``base``, so that a site can be moved."""
        return {
            "drop_id": drop_id,
            "ordinal": ordinal,
            "target": self.target,
            "name": self.name,
            "staged": os.path.relpath(self.staged, base),
            "place": self.place,
            "inode": self.inode,
            "ctime_ns": self.ctime_ns,
            "size": self.size,
            "sha256": self.sha256,
        }

    def publish(self, *, fresh: bool) -> None:
        """Make it visible if it is not yet. ``fresh``: staged a moment ago, so no need to look. Raise OSError."""
        if not fresh and self._is_published():
            return
        while True:
            shown = f"{self.folder}/{self.name}"
            try:
                link_new(self.staged, shown)
            except FileExistsError:
                if os.path.samestat(os.lstat(self.staged), os.lstat(shown)):
                    return  # we have done so before; the file system has not moved its change time
                # Somebody has laid a file of this very name there since we looked; ours gets another number.
                self.name = free_name(self.folder, self.name)
            else:
                return

    def _is_published(self) -> bool:
        place = os.path.dirname(self.staged)
        if self.place not in {0, os.stat(place).st_ino}:
            raise OSError(
                errno.ESTALE, "results were staged in another folder of this name; is the share mounted?", place
            )
        try:
            status = os.lstat(self.staged)
        except FileNotFoundError:
            return True
        return status.st_ino != self.inode or status.st_ctime_ns != self.ctime_ns


def let_change_time_move(publications: Iterable[Publication]) -> None:
    """Return when a link will give another change time than the one that was taken down.

    Most file systems before Linux 6.13 take change times from a clock that ticks only every few milliseconds; one that
    was taken down within the tick of now would be given again.
    """
    taken = {made.ctime_ns for made in publications}
    while time.clock_gettime_ns(_CLOCK_REALTIME_COARSE) in taken:
        time.sleep(_TICK_SECONDS / 4)


class Folders:
    """Where the outputs of a route become visible, and names that are free there."""

    def __init__(self, site: Site) -> None:
        self._targets = {name: str(target.folder) for name, target in site.targets.items()}
        self._routes = {route.name: str(route.folder) for route in site.routes}

    def knows(self, target: str) -> bool:
        """Say whether a target is still configured."""
        return target in {*self._targets, *_SHOWN_IN}

    def visible(self, route: str, target: str) -> str:
        """Folder in which an output of this route to this target becomes visible."""
        shown_in = _SHOWN_IN.get(target)
        return self._targets[target] if shown_in is None else f"{self._routes[route]}/{shown_in}"

    def base(self, route: str, target: str) -> str:
        """Folder that staged names of this target hang on."""
        return self._routes[route] if target in _SHOWN_IN else self._targets[target]

    def publication(self, route: str, row: Row) -> Publication:
        """A publication as the journal knows it."""
        target = row["target"]
        return Publication(
            target,
            row["name"],
            os.path.normpath(f"{self.base(route, target)}/{row['staged']}"),
            self.visible(route, target),
            row["place"],
            row["inode"],
            row["ctime_ns"],
            row["size"],
            row["sha256"],
        )


@dataclass(slots=True)
class Naming:
    """Visible names that are free in their folder and not promised to another file of the same group."""

    _promised: set[tuple[str, str]] = field(default_factory=set)
    _last_number: dict[tuple[str, str], int] = field(default_factory=dict)
    """Where to go on for a name: the five-hundredth of one name must not ask for all before it."""

    def free(self, folder: str, name: str, *, with_notes: bool = False) -> str:
        """A free name; ``with_notes`` keeps the names of its notes free as well."""
        endings = NOTE_ENDINGS if with_notes else ()
        safe = safe_name(name)
        number = self._last_number.get((folder, safe), 0)
        while True:
            number = free_number(folder, safe, endings, after=number)
            chosen = numbered(safe, number)
            if (folder, chosen) not in self._promised:  # promised as the plain name of another, perhaps
                break
        self._last_number[folder, safe] = number
        self._promised.add((folder, chosen))
        return chosen
