"""What people and programs do to a site while the power is on, and what must be true of it whenever the power went.

Everything that somebody does is marked in the log before and after, so that it is known of each moment what had been
done for certain, and what perhaps.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from spool.archive.checking import verify
from spool.archive.filing import CHAIN_NAME, MANIFEST_DRAFT
from spool.archive.manifest import MANIFEST_NAME
from spool.folders.ownership import OWNER_FILE
from spool.identifiers import now_ms
from spool.journal.store import Journal
from spool.journal.tables import ledger
from spool.results.effects import LEDGER_FILE
from tests.daemon.on_faultfs import scene_site
from tests.faultfs.mounted import Mounted
from tests.faultfs.tree import Operation
from tests.sites import Running, visible

ROOT = Path(__file__).resolve().parents[2]
FINAL = frozenset({"archived", "rejected", "duplicate", "held", "discarded"})
_NOTES = (".hinweis.txt", ".hinweis.xlsx")
_DEADLINE = 60.0


def result(*lines: str) -> str:
    """What the test handler makes of plain lines."""
    return "".join(f"{line}\n" for line in ("begin", *lines, "end"))


@dataclass(frozen=True)
class Drop:
    """A file, and what comes of it when it is not held up."""

    name: str
    content: str
    state: str = "archived"
    results: tuple[str, ...] = ()
    route: str = "in"


def _plain(name: str, serial: str, route: str = "in") -> Drop:
    return Drop(name, f"{serial}\n", results=(result(serial),), route=route)


FIRST = [
    Drop("a.txt", "claim A\na\n", results=(result("a"),)),
    Drop("b.txt", "b\nmany 2\n", results=(result("b"), result("0"), result("1"))),
    Drop("c.txt", "wrong\n", "rejected"),
    Drop("d.txt", "needs d.pdf\nd\n", results=(result("d"), "attached\n")),
    Drop("e.txt", "hold\ne\n", "held", (result("e"),)),
    Drop("f.txt", "remember F\nf\n", results=(result("f"),)),
    Drop("g.txt", "warn somebody should know\ng\n", results=(result("g"),)),
    Drop("h.txt", "hold\nh\n", "held", (result("h"),)),
    Drop("t.csv", "1,x\n2,y\n", "rejected"),
    Drop("w.txt", "wait Z\nw\n", "waiting", (result("w"),)),
]
SECOND = [
    Drop("z.txt", "remember Z\nz\n", results=(result("z"),)),
    Drop("again.txt", "claim A\na\n", "duplicate", (result("a"),)),
    _plain("s1.txt", "twin", "forced"),
    _plain("s2.txt", "twin", "forced"),
    Drop("p.txt", "puts 6000\np\n", results=(result("p"),)),
]
BURST = [_plain(f"burst{number}.txt", f"burst {number}") for number in range(12)]
LATE = [_plain("late.txt", "late"), Drop("late.csv", "3,x\n", "rejected")]
DROPS = [*FIRST, *SECOND, *BURST, *LATE]
ATTACHMENTS = [Drop("d.pdf", "attached\n", "companion")]
CONTENTS = {drop.content for drop in [*DROPS, *ATTACHMENTS]}
RESULTS = {made for drop in DROPS for made in drop.results}


class Site:
    """The folders of the scene, and the hands that move in them."""

    def __init__(self, fs: Mounted, daemon: "subprocess.Popen[bytes]", said: Path, root: Path | None = None) -> None:
        self.root = root or fs.root
        self._fs, self._daemon, self._said = fs, daemon, said
        self._journal: Journal | None = None
        self._pace = threading.Event()

    @property
    def journal(self) -> Journal:
        """As a verb of the command line opens it."""
        if self._journal is None:
            self._journal = Journal(f"sqlite:///{self.root}/state/journal.sqlite3")
        return self._journal

    def until_ready(self) -> None:
        """Until the daemon has started, and says so. What fails before that ends it, and systemd starts it again."""
        self.until(lambda: "is at work on" in self._said.read_text())

    def drop(self, drops: Iterable[Drop]) -> None:
        """Lay files into inboxes as a careful sender does: written, synced, renamed, synced."""
        for drop in drops:
            folder = self.root / "inbox" / drop.route
            hidden = folder / f".{drop.name}"
            self._fs.mark(f"dropping {drop.name}")
            hidden.write_text(drop.content)
            _sync(hidden)
            hidden.rename(folder / drop.name)
            _sync(folder)
            self._fs.mark(f"dropped {drop.name}")

    def take(self, names: Iterable[str], *, careful: bool) -> None:
        """Take results away as a FIBU program does; a careless one does not care what the disk knows of it."""
        folder = self.root / "outbox" / "out"
        for name in names:
            self._fs.mark(f"taking {'' if careful else 'carelessly '}{(folder / name).read_text()}")
            (folder / name).unlink()
            if careful:
                _sync(folder)
                self._fs.mark("taken")

    def ask(self, verb: str, name: str) -> None:
        """What a person asks for, and gets: returns when it is answered."""
        row = next(row for row in self.journal.latest(1_000) if row["name"] == name)
        request = self.journal.ask(verb, row["id"], "scene", now_ms())
        self.until(lambda: self.journal.answered(request) is not None)

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for something that the daemon does."""
        deadline = time.monotonic() + _DEADLINE
        while not condition():
            assert self._daemon.poll() is None, "the daemon has ended"
            assert time.monotonic() < deadline, self.picture()
            self._pace.wait(0.01)

    def for_a_while(self, seconds: float) -> None:
        """Let the daemon work, or try to."""
        self._pace.wait(seconds)

    def picture(self) -> str:
        """What is known of every drop."""
        rows = [f"{row['id']} {row['name']} {row['state']}" for row in self.journal.latest(1_000)]
        return "\n".join([*rows, *(str(row) for row in self.journal.alerts())])

    def until_settled(self, count: int, also: frozenset[str] = frozenset()) -> None:
        """Until so many drops have come to their end."""
        states = FINAL | also
        self.until(lambda: sum(row["state"] in states for row in self.journal.latest(1_000)) == count)

    def close(self) -> None:
        """Give the journal back."""
        if self._journal is not None:
            self._journal.close()


