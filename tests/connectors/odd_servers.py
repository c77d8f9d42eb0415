"""SFTP servers that are not OpenSSH: a small real one, of paramiko's server side, that can be as odd as others are."""

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import paramiko
from paramiko import SFTPAttributes, SFTPHandle
from paramiko.sftp import SFTP_FAILURE, SFTP_OK, SFTP_PERMISSION_DENIED

from connectors._sftp.packets import Kind
from core.remote import HostKey, Login, SftpAccess
from tests.sftp_servers import SftpServer

DENIED = SFTP_PERMISSION_DENIED
HELLO = struct.pack(">IBI", 5, Kind.VERSION, 3)
"""What a server says first."""


class Said:
    """A channel on which somebody says something, whatever he is asked."""

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)

    def send(self, data: bytes, seconds: float) -> None:
        pass

    def receive(self, least: int, seconds: float) -> bytes:
        return self.said.pop(0) if self.said else b""


class Ordinary(paramiko.SFTPServerInterface):
    """Does what a server should do, with the files of this machine. Each kind of oddity is a class below it."""

    server: type[paramiko.SFTPServer] = paramiko.SFTPServer
    calls_itself = "SSH-2.0-Odd_1.0"

    def told(self, attributes: SFTPAttributes, *, listed: bool) -> SFTPAttributes:
        """What is told of a file, in a listing or when it is asked for."""
        return attributes

    def given(self, content: bytes) -> bytes:
        """What is given to somebody who reads."""
        return content

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        return [self.told(_attributes(f"{path}/{name}", name), listed=True) for name in os.listdir(path)]

    def lstat(self, path: str) -> SFTPAttributes | int:
        try:
            return self.told(_attributes(path), listed=False)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    stat = lstat

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        try:
            file = os.fdopen(os.open(path, flags, 0o644), "wb" if flags & os.O_WRONLY else "rb", buffering=0)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        handle = _Handle(self)
        handle.readfile = handle.writefile = file
        return handle

    def remove(self, path: str) -> int:
        return _done(lambda: os.unlink(path))

    def rename(self, oldpath: str, newpath: str) -> int:
        return _done(lambda: (os.link(oldpath, newpath), os.unlink(oldpath)))

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return _done(lambda: os.replace(oldpath, newpath))

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        return _done(lambda: os.mkdir(path))


class _Handle(SFTPHandle):
    def __init__(self, kind: Ordinary) -> None:
        super().__init__()
        self.kind = kind

    def read(self, offset: int, length: int) -> bytes | int:
        return self.kind.given(os.pread(self.readfile.fileno(), length, offset))

    def write(self, offset: int, data: bytes) -> int:
        os.pwrite(self.writefile.fileno(), data, offset)
        return SFTP_OK


class Named(SFTPAttributes):
    """One line of a listing; ``line`` is what ``ls -l`` would say."""

    line = ""

    def asbytes(self) -> bytes:
        return self.line.encode()


def _attributes(path: str, name: str = "") -> SFTPAttributes:
    found: SFTPAttributes = (Named if name else SFTPAttributes).from_stat(os.lstat(path), name)
    if isinstance(found, Named):
        found.line = str(found)
    return found


def _done(act: Callable[[], object]) -> int:
    try:
        act()
    except OSError as error:
        return paramiko.SFTPServer.convert_errno(error.errno)
    return SFTP_OK


# ── the oddities ──────────────────────────────────────────────────────────────────────────────────────────────────


class RenamesOver(Ordinary):
    """A rename takes the place of what lies there, as with servers that just call the system."""

    rename = Ordinary.posix_rename


class TellsNames(Ordinary):
    """The listing has names and long names alone."""

    def told(self, attributes: SFTPAttributes, *, listed: bool) -> SFTPAttributes:
        if listed:
            attributes.st_size = attributes.st_mode = attributes.st_mtime = None
        return attributes


class TellsRightsAlone(Ordinary):
    """The mode has the rights, and not that it is a file."""

    def told(self, attributes: SFTPAttributes, *, listed: bool) -> SFTPAttributes:
        attributes.st_mode = (attributes.st_mode or 0) & 0o777
        return attributes


class TellsNoSize(Ordinary):
    def told(self, attributes: SFTPAttributes, *, listed: bool) -> SFTPAttributes:
        attributes.st_size = None
        return attributes


class TellsNoTime(Ordinary):
    def told(self, attributes: SFTPAttributes, *, listed: bool) -> SFTPAttributes:
        attributes.st_mtime = None
        return attributes


class TellsAnotherTime(Ordinary):
    """The listing is an hour behind."""

    def told(self, attributes: SFTPAttributes, *, listed: bool) -> SFTPAttributes:
        attributes.st_mtime = (attributes.st_mtime or 0) - 3600 * listed
        return attributes


