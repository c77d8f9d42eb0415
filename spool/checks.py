"""Can this site work? Tries every folder the way the engine will use it, and says in plain words what is wrong."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import TransportError
from core.site import Route, Site, Target
from spool.confinement import missing_layers
from spool.durable import link_new, sync_paths
from spool.intake import Intake
from spool.journal.database import upgrade
from spool.own_folders import make_hidden, open_new
from spool.staging import STAGED_FOLDER

_WATCH_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried. ``trouble`` is None when it works; ``note`` says what is weaker than it could be."""

    subject: str
    trouble: str | None = None
    note: str | None = None


def check_site(site: Site) -> Iterator[Check]:
    """Try everything; probe files are removed again. Makes the folders of the site where they are missing."""
    yield _journal(site)
    yield from (_route(route) for route in site.routes)
    yield from (_target(target) for target in site.targets.values())
    yield _folder("archive", site.archive)
    yield _watches(site)
    yield Check("workers", note="; ".join(missing_layers(site)) or None)


def _journal(site: Site) -> Check:
    try:
        upgrade(site.journal_url)
    except TransportError as error:
        return Check("journal", str(error))
    return Check("journal")


def _route(route: Route) -> Check:
    subject = f"route {route.name} ({route.folder})"
    intake = Intake(route)
    try:
        intake.check_present()
        intake.prepare()
    except TransportError as error:
        return Check(subject, str(error))
    return _probe(subject, route.folder, intake.work)


def _target(target: Target) -> Check:
    subject = f"target {target.name} ({target.folder})"
    staged = f"{target.folder}/{STAGED_FOLDER}"
    try:
        os.makedirs(target.folder, exist_ok=True)
        make_hidden(staged)
    except OSError as error:
        return Check(subject, f"cannot be made: {error.strerror}")
    return _probe(subject, target.folder, staged)


def _folder(name: str, folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Check(f"{name} ({folder})", f"cannot be made: {error.strerror}")
    return _probe(f"{name} ({folder})", folder, str(folder))


def _probe(subject: str, folder: Path, hidden: str) -> Check:
    """Write, sync, link and remove a file the way results are published."""
    source, shown = f"{hidden}/.cluedrop-probe-{os.getpid()}", f"{folder}/.cluedrop-probe-{os.getpid()}-shown"
    try:
        with open(open_new(source), "wb") as file:
            file.write(b"probe")
        sync_paths([source], [hidden])
        how = link_new(source, shown)
        sync_paths([], [str(folder)])
    except OSError as error:
        return Check(subject, f"cannot be written: {error.strerror} ({error.filename})")
    finally:
        for path in (source, shown):
            with suppress(OSError):
                os.unlink(path)
    if how == "renamed":
        return Check(subject, note="no hard links here: after a crash a result may appear twice under one name")
    return Check(subject)


def _watches(site: Site) -> Check:
    wanted = sum(route.watch == "events" for route in site.routes)
    try:
        allowed = int(_WATCH_LIMIT.read_text(encoding="ascii"))
    except OSError:
        return Check("watches", note="this system cannot tell of arrivals; folders are scanned")
    if wanted > allowed:
        return Check("watches", f"{wanted} folders are to be watched, the kernel allows {allowed} ({_WATCH_LIMIT})")
    return Check("watches")
