"""What would become of a file? Handled like the engine would, against the journal as it is, into a throw-away place."""

import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from core.errors import CluedropError
from core.site import Route, Site
from core.table_explanation import TableExplanation
from spool.identifiers import new_drop_id, now_ms
from spool.journal.database import open_database, trouble, upgrade
from spool.journal.ledger import WorkingLedger
from spool.work.handling import WORK_FOLDER, FileHandling
from spool.work.messages import DropRef, Outcome
from spool.work.opening import open_regular
from spool.work.plugins import Plugins, load
from spool.work.staging import STAGED_FOLDER
from spool.work.worker import WorkerSetup

_HEAD_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Preview:
    """The outcome, and the outputs' contents by visible name."""

    route: str
    outcome: Outcome
    contents: Sequence[tuple[str, str, bytes]]
    """Target, name and content, in publishing order."""
    explained: tuple[str, TableExplanation] | None = None
    """Of a rejected table: the format, and what it has made of the columns."""


def route_of(file: Path, named: str | None, setup: WorkerSetup) -> str:
    """The route that was named, else the one that knows the file. Raise CluedropError if that is not clear, OSError."""
    names = [found.name for found in setup.site.routes]
    candidates = [named] if named else _routes_for(file, setup)
    if len(candidates) != 1 or candidates[0] not in names:
        raise CluedropError(
            f"name the route with --route, one of: {', '.join(names if named else candidates or names)}"
        )
    return candidates[0]


def _routes_for(file: Path, setup: WorkerSetup) -> list[str]:
    """Names of the routes whose formats know the file. Raise OSError or FormatError if it cannot be read."""
    plugins = load(setup.format_package, setup.handler_package)
    with open_regular(str(file.resolve())) as source:
        head = source.read(_HEAD_BYTES)
    return [
        route.name
        for route in setup.site.routes
        if any(plugins.readers[name].sniff(head, file.name) for name in route.formats)
    ]


def preview(file: Path, route_name: str, setup: WorkerSetup) -> Preview:
    """Handle a file without leaving a trace. Attachments are looked for beside it. Raise OSError if it is not there."""
    plugins = load(setup.format_package, setup.handler_package)
    with tempfile.TemporaryDirectory(prefix="cluedrop-preview-") as scratch, _ledger(setup.site, scratch) as ledger:
        site = _scratch_site(setup.site, Path(scratch))
        route = next(route for route in site.routes if route.name == route_name)
        outcome = _handle(file, route, site, plugins, setup, ledger)
        contents = [(made.target, made.name, Path(made.path).read_bytes()) for made in outcome.outputs]
        explained = _explained(file, route, plugins) if outcome.fate == "rejected" else None
        return Preview(route_name, outcome, contents, explained)


def _explained(file: Path, route: Route, plugins: Plugins) -> tuple[str, TableExplanation] | None:
    """What the format of a refused table says of its columns, where it can say so."""
    with open_regular(str(file.resolve())) as source:
        head = source.read(_HEAD_BYTES)
        knowing = [name for name in route.formats if plugins.readers[name].sniff(head, file.name)]
        for name in knowing or list(route.formats):
            reader = plugins.readers[name]
            if not hasattr(reader, "explain"):
                continue
            with io.BufferedReader(source) as buffered:
                explanation = reader.explain(buffered, route.formats[name])
            return (name, explanation) if explanation is not None else None
    return None


def _handle(
    file: Path, route: Route, site: Site, plugins: Plugins, setup: WorkerSetup, ledger: WorkingLedger
) -> Outcome:
    moment = now_ms()
    copy = f"{route.folder}/{WORK_FOLDER}/preview"
    shutil.copyfile(file, copy)
    drop = DropRef(new_drop_id(moment), copy, file.name, moment)
    handling = FileHandling(site, plugins, setup.writer_settings, ledger, hold=lambda _folder: None)
    outcome = handling.handle(route.name, drop)
    if outcome.fate == "companions":
        beside = {name: str(file.parent / name) for name in outcome.companions if (file.parent / name).is_file()}
        if len(beside) == len(outcome.companions):
            outcome = handling.handle(route.name, replace(drop, attempt=1, companions=beside))
    return outcome


@contextmanager
def _ledger(site: Site, scratch: str) -> Iterator[WorkingLedger]:
    """The site's own ledger, read only; an empty one where the site has never run."""
    url = site.journal_url
    if url.startswith("sqlite:///") and not os.path.exists(url.removeprefix("sqlite:///")):
        url = f"sqlite:///{scratch}/journal.sqlite3"
        upgrade(url)
    engine = open_database(url, readonly=True)
    try:
        ledger = WorkingLedger(engine)
    except DBAPIError as error:
        raise trouble(error, "read") from error
    try:
        yield ledger
    finally:
        ledger.close()
        engine.dispose()


def _scratch_site(site: Site, scratch: Path) -> Site:
    """The same site with every folder that is written to in the scratch place."""
    targets = {
        name: replace(target, folder=scratch / "targets" / name, group=None) for name, target in site.targets.items()
    }
    routes = tuple(replace(route, folder=scratch / "routes" / route.name) for route in site.routes)
    for target in targets.values():
        (target.folder / STAGED_FOLDER).mkdir(parents=True)
    for route in routes:
        (route.folder / WORK_FOLDER).mkdir(parents=True)
    return replace(site, targets=targets, routes=routes, state=scratch)
