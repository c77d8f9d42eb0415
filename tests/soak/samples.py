"""What the soak looks at every few seconds, and whether any of it grows."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from bench.measuring import family, usage
from tests.soak.site import ROUTES, TARGETS


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. Sizes are MB of 1,000,000 bytes."""

    at: float
    """Seconds since the begin of the soak."""
    life: int
    files: int
    """Dropped so far."""
    rss_daemon: float
    rss_forkserver: float
    rss_worker: float
    """Of the biggest worker."""
    processes: int
    descriptors: int
    """Open in the daemon."""
    descriptors_worker: int
    """Open in the worker with most."""
    threads: int
    watches: int
    journal: float
    wal: float
    work: int
    staged: int
    state: int
    """Files in hidden folders and in the state folder."""
    outbox: int
    cpu: float
    """Seconds that this life has used in all its processes."""


def sample(root: Path, pid: int, life: int, files: int, at: float) -> Sample | None:
    """Look once; None when the daemon starts or ends at this moment."""
    try:
        members = family(pid)
        used = {member: usage(member) for member in members}
        forkserver = [member for member in members if b"forkserver" in Path(f"/proc/{member}/cmdline").read_bytes()]
        if len(forkserver) < 2:
            return None
        workers = forkserver[1:]
        journal = root / "state" / "journal.sqlite3"
        return Sample(
            round(at, 1),
            life,
            files,
            used[pid].rss_mb,
            used[forkserver[0]].rss_mb,
            max(used[worker].rss_mb for worker in workers),
            len(members),
            len(os.listdir(f"/proc/{pid}/fd")),
            max(len(os.listdir(f"/proc/{worker}/fd")) for worker in workers),
            len(os.listdir(f"/proc/{pid}/task")),
            _watches(pid),
            _size(journal),
            _size(Path(f"{journal}-wal")),
            sum(_count(root / "inbox" / route / ".work") for route in ROUTES),
            sum(_count(root / "outbox" / target / ".staged") for target in TARGETS),
            _count(root / "state"),
            sum(_count(root / "outbox" / target) for target in TARGETS),
            sum(one.cpu for one in used.values()),
        )
    except (OSError, ValueError, IndexError):
        return None


def _watches(pid: int) -> int:
    found = 0
    for path in Path(f"/proc/{pid}/fdinfo").iterdir():
        with suppress(OSError):
            found += path.read_text().count("inotify wd:")
    return found


def _size(path: Path) -> float:
    return path.stat().st_size / 1e6 if path.exists() else 0.0


def _count(folder: Path) -> int:
    return len(os.listdir(folder)) if folder.is_dir() else 0


# ── does it grow ──────────────────────────────────────────────────────────────────────────────────────────────────

PER_10_000 = {"rss_daemon": 5.0, "rss_forkserver": 1.0, "rss_worker": 10.0}
"""MB that a process may grow while 10,000 files go through."""
STEADY = {"descriptors": 4, "descriptors_worker": 2, "threads": 1, "watches": 0, "processes": 0, "state": 0}
"""By so much the highest count of the last third may exceed the highest of the first third."""
MOST = {"wal": 32.0}
LEAST_FILES = 2_000
"""Fewer files after the warm-up say nothing of a growth: the bounds count for longer lives only."""
_WARM_UP = 0.2
_PARTS = 8


@dataclass(frozen=True, slots=True)
class Trend:
    """How one figure went in one life, and whether that is within its bound."""

    life: int
    what: str
    first: float
    last: float
    growth: float
    bound: float
    files: int
    """That have gone through in this time."""

    @property
    def is_met(self) -> bool:
        return self.growth <= self.bound or self.files < LEAST_FILES


def trends(samples: Sequence[Sample]) -> Iterator[Trend]:
    """The trends of one life after its warm-up."""
    warm = samples[int(len(samples) * _WARM_UP) :]
    if len(warm) < 3 * _PARTS:
        return
    life, files = warm[0].life, warm[-1].files - warm[0].files
    for what, bound in PER_10_000.items():
        lows = [min(part, key=_value(what)) for part in _parts(warm, _PARTS)]
        slope = _slope([one.files for one in lows], [_value(what)(one) for one in lows])
        yield Trend(life, what, _value(what)(lows[0]), _value(what)(lows[-1]), slope * 10_000, bound, files)
    thirds = _parts(warm, 3)
    for what, steps in STEADY.items():
        first, last = (max(map(_value(what), third)) for third in (thirds[0], thirds[-1]))
        yield Trend(life, what, first, last, last - first, steps, files)
    for what, most in MOST.items():
        highest = max(map(_value(what), warm))
        yield Trend(life, what, _value(what)(warm[0]), _value(what)(warm[-1]), highest, most, files)


def _value(what: str) -> Callable[[Sample], float]:
    return lambda one: float(asdict(one)[what])


def _parts(samples: Sequence[Sample], count: int) -> list[Sequence[Sample]]:
    bounds = [len(samples) * number // count for number in range(count + 1)]
    return [samples[low:high] for low, high in pairwise(bounds)]


def _slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the straight line that lies nearest."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0
