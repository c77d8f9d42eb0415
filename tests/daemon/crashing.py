"""Serves a test site, and ends itself with SIGKILL before or after the n-th call of a named function.

Started by the crash tests as a process of its own: ``crashing.py ROOT POINT before|after N``.
"""

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

from loguru import logger

import spool.claiming
import spool.committing
import spool.publishing
import spool.service
from spool.archive import Archive
from spool.completing import Completer
from spool.control import _Back
from spool.journal.store import Journal
from spool.worker import WorkerSetup
from tests.sites import FORMATS, HANDLERS, a_site

POINTS: dict[str, tuple[Any, str]] = {
    "link of a claim": (spool.claiming, "link_new"),
    "claim": (spool.claiming, "remove_old_name"),
    "note the claim": (Journal, "claim"),
    "sync what is staged": (spool.committing, "sync_paths"),
    "commit": (Journal, "commit"),
    "publish": (spool.publishing, "link_new"),
    "archive": (Archive, "place"),
    "chain": (Archive, "_commit"),
    "finish the archive's group": (Archive, "_finish"),
    "sync what is visible": (Completer, "_sync_visible"),
    "note the end": (Journal, "finish"),
    "tidy": (Completer, "_tidy"),
    "link back": (_Back, "link"),
    "reopen": (Journal, "reopen"),
    "take away": (_Back, "take_away"),
    "answer": (Journal, "answer"),
}


def arm(point: str, when: str, nth: int) -> None:
    """Make the n-th call of a point deadly."""
    owner, name = POINTS[point]
    original = getattr(owner, name)
    calls = itertools.count(1)

    def deadly(*arguments: Any, **named: Any) -> Any:
        is_last = next(calls) == nth
        if is_last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


def main(root: str, point: str = "", when: str = "", nth: str = "0") -> None:
    logger.remove()
    if point:
        arm(point, when, int(nth))
    setup = WorkerSetup(a_site(Path(root), workers=2), FORMATS, HANDLERS)
    spool.service.serve(lambda: setup)


if __name__ == "__main__":
    main(*sys.argv[1:])
