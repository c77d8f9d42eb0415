"""Whoever is at the other end: what he sends fills no memory, and nobody waits for him for ever."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import paramiko
import pytest

from connectors import sftp
from connectors._sftp.folder import hidden_name
from connectors._sftp.packets import Kind, moved_bytes, on_path, reading, text, writing
from connectors._sftp.wire import Wire
from connectors._ssh.flow import WINDOW, PatientWay, _Inflow
from connectors._words import plain, shown
from core.errors import TransportError
from core.remote import RemotePlace
from tests.connectors import odd_servers as odd
from tests.connectors.odd_servers import HELLO, Said
from tests.connectors.rigs import Rig


def packet(kind: Kind, number: int, body: bytes) -> bytes:
    return struct.pack(">IBI", 5 + len(body), kind, number) + body


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (packet(Kind.STATUS, 7, bytes(4)), "was not asked"),
        (packet(Kind.DATA, 1, text(b"x" * 10_000)), "longer than what it was asked for"),
        (struct.pack(">I", 1 << 20), "not SFTP"),
        (packet(Kind.STATUS, 1, b""), "damaged"),
    ],
)
def test_only_what_was_asked_for_is_taken(said: bytes, words: str) -> None:
    wire = Wire(Said(HELLO, said), 1.0)

    with pytest.raises(TransportError, match=words):
        wire.ask(reading(b"handle", 0, 100))


def test_an_answer_that_came_twice_is_not_kept() -> None:
    answer = packet(Kind.STATUS, 1, bytes(4))
    wire = Wire(Said(HELLO, answer, answer), 1.0)
    wire.ask(on_path(Kind.STAT, b"x"))

    with pytest.raises(TransportError, match="was not asked"):
        wire.ask(on_path(Kind.STAT, b"x"))


@pytest.mark.parametrize("version", [1, 2, 4, 6])
def test_another_version_of_the_protocol_is_told(version: int) -> None:
    with pytest.raises(TransportError, match=f"version {version} of SFTP"):
        Wire(Said(struct.pack(">IBI", 5, Kind.VERSION, version)), 1.0)


def test_whoever_sends_more_than_he_may_is_not_listened_to_any_longer() -> None:
    inflow = _Inflow()
    inflow.feed(bytes(WINDOW))

    with pytest.raises(paramiko.SSHException, match="more has come"):
        inflow.feed(b"x")


def test_somebody_who_takes_nothing_is_given_up() -> None:
    """paramiko would go on for ever."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        way = PatientWay(ours, 0.2)
        way.settimeout(0.02)
        begun = time.monotonic()

        def fill() -> None:
            while time.monotonic() < begun + 20:
                with suppress(TimeoutError):
                    way.send(bytes(1 << 20))

        with pytest.raises(ConnectionError, match="nothing was taken"):
            fill()
        theirs.recv(1 << 20)
        assert way.send(b"x") == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (b"M\xe4rz.csv", r"M\xe4rz.csv"),
        (b"\x1b[2J", r"\x1b[2J"),
        ("a\u202eb".encode(), r"a\u202eb"),
        (b"a\nb", r"a\nb"),
        ("März.csv".encode(), "März.csv"),
    ],
)
def test_a_name_is_told_as_it_is_and_can_do_nothing(name: bytes, told: str) -> None:
    assert shown(name) == told
    assert len(shown(name * 1_000)) <= 300


def test_a_text_of_the_server_is_one_short_line() -> None:
    assert plain("Quota\r\n exceeded\x07") == r"Quota exceeded\x07"
    assert len(plain("x " * 200_000)) <= 300


@pytest.mark.parametrize(
    "name", [b"x" * 250 + b".csv", "ä".encode() * 125 + b".csv", b"\xe4" * 250 + b".csv", b"y" * 255]
)
def test_a_claimed_file_keeps_its_ending_and_its_letters(name: bytes) -> None:
    hidden = hidden_name("12345678", "0" * 19, name)

    assert len(hidden) <= 255
    assert hidden.endswith(name[-4:])
    with suppress(UnicodeDecodeError):
        name.decode()
        hidden.decode()
        return
    assert b"\xe4" in name


