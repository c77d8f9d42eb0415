"""What is done over one SFTP session: listings, single acts, many small files side by side, long files in one stream.

Small files are bound by the way to the server and back, so many of them are in hand at once; a long one has many
pieces on their way. What is on its way is limited in number and bytes, whatever the files are.
"""

import hashlib
import struct
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from connectors._sftp.pace import Pace
from connectors._sftp.packets import (
    FSYNC,
    LIMITS,
    READING,
    WRITING_NEW,
    WRITING_ON,
    Answer,
    Attributes,
    Code,
    Entry,
    Kind,
    Refused,
    Request,
    as_names,
    asking_limits,
    on_handle,
    on_path,
    opening,
    reading,
    syncing,
    writing,
)
from connectors._sftp.wire import Wire
from core.connecting import Digest
from core.errors import TransportError

_AT_ONCE, _MOST_AT_ONCE = 32, 128
"""Files in hand at once: of a server that says nothing of its limits, and of any other."""
_MOST_HELD = 16 << 20
"""Bytes of them."""
_READDIRS = 8
_PIECE = 1 << 15
"""Bytes of a piece; every server must be able to do as much."""
_LARGEST_PIECE = 1 << 18
_ON_THEIR_WAY = 8 << 20
"""Bytes of a long file that are on their way; more of them follow in groups, when half of these have arrived."""
SMALL = 1 << 18
"""Files up to so many bytes are handled side by side."""

Sink = Callable[[bytes], object]
"""Takes the content, piece by piece."""
Result = TypeVar("Result")
Task = Generator[Sequence[Request], Sequence[Answer], Result]
"""Yields requests that may go out together, gets their answers in this order, returns what came of it."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A file that was read or written from its beginning to its end."""

    size: int
    sha256: str
    seen: Attributes | None
    """What lies outside under its name afterwards; None for nothing."""


