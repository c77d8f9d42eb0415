"""The few file-system acts that must survive a power cut, and what they promise.

``syncfs`` flushes a whole file system at once, so a group of five hundred files costs little more than one
(measured here: 9 ms against 160 ms for 512 single syncs). For a few files single syncs are the cheaper ones and do not
wait for what other programs have written. They go side by side: a journaling file system makes one commit of them.
"""

import ctypes
import errno
import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Literal

from spool.folders.own_folders import enter, entered

_FEW = 12
_SIDE_BY_SIDE = ThreadPoolExecutor(_FEW - 1, "sync")
_LIBC = ctypes.CDLL(None, use_errno=True)
_RENAME_NOREPLACE = 1
_SYNC_FILE_RANGE_WRITE = 2
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})


def sync_file(path: str) -> None:
    """Return when the content of a file, or the entries of a folder, are on the disk. Raise OSError if they are not.

    Links, pipes, sockets and devices have no content of their own; opening them would fail, or wait for ever.
    """
    if stat.S_IFMT(os.lstat(path).st_mode) not in {stat.S_IFREG, stat.S_IFDIR}:
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def begin_sync(descriptor: int) -> None:
    """Let a file that is being written go to the disk meanwhile, so that its sync has little left to do; a hint."""
    _LIBC.sync_file_range(descriptor, ctypes.c_int64(0), ctypes.c_int64(0), _SYNC_FILE_RANGE_WRITE)


def sync_filesystem(path: str) -> None:
    """Return when everything written to the file system that holds ``path`` is on the disk. Raise OSError if not."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _LIBC.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
    finally:
        os.close(descriptor)


def sync_paths(files: Sequence[str], folders: Iterable[str]) -> None:
    """Make files and the folders that name them durable, by the cheaper of the two ways."""
    places = sorted(set(folders))
    if len(files) + len(places) <= _FEW:
        _sync_side_by_side([*files, *places])
        return
    seen: set[int] = set()
    for path in places:
        device = os.stat(path).st_dev
        if device not in seen:
            seen.add(device)
            sync_filesystem(path)


def _sync_side_by_side(paths: Sequence[str]) -> None:
    """Sync all, the last one here; what fails is raised when none is under way any more."""
    begun, own = [], list(paths)
    with suppress(RuntimeError):  # no thread can be had: then one after the other
        while len(own) > 1:
            begun.append(_SIDE_BY_SIDE.submit(sync_file, own[0]))
            del own[0]
    try:
        for path in own:
            sync_file(path)
    finally:
        wait(begun)
    for sync in begun:
        sync.result()


def make_folder(path: str | os.PathLike[str], mode: int = 0o777) -> None:
    """Make a folder and those above it, where they are missing, and return when their names are on the disk.

    What is synced inside a folder helps nobody when the power cut takes the folder itself along.
    """
    folder, missing = os.path.abspath(path), []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    os.makedirs(path, mode, exist_ok=True)
    for made in missing:
        sync_file(os.path.dirname(made))


def move_new(source: str, destination: str) -> None:
    """Give a file a new name on its file system, durably; raise FileExistsError rather than overwrite.

    Link and unlink where there are hard links: unlike a rename this also tells watchers nothing that would hold
    back later events (facts/filedrop.md 5.1, "Move pairing"). A crash in between leaves both names on one inode,
    which the restart recognises. The new name is on the disk before the old one goes: btrfs may let a removal
    survive a power cut without the link that came before it.
    """
    try:
        link_new(source, destination)
    except FileExistsError:
        if not os.path.samestat(os.lstat(source), os.lstat(destination)):
            raise  # else an earlier attempt came thus far
    sync_file(os.path.dirname(destination))
    remove_old_name(source, destination)


def remove_old_name(old: str, new: str) -> None:
    """Of a file with two names take the old one away; where that means another file by now, or none, it stays."""
    with suppress(FileNotFoundError):
        if os.path.samestat(os.lstat(old), os.lstat(new)):
            os.unlink(old)


def remove_files(paths: Sequence[str]) -> None:
    """Remove files, as far as they are there. Raise OSError when one cannot go; the others may be gone by then.

    Each of a thousand removals may wait for the file system; side by side they take a tenth of the time.
    """
    begun, own = [], list(paths)
    with suppress(RuntimeError):  # no thread can be had: then one after the other
        while own:
            begun.append(_SIDE_BY_SIDE.submit(_remove, own[-1]))
            own.pop()
    wait(begun)
    for path in own:
        _remove(path)
    for removal in begun:
        removal.result()


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def is_gone(path: str) -> bool:
    """Say whether certainly nothing lies under a name; a disk that does not answer is no proof."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def undo_move(source: str, destination: str) -> bool:
    """After a ``move_new`` that failed: leave nothing half done; say False where it was done in spite of the error.

    A share may do what it is asked, lose its answer and refuse the repetition; or somebody has removed the source
    between link and unlink. Then the destination is the only name, and stays.
    """
    try:
        moved = os.lstat(destination)
    except OSError:
        return True
    with suppress(FileNotFoundError):
        if os.path.samestat(os.lstat(source), moved):
            os.unlink(destination)
            return True
    return False


def link_new(source: str, destination: str) -> Literal["linked", "renamed"]:
    """Make ``source`` visible as ``destination`` in one step; raise FileExistsError rather than overwrite.

    "renamed" means that the place has no hard links, and that the source name is gone.
    """
    here, old = enter(source)
    try:
        there, new = enter(destination)
        try:
            os.link(old, new, src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)
            return "linked"
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _rename_new(source, destination, here, there)
            return "renamed"
        finally:
            os.close(there)
    finally:
        os.close(here)


def twin_new(source: str, destination: str, hidden: str) -> None:
    """Give a file a second name; where there are no hard links, a copy of it. Raise FileExistsError, never overwrite.

    ``hidden`` is a name beside the destination that nobody believes: a crash leaves no half copy but there.
    """
    with entered(source) as (here, old), entered(destination) as (there, new):
        try:
            os.link(old, new, src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            shutil.copyfile(source, hidden, follow_symlinks=False)
            sync_file(hidden)
            _rename_new(hidden, destination, there, there)


def _rename_new(source: str, destination: str, here: int, there: int) -> None:
    """Rename relative to the folders that are open; the paths are for messages and for their last parts."""
    old, new = os.path.basename(source), os.path.basename(destination)
    result = _LIBC.renameat2(here, os.fsencode(old), there, os.fsencode(new), _RENAME_NOREPLACE)
    if result == 0:
        return
    number = ctypes.get_errno()
    if number not in {errno.EINVAL, errno.ENOSYS}:
        raise OSError(number, os.strerror(number), source, None, destination)
    # The last resort of shares that know neither links nor the flag; we are the only writer of our hidden names.
    if os.path.lexists(destination):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), destination)
    os.rename(old, new, src_dir_fd=here, dst_dir_fd=there)
