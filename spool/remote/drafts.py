"""Files on their way into an inbox: what was fetched of a long one before the way broke is not fetched again.

It goes on when the file outside bears our claim, which nobody else gives to another file, has its size and time still,
and when the bytes here have the hash that was taken down of them: after a power cut a file may hold anything. So the
note beside it need not survive anything either; where it is missing, damaged or does not fit, and where files cannot be
claimed and another one may have come in the place of the first, the file is fetched from its beginning.
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from core.connecting import Arrival, Digest
from spool.folders.durable import begin_sync
from spool.folders.own_folders import entered, open_new

RESUMED_FROM = 1 << 24
"""A smaller file is fetched again."""
_NOTED_EVERY = 1 << 24
_READ_AT_ONCE = 1 << 20
NOTE_MARK = "part."
"""Stands in the names of notes, where those of drafts have an id."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was taken down of the beginning of a long file."""

    draft: str
    """Name of the hidden file."""
    taken_as: bytes
    size: int
    mtime: int
    length: int = 0
    """So many bytes are here, with this hash."""
    sha256: str = ""

    @classmethod
    def of(cls, arrival: Arrival, draft: str) -> "Part":
        """Nothing of it is here yet."""
        return cls(os.path.basename(draft), arrival.taken_as, arrival.size, arrival.mtime)

    @classmethod
    def read(cls, path: str) -> "Part | None":
        """What a note says; None for one that is missing or damaged."""
        try:
            draft, taken_as, *numbers, sha256 = Path(path).read_text(encoding="ascii").split()
            size, mtime, length = map(int, numbers)
            return cls(draft, bytes.fromhex(taken_as), size, mtime, length, sha256)
        except (FileNotFoundError, ValueError):
            return None

    def write(self, path: str) -> None:
        """Take it down."""
        written = f"{path}.new"
        with open(open_new(written), "w", encoding="ascii") as file:
            file.write(" ".join(part.hex() if isinstance(part, bytes) else str(part) for part in astuple(self)))
        with entered(written) as (folder, name):
            os.replace(name, os.path.basename(path), src_dir_fd=folder, dst_dir_fd=folder)

    def is_of(self, other: "Part") -> bool:
        """The file outside is the same."""
        return (self.taken_as, self.size, self.mtime) == (other.taken_as, other.size, other.mtime)


class Draft:
    """A hidden file for the content of one arrival; a ``core.connecting.Draft``."""

    def __init__(self, path: str, note: str, arrival: Arrival) -> None:
        """Go on with what lies there of this very file, or begin anew."""
        self.size = 0
        self.digest: Digest = hashlib.sha256()
        self._note = note if arrival.is_claimed and arrival.size >= RESUMED_FROM else ""
        self._part = Part.of(arrival, path)
        self._path = path
        known = Part.read(note) if self._note else None
        descriptor = self._resumed(known) if known and known.is_of(self._part) else None
        self._file = open(open_new(path) if descriptor is None else descriptor, "wb")  # noqa: SIM115 - see __exit__

    def _resumed(self, known: Part) -> int | None:
        """A descriptor that stands behind what is proved to be here."""
        try:
            with entered(self._path) as (folder, name):
                descriptor = os.open(name, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=folder)
        except FileNotFoundError:
            return None
        digest, left = hashlib.sha256(), known.length
        with open(descriptor, "rb", closefd=False) as file:
            while left and (piece := file.read(min(_READ_AT_ONCE, left))):
                digest.update(piece)
                left -= len(piece)
        is_ours_alone = os.fstat(descriptor).st_nlink == 1  # nobody has it in the inbox already
        if left or digest.hexdigest() != known.sha256 or not is_ours_alone:
            os.close(descriptor)
            return None
        os.ftruncate(descriptor, known.length)
        os.lseek(descriptor, 0, os.SEEK_END)
        self.size, self.digest, self._part = known.length, digest, known
        return descriptor

    def write(self, piece: bytes) -> None:
        """Go on; ``digest`` knows this piece already. Raise OSError."""
        try:
            self._file.write(piece)
        except OSError as error:
            error.filename = self._path  # people must read where
            raise
        self.size += len(piece)
        if self._note and self.size - self._part.length >= _NOTED_EVERY:
            self._take_down()

    def _take_down(self) -> None:
        self._file.flush()
        self._part = replace(self._part, length=self.size, sha256=self.digest.hexdigest())
        self._part.write(self._note)
        begin_sync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it. What our own disk has cut off is not kept: that disk may be full."""
        with self._file:
            if isinstance(error, OSError):
                with suppress(OSError):
                    os.ftruncate(self._file.fileno(), 0)
            elif self._note:
                self._take_down()
