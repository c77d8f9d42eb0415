"""The worker process: reads one file after the other, lets its handler work, stages the outputs, reports.

It is where foreign bytes are parsed, so it is the part that may die: it is confined (``confinement.py``), the engine
watches its time, and nothing it does has any effect before the engine commits it.
"""

import ctypes
import gc
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from core.errors import FormatError
from core.site import Site
from spool.folders.ownership import Ownership
from spool.journal.database import open_database
from spool.journal.ledger import WorkingLedger
from spool.work.confinement import Places, confine, limit, writable_places
from spool.work.handling import FileHandling
from spool.work.messages import DropRef, Fate, Job, Outcome, Report
from spool.work.opening import open_regular
from spool.work.plugins import Plugins, load

_REPORT_SECONDS = 0.02
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker process is started with."""

    site: Site
    format_package: str
    handler_package: str
    writer_settings: dict[str, Any] = field(default_factory=dict)
    connector_package: str = ""


def work(pipe: Connection, setup: WorkerSetup, current: ctypes.c_int) -> None:
    """Serve jobs until the engine closes the pipe. ``current`` always holds the index of the file in hand."""
    _stay_with_the_daemon()
    limit(setup.site)
    plugins = load(setup.format_package, setup.handler_package)
    ledger = WorkingLedger(open_database(setup.site.journal_url, readonly=True))
    handling = FileHandling(setup.site, plugins, setup.writer_settings, ledger, Ownership(setup.site).hold)
    gc.freeze()  # what was imported stays; to look through it again and again would cost a tenth of the time
    places: Places | None = None
    in_the_way = False
    with suppress(EOFError, ConnectionError):  # the engine has ended, and so do we
        # Where a folder has become another (a share that came back), only a fresh process may write into it.
        while not in_the_way or places == writable_places(setup.site):
            job = pipe.recv()
            if places is None:  # not before there is work: by now the folders of the site are there
                places = confine(setup.site)
            if job.settled:
                ledger.settle()
            ordered = _in_rank(job, setup.site, plugins)
            pipe.send(tuple(drop.id for drop in ordered))
            in_the_way = _serve(pipe, job.route, ordered, handling, current) == "retry"
            ledger.release()


def _serve(pipe: Connection, route: str, drops: list[DropRef], handling: FileHandling, current: ctypes.c_int) -> Fate:
    """Handle the files of a job, and report; returns what became of the last."""
    outcomes: list[Outcome] = []
    reported = time.monotonic()
    for index, drop in enumerate(drops):
        now = time.monotonic()
        if outcomes and now - reported >= _REPORT_SECONDS:
            # Never after the last file: its outcome comes with "finished", so a job without open files is over.
            pipe.send(Report(tuple(outcomes), finished=False))
            outcomes.clear()
            reported = now
        current.value = index
        outcome = handling.handle(route, drop)
        outcomes.append(outcome)
        if outcome.spilled_puts is not None or outcome.fate == "retry":
            break  # what follows must see these changes committed, or would meet the same trouble
    current.value = -1
    pipe.send(Report(tuple(outcomes), finished=True))
    return outcome.fate


def _in_rank(job: Job, site: Site, plugins: Plugins) -> list[DropRef]:
    """Master data before what needs it, else first in, first out."""
    route = next(route for route in site.routes if route.name == job.route)
    rankers = [getattr(plugins.readers[name], "rank", None) for name in route.formats]
    if len(job.drops) < 2 or not any(rankers):
        return list(job.drops)
    return sorted(job.drops, key=lambda drop: max(_ranks(drop, rankers), default=0))


def _ranks(drop: DropRef, rankers: list[Any]) -> Iterator[int]:
    try:
        with open_regular(drop.path) as file:
            head = file.read(4096)
    except (OSError, FormatError):
        return  # whatever is wrong with it is said when it is handled
    for rank in rankers:
        if rank is not None:
            yield rank(head)


def _stay_with_the_daemon() -> None:
    """Never outlive it; what a terminal or an administrator signals is for the daemon alone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.umask(0o077)
