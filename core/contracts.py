"""What the rooms promise each other. A format and a handler are modules that offer these names.

SHALL and MAY are meant as in RFC 2119. The engine in ``spool/`` finds every module of ``formats/`` and ``handlers/``
by its file name (a leading underscore hides a helper); there is no registry to edit. What a module of ``connectors/``
promises stands in ``core/connecting.py``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pydantic import BaseModel

from core.batch import Batch, Origin, Output
from core.company import Company
from core.errors import ContentError, Problem
from core.table_explanation import TableExplanation

# ── formats: bytes <-> documents ──────────────────────────────────────────────────────────────────────────────────


class Writer(Protocol):
    """Turns documents into bytes, piece by piece, so that a long list never stands in memory whole."""

    def begin(self) -> bytes:
        """Bytes before the first document; called once."""

    def add(self, documents: Sequence[Any]) -> bytes:
        """Bytes of these documents; called any number of times. Raise RuleError for what the target cannot hold."""

    def end(self) -> bytes:
        """Bytes after the last document; called once."""


class Reader(Protocol):
    """The reading half of a format module. A module has this half, the writing half, or both."""

    LABEL: str
    """German name as a clerk knows it, e.g. "RZL-OP-Liste"."""
    Settings: type[BaseModel]
    """Settings of a route for this format; all have defaults."""

    def sniff(self, head: bytes, name: str) -> bool:
        """Say whether a file with these first 4096 bytes and this name is of this format; never raise."""

    def read(self, source: BinaryIO, origin: Origin, settings: Any) -> Batch:
        """Read a file, from a seekable binary file at position 0 that stays open until the drop is finished.

        SHALL raise FormatError with a place for whatever it cannot read, and nothing else, for any bytes.
        """


class TableReader(Reader, Protocol):
    """A Reader of tables MAY offer this too, so that the note can show the table with the wrong cells marked."""

    def table(self, source: BinaryIO, settings: Any) -> Iterator[Sequence[object]]:
        """Yield the rows as a person sees them, row 1 first."""


class ExplainingReader(Reader, Protocol):
    """A Reader of tables MAY offer this too, so that ``preview`` can say how it has understood a refused file."""

    def explain(self, source: BinaryIO, settings: Any) -> TableExplanation | None:
        """Say what the columns were taken for, and propose settings; None where there is no table. Never raise."""


class Ranked(Protocol):
    """A Reader MAY offer this: files of lower rank that wait together are handled first (master data first)."""

    def rank(self, head: bytes) -> int:
        """Rank of a file with these first 4096 bytes; 0 is first."""


class WritingFormat(Protocol):
    """The writing half of a format module."""

    LABEL: str
    WriterSettings: type[BaseModel]

    def open_writer(self, output: Output, settings: Any) -> Writer:
        """Make the Writer of one output file."""


# ── the ledger: what handlers remember from one drop to the next ──────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Entry:
    """One remembered thing. ``body`` is JSON: Decimals and dates as text."""

    key: str
    body: Mapping[str, Any]
    group: str = ""
    """Second way to find it, e.g. the ledger account of an open item."""


class CompanyLedger(Protocol):
    """What is known of one company, as it was before this drop (drops handled earlier included)."""

    def get(self, kind: str, key: str) -> Entry | None:
        """The entry, or None."""

    def get_many(self, kind: str, keys: Sequence[str]) -> Mapping[str, Entry]:
        """Those of the entries that exist, by key; any number of keys."""

    def group(self, kind: str, group: str) -> Iterator[Entry]:
        """All entries of a group, in order of their keys."""

    def get_groups(self, kind: str, groups: Sequence[str]) -> Mapping[str, Sequence[Entry]]:
        """Entries of many groups at once, by group; groups without entries are left out."""

    def all(self, kind: str) -> Iterator[Entry]:
        """All entries of a kind, in order of their keys; streamed."""


class Ledger(Protocol):
    """Companies never see each other's entries."""

    def of(self, company: str) -> CompanyLedger:
        """The ledger of one company; "" is the site's own (message ids, sequences)."""


# ── handlers: documents -> documents ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Emit:
    """Write these documents to that output. The first Emit of an output decides its place in the publishing order."""

    output: Output
    documents: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Attach:
    """Publish a file as it is: an attachment that travels with the documents."""

    target: str
    name: str
    content: bytes | Path


@dataclass(frozen=True, slots=True)
class Put:
    """Remember an entry (or forget it, where ``body`` is None) when, and only when, this drop is committed."""

    company: str
    kind: str
    key: str
    body: Mapping[str, Any] | None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Claim a business key for ever. Another drop that claims it with other content is rejected as a conflict."""

    company: str
    key: str
    """E.g. "invoice-export:AR-2026-10231"."""


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell the clerk and the manifest, and go on."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Hold:
    """Stop: a person must look and release or discard the file. Everything emitted so far is dropped."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Stop: something that should come first has not come yet. Tried again when anything arrives on the route's
    companies, held when the route's ``wait_limit`` is over. Everything emitted so far is dropped."""

    problem: Problem


Effect = Emit | Attach | Put | Claim | Warn | Hold | Wait


@dataclass(frozen=True, slots=True)
class CompanionFile:
    """A file that lay beside the drop: a handler may publish it (``Attach``), never open it."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a handler may know besides the Batch."""

    ledger: Ledger
    companies: Mapping[str, Company]
    settings: Any
    """An instance of the handler's own Settings."""
    today: date
    """Local date of the claim."""
    released: bool = False
    """A person has looked at what was held and said "go on"."""
    companions: Mapping[str, CompanionFile] = field(default_factory=dict)
    """The files named by ``Batch.companions``, by name as written."""
    partial: bool = False
    """The route takes the good documents and gives the bad ones back."""


class Handler(Protocol):
    """A handler module."""

    LABEL: str
    Settings: type[BaseModel]
    ACCEPTS: frozenset[str]
    """Document types it takes."""
    ANSWERS_DUPLICATES: bool
    """True: same content again is handed in, because the sender expects an answer. False: the engine stops it."""

    def handle(self, batch: Batch, context: Context) -> Iterator[Effect]:
        """Do the job. SHALL be pure: same batch, same context, same effects. Raise ContentError to reject."""


class AnsweringHandler(Handler, Protocol):
    """A handler MAY offer this, so that a sender is answered even when its file is rejected."""

    def refuse(self, error: ContentError, head: bytes, origin: Origin, context: Context) -> Iterator[Effect]:
        """Effects that take place although the file is rejected; ``head`` is the first 64 KiB of the file."""
