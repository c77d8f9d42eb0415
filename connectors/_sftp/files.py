"""Whole files over an SFTP session: many small ones side by side, a long one in many pieces that are on their way.

Whatever a server tells of a file, its content ends where the server says that it ends: one byte more is asked for.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from connectors._sftp.packets import (
    FSYNC,
    READING,
    WRITING_NEW,
    WRITING_ON,
    Answer,
    Attributes,
    Code,
    Kind,
    Refused,
    Request,
    on_handle,
    on_path,
    opening,
    reading,
    syncing,
    writing,
)
from connectors._sftp.session import Session, Task, handle_of, seen
from core.connecting import Digest

SMALL = 1 << 18
"""Files up to so many bytes are handled side by side."""
_ON_THEIR_WAY = 8 << 20
"""Bytes of a long file that are on their way; more of them follow in groups, when half of these have arrived."""
_TWO_LANES_FROM = 1 << 24
"""Bytes for which it is worth while to send over two sessions."""

Sink = Callable[[bytes], object]
"""Takes the content, piece by piece."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A file that was read or written from its beginning to its end."""

    size: int
    """One more than was asked for where it does not end there."""
    sha256: str
    seen: Attributes | None
    """What lies outside under its name afterwards; None for nothing."""


# ── from there ────────────────────────────────────────────────────────────────────────────────────────────────────


def fetch_small(session: Session, path: bytes, size: int, sink: Sink) -> Task[Copied | Refused]:
    """Copy a small file into ``sink``, as far as it has ``size`` bytes; then look at it again."""
    [opened] = yield [opening(path, READING)]
    if isinstance(opened, Refused):
        return opened
    handle, content, more, before = handle_of(opened), b"", 0, -1
    while before < len(content) < size or before < 0:  # as long as something comes
        before = len(content)
        starts = range(before, size, session.read_piece)
        asked = [reading(handle, start, min(session.read_piece, size - start)) for start in starts]
        *pieces, beyond = yield [*asked, reading(handle, size, 1)]
        content += _joined(session, pieces, starts, size)
        more = _more(beyond)
    _, looked = yield [on_handle(Kind.CLOSE, handle), on_path(Kind.LSTAT, path)]
    sink(content)
    return _copied(len(content) + more, hashlib.sha256(content), looked)


def fetch_long(
    session: Session, path: bytes, size: int, sink: Sink, done: int = 0, digest: Digest | None = None
) -> Copied:
    """Copy a file of any length into ``sink``, as far as it has ``size`` bytes; then look at it. Raise Refused.

    ``done`` bytes are in the sink already and in ``digest``, which takes each piece in before the sink.
    """
    handle = handle_of(session.ask(opening(path, READING)))
    digest, offset, asked = digest or hashlib.sha256(), done, deque[tuple[int, int]]()
    while done < size:
        if offset - done <= _ON_THEIR_WAY // 2:
            while offset < size and offset - done < _ON_THEIR_WAY:
                length = min(session.read_piece, size - offset)
                asked.append((session.send(reading(handle, offset, length)), length))
                offset += length
        number, length = asked.popleft()
        piece = session.answer(number)
        if not isinstance(piece, bytes) or not piece:
            break
        piece = piece[:length]
        digest.update(piece)
        sink(piece)
        done += len(piece)
        if len(piece) < length:  # the rest of it comes before what was asked for behind it
            session.got_less(len(piece))
            rest = length - len(piece)
            asked.appendleft((session.send(reading(handle, done, rest)), rest))
    for late, _ in asked:
        session.answer(late)
    last = [reading(handle, size, 1), on_handle(Kind.CLOSE, handle), on_path(Kind.LSTAT, path)]
    beyond, _, looked = [session.answer(number) for number in [session.send(request) for request in last]]
    return _succeeded(_copied(done + (_more(beyond) if done == size else 0), digest, looked))


def same_beginning(session: Session, path: bytes, size: int, source: BinaryIO) -> tuple[int, Digest]:
    """How many of the first ``size`` bytes of a file are those of ``source``, and their hash.

    The source stands behind them then. Raise Refused, or the source's OSError.
    """
    alike, digest, differs = 0, hashlib.sha256(), False
    trouble: OSError | None = None

    def compare(piece: bytes) -> None:
        nonlocal alike, differs, trouble
        if differs:
            return
        try:
            differs = source.read(len(piece)) != piece
        except OSError as error:
            differs, trouble = True, error
        if not differs:
            digest.update(piece)
            alike += len(piece)

    fetch_long(session, path, size, compare)
    if trouble is not None:
        raise trouble
    source.seek(alike)
    return alike, digest