@pytest.mark.parametrize(
    ("request_", "count"),
    [(reading(b"h", 5, 100), 100), (writing(b"h", 0, b"x" * 70), 70), (on_path(Kind.STAT, b"x"), 0)],
)
def test_the_line_is_charged_for_what_goes_over_it(request_, count: int) -> None:  # type: ignore[no-untyped-def]
    assert count <= moved_bytes(request_) <= count + 20


# ── real servers ──────────────────────────────────────────────────────────────────────────────────────────────────


class FallsSilent(odd.Ordinary):
    """It says that it can tell its limits, and does not."""

    class server(paramiko.SFTPServer):  # noqa: N801 - as the oddities are handed over
        def _send_server_version(self) -> None:
            self._read_packet()
            message = paramiko.Message()
            message.add_int(3)
            message.add("limits@openssh.com", "1")
            self._send_packet(Kind.VERSION, message)

        def _process(self, kind: int, request_number: int, message: paramiko.Message) -> None:
            pass


@pytest.mark.slow
def test_a_login_that_ends_in_silence_leaves_no_connection_behind(tmp_path: Path) -> None:
    with odd.odd_server(tmp_path / "server", FallsSilent) as server:
        with pytest.raises(TransportError, match=rf"^127.0.0.1:{server.port}: .*has not answered"):
            sftp.connect(RemotePlace("p", "sftp", server.access(answer_seconds=0.5)))

        deadline = time.monotonic() + 20
        while any(transport.is_active() for transport in server.transports):  # it has noticed that we are gone
            assert time.monotonic() < deadline


class NeverBegins(odd.Ordinary):
    """The login goes well, and SFTP is neither begun nor refused."""

    class server(paramiko.SFTPServer):  # noqa: N801 - as the oddities are handed over
        def __init__(self, *arguments: object) -> None:
            threading.Event().wait(30)


@pytest.mark.slow
def test_a_server_that_never_begins_with_sftp_is_given_up(tmp_path: Path) -> None:
    with odd.odd_server(tmp_path / "server", NeverBegins) as server:
        begun = time.monotonic()
        with pytest.raises(TransportError, match="has not answered for 3 s"):
            sftp.connect(RemotePlace("p", "sftp", server.access(connect_seconds=3.0)))

        assert time.monotonic() - begun < 20


class ListsForEver(odd.Ordinary):
    """Its listing has no end."""

    class server(paramiko.SFTPServer):  # noqa: N801 - as the oddities are handed over
        def _read_folder(self, request_number: int, folder: object) -> None:
            message = paramiko.Message()
            message.add_int(request_number)
            message.add_int(100)
            for number in range(100):
                message.add_string(f"{request_number}-{number}.csv")
                message.add_string("")
                message.add_int(0)
            self._send_packet(Kind.NAME, message)


@pytest.mark.slow
def test_a_listing_without_end_is_told_and_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors._sftp.session._MOST_LISTED", 1 << 20)
    with odd.odd_server(tmp_path / "server", ListsForEver) as server:
        one = Rig(tmp_path / "site", server)

        done = one.collect()

        assert "more names lie there than we can look at" in done.troubles[""]
        one.connection.probe()
        one.close()


@pytest.mark.slow
def test_many_small_files_on_a_limited_line_cost_their_bytes_alone(rig: Callable[..., Rig]) -> None:
    one = rig()
    one.restart_with(bytes_per_second=100_000)
    for number in range(60):
        one.lay(f"{number}.csv", b"x" * 100)
    begun = time.monotonic()

    one.collect()

    assert len(one.came()) == 60
    assert time.monotonic() - begun < 60  # at 256 KB for each it would be 150 s
