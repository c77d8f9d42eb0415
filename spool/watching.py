"""Being woken when a file arrives. Events are hints only: the scan finds what they miss.

Only "closed" and "moved" are listened to: with every event watchdog loses half of a burst, with these none
(facts/filedrop.md 5.1). The full emitter is used because it tells a file that was moved in (complete) from one that
was only created (somebody is about to write it).
"""

import contextlib
import logging
import os
import stat
from collections.abc import Callable, Iterable

from watchdog.events import (
    FileClosedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import ObservedWatch
from watchdog.observers.inotify import InotifyObserver

_EVENTS: list[type[FileSystemEvent]] = [FileClosedEvent, FileMovedEvent]
_OVERFLOW_LOGGER = "watchdog.observers.inotify_c"

Hint = Callable[[str, str | None, bool], None]
"""Called in a watcher thread with folder and file name; without a name the folder must be scanned. Must not raise."""


class FolderWatch:
    """Watches folders and mends itself when one of them is replaced."""

    def __init__(self, folders: Iterable[str], hint: Hint) -> None:
        self._hint = hint
        self._folders = {folder: _Watched(folder) for folder in folders}
        self._observer = InotifyObserver(generate_full_events=True)
        self._overflow = _OverflowHandler(self._scan_all)
        logging.getLogger(_OVERFLOW_LOGGER).addHandler(self._overflow)

    def start(self) -> None:
        """Begin to watch; folders that are away are taken up later by ``mend``."""
        self._observer.start()
        self.mend()

    def stop(self) -> None:
        """End the watcher's threads."""
        logging.getLogger(_OVERFLOW_LOGGER).removeHandler(self._overflow)
        self._observer.stop()
        self._observer.join()

    def mend(self) -> list[str]:
        """Watch again whatever was deleted, replaced or mounted over; returns the folders that cannot be watched.

        A watch belongs to an inode. When somebody renames the folder away and makes a new one, no event tells us
        (facts/filedrop.md 5.1, "Root replaced"), so identity is compared.
        """
        deaf = []
        for folder, watched in self._folders.items():
            identity = _identity(folder)
            if watched.handle is not None and identity == watched.identity:
                continue
            self._unwatch(watched)
            if identity is None or not self._watch(watched, identity):
                deaf.append(folder)
                self._hint(folder, None, False)  # the scan makes the folder anew, or says why it cannot
        return deaf

    def _watch(self, watched: "_Watched", identity: tuple[int, int]) -> bool:
        try:
            watched.handle = self._observer.schedule(
                _Forward(watched.folder, self._hint), watched.folder, recursive=False, event_filter=_EVENTS
            )
        except OSError:  # no more watches (ENOSPC), or gone again: the scan does the work meanwhile
            return False
        watched.identity = identity
        self._hint(watched.folder, None, False)  # what came between the last look and this watch
        return True

    def _unwatch(self, watched: "_Watched") -> None:
        if watched.handle is not None:
            with contextlib.suppress(OSError, KeyError):  # its emitter may have ended with the folder
                self._observer.unschedule(watched.handle)
            watched.handle = None

    def _scan_all(self) -> None:
        for folder in self._folders:
            self._hint(folder, None, False)


class _Watched:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.handle: ObservedWatch | None = None
        self.identity: tuple[int, int] | None = None


class _Forward(FileSystemEventHandler):
    """Hands names on. An exception here would end the observer for all folders, so there is nothing that can raise."""

    def __init__(self, folder: str, hint: Hint) -> None:
        self._folder = folder
        self._hint = hint

    def on_closed(self, event: FileSystemEvent) -> None:
        self._hint(self._folder, os.path.basename(os.fsdecode(event.src_path)), False)

    def on_moved(self, event: FileSystemEvent) -> None:
        if event.dest_path:
            self._hint(self._folder, os.path.basename(os.fsdecode(event.dest_path)), True)


class _OverflowHandler(logging.Handler):
    """The only trace of lost events is a warning in watchdog's log; it becomes a scan of everything."""

    def __init__(self, scan: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._scan = scan

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._scan()


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None
