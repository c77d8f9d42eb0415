"""Rounds of the torture: a daemon begins, files come, something is killed; from time to time everything is counted."""

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from bench.measuring import family
from spool.identifiers import now_ms
from spool.journal.store import Journal
from tests.conservation import violations
from tests.daemon.cradle import Cradle
from tests.daemon.crashing import POINTS, Doom
from tests.torture.consumer import Consumer
from tests.torture.motion import in_motion, is_at_work
from tests.torture.scene import Scene, quiet

_BY_REQUEST = frozenset({"link back", "reopen", "take away", "answer"})
_QUIET_SECONDS = 60.0
_END_SECONDS = 30.0
_DOOM_SECONDS = 3.0
"""So long a doom may take to come, where the daemon has something to do."""
_KILLED = -signal.SIGKILL
CHECK_EVERY = 8
"""Rounds from one counting to the next."""
SITE_ROUNDS = 120
"""A site is left after so many rounds: every counting reads all of its archive."""


class Violated(Exception):  # noqa: N818 - what was found, nobody's error
    """The invariant does not hold; the text tells what was found."""


class Torture:
    """One site after the other, round by round. ``close`` in the end."""

    def __init__(self, folder: Path, seed: int, cradle: Cradle, log: Path | None = None) -> None:
        self.chance = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.counted: Counter[str] = Counter()
        """Rounds, files and so on, until now."""
        self.asked = 0
        """Requests of a person that the next life will find."""
        self._folder, self._seed = folder, seed
        self._cradle = cradle
        self._sites = 0
        self._trace = log
        self._begin_site()

    def _begin_site(self) -> None:
        self._sites += 1
        self.root = self._folder / f"site-{self._seed}-{self._sites}"
        self.scene = Scene(self.root, self.chance)
        self.taken: Counter[tuple[str, str]] = Counter()
        self._consumer: Consumer | None = None

    @property
    def rounds(self) -> int:
        return self.counted["rounds"]

    def run(self, rounds: int, share: int = 0, shares: int = 1) -> None:
        """This share of so many rounds. Raise Violated at the first thing that is wrong; its site stays as it lies."""
        rounds = rounds // shares + (share < rounds % shares)
        for number in range(rounds):
            self._round()
            if number % CHECK_EVERY == CHECK_EVERY - 1 or number == rounds - 1:
                self.count()
            if number % SITE_ROUNDS == SITE_ROUNDS - 1:
                self.leave()
                self._begin_site()

    def leave(self) -> None:
        """Everything was counted: the site may go."""
        self.kinds += self.scene.kinds
        self.counted["files"] += sum(self.scene.expected(self.taken).dropped.values())
        self.counted["results"] += sum(self.taken.values())
        shutil.rmtree(self.root)

    def close(self) -> None:
        """End what runs beside the daemons."""
        self._stop_consumer()

    # ── a round ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _round(self) -> None:
        self.counted["rounds"] += 1
        chance = self.chance
        if chance.random() < 0.6:
            self.scene.drop(chance.randint(1, 6))
        if self._consumer is None:
            self._start_consumer()
        how = chance.choices(list(_WAYS), list(_WAYS.values()))[0]
        self._say(f"round {self.rounds}: {how}")
        getattr(self, f"_by_{how}")()

    def _start(self, doom: Doom = ()) -> int:
        site = "with_canaries" if self.chance.random() < 0.5 else "quiet"
        return self._cradle.start(self.root, doom, f"tests.torture.scene:{site}")

    def _by_point(self) -> None:
        name = self.chance.choice([name for name in POINTS if name not in _BY_REQUEST or self.asked])
        self._doomed(("point", name, self.chance.choice(["before", "after"]), self.chance.choice([1, 1, 2, 3])), name)

    def _by_event(self) -> None:
        self._doomed(("event", round(2 ** self.chance.uniform(0, 9))), "the nth event")

    def _by_worker_event(self) -> None:
        self._doomed(("worker", round(2 ** self.chance.uniform(0, 5))), "the nth event of a worker")

    def _doomed(self, doom: Doom, place: str) -> None:
        self._say(f"  doomed to {doom}")
        pid = self._start(doom)
        self._drop_meanwhile()
        if self._until_quiet(pid, _DOOM_SECONDS) is None:
            self._kill(pid, "after a doom that did not come" if doom[0] != "worker" else place)
        else:
            self._ended_by(pid, {_KILLED}, place)

    def _by_time(self) -> None:
        pid = self._start()
        self._live(pid)
        self._kill(pid, "any moment")

    def _by_group(self) -> None:
        pid = self._start()
        self._live(pid)
        os.killpg(pid, signal.SIGKILL)
        self._ended_by(pid, {_KILLED}, "the whole process group")

    def _by_worker(self) -> None:
        pid = self._start()
        self._live(pid)
        workers = [member for member, generation in _generations(pid).items() if generation == 2]
        if workers:
            _kill_one(self.chance.choice(workers))
        self._live(pid)
        self._kill(pid, "a worker")

    def _by_fork_server(self) -> None:
        pid = self._start()
        self._live(pid)
        for member in [member for member, generation in _generations(pid).items() if generation == 1]:
            _kill_one(member)
        self._live(pid)
        self._live(pid)
        self._kill(pid, "fork server and tracker")

    def _by_ending(self) -> None:
        pid = self._start()
        self._live(pid)
        os.kill(pid, signal.SIGTERM)
        if self.chance.random() < 0.5 and self._cradle.wait(pid, self.chance.uniform(0, 0.1)) is None:
            os.kill(pid, signal.SIGKILL)
            self._ended_by(pid, {0, -signal.SIGTERM, _KILLED}, "while it ended")
        else:
            self._ended_by(pid, {0, -signal.SIGTERM}, "asked to end")  # before it could listen, the signal ends it

    def _by_reload(self) -> None:
        pid = self._start()
        for _ in range(self.chance.randint(1, 3)):
            self._live(pid)
            if is_at_work(quiet(self.root), pid):  # before it can listen, the signal ends it
                os.kill(pid, signal.SIGHUP)
        self._live(pid)
        self._kill(pid, "after a reload")

    def _live(self, pid: int) -> None:
        """Let it live for a moment. Raise Violated when it ends by itself."""
        self._drop_meanwhile()
        code = self._cradle.wait(pid, self.chance.uniform(0, 0.6))
        if code is not None:
            raise Violated(f"the daemon has ended by itself with {code}")

    def _drop_meanwhile(self) -> None:
        if self.chance.random() < 0.5:
            self.scene.drop(self.chance.randint(1, 4))

    def _kill(self, pid: int, place: str) -> None:
        os.kill(pid, signal.SIGKILL)
        self._ended_by(pid, {_KILLED}, place)

    def _ended_by(self, pid: int, codes: Collection[int], place: str) -> None:
        found = self._cradle.wait(pid, _END_SECONDS)
        self.kills[place] += 1
        self._say(f"  ended: {place}")
        if found not in codes:
            raise Violated(f"the daemon ended with {found}, not with {codes} ({place})")

    # ── counting ──────────────────────────────────────────────────────────────────────────────────────────────────

    def count(self) -> None:
        """Let everything come to its end, and count. Raise Violated."""
        self.counted["countings"] += 1
        while self.scene.late:
            self.scene.bring_late()
        pid = self._cradle.start(self.root, (), "tests.torture.scene:quiet")
        site = quiet(self.root)
        if (code := self._until_quiet(pid, _QUIET_SECONDS)) is not None:
            raise Violated(f"the daemon has ended by itself with {code}")
        if left := in_motion(site):
            raise Violated(f"after {_QUIET_SECONDS} s there still is {left[:10]}")
        os.kill(pid, signal.SIGTERM)
        if (code := self._cradle.wait(pid, _END_SECONDS)) != 0:
            raise Violated(f"after SIGTERM in a quiet moment the daemon ended with {code}")
        self._stop_consumer()
        expected = self.scene.expected(self.taken)
        journal = Journal(site.journal_url)
        try:
            if found := violations(site, journal, expected):
                raise Violated("\n".join(found))
            rows = journal.latest(10_000)
            if wrong := [row for row in rows if row["state"] not in self._ends(row)]:
                raise Violated(f"ended otherwise: {[(row['id'], row['name'], row['state']) for row in wrong[:10]]}")
            self.asked = 0
            for verb, drop_id in self.scene.requests(rows):
                journal.ask(verb, drop_id, "", now_ms())
                self.asked += 1
                self.counted["requests of a person"] += 1
                self._say(f"  asked to {verb} {drop_id}")
        finally:
            journal.close()

    def _until_quiet(self, pid: int, seconds: float) -> int | None:
        """Wait until nothing is in motion, or the time is over; the exit code when the daemon ends before."""
        site, deadline = quiet(self.root), time.monotonic() + seconds
        while (code := self._cradle.wait(pid, 0.03)) is None:
            if (is_at_work(site, pid) and not in_motion(site)) or time.monotonic() > deadline:
                return None
        return code

    def _ends(self, row: dict[str, str]) -> set[str]:
        """How a drop may have ended."""
        file = self.scene.files[row["name"]]
        if file.kind == "plain":  # either of two with one content is the second
            return {"archived", "duplicate"}
        if file.kind == "again":
            return {"duplicate", "archived"}
        asked_for = {"hold": {"archived", "discarded"}, "unclear": {"discarded"}}
        return {file.state} | asked_for.get(file.kind, set())

    # ── beside it ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _start_consumer(self) -> None:
        outboxes = [self.root / "outbox" / name for name in ("out", "other")]
        self._consumer = Consumer(outboxes, self.root / "taken", self.rounds)

    def _stop_consumer(self) -> None:
        if self._consumer is not None:
            self.taken += self._consumer.finish()
            self._consumer = None

    def _say(self, what: str) -> None:
        if self._trace is not None:
            with self._trace.open("a") as log:
                log.write(f"{time.strftime('%H:%M:%S')} {what}\n")


_WAYS = {
    "point": 25, "event": 25, "worker_event": 8, "time": 15, "group": 7, "worker": 6, "fork_server": 3, "ending": 7,
    "reload": 4,
}  # fmt: skip


def _generations(pid: int) -> dict[int, int]:
    """Children (1) and grandchildren (2) of a daemon: its fork server and tracker, and its workers."""
    found: dict[int, int] = {}
    for member in family(pid)[1:]:
        try:
            parent = int(Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        found[member] = 1 if parent == pid else 2
    return found


def _kill_one(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
