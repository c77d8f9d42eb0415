"""What is done over one SFTP session: listings, single acts, and many small tasks side by side.

Small files are bound by the way to the server and back, so many of them are in hand at once. What is on its way is
limited in number and bytes, whatever the files are.
"""

import struct
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import TypeVar

from connectors._sftp.pace import Pace
from connectors._sftp.packets import (
    LIMITS,
    Answer,
    Attributes,
    Code,
    Entry,
    Kind,
    Refused,
    Request,
    as_names,
    asking_limits,
    moved_bytes,
    on_handle,
    on_path,
)
from connectors._sftp.wire import Wire
from core.errors import TransportError

_AT_ONCE, _MOST_AT_ONCE = 32, 128
"""Tasks in hand at once: of a server that says nothing of its limits, and of any other."""
_MOST_HELD = 16 << 20
"""Bytes of them."""
_READDIRS = 8
_MOST_LISTED = 128 << 20
"""Bytes that the names of a folder may take here: some 600,000 of them."""
_ENTRY_BYTES = 200
_LONGEST_NAME = 1 << 10
"""Bytes; nobody has longer ones but who wants to fill our memory."""
_PIECE, _LEAST_PIECE, _LARGEST_PIECE = 1 << 15, 1 << 12, 1 << 18
"""Bytes of a file that are asked for or sent at once: every server must be able to do the first."""

Result = TypeVar("Result")
Task = Generator[Sequence[Request], Sequence[Answer], Result]
"""Yields requests that may go out together, gets their answers in this order, returns what came of it."""


class Session:
    """One SFTP session. Not thread-safe."""

    def __init__(self, wire: Wire, pace: Pace, second: Callable[[], Wire | None] | None = None) -> None:
        """``second`` opens another session over the same connection, if the server is one that can do with two."""
        self._wire = wire
        self.extensions = wire.extensions
        self._pace = pace
        self._open_second = second
        self._second: Session | None = None
        self._at_once, piece = _limits(wire)
        slow = pace.bytes_per_second  # whose line shall not stand still for long
        most = max(_LEAST_PIECE, min(piece, slow or piece))
        self.read_piece = self.write_piece = most
        """Bytes of a piece."""

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

    def listing(self, folder: bytes) -> list[Entry]:
        """All entries of a folder, in no order, but "." and "..". Raise Refused, also where they are too many.

        Never a part of them: whoever asks takes what is missing for gone.
        """
        handle = handle_of(self._wire.ask(on_path(Kind.OPENDIR, folder)))
        asked = deque(self._wire.send(on_handle(Kind.READDIR, handle)) for _ in range(_READDIRS))
        found: list[Entry] = []
        room, trouble = _MOST_LISTED, None
        while asked:
            answer = self._wire.answer(asked.popleft())
            if isinstance(answer, Refused):
                trouble = trouble or answer
                continue
            entries = as_names(answer)
            room -= sum(_ENTRY_BYTES + len(entry.name) for entry in entries)
            if room < 0:
                trouble = Refused(Code.FAILURE, f"more names lie there than we can look at, {len(found)} and more")
            elif not entries:  # some say so that there are no more
                trouble = trouble or Refused(Code.END, "")
            found += [entry for entry in entries if entry.name not in _NO_FILES and len(entry.name) <= _LONGEST_NAME]
            if trouble is None:
                asked.append(self._wire.send(on_handle(Kind.READDIR, handle)))
        self._wire.answer(self._wire.send(on_handle(Kind.CLOSE, handle)))
        if trouble is not None and trouble.code != Code.END:
            raise trouble
        return found

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
                running.append((index, task, [self.send(request) for request in requests]))

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

    # ── one after the other ───────────────────────────────────────────────────────────────────────────────────────

    def send(self, request: Request) -> int:
        """Send a request as soon as the line is free for it; returns its number."""
        self._pace.take(moved_bytes(request))
        return self._wire.send(request)

    def answer(self, number: int) -> Answer:
        """Wait for an answer. Raise TransportError."""
        return self._wire.answer(number)

    def second(self) -> "Session | None":
        """Another session over the same connection; None where there is none.

        An SSH channel takes no more bytes than its window has, which of OpenSSH is 2 MB, until the server has told of
        those that it took: on a far server that is the limit, and two channels have two windows.
        """
        opens, self._open_second = self._open_second, None
        if opens is not None:
            with suppress(TransportError):  # the first one tells whether the server is away
                wire = opens()
                self._second = Session(wire, self._pace) if wire is not None else None
        return self._second

    def got_less(self, size: int) -> None:
        """The server has given a piece of this size instead of a whole one: that much is asked for from now on."""
        self.read_piece = max(_LEAST_PIECE, min(self.read_piece, size))


_NO_FILES = frozenset({b"", b".", b".."})


def _limits(wire: Wire) -> tuple[int, int]:
    """Tasks in hand at once, and bytes of a piece: what the server says that it can, else what every one can."""
    if LIMITS not in wire.extensions:
        return _AT_ONCE, _PIECE
    try:
        answer = wire.ask(asking_limits())
        packet, most_read, most_write, handles = struct.unpack(">4Q", answer if isinstance(answer, bytes) else b"")
    except (Refused, struct.error):
        return _AT_ONCE, _PIECE
    room = min(packet - 1024 if packet else _PIECE, most_read or _PIECE, most_write or _PIECE, _LARGEST_PIECE)
    at_once = max(1, min(handles // 2, _MOST_AT_ONCE)) if handles else _AT_ONCE
    return at_once, max(room, _PIECE)


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
