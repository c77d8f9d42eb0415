"""One SFTP session over one SSH channel: many requests on their way at once, every wait limited.

paramiko's own SFTP client is not used. One name that is no UTF-8 ends its whole listing; its prefetch cannot be
stopped and may take the file's size in memory; it waits for one answer at a time (facts/filedrop.md 5.2).
"""

import struct
import time
from typing import Protocol

from connectors._sftp_packets import Answer, Kind, Refused, Request, pairs, parsed
from core.errors import TransportError

_VERSION = 3
_LARGEST_ANSWER = 8 << 20
_RECEIVED_AT_ONCE = 1 << 18


class Channel(Protocol):
    """The part of a paramiko Channel that is used."""

    def recv(self, nbytes: int) -> bytes:
        """At least one byte; none at the end of the connection."""

    def sendall(self, s: bytes) -> None:
        """Send all."""

    def settimeout(self, timeout: float | None) -> None:
        """Limit what follows."""


class Wire:
    """One SFTP session. Not thread-safe; an error other than Refused leaves it unusable."""

    def __init__(self, channel: Channel, seconds: float) -> None:
        """``seconds`` is the longest time for one answer. Raise TransportError when this is no SFTP."""
        self._channel = channel
        self._seconds = seconds
        self._received = bytearray()
        self._number = 0
        self._answers: dict[int, Answer] = {}
        self._send(struct.pack(">IBI", 5, Kind.INIT, _VERSION))
        packet = self._packet()
        if packet[0] != Kind.VERSION:
            raise TransportError("the server does not answer as SFTP does")
        self.extensions = pairs(memoryview(packet)[5:])
        """What the server can beyond the standard: name -> version."""

    def send(self, request: Request) -> int:
        """Send a request; returns its number, to ask for its answer with."""
        self._number = self._number % 0xFFFFFFFF + 1
        self._send(struct.pack(">IBI", 5 + len(request.body), request.kind, self._number) + request.body)
        return self._number

    def answer(self, number: int) -> Answer:
        """Wait for the answer of one request; those of others are kept meanwhile. Raise TransportError."""
        while number not in self._answers:
            packet = self._packet()
            try:
                (found,) = struct.unpack_from(">I", packet, 1)
                self._answers[found] = parsed(packet[0], memoryview(packet)[5:])
            except (struct.error, IndexError) as error:
                raise TransportError("the server's answer is damaged") from error
        return self._answers.pop(number)

    def ask(self, request: Request) -> Answer:
        """One request, one answer. Raise Refused, or TransportError."""
        found = self.answer(self.send(request))
        if isinstance(found, Refused):
            raise found
        return found

    # ── bytes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _send(self, data: bytes) -> None:
        self._channel.settimeout(self._seconds)
        try:
            self._channel.sendall(data)
        except TimeoutError as error:
            raise self._silent() from error
        except (OSError, EOFError) as error:
            raise _closed() from error

    def _packet(self) -> bytes:
        deadline = time.monotonic() + self._seconds
        self._receive(4, deadline)
        (length,) = struct.unpack_from(">I", self._received)
        if not 1 <= length <= _LARGEST_ANSWER:
            raise TransportError(
                "the server sends something that is not SFTP; perhaps its login shell prints a text, or it offers no "
                "SFTP to this user"
            )
        self._receive(4 + length, deadline)
        packet = bytes(memoryview(self._received)[4 : 4 + length])
        del self._received[: 4 + length]
        return packet

    def _receive(self, wanted: int, deadline: float) -> None:
        """Until so many bytes are there. One deadline for all of them: a trickle counts as silence."""
        while len(self._received) < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._silent()
            self._channel.settimeout(left)
            try:
                data = self._channel.recv(_RECEIVED_AT_ONCE)
            except TimeoutError as error:
                raise self._silent() from error
            except (OSError, EOFError) as error:
                raise _closed() from error
            if not data:
                raise _closed()
            self._received += data

    def _silent(self) -> TransportError:
        return TransportError(f"the server has not answered for {self._seconds:g} s")


def _closed() -> TransportError:
    return TransportError("the connection has ended in the middle")
