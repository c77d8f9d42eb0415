"""Single small lists at a steady pace: ``python -m bench.latency [--seconds 20] [--rate 5]``.

From the renaming in to the moment the last of the two results is visible, beside the bare durable loop that takes one
file at a time.
"""

import argparse
import time
from collections.abc import Sequence

from bench.measuring import Arrivals, drop, make_drops, percentile, show, wait_for
from bench.sites import DAEMON, Contestant, bare_loop, fresh_site, running, seed_ledger

TIMES_P50, MOST_P99 = 2.0, 50.0
"""Limits: p50 in times of the bare loop's, p99 in ms where the loop's is about 20."""
WARM_UP = 5


def measure(contestant: Contestant, drops: int, rate: float) -> list[float]:
    """Milliseconds of every drop."""
    site = fresh_site()
    seed_ledger(site, drops + WARM_UP)
    paths = make_drops(site.root / "drops", drops + WARM_UP)
    found: list[float] = []
    with running(contestant, site):
        drop(paths[:WARM_UP], site.inbox)
        wait_for(site.outbox, WARM_UP * contestant.results_per_drop)
        time.sleep(1)
        arrivals = Arrivals(site.outbox, written_in_place=contestant.written_in_place)
        begin = time.perf_counter()
        for number, path in enumerate(paths[WARM_UP:]):
            time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            start = time.perf_counter()
            drop([path], site.inbox)
            _wait(arrivals, contestant.results_per_drop)
            found.append((time.perf_counter() - start) * 1000)
        arrivals.close()
    return found


def _wait(arrivals: Arrivals, results: int) -> None:
    come = 0
    while come < results:
        names = arrivals.wait(30.0)
        if not names:
            raise TimeoutError("a result has not come")
        come += len(names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="so long each in all, in two turns")
    parser.add_argument("--rate", type=float, default=5.0, help="drops a second")
    arguments = parser.parse_args()
    limit = bare_loop(1)
    drops = max(1, int(arguments.seconds * arguments.rate / 2))
    found: dict[Contestant, list[float]] = {DAEMON: [], limit: []}
    for _ in range(2):
        for contestant, milliseconds in found.items():
            milliseconds.extend(measure(contestant, drops, arguments.rate))
    show(
        ("single drops", "p50 ms", "p90 ms", "p99 ms", "ours/theirs p50"),
        [(one.name, *_percentiles(values), percentile(found[DAEMON], 50) / percentile(values, 50))
         for one, values in found.items()],
    )  # fmt: skip
    ratio = percentile(found[DAEMON], 50) / percentile(found[limit], 50)
    slowest = percentile(found[DAEMON], 99)
    verdict = "met" if ratio <= TIMES_P50 and slowest <= MOST_P99 else "NOT MET"
    print(f"limit: p50 at most {TIMES_P50:.0f} times the loop's, p99 at most {MOST_P99:.0f} ms: {verdict}")


def _percentiles(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(percentile(values, percent) for percent in (50, 90, 99))


if __name__ == "__main__":
    main()
