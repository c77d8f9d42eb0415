"""One SFTP session over one SSH channel: many requests on their way at once, every wait limited.

paramiko's own SFTP client is not used. One name that is no UTF-8 ends its whole listing; its prefetch cannot be
stopped and may take the file's size in memory; it waits for one answer at a time (facts/filedrop.md 5.2).
"""

import struct
import time

from connectors._sftp.packets import Answer, Kind, Refused, Request, pairs, parsed
from connectors._ssh.flow import Flow
from core.errors import TransportError

_VERSION = 3
_LARGEST_ANSWER = 8 << 20
_SENT_AT_ONCE = 1 << 15
"""What every server takes in one packet of SSH."""


class Wire:
    """One SFTP session. Not thread-safe; an error other than Refused leaves it unusable."""

    def __init__(self, flow: Flow, seconds: float) -> None:
        """``seconds`` is the longest time for one answer. Raise TransportError when this is no SFTP."""
        self._flow = flow
        self._seconds = seconds
        self._received = memoryview(b"")
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._number = 0
        self._answers: dict[int, Answer] = {}
        self._send(struct.pack(">IBI", 5, Kind.INIT, _VERSION))
        packet = self._packet()
        if packet[0] != Kind.VERSION:
            raise TransportError("the server does not answer as SFTP does")
        self.extensions = pairs(packet[5:])
        """What the server can beyond the standard: name -> version."""

    def send(self, request: Request) -> int:
        """Send a request; returns its number, to ask for its answer with. It leaves together with those after it."""
        self._number = self._number % 0xFFFFFFFF + 1
        self._unsent.append(struct.pack(">IBI", 5 + len(request.body), request.kind, self._number) + request.body)
        self._unsent_bytes += 9 + len(request.body)
        if self._unsent_bytes >= _SENT_AT_ONCE:
            self._flush()
        return self._number

    def answer(self, number: int) -> Answer:
        """Wait for the answer of one request; those of others are kept meanwhile. Raise TransportError."""
        self.wait(number)
        return self._answers.pop(number)

    def wait(self, number: int) -> None:
        """Until the answer of a request is there. Raise TransportError."""
        while number not in self._answers:
            packet = self._packet()
            try:
                (found,) = struct.unpack_from(">I", packet, 1)
                self._answers[found] = parsed(packet[0], packet[5:])
            except (struct.error, IndexError) as error:
                raise TransportError("the server's answer is damaged") from error

    def ask(self, request: Request) -> Answer:
        """One request, one answer. Raise Refused, or TransportError."""
        found = self.answer(self.send(request))
        if isinstance(found, Refused):
            raise found
        return found

    # ── bytes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _flush(self) -> None:
        if self._unsent:
            data, self._unsent, self._unsent_bytes = b"".join(self._unsent), [], 0
            self._send(data)

    def _send(self, data: bytes) -> None:
        try:
            self._flow.send(data, self._seconds)
        except TimeoutError as error:
            raise self._silent() from error
        except (OSError, EOFError) as error:
            raise _closed() from error

    def _packet(self) -> memoryview:
        """The next one; what was not sent yet leaves before we wait for it."""
        deadline = time.monotonic() + self._seconds
        self._receive(4, deadline)
        (length,) = struct.unpack_from(">I", self._received)
        if not 1 <= length <= _LARGEST_ANSWER:
            raise TransportError(
                "the server sends something that is not SFTP; perhaps its login shell prints a text, or it offers no "
                "SFTP to this user"
            )
        self._receive(4 + length, deadline)
        packet, self._received = self._received[4 : 4 + length], self._received[4 + length :]
        return packet

    def _receive(self, wanted: int, deadline: float) -> None:
        """Until so many bytes are there. One deadline for all of them: a trickle counts as silence."""
        while (missing := wanted - len(self._received)) > 0:
            self._flush()
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._silent()
            try:
                data = self._flow.receive(missing, left)
            except TimeoutError as error:
                raise self._silent() from error
            except (OSError, EOFError) as error:
                raise _closed() from error
            if not data:
                raise _closed()
            self._received = memoryview(bytes(self._received) + data if self._received else data)

    def _silent(self) -> TransportError:
        return TransportError(f"the server has not answered for {self._seconds:g} s")


def _closed() -> TransportError:
    return TransportError("the connection has ended in the middle")
