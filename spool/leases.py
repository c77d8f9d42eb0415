"""Is somebody still writing a file? The kernel knows, where it can be asked."""

import errno
import fcntl
import os
from contextlib import suppress


def has_writer(path: str) -> bool:
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
        with suppress(OSError):  # nothing was written: what a failing disk says now does not matter
            os.close(descriptor)  # gives the lease back
    return False
