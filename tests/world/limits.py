"""Limits of the kernel that a test lowers for everybody on the machine: one test at a time, and always put back."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import need_root


@contextmanager
def lowered(limit: str, value: int) -> Iterator[None]:
    """A limit of inotify (``max_queued_events`` for instance) is as low as this meanwhile."""
    need_root("to lower a limit of the kernel")
    path = Path("/proc/sys/fs/inotify") / limit
    with (Path(tempfile.gettempdir()) / "cluedrop-tests-sysctl.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = path.read_text()
        path.write_text(str(value))
        try:
            yield
        finally:
            path.write_text(before)
