"""What the command line does with the runs of the FIBU export."""

import tempfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from core.errors import CluedropError
from core.site import Site
from spool.export_runs import all_runs, documents_of, drops_of, find_run, take_back_order, write_order
from spool.journal.store import Journal
from spool.verbs.asking import give
from spool.verbs.console import print_preview, print_run, print_runs
from spool.verbs.preview import preview
from spool.work.worker import WorkerSetup


def show_runs(site: Site, journal: Journal, run_id: str | None) -> None:
    """Print all runs, or one with its documents."""
    if run_id is None:
        print_runs(all_runs(journal, site.companies))
    else:
        found = find_run(journal, site, run_id)
        print_run(found, documents_of(journal, found))


def try_run(setup: WorkerSetup, journal: Journal, run_id: str) -> bool:
    """Print what an open run would write, and mark nothing; False when it could not be written."""
    found = find_run(journal, setup.site, run_id)
    row = journal.drop(found.run_id)
    if found.run.status != "open" or row is None:
        raise CluedropError(f"the run {found.run_id} is not open: it was {found.run.status.replace('_', ' ')}")
    order = write_order(found, _now(setup.site))
    with tempfile.TemporaryDirectory(prefix="cluedrop-run-") as folder:
        file = Path(folder) / order.name
        file.write_text(order.content, encoding="utf-8")
        return print_preview(preview(file, row["route"], setup))


def hand_over(site: Site, journal: Journal, run_id: str) -> bool:
    """Write an open run now; False when it was refused."""
    found = find_run(journal, site, run_id)
    return give(site, journal, found.run_id, write_order(found, _now(site)))


def take_back(site: Site, journal: Journal, run_id: str, reason: str, *, again: bool, even_if_booked: bool) -> bool:
    """Take a run back; False when it was refused."""
    found = find_run(journal, site, run_id)
    order = take_back_order(found, _now(site), reason, even_if_booked=even_if_booked)
    return give(site, journal, found.run_id, order, drops_of(journal, found) if again else ())


def _now(site: Site) -> datetime:
    return datetime.now(ZoneInfo(site.timezone))
