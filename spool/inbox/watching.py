"""Being woken when a file arrives. Events are hints only: the scan finds what they miss.

Only "closed" and "moved" are listened to: with every event watchdog loses half of a burst, with these none
(facts/filedrop.md 5.1). The full emitter is used because it tells a file that was moved in (complete) from one that
was only created (somebody is about to write it).
"""

import contextlib
import errno
import logging
import os
import stat
from collections.abc import Callable, Iterable

from loguru import logger
from watchdog.events import (
    FileClosedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.inotify import InotifyObserver

from core.errors import TransportError
from spool.folders.reach import check_answers

_EVENTS: list[type[FileSystemEvent]] = [FileClosedEvent, FileMovedEvent]
_OVERFLOW_LOGGER = "watchdog.observers.inotify_c"

_LIMITS = {
    errno.ENOSPC: "the kernel's limit of watches is used up; as root: sysctl fs.inotify.max_user_watches=524288",
    errno.EMFILE: "the kernel's limit of watchers is used up; as root: sysctl fs.inotify.max_user_instances=1024",
}
"""What inotify says when one of its limits is reached."""

Hint = Callable[[str, str | None, bool], None]
"""Called in a watcher thread with folder and file name; without a name the folder must be scanned. Must not raise."""


class FolderWatch:
    """Watches folders and mends itself when one of them is replaced."""

    def __init__(self, folders: Iterable[str], hint: Hint) -> None:
        self._hint = hint
        self._folders = {folder: _Watched(folder) for folder in folders}
        self._observer: BaseObserver | None = None
        self._overflow = _OverflowHandler(self._scan_all)
        logging.getLogger(_OVERFLOW_LOGGER).addHandler(self._overflow)

    def start(self) -> None:
        """Begin to watch; folders that are away are taken up later by ``mend``."""
        self.mend()

    def stop(self) -> None:
        """End the watcher's threads."""
        logging.getLogger(_OVERFLOW_LOGGER).removeHandler(self._overflow)
        if self._observer is not None:
            self._observer.stop()
            with contextlib.suppress(RuntimeError):  # it has never begun
                self._observer.join()

    def mend(self) -> dict[str, str]:
        """Watch again whatever was deleted, replaced or mounted over.

        Returns the folders that cannot be watched, each with the reason in words for people.

        A watch belongs to an inode. When somebody renames the folder away and makes a new one, no event tells us
        (facts/filedrop.md 5.1, "Root replaced"), so identity is compared.
        """
        deaf = {}
        observer, trouble = self._listening()
        for folder, watched in self._folders.items():
            identity = _identity(folder)
            if observer is not None and identity is not None and self._is_watched(observer, watched, identity):
                continue
            self._unwatch(watched)
            why: str | None = trouble
            if observer is not None:
                why = "it is not there or cannot be read"
                if identity is not None:
                    why = self._watch(observer, watched, identity)
            if why is not None:
                deaf[folder] = f"arrivals are noticed by scanning only: {why}"
                self._hint(folder, None, False)  # the scan makes the folder anew, or says why it cannot
        return deaf

    def _listening(self) -> tuple[BaseObserver | None, str]:
        """An observer at work; a new one when its thread has ended, None with the reason when there can be none."""
        if self._observer is not None and self._observer.is_alive():
            return self._observer, ""
        for watched in self._folders.values():
            watched.handle = None
        if self._observer is not None:
            logger.error("the watcher has ended; it is started anew")
            self._observer.stop()
            self._observer = None
        try:
            observer = InotifyObserver(generate_full_events=True)
            observer.start()
        except OSError as error:
            return None, _reason(error)
        self._observer = observer
        return observer, ""

    def _is_watched(self, observer: BaseObserver, watched: "_Watched", identity: tuple[int, int]) -> bool:
        if watched.handle is None or identity != watched.identity:
            return False
        return any(emitter.watch == watched.handle and emitter.is_alive() for emitter in observer.emitters)

    def _watch(self, observer: BaseObserver, watched: "_Watched", identity: tuple[int, int]) -> str | None:
        """Begin to watch a folder; says why it cannot be watched, None when it is."""
        try:
            watched.handle = observer.schedule(
                _Forward(watched.folder, self._hint),
                watched.folder,
                recursive=False,
                event_filter=_EVENTS,
                follow_symlink=True,  # an inbox may be one; by default the link itself is watched, and nothing heard
            )
        except OSError as error:  # no more watches, or gone again: the scan does the work meanwhile
            return _reason(error)
        watched.identity = identity
        self._hint(watched.folder, None, False)  # what came between the last look and this watch
        return None

    def _unwatch(self, watched: "_Watched") -> None:
        if watched.handle is not None and self._observer is not None:
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
            logger.warning("more files came than the kernel could tell of; every folder is scanned")
            self._scan()


def _reason(error: OSError) -> str:
    return _LIMITS.get(error.errno or 0, error.strerror or str(error))


def _identity(folder: str) -> tuple[int, int] | None:
    """Device and inode of a folder; None where there is none that we may read."""
    try:
        check_answers(folder)
        found = os.stat(folder)
    except (OSError, TransportError):
        return None
    if not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):  # watchdog would say nothing, and hear nothing
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None
