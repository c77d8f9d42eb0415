"""What lies in a folder outside: which files are finished, which are ours already, what they are called.

Finished is what has stood still for the settle time by our own looks, or what has its marker; clocks outside are only
compared with themselves (facts/filedrop.md 6.9). Temporary names of uploading programs are never taken.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from connectors._sftp.packets import Attributes, Entry
from core.connecting import Arrival, Landing, Round
from core.readiness import NEVER_TAKEN, Sight, Stillness, is_ignored
from core.remote import CollectFolder

_GROUP_FILES, _GROUP_BYTES = 512, 64 << 20
_LONGEST_NAME = 255

Item = TypeVar("Item")
Finished = tuple[Arrival, bytes | None]
"""A file that may be fetched, and the marker that lies beside it."""


@dataclass(slots=True)
class Collecting:
    """What is remembered of one folder from one round to the next, as long as the connection lasts."""

    folder: CollectFolder
    still: Stillness = field(init=False)
    may_rename: bool = True

    def __post_init__(self) -> None:
        """Begin to watch."""
        self.still = Stillness(self.folder.settle_seconds)


@dataclass(slots=True)
class Found:
    """The entries of the folder, sorted out."""

    files: dict[bytes, Entry] = field(default_factory=dict)
    claimed: dict[bytes, Arrival] = field(default_factory=dict)
    """Ours, by their hidden names."""
    markers: set[bytes] = field(default_factory=set)

    @classmethod
    def sorted_out(cls, entries: Iterable[Entry], folder: CollectFolder, owner: str) -> "Found":
        """Leave out what is never taken: folders, links, hidden and temporary names, names that are no names."""
        found = cls()
        prefix = _prefix(owner)
        ours = re.compile(re.escape(prefix) + rb"[0-9a-f]{19}-.")  # whoever forges one gets it fetched, no more
        marker = folder.marker.replace("{name}", "*") if folder.ready == "marker" else ""
        for entry in entries:
            name = as_text(entry.name)
            if b"/" in entry.name or b"\0" in entry.name or not entry.attributes.is_file:
                continue
            if ours.match(entry.name):
                found.claimed[entry.name] = _claimed(entry, prefix)
            elif marker and is_ignored(name, [marker]):
                found.markers.add(entry.name)
            elif not is_ignored(name, [*NEVER_TAKEN, *folder.ignore]) and _is_wanted(name, folder):
                found.files[entry.name] = entry
        return found

    def marker_of(self, name: bytes, folder: CollectFolder) -> bytes | None:
        """The marker of a file, where it lies there."""
        marker = folder.marker.encode().replace(b"{name}", name)
        return marker if marker in self.markers else None


def _is_wanted(name: str, folder: CollectFolder) -> bool:
    return not folder.take or is_ignored(name, folder.take)


def _prefix(owner: str) -> bytes:
    return f".cluedrop-{owner}-".encode()


def _claimed(entry: Entry, prefix: bytes) -> Arrival:
    """A claimed file says what it was: ``.cluedrop-<site>-<id>-<name>``."""
    claim_id, _, name = entry.name.removeprefix(prefix).partition(b"-")
    size, mtime = entry.attributes.size or 0, entry.attributes.mtime or 0
    return Arrival(claim_id.decode("ascii"), name, entry.name, size, mtime)


def hidden_name(owner: str, arrival_id: str, name: bytes) -> bytes:
    """Name of a file that we have claimed; as much of its own name as fits."""
    return (_prefix(owner) + arrival_id.encode() + b"-" + name)[:_LONGEST_NAME]


def finished_files(state: Collecting, landing: Landing, found: Found, done: Round) -> list[Finished]:
    """What is finished and not fetched yet, oldest first, each with its marker."""
    folder, now = state.folder, time.monotonic()
    ready: list[Finished] = []
    seen = set()
    for entry in found.files.values():
        size, mtime = entry.attributes.size or 0, entry.attributes.mtime or 0
        if landing.knows(entry.name, size, mtime):
            continue
        if size > folder.most_bytes:
            done.troubles[as_text(entry.name)] = f"has {size} bytes, more than {folder.most_bytes}; it is left there"
            continue
        seen.add(as_text(entry.name))
        marker = found.marker_of(entry.name, folder)
        if _is_finished(state, entry, marker, now):
            ready.append((Arrival(landing.new_id(), entry.name, entry.name, size, mtime), marker))
        elif folder.ready == "stable" or marker:
            done.waits = True
    for arrival in found.claimed.values():
        if landing.has_landed(arrival.id):
            continue
        seen.add(as_text(arrival.taken_as))
        if state.still.observe(as_text(arrival.taken_as), Sight(arrival.size, arrival.mtime, 0), now):
            ready.append((arrival, None))
        else:
            done.waits = True
    state.still.forget_all_but(seen)
    return sorted(ready, key=lambda item: (item[0].mtime, item[0].name))


def _is_finished(state: Collecting, entry: Entry, marker: bytes | None, now: float) -> bool:
    """It stands still; with markers it is enough that one lies there, if we may take it away with the file."""
    if state.folder.ready == "marker" and marker is None:
        return False
    if marker is not None and state.may_rename and state.folder.after != "keep":
        return True
    sight = Sight(entry.attributes.size or 0, entry.attributes.mtime or 0, 0)
    return state.still.observe(as_text(entry.name), sight, now)


def in_groups(items: Iterable[Item], size_of: Callable[[Item], int]) -> Iterator[Sequence[Item]]:
    """As many files as go together: all of them lie on the other disk before the first of them goes from this one."""
    group: list[Item] = []
    size = 0
    for item in items:
        if group and (len(group) >= _GROUP_FILES or size + size_of(item) > _GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(item)
        size += size_of(item)
    if group:
        yield group


def is_same(found: Attributes, arrival: Arrival) -> bool:
    """Size and time are those that were seen before."""
    return (found.size or 0, found.mtime or 0) == (arrival.size, arrival.mtime)


def path_of(folder: str, name: bytes = b"") -> bytes:
    """Path of a file in a folder outside, or of the folder."""
    return folder.encode() if not name else folder.encode().rstrip(b"/") + b"/" + name


def as_text(name: bytes) -> str:
    """A name outside as text: bytes that are no text as surrogate escapes."""
    return name.decode("utf-8", "surrogateescape")


def as_bytes(name: str) -> bytes:
    """The other way round."""
    return name.encode("utf-8", "surrogateescape")
