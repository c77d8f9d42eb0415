"""What a daemon needs that has nothing to do: ``python -m bench.idle [--routes 20] [--seconds 30]``.

Canaries and rescans go on as they do in life; the daemon, its fork server and its workers are counted apart.
"""

import argparse
import time

from bench.measuring import drop, family, make_drops, show, usage, wait_for
from bench.sites import DAEMON, fresh_site, running, seed_ledger

MOST_CPU, MOST_MB = 0.5, 150.0
"""Limits: percent of a core for all processes together, MB of the daemon's own."""
_SETTLE_SECONDS = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--routes", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    site = fresh_site(["bmd", *(f"route{number}" for number in range(2, arguments.routes + 1))])
    seed_ledger(site, 50)
    with running(DAEMON, site) as pid:
        drop(make_drops(site.root / "drops", 50), site.inbox)
        wait_for(site.outbox, 50 * DAEMON.results_per_drop)
        time.sleep(_SETTLE_SECONDS)
        members = family(pid)
        before = {member: usage(member).cpu for member in members}
        time.sleep(arguments.seconds)
        after = {member: usage(member) for member in members}
    percent = {member: (used.cpu - before[member]) / arguments.seconds * 100 for member, used in after.items()}
    others = [member for member in members if member != pid]
    show(
        (f"idle, {arguments.routes} routes", "processes", "CPU %", "RSS MB"),
        [
            ("daemon", 1, percent[pid], after[pid].rss_mb),
            ("fork server, tracker and workers", len(others), sum(percent[one] for one in others),
             sum(after[one].rss_mb for one in others)),
        ],
    )  # fmt: skip
    is_met = sum(percent.values()) < MOST_CPU and after[pid].rss_mb < MOST_MB
    print(f"limit: CPU below {MOST_CPU} %, daemon below {MOST_MB:.0f} MB: {'met' if is_met else 'NOT MET'}")


if __name__ == "__main__":
    main()