def play(fs: Mounted, daemon: "subprocess.Popen[bytes]", said: Path, root: Path | None = None) -> None:
    """The scene from beginning to end; the daemon is stopped in it. Marks go to ``fs``, wherever the site lies."""
    site = Site(fs, daemon, said, root)
    try:
        site.until_ready()
        site.drop(ATTACHMENTS)
        site.drop(FIRST)
        site.until_settled(len(FIRST), frozenset({"waiting"}))
        site.take(["a.out.txt", "b.out.txt"], careful=True)
        site.drop(SECOND)
        site.until_settled(len(FIRST) + len(SECOND))
        site.take(["many-0.txt"], careful=False)
        site.ask("release", "e.txt")
        site.ask("discard", "h.txt")
        site.ask("retry", "c.txt")
        site.drop(BURST)
        site.until_settled(len(FIRST) + len(SECOND) + len(BURST))
        site.take(["f.out.txt", "burst3.out.txt", "burst4.out.txt"], careful=True)
        site.drop(LATE)
        site.until_settled(len(DROPS))
    finally:
        site.close()
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0


def serve(root: Path, log: Path) -> "subprocess.Popen[bytes]":
    """The real daemon on the scene's site; what it says goes to a file."""
    with log.open("ab") as file:
        return subprocess.Popen([sys.executable, "-m", "tests.daemon.on_faultfs", str(root)], cwd=ROOT, stderr=file)


@dataclass
class Known:
    """What has been done at a moment of the log: for certain, and perhaps."""

    dropped: set[str] = field(default_factory=set)
    dropping: set[str] = field(default_factory=set)
    taken: Counter[str] = field(default_factory=Counter)
    perhaps: Counter[str] = field(default_factory=Counter)

    @classmethod
    def at(cls, log: Sequence[Operation], moment: int) -> "Known":
        """Read the marks."""
        known = cls()
        doing = ""
        for operation in log[:moment]:
            if operation.kind != "mark":
                continue
            verb, _, what = operation.data.decode().partition(" ")
            if verb == "taken":
                known.taken[doing] += 1
                known.perhaps[doing] -= 1
            elif verb == "taking":
                doing = what.removeprefix("carelessly ")
                known.perhaps[doing] += 1
            elif verb == "dropped":
                known.dropped.add(what)
            elif verb == "dropping":
                known.dropping.add(what)
        return known


