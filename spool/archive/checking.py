"""Is the archive whole and unaltered? Reads every byte of it and follows the hash chain from end to end.

Entries are walked in the order of their folders, which is nearly that of the chain. Only loose ends of the chain are
held in memory, so that an archive of a million entries needs hardly more than one of a thousand.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from core.readiness import FOLDERS_OF_SYSTEMS
from spool.archive.filing import CHAIN_DRAFT, CHAIN_NAME, MANIFEST_DRAFT
from spool.archive.manifest import (
    GENESIS,
    MANIFEST_NAME,
    ArchivedFile,
    ChainFile,
    ChainHead,
    Manifest,
    chain_digest,
    entry_folder,
)
from spool.folders.ownership import OWNER_FILE

_LARGEST_MANIFEST = 64 << 20
_WRITABLE = 0o222
_OWN_NAMES = FOLDERS_OF_SYSTEMS | {CHAIN_NAME, CHAIN_DRAFT, OWNER_FILE, "README.md"}
_LEVELS = (4, 2, 2)
"""Digits of the folders for year, month and day."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the archive was left."""

    path: str
    """Below the root of the archive; "." is the root."""
    what: str
    """English, for the administrator."""

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


class _Rights:
    """Who may write what is archived? Nobody; but there are file systems that keep no rights."""

    def __init__(self) -> None:
        self._sealed = 0
        self._loose: list[Finding] = []

    def look(self, path: str, status: os.stat_result) -> None:
        """Take down how a file or folder of an entry is sealed."""
        mode = stat.S_IMODE(status.st_mode)
        if mode & _WRITABLE:
            self._loose.append(Finding(path, f"can be written: its rights are {mode:o}, it was laid down read-only"))
        else:
            self._sealed += 1

    def findings(self) -> list[Finding]:
        """What is not sealed; one finding for all where nothing is."""
        if self._sealed or len(self._loose) < 2:
            return self._loose
        what = "its file system keeps no rights, or somebody has changed all of them"
        return [Finding(".", f"none of {len(self._loose)} files and folders is read-only: {what}")]


Head = ChainHead | Callable[[], ChainHead] | None


def verify(
    root: str | os.PathLike[str],
    expected_head: Head = None,
    progress: Callable[[int, int], None] | None = None,
    ignore: Collection[str] = (),
    anchors: Collection[ChainHead] = (),
) -> Iterator[Finding]:
    """Yield everything that is altered, missing, inserted, reordered or cut off; nothing if all is well.

    ``expected_head`` is the head that the journal remembers. Where the daemon is at work hand in a function that reads
    it: it is asked before and after, and what was archived in between is no finding. Without one ``chain.json`` is
    believed, and somebody who rewrote the whole archive with it stays unnoticed. ``anchors`` are heads that were
    written down elsewhere: they prove everything up to them, whatever was rewritten. ``progress`` is told (entries
    read, entries expected); ``ignore`` names further things that may lie in the root. What cannot be read is a finding.
    """
    base = os.fspath(root)
    before, damage = _expected(base, expected_head)
    chain, rights = _Chain(before, anchors), _Rights()
    done, unfinished = 0, []
    for found in _walk(base, "", _LEVELS, _OWN_NAMES | set(ignore)):
        if isinstance(found, Finding):
            yield found
            continue
        if os.path.lexists(f"{base}/{found}/{MANIFEST_NAME}"):
            yield from _check_entry(base, found, chain, rights)
        else:
            unfinished.append(found)
        done += 1
        if progress is not None:
            progress(done, before.sequence if before else done)
    for folder in unfinished:  # one may have been under way when we came by
        yield from _check_entry(base, folder, chain, rights)
    yield from rights.findings()
    after, _ = _expected(base, expected_head)
    yield from damage if before or chain.newest else []
    yield from chain.loose_ends(after)
    if expected_head is not None:
        yield from _chain_file(base, after)


# ── heads ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _expected(root: str, head: Head) -> tuple[ChainHead | None, list[Finding]]:
    """Return the head to measure by, None where nothing remembers one."""
    if isinstance(head, ChainHead):
        return head, []
    if head is not None:
        return head(), []
    found = _read_chain_file(root)
    return (found, []) if isinstance(found, ChainHead) else (None, [found])


def _read_chain_file(root: str) -> ChainHead | Finding:
    try:
        with open(f"{root}/{CHAIN_NAME}", "rb") as file:
            return ChainFile.model_validate_json(file.read()).head
    except OSError as error:
        return Finding(CHAIN_NAME, f"cannot be read: {error.strerror}")
    except ValueError:
        return Finding(CHAIN_NAME, "is damaged")


def _chain_file(root: str, expected: ChainHead | None) -> Iterator[Finding]:
    found = _read_chain_file(root)
    if isinstance(found, Finding):
        if expected != GENESIS:
            yield found
    elif found != expected and expected is not None:
        yield Finding(CHAIN_NAME, f"ends at number {found.sequence}, the journal at number {expected.sequence}")


