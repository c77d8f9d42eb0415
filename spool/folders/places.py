"""Which folders of a site may be away, and are those there that results and originals go to?"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress

from core.errors import TransportError
from core.site import Route, Site, Target
from spool.archive.filing import CHAIN_NAME
from spool.folders.ownership import Ownership, Place
from spool.folders.reach import answers
from spool.work.handling import WORK_FOLDER
from spool.work.staging import STAGED_FOLDER

ARRIVING_FOLDER = ".arriving"
"""Of an inbox: what comes from outside, as long as it is not whole."""
SENT_FOLDER = "sent"
"""Of an outbox: what was delivered outside, where it is to be kept."""


class Destinations:
    """The targets and the archive of a site."""

    def __init__(self, site: Site, ownership: Ownership) -> None:
        self._site = site
        self._ownership = ownership
        self.trouble: dict[str, str] = {}
        """Why a target, or the archive (by its path), cannot be used, as of the last look."""

    def look(self, awaited: Collection[str], *, make: bool = False, begun: bool) -> None:
        """Make ours what is new, and take down what is in the way.

        ``awaited``: targets with committed results in their hidden folder; no other folder may take their place.
        ``make``: also make the folders of targets that are not there. ``begun``: the archive holds something.
        """
        places = {
            name: Place(place.folder, place.hidden, place.sentinel, renewable=name not in awaited)
            for name, place in target_places(self._site).items()
        }
        for name, place in places.items():
            self._enter(name, place, make=make and name not in awaited)
        archive = str(self._site.archive)
        if begun and answers(archive) and _is_missing(f"{archive}/{CHAIN_NAME}"):
            self.trouble[archive] = f"{archive}: {CHAIN_NAME} is missing, so this is not the archive; is it mounted?"
        else:
            self._enter(archive, Place(archive, archive, renewable=not begun), make=not begun)

    def _enter(self, subject: str, place: Place, *, make: bool) -> None:
        try:
            self._ownership.enter(place, make=make)
        except TransportError as error:
            self.trouble[subject] = str(error)
        else:
            self.trouble.pop(subject, None)

    @property
    def archive_trouble(self) -> str | None:
        """Why nothing can be archived, so that nothing may be taken."""
        return self.trouble.get(str(self._site.archive))


def _is_missing(path: str) -> bool:
    """It is not there; a folder that cannot be looked into says nothing."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def target_places(site: Site) -> dict[str, Place]:
    """The targets as places, by name."""
    return {target.name: target_place(target) for target in site.targets.values()}


def target_place(target: Target) -> Place:
    """The folder of a target as a place."""
    return Place(str(target.folder), f"{target.folder}/{STAGED_FOLDER}", target.sentinel)


def archive_place(site: Site) -> Place:
    """The archive as a place."""
    return Place(str(site.archive), str(site.archive), renewable=False)


def route_place(route: Route) -> Place:
    """The inbox of a route as a place."""
    return Place(str(route.folder), f"{route.folder}/{WORK_FOLDER}", route.sentinel, is_inbox=True)


def arriving_place(route: Route) -> Place:
    """The inbox of a route as the place that files from outside land in."""
    return Place(str(route.folder), f"{route.folder}/{ARRIVING_FOLDER}", route.sentinel, is_inbox=True)


def places_of(site: Site) -> Iterator[Place]:
    """Every folder of a site that may lie on a share."""
    yield from map(route_place, site.routes)
    collected = {folder.route for remote in site.remote for folder in remote.collect}
    yield from (arriving_place(route) for route in site.routes if route.name in collected)
    yield from target_places(site).values()
    yield archive_place(site)


def adopt_folders(site: Site, *, of_others: bool) -> list[str]:
    """Make the folders of a site its own: a person says that this is right. Returns those that were not.

    ``of_others``: whoever they belonged to; else only those that this very state folder used before its content was
    lost. One that is not there is left to the daemon, and to ``check_site``, to tell.
    """
    site.state.mkdir(parents=True, exist_ok=True, mode=0o750)
    ownership = Ownership(site)
    adopted: list[str] = []
    for place in places_of(site):
        if of_others or ownership.was_ours(place):
            with suppress(TransportError):
                adopted += ownership.adopt([place])
    return adopted
