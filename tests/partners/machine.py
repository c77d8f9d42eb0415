"""A machine of its own for one test module: accounts, sshd, ``/srv`` and ``/etc`` of a server, not the real ones.

Mounts, processes and network are those of namespaces. In it run the real ``useradd``, the real sshd with the shipped
configuration, real clients, and the real daemon as its own user with the one capability that the unit gives it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from shlex import quote

from core.errors import TransportError
from spool.archive.checking import verify
from spool.journal.store import Journal
from tests.needs import need, need_root

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "/etc/cluedrop/cluedrop.toml"
_PORT = 2222
_PATIENCE = 30.0
_CONFIGURATION = """
root = "/srv/cluedrop"
site = "Test"
[folders]
state = "/srv/state"
[engine]
settle = "0.2 s"
rescan = "1 s"
canary_interval = 0
min_free_space = 0
[[company]]
id = "1"
fibu = "rzl"
clue_target = "rzl"
[[target]]
name = "rzl"
"""
_LOOPBACK = """
import fcntl, socket, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x49))  # SIOCSIFFLAGS: up and running
"""
_SSHD = f"""
Port {_PORT}
ListenAddress 127.0.0.1
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
UsePAM yes
Subsystem sftp /usr/lib/openssh/sftp-server
Include /etc/ssh/sshd_config.d/*.conf
"""


_VERBS = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
import daemon
import spool.verbs.console
from commands.composition import configure
configure(__import__("pathlib").Path(sys.argv[3]))
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        said = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.argv[:] = ["daemon.py", *json.loads(line)]
        try:
            daemon.main()
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code or 0)
        os._exit(99)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Machine:
    """One server with sshd at work; ``close`` ends every process of it."""

    def __init__(self, folder: Path) -> None:
        need_root("to make accounts, mounts and chroots")
        for program, package in (("unshare", "util-linux"), ("sshd", "openssh-server"), ("lftp", "lftp")):
            need(program, package)
        self.folder = folder
        alone = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
        self._init = subprocess.Popen(
            [*alone, "/bin/sh", "-euc", self._setup()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._init.stdout is not None
        self._journal: Journal | None = None
        self._verbs: subprocess.Popen[bytes] | None = None
        self.processes: list[subprocess.Popen[bytes]] = []
        assert self._init.stdout.readline() == "ready\n"
        pid = self._init.pid
        self._inside = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]

    def _setup(self) -> str:
        systemd = f"{ROOT}/systemd"
        lines = [
            f"cd {quote(str(self.folder))}; chmod 755 .; mkdir etc srv home",
            "cp -a /etc/. etc/; mount --bind etc /etc; mount --bind srv /srv",
            "mount -t tmpfs -o mode=755 tmpfs /run; mkdir /run/sshd",
            *_make_way(),
            f"systemd-sysusers {systemd}/cluedrop.sysusers.conf >&2",
            f"systemd-tmpfiles --create {systemd}/cluedrop.tmpfiles.conf",
            "install -d -o cluedrop -m 700 /srv/state",
            f"install -D -m 644 {systemd}/sshd_cluedrop_partners.conf /etc/ssh/sshd_config.d/cluedrop-partners.conf",
            "rm -f /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key",
            f"printf %s {quote(_SSHD)} > /etc/ssh/sshd_config",
            f"printf %s {quote(_CONFIGURATION)} > {CONFIG}",
            f"printf '[127.0.0.1]:{_PORT} %s\\n' \"$(cat /etc/ssh/ssh_host_ed25519_key.pub)\" > known_hosts",
            f"{quote(sys.executable)} -c {quote(_LOOPBACK)}",
            "echo ready; exec cat",
        ]
        return "\n".join(lines)

    # ── running things there ─────────────────────────────────────────────────────────────────────────────────────

    def begin(self, *command: str | Path, **more: object) -> "subprocess.Popen[bytes]":
        enter = [need("nsenter", "util-linux"), "-t", self._inside, "--mount", "--net", "--pid", "--"]
        environment = {**os.environ, "HOME": str(self.folder / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen([*enter, *command], cwd="/", env=environment, **more)  # type: ignore[call-overload]
        self.processes.append(process)
        return process  # type: ignore[no-any-return]

    def run(self, *command: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
        """What a command there has said, both ways together."""
        process = self.begin(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate(given.encode(), timeout=_PATIENCE)
        self.processes.remove(process)
        return subprocess.CompletedProcess(command, process.returncode, said.decode(), "")

    def ok(self, *command: str | Path, given: str = "") -> str:
        done = self.run(*command, given=given)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def daemon(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """A verb of ours, as root; a fork of a process that has imported everything once."""
        if self._verbs is None:
            command = [sys.executable, "-c", _VERBS, ROOT, self.folder / "said", CONFIG]
            self._verbs = self.begin(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._verbs.stdin is not None
        assert self._verbs.stdout is not None
        words = [*map(str, arguments), "--config", CONFIG]
        self._verbs.stdin.write(f"{json.dumps(words)}\n".encode())
        self._verbs.stdin.flush()
        code = int(self._verbs.stdout.readline())
        return subprocess.CompletedProcess(words, code, (self.folder / "said").read_text(), "")

    def serve_sftp(self) -> None:
        log = (self.folder / "sshd.log").open("ab")
        with log:
            self.begin("/usr/sbin/sshd", "-D", "-e", stdout=log, stderr=log)
        self.until(lambda: b"listening" in (self.folder / "sshd.log").read_bytes())

    def serve_files(self) -> None:
        """The daemon, with the rights that the unit gives it."""
        rights = ["--reuid=cluedrop", "--regid=cluedrop", "--init-groups", "--no-new-privs"]
        rights += ["--inh-caps=-all,+lease", "--ambient-caps=-all,+lease", "--bounding-set=-all,+lease"]
        with self.log.open("ab") as log:
            self.begin(
                need("setpriv", "util-linux"), *rights, "/bin/sh", "-c", 'umask 0007; exec "$@"', "sh",
                sys.executable, ROOT / "daemon.py", "run", "--config", CONFIG, stdout=log, stderr=log,
            )  # fmt: skip
        self.until(lambda: b"is at work on" in self.log.read_bytes())

    # ── partners ─────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, name: str) -> None:
        """A partner who knows this server and has a key."""
        key = self.folder / f"{name}.key"
        done = self.daemon("partner", "add", name, "--new-key", key)
        assert done.returncode == 0, done.stdout
        self.knows(name)

    def knows(self, name: str, key: Path | None = None) -> None:
        """Whoever calls this name is logged in as this partner, with this key."""
        with (self.folder / "ssh_config").open("a") as file:
            file.write(
                f"Host {name}\nHostName 127.0.0.1\nPort {_PORT}\nUser {name.partition('.')[0]}\n"
                f"IdentityFile {key or self.folder / f'{name}.key'}\nIdentitiesOnly yes\nBatchMode yes\n"
                f"UserKnownHostsFile {self.folder}/known_hosts\n"
            )

    def sftp(self, name: str, *lines: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """OpenSSH's client, with a script."""
        return self.run("sftp", *self._sftp(options), name, given="".join(f"{line}\n" for line in lines))

    def sftp_under_way(self, name: str, line: str, *options: str) -> "subprocess.Popen[bytes]":
        """The same at work on one thing, to be broken off."""
        script = self.folder / "script"
        script.write_text(f"{line}\n")
        return self.begin("sftp", *self._sftp(options, script), name)

    def _sftp(self, options: Sequence[str], script: str | Path = "-") -> list[str | Path]:
        return ["-q", "-F", self.folder / "ssh_config", "-b", script, *options]

    def lftp(self, name: str, *commands: str) -> "subprocess.Popen[bytes]":
        """The client lftp at work on commands."""
        connect = f"set sftp:connect-program 'ssh -a -x -F {self.folder}/ssh_config'"
        settings = [connect, "set net:max-retries 1", f"open sftp://{name}:@{name}"]
        return self.begin("lftp", "-c", "; ".join([*settings, *commands]))

    def break_off(self, client: "subprocess.Popen[bytes]") -> None:
        """A client and all that it has started end at once, without a word to the server."""
        for pid in [*_children(client.pid), client.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        client.wait()

    def stall(self, client: "subprocess.Popen[bytes]", *, go_on: bool = False) -> None:
        """Its connection stands still, or goes on."""
        os.kill(_children(client.pid)[0], signal.SIGCONT if go_on else signal.SIGSTOP)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def log(self) -> Path:
        return self.folder / "daemon.log"

    def place(self, path: str) -> Path:
        """A path of the machine below /srv/cluedrop, as the test sees it."""
        return self.folder / "srv/cluedrop" / path

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(self.picture())

    def picture(self) -> str:
        logs = [path.read_text() for path in (self.folder / "sshd.log", self.log) if path.exists()]
        files = "\n".join(str(path) for path in sorted(self.place("partners").rglob("*")))
        return "\n".join([*logs, files])

    @property
    def journal(self) -> Journal:
        if self._journal is None:
            self._journal = Journal(f"sqlite:///{self.folder}/srv/state/journal.sqlite3")
        return self._journal

    def states(self, name: str) -> list[str]:
        """What has become of the files of this name, oldest first."""
        try:
            return [row["state"] for row in reversed(self.journal.latest(10_000)) if row["name"] == name]
        except TransportError:
            return []

    def alerts(self) -> dict[str, str]:
        return {f"{row['code']} {row['subject']}": row["text"] for row in self.journal.alerts()}

    def archived(self, content: bytes) -> int:
        """How often exactly this content lies in the archive."""
        return sum(path.is_file() and path.read_bytes() == content for path in self.place("archive").rglob("*"))

    def findings(self) -> list[str]:
        return [str(finding) for finding in verify(self.place("archive"), self.journal.head)]

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()
        for process in self.processes:
            self.break_off(process)
            for pipe in filter(None, (process.stdin, process.stdout)):
                pipe.close()
        assert self._init.stdin is not None
        self._init.stdin.close()
        self._init.wait(_PATIENCE)
        assert self._init.stdout is not None
        self._init.stdout.close()


def _make_way() -> list[str]:
    """The daemon's user must reach Python and this checkout, also where they lie in somebody's closed home."""
    lines: list[str] = []
    needed = {Path(sys.base_prefix), Path(sys.prefix).resolve(), ROOT}
    closed = {folder for path in needed for folder in path.parents if not folder.stat().st_mode & 0o001}
    for number, path in enumerate(sorted(path for path in needed if closed & set(path.parents))):
        lines += [f"mkdir way{number}", f"mount --bind {quote(str(path))} way{number}"]
    for folder in sorted(closed, key=lambda path: len(path.parts)):
        if not closed & set(folder.parents):
            lines.append(f"mount -t tmpfs -o mode=755 tmpfs {quote(str(folder))}")
    for number, path in enumerate(sorted(path for path in needed if closed & set(path.parents))):
        lines += [f"mkdir -p {quote(str(path))}", f"mount --bind way{number} {quote(str(path))}"]
    return lines


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return [below for child in found for below in (*_children(child), child)]
    return []
