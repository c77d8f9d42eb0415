"""Hours of ordinary life, quickly: ``python -m tests.soak [--minutes 120] [--folder DIR] [--seed N]``.

The real ``daemon.py run`` gets a file a second, a burst of 200 three times in every quarter, wrong files and
duplicates, while programs take the results away and a clerk takes back what was refused. In every quarter but the last
ones it is restarted once and killed once, in the middle of a burst; the calm at the end is one long life in which a
leak would show. Looks are written to ``samples.jsonl``; in the end every file and every result is counted.
Exits with 1 when anything is lost, doubled, left over, or grows beyond its bound.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path

from bench.measuring import percentile, show
from spool.journal.store import Journal
from tests.conservation import Expected, originals, violations
from tests.sites import visible
from tests.soak.drops import Sender
from tests.soak.samples import Sample, Trend, sample, trends
from tests.soak.site import ROUTES, TARGETS, Daemon, Flight, Inboxes, Taker

_BURST = 200
_CALM = 0.4
"""Share of the soak, at its end, without restarts."""
_TIDY_SECONDS = 5.0
_QUIET_SECONDS = 180.0


class Soak:
    """One soak from begin to end."""

    def __init__(self, root: Path, minutes: float, seed: int) -> None:
        self.seconds = minutes * 60
        self.quarter = min(900.0, self.seconds / 4)
        self.root, self.seed = root, seed
        self.flight = Flight()
        self.sender = Sender(seed)
        self.daemon = Daemon(root)
        self.inboxes = Inboxes(root, self.flight, seed)
        self.takers = [Taker(root, target, self.flight, seed) for target in TARGETS]
        self.samples: list[Sample] = []
        self.orphans: list[int] = []
        self.files = 0
        self.begin = time.monotonic()
        self._pace = threading.Event()
        self._looks = (root / "samples.jsonl").open("w", encoding="utf-8")

    @property
    def at(self) -> float:
        return time.monotonic() - self.begin

    def run(self) -> None:
        """Drop, look, restart, kill, until the time is over."""
        for taker in self.takers:
            taker.start()
        self.drop(1, customers=True)
        acts = {
            "drop": (1.0, lambda: self.drop(1)),
            "look": (max(1.0, min(15.0, self.quarter / 60)), self.look),
            "tidy": (_TIDY_SECONDS, self.inboxes.tidy),
            "burst": (self.quarter / 3, lambda: self.drop(_BURST)),
            "restart": (self.quarter, self.restart),
            "kill": (self.quarter, self.kill),
        }
        due = {"drop": 0.0, "look": 1.0, "tidy": 3.0}
        due |= {"burst": self.quarter / 6, "restart": self.quarter / 6 + 0.5, "kill": self.quarter / 2 + 0.5}
        while (now := self.at) < self.seconds:
            name = min(due, key=lambda act: due[act])
            if due[name] > now:
                self._pace.wait(min(due[name], self.seconds) - now)
                continue
            every, act = acts[name]
            due[name] += every
            if name in {"restart", "kill"} and now > self.seconds * (1 - _CALM):
                continue
            act()

    def drop(self, count: int, *, customers: bool = False) -> None:
        for taker in self.takers:
            while taker.answered:
                self.sender.answered(taker.answered.pop())
        for _ in range(count):
            self.inboxes.drop(self.sender.customers() if customers else self.sender.next())
            self.files += 1

    def look(self) -> None:
        if self.daemon.process.poll() is not None:
            raise RuntimeError(f"the daemon has ended with {self.daemon.process.returncode}; see {self.root}/log")
        for taker in self.takers:
            if taker.trouble:
                raise RuntimeError(f"{taker.target}: {taker.trouble}")
        found = sample(self.root, self.daemon.process.pid, self.daemon.lives, self.files, self.at)
        if found is not None:
            self.samples.append(found)
            self._looks.write(json.dumps(asdict(found)) + "\n")
            self._looks.flush()

    def restart(self) -> None:
        took = self.daemon.restart()
        print(f"{self.at:7.0f} s  restarted; it took {took:.1f} s to end", flush=True)

    def kill(self) -> None:
        left = self.daemon.kill()
        self.orphans += left
        print(f"{self.at:7.0f} s  killed; {len(left)} of its processes went on", flush=True)

    def finish(self) -> list[str]:
        """Wait until all is quiet, end the daemon; returns everything that is wrong."""
        deadline = time.monotonic() + _QUIET_SECONDS
        while time.monotonic() < deadline and (self.flight.open or any(self._waiting())):
            self._pace.wait(1)
            self.look()
        code = self.daemon.finish()
        self.inboxes.tidy()
        for taker in self.takers:
            taker.finish()
        return [f"the daemon ended with {code}"] * bool(code) + self._wrong()

    def _waiting(self) -> list[str]:
        """Files that the daemon has not come to."""
        folders = [self.root / "inbox" / route for route in ROUTES]
        return [name for folder in folders for name in visible(folder) - {"rejected", "held", "notes"}]

    def _wrong(self) -> list[str]:
        from commands.composition import configure

        site = configure(self.daemon.config).site
        journal = Journal(site.journal_url)
        taken = sum((taker.taken for taker in self.takers), start=type(self.inboxes.dropped)())
        expected = Expected(self.inboxes.dropped, taken, self.inboxes.taken_back)
        found = violations(site, journal, expected)
        found += [f"alert: {row['code']} {row['subject']}: {row['text']}" for row in journal.alerts()]
        journal.close()
        said = sum((taker.words for taker in self.takers), start=type(self.sender.promise.results)())
        found += [
            f"PROMISED, NOT COME: {word} ({count})" for word, count in (self.sender.promise.results - said).items()
        ]
        found += [f"CAME TOO OFTEN: {word} ({count})" for word, count in (said - self.sender.promise.results).items()]
        refused = sum(self.inboxes.taken_back.values())
        if refused != self.sender.promise.rejected:
            found.append(f"{refused} files came back, {self.sender.promise.rejected} should have")
        found += [f"process {pid} outlived its daemon" for pid in self.orphans]
        archived = sum(str(path).startswith(str(site.archive)) for path in originals(site))
        print(
            f"{self.files} files dropped, {archived} archived, {refused} came back, {sum(said.values())} statements in"
        )
        print(f"{sum(taken.values())} results, {self.daemon.lives} lives of the daemon")
        return found


def _report(soak: Soak, wrong: list[str]) -> bool:
    lives = sorted({one.life for one in soak.samples})
    found: list[Trend] = [
        trend for life in lives for trend in trends([one for one in soak.samples if one.life == life])
    ]
    shown = [
        (f"life {one.life}, {one.files} files: {one.what}", one.first, one.last, one.growth, float(one.bound),
         "" if one.is_met else "NOT MET")
        for one in found
    ]  # fmt: skip
    show(("after the warm-up", "first", "last", "growth", "bound", ""), shown)
    print("growth: MB per 10,000 files for rss, highest for wal, step from the first third to the last for all others")
    rows = []
    for number in range(int(soak.seconds // soak.quarter + 0.5)):
        begin = soak.begin + number * soak.quarter
        took = [seconds for dropped, seconds in soak.flight.latencies if begin <= dropped < begin + soak.quarter]
        if took:
            rows.append((number + 1, len(took), *(percentile(took, share) for share in (50, 90, 99, 100))))
    show(("quarter", "results", "p50 s", "p90 s", "p99 s", "most s"), rows)
    last = soak.samples[-1]
    cpu = sum(max(one.cpu for one in soak.samples if one.life == life) for life in lives)
    print(f"journal {last.journal:.1f} MB, {last.journal / soak.files * 1e6:.0f} bytes a file; highest wal "
          f"{max(one.wal for one in soak.samples):.1f} MB; CPU {cpu / soak.files * 1000:.1f} ms a file")  # fmt: skip
    for line in wrong[:100]:
        print(f"WRONG  {line}")
    print(f"{len(wrong)} violations; seed {soak.seed}")
    return not wrong and all(one.is_met for one in found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--folder", type=Path, help="where to make the site (default: a temporary folder; both stay)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    root = arguments.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    root.mkdir(parents=True, exist_ok=True)
    seed = arguments.seed or random.randrange(1, 10**6)
    print(f"soak of {arguments.minutes:.0f} minutes in {root}, seed {seed}", flush=True)
    soak = Soak(root, arguments.minutes, seed)
    try:
        soak.run()
        wrong = soak.finish()
    finally:
        soak.daemon.close()
    is_met = _report(soak, wrong)
    print("passed" if is_met else "NOT PASSED")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
