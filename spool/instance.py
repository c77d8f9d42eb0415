"""One daemon per site: the second one that starts is told so, whatever it was started by."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import CluedropError
from spool.folders.durable import make_folder


class AlreadyRunning(CluedropError):  # noqa: N818 - a state of affairs, nobody's error
    """Another daemon holds this site."""


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Hold the site's lock. The kernel gives it back when the process ends, however it ends. Raise AlreadyRunning."""
    make_folder(state, 0o750)
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 20).decode("ascii", "replace").strip()
            raise AlreadyRunning(f"another daemon (process {owner}) is at work on this site") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_running(state: Path) -> bool:
    """Say whether a daemon is at work on the site. Leaves nothing behind: another user may ask than the daemon's."""
    try:
        descriptor = os.open(state / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
