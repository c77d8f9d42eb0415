"""What does the archive remember of a drop? One manifest a drop, each holding the digest of the one before it.

The chain (BAO §131/132, facts/domain.md 3, facts 20-22): the chain digest of a manifest is the SHA-256 of its bytes,
and its bytes hold the chain digest of its predecessor. Whoever alters, removes, inserts or reorders an entry must alter
all that follow, up to the head, which the journal keeps too.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.errors import Problem
from spool.folders.names import numbered, safe_name

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MANIFEST_NAME = "manifest.json"
KEPT_YEARS = 7
_OF_THE_ATTEMPT = (
    *("sequence", "previous", "archived_at", "keep_until"),
    *("number", "flags", "keys", "ledger", "ledger_file"),
)
_PROBLEM_FIELDS = tuple(Problem.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last link: number of the newest entry, counted from 1, and its chain digest."""

    sequence: int
    digest: str


GENESIS = ChainHead(0, "0" * 64)
"""The head of an empty archive."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be moved into the archive."""

    name: str
    """As it was dropped."""
    path: str
    """Where it lies now."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that was made of the drop."""

    target: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Effects:
    """What a drop has changed in the journal: all that is needed to do it again to another one."""

    number: int = 0
    """Its place among all commits of the site: the order in which the effects of drops follow one another."""
    flags: str = ""
    """What a person had decided: released, forced."""
    keys: Sequence[tuple[str, str]] = ()
    """Scope and key of everything it has claimed."""
    ledger: Sequence[str] = ()
    """JSON of company, kind, key, group and body (null: forgotten) of each entry it has written."""
    spilled: SourceFile | None = None
    """A file of such lines, where there are too many."""


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One finished drop. Both moments are in the time zone of the site: the day of ``received_at`` names the folder."""

    drop_id: str
    route: str
    outcome: str
    received_at: datetime
    archived_at: datetime
    original: SourceFile
    companions: Sequence[SourceFile] = ()
    outputs: Sequence[MadeFile] = ()
    warnings: Sequence[Problem] = ()
    effects: Effects = Effects()


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ChainFile(_Frozen):
    """What ``chain.json`` holds: the head, and the folders of the group that it was made for."""

    sequence: int = Field(ge=0)
    digest: Digest
    group: tuple[str, ...]
    committed: int = 0
    """The highest ``number`` of a manifest in the archive: a journal that knows fewer commits is an old one."""

    @property
    def head(self) -> ChainHead:
        """The head that the archive remembers."""
        return ChainHead(self.sequence, self.digest)


class ArchivedFile(_Frozen):
    """A file that lies in the entry's folder."""

    name: str
    """As it was dropped; undecodable bytes are written ``\\xff``."""
    file: str
    """As it lies in the folder."""
    size: int = Field(ge=0)
    sha256: Digest


class OutputFile(_Frozen):
    """A file that was made of the drop and published; it is not in the archive."""

    target: str
    name: str
    size: int = Field(ge=0)
    sha256: Digest


class Manifest(_Frozen):
    """Everything that is to be proved of one drop, seven years from now."""

    sequence: int = Field(ge=1)
    previous: Digest
    """Chain digest of the entry before."""
    id: str
    route: str
    outcome: str
    received_at: datetime
    archived_at: datetime
    keep_until: date
    original: ArchivedFile
    companions: tuple[ArchivedFile, ...] = ()
    outputs: tuple[OutputFile, ...] = ()
    warnings: tuple[Mapping[str, Any], ...] = ()
    """Problems that did not stop the file, without their empty fields."""
    number: int = 0
    """This and what follows: see ``Effects``. Zero in entries that say nothing of their effects."""
    flags: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    ledger: tuple[str, ...] = ()
    ledger_file: ArchivedFile | None = None

    def to_bytes(self) -> bytes:
        """Return the canonical form: UTF-8 JSON, fields in the order of the model, indented for the reader."""
        return self.model_dump_json(indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what ``to_bytes`` wrote; raise ValueError (of pydantic) for anything else."""
        return cls.model_validate_json(data)

    def is_same_drop(self, other: "Manifest") -> bool:
        """Say whether both tell of one drop, whenever and behind whatever they were written.

        After a crash the effects are put together anew, without what later drops have overwritten since.
        """
        return self.model_copy(update={name: getattr(other, name) for name in _OF_THE_ATTEMPT}) == other

    def files(self) -> tuple[ArchivedFile, ...]:
        """The files that lie beside the manifest."""
        return (self.original, *self.companions, *([self.ledger_file] if self.ledger_file else ()))


def chain_digest(manifest: bytes) -> str:
    """Return the chain digest of a manifest's bytes."""
    return hashlib.sha256(manifest).hexdigest()


def keep_until(archived_at: datetime) -> date:
    """Return the last day of the statutory retention: seven years from the end of the calendar year (§132 BAO)."""
    return date(archived_at.year + KEPT_YEARS, 12, 31)


def entry_folder(received_at: datetime, drop_id: str) -> str:
    """Return the folder of an entry below the archive's root, ``YYYY/MM/DD/<id>``.

    The day is that of the arrival, because it never changes: a second attempt after midnight finds the first.
    """
    return f"{received_at.year:04}/{received_at.month:02}/{received_at.day:02}/{drop_id}"


def stored_names(entry: ArchiveEntry) -> dict[str, SourceFile]:
    """Give each file of an entry a safe name of its own in the folder, in the order of ``Manifest.files``."""
    stored: dict[str, SourceFile] = {}
    taken = {MANIFEST_NAME}
    spilled = entry.effects.spilled
    for source in (entry.original, *entry.companions, *([spilled] if spilled else ())):
        safe, number = safe_name(source.name), 1
        while (name := numbered(safe, number)).casefold() in taken:
            number += 1
        taken.add(name.casefold())
        stored[name] = source
    return stored


def manifest_of(entry: ArchiveEntry, stored: Mapping[str, SourceFile], head: ChainHead) -> Manifest:
    """Build the manifest of an entry that follows ``head``; ``stored`` as ``stored_names`` gave it."""
    files = tuple(
        ArchivedFile(name=_printable(source.name), file=name, size=source.size, sha256=source.sha256)
        for name, source in stored.items()
    )
    return Manifest(
        sequence=head.sequence + 1,
        previous=head.digest,
        id=entry.drop_id,
        route=entry.route,
        outcome=entry.outcome,
        received_at=entry.received_at,
        archived_at=entry.archived_at,
        keep_until=keep_until(entry.archived_at),
        original=files[0],
        companions=files[1 : 1 + len(entry.companions)],
        outputs=tuple(
            OutputFile(target=made.target, name=_printable(made.name), size=made.size, sha256=made.sha256)
            for made in entry.outputs
        ),
        warnings=tuple(_filled(problem) for problem in entry.warnings),
        number=entry.effects.number,
        flags=entry.effects.flags,
        keys=tuple(entry.effects.keys),
        ledger=tuple(entry.effects.ledger),
        ledger_file=files[-1] if entry.effects.spilled else None,
    )


def _filled(problem: Problem) -> dict[str, Any]:
    found = ((name, getattr(problem, name)) for name in _PROBLEM_FIELDS)
    return {
        name: _printable(value) if isinstance(value, str) else value for name, value in found if value not in {None, ""}
    }


def _printable(text: str) -> str:
    """Return text that JSON can hold: undecodable bytes and lone surrogates are written out."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
