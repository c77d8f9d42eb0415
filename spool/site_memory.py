"""What does the state folder remember of the site itself? Its number, and the folders that were its own."""

import hashlib
import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loguru import logger

from core.errors import TransportError
from spool.folders.durable import link_new, sync_file

_IDENTITY_FILE = "site.json"
_PLACES_FOLDER = "places"
_KEPT_TOKENS = 8


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a folder: the numbers in its owner files, and the file system that it was on."""

    tokens: tuple[str, ...]
    filesystem: str


class SiteMemory:
    """The memory of one site, in small files that every process may read."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._number: str | None = None

    def number(self) -> str:
        """The random number of this site, made at its first start. Raise TransportError when it cannot be.

        A copy of a state folder is another site: the file knows its own inode.
        """
        if self._number is None:
            try:
                self._number = self._identity()
            except OSError as error:
                raise TransportError(f"{self._state}: cannot be used: {error.strerror}") from error
        return self._number

    def _identity(self) -> str:
        path = str(self._state / _IDENTITY_FILE)
        found = read_json(path)
        if found is not None and found.get("inode") == os.stat(path).st_ino:
            return str(found["site"])
        number = secrets.token_hex(8)
        draft = str(self._state / f".{_IDENTITY_FILE}-{number}")
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640))
        write_json(draft, {"site": number, "inode": os.stat(draft).st_ino})
        try:
            if found is None:
                link_new(draft, path)
            else:
                logger.warning("{} is a copy: this site has a number of its own from now on", self._state)
                os.replace(draft, path)
        except FileExistsError:
            return self._identity()
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft)
        sync_file(str(self._state))
        return number

    def known(self, hidden: str) -> Known | None:
        """What is remembered of a hidden folder."""
        found = read_json(self._book(hidden))
        return None if found is None else Known(tuple(found["tokens"]), found["filesystem"])

    def remember(self, hidden: str, token: str, known: Known | None) -> None:
        """A folder is ours, beside those that were so under its path. Raise TransportError when it cannot be noted."""
        tokens = (*(known.tokens if known else ()), token)[-_KEPT_TOKENS:]
        path = self._book(hidden)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write_json(f"{path}.new", {"folder": hidden, **asdict(Known(tokens, filesystem_of(hidden)))})
            os.replace(f"{path}.new", path)
        except OSError as error:
            raise TransportError(f"{self._state}: cannot be used: {error.strerror}") from error

    def _book(self, hidden: str) -> str:
        return f"{self._state}/{_PLACES_FOLDER}/{hashlib.sha256(os.fsencode(hidden)).hexdigest()[:16]}.json"


def read_json(path: str) -> dict[str, Any] | None:
    """Content of a file of ours; None when it is not there, or was cut by a power failure."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return None
    except ValueError:  # the power went away in the middle
        return None
    return found if isinstance(found, dict) else None


def write_json(path: str, values: dict[str, Any]) -> None:
    """Write a file of ours, durably."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    if os.geteuid() == 0:  # an administrator has asked; the daemon must be able to go on with it
        parent = os.stat(os.path.dirname(path))
        with suppress(OSError):  # a share may allow it to nobody
            os.chown(path, parent.st_uid, parent.st_gid)


def filesystem_of(path: str) -> str:
    """A name for the file system that holds a path; it outlives a mount where the file system has a number."""
    number = os.statvfs(path).f_fsid
    return f"id {number:x}" if number else f"device {os.stat(path).st_dev:x}"
