"""Hidden files of our own: what is staged for a drop, and removing what came to nothing."""

import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from core.site import Route, Site
from spool.canary import HIDDEN
from spool.folders.ownership import OWNER_FILE
from spool.folders.reach import answers
from spool.identifiers import LENGTH
from spool.work.handling import WORK_FOLDER
from spool.work.staging import STAGED_FOLDER

_CLAIMED = re.compile(rf"(?P<id>[0-9a-f]{{{LENGTH}}})(?P<companion>\+[0-9]+)? (?P<name>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A file in a work folder, as its name there tells."""

    route: str
    drop_id: str
    name: str
    """As it was dropped, perhaps cut."""
    path: str
    companion: bool
    """It is an attachment of its drop."""


def claimed_files(site: Site) -> Iterator[ClaimedFile]:
    """What was taken from those inboxes that are there, and not yet given back or archived."""
    for route in site.routes:
        with suppress(FileNotFoundError):
            yield from claimed_of(route)


def claimed_of(route: Route) -> Iterator[ClaimedFile]:
    """What was taken from one inbox. Raise OSError when it is away: that must not pass for empty."""
    with os.scandir(f"{route.folder}/{WORK_FOLDER}") as entries:
        for entry in entries:
            found = _CLAIMED.fullmatch(entry.name)
            if found is not None:
                yield ClaimedFile(route.name, found["id"], found["name"], entry.path, bool(found["companion"]))


def staged_for_targets(site: Site) -> dict[str, list[tuple[str, str]]]:
    """Target and path of all results under hidden names, by drop id."""
    found: dict[str, list[tuple[str, str]]] = {}
    for target in site.targets.values():
        for path in sorted(_files_of(f"{target.folder}/{STAGED_FOLDER}")):
            found.setdefault(os.path.basename(path)[:LENGTH], []).append((target.name, path))
    return found


def staged_files(site: Site, is_ours: Callable[[str], bool] = answers) -> Iterator[str]:
    """Paths of everything that we have written under hidden names; claimed files are not among them.

    ``is_ours`` says of a hidden folder whether to look into it; by default into all that answer.
    """
    staged = [f"{target.folder}/{STAGED_FOLDER}" for target in site.targets.values()]
    work = [f"{route.folder}/{WORK_FOLDER}" for route in site.routes]
    for folder in filter(is_ours, [*staged, *work]):
        # Claimed files carry a blank behind their id; what we write ourselves never does.
        yield from (path for path in _files_of(folder) if " " not in os.path.basename(path))
    for folder in filter(is_ours, work):
        if os.path.lexists(canary := f"{os.path.dirname(folder)}/{HIDDEN}"):
            yield canary
    for folder in filter(is_ours, [str(site.archive)]):  # of its own it holds drafts of an owner file at most
        yield from (path for path in _files_of(folder) if os.path.basename(path).startswith(OWNER_FILE))
    yield from (path for path in _files_of(str(site.state)) if path.endswith(".ledger"))


def discard_staged(site: Site, drop_ids: Collection[str]) -> None:
    """Remove what attempts have staged for drops of which nothing is committed."""
    for path in staged_files(site):
        if os.path.basename(path)[:LENGTH] in drop_ids:
            with suppress(OSError):
                os.unlink(path)


def _files_of(folder: str) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name != OWNER_FILE:
                yield entry.path
