"""The protocol: names are bytes, what is on its way is limited, damaged answers and silence have an end."""

import contextlib
import os
import resource
import signal
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import sftp
from connectors._sftp.packets import Kind, pairs, parsed
from connectors._sftp.session import Session
from connectors._sftp.wire import Wire
from core.errors import TransportError
from core.remote import RemotePlace
from tests.connectors.rigs import Rig, after
from tests.sftp_servers import SftpServer

pytestmark = pytest.mark.slow


@given(st.sampled_from(list(Kind)), st.binary(max_size=200))
def test_a_damaged_answer_is_told_whatever_it_holds(kind: Kind, body: bytes) -> None:
    pairs(memoryview(body))
    with contextlib.suppress(struct.error, IndexError, TransportError):
        parsed(kind, memoryview(body))


class _Said:
    """A channel on which somebody says something, whatever he is asked."""

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)

    def send(self, data: bytes, seconds: float) -> None:
        pass

    def receive(self, least: int, seconds: float) -> bytes:
        return self.said.pop(0) if self.said else b""


VERSION = struct.pack(">IBI", 5, Kind.VERSION, 3)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([b"Welcome, dear partner!\n"], "not SFTP"),
        ([VERSION[:6]], "ended in the middle"),
        ([], "ended in the middle"),
        ([struct.pack(">IBI", 5, Kind.STATUS, 3)], "does not answer as SFTP"),
    ],
)
def test_what_is_no_sftp_is_told(said: list[bytes], words: str) -> None:
    with pytest.raises(TransportError, match=words):
        Wire(_Said(*said), 1.0)


def test_a_trickle_counts_as_silence() -> None:
    """One deadline for the whole answer: a byte now and then does not begin it anew."""

    class Trickling(_Said):
        def receive(self, least: int, seconds: float) -> bytes:
            threading.Event().wait(0.05)
            return b"\0"

    begun = time.monotonic()
    with pytest.raises(TransportError, match="has not answered"):
        Wire(Trickling(), 0.12)
    assert time.monotonic() - begun < 5


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_answers_may_come_in_pieces_of_any_size(cuts: list[int]) -> None:
    answer = struct.pack(">IBIIII", 17, Kind.STATUS, 1, 0, 0, 0)
    stream = VERSION + answer
    pieces = []
    for cut in cuts:
        pieces.append(stream[:cut])
        stream = stream[cut:]
    wire = Wire(_Said(*[piece for piece in pieces if piece], *([stream] if stream else [])), 1.0)

    assert wire.answer(1) is None


# ── against OpenSSH ──────────────────────────────────────────────────────────────────────────────────────────────


def session_of(server: SftpServer, **more: object) -> tuple[Session, Callable[[], None]]:
    connection = sftp.connect(RemotePlace("p", "sftp", server.access(**more)))
    return connection.session, connection.close


def test_a_listing_survives_names_that_are_no_utf8(server: SftpServer) -> None:
    """paramiko's own listing ends at the first such name (facts/filedrop.md 5.2)."""
    folder = os.fsencode(server.folder("out"))
    names = {b"M\xe4rz.csv", b"Mai.csv", b"\xff\xfe", "Größe".encode()}
    for name in names:
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(b"")
    session, close = session_of(server)

    assert {entry.name for entry in session.listing(folder)} == names
    close()


def test_a_hundred_thousand_names_are_listed(server: SftpServer) -> None:
    folder = server.folder("out")
    for number in range(100_000):
        os.close(os.open(f"{folder}/{number:06}.csv", os.O_CREAT | os.O_WRONLY))
    session, close = session_of(server)

    assert sum(1 for _ in session.listing(os.fsencode(folder))) == 100_000
    close()


def test_a_long_file_is_never_held_whole(server: SftpServer) -> None:
    """paramiko's prefetch may take the file's size (facts/filedrop.md 5.2)."""
    path = server.folder("out") / "long"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    session, close = session_of(server)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    copied = session.fetch_long(os.fsencode(path), 200_000_000, lambda piece: None)

    assert copied.size == 200_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # KiB
    close()


def test_a_server_that_freezes_is_noticed_by_the_probe(server: SftpServer) -> None:
    """SSH's keepalive sends, and does not count the answers (facts/filedrop.md 5.2)."""
    connection = sftp.connect(RemotePlace("p", "sftp", server.access(answer_seconds=0.5)))
    connection.probe()
    server.signal(signal.SIGSTOP)

    with pytest.raises(TransportError, match=r"has not answered for 0.5 s"):
        connection.probe()
    connection.close()


def test_whoever_waits_is_woken_when_the_connection_is_closed(server: SftpServer) -> None:
    connection = sftp.connect(RemotePlace("p", "sftp", server.access(answer_seconds=60.0)))
    server.signal(signal.SIGSTOP)
    begun = time.monotonic()
    after(0.2, connection.close)

    with pytest.raises(TransportError):
        connection.probe()
    assert time.monotonic() - begun < 10


def test_no_more_bytes_a_second_than_are_allowed(server: SftpServer) -> None:
    path = server.lay(server.folder("out") / "x", os.urandom(300_000))
    session, close = session_of(server, bytes_per_second=300_000)
    begun = time.monotonic()

    session.fetch_long(os.fsencode(path), 300_000, lambda piece: None)

    assert time.monotonic() - begun > 0.5
    close()


def test_many_renewals_of_the_session_key_harm_no_content(rig: Callable[..., Rig], server: SftpServer) -> None:
    server.kill()
    server.more = "RekeyLimit 1M"
    server.start()
    one = rig()
    content = os.urandom(12_000_000)
    one.lay("x.csv", content)

    one.collect()
    one.publish("y.csv", content)
    one.deliver()

    assert one.came() == {"x.csv": content}
    assert one.stands() == {"y.csv": content}
