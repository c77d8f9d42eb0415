"""The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02): requests as bytes, answers as what they say.

Names are bytes and stay bytes: a server may have names that are no UTF-8 (facts/filedrop.md 5.2).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from stat import S_ISDIR, S_ISREG

from core.errors import TransportError


class Kind(IntEnum):
    """Kinds of packets."""

    INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT = range(1, 8)
    OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME = range(11, 19)
    STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
    EXTENDED, EXTENDED_REPLY = 200, 201


class Code(IntEnum):
    """What a server says became of a request."""

    OK, END, NO_SUCH_FILE, DENIED, FAILURE, BAD_MESSAGE, NO_CONNECTION, CONNECTION_LOST, UNSUPPORTED = range(9)


READING, WRITING_NEW, WRITING_ON = 0x01, 0x02 | 0x08 | 0x10, 0x02
"""How a file is opened: to read, to write anew, to go on with."""


class Refused(Exception):  # noqa: N818 - an answer of the server rather than a fault of ours
    """The server has answered that it does not do what it was asked."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    def __str__(self) -> str:
        """In words, as the server puts it."""
        return self.text or f"code {self.code}"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the server tells of a file; None is what it does not tell."""

    size: int | None = None
    mode: int | None = None
    mtime: int | None = None

    @property
    def is_folder(self) -> bool:
        """It says that this is a folder."""
        return self.mode is not None and S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        """It is a plain file, or the server says of nothing what it is."""
        return self.mode is None or S_ISREG(self.mode)


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder."""

    name: bytes
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Request:
    """One request; its number is given when it is sent."""

    kind: Kind
    body: bytes


Answer = bytes | Attributes | list[Entry] | Refused | None
"""A handle or data, attributes, names, a refusal, or nothing but "done"."""


# ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────────


def text(value: bytes) -> bytes:
    """A string as it stands in a packet."""
    return struct.pack(">I", len(value)) + value


def on_path(kind: Kind, path: bytes) -> Request:
    """LSTAT, STAT, REMOVE, RMDIR, OPENDIR or REALPATH."""
    return Request(kind, text(path))


def on_handle(kind: Kind, handle: bytes) -> Request:
    """CLOSE or READDIR."""
    return Request(kind, text(handle))


def opening(path: bytes, how: int) -> Request:
    """Open a file; its rights are what the server gives by itself."""
    return Request(Kind.OPEN, text(path) + struct.pack(">II", how, 0))


def making_folder(path: bytes) -> Request:
    """Make a folder; its rights are what the server gives by itself."""
    return Request(Kind.MKDIR, text(path) + struct.pack(">I", 0))


def reading(handle: bytes, offset: int, length: int) -> Request:
    """Read a piece of an open file."""
    return Request(Kind.READ, text(handle) + struct.pack(">QI", offset, length))


def writing(handle: bytes, offset: int, data: bytes) -> Request:
    """Write a piece of an open file."""
    return Request(Kind.WRITE, text(handle) + struct.pack(">Q", offset) + text(data))


def renaming(old: bytes, new: bytes) -> Request:
    """Rename; refused where the new name is taken (a server that overwrites breaks the standard)."""
    return Request(Kind.RENAME, text(old) + text(new))


POSIX_RENAME, LIMITS, FSYNC = b"posix-rename@openssh.com", b"limits@openssh.com", b"fsync@openssh.com"


def replacing(old: bytes, new: bytes) -> Request:
    """Rename in one step, over whatever has the new name."""
    return Request(Kind.EXTENDED, text(POSIX_RENAME) + text(old) + text(new))


def syncing(handle: bytes) -> Request:
    """Answered when what was written lies on the server's disk."""
    return Request(Kind.EXTENDED, text(FSYNC) + text(handle))


def asking_limits() -> Request:
    """How much may be asked at once; the answer is four 64-bit numbers: packet, read, write, handles."""
    return Request(Kind.EXTENDED, text(LIMITS))


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def parsed(kind: int, body: memoryview) -> Answer:
    """What an answer says. Raise struct.error or IndexError when it is damaged, TransportError for what it is not."""
    match kind:
        case Kind.STATUS:
            (code,) = struct.unpack_from(">I", body)
            words = bytes(_text(body, 4)[0]).decode("utf-8", "replace") if len(body) >= 8 else ""
            return None if code == Code.OK else Refused(code, words)
        case Kind.HANDLE | Kind.DATA:
            return bytes(_text(body, 0)[0])
        case Kind.NAME:
            return _names(body)
        case Kind.ATTRS:
            return _attributes(body, 0)[0]
        case Kind.EXTENDED_REPLY:
            return bytes(body)
        case _:
            raise TransportError(f"the server's answer is of an unknown kind ({kind})")


def _text(body: memoryview, at: int) -> tuple[memoryview, int]:
    (length,) = struct.unpack_from(">I", body, at)
    end = at + 4 + length
    if end > len(body):
        raise IndexError(end)
    return body[at + 4 : end], end


def _names(body: memoryview) -> list[Entry]:
    (count,) = struct.unpack_from(">I", body)
    at, found = 4, []
    for _ in range(count):
        name, at = _text(body, at)
        line, at = _text(body, at)
        attributes, at = _attributes(body, at)
        if attributes.mode is None and bytes(line[:1]) == b"d":  # a server that tells it in the long name alone
            attributes = Attributes(attributes.size, 0o040000, attributes.mtime)
        found.append(Entry(bytes(name), attributes))
    return found


def _attributes(body: memoryview, at: int) -> tuple[Attributes, int]:
    (flags,) = struct.unpack_from(">I", body, at)
    at += 4
    size = mode = mtime = None
    if flags & 0x1:
        (size,) = struct.unpack_from(">Q", body, at)
        at += 8
    if flags & 0x2:
        at += 8
    if flags & 0x4:
        (mode,) = struct.unpack_from(">I", body, at)
        at += 4
    if flags & 0x8:
        _, mtime = struct.unpack_from(">II", body, at)
        at += 8
    if flags & 0x80000000:
        (count,) = struct.unpack_from(">I", body, at)
        at += 4
        for _ in range(2 * count):
            _, at = _text(body, at)
    return Attributes(size, mode, mtime), at


def pairs(body: memoryview) -> dict[bytes, bytes]:
    """The extensions that a server tells of: name -> version."""
    found: list[bytes] = []
    at = 0
    try:
        while at < len(body):
            piece, at = _text(body, at)
            found.append(bytes(piece))
    except (struct.error, IndexError):
        return {}  # a server that is careless here is not asked for more than the standard
    return dict(zip(found[::2], found[1::2], strict=False))


def as_names(answer: Answer) -> Sequence[Entry]:
    """The names of an answer that must be names. Raise TransportError."""
    if not isinstance(answer, list):
        raise TransportError("the server's answer is not a list of names")
    return answer
