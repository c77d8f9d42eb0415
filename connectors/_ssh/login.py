"""Reaching an SSH server and proving who is who: its key must be pinned, ours comes before a password.

Every wait has an end. paramiko waits for ever in some places (facts/filedrop.md 5.2), so a timer closes a connection
whose login takes too long.
"""

import io
import logging
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime

import paramiko

from connectors._ssh.flow import WINDOW, ChannelFlow, PatientWay
from connectors._words import plain
from core.errors import ConfigError, TransportError
from core.remote import HostKey, Login, Reveal, SftpAccess

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what it has to say, its exceptions say too

_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr", "aes192-ctr")
_WEAK_CIPHERS = ("aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc")
_DIGESTS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
_WEAK_DIGESTS = ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96")
_KEY_CLASSES = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_KEEPALIVE_SECONDS = 30
_PACKET = 1 << 17


@dataclass(slots=True)
class Entered:
    """An open way to a server: one transport, or two where a jump host lies in between."""

    transports: list[paramiko.Transport] = field(default_factory=list)

    def close(self) -> None:
        """End it, from any thread; the farther one first."""
        for transport in reversed(self.transports):
            transport.close()

    def open_sftp(self, seconds: float) -> ChannelFlow:
        """A channel that speaks SFTP. Raise TimeoutError, SSHException, or another OSError."""
        channel = self.transports[-1].open_session(WINDOW, _PACKET, timeout=seconds)
        flow = ChannelFlow(channel)
        begun = time.monotonic()
        timer = threading.Timer(seconds, _give_up, (channel,))  # paramiko would wait for ever
        timer.daemon = True
        timer.start()
        try:
            channel.invoke_subsystem("sftp")
        except paramiko.SSHException:
            if time.monotonic() - begun >= seconds:
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
        return flow

    def open_second(self, seconds: float) -> ChannelFlow | None:
        """Another such channel, of an OpenSSH server that allows one."""
        if "OpenSSH" not in self.transports[-1].remote_version:
            return None
        try:
            return self.open_sftp(seconds)
        except (paramiko.SSHException, OSError, EOFError):
            return None


def _give_up(channel: paramiko.Channel) -> None:
    with suppress(EOFError, OSError, paramiko.SSHException):  # the connection may have ended meanwhile
        channel.close()


def enter(access: SftpAccess) -> tuple[Entered, ChannelFlow]:
    """Log in and open SFTP. Raise TransportError in words for an administrator, ConfigError for a wrong secret."""
    entered = Entered()
    try:
        with _ending_after(2 * access.connect_seconds, entered) as timer:
            if access.jump is not None:
                with _about(f"jump host {access.jump.host}:{access.jump.port}", access.connect_seconds, timer):
                    _log_in(access.jump, _reach(access.jump, access.connect_seconds), access, entered, timer)
            with _about(f"{access.login.host}:{access.login.port}", access.connect_seconds, timer):
                _log_in(access.login, _way_to(access, entered), access, entered, timer)
                return entered, entered.open_sftp(access.connect_seconds)
    except BaseException:
        entered.close()
        raise


# ── reaching it ───────────────────────────────────────────────────────────────────────────────────────────────────


def _reach(login: Login, seconds: float) -> socket.socket:
    way = socket.create_connection((login.host, login.port), timeout=seconds)
    way.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a question must not wait for the answer before it
    return way


def _way_to(access: SftpAccess, entered: Entered) -> socket.socket | paramiko.Channel:
    login = access.login
    if not entered.transports:
        return _reach(login, access.connect_seconds)
    return entered.transports[0].open_channel(
        "direct-tcpip", (login.host, login.port), ("127.0.0.1", 0), timeout=access.connect_seconds
    )


@contextmanager
def _ending_after(seconds: float, entered: Entered) -> Iterator[threading.Event]:
    """Close what is not through in time; the event says that this has happened."""
    over = threading.Event()

    def end() -> None:
        over.set()
        entered.close()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


@contextmanager
def _about(host: str, seconds: float, over: threading.Event) -> Iterator[None]:
    """Say what has gone wrong with a server in plain words."""
    try:
        yield
    except TransportError as error:
        raise TransportError(f"{host}: {error}") from error
    except ConfigError:
        raise
    except socket.gaierror as error:
        raise TransportError(f"{host}: there is no server of this name ({error.strerror})") from error
    except ConnectionRefusedError as error:
        raise TransportError(f"{host}: no SSH server listens there") from error
    except (TimeoutError, paramiko.SSHException, OSError, EOFError) as error:
        if over.is_set() or isinstance(error, TimeoutError):
            raise TransportError(f"{host}: has not answered for {seconds:g} s") from error
        raise TransportError(f"{host}: {_words(error)}") from error


