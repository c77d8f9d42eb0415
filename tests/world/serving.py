"""Serves a test site as a process of its own: ``python -m tests.world.serving ROOT SITE``, SITE as JSON.

The JSON names what differs from the usual test site: {"routes": [{...}], "targets": [{...}], "limits": {...},
"name": ..., "archive": ..., "state": ...}.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import spool.engine
import spool.health.alerts
import spool.service
from core.site import Site
from spool.service import once, serve
from spool.work.worker import WorkerSetup
from tests.sites import FORMATS, HANDLERS, a_route, a_site, a_target

_PATHS = ("folder", "archive", "state")


def site_of(root: Path, differs: dict[str, Any]) -> Site:
    """The site that a process with this JSON serves."""
    differs = dict(differs)
    routes = [a_route(root, **_typed(values)) for values in differs.pop("routes", [{}])]
    targets = [a_target(root, **_typed(values)) for values in differs.pop("targets", [{}])]
    site = a_site(root, *routes, targets=tuple(targets), **differs.pop("limits", {}))
    if "state" in differs:
        differs["journal_url"] = f"sqlite:///{differs['state']}/journal.sqlite3"
    return replace(site, **_typed(differs))


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: Path(value) if key in _PATHS else value for key, value in values.items()}


def _in_a_hurry() -> None:
    """What the daemon looks at every few seconds or minutes it looks at all the time here."""
    spool.health.alerts._FOLDERS_SECONDS = spool.health.alerts._LOOK_SECONDS = spool.health.alerts._MEND_SECONDS = 0.5
    spool.engine._COMPLETE_AGAIN_SECONDS = spool.service._REST_SECONDS = 0.1


def main(root: str, differs: str, verb: str = "run") -> None:
    _in_a_hurry()
    setup = WorkerSetup(site_of(Path(root), json.loads(differs)), FORMATS, HANDLERS)
    if verb == "once":
        sys.exit(0 if once(setup) else 1)
    serve(lambda: setup)


if __name__ == "__main__":
    main(*sys.argv[1:])