class TellsNothingLies(Ordinary):
    """Every file has 0 bytes, they say."""

    def told(self, attributes: SFTPAttributes, *, listed: bool) -> SFTPAttributes:
        attributes.st_size = 0
        return attributes


class TellsMore(Ordinary):
    """Every file has more bytes than can be read."""

    def told(self, attributes: SFTPAttributes, *, listed: bool) -> SFTPAttributes:
        attributes.st_size = (attributes.st_size or 0) + 100
        return attributes


class GivesLittle(Ordinary):
    """5,000 bytes at a time, whatever is asked for."""

    def given(self, content: bytes) -> bytes:
        return content[:5_000]


class GivesMore(Ordinary):
    """The answer to a read is longer than what was asked for."""

    def given(self, content: bytes) -> bytes:
        return content and content + b"x" * 20_000


class HasOneInUse(Ordinary):
    """As on Windows: what somebody has open cannot be renamed."""

    def rename(self, oldpath: str, newpath: str) -> int:
        return DENIED if "in use" in oldpath else super().rename(oldpath, newpath)


class MakesNoFolders(Ordinary):
    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        return DENIED


class KeepsMarkers(Ordinary):
    def remove(self, path: str) -> int:
        return DENIED if path.endswith(".ok") else super().remove(path)


class LetsNobodyLook(Ordinary):
    """A listing is all that one gets to see."""

    def lstat(self, path: str) -> SFTPAttributes | int:
        return DENIED


class HidesHiddenFiles(Ordinary):
    """What begins with a dot is not listed."""

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        found = super().list_folder(path)
        return found if isinstance(found, int) else [entry for entry in found if not entry.filename.startswith(".")]


class KeepsHiddenFiles(HidesHiddenFiles):
    """And what is hidden cannot be renamed any more."""

    def rename(self, oldpath: str, newpath: str) -> int:
        return DENIED if Path(oldpath).name.startswith(".") else super().rename(oldpath, newpath)


class NeverGoesOn(Ordinary):
    """Takes a file as a whole, and nothing behind what it has."""

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        return DENIED if flags & os.O_WRONLY and not flags & os.O_TRUNC else super().open(path, flags, attr)


class LikeOpenSSH(Ordinary):
    """It may be asked for a second session."""

    calls_itself = "SSH-2.0-OpenSSH_for_others"


class LocksOpenFiles(LikeOpenSSH, NeverGoesOn):
    """What is open is opened for nobody else."""


class LiesAboutRenames(Ordinary):
    """Renames, and then says that it could not: the rights were to be set as well."""

    def rename(self, oldpath: str, newpath: str) -> int:
        super().rename(oldpath, newpath)
        return SFTP_FAILURE


# ── one at work ───────────────────────────────────────────────────────────────────────────────────────────────────


class _Anybody(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class OddServer(SftpServer):
    """One of them; what the rigs need of a server."""

    def __init__(self, root: Path, kind: type[Ordinary]) -> None:
        self.root, self.home = root, root / "home"
        self.home.mkdir(parents=True)
        self._kind = kind
        self._key = paramiko.ECDSAKey.generate()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.transports: list[paramiko.Transport] = []
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def _serve(self) -> None:
        with suppress(OSError):  # it is closed in the end
            while True:
                connection, _ = self._listening.accept()
                transport = paramiko.Transport(connection)
                transport.local_version = self._kind.calls_itself
                transport.add_server_key(self._key)
                transport.set_subsystem_handler("sftp", self._kind.server, self._kind)
                self.transports.append(transport)
                transport.start_server(event=threading.Event(), server=_Anybody())

    def give(self, path: Path) -> None:
        """Nobody else is there."""

    def host_key(self) -> HostKey:
        return HostKey(f"{self._key.get_name()} {self._key.get_base64()}")

    def login(self, **more: object) -> Login:
        return replace(
            Login("127.0.0.1", self.port, "anybody", (self.host_key(),), password=lambda: "any"),
            **more,  # type: ignore[arg-type]
        )

    def access(self, **more: object) -> SftpAccess:
        return replace(SftpAccess(self.login(), connect_seconds=20.0, answer_seconds=20.0), **more)  # type: ignore[arg-type]

    def kill(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)  # to close it would not wake who waits for somebody
        self._serving.join()
        self._listening.close()
        for transport in self.transports:
            transport.close()


@contextmanager
def odd_server(root: Path, kind: type[Ordinary] = Ordinary) -> Iterator[OddServer]:
    """One at work, ended in the end."""
    server = OddServer(root, kind)
    try:
        yield server
    finally:
        server.kill()
