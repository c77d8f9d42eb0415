"""Serves a test site that lies on the test file system: ``on_faultfs.py ROOT [FOLDER=ROOT ...]``, a process of its own.

Everything lies below ROOT; further arguments put ``inbox``, ``outbox``, ``archive`` or ``state`` elsewhere.
"""

import sys
from pathlib import Path

import spool.engine
import spool.folders.durable
import spool.health.alerts
import spool.service
from core.site import Site
from spool.work.worker import WorkerSetup
from tests.faultfs.mounted import sync_filesystem
from tests.sites import FORMATS, HANDLERS, a_route, a_site, a_target


def scene_site(root: Path, elsewhere: dict[str, Path] | None = None) -> Site:
    """Two routes, the second of which takes the same content again and again; one target."""
    places = dict.fromkeys(("inbox", "outbox", "archive", "state"), root) | (elsewhere or {})
    routes = (
        a_route(places["inbox"], company="1"),
        a_route(places["inbox"], "forced", company="2", duplicates="force"),
    )
    site = a_site(root, *routes, targets=(a_target(places["outbox"]),), workers=2)
    object.__setattr__(site, "archive", places["archive"] / "archive")
    object.__setattr__(site, "state", places["state"] / "state")
    object.__setattr__(site, "journal_url", f"sqlite:///{places['state']}/state/journal.sqlite3")
    return site


def main(root: str, *elsewhere: str) -> None:
    """Serve until SIGTERM."""
    spool.folders.durable.sync_filesystem = sync_filesystem
    # Whoever waits for something to be tried again shall not wait as long as in real life.
    for module, name, seconds in (
        (spool.engine, "_COMPLETE_AGAIN_SECONDS", 0.2),
        (spool.service, "_REST_SECONDS", 0.1),
        (spool.health.alerts, "_LOOK_SECONDS", 0.1),
        (spool.health.alerts, "_FOLDERS_SECONDS", 0.1),
    ):
        setattr(module, name, seconds)
    places = {name: Path(path) for name, path in (argument.split("=") for argument in elsewhere)}
    setup = WorkerSetup(scene_site(Path(root), places), FORMATS, HANDLERS)
    spool.service.serve(lambda: setup)


if __name__ == "__main__":
    main(*sys.argv[1:])
