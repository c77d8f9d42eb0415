"""Where do finished files go? Into ``archive/YYYY/MM/DD/<id>/``, read-only, with a manifest in the hash chain.

A whole group of drops is placed at once and synced at once: files and draft manifests first, then ``chain.json`` is
replaced, then the drafts get their names. From the moment of the replacing the group is archived, whatever crashes
before or after it; ``archive_check.py`` proves the result.
"""

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from typing import Protocol

from core.errors import CluedropError, TransportError
from spool.manifest import (
    GENESIS,
    MANIFEST_NAME,
    ArchiveEntry,
    ChainFile,
    ChainHead,
    Manifest,
    SourceFile,
    chain_digest,
    entry_folder,
    manifest_of,
    stored_names,
)

CHAIN_NAME = "chain.json"
CHAIN_DRAFT = ".chain.json.new"
MANIFEST_DRAFT = ".manifest.new"
COPY_DRAFT = ".copy.new"
"""No stored file starts with a dot."""

_FILE_MODE, _FOLDER_MODE = 0o440, 0o550
_DRAFT_MODE, _OPEN_FOLDER_MODE = 0o640, 0o750
_COPY_BYTES = 1 << 20


class ArchiveConflict(CluedropError):  # noqa: N818 - names what was found, as Unclear does
    """The archive holds something else under the name of this drop; nothing is overwritten, a person must look."""


class SyncPaths(Protocol):
    """Makes files, and the folders that name them, durable (``spool.durable.sync_paths``)."""

    def __call__(self, files: Sequence[str], folders: Iterable[str], /) -> None:
        """Return when all of it is on the disk; raise OSError if it is not."""


class Archive:
    """The archive below one root folder. One writer at a time; readers need no lock."""

    def __init__(self, root: str | os.PathLike[str], sync_paths: SyncPaths) -> None:
        self._root = os.fspath(root)
        self._sync = sync_paths
        self._day = ""
        self._own_head: ChainHead | None = None
        """What ``chain.json`` says, once its group is finished."""
        self._renamed: set[str] = set()

    def head(self) -> ChainHead:
        """Return the head in ``chain.json``, GENESIS where there is none; raise ArchiveConflict if it is damaged."""
        found = self._chain_file()
        return found.head if found else GENESIS

    def settle(self) -> ChainHead:
        """Finish the last group of an earlier process, where the archive is there; return the head like ``head``.

        Where a disk is in the way it is finished together with the next group.
        """
        if os.path.lexists(f"{self._root}/{CHAIN_NAME}"):
            with contextlib.suppress(OSError):
                self._settle()
        return self.head()

    def place(self, entries: Sequence[ArchiveEntry], head: ChainHead) -> ChainHead:
        """Move a group of drops into the archive, in this order, behind ``head``; return the new head.

        When it returns, everything is durable, the sources are gone and ``chain.json`` names the new head. After a
        crash or an error the same entries may be placed again, in any order and company. An entry that is in the
        archive already is left as it is. Where the archive's own head is further than ``head``, the own one counts.
        Raise TransportError where disk or share fail, ArchiveConflict where the archive holds other content under the
        same id; then nothing of the group is archived.
        """
        if not entries:
            return head
        try:
            own = self._own_head or self._settle()
            head = own if own.sequence > head.sequence else head
            group = _Group()
            for entry in entries:
                head = self._place(entry, head, group)
            group.folders |= self._renamed
            if group.placed:
                self._commit(group, head)
            else:
                self._sync(group.files, group.folders)
            for path in group.leftovers:
                os.unlink(path)
        except OSError as error:
            self._day = ""  # its folders may not be on the disk
            raise TransportError(f"archive {self._root}: {error}") from error
        return head

    def _commit(self, group: "_Group", head: ChainHead) -> None:
        draft = f"{self._root}/{CHAIN_DRAFT}"
        chain = ChainFile(sequence=head.sequence, digest=head.digest, group=tuple(group.placed))
        _write(draft, chain.model_dump_json(indent=1).encode(), os.O_TRUNC, _DRAFT_MODE)
        group.files.append(draft)
        self._sync(group.files, group.folders)
        self._own_head = None
        os.replace(draft, f"{self._root}/{CHAIN_NAME}")
        self._sync((), (self._root,))
        self._finish(group.placed, head)

    def _finish(self, placed: Iterable[str], head: ChainHead) -> None:
        """Give the manifests of a group that ``chain.json`` names their names."""
        for relative in placed:
            folder = f"{self._root}/{relative}"
            with contextlib.suppress(FileNotFoundError):  # done before the crash
                os.rename(f"{folder}/{MANIFEST_DRAFT}", f"{folder}/{MANIFEST_NAME}")
            with contextlib.suppress(FileNotFoundError):
                os.chmod(folder, _FOLDER_MODE)
        # The next group's sync makes these names durable; until then chain.json tells how to finish them.
        self._renamed = {f"{self._root}/{relative}" for relative in placed}
        self._own_head = head

    def _settle(self) -> ChainHead:
        """Finish the group of an earlier process; drafts that remain after that were never archived."""
        found = self._chain_file()
        head = found.head if found else GENESIS
        self._finish(found.group if found else (), head)
        self._renamed.add(self._root)  # chain.json may have its name without it being on the disk
        return head

    def _chain_file(self) -> ChainFile | None:
        try:
            with open(f"{self._root}/{CHAIN_NAME}", "rb") as file:
                return ChainFile.model_validate_json(file.read())
        except FileNotFoundError:
            return None
        except ValueError as error:
            message = f"{self._root}/{CHAIN_NAME} is damaged; verify the archive, then remove the file"
            raise ArchiveConflict(message) from error

    def _place(self, entry: ArchiveEntry, head: ChainHead, group: "_Group") -> ChainHead:
        relative = entry_folder(entry.received_at, entry.drop_id)
        if relative in group.placed:
            raise ValueError(f"{entry.drop_id} is twice in one group")
        folder = f"{self._root}/{relative}"
        stored = stored_names(entry)
        manifest = manifest_of(entry, stored, head)
        if self._make(folder, group):
            for name, source in stored.items():
                _move(source, f"{folder}/{name}", group)
        else:
            os.chmod(folder, _OPEN_FOLDER_MODE)
            anew = not os.path.lexists(f"{folder}/{MANIFEST_NAME}")
            for name, source in stored.items():
                _complete(source, f"{folder}/{name}", group, anew=anew)
            if _is_archived(manifest, f"{folder}/{MANIFEST_NAME}"):
                os.chmod(folder, _FOLDER_MODE)
                return head
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{folder}/{MANIFEST_DRAFT}")
        data = manifest.to_bytes()
        draft = f"{folder}/{MANIFEST_DRAFT}"
        _write(draft, data, os.O_EXCL, _FILE_MODE)
        group.files.append(draft)
        group.folders.add(folder)
        group.placed[relative] = None
        return ChainHead(head.sequence + 1, chain_digest(data))

    def _make(self, folder: str, group: "_Group") -> bool:
        """Make the folder of an entry; say False if an earlier attempt has made it."""
        day = os.path.dirname(folder)
        if day != self._day:
            self._make_day(day, group)
        group.folders.add(day)
        try:
            os.mkdir(folder, _OPEN_FOLDER_MODE)
        except FileExistsError:
            return False
        except FileNotFoundError:  # somebody has tidied the empty day away since
            self._make_day(day, group)
            os.mkdir(folder, _OPEN_FOLDER_MODE)
        return True

    def _make_day(self, day: str, group: "_Group") -> None:
        if not os.path.isdir(self._root):
            group.folders.add(os.path.dirname(self._root))
        os.makedirs(day, _OPEN_FOLDER_MODE, exist_ok=True)
        month = os.path.dirname(day)
        group.folders |= {month, os.path.dirname(month), self._root}
        self._day = day


