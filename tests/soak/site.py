"""The site of the soak, its daemon, and the people and programs around it."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from bench.measuring import Arrivals
from spool.results.publishing import NOTE_ENDINGS
from tests.configurations import CLUE
from tests.sites import visible
from tests.soak.drops import Drop, told

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIGURATION = f"""
root = "."
site = "soak"

[folders]
state = "state"

[engine]
canary_interval = "1 min"

[[company]]
id = "1"
name = "Muster Handel GmbH"
fibu = "bmd"

[[company]]
id = "2"
name = "Beispiel Technik OG"
fibu = "rzl"

[[target]]
name = "bmd"

[[target]]
name = "rzl"
{CLUE}
[[route]]
name = "bmd"
formats = ["op_list"]
handler = "op_reconciliation"
company = "1"

[route.format.op_list]
source = "bmd"
without_key_date = "arrival"
"""
ROUTES, TARGETS = ("clue", "bmd"), ("bmd", "rzl", "clue")
_LOOK_SECONDS = 5.0
_STOP_SECONDS = 60.0


class Daemon:
    """``daemon.py run`` on a site, started again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lives = 0
        self.config = root / "cluedrop.toml"
        self.config.write_text(CONFIGURATION, encoding="utf-8")
        scratch = root / "tmp"  # where a daemon that is killed leaves temporary folders behind
        scratch.mkdir(exist_ok=True)
        self._environment = {**os.environ, "CLUEDROP_SOAK": str(root), "TMPDIR": str(scratch)}
        self.start()

    def start(self) -> None:
        """Begin a life; those who drop need not wait for it."""
        self.lives += 1
        self.process = self._launched("run")

    def _launched(self, verb: str) -> "subprocess.Popen[bytes]":
        with (self.root / "log").open("ab") as log:
            command = [sys.executable, "daemon.py", verb, "--config", str(self.config)]
            return subprocess.Popen(command, cwd=CHECKOUT, env=self._environment, stdout=log, stderr=log)

    def restart(self) -> float:
        """Ask it to end, start it again; returns how long it took to end."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(_STOP_SECONDS)
        if code:
            raise RuntimeError(f"after SIGTERM the daemon ended with {code}")
        took = time.monotonic() - begin
        self.start()
        return took

    def kill(self) -> list[int]:
        """End it without a word, start it again; returns what of its family had not ended after a while."""
        self.process.kill()
        self.process.wait()
        left = self._family()
        deadline = time.monotonic() + 5
        while left and time.monotonic() < deadline:
            left = self._family()
        self.start()
        return left

    def _family(self) -> list[int]:
        """Processes that carry the mark of this site."""
        mark = f"CLUEDROP_SOAK={self.root}\0".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes():
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return found

    def finish(self) -> int:
        """Ask it to end, and let ``once`` take what it had only claimed; returns the exit code of the ending."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(_STOP_SECONDS)
        self._launched("once").wait(_STOP_SECONDS)
        return code

    def close(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


class Flight:
    """When what was dropped whose first result is still awaited; shared by who drops and who takes."""

    def __init__(self) -> None:
        self._dropped: dict[str, float] = {}
        self._lock = threading.Lock()
        self.latencies: list[tuple[float, float]] = []
        """(time of the drop, seconds until its first result was seen)"""

    def begin(self, word: str) -> None:
        with self._lock:
            self._dropped[word] = time.monotonic()

    def land(self, word: str, moment: float) -> None:
        with self._lock:
            dropped = self._dropped.pop(word, None)
            if dropped is not None:
                self.latencies.append((dropped, moment - dropped))

    @property
    def open(self) -> int:
        """Number of drops whose first result has not been seen."""
        return len(self._dropped)


class Taker(threading.Thread):
    """The program behind one outbox: sees what comes, takes it away a little later."""

    def __init__(self, root: Path, target: str, flight: Flight, seed: int) -> None:
        super().__init__(daemon=True)
        self.target = target
        self.words: Counter[str] = Counter()
        self.taken: Counter[tuple[str, str]] = Counter()
        self.answered: list[str] = []
        """Messages that were answered; whoever reads takes them away."""
        self.trouble = ""
        self._folder = root / "outbox" / target
        self._folder.mkdir(parents=True, exist_ok=True)
        self._flight, self._chance, self._over = flight, random.Random(seed), threading.Event()
        self._seen: dict[str, None] = {}

    def run(self) -> None:
        arrivals = Arrivals(self._folder)
        try:
            look_at = 0.0
            while not self._over.is_set():
                names = arrivals.wait(0.25)
                if time.monotonic() >= look_at:  # events get lost
                    look_at = time.monotonic() + _LOOK_SECONDS
                    names += sorted(visible(self._folder) - self._seen.keys())
                self._look(names)
                for name in [name for name in self._seen if self._chance.random() < 0.5]:
                    (self._folder / name).unlink()
                    del self._seen[name]
        except Exception as error:
            self.trouble = repr(error)
            raise
        finally:
            arrivals.close()

    def _look(self, names: list[str]) -> None:
        moment = time.monotonic()
        for name in names:
            if name in self._seen or not (self._folder / name).exists():
                continue
            content = (self._folder / name).read_bytes()
            self._seen[name] = None
            self.taken[self.target, hashlib.sha256(content).hexdigest()] += 1
            for word in told(name, content):
                self.words[word] += 1
                kind, number = word.split()[:2]
                self._flight.land(f"{kind} {number}", moment)
                if kind == "ack":
                    self.answered.append(number)

    def finish(self) -> None:
        """Stop; what was seen and still lies there has been counted, so it goes."""
        self._over.set()
        self.join()
        for name in self._seen:
            (self._folder / name).unlink(missing_ok=True)


class Inboxes:
    """Who drops, and the clerk who takes back what was refused."""

    def __init__(self, root: Path, flight: Flight, seed: int) -> None:
        self.dropped: Counter[str] = Counter()
        self.taken_back: Counter[str] = Counter()
        self._root, self._flight, self._chance = root, flight, random.Random(seed)
        for route in ROUTES:
            (root / "inbox" / route).mkdir(parents=True, exist_ok=True)

    def drop(self, drop: Drop) -> None:
        """Lay a file down, in one of the ways in which programs do it."""
        folder = self._root / "inbox" / drop.route
        self.dropped[hashlib.sha256(drop.content).hexdigest()] += 1
        if drop.first_result:
            self._flight.begin(drop.first_result)
        if self._chance.random() < 0.2:
            (folder / drop.name).write_bytes(drop.content)
        else:
            hidden = folder / ".being-written"
            hidden.write_bytes(drop.content)
            hidden.rename(folder / drop.name)

    def tidy(self) -> None:
        """Take back what was refused, with its notes, and remove the notes of what went through."""
        for route in ROUTES:
            for name in visible(folder := self._root / "inbox" / route / "rejected"):
                if not name.endswith(NOTE_ENDINGS):
                    self.taken_back[hashlib.sha256((folder / name).read_bytes()).hexdigest()] += 1
                    (folder / name).unlink()
                    for ending in NOTE_ENDINGS:
                        (folder / f"{name}{ending}").unlink(missing_ok=True)
            for name in visible(notes := self._root / "inbox" / route / "notes"):
                (notes / name).unlink()
