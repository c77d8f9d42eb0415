"""Folders of our own in places where others may write: made, entered and written so that nobody leads us elsewhere.

Whoever may drop files into an inbox may also lay a link there, under a name of ours and at the worst moment. So our
folders below an inbox or an outbox are never entered through a link, the hidden ones are for us alone, and a file that
we make there is made anew, never written into what lies there.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.errors import TransportError

OWN_NAMES = frozenset({".work", ".staged", ".arriving", "rejected", "held", "notes", "sent"})
"""Names of our folders in places of others. A link under one of these names is never ours."""
_STRANGE = "{} is no folder; somebody has laid a link or a file in its place"
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def make_hidden(path: str) -> None:
    """Make a folder that nobody else may look into or change, or make it so. Raise OSError, also for a link."""
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)  # the set-group-id bit comes from the folder above
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, _STRANGE.format(path))
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        with suppress(OSError):  # a share without rights
            os.chmod(path, found.st_mode & 0o7700)


def protect_inbox(path: str) -> None:
    """Let only us, and whoever laid a file there, take it away or put another in its place. Raise OSError."""
    with suppress(PermissionError):  # a share without rights
        os.chmod(path, stat.S_IMODE(os.stat(path).st_mode) | stat.S_ISVTX)


def check_real(place: str) -> None:
    """Raise TransportError where a link or a file lies in a place under one of our names; nothing is no trouble."""
    for name in OWN_NAMES:
        with suppress(OSError):
            if not stat.S_ISDIR(os.lstat(f"{place}/{name}").st_mode):
                raise TransportError(_STRANGE.format(f"{place}/{name}"))


@contextmanager
def entered(path: str) -> Iterator[tuple[int, str]]:
    """Folder and name of a path, for calls relative to the folder: it stays the same whatever is laid in its place.

    Raise OSError: NotADirectoryError where a folder of ours is a link by now.
    """
    folder, name = enter(path)
    try:
        yield folder, name
    except OSError as error:
        if error.filename == name:
            error.filename = path  # people must read where
        raise
    finally:
        os.close(folder)


def enter(path: str) -> tuple[int, str]:
    """The same for whoever closes the folder himself: every file goes this way, twice."""
    parent, _, name = path.rpartition("/")
    own = parent.rpartition("/")[2] in OWN_NAMES
    return os.open(parent or ("/" if path[:1] == "/" else "."), _FOLDER | (os.O_NOFOLLOW if own else 0)), name


def open_new(path: str, mode: int = 0o640) -> int:
    """A descriptor of a new file, in the place of whatever had this name. Raise OSError."""
    with entered(path) as (folder, name):
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        return os.open(name, _NEW_FILE, mode, dir_fd=folder)
