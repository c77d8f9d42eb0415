"""Does a full journal slow the daemon down? ``python -m bench.journal_size [--finished 1000000] [--files 1000]``.

The same burst on an empty journal and on one with a million finished drops, their outputs and keys, in turns.
"""

import argparse
import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measuring import drop, make_drops, median, show, usage_of_all, wait_for
from bench.sites import DAEMON, BenchSite, fresh_site, running, seed_ledger

MOST_MORE = 1.10
"""A drop may cost this much more CPU than with an empty journal."""
_YEAR_MS = 365 * 86_400_000


def fill(journal: Path, finished: int) -> None:
    """A journal as after so many drops, spread over a year; written by plain SQL, because it is many."""
    now = int(time.time() * 1000)
    database = sqlite3.connect(journal)
    database.execute("PRAGMA synchronous=OFF")
    for first in range(0, finished, 50_000):
        numbers = range(first, min(finished, first + 50_000))
        moments = [now - _YEAR_MS + number * _YEAR_MS // finished for number in numbers]
        ids = [f"{at:011x}{number & 0xFFF:03x}{number:06x}" for number, at in zip(numbers, moments, strict=True)]
        database.executemany(
            "INSERT INTO drops (id, route, name, size, mtime_ns, sha256, state, claimed_at, finished_at, flags, report)"
            " VALUES (?, 'bmd', ?, 1800, 0, ?, 'archived', ?, ?, '', NULL)",
            ((one, f"op_{one}.csv", _digest(one), at, at + 20) for one, at in zip(ids, moments, strict=True)),
        )
        database.executemany(
            "INSERT INTO outputs (drop_id, ordinal, target, name, staged, inode, ctime_ns, size, sha256)"
            " VALUES (?, ?, 'clue', ?, ?, 1, 1, 900, ?)", _outputs(ids),
        )  # fmt: skip
        database.commit()
    keys = sorted((_digest(f"{number}"), number) for number in range(finished))
    database.executemany(
        "INSERT INTO keys (scope, key, digest, drop_id) VALUES ('content:bmd', ?, ?, ?)",
        ((digest, digest, f"{number:020x}") for digest, number in keys),
    )
    database.commit()
    database.close()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _outputs(ids: list[str]) -> Iterator[tuple[object, ...]]:
    for one in ids:
        for ordinal, what in enumerate(("zahlungen", "rechnungsstatus")):
            yield one, ordinal, f"1_{one}_{what}.json", f".staged/{one}.0.{ordinal}", _digest(one)


def measure(site: BenchSite, paths: list[Path], warm_up: int) -> tuple[float, float]:
    """CPU and wall milliseconds a drop."""
    with running(DAEMON, site) as pid:
        drop(paths[:warm_up], site.inbox)
        wait_for(site.outbox, warm_up * DAEMON.results_per_drop)
        before = usage_of_all(pid).cpu
        start = time.perf_counter()
        drop(paths[warm_up:], site.inbox)
        wait_for(site.outbox, len(paths) * DAEMON.results_per_drop)
        seconds = time.perf_counter() - start
        cpu = usage_of_all(pid).cpu - before
    count = len(paths) - warm_up
    return cpu / count * 1000, seconds / count * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finished", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    warm_up = 100
    full = fresh_site().root / "full.sqlite3"
    found: dict[str, list[tuple[float, float]]] = {"empty": [], "full": []}
    for number in range(arguments.rounds):
        for name, figures in found.items() if number % 2 == 0 else reversed(found.items()):
            site = fresh_site()
            if name == "full":
                if not full.exists():
                    shutil.copy(site.journal, full)
                    fill(full, arguments.finished)
                shutil.copy(full, site.journal)
                os.sync()
            seed_ledger(site, arguments.files + warm_up)
            paths = make_drops(site.root / "drops", arguments.files + warm_up)
            figures.append(measure(site, paths, warm_up))
    ratios = [full_cpu / empty_cpu for (empty_cpu, _), (full_cpu, _) in zip(found["empty"], found["full"], strict=True)]
    show(
        ("journal", "finished drops", "MB", "CPU ms/drop", "ms/drop", "CPU, full/empty"),
        [
            ("empty", 0, 0, *_medians(found["empty"]), ""),
            ("full", f"{arguments.finished:,}", full.stat().st_size // 1_000_000, *_medians(found["full"]),
             median(ratios)),
        ],
    )  # fmt: skip
    print(f"limit: at most {MOST_MORE:.2f} times: {'met' if median(ratios) <= MOST_MORE else 'NOT MET'}")


def _medians(figures: list[tuple[float, float]]) -> tuple[float, float]:
    return median([cpu for cpu, _ in figures]), median([wall for _, wall in figures])


if __name__ == "__main__":
    main()
