"""The kernel's side of FUSE: the layout of its requests and answers (linux/fuse.h, version 7.31)."""

import stat
from enum import IntEnum
from struct import Struct

from tests.faultfs.tree import Inode

_SECOND = 1_000_000_000


class Request(IntEnum):
    """What the kernel asks for."""

    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    READLINK = 5
    SYMLINK = 6
    MKNOD = 8
    MKDIR = 9
    UNLINK = 10
    RMDIR = 11
    RENAME = 12
    LINK = 13
    OPEN = 14
    READ = 15
    WRITE = 16
    STATFS = 17
    RELEASE = 18
    FSYNC = 20
    SETXATTR = 21
    FLUSH = 25
    INIT = 26
    OPENDIR = 27
    READDIR = 28
    RELEASEDIR = 29
    FSYNCDIR = 30
    CREATE = 35
    INTERRUPT = 36
    DESTROY = 38
    BATCH_FORGET = 42
    RENAME2 = 45
    SYNCFS = 50


HEADER_IN = Struct("=IIQQIIIHH")
"""Length, request, its number, node, uid, gid, pid, lengths of extensions."""
HEADER_OUT = Struct("=IiQ")
INIT_IN = Struct("=IIII")
INIT_OUT = Struct("=IIIIHHIIHHI28x")
ATTRIBUTES = Struct("=QQQQQQIIIIIIIIII")
ENTRY_OUT = Struct("=QQQQII")
ATTR_OUT = Struct("=QII")
SETATTR_IN = Struct("=IIQQQQQQIIIIIIII")
OPEN_OUT = Struct("=QII")
CREATE_IN = Struct("=IIII")
MKNOD_IN = Struct("=IIII")
MKDIR_IN = Struct("=II")
READ_IN = Struct("=QQII")
WRITE_IN = Struct("=QQIIQII")
WRITE_OUT = Struct("=II")
LINK_IN = Struct("=Q")
RENAME_IN = Struct("=Q")
RENAME2_IN = Struct("=QII")
STATFS_OUT = Struct("=QQQQQIIII24x")
DIRENT = Struct("=QQII")

SET_MODE, SET_UID, SET_GID, SET_SIZE, SET_ATIME, SET_MTIME = 1, 2, 4, 8, 16, 32
SET_ATIME_NOW, SET_MTIME_NOW = 128, 256
KEEP_CACHE = 2
BIG_WRITES = 1 << 5
MOST_BYTES = 1 << 17


def attributes(inode: Inode, links: int) -> bytes:
    """An inode as the kernel knows it."""
    size = 4096 if inode.is_folder else len(inode.data)
    times = [divmod(moment, _SECOND) for moment in (inode.atime, inode.mtime, inode.ctime)]
    return ATTRIBUTES.pack(
        inode.number,
        size,
        -(-size // 512),
        *(seconds for seconds, _rest in times),
        *(rest for _seconds, rest in times),
        inode.mode,
        links,
        inode.uid,
        inode.gid,
        0,
        4096,
        0,
    )


def entry(inode: Inode, links: int) -> bytes:
    """The answer to a look-up. Nothing is cached: every question comes to us, and may fail."""
    return ENTRY_OUT.pack(inode.key, 0, 0, 0, 0, 0) + attributes(inode, links)


def directory_entry(number: int, place: int, name: str, mode: int) -> bytes:
    """One line of a folder."""
    raw = name.encode("utf-8", "surrogateescape")
    found = DIRENT.pack(number, place, len(raw), stat.S_IFMT(mode) >> 12) + raw
    return found + bytes(-len(found) % 8)
