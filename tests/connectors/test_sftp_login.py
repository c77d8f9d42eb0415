"""Nobody is trusted whose key is not pinned, ours comes before a password, and every wait has an end."""

import io
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import paramiko
import pytest

from connectors import sftp
from connectors._ssh.login import private_key
from core.errors import ConfigError, TransportError
from core.remote import HostKey, RemotePlace, SftpAccess
from tests.sftp_servers import SftpServer, sftp_server

pytestmark = pytest.mark.slow

TODAY = date.today()  # noqa: DTZ011
DAY = timedelta(days=1)


def trouble(access: SftpAccess) -> str:
    with pytest.raises((TransportError, ConfigError)) as caught:
        sftp.connect(RemotePlace("p", "sftp", access))
    return str(caught.value)


def works(access: SftpAccess) -> None:
    connection = sftp.connect(RemotePlace("p", "sftp", access))
    connection.probe()
    connection.close()


def test_a_pinned_key_is_trusted(server: SftpServer) -> None:
    works(server.access())


def test_an_unknown_host_key_is_refused_with_its_fingerprint_and_the_line_to_add(server: SftpServer) -> None:
    text = trouble(server.access(login=server.login(host_keys=())))

    known = paramiko.PKey.from_path(server.root / "host_key")
    assert known.fingerprint in text
    assert f'{{ key = "{server.host_key().key}" }}' in text


def test_of_several_pinned_keys_one_is_enough_and_dates_count(server: SftpServer) -> None:
    key = server.host_key()
    other = HostKey("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJEK5jiFKJkn6fdZzWrFDyCWEVoGQBsbkFJFcfoJMK0")

    works(server.access(login=server.login(host_keys=(other, key))))
    works(server.access(login=server.login(host_keys=(replace(key, valid_from=TODAY, valid_until=TODAY),))))
    late = trouble(server.access(login=server.login(host_keys=(replace(key, valid_until=TODAY - DAY),))))
    early = trouble(server.access(login=server.login(host_keys=(replace(key, valid_from=TODAY + DAY),))))

    assert f"until {TODAY - DAY}" in late
    assert f"from {TODAY + DAY}" in early


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_a_server_with_several_keys_is_asked_for_the_one_that_is_pinned(kind: str) -> None:
    """paramiko prefers the first type that it knows, and would refuse the server (facts/filedrop.md 5.2)."""
    with sftp_server() as server:
        server.kill()
        for other in ("rsa", "ecdsa", "ed25519"):
            server.make_key(f"host_{other}", other)
        server.host_keys = [server.root / f"host_{other}" for other in ("rsa", "ecdsa", "ed25519")]
        server.start()
        pinned = " ".join((server.root / f"host_{kind}.pub").read_text().split()[:2])

        works(server.access(login=server.login(host_keys=(HostKey(pinned),))))


@pytest.mark.parametrize("kind", [pytest.param("rsa", marks=pytest.mark.slow), "ecdsa", "ed25519"])
@pytest.mark.parametrize("passphrase", ["", "ein langer Satz"])
def test_our_key_may_be_of_any_type_and_have_a_passphrase(server: SftpServer, kind: str, passphrase: str) -> None:
    server.make_key("other", kind, passphrase)
    shutil.copy(server.root / "other.pub", server.root / "authorized_keys")
    text = (server.root / "other").read_text()
    secret = (lambda: passphrase) if passphrase else None

    works(server.access(login=server.login(key=lambda: text, passphrase=secret)))


def test_what_is_wrong_with_our_key_is_said_and_it_is_never_shown(server: SftpServer) -> None:
    server.make_key("other", passphrase="right")
    text = (server.root / "other").read_text()

    for key, passphrase, words in [
        (lambda: text, None, "it has a passphrase"),
        (lambda: text, lambda: "wrong", "passphrase is wrong"),
        (lambda: "hunter2", None, "no private key"),
    ]:
        with pytest.raises(ConfigError, match=words) as caught:
            private_key(key, passphrase)
        assert "hunter2" not in str(caught.value)
        assert text.split("\n")[1] not in str(caught.value)


def test_a_key_that_the_server_does_not_know_is_told(server: SftpServer) -> None:
    server.make_key("other")
    text = (server.root / "other").read_text()

    assert f"does not accept our key for the user {server.user}" in trouble(
        server.access(login=server.login(key=lambda: text))
    )


