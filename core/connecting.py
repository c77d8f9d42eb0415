"""What the engine and a connector promise each other; a connector is a module of ``connectors/``.

Everything is a file drop: ``collect`` puts files from outside into an inbox, ``deliver`` takes files of an outbox
outside. The connector knows the world outside and moves bytes; what must survive a crash it tells the engine, which
answers when it is on the disk. So the same memory serves every outside system.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from core.errors import TransportError


class OwnDiskError(TransportError):
    """A disk, a folder or the journal of our own is in the way; the place outside is well."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file outside on its way to an inbox."""

    id: str
    """Unique for ever; where the server lets us rename, the file bears it from the claim on."""
    name: bytes
    """As it was found, without a folder."""
    taken_as: bytes
    """Its name from the claim on; the same where nothing may be renamed there."""
    size: int
    mtime: int
    """Whole seconds, by the clock outside."""
    sha256: str = ""

    @property
    def is_claimed(self) -> bool:
        """It was renamed, so that nobody else takes it and a later file of its name is another one."""
        return self.taken_as != self.name


class Digest(Protocol):
    """A hash that grows; one of hashlib."""

    def update(self, data: bytes, /) -> None:
        """Take more in."""

    def hexdigest(self) -> str:
        """Of what it has taken in."""


class Draft(Protocol):
    """A hidden file on the file system of the inbox, for the content of one arrival; a context manager closes it.

    Of a long file some may lie there from an earlier attempt, if it is certain that this is its beginning.
    """

    size: int
    """Bytes that are there."""
    digest: Digest
    """SHA-256 of them; whoever writes updates it before."""

    def write(self, piece: bytes) -> object:
        """Go on. Raise OwnDiskError."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


class Landing(Protocol):
    """What the engine hands to ``collect``: the way into one inbox, and the memory of what has come.

    Every method raises OwnDiskError when the inbox or the memory cannot be used; then no file is lost.
    """

    owner: str
    """Stands in the name of what we have claimed; no other site has it."""

    def new_id(self) -> str:
        """An id for an Arrival."""

    def draft(self, arrival: Arrival) -> Draft:
        """Where the content is written. Raise OwnDiskError."""

    def knows(self, name: bytes, size: int, mtime: int) -> bool:
        """This very file has been fetched and was left outside."""

    def remembers(self, name: bytes, sha256: str) -> bool:
        """A file of this name and content has been fetched and was left outside, whatever its time was."""

    def has_landed(self, arrival_id: str) -> bool:
        """It is in the inbox already; outside it only remains to be cleared away."""

    def land(self, arrivals: Sequence[Arrival]) -> None:
        """Bring complete drafts into the inbox, each exactly once. Durable."""

    def uncleared(self) -> Sequence[Arrival]:
        """What has landed and, as far as we know, still lies outside."""

    def cleared(self, arrivals: Sequence[Arrival]) -> None:
        """These are cleared away outside. Durable."""

    def kept(self, arrivals: Sequence[Arrival]) -> None:
        """These have come before, or just now, and stay outside: they are not fetched again. Durable."""

    def there(self, names: Iterable[bytes]) -> None:
        """All names that lie in the folder outside: what is not among them need not be remembered for ever."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A published file on its way from an outbox to the outside."""

    id: str
    """The same for the same file, at every attempt."""
    name: str
    path: Path
    size: int
    uploaded_as: str = ""
    """Hidden name outside under which an earlier attempt has laid all of it; empty where there was none."""
    sha256: str = ""
    """Of its content, once it was uploaded."""
    final: str = ""
    """Its name outside, once it stands there."""


class Despatch(Protocol):
    """What the engine hands to ``deliver``: the files of one outbox in their order, and the memory of what has gone.

    Every method raises OwnDiskError when the outbox or the memory cannot be used; then no file is lost.
    """

    def waiting(self) -> Sequence[Departure]:
        """Files that have not arrived outside, oldest first."""

    def uploaded(self, departures: Sequence[Departure]) -> Sequence[Departure]:
        """These lie outside whole under hidden names, and get their final ones next. Durable.

        Returns those that still lie in the outbox: what somebody has taken back meanwhile must not be shown outside.
        """

    def again(self, departure: Departure) -> None:
        """What was uploaded of it is gone: it is uploaded anew. Durable."""

    def delivered(self, departures: Sequence[Departure]) -> None:
        """These stand outside under their final names. Durable; only then the files in the outbox go."""


@dataclass(slots=True)
class Round:
    """What one round with a folder outside has done."""

    moved: int = 0
    """Files that have landed, or that stand outside."""
    waits: bool = False
    """Something there is not finished yet; to look again soon is worth while."""
    more: bool = False
    """Not all that could be moved was moved: others get their turn first."""
    troubles: dict[str, str] = field(default_factory=dict)
    """Files that cannot be moved, by name, and remarks on the folder under ""; the others go on."""


class Connection(Protocol):
    """An open connection to one place. Every method raises TransportError when the place is away; then close it.

    What the engine has handed in raises OwnDiskError through it; then close it too.
    """

    def collect(self, folder: Any, landing: Landing) -> Round:
        """Bring every finished file of a folder outside into an inbox. One round; never lose or double a file."""

    def deliver(self, folder: Any, despatch: Despatch) -> Round:
        """Take every file of an outbox outside. One round; nobody outside ever sees half a file."""

    def probe(self) -> None:
        """Return when the place still answers."""

    def close(self) -> None:
        """End the connection, at once and from any thread: whoever waits for an answer gets a TransportError."""


class Connector(Protocol):
    """A module of ``connectors/``: one outside system. It moves files, nothing else."""

    def connect(self, place: Any) -> Connection:
        """Reach a place and log in. Raise TransportError in words for an administrator, ConfigError for a setting."""

    def check(self, place: Any) -> Iterator[tuple[str, str | None]]:
        """Try login and every folder with a probe file; yields what was tried, and what is wrong with it."""