def _joined(session: Session, pieces: Sequence[Answer], starts: range, end: int) -> bytes:
    """The pieces that follow one another without a gap."""
    joined = b""
    for start, piece in zip(starts, pieces, strict=True):
        if not isinstance(piece, bytes) or start != starts.start + len(joined):
            break
        wanted = min(starts.step, end - start)
        joined += piece[:wanted]
        if 0 < len(piece) < wanted:
            session.got_less(len(piece))
    return joined


def _more(beyond: Answer) -> int:
    """Whether something lies behind the end that the server has told."""
    return 1 if isinstance(beyond, bytes) and beyond else 0


def _copied(size: int, digest: Digest, looked: Answer) -> Copied | Refused:
    if not isinstance(looked, Refused):
        return Copied(size, digest.hexdigest(), seen(looked))
    return Copied(size, digest.hexdigest(), None) if looked.code == Code.NO_SUCH_FILE else looked


def _succeeded(copied: Copied | Refused) -> Copied:
    if isinstance(copied, Refused):
        raise copied
    return copied


# ── to there ──────────────────────────────────────────────────────────────────────────────────────────────────────


def store_small(session: Session, path: bytes, content: bytes, *, sync: bool) -> Task[Copied | Refused]:
    """Write a small file anew; then look at it. ``sync``: onto the server's disk, where it lets us ask for that."""
    [opened] = yield [opening(path, WRITING_NEW)]
    if isinstance(opened, Refused):
        return opened
    handle, length = handle_of(opened), session.write_piece
    written = yield [
        writing(handle, start, content[start : start + length]) for start in range(0, len(content), length)
    ]
    *closed, looked = yield [*_closing(session, handle, sync=sync), on_path(Kind.LSTAT, path)]
    for answer in (*written, *closed):
        if isinstance(answer, Refused):
            return answer
    return _copied(len(content), hashlib.sha256(content), looked)


def store_long(
    session: Session, path: bytes, source: BinaryIO, done: int = 0, digest: Digest | None = None, *, sync: bool
) -> Copied:
    """Write a file of any length; then look at it. ``sync`` as with a small one.

    ``done`` bytes lie there already and are in ``digest``; the source stands behind them. Raise Refused, or the
    source's OSError.
    """
    lanes = [(session, handle_of(session.ask(opening(path, WRITING_ON if done else WRITING_NEW))))]
    if os.fstat(source.fileno()).st_size - done >= _TWO_LANES_FROM:
        lanes += _second_lane(session, path)
    digest, offset, asked = digest or hashlib.sha256(), done, deque[tuple[Session, int]]()
    trouble: Refused | OSError | None = None
    while trouble is None:
        try:
            piece = source.read(session.write_piece)
        except OSError as error:
            trouble = error
            break
        if not piece:
            break
        lane, handle = lanes[0]
        lanes.append(lanes.pop(0))
        asked.append((lane, lane.send(writing(handle, offset, piece))))
        offset += len(piece)
        digest.update(piece)
        if len(asked) * session.write_piece >= _ON_THEIR_WAY:
            answered = [_answer(*asked.popleft()) for _ in range(len(asked) // 2)]
            trouble = next(filter(None, map(_refusal, answered)), None)
    for lane, handle in lanes:
        asked.extend((lane, lane.send(request)) for request in _closing(session, handle, sync=sync))
    for lane, number in asked:
        refused = _refusal(lane.answer(number))
        trouble = trouble or refused
    if trouble is not None:
        raise trouble
    return Copied(offset, digest.hexdigest(), session.look(path))


def _second_lane(session: Session, path: bytes) -> list[tuple[Session, bytes]]:
    """Another session that has the file open too, where the server lets us."""
    second = session.second()
    try:
        return [(second, handle_of(second.ask(opening(path, WRITING_ON))))] if second else []
    except Refused:
        return []


def _answer(lane: Session, number: int) -> Answer:
    return lane.answer(number)


def _closing(session: Session, handle: bytes, *, sync: bool) -> list[Request]:
    asked = [syncing(handle)] if sync and FSYNC in session.extensions else []
    return [*asked, on_handle(Kind.CLOSE, handle)]


def _refusal(answer: Answer) -> Refused | None:
    return answer if isinstance(answer, Refused) else None
