"""Fresh sites on the real disk, and everybody who can be asked to empty their inbox: the daemon and its peers."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import ROWS
from bench.op_samples import tracked
from core.tracked import KIND
from spool.journal.database import upgrade
from spool.journal.store import Journal, Results, as_json

CHECKOUT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"
_COMPANY = "1"
_START_SECONDS = 30.0
_CONFIGURATION = """
site = "bench"
[engine]
{engine}
[[company]]
id = "1"
name = "Muster Handel GmbH"
fibu = "bmd"
[[target]]
name = "bmd"
[[target]]
name = "clue"
max_waiting = 1000000
"""
_ROUTE = """
[[route]]
name = "{name}"
formats = ["op_list"]
handler = "op_reconciliation"
company = "1"

[route.format.op_list]
without_key_date = "arrival"
"""


@dataclass(frozen=True, slots=True)
class BenchSite:
    """The folders of one fresh site."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox" / "bmd"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox" / "clue"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def journal(self) -> Path:
        return self.root / ".state" / "journal.sqlite3"


def fresh_site(routes: Sequence[str] = ("bmd",), engine: str = "") -> BenchSite:
    """Make a site with an empty journal, below the checkout because /tmp may be memory; it goes when we end.

    ext4 looks for a free inode among those deleted in the last minutes, which makes every new file in their
    neighbourhood ten times as dear. So no site is removed while there is something to measure, and each gets a
    neighbourhood of its own ("top of directory hierarchies", chattr(1)).
    """
    base = Path(os.environ.get("CLUEDROP_BENCH_FOLDER", CHECKOUT / ".state" / "bench"))
    base.mkdir(parents=True, exist_ok=True)
    subprocess.run(["chattr", "+T", str(base)], check=False, stderr=subprocess.DEVNULL)
    site = BenchSite(Path(tempfile.mkdtemp(dir=base)))
    atexit.register(_remove, site)
    for folder in (site.inbox, site.outbox, site.archive):
        folder.mkdir(parents=True)
    parts = [_CONFIGURATION.format(engine=engine), *(_ROUTE.format(name=name) for name in routes)]
    (site.root / "site.toml").write_text("".join(parts), encoding="utf-8")
    upgrade(f"sqlite:///{site.journal}")
    return site


def _remove(site: BenchSite) -> None:
    subprocess.run(["chmod", "-R", "u+w", str(site.root)], check=False)
    shutil.rmtree(site.root, ignore_errors=True)


def seed_ledger(site: BenchSite, lists: int) -> None:
    """Make known nine of ten documents of the first lists; one of ten has another amount open than the list says."""
    journal = Journal(f"sqlite:///{site.journal}")
    entries = (tracked(index) for index in range(lists * ROWS) if index % 10 != 9)
    journal.commit(Results([], [], [], (
        {"company": _COMPANY, "kind": KIND, "key": entry.key, "group": entry.group, "body": as_json(entry.body),
         "drop_id": "seed"} for entry in entries
    )))  # fmt: skip
    journal.close()


# ── who empties the inbox ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Contestant:
    """Somebody who turns dropped lists into results."""

    name: str
    is_durable: bool
    command: tuple[str, ...]
    """``{inbox}``, ``{outbox}``, ``{archive}``, ``{journal}`` and ``{root}`` stand for the site's."""
    results_per_drop: int = 1
    written_in_place: bool = True
    """Results are written under their visible names; nobody can say when they are complete but by their closing."""


DAEMON = Contestant(
    "Cluedrop",
    True,
    (sys.executable, str(CHECKOUT / "daemon.py"), "run", "--config", "{root}/site.toml"),
    2,
    False,
)


def bare_loop(group: int) -> Contestant:
    """The limit: the same format, handler and writer called by a loop, durable, nothing else."""
    folders = ("{inbox}", "{outbox}", "{archive}", "{journal}")
    command = (sys.executable, "-m", "bench.peers.bare_loop", *folders, str(group))
    return Contestant(f"bare durable loop, {group} a group", True, command, 2, False)


def script(name: str) -> Contestant:
    """A script as people write it: CSV to JSON, then move; nothing synced, nothing noted."""
    command = (sys.executable, "-m", f"bench.peers.{name}_script", "{inbox}", "{outbox}", "{archive}")
    return Contestant(f"{name} script", False, command)


def matching_script() -> Contestant:
    """A watchdog script that does all of our work, but syncs nothing."""
    folders = ("{inbox}", "{outbox}", "{archive}", "{journal}")
    command = (sys.executable, "-m", "bench.peers.watchdog_matching_script", *folders)
    return Contestant("watchdog script, our work", False, command, 2, False)


def chokidar() -> Contestant | None:
    """The same script on Node; None as long as nobody has said ``npm install`` in ``bench/peers``."""
    if shutil.which("node") is None or not (PEERS / "node_modules" / "chokidar").is_dir():
        return None
    command = ("node", str(PEERS / "chokidar_script.mjs"), "{inbox}", "{outbox}", "{archive}")
    return Contestant("chokidar script", False, command)


@contextmanager
def running(contestant: Contestant, site: BenchSite) -> Iterator[int]:
    """Start somebody on a site, wait until they are ready (sd_notify), give their process id, end them."""
    address = site.root / "notify"
    names = {"inbox": site.inbox, "outbox": site.outbox, "archive": site.archive, "journal": site.journal}
    command = [part.format(root=site.root, **names) for part in contestant.command]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, (site.root / "log").open("wb") as log:
        channel.bind(str(address))
        channel.settimeout(_START_SECONDS)
        environment = {**os.environ, "NOTIFY_SOCKET": str(address)}
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=log)
        try:
            _wait_until_ready(contestant, process, channel)
            yield process.pid
        except BaseException:
            sys.stderr.write((site.root / "log").read_text(encoding="utf-8", errors="replace")[-4000:])
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(contestant: Contestant, process: "subprocess.Popen[bytes]", channel: socket.socket) -> None:
    if contestant is DAEMON:
        while b"READY=1" not in channel.recv(4096):
            pass
    elif process.stdout is None or process.stdout.readline().strip() != b"ready":
        raise RuntimeError(f"{contestant.name} did not start")
