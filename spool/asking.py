"""Asking the daemon to do something with a drop, and waiting a moment for its answer."""

import time

from core.errors import CluedropError
from core.site import Site
from spool.console import print_line
from spool.identifiers import now_ms
from spool.instance import is_running
from spool.journal.store import Journal

_ANSWER_SECONDS = 10.0


def ask(site: Site, journal: Journal, verb: str, drop_id: str) -> bool:
    """Note the request; the daemon carries it out, at once if it runs. Prints the answer; False when it refuses."""
    row = journal.drop(drop_id)
    if row is None:
        raise CluedropError(f"there is no drop {drop_id}, or more than one begins like this")
    number = journal.ask(verb, row["id"], "", now_ms())
    if not is_running(site.state):
        print_line("noted; the daemon is not running and will do it when it starts")
        return True
    deadline = time.monotonic() + _ANSWER_SECONDS
    while (answer := journal.answered(number)) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    print_line(answer or "noted; the daemon is busy and will do it in its turn")
    return answer is None or not answer.startswith("not done")
