"""What the engine and its worker processes say to each other, over a pipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.contracts import Put
from core.errors import Problem

Fate = Literal["done", "rejected", "duplicate", "held", "unclear", "waiting", "companions", "retry", "bug", "canary"]


@dataclass(frozen=True, slots=True)
class DropRef:
    """One claimed file, as a worker needs it."""

    id: str
    path: str
    """Where it lies in the work folder."""
    name: str
    """As it was dropped."""
    claimed_at: int
    """Milliseconds since 1970, UTC."""
    attempt: int = 0
    suspect: bool = False
    """A worker has died over it once; it is tried alone."""
    released: bool = False
    forced: bool = False
    """A person wants it again: the duplicate check is passed over."""
    settled: bool = False
    """A person has seen its results arrive: what it changes is noted, nothing is published."""
    companions: Mapping[str, str] = field(default_factory=dict)
    """Attachments that were claimed with it: dropped name -> path in the work folder."""


@dataclass(frozen=True, slots=True)
class Job:
    """Files of one route, to be handled in this order (lower ranks first)."""

    route: str
    drops: tuple[DropRef, ...]
    settled: bool
    """Everything that this worker has reported is committed."""


@dataclass(frozen=True, slots=True)
class Staged:
    """An output under its hidden name, complete but not yet synced."""

    target: str
    name: str
    """Visible name it shall get."""
    path: str
    size: int
    sha256: str


@dataclass(slots=True)
class Outcome:
    """What became of one file in the worker. Nothing of it is true before the engine commits it."""

    drop_id: str
    fate: Fate
    sha256: str | None = None
    outputs: Sequence[Staged] = ()
    puts: Sequence[Put] = ()
    spilled_puts: str | None = None
    """File with further changes of the ledger, where there are too many for a pipe: one JSON row a line."""
    claims: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Business keys: (scope, key) -> digest."""
    problems: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()
    workbook: str | None = None
    """Marked copy of a rejected table."""
    earlier_at: int | None = None
    """Of a duplicate: when the same content was claimed first (ms)."""
    trouble: str = ""
    """What stood in the way, for the log: of a "retry" the cause, of a "bug" the traceback."""
    companions: Sequence[str] = ()
    """Names of the attachments it needs and does not have."""


@dataclass(frozen=True, slots=True)
class Report:
    """Outcomes so far; ``finished`` when the job is over. What it left out was not begun."""

    outcomes: Sequence[Outcome]
    finished: bool
