"""What the file system holds: a tree of inodes, and the operations that led to it.

Every change is an ``Operation``, applied by the one function ``Tree.apply``: while the file system is mounted, and
again when a state after a power cut is made from those that survived it.
"""

import errno
import heapq
import os
import stat
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "make", "link", "unlink", "rename", "attributes", "write", "truncate", "sync", "sync all", "lose", "mark"
]
NAMING = frozenset({"make", "link", "unlink", "rename"})
WRITING = frozenset({"write", "truncate"})
ROOT = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """One change, or one sync; ``key`` names the inode that it is about."""

    kind: Kind
    key: int = 0
    at: int = 0
    """Time in nanoseconds, as the change time of the inode shows it."""
    parent: int = 0
    name: str = ""
    new_parent: int = 0
    new_name: str = ""
    replaced: int = 0
    """What a rename has taken the name from."""
    number: int = 0
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    atime: int | None = None
    mtime: int | None = None
    offset: int = 0
    """Of a write its place, of a truncation the new size."""
    data: bytes = b""
    """What is written; of a symbolic link where it points to, of a mark its text."""

    @property
    def touches(self) -> tuple[int, ...]:
        """The inodes that this operation changes."""
        return tuple(key for key in (self.key, self.parent, self.new_parent, self.replaced) if key)

    @property
    def folders(self) -> tuple[int, ...]:
        """The folders whose entries it changes."""
        return tuple(key for key in (self.parent, self.new_parent) if key)


@dataclass(slots=True)
class Inode:
    """One file or folder. ``key`` is never used twice; ``number`` is what programs see, and is used again."""

    key: int
    number: int
    mode: int
    uid: int
    gid: int
    atime: int
    mtime: int
    ctime: int
    data: bytearray = field(default_factory=bytearray)
    entries: dict[str, int] = field(default_factory=dict)
    names: int = 0
    """Entries that lead here."""
    opened: int = 0

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)


class Tree:
    """The inodes by key. Not thread-safe."""

    def __init__(self) -> None:
        self.inodes = {ROOT: Inode(ROOT, 2, stat.S_IFDIR | 0o755, os.getuid(), os.getgid(), 0, 0, 0, names=1)}
        self.next_key = ROOT + 1
        self._next_number = 11
        self._free: list[int] = []

    def take_number(self) -> int:
        """The lowest free inode number, as ext4 gives it: one that was just freed comes back at once."""
        if self._free:
            return heapq.heappop(self._free)
        self._next_number += 1
        return self._next_number

    def find(self, parent: int, name: str) -> Inode:
        """What lies in a folder under a name. Raise FileNotFoundError."""
        folder = self.inodes[parent]
        if not folder.is_folder:
            raise OSError(errno.ENOTDIR, name)
        if name not in folder.entries:
            raise OSError(errno.ENOENT, name)
        return self.inodes[folder.entries[name]]

    def apply(self, operation: Operation) -> None:
        """Make one change. What it needs may be missing after a power cut; then it changes what is there."""
        match operation.kind:
            case "make":
                self._make(operation)
            case "link":
                self._put(operation.parent, operation.name, operation.key, operation.at)
            case "unlink":
                self._take(operation.parent, operation.name, operation.key, operation.at)
            case "rename":
                self._take(operation.parent, operation.name, operation.key, operation.at)
                self._put(operation.new_parent, operation.new_name, operation.key, operation.at)
            case "attributes":
                self._set(operation)
            case "write" | "truncate":
                self._write(operation)
            case _:
                pass

    def _make(self, operation: Operation) -> None:
        at = operation.at
        made = Inode(
            operation.key, operation.number, operation.mode or 0, operation.uid or 0, operation.gid or 0, at, at, at
        )
        if not made.is_folder:
            made.data += operation.data
        self.inodes[made.key] = made
        self.next_key = max(self.next_key, made.key + 1)
        self._put(operation.parent, operation.name, made.key, at)

    def _put(self, parent: int, name: str, key: int, at: int) -> None:
        folder, inode = self.inodes.get(parent), self.inodes.get(key)
        if folder is None or inode is None:
            return
        if name in folder.entries:
            self._take(parent, name, folder.entries[name], at)
        folder.entries[name] = key
        inode.names += 1
        inode.ctime = folder.ctime = folder.mtime = at

    def _take(self, parent: int, name: str, key: int, at: int) -> None:
        folder = self.inodes.get(parent)
        if folder is None or folder.entries.get(name) != key:
            return
        del folder.entries[name]
        inode = self.inodes[key]
        inode.names -= 1
        inode.ctime = folder.ctime = folder.mtime = at

    def _set(self, operation: Operation) -> None:
        inode = self.inodes.get(operation.key)
        if inode is None:
            return
        if operation.mode is not None:
            inode.mode = stat.S_IFMT(inode.mode) | stat.S_IMODE(operation.mode)
        for name in ("uid", "gid", "atime", "mtime"):
            value = getattr(operation, name)
            if value is not None:
                setattr(inode, name, value)
        inode.ctime = operation.at

    def _write(self, operation: Operation) -> None:
        inode = self.inodes.get(operation.key)
        if inode is None:
            return
        if len(inode.data) < operation.offset:
            inode.data.extend(bytes(operation.offset - len(inode.data)))
        if operation.kind == "truncate":
            del inode.data[operation.offset :]
        else:
            inode.data[operation.offset : operation.offset + len(operation.data)] = operation.data
        inode.mtime = inode.ctime = operation.at

    def forget(self, key: int) -> None:
        """Free an inode that has neither a name nor an open descriptor."""
        inode = self.inodes.get(key)
        if inode is not None and inode.names <= 0 and inode.opened <= 0:
            del self.inodes[key]
            heapq.heappush(self._free, inode.number)

    def links(self, inode: Inode) -> int:
        """The link count that programs see."""
        if not inode.is_folder:
            return inode.names
        return 2 + sum(self.inodes[key].is_folder for key in inode.entries.values())

    def prune(self) -> None:
        """After a power cut: nothing is open, and what has no name from the root on is gone."""
        reached: dict[int, int] = {ROOT: 1}
        folders = [ROOT]
        while folders:
            for key in self.inodes[folders.pop()].entries.values():
                reached[key] = reached.get(key, 0) + 1
                if reached[key] == 1 and self.inodes[key].is_folder:
                    folders.append(key)
        for key in self.inodes.keys() - reached.keys():
            del self.inodes[key]
        for key, inode in self.inodes.items():
            inode.names, inode.opened = reached[key], 0
        used = {inode.number for inode in self.inodes.values()}
        self._next_number = max(used | {11})
        self._free = sorted(set(range(12, self._next_number)) - used)
