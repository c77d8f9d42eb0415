"""A burst of small open-item lists: ``python -m bench.burst [--files 2000] [--rounds 3]``.

The lists are renamed in as fast as it goes; the clock stops when the last result is visible. Everybody gets a fresh
site and the same lists. Ours and the bare loop match, write payments and invoice states and note everything; the
scripts only turn CSV into JSON.
"""

import argparse
import time
from dataclasses import dataclass, field

from bench.measuring import drop, make_drops, median, show, usage_of_all, wait_for
from bench.sites import (
    DAEMON,
    Contestant,
    bare_loop,
    chokidar,
    fresh_site,
    matching_script,
    running,
    script,
    seed_ledger,
)

GROUP = 512
LIMIT = 0.8
"""Ours must reach this share of the bare loop's files a second."""


@dataclass(slots=True)
class Figures:
    """What one contestant needed, one value a round."""

    rate: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)


def measure(contestant: Contestant, files: int, figures: Figures) -> None:
    site = fresh_site()
    seed_ledger(site, files + 1)
    drops = make_drops(site.root / "drops", files + 1)
    with running(contestant, site) as pid:
        drop(drops[:1], site.inbox)  # what is done once only: imports, statements, the day's folder
        wait_for(site.outbox, contestant.results_per_drop)
        before = usage_of_all(pid).cpu
        start = time.perf_counter()
        drop(drops[1:], site.inbox)
        wait_for(site.outbox, (files + 1) * contestant.results_per_drop)
        seconds = time.perf_counter() - start
        after = usage_of_all(pid)
    figures.rate.append(files / seconds)
    figures.cpu_ms.append((after.cpu - before) / files * 1000)
    figures.rss_mb.append(after.rss_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3, help="everybody in turn, so often; medians are shown")
    parser.add_argument("--only-limit", action="store_true", help="ours and the bare loop only")
    arguments = parser.parse_args()
    limit = bare_loop(GROUP)
    others = [] if arguments.only_limit else [matching_script(), script("watchdog"), script("watchfiles"), chokidar()]
    everybody = [DAEMON, limit, *(one for one in others if one is not None)]
    figures = {contestant: Figures() for contestant in everybody}
    for _ in range(arguments.rounds):
        for contestant in everybody:
            measure(contestant, arguments.files, figures[contestant])
    ratios = {
        one: median([ours / theirs for ours, theirs in zip(figures[DAEMON].rate, figures[one].rate, strict=True)])
        for one in everybody
    }
    show(
        ("burst", "durable", "files/s", "CPU ms/file", "RSS MB", "ours/theirs"),
        [
            (one.name, "yes" if one.is_durable else "no", f"{median(found.rate):,.0f}", median(found.cpu_ms),
             f"{median(found.rss_mb):.0f}", ratios[one])
            for one, found in figures.items()
        ],
    )  # fmt: skip
    print(f"limit: {LIMIT} of the bare loop: {'met' if ratios[limit] >= LIMIT else 'NOT MET'} ({ratios[limit]:.2f})")


if __name__ == "__main__":
    main()