class _Group:
    """What one group must sync before its sources may go."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.folders: set[str] = set()
        self.leftovers: list[str] = []
        self.placed: dict[str, None] = {}
        """Folders of new entries below the root, in the order of the chain."""


# ── moving ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _move(source: SourceFile, path: str, group: _Group) -> None:
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
        os.fchmod(descriptor, _FILE_MODE)
    finally:
        os.close(descriptor)
    return True


def _complete(source: SourceFile, path: str, group: _Group, *, anew: bool) -> None:
    """Bring a file to the place where an earlier attempt may have left it already.

    ``anew`` writes it once more: the sync of that attempt may have failed, and after that a file can read well, sync
    well, and not be on the disk.
    """
    if not os.path.lexists(path):
        _move(source, path, group)
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
    with open(source.path, "rb", opener=_no_follow) as original, open(draft, "xb", opener=_no_follow) as copy:
        while block := original.read(_COPY_BYTES):
            digest.update(block)
            size += len(block)
            copy.write(block)
        os.fchmod(copy.fileno(), _FILE_MODE)
    if (size, digest.hexdigest()) != (source.size, source.sha256):
        os.unlink(draft)
        raise ArchiveConflict(f"{source.path} has changed since it was read")
    os.rename(draft, path)


def _digest(path: str) -> tuple[int, str]:
    with open(path, "rb", opener=_no_follow) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _no_follow(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, _DRAFT_MODE)


def _write(path: str, data: bytes, flags: int, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | flags, mode)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def _is_archived(manifest: Manifest, path: str) -> bool:
    """Say whether the archive holds the entry already."""
    try:
        with open(path, "rb", opener=_no_follow) as file:
            found = Manifest.from_bytes(file.read())
    except FileNotFoundError:
        return False
    except ValueError as error:
        raise ArchiveConflict(f"{path} is damaged") from error
    chained = ("sequence", "previous", "archived_at", "keep_until")
    if manifest.model_copy(update={name: getattr(found, name) for name in chained}) != found:
        raise ArchiveConflict(f"{path} is part of the archive already, with other content")
    return True