class Session:
    """One SFTP session. Not thread-safe."""

    def __init__(self, wire: Wire, bytes_per_second: int = 0) -> None:
        self._wire = wire
        self.extensions = wire.extensions
        self._pace = Pace(bytes_per_second)
        self._piece, self._at_once = _limits(wire)

    # ── single acts ───────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, request: Request) -> Answer:
        """One request. Raise Refused, or TransportError."""
        return self._wire.ask(request)

    def look(self, path: bytes) -> Attributes | None:
        """What lies under a path, links not followed; None for nothing. Raise Refused."""
        try:
            return seen(self._wire.ask(on_path(Kind.LSTAT, path)))
        except Refused as refused:
            if refused.code == Code.NO_SUCH_FILE:
                return None
            raise

    def listing(self, folder: bytes) -> Iterator[Entry]:
        """The entries of a folder, in no order, but "." and "..". Raise Refused."""
        handle = handle_of(self._wire.ask(on_path(Kind.OPENDIR, folder)))
        asked = deque(self._wire.send(on_handle(Kind.READDIR, handle)) for _ in range(_READDIRS))
        trouble: Refused | None = None
        while asked:
            answer = self._wire.answer(asked.popleft())
            if isinstance(answer, Refused):
                trouble = trouble or answer
                continue
            yield from (entry for entry in as_names(answer) if entry.name not in {b".", b".."})
            if trouble is None:
                asked.append(self._wire.send(on_handle(Kind.READDIR, handle)))
        self._wire.answer(self._wire.send(on_handle(Kind.CLOSE, handle)))
        if trouble is not None and trouble.code != Code.END:
            raise trouble

    # ── many at once ──────────────────────────────────────────────────────────────────────────────────────────────

    def together(self, tasks: Sequence[Task[Result]], largest: int = 0) -> list[Result]:
        """Do small tasks side by side; returns their results in the order of the tasks.

        ``largest`` is the number of bytes that a task holds at most.
        """
        at_once = min(self._at_once, _MOST_HELD // max(largest, 1))
        results: dict[int, Result] = {}
        waiting = deque(enumerate(tasks))
        running: deque[tuple[int, Task[Result], list[int]]] = deque()

        def go_on(index: int, task: Task[Result], answers: Sequence[Answer] | None) -> None:
            try:
                requests = next(task) if answers is None else task.send(answers)
            except StopIteration as end:
                results[index] = end.value
            else:
                running.append((index, task, [self._send(request) for request in requests]))

        while waiting or running:
            while waiting and len(running) < at_once:
                go_on(*waiting.popleft(), None)
            if not running:
                break
            half = len(running) // 2  # to wake up for each answer would cost more than the answers
            for number in running[half][2]:
                self._wire.wait(number)
            for _ in range(half + 1):
                index, task, numbers = running.popleft()
                go_on(index, task, [self._wire.answer(number) for number in numbers])
        return [results[index] for index in range(len(tasks))]

    def _send(self, request: Request) -> int:
        if request.kind in {Kind.READ, Kind.WRITE}:
            self._pace.take(SMALL if request.kind is Kind.READ else len(request.body))
        return self._wire.send(request)

    # ── whole files ───────────────────────────────────────────────────────────────────────────────────────────────

    def fetch_small(self, path: bytes, size: int, sink: Sink) -> Task[Copied | Refused]:
        """Copy a small file into ``sink``, as far as it has ``size`` bytes; then look at it again."""
        [opened] = yield [opening(path, READING)]
        if isinstance(opened, Refused):
            return opened
        handle, content = handle_of(opened), b""
        while len(content) < size:
            starts = range(len(content), size, self._piece)
            pieces = yield [reading(handle, start, min(self._piece, size - start)) for start in starts]
            before = len(content)
            content += _joined(pieces, starts, self._piece)
            if len(content) == before:
                break  # its end, or it cannot be read on; the look below tells
        _, looked = yield [on_handle(Kind.CLOSE, handle), on_path(Kind.LSTAT, path)]
        sink(content)
        return Copied(len(content), hashlib.sha256(content).hexdigest(), _seen_or_none(looked))

    def fetch_long(self, path: bytes, size: int, sink: Sink, done: int = 0, digest: Digest | None = None) -> Copied:
        """Copy a file of any length into ``sink``, as far as it has ``size`` bytes; then look at it. Raise Refused.

        ``done`` bytes are in the sink already and in ``digest``, which takes each piece in before the sink.
        """
        handle = handle_of(self._wire.ask(opening(path, READING)))
        digest, offset, asked = digest or hashlib.sha256(), done, deque[tuple[int, int, int]]()
        while done < size:
            if len(asked) * self._piece <= _ON_THEIR_WAY // 2:
                while offset < size and len(asked) * self._piece < _ON_THEIR_WAY:
                    length = min(self._piece, size - offset)
                    self._pace.take(length)
                    asked.append((self._wire.send(reading(handle, offset, length)), offset, length))
                    offset += length
            number, start, length = asked.popleft()
            piece = self._wire.answer(number)
            if not isinstance(piece, bytes) or not piece:
                break
            if len(piece) < length:  # less than was asked for: what follows is asked for anew, from here on
                for late, _, _ in asked:
                    self._wire.answer(late)
                asked.clear()
                offset = start + len(piece)
            piece = piece[:length]
            digest.update(piece)
            sink(piece)
            done += len(piece)
        for late, _, _ in asked:
            self._wire.answer(late)
        self._wire.answer(self._wire.send(on_handle(Kind.CLOSE, handle)))
        return Copied(done, digest.hexdigest(), self.look(path))

    def digest(self, path: bytes, size: int) -> str:
        """SHA-256 of the first ``size`` bytes of a file. Raise Refused."""
        return self.fetch_long(path, size, lambda _piece: None).sha256

    def store_small(self, path: bytes, content: bytes, *, sync: bool) -> Task[Copied | Refused]:
        """Write a small file anew; then look at it. ``sync``: onto the server's disk, where it lets us ask for that."""
        [opened] = yield [opening(path, WRITING_NEW)]
        if isinstance(opened, Refused):
            return opened
        handle = handle_of(opened)
        starts = range(0, len(content), self._piece)
        written = yield [writing(handle, start, content[start : start + self._piece]) for start in starts]
        *closed, looked = yield [*self._closing(handle, sync=sync), on_path(Kind.LSTAT, path)]
        for answer in (*written, *closed):
            if isinstance(answer, Refused):
                return answer
        return Copied(len(content), hashlib.sha256(content).hexdigest(), _seen_or_none(looked))

    def store_long(
        self, path: bytes, source: BinaryIO, done: int = 0, digest: Digest | None = None, *, sync: bool
    ) -> Copied:
        """Write a file of any length; then look at it. ``sync`` as with a small one. Raise Refused.

        ``done`` bytes lie there already and are in ``digest``; the source stands behind them.
        """
        handle = handle_of(self._wire.ask(opening(path, WRITING_ON if done else WRITING_NEW)))
        digest, offset, asked = digest or hashlib.sha256(), done, deque[int]()
        trouble: Refused | None = None
        while trouble is None and (piece := source.read(self._piece)):
            self._pace.take(len(piece))
            asked.append(self._wire.send(writing(handle, offset, piece)))
            offset += len(piece)
            digest.update(piece)
            if len(asked) * self._piece >= _ON_THEIR_WAY:
                answered = [self._wire.answer(asked.popleft()) for _ in range(len(asked) // 2)]
                trouble = next(filter(None, map(_refusal, answered)), None)
        asked.extend(map(self._wire.send, self._closing(handle, sync=sync)))
        for number in asked:
            trouble = trouble or _refusal(self._wire.answer(number))
        if trouble is not None:
            raise trouble
        return Copied(offset, digest.hexdigest(), self.look(path))

    def _closing(self, handle: bytes, *, sync: bool) -> list[Request]:
        asked = [syncing(handle)] if sync and FSYNC in self.extensions else []
        return [*asked, on_handle(Kind.CLOSE, handle)]


def _limits(wire: Wire) -> tuple[int, int]:
    """Bytes of a piece, and files in hand at once: what the server says that it can, else what every one can."""
    if LIMITS not in wire.extensions:
        return _PIECE, _AT_ONCE
    try:
        answer = wire.ask(asking_limits())
        packet, most_read, most_write, handles = struct.unpack(">4Q", answer if isinstance(answer, bytes) else b"")
    except (Refused, struct.error):
        return _PIECE, _AT_ONCE
    room = min(packet - 1024 if packet else _PIECE, most_read or _PIECE, most_write or _PIECE, _LARGEST_PIECE)
    return max(room, _PIECE), max(1, min(handles // 2 or _AT_ONCE, _MOST_AT_ONCE))


def _joined(pieces: Sequence[Answer], starts: range, length: int) -> bytes:
    """The pieces that follow one another without a gap."""
    joined = b""
    for start, piece in zip(starts, pieces, strict=True):
        if not isinstance(piece, bytes) or start != starts.start + len(joined):
            break
        joined += piece[:length]
    return joined


def handle_of(answer: Answer) -> bytes:
    """The handle of an answer that must be one. Raise TransportError."""
    if not isinstance(answer, bytes):
        raise TransportError("the server's answer is not a handle")
    return answer


def seen(answer: Answer) -> Attributes:
    """The attributes of an answer that must be some. Raise TransportError."""
    if not isinstance(answer, Attributes):
        raise TransportError("the server's answer is not what it was asked about a file")
    return answer


def _seen_or_none(answer: Answer) -> Attributes | None:
    return answer if isinstance(answer, Attributes) else None


def _refusal(answer: Answer) -> Refused | None:
    return answer if isinstance(answer, Refused) else None
