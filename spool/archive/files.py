"""How does a file get into its folder of the archive? Moved, or copied where others could still write into it."""

import contextlib
import errno
import hashlib
import os
import stat

from core.errors import CluedropError
from spool.archive.manifest import SourceFile

COPY_DRAFT = ".copy.new"
"""No stored file starts with a dot."""
FILE_MODE = 0o440
_DRAFT_MODE = 0o640
_COPY_BYTES = 1 << 20


class ArchiveConflict(CluedropError):  # noqa: N818 - names what was found, as Unclear does
    """The archive holds something else under the name of this drop; nothing is overwritten, a person must look."""


class Group:
    """What one group must sync before its sources may go."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.folders: set[str] = set()
        self.leftovers: list[str] = []
        self.placed: dict[str, None] = {}
        """Folders of new entries below the root, in the order of the chain."""
        self.committed = 0


def move(source: SourceFile, path: str, group: Group) -> None:
    """Move a file to a name that does not exist yet, and make it read-only."""
    if _is_ours(source):
        try:
            os.rename(source.path, path)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        else:
            group.files.append(path)
            return
    _copy(source, path)
    group.leftovers.append(source.path)
    group.files.append(path)


def _is_ours(source: SourceFile) -> bool:
    """Make a file read-only; say False where that does not help, and the archive must take a copy.

    Its owner could undo it, and whoever holds a second name of it could still write into it.
    """
    descriptor = os.open(source.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size != source.size:
            raise ArchiveConflict(f"{source.path} has changed since it was read")
        if found.st_uid != os.geteuid() or found.st_nlink > 1:
            return False
        os.fchmod(descriptor, FILE_MODE)
    finally:
        os.close(descriptor)
    return True


def complete(source: SourceFile, path: str, group: Group, *, anew: bool) -> None:
    """Bring a file to the place where an earlier attempt may have left it already.

    ``anew`` writes it once more: the sync of that attempt may have failed, and after that a file can read well, sync
    well, and not be on the disk.
    """
    if not os.path.lexists(path):
        move(source, path, group)
        return
    if _digest(path) != (source.size, source.sha256):
        raise ArchiveConflict(f"{path} exists with other content than {source.path}")
    if os.path.lexists(source.path):
        if _digest(source.path) != (source.size, source.sha256):
            raise ArchiveConflict(f"{source.path} has changed since it was read; {path} holds what was read")
        group.leftovers.append(source.path)
    if anew:
        _copy(SourceFile(source.name, path, source.size, source.sha256), path)
    group.files.append(path)


def _copy(source: SourceFile, path: str) -> None:
    draft = f"{os.path.dirname(path)}/{COPY_DRAFT}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(draft)
    digest, size = hashlib.sha256(), 0
    with open(source.path, "rb", opener=no_follow) as original, open(draft, "xb", opener=no_follow) as copy:
        while block := original.read(_COPY_BYTES):
            digest.update(block)
            size += len(block)
            copy.write(block)
        os.fchmod(copy.fileno(), FILE_MODE)
    if (size, digest.hexdigest()) != (source.size, source.sha256):
        os.unlink(draft)
        raise ArchiveConflict(f"{source.path} has changed since it was read")
    os.rename(draft, path)


def _digest(path: str) -> tuple[int, str]:
    with open(path, "rb", opener=no_follow) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def no_follow(path: str, flags: int) -> int:
    """An opener for ``open`` that never goes through a symbolic link."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, _DRAFT_MODE)


def write(path: str, data: bytes, flags: int, mode: int) -> None:
    """Write a small file whole, or raise OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | flags, mode)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)
