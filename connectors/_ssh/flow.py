"""The bytes of one SSH channel, as SFTP wants them: whoever waits is woken once, when all that he needs is there.

paramiko wakes a reader at every packet and copies what has come three times. At hundreds of megabytes a second two
threads that wake one another at each 32 KB spend more time on that than on the bytes.
"""

import socket
import threading
import time
from typing import TYPE_CHECKING, Protocol

import paramiko
from paramiko.buffered_pipe import BufferedPipe, PipeTimeout

if TYPE_CHECKING:
    Pipe = BufferedPipe[bytes]
else:
    Pipe = BufferedPipe

WINDOW = 1 << 24
"""Bytes that the server may send before we have taken something."""
_MOST_AWAITED = 1 << 20
"""Must be less: it sends no more."""


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
        channel.in_stderr_buffer = _Inflow()

    def receive(self, least: int, seconds: float) -> bytes:
        """All that has come."""
        self._inflow.least = min(least, _MOST_AWAITED)
        self._channel.settimeout(seconds)
        return self._channel.recv(_MOST_AWAITED)

    def send(self, data: bytes, seconds: float) -> None:
        """Send all."""
        self._channel.settimeout(seconds)
        try:
            self._channel.sendall(data)
        except paramiko.SSHException as error:  # the keys could not be renewed in time
            raise ConnectionError(str(error)) from error


class PatientWay:
    """A socket, or the channel of a jump host, that an SSH connection runs over.

    paramiko tries for ever to send to somebody who takes nothing, whatever timeouts it was given.
    """

    def __init__(self, way: socket.socket | paramiko.Channel, seconds: float) -> None:
        """``seconds`` is the longest time in which nothing moves."""
        self._way = way
        self._seconds = seconds
        self._since: float | None = None
        self.recv, self.close, self.settimeout = way.recv, way.close, way.settimeout

    @property
    def _closed(self) -> bool:  # paramiko asks for it by this name
        return bool(self._way._closed)  # type: ignore[union-attr]  # noqa: SLF001

    def send(self, data: bytes) -> int:
        """Send some. Raise TimeoutError while nothing moves, ConnectionError when that has lasted too long."""
        try:
            sent = self._way.send(data)
        except TimeoutError:
            self._since = self._since or time.monotonic()
            if time.monotonic() - self._since > self._seconds:
                raise ConnectionError(f"nothing was taken for {self._seconds:g} s") from None
            raise
        self._since = None
        return sent


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
            if self._held > WINDOW:  # paramiko does not look; this ends the connection
                raise paramiko.SSHException("more has come than was asked for")
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
