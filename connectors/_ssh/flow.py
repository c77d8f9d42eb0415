"""The bytes of one SSH channel, as SFTP wants them: whoever waits is woken once, when all that he needs is there.

paramiko wakes a reader at every packet and copies what has come three times. At hundreds of megabytes a second two
threads that wake one another at each 32 KB spend more time on that than on the bytes.
"""

import threading
from typing import TYPE_CHECKING, Protocol

import paramiko
from paramiko.buffered_pipe import BufferedPipe, PipeTimeout

if TYPE_CHECKING:
    Pipe = BufferedPipe[bytes]
else:
    Pipe = BufferedPipe

_MOST_AWAITED = 1 << 20
"""Must be less than the channel's window: a server sends no more before we have taken something."""


class Flow(Protocol):
    """What an SFTP session runs over. Raises TimeoutError, or OSError and EOFError when the connection has ended."""

    def receive(self, least: int, seconds: float) -> bytes:
        """All that has come; waits for ``least`` bytes, or some when that is very much. None at the end."""

    def send(self, data: bytes, seconds: float) -> None:
        """Send all; ``seconds`` is the longest time in which nothing moves."""


class ChannelFlow:
    """Both directions of a paramiko Channel on which nothing has come yet; a ``Flow``."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._inflow = channel.in_buffer = _Inflow()

    def receive(self, least: int, seconds: float) -> bytes:
        """All that has come."""
        self._inflow.least = min(least, _MOST_AWAITED)
        self._channel.settimeout(seconds)
        return self._channel.recv(_MOST_AWAITED)

    def send(self, data: bytes, seconds: float) -> None:
        """Send all."""
        self._channel.settimeout(seconds)
        self._channel.sendall(data)


class _Inflow(Pipe):
    """What has come and was not taken; paramiko's thread feeds it. ``read`` waits for ``least`` bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.least = 1
        self._parts: list[bytes] = []
        self._held = 0
        self._has_ended = False
        self._changed = threading.Condition()

    def feed(self, data: bytes) -> None:
        with self._changed:
            self._parts.append(data)
            self._held += len(data)
            if self._held >= self.least:
                self._changed.notify()

    def read(self, nbytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - all of it
        """Everything. Raise PipeTimeout."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._held >= self.least or self._has_ended, timeout):
                raise PipeTimeout
            return self._taken()

    def _taken(self) -> bytes:
        parts, self._parts, self._held = self._parts, [], 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_ready(self) -> bool:
        return self._held > 0

    def empty(self) -> bytes:
        with self._changed:
            return self._taken()

    def close(self) -> None:
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return self._held
