"""Can this site work? Tries every folder the way the engine will use it, and says in plain words what is wrong."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import JournalError, TransportError
from core.site import Route, Site
from spool.folders.durable import link_new, sync_paths
from spool.folders.own_folders import open_new
from spool.folders.ownership import Ownership, Place
from spool.folders.places import archive_place, target_places
from spool.health.forgotten import forgotten
from spool.inbox.intake import Intake
from spool.journal.store import Journal
from spool.repair.soundness import make_ready
from spool.work.confinement import missing_layers

_WATCH_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried. ``trouble`` is None when it works; ``note`` says what is weaker than it could be."""

    subject: str
    trouble: str | None = None
    note: str | None = None


def check_site(site: Site) -> Iterator[Check]:
    """Try everything; probe files are removed again. Makes the folders of the site below its root, no others."""
    journal = _journal(site)
    yield journal
    with suppress(OSError):  # then the folders say so
        site.state.mkdir(parents=True, exist_ok=True, mode=0o750)
    ownership = Ownership(site)
    yield from (_route(route, ownership) for route in site.routes)
    for name, place in target_places(site).items():
        yield _place(f"target {name} ({place.folder})", place, ownership)
    yield _place(f"archive ({site.archive})", archive_place(site), ownership)
    yield _watches(site)
    yield Check("workers", note="; ".join(missing_layers(site)) or None)
    if journal.trouble is None:
        found = forgotten(site, Journal(site.journal_url))
        yield from (Check(f"drops of {name}", trouble) for name, trouble in found.items())


def _journal(site: Site) -> Check:
    try:
        make_ready(site, thoroughly=True)
    except (JournalError, TransportError) as error:
        return Check("journal", str(error))
    return Check("journal")


def _route(route: Route, ownership: Ownership) -> Check:
    subject = f"route {route.name} ({route.folder})"
    intake = Intake(route, ownership)
    try:
        intake.prepare()
    except TransportError as error:
        return Check(subject, str(error))
    return _probe(subject, route.folder, intake.work)


def _place(subject: str, place: Place, ownership: Ownership) -> Check:
    try:
        ownership.enter(place)
    except TransportError as error:
        return Check(subject, str(error))
    return _probe(subject, Path(place.folder), place.hidden)


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