class _Passwords(paramiko.ServerInterface):
    """The other side of a login with a password; OpenSSH asks for one only where root has set it up."""

    def __init__(self, methods: str) -> None:
        self.methods = methods
        self.tried: list[str] = []

    def get_allowed_auths(self, username: str) -> str:
        return self.methods

    def check_auth_password(self, username: str, password: str) -> int:
        self.tried.append("password")
        return paramiko.AUTH_SUCCESSFUL if password == "hunter2" else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.tried.append("key")
        return paramiko.AUTH_PARTIALLY_SUCCESSFUL


@contextmanager
def password_server(methods: str) -> Iterator[tuple[_Passwords, int, str]]:
    key = paramiko.ECDSAKey.generate()
    asked = _Passwords(methods)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def serve() -> None:
            connection, _ = listening.accept()
            transport = paramiko.Transport(connection)
            transport.add_server_key(key)
            transport.start_server(server=asked)

        from tests.connectors.rigs import after

        thread = after(0.0, serve)
        yield asked, listening.getsockname()[1], f"{key.get_name()} {key.get_base64()}"
        thread.join()


def test_a_password_comes_after_the_key_where_the_server_wants_both(server: SftpServer) -> None:
    with password_server("publickey,password") as (asked, port, key):
        login = server.login(port=port, host_keys=(HostKey(key),), password=lambda: "hunter2")
        text = trouble(server.access(login=login, connect_seconds=2.0))

    assert asked.tried == ["key", "password"]
    assert "password" not in text  # the login went through; this server just knows no SFTP


def test_a_wrong_password_is_told_and_never_shown(server: SftpServer) -> None:
    with password_server("password") as (_, port, key):
        login = server.login(port=port, host_keys=(HostKey(key),), key=None, password=lambda: "hunter3")
        text = trouble(server.access(login=login))

    assert "does not accept our password" in text
    assert "hunter3" not in text


# ── algorithms ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("weak", ["Ciphers aes256-cbc", "Ciphers aes256-ctr\nMACs hmac-sha1"])
def test_weak_algorithms_are_offered_only_where_that_is_wanted(weak: str) -> None:
    with sftp_server(weak) as server:
        assert "weak_algorithms" in trouble(server.access())
        works(server.access(login=server.login(weak_algorithms=True)))


# ── over another server ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_jump_host_lies_in_between_and_both_keys_are_checked(server: SftpServer) -> None:
    with sftp_server() as jump:
        works(server.access(jump=jump.login()))
        assert "jump host 127.0.0.1" in trouble(server.access(jump=jump.login(host_keys=())))
        assert "not pinned" in trouble(server.access(login=server.login(host_keys=()), jump=jump.login()))
        server.kill()
        assert "does not open" in trouble(server.access(jump=jump.login()))


# ── every wait has an end ────────────────────────────────────────────────────────────────────────────────────────


def test_a_port_where_nobody_listens_and_a_name_that_nobody_has_are_told(server: SftpServer) -> None:
    server.kill()

    assert "no SSH server listens" in trouble(server.access())
    assert "no server of this name" in trouble(server.access(login=server.login(host="nobody.invalid")))


def test_somebody_who_accepts_and_says_nothing_is_given_up(server: SftpServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        text = trouble(server.access(login=server.login(port=silent.getsockname()[1]), connect_seconds=0.5))

    assert "has not answered" in text or "no SSH server" in text
    assert time.monotonic() - begun < 10


def test_a_server_that_freezes_in_the_login_is_given_up(server: SftpServer) -> None:
    server.signal(signal.SIGSTOP)
    begun = time.monotonic()
    text = trouble(server.access(connect_seconds=0.5))
    server.signal(signal.SIGCONT)

    assert "has not answered" in text or "no SSH server" in text
    assert time.monotonic() - begun < 10


def test_a_login_shell_that_prints_a_text_is_told(server: SftpServer) -> None:
    server.kill()
    server.command = "/bin/echo Welcome to this server, dear partner"
    server.start()

    text = trouble(server.access())

    assert "not SFTP" in text or "has ended" in text


def test_keys_of_tests_are_read_from_text_not_from_files() -> None:
    key = paramiko.ECDSAKey.generate()
    text = io.StringIO()
    key.write_private_key(text)

    assert private_key(text.getvalue, None).get_base64() == key.get_base64()
