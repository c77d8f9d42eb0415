"""Where do finished files go? Into ``archive/YYYY/MM/DD/<id>/``, read-only, with a manifest in the hash chain.

A whole group of drops is placed at once and synced at once: files and draft manifests first, then ``chain.json`` is
replaced, then the drafts get their names. From the moment of the replacing the group is archived, whatever crashes
before or after it; ``archive_check.py`` proves the result.
"""

import contextlib
import os
from collections.abc import Iterable, Sequence
from typing import Protocol

from core.errors import TransportError
from spool.archive.files import FILE_MODE, ArchiveConflict, Group, complete, move, no_follow, write
from spool.archive.manifest import (
    GENESIS,
    MANIFEST_NAME,
    ArchiveEntry,
    ChainFile,
    ChainHead,
    Manifest,
    chain_digest,
    entry_folder,
    manifest_of,
    stored_names,
)

CHAIN_NAME = "chain.json"
CHAIN_DRAFT = ".chain.json.new"
MANIFEST_DRAFT = ".manifest.new"
"""No stored file starts with a dot."""

_FOLDER_MODE, _OPEN_FOLDER_MODE = 0o550, 0o750
_CHAIN_MODE = 0o640


class SyncPaths(Protocol):
    """Makes files, and the folders that name them, durable (``spool.folders.durable.sync_paths``)."""

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
        self._committed = 0

    def head(self) -> ChainHead:
        """Return the head in ``chain.json``, GENESIS where there is none; raise ArchiveConflict if it is damaged."""
        return self.chain().head

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
            group = Group()
            folders = [entry_folder(entry.received_at, entry.drop_id) for entry in entries]
            made = {folder for folder in folders if self._make(f"{self._root}/{folder}", group)}
            if made:
                self._sync((), group.folders)  # a file moved into a folder that gets lost would be lost with it
                group.folders.clear()
            for entry, folder in zip(entries, folders, strict=True):
                head = self._place(entry, head, group, is_new=folder in made)
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

    def _commit(self, group: Group, head: ChainHead) -> None:
        draft = f"{self._root}/{CHAIN_DRAFT}"
        number = self._committed = max(self._committed, group.committed)
        chain = ChainFile(sequence=head.sequence, digest=head.digest, group=(*group.placed,), committed=number)
        write(draft, chain.model_dump_json(indent=1).encode(), os.O_TRUNC, _CHAIN_MODE)
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

    def settle(self) -> ChainHead:
        """Finish the last group of an earlier process, where the archive is there; return the head like ``head``.

        Where a disk is in the way it is finished together with the next group.
        """
        if os.path.lexists(f"{self._root}/{CHAIN_NAME}"):
            with contextlib.suppress(OSError):
                self._settle()
        return self.head()

    def _settle(self) -> ChainHead:
        """Finish the group of an earlier process; drafts that remain after that were never archived."""
        found = self.chain()
        self._committed = found.committed
        self._finish(found.group, found.head)
        self._renamed.add(self._root)  # chain.json may have its name without it being on the disk
        return found.head

    def chain(self) -> ChainFile:
        """Return what ``chain.json`` says, as ``head`` does."""
        try:
            with open(f"{self._root}/{CHAIN_NAME}", "rb") as file:
                return ChainFile.model_validate_json(file.read())
        except FileNotFoundError:
            return ChainFile(sequence=GENESIS.sequence, digest=GENESIS.digest, group=())
        except ValueError as error:
            message = f"{self._root}/{CHAIN_NAME} is damaged"
            raise ArchiveConflict(message) from error

    def _place(self, entry: ArchiveEntry, head: ChainHead, group: Group, *, is_new: bool) -> ChainHead:
        relative = entry_folder(entry.received_at, entry.drop_id)
        if relative in group.placed:
            raise ValueError(f"{entry.drop_id} is twice in one group")
        folder = f"{self._root}/{relative}"
        stored = stored_names(entry)
        manifest = manifest_of(entry, stored, head)
        if is_new:
            for name, source in stored.items():
                move(source, f"{folder}/{name}", group)
        else:
            os.chmod(folder, _OPEN_FOLDER_MODE)
            anew = not os.path.lexists(f"{folder}/{MANIFEST_NAME}")
            for name, source in stored.items():
                complete(source, f"{folder}/{name}", group, anew=anew)
            if _is_archived(manifest, f"{folder}/{MANIFEST_NAME}"):
                os.chmod(folder, _FOLDER_MODE)
                return head
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{folder}/{MANIFEST_DRAFT}")
        data = manifest.to_bytes()
        draft = f"{folder}/{MANIFEST_DRAFT}"
        write(draft, data, os.O_EXCL, FILE_MODE)
        group.files.append(draft)
        group.folders.add(folder)
        group.placed[relative] = None
        group.committed = max(group.committed, manifest.number)
        return ChainHead(head.sequence + 1, chain_digest(data))

    def _make(self, folder: str, group: Group) -> bool:
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

    def _make_day(self, day: str, group: Group) -> None:
        if not os.path.isdir(self._root):
            group.folders.add(os.path.dirname(self._root))
        os.makedirs(day, _OPEN_FOLDER_MODE, exist_ok=True)
        month = os.path.dirname(day)
        group.folders |= {month, os.path.dirname(month), self._root}
        self._day = day


def _is_archived(manifest: Manifest, path: str) -> bool:
    """Say whether the archive holds the entry already."""
    try:
        with open(path, "rb", opener=no_follow) as file:
            found = Manifest.from_bytes(file.read())
    except FileNotFoundError:
        return False
    except ValueError as error:
        raise ArchiveConflict(f"{path} is damaged") from error
    if not manifest.is_same_drop(found):
        raise ArchiveConflict(f"{path} is part of the archive already, with other content")
    return True
