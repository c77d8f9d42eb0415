"""Asking the daemon to do something, and waiting a moment for its answer."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from core.errors import CluedropError, Problem
from core.site import Site
from spool.health.status import drop_details
from spool.identifiers import now_ms, requested_id
from spool.instance import is_running
from spool.journal.store import Journal
from spool.results.committing import PARKED
from spool.verbs.console import print_line, print_problems
from spool.verbs.orders import ORDER, Order, following

_ANSWER_SECONDS = 10.0
_Answer = TypeVar("_Answer")


def ask(site: Site, journal: Journal, verb: str, drop_id: str) -> bool:
    """Note the request; the daemon carries it out, at once if it runs. Prints the answer; False when it refuses."""
    row = journal.drop(drop_id)
    if row is None:
        raise CluedropError(f"there is no drop {drop_id}, or more than one begins like this")
    answer = _answered(site, journal, journal.ask(verb, row["id"], "", now_ms()))
    if answer is not None:
        print_line(answer)
    return answer is None or not answer.startswith("not done")


def give(site: Site, journal: Journal, about: str, order: Order, again: Iterable[str] = ()) -> bool:
    """Give an order about a drop, and print what became of it; False when it was refused.

    ``again``: ids of drops that are handled once more afterwards, as if they came now.
    """
    asked_at = now_ms()
    number = journal.ask(ORDER, about, order.as_text(), asked_at)
    order_id = requested_id(number, asked_at)
    for drop_id in again:
        journal.ask("replay", drop_id, following(order_id), now_ms())
    answer = _answered(site, journal, number)
    return answer is None or _is_done(site, journal, order_id, answer)


def _is_done(site: Site, journal: Journal, order_id: str, answer: str) -> bool:
    """Wait for the order's drop, and print what it says."""
    if answer.startswith("not done"):
        print_line(answer)
        return False
    details = _waited_for(lambda: _finished(site, journal, order_id))
    if details is None:
        print_line(f"it is being handled; see: daemon.py show {order_id}")
        return True
    print_line(f"{details['state']}: order {order_id}")
    print_problems(Problem(**problem) for problem in [*details["problems"], *details["warnings"]])
    return bool(details["state"] == "archived")


def _finished(site: Site, journal: Journal, order_id: str) -> Mapping[str, Any] | None:
    details = drop_details(site, journal, order_id)
    return details if details["finished"] or details["state"] in PARKED else None


def _answered(site: Site, journal: Journal, number: int) -> str | None:
    """The daemon's answer; None, and a line that says so, where there is none for now."""
    if not is_running(site.state):
        print_line("noted; the daemon is not running and will do it when it starts")
        return None
    answer = _waited_for(lambda: journal.answered(number))
    if answer is None:
        print_line("noted; the daemon is busy and will do it in its turn")
    return answer


def _waited_for(look: Callable[[], _Answer | None]) -> _Answer | None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while (found := look()) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
