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
from spool.names import numbered, safe_name

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MANIFEST_NAME = "manifest.json"
KEPT_YEARS = 7
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


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ChainFile(_Frozen):
    """What ``chain.json`` holds: the head, and the folders of the group that it was made for."""

    sequence: int = Field(ge=0)
    digest: Digest
    group: tuple[str, ...]

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

    def to_bytes(self) -> bytes:
        """Return the canonical form: UTF-8 JSON, fields in the order of the model, indented for the reader."""
        return self.model_dump_json(indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what ``to_bytes`` wrote; raise ValueError (of pydantic) for anything else."""
        return cls.model_validate_json(data)

    def files(self) -> tuple[ArchivedFile, ...]:
        """The files that lie beside the manifest."""
        return (self.original, *self.companions)


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
    """Give each file of an entry a safe name of its own in the folder; the original comes first."""
    stored: dict[str, SourceFile] = {}
    taken = {MANIFEST_NAME}
    for source in (entry.original, *entry.companions):
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
        companions=files[1:],
        outputs=tuple(
            OutputFile(target=made.target, name=_printable(made.name), size=made.size, sha256=made.sha256)
            for made in entry.outputs
        ),
        warnings=tuple(_filled(problem) for problem in entry.warnings),
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
