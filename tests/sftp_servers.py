"""A real OpenSSH server on a free port, in a folder of its own, for one test. Never root's: rights must count."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from core.remote import HostKey, Login, SftpAccess
from tests.needs import need

_DEADLINE = 60.0
_PORTS = range(20_000, 32_768)
"""Below those that the system gives to whoever connects: while a server is down, nobody must get its port."""
_PATIENCE = 20.0
"""Seconds; a machine that has much to do is no server that is away."""
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
{host_keys}
PidFile none
AuthorizedKeysFile {root}/authorized_keys
StrictModes no
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowTcpForwarding yes
Subsystem sftp internal-sftp
ForceCommand {command}
{more}
"""


class SftpServer:
    """One server. ``home`` is the folder that clients are to use."""

    def __init__(self, root: Path, more: str = "") -> None:
        self.root = root
        self.home = root / "home"
        self.user = _user()
        self.port = _free_port()
        self.more = more
        self.host_keys = [root / "host_key"]
        self.command = "internal-sftp -u 0022"
        self._process: subprocess.Popen[bytes] | None = None
        self.home.mkdir()
        for name, kind in (("host_key", "ed25519"), ("client_key", "ed25519")):
            self.make_key(name, kind)
        shutil.copy(root / "client_key.pub", root / "authorized_keys")
        self.give(self.home)

    @classmethod
    def at_work(cls, root: Path, port: int) -> "SftpServer":
        """One that another process has started."""
        server = cls.__new__(cls)
        server.root, server.home, server.port = root, root / "home", port
        server.user, server._process = _user(), None
        return server

    def make_key(self, name: str, kind: str = "ed25519", passphrase: str = "") -> None:
        keygen = need("ssh-keygen", "openssh-client")
        (self.root / name).unlink(missing_ok=True)
        subprocess.run(
            [keygen, "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(self.root / name)],
            check=True,
            stdin=subprocess.DEVNULL,
        )
        self.give(self.root / name)

    def give(self, path: Path) -> None:
        """Make something the server's user's own."""
        if os.geteuid() == 0:
            found = pwd.getpwnam(self.user)
            os.chown(path, found.pw_uid, found.pw_gid)

    def folder(self, name: str) -> Path:
        path = self.home / name
        path.mkdir(parents=True, exist_ok=True)
        self.give(path)
        return path

    def lay(self, path: Path, content: bytes = b"content\n") -> Path:
        """Lay a finished file there, as somebody else would have done."""
        path.write_bytes(content)
        self.give(path)
        return path

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        config = self.root / "sshd_config"
        host_keys = "\n".join(f"HostKey {path}" for path in self.host_keys)
        config.write_text(
            CONFIG.format(port=self.port, root=self.root, command=self.command, host_keys=host_keys, more=self.more)
        )
        command = [need("sshd", "openssh-server"), "-D", "-e", "-f", str(config)]
        if os.geteuid() == 0:
            uid = str(pwd.getpwnam(self.user).pw_uid)
            command = [need("setpriv", "util-linux"), "--reuid", uid, "--clear-groups", *command]
        log = (self.root / "log").open("ab")
        with log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + _DEADLINE
        while not _answers(self.port):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError((self.root / "log").read_text())

    def processes(self) -> list[int]:
        """The server and all that it has started."""
        return [] if self._process is None else _family(self._process.pid)

    def signal(self, number: signal.Signals) -> None:
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """Every process of it ends at once, as when the machine goes down."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._process = None

    # ── getting there ────────────────────────────────────────────────────────────────────────────────────────────

    def host_key(self) -> HostKey:
        return HostKey(" ".join((self.root / "host_key.pub").read_text().split()[:2]))

    def login(self, **more: object) -> Login:
        key = (self.root / "client_key").read_text()
        return replace(
            Login("127.0.0.1", self.port, self.user, (self.host_key(),), key=lambda: key),
            **more,  # type: ignore[arg-type]
        )

    def access(self, **more: object) -> SftpAccess:
        return replace(SftpAccess(self.login(), connect_seconds=_PATIENCE, answer_seconds=_PATIENCE), **more)  # type: ignore[arg-type]


@contextmanager
def sftp_server(more: str = "", refused: str = "") -> Iterator[SftpServer]:
    """A server at work, which may refuse some kinds of requests; it is ended and its folder removed in the end."""
    need("sshd", "openssh-server")
    with tempfile.TemporaryDirectory(prefix="cluedrop-sftp-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        server = SftpServer(root, more)
        server.command += f" -P {refused}" if refused else ""
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _user() -> str:
    return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.getuid()).pw_name


def _free_port() -> int:
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as listening, suppress(OSError):
            listening.bind(("127.0.0.1", port))
            return port


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _family(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found
