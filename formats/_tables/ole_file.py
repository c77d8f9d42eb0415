"""The streams of a compound file (OLE, MS-CFB), in which old Excel workbooks lie.

Every number in the file may lie: chains are bounded by the sectors that are there, lengths by what they hold.
"""

import struct
from collections.abc import Sequence

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_END, _FREE = 0xFFFFFFFE, 0xFFFFFFFF
_HEADER = 512
_ENTRY = 128
_DIFAT_IN_HEADER = 109
_MINI_SHIFT = 6
_ROOT, _STREAM = 5, 2


class BrokenFileError(ValueError):
    """The bytes are no sound compound file, or what lies in it is not sound."""


class _Directory:
    """A compound file: its sectors, their chains and the names of its streams."""

    def __init__(self, content: bytes) -> None:
        if len(content) < _HEADER or not content.startswith(OLE_MAGIC):
            raise BrokenFileError("no header")
        self._content = content
        (self._shift,) = struct.unpack_from("<H", content, 30)
        if self._shift not in (9, 12):
            raise BrokenFileError("sector size")
        (_, directory, _, self._cutoff, mini, _, difat, _) = struct.unpack_from("<8I", content, 44)
        self._fat = self._table([sector for sector in self._fat_sectors(difat) if sector != _FREE])
        self._mini_fat = _numbers(self._chain(mini))
        self.entries = _entries(self._chain(directory))
        root = next(((start, size) for _, kind, start, size in self.entries if kind == _ROOT), (_END, 0))
        self._mini = self._chain(root[0])

    def stream(self, start: int, size: int) -> bytes:
        """A stream by its first sector and its length."""
        if size >= self._cutoff:
            return self._chain(start)[:size]
        found = bytearray()
        for sector in _walk(start, self._mini_fat):
            found += self._mini[sector << _MINI_SHIFT : (sector + 1) << _MINI_SHIFT]
        return bytes(found[:size])

    def _fat_sectors(self, difat: int) -> list[int]:
        found = list(struct.unpack_from(f"<{_DIFAT_IN_HEADER}I", self._content, 76))
        most = len(self._content) >> self._shift
        while difat not in (_END, _FREE):
            if len(found) > most + _DIFAT_IN_HEADER:
                raise BrokenFileError("endless table")
            *more, difat = _numbers(self._sector(difat))
            found += more
        return found

    def _table(self, sectors: Sequence[int]) -> tuple[int, ...]:
        if len(sectors) > (len(self._content) >> self._shift) + 1:
            raise BrokenFileError("more sectors than bytes")
        return _numbers(b"".join(map(self._sector, sectors)))

    def _sector(self, number: int) -> bytes:
        start = (number + 1) << self._shift
        found = self._content[start : start + (1 << self._shift)]
        if not found:
            raise BrokenFileError("sector beyond the end")
        return found.ljust(1 << self._shift, b"\0")

    def _chain(self, start: int) -> bytes:
        return b"".join(map(self._sector, _walk(start, self._fat)))


def _walk(start: int, table: Sequence[int]) -> list[int]:
    """The sectors of a chain; each of them once."""
    found: list[int] = []
    sector = start
    while sector not in (_END, _FREE):
        if sector >= len(table) or len(found) > len(table):
            raise BrokenFileError("broken chain")
        found.append(sector)
        sector = table[sector]
    return found


def _numbers(content: bytes) -> tuple[int, ...]:
    whole = len(content) // 4
    return struct.unpack_from(f"<{whole}I", content)


def _entries(directory: bytes) -> list[tuple[str, int, int, int]]:
    """Name, kind, first sector and length of every entry."""
    found = []
    for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        start, size = struct.unpack_from("<II", directory, at + 116)
        name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        found.append((name, kind, start, size))
    return found


def stream_of(content: bytes, *names: str) -> bytes | None:
    """The first of these streams that the file has, None where it has none. Raise BrokenFileError."""
    directory = _Directory(content)
    for wanted in names:
        for name, kind, start, size in directory.entries:
            if kind == _STREAM and name == wanted:
                return directory.stream(start, size)
    return None
