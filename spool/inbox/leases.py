"""Is somebody still writing a file? The kernel knows, where it can be asked."""

import errno
import fcntl
import os
from contextlib import suppress


def has_writer(path: str) -> bool:
    """Say whether somebody certainly has the file open for writing.

    Ask on local file systems only: a share may refuse every lease. Of files of other users the kernel tells only whom
    the unit has given CAP_LEASE; without an answer the other proofs decide.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return is_being_written(descriptor)
    finally:
        with suppress(OSError):  # nothing was written: what a failing disk says now does not matter
            os.close(descriptor)


def is_being_written(descriptor: int) -> bool:
    """The same of a file that we have open for reading: somebody writes to it, so the kernel refuses a read lease."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False