def half_files(root: Path) -> list[str]:
    """What is visible and not whole. True at any moment, also before the daemon has started again."""
    found = []
    outbox = root / "outbox" / "out"
    found += [str(path) for name in visible(outbox) if (path := outbox / name).read_text() not in RESULTS]
    for route in ("in", "forced"):
        inbox = root / "inbox" / route
        found += [str(path) for path in _files(inbox) if path.read_text() not in CONTENTS]
        for folder in ("rejected", "held", "notes"):
            found += [str(path) for path in _files(inbox / folder) if not _is_whole(path)]
    return found


def _is_whole(path: Path) -> bool:
    if path.name.endswith(".hinweis.xlsx"):
        return zipfile.is_zipfile(path)
    if path.name.endswith(".hinweis.txt"):
        text = path.read_bytes()
        return len(text) > 100 and b"\0" not in text and text.endswith(b"\n")
    return path.read_text() in CONTENTS


def _files(folder: Path) -> list[Path]:
    return [folder / name for name in sorted(visible(folder)) if (folder / name).is_file()]


def assert_whole(running: Running, known: Known) -> None:
    """Nothing lost, nothing doubled, nothing half, nothing left over."""
    root = running.root
    places = _places(root)
    sure = Counter(drop.content for drop in [*DROPS, *ATTACHMENTS] if drop.name in known.dropped)
    most = Counter(drop.content for drop in [*DROPS, *ATTACHMENTS] if drop.name in known.dropping)
    assert not sure - places, f"lost: {sure - places}\n{running.picture()}"
    assert not places - most, f"doubled: {places - most}\n{running.picture()}"
    by_name = {drop.name: drop for drop in DROPS}
    archived = running.rows("archived")
    expected = Counter(made for row in archived for made in by_name[row["name"]].results)
    lies = Counter(path.read_text() for path in _files(root / "outbox" / "out"))
    least = expected - known.taken - known.perhaps
    assert not least - lies, f"results lost: {least - lies}\n{running.picture()}"
    assert not lies - (expected - known.taken), f"results doubled: {lies - expected + known.taken}\n{running.picture()}"
    states = {row["name"]: row["state"] for row in running.rows()}
    wrong = {name: state for name, state in states.items() if state not in _allowed(by_name[name], states)}
    assert not wrong, f"{wrong}\n{running.picture()}"
    assert _counted(running) == len(archived), running.picture()
    assert half_files(root) == []
    assert [path for path in running.leftovers() if "w.txt" not in path or states.get("w.txt") != "waiting"] == []
    assert [str(finding) for finding in verify(running.site.archive, running.journal.head)] == []
    # Other programs may have used up the watches of the machine; that is no harm.
    assert not running.alerts().keys() - {"not-watched"}, running.alerts()


def _counted(running: Running) -> int:
    """How many files the handler has counted, over all companies."""
    rows = running.journal.stream(select(ledger.c.body).where(ledger.c.kind == "count"))
    return sum(json.loads(row["body"])["files"] for row in rows)


def _allowed(drop: Drop, states: dict[str, str]) -> set[str]:
    if drop.content == "claim A\na\n":  # whichever came through first
        return {"archived", "duplicate"}
    if drop.state == "held":
        return {"held", "archived", "discarded"}
    return {"waiting": {"waiting", "archived"}}.get(drop.state, {drop.state})


def is_settled(running: Running) -> bool:
    """Nothing more will happen by itself."""
    if running.journal.asked() or not running.engine.idle:
        return False
    lying = {name for route in running.site.routes for name in running.waiting(route.name)}
    states = [row["state"] for row in running.rows()]
    return not lying - {"d.pdf"} and all(state in FINAL | {"waiting"} for state in states)


def _places(root: Path) -> Counter[str]:
    """Every file that people gave us, by content, wherever it lies."""
    found: list[Path] = []
    for route in ("in", "forced"):
        inbox = root / "inbox" / route
        folders = [inbox, inbox / "rejected", inbox / "held", inbox / ".work"]
        found += [path for folder in folders if folder.is_dir() for path in folder.iterdir() if path.is_file()]
    found = [path for path in found if not path.name.endswith(_NOTES) and not path.name.startswith(".")]
    own = {MANIFEST_NAME, MANIFEST_DRAFT, CHAIN_NAME, OWNER_FILE, LEDGER_FILE}
    found += [path for path in (root / "archive").rglob("*") if path.is_file() and path.name not in own]
    return Counter(path.read_text() for path in found)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def recovered(root: Path) -> Running:
    """The daemon started anew on what is left; it has come to rest when this returns."""
    running = Running(scene_site(root))
    running.until(lambda: is_settled(running))
    return running
