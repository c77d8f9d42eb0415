"""Whose folder is this, and is it the one that it was yesterday?

Two sites on one folder would give every result twice, and an empty mount point takes results that nobody will ever
pick up. So a site has a random number, kept in its state folder, and each hidden folder of ours (and the archive)
holds an owner file with the number of the site and one of its own. The state remembers the number of every folder.

| the owner file            | the state knows the folder | so                                                        |
|---------------------------|----------------------------|-----------------------------------------------------------|
| is ours, as remembered    | yes                        | go on                                                     |
| is ours                   | no                         | the site was moved: remember it                           |
| is ours, another number   | yes                        | another folder than it was: away                          |
| is another site's         |                            | refused                                                   |
| is missing                | no                         | a new folder: it becomes ours                             |
| is missing                | yes, on this file system   | somebody has made it anew: it becomes ours                |
| is missing                | yes, on another one        | a share that is not mounted, or a new place: away         |

What is away or refused becomes ours only when a person says so (``adopt``). As long as one folder is another site's no
new one becomes ours: of two copies of a site that start at once one gets all folders, not each a part of them. No file
is held open: a share must stay free to be unmounted.
"""

import json
import os
import secrets
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from loguru import logger

from core.errors import TransportError
from core.site import Site
from spool.folders.durable import link_new, make_folder, sync_file
from spool.folders.own_folders import make_hidden, protect_inbox
from spool.folders.reach import check_answers
from spool.site_memory import Known, SiteMemory, filesystem_of, write_json

OWNER_FILE = ".owner"
_ADOPT = "daemon.py check --adopt"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that people see, and the folder of ours in it (of the archive: itself)."""

    folder: str
    hidden: str
    sentinel: str | None = None
    renewable: bool = True
    """Whether an empty folder on the same file system may take its place without a person's word."""
    is_inbox: bool = False
    """Whether people drop files here."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What an owner file says."""

    site: str
    token: str
    """Number of this very folder."""
    name: str
    state: str
    host: str
    since: str