def _words(error: Exception) -> str:
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return (
            f"we have no algorithm in common ({error}); weak_algorithms = true offers more, but SHA-1 signatures "
            "(ssh-rsa) and DSA keys are no longer possible: the partner must renew the server's keys"
        )
    if isinstance(error, paramiko.ChannelException):
        return f"the server does not open what was asked for ({plain(error.text)})"
    text = plain(str(error)) or "the connection was closed during the login"
    if "banner" in text:
        return f"what listens there is no SSH server ({text})"
    return text[:1].lower() + text[1:]


# ── who is who ────────────────────────────────────────────────────────────────────────────────────────────────────


def _log_in(
    login: Login,
    way: socket.socket | paramiko.Channel,
    access: SftpAccess,
    entered: Entered,
    over: threading.Event,
) -> None:
    transport = paramiko.Transport(PatientWay(way, access.answer_seconds))  # type: ignore[arg-type]
    entered.transports.append(transport)
    if over.is_set():  # nobody else closes this one
        raise TimeoutError
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = access.connect_seconds
    transport.channel_timeout = access.connect_seconds
    _offer(transport, login)
    transport.start_client(timeout=access.connect_seconds)
    if not transport.initial_kex_done:  # it comes back without a word when the time is over
        raise TimeoutError
    _check_host_key(transport.get_remote_server_key(), login.host_keys, _today())
    _prove_ourselves(transport, login)
    transport.set_keepalive(_KEEPALIVE_SECONDS)


def _offer(transport: paramiko.Transport, login: Login) -> None:
    options = transport.get_security_options()
    options.ciphers = _CIPHERS + (_WEAK_CIPHERS if login.weak_algorithms else ())
    options.digests = _DIGESTS + (_WEAK_DIGESTS if login.weak_algorithms else ())
    # A server with several keys shows one of the first kind that we name: those that are pinned and count today come
    # first. The other kinds stay, so that a key that has changed can be told with its fingerprint.
    known_keys = sorted(login.host_keys, key=lambda known: not _counts(known, _today()))
    pinned = list(dict.fromkeys(name for known in known_keys for name in _signatures_of(known.key.split()[0])))
    options.key_types = (*pinned, *(name for name in options.key_types if name not in pinned))


def _signatures_of(key_type: str) -> tuple[str, ...]:
    return ("rsa-sha2-512", "rsa-sha2-256") if key_type == "ssh-rsa" else (key_type,)


def _today() -> date:
    return datetime.now().astimezone().date()


def _counts(known: HostKey, today: date) -> bool:
    return (known.valid_from or today) <= today <= (known.valid_until or today)


def _check_host_key(shown: paramiko.PKey, pinned: Iterable[HostKey], today: date) -> None:
    """Return when a server has shown a key that counts today. Raise TransportError with the line to add."""
    line = f"{shown.get_name()} {shown.get_base64()}"
    known = [one for one in pinned if one.key.split()[:2] == line.split()]
    if any(_counts(one, today) for one in known):
        return
    late = [one.valid_until for one in known if one.valid_until is not None and today > one.valid_until]
    early = [one.valid_from for one in known if one.valid_from is not None and today < one.valid_from]
    if early:
        raise TransportError(f"the server's key {shown.fingerprint} counts from {min(early)} on only")
    if late:
        raise TransportError(f"the server's key {shown.fingerprint} counted until {max(late)} only")
    raise TransportError(
        f"the server shows a key that is not pinned: {shown.fingerprint}. Ask the partner whether this is the "
        f'fingerprint of the server; only if it is, add to host_keys: {{ key = "{line}" }}'
    )


def _prove_ourselves(transport: paramiko.Transport, login: Login) -> None:
    """A key first; then a password, where there is one and the server still wants more."""
    rest: list[str] | None = None
    trouble = "neither a key nor a password is set"
    if login.key is not None:
        try:
            rest = transport.auth_publickey(login.user, private_key(login.key, login.passphrase))
            trouble = f"the server also asks for: {plain(', '.join(rest))}"
        except paramiko.AuthenticationException as error:
            trouble = f"the server does not accept our key for the user {login.user} ({plain(str(error))})"
        if rest == []:
            return
    if login.password is not None:
        try:
            rest = transport.auth_password(login.user, login.password())
            trouble = f"the server also asks for: {plain(', '.join(rest))}"
        except paramiko.AuthenticationException as error:
            trouble = f"the server does not accept our password for the user {login.user} ({plain(str(error))})"
    if rest != []:
        raise TransportError(trouble)


def private_key(reveal: Reveal, passphrase: Reveal | None) -> paramiko.PKey:
    """Read a private key, OpenSSH's or PEM. Raise ConfigError, which never shows a part of it."""
    content = reveal().strip() + "\n"
    words = passphrase() if passphrase is not None else None
    for kind in _KEY_CLASSES:
        try:
            return kind.from_private_key(io.StringIO(content), words)
        except paramiko.PasswordRequiredException:
            raise ConfigError(["key: it has a passphrase, name it with passphrase"]) from None
        except (paramiko.SSHException, ValueError):
            continue
    what = "or its passphrase is wrong" if words else "of the types ed25519, ECDSA or RSA"
    raise ConfigError([f"key: this is no private key {what}"])