class _Chain:
    """The loose ends of the chain, while its links come in nearly any order."""

    def __init__(self, before: ChainHead | None, anchors: Collection[ChainHead]) -> None:
        self.newest = 0
        self._anchors = {anchor.sequence: anchor.digest for anchor in anchors}
        self._before = before
        self._ends: dict[int, tuple[str, str]] = {}
        """Number -> (digest, folder) of entries whose successor was not met yet."""
        self._wanted: dict[int, tuple[str, str]] = {}
        """Number -> (digest it must have, folder of who says so) of entries that were not met yet."""

    def add(self, manifest: Manifest, digest: str, folder: str) -> Iterator[Finding]:
        """Take a link; yield where it does not fit its neighbours."""
        number = manifest.sequence
        if number in self._ends or number - 1 in self._wanted:
            yield Finding(folder, f"claims number {number}, as another entry does")
            return
        self.newest = max(self.newest, number)
        earlier = (GENESIS.digest, "") if number == 1 else self._ends.pop(number - 1, None)
        if earlier is None:
            self._wanted[number - 1] = (manifest.previous, folder)
        elif earlier[0] != manifest.previous:
            yield Finding(earlier[1] or folder, f"is not what number {number} in {folder} was chained to")
        later = self._wanted.pop(number, None)
        if later is None:
            self._ends[number] = (digest, folder)
        elif later[0] != digest:
            yield Finding(folder, f"is not what number {number + 1} in {later[1]} was chained to")
        if self._before and number == self._before.sequence and digest != self._before.digest:
            yield Finding(folder, f"is not the number {number} that the head of the chain remembers")
        if self._anchors.pop(number, digest) != digest:
            yield Finding(folder, f"is not the number {number} that was written down")

    def loose_ends(self, after: ChainHead | None) -> Iterator[Finding]:
        """Yield where the chain is broken, now that all links are known and the head has come to ``after``."""
        for number in self._anchors:
            yield Finding(".", f"number {number}, which was written down, is missing")
        head = after or ChainHead(self.newest, self._ends.get(self.newest, (GENESIS.digest, ""))[0])
        before = self._before or head
        for number, (_, folder) in sorted(self._wanted.items()):
            # An entry that was archived after its day had been walked is not missing.
            if not before.sequence < number <= head.sequence:
                yield Finding(folder, f"the entry before it, number {number}, is missing")
        for number, (digest, folder) in sorted(self._ends.items()):
            if number > head.sequence:
                yield Finding(folder, f"number {number} is beyond the head of the chain, number {head.sequence}")
            elif number < before.sequence and number != self.newest:
                yield Finding(folder, f"the entry after it, number {number + 1}, is missing")
            elif number == head.sequence and digest != head.digest:
                yield Finding(folder, f"is not the number {number} that the head of the chain remembers")
        if self.newest < before.sequence:
            yield Finding(
                ".", f"the end is missing: the head is number {before.sequence}, the last entry {self.newest}"
            )


# ── folders and files ─────────────────────────────────────────────────────────────────────────────────────────────


def entry_folders(root: str | os.PathLike[str]) -> Iterator[str | Finding]:
    """Yield the folders of all entries below the root, by day, and findings for what else lies between them."""
    return _walk(os.fspath(root), "", _LEVELS, _OWN_NAMES)


def _walk(root: str, parent: str, levels: tuple[int, ...], own: Collection[str] = ()) -> Iterator[str | Finding]:
    """Yield the folders of entries in order, and findings for what else lies between them."""
    prefix = f"{parent}/" if parent else ""
    listed = _listed(root, parent or ".")
    if isinstance(listed, Finding):
        yield listed
        return
    if parent and not listed:
        yield Finding(parent, "is empty")
    for name, is_folder in listed:
        if not parent and name in own:
            continue
        if not is_folder or (levels and not (len(name) == levels[0] and name.isascii() and name.isdigit())):
            yield Finding(prefix + name, "does not belong into the archive")
        elif levels:
            yield from _walk(root, prefix + name, levels[1:])
        else:
            yield prefix + name


def _listed(root: str, folder: str) -> list[tuple[str, bool]] | Finding:
    try:
        with os.scandir(f"{root}/{folder}") as entries:
            return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError as error:
        return Finding(folder, f"cannot be read: {error.strerror}")


def _check_entry(root: str, folder: str, chain: _Chain, rights: _Rights) -> Iterator[Finding]:
    listed = _listed(root, folder)
    if isinstance(listed, Finding):
        yield listed
        return
    names = {name for name, _ in listed}
    if MANIFEST_DRAFT in names:
        yield Finding(folder, "was being archived when the daemon stopped; start it, and verify again")
        return
    manifest_path = f"{folder}/{MANIFEST_NAME}"
    try:
        rights.look(folder, os.lstat(f"{root}/{folder}"))
        with open(f"{root}/{manifest_path}", "rb", opener=_no_follow) as file:
            rights.look(manifest_path, os.fstat(file.fileno()))
            data = file.read(_LARGEST_MANIFEST)
        manifest = Manifest.from_bytes(data)
    except OSError as error:
        yield Finding(manifest_path, _unreadable(error))
        return
    except ValueError:
        yield Finding(manifest_path, "is no manifest any more")
        return
    yield from chain.add(manifest, chain_digest(data), folder)
    if entry_folder(manifest.received_at, manifest.id) != folder:
        yield Finding(folder, "its manifest belongs into another folder")
    for stored in manifest.files():
        yield from _check_file(root, folder, stored, names, rights)
    for name in sorted(names - {MANIFEST_NAME, *(stored.file for stored in manifest.files())}):
        yield Finding(f"{folder}/{name}", "is not in the manifest")


def _check_file(
    root: str, folder: str, stored: ArchivedFile, names: Collection[str], rights: _Rights
) -> Iterator[Finding]:
    path = f"{folder}/{stored.file}"
    if stored.file not in names:  # also keeps an altered manifest from leading us out of the folder
        yield Finding(path, "is missing")
        return
    try:
        with open(f"{root}/{path}", "rb", opener=_no_follow) as file:
            rights.look(path, os.fstat(file.fileno()))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        yield Finding(path, _unreadable(error))
        return
    if (size, digest) != (stored.size, stored.sha256):
        yield Finding(
            path, f"was altered: {size} bytes, SHA-256 {digest}; archived were {stored.size}, {stored.sha256}"
        )


def _unreadable(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "is a link now; a file was laid down"
    return f"cannot be read: {error.strerror}"


def _no_follow(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
