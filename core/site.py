"""What the engine needs to know of a site: resolved folders, routes and targets, nothing of how it was configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any, Literal

from core.company import Company
from core.remote import RemotePlace

Readiness = Literal["closed", "stable", "marker"]
DuplicatePolicy = Literal["reject", "force"]


@dataclass(frozen=True, slots=True)
class Route:
    """One inbox folder: who drops what there, and which handler gets it."""

    name: str
    folder: Path
    formats: Mapping[str, Any]
    """Ids of the formats that may arrive, each with its Settings."""
    handler: str
    handler_settings: Any
    company: str | None = None
    watch: Literal["events", "poll"] = "events"
    ready: Readiness = "closed"
    marker: str = "{name}.ok"
    sentinel: str | None = None
    """Name of a file that must lie in the folder; without it the share counts as away, not as empty."""
    settle_seconds: float = 2.0
    breath_seconds: float = 0.1
    """Time between the closing of a file and its claim, in which its writer may still set its times and rights."""
    poll_seconds: float = 2.0
    ignore: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    """Name patterns of attachments: never drops of their own, taken along by the file that names them."""
    duplicates: DuplicatePolicy = "reject"
    max_bytes: int = 200_000_000
    partial: bool = False
    wait_seconds: float = 86_400.0
    """How long a file may wait for what should come first, before a person must look."""
    retry_first_seconds: float = 1.0
    retry_most_seconds: float = 900.0
    due_by: time | None = None
    due_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Days of the week on which a file is due, Monday is 0."""


@dataclass(frozen=True, slots=True)
class Target:
    """One outbox folder: complete files only, whoever picks one up may take it away."""

    name: str
    folder: Path
    most_waiting: int = 5_000
    """Back-pressure: with more files lying here, routes that write here stop taking new ones."""
    pickup_seconds: float = 1_800.0
    """A file that lies here longer is an alert; 0 switches it off."""
    file_mode: int = 0o640
    group: str | None = None
    sentinel: str | None = None
    """Name of a file that must lie in the folder; without it the share counts as away, not as empty."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the engine may use."""

    workers: int = 2
    group_files: int = 512
    worker_bytes: int = 1_000_000_000
    worker_seconds: float = 300.0
    rescan_seconds: float = 60.0
    canary_seconds: float = 900.0
    """Time between two canaries of a route; 0 switches them off."""
    free_bytes: int = 200_000_000
    """With less room on a disk, intake pauses."""


@dataclass(frozen=True, slots=True)
class Site:
    """Everything one daemon looks after."""

    name: str
    archive: Path
    state: Path
    """Journal, lock and other files of the daemon's own; a local disk."""
    journal_url: str = field(repr=False)
    """May hold a password."""
    timezone: str
    routes: tuple[Route, ...]
    targets: Mapping[str, Target]
    companies: Mapping[str, Company] = field(default_factory=dict)
    root: Path = Path("/")
    """Folders are made below it only; all others are somebody else's, perhaps a share that is not mounted."""
    limits: Limits = field(default_factory=Limits)
    remote: tuple[RemotePlace, ...] = ()
    """Places outside that files are collected from and delivered to."""