class Ownership:
    """The folders of one site. Every process may have one; only the daemon makes folders ours."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._memory = SiteMemory(site.state)
        self._verified: dict[str, tuple[int, int, int]] = {}
        """Identity of the owner file when it was read last, by hidden folder."""
        self._entered: set[str] = set()
        self._of_others: dict[str, str] = {}
        """What is told of folders that were another site's at the last look, by hidden folder."""

    # ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────

    def hold(self, hidden: str) -> None:
        """Return when a hidden folder is ours, and the one that it was. Raise TransportError when it is not.

        Costs one stat as long as nothing has changed.
        """
        check_answers(hidden)
        try:
            status = os.stat(f"{hidden}/{OWNER_FILE}")
            seen = (status.st_dev, status.st_ino, status.st_mtime_ns)
            if self._verified.get(hidden) == seen:
                return
            owner, known = self._owner(hidden), self._memory.known(hidden)
        except (FileNotFoundError, NotADirectoryError):
            owner = None
        except OSError as error:
            raise TransportError(f"{hidden}: cannot be used: {error.strerror}") from error
        if owner is None:
            raise TransportError(f"{hidden}: is not there, or not ours any more; is the share mounted?")
        self._check(hidden, hidden, owner, known)
        self._verified[hidden] = seen

    def is_held(self, hidden: str) -> bool:
        """Say whether a hidden folder is ours."""
        try:
            self.hold(hidden)
        except TransportError:
            return False
        return True

    # ── making ours ───────────────────────────────────────────────────────────────────────────────────────────────

    def enter(self, place: Place, *, make: bool = True) -> None:
        """Return when a place is there and ours, made ours if it is new; ``make``: its folder too, below the root.

        Raise TransportError with a text for people when it is away, another site's, or cannot be written.
        """
        check_answers(place.folder)
        check_sentinel(place)
        if place.hidden in self._entered and self.is_held(place.hidden):
            return  # the fewer calls into a share, the rarer one of them meets its end
        try:
            owner = self._owner(place.hidden)
            known = self._memory.known(place.hidden)
            self._of_others.pop(place.hidden, None)
            if owner is None:
                self._take_new(place, known, make)
            else:
                self._check(place.folder, place.hidden, owner, known, marked=place.sentinel is not None)
                if known is None or owner.token not in known.tokens:
                    self._memory.remember(place.hidden, owner.token, known)
                _make_hidden(place)
        except OSError as error:
            raise TransportError(f"{error.filename or place.folder}: cannot be used: {error.strerror}") from error
        self._entered.add(place.hidden)

    def adopt(self, places: Iterable[Place]) -> list[str]:
        """A person has said that these are the folders of this site: make them so. Returns those that were not.

        The other site, if there is one, must not work on them any more. Raise TransportError where one is not there
        or cannot be written.
        """
        adopted = []
        for place in places:
            with suppress(TransportError):
                self.enter(place)
                continue
            check_answers(place.folder)
            check_sentinel(place)
            try:
                self._make(place, make=True)
                self._memory.remember(place.hidden, self._write_owner(place.hidden, replaces=True), None)
                self._of_others.pop(place.hidden, None)
            except OSError as error:
                raise TransportError(f"{error.filename or place.folder}: cannot be used: {error.strerror}") from error
            adopted.append(place.folder)
        return adopted

    def was_ours(self, place: Place) -> bool:
        """Say whether a place was used with an earlier content of this state folder."""
        with suppress(OSError, TransportError):
            check_answers(place.folder)
            owner = self._owner(place.hidden)
            return owner is not None and self._is_of_this_state(owner)
        return False

    def _is_of_this_state(self, owner: Owner) -> bool:
        return (owner.state, owner.host) == (str(self._site.state), socket.gethostname())

    def _take_new(self, place: Place, known: Known | None, make: bool) -> None:
        if known is None and self._of_others:
            raise TransportError(f"{place.folder}: waits, because {next(iter(self._of_others.values()))}")
        if known is not None and place.sentinel is None:
            same = known.filesystem == filesystem_of(_standing(place.hidden))
            if not (same and place.renewable):
                raise TransportError(
                    f"{place.folder}: is not the folder that was used until now: {OWNER_FILE} is missing in "
                    f"{place.hidden}. Is the share mounted? If this is its new place: {_ADOPT}"
                )
        self._make(place, make=make)
        try:
            token = self._write_owner(place.hidden, replaces=False)
        except FileExistsError:  # somebody was quicker: who that is tells the second look
            self.enter(place, make=make)
            return
        if known is not None:
            logger.warning("{} was made anew; it is used from now on", place.folder)
        self._memory.remember(place.hidden, token, known)

    def _make(self, place: Place, *, make: bool) -> None:
        """Make the folders. What lies outside of the root is somebody else's: made in its place it swallows files."""
        if not os.path.isdir(place.folder):
            inside = Path(place.folder).is_relative_to(self._site.root)
            if not (make and inside):
                outside = "" if inside else " (outside of root no folder is made)"
                raise TransportError(f"{place.folder}: is not there; is the share mounted?{outside}")
            make_folder(place.folder)
            if place.is_inbox:
                protect_inbox(place.folder)
        _make_hidden(place)

    def _check(self, folder: str, hidden: str, owner: Owner, known: Known | None, *, marked: bool = False) -> None:
        if owner.site != self._memory.number():
            said = self._of_others.setdefault(hidden, f"{folder}: {self._foreign(owner)}")
            raise TransportError(said)
        if known is not None and owner.token not in known.tokens and not marked:
            raise TransportError(
                f"{folder}: is another folder of this site than the one that was used until now ({hidden}/{OWNER_FILE} "
                f"is of {owner.since}). Is the share mounted? If this is its new place: {_ADOPT}"
            )

    def _foreign(self, owner: Owner) -> str:
        if self._is_of_this_state(owner):
            return (
                f"was used since {owner.since} with an earlier content of the state folder {owner.state}, which has "
                f"been deleted, copied or restored. If it got lost: daemon.py rebuild. If this one is right: {_ADOPT}"
            )
        return (
            f'belongs to the site "{owner.name}" on {owner.host} (state {owner.state}) since {owner.since}. Two sites '
            f"on one folder would double results. When that one will never run again: {_ADOPT}"
        )

    # ── the owner file ────────────────────────────────────────────────────────────────────────────────────────────

    def _owner(self, hidden: str) -> Owner | None:
        """Raise OSError when it is there and cannot be read, TransportError when it says nothing."""
        path = f"{hidden}/{OWNER_FILE}"
        try:
            with open(path, encoding="utf-8") as file:
                return Owner(**json.load(file))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, TypeError) as error:
            raise TransportError(f"{path}: is damaged. If this folder is the right one: {_ADOPT}") from error

    def _write_owner(self, hidden: str, *, replaces: bool) -> str:
        """Write it durably; returns the folder's number. Raise FileExistsError when there is one already."""
        moment = datetime.now(tz=ZoneInfo(self._site.timezone)).strftime("%Y-%m-%d %H:%M")
        token = secrets.token_hex(8)
        owner = Owner(
            self._memory.number(), token, self._site.name, str(self._site.state), socket.gethostname(), moment
        )
        path, draft = f"{hidden}/{OWNER_FILE}", f"{hidden}/{OWNER_FILE}-{token}"
        try:
            write_json(draft, asdict(owner))
            if replaces:
                os.replace(draft, path)
            else:
                link_new(draft, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft)
        sync_file(hidden)
        with suppress(PermissionError):  # the folder around the archive may be closed to us
            sync_file(os.path.dirname(hidden))
        return token


def check_sentinel(place: Place) -> None:
    """Raise TransportError when the file that must lie in a folder is missing."""
    if place.sentinel is None:
        return
    try:
        os.stat(f"{place.folder}/{place.sentinel}")
    except (FileNotFoundError, NotADirectoryError):
        raise TransportError(f"{place.folder}: {place.sentinel} is missing, so the share is not mounted") from None
    except OSError as error:
        raise TransportError(f"{place.folder}: cannot be used: {error.strerror}") from error


def _make_hidden(place: Place) -> None:
    if place.hidden != place.folder:
        make_hidden(place.hidden)


def _standing(path: str) -> str:
    """The nearest folder around that is there."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path
