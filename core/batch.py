"""What flows through the house: a file becomes a ``Batch``, a ``Batch`` becomes ``Output`` files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import Problem


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a drop came from; enough to name everything that is made of it."""

    drop_id: str
    """Sorts by time of arrival and is unique for ever."""
    route: str
    name: str
    """File name as it was dropped (NFC)."""
    received_at: datetime
    """Moment of the claim, with time zone; the only clock that formats and handlers know."""
    company: str | None = None
    """Company (Mandant) of the route, where the route belongs to one."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The documents of one file.

    ``documents`` can be iterated again and again. It is a tuple, or, for a long list, a lazy iterable that parses as
    it goes; then iterating may raise FormatError, and a handler must pass over it once only if it can.
    """

    origin: Origin
    document_type: str
    """Entity of the exchange format ("invoice", "open_item") or of the booking room ("booking")."""
    documents: Iterable[Any]
    head: Mapping[str, Any] = field(default_factory=dict)
    """What the file says once for all documents: message id, key date, control totals."""
    warnings: tuple[Problem, ...] = ()
    companions: tuple[str, ...] = ()
    """Names of files that must lie beside this one (attachments by reference), as written in it; plain file names."""


@dataclass(frozen=True, slots=True)
class Output:
    """One file to be laid into a target's folder.

    Equal outputs are one file: a handler may emit documents to it piece by piece.
    """

    target: str
    """Name of a target of the configuration, or REJECTED_FOLDER."""
    format: str
    """Id of the format that writes it: the module's name in ``formats/``."""
    name: str
    """Visible file name; the engine makes it safe and unique."""
    document_type: str
    head: tuple[tuple[str, Any], ...] = ()
    """What the writer needs to know once (envelope fields), as sorted pairs so that outputs can be compared."""


REJECTED_FOLDER = "@rejected"
"""Target name of the route's own ``rejected/`` folder: where the bad part of a partly accepted list comes back."""
