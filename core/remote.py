"""Places outside of the house that files are collected from and delivered to, as the engine and a connector know them.

A secret is never kept here: the settings hold a function that fetches it at the moment of the login.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Reveal = Callable[[], str]
"""Fetches a secret. Raise ConfigError when it is not there."""
RemoteReadiness = Literal["stable", "marker"]
AfterCollect = Literal["delete", "move", "keep"]
AfterDeliver = Literal["remove", "keep"]
WhereItExists = Literal["number", "replace", "wait"]


@dataclass(frozen=True, slots=True)
class HostKey:
    """A key that a server may show, and the days on which it counts."""

    key: str
    """As in OpenSSH's known_hosts, without the host: type and base64."""
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """How one SSH server is reached and entered."""

    host: str
    port: int
    user: str
    host_keys: tuple[HostKey, ...]
    key: Reveal | None = None
    passphrase: Reveal | None = None
    password: Reveal | None = None
    weak_algorithms: bool = False
    """Also offer what is known to be weak, for a server that knows nothing better."""


@dataclass(frozen=True, slots=True)
class SftpAccess:
    """How a place is reached by SFTP."""

    login: Login
    jump: Login | None = None
    """A server in between, through which alone the other one can be reached."""
    connect_seconds: float = 15.0
    answer_seconds: float = 30.0
    """The longest time for one answer; a server that needs longer counts as away."""
    bytes_per_second: int = 0
    """0 is as fast as it goes."""


@dataclass(frozen=True, slots=True)
class CollectFolder:
    """A folder outside whose files go to a route's inbox."""

    folder: str
    route: str
    ready: RemoteReadiness = "stable"
    marker: str = "{name}.ok"
    settle_seconds: float = 10.0
    take: tuple[str, ...] = ()
    """Patterns of the names that are taken; none means all."""
    ignore: tuple[str, ...] = ()
    after: AfterCollect = "delete"
    move_to: str = ""
    """Folder outside for what was fetched, with ``after`` "move"."""
    most_bytes: int = 200_000_000
    """A larger file is left where it is, and told of."""


@dataclass(frozen=True, slots=True)
class DeliverFolder:
    """A folder outside that the files of a target go to."""

    folder: str
    target: str
    exists: WhereItExists = "number"
    sync: bool = True
    """A file goes from here when it lies on the disk there, where the server can be asked for that."""
    after: AfterDeliver = "remove"


@dataclass(frozen=True, slots=True)
class RemotePlace:
    """One place outside: how to reach it, what to collect, what to deliver."""

    name: str
    connector: str
    """Id of the module in ``connectors/``."""
    access: SftpAccess = field(repr=False)
    collect: tuple[CollectFolder, ...] = ()
    deliver: tuple[DeliverFolder, ...] = ()
    poll_seconds: float = 60.0
    """Time between two looks at the folders that are collected from."""
    collect_at: str = ""
    """Five fields of cron: they are looked at then, instead of every so often."""
    retry_first_seconds: float = 5.0
    retry_most_seconds: float = 900.0
