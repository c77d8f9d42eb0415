"""The message around the documents: envelope, record, attachment, acknowledgement (facts/domain.md 2.3, 2.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import AfterValidator, Field

from core.batch import Origin
from core.documents.base import Count, Day, Document, Id, Model, Money, Text, Timestamp
from core.errors import Problem

FORMAT = "clue-exchange"
VERSION = "1.0"
SYSTEM = "cluedrop"
"""Name under which Cluedrop sends."""

EntityName = Literal[
    "customer",
    "supplier",
    "article",
    "account",
    "price_list",
    "stock_level",
    "order",
    "order_status",
    "delivery_note",
    "parcel",
    "invoice",
    "cash_receipt",
    "payment",
    "open_item",
    "clearing",
    "export_order",
    "ack",
]
Operation = Literal["upsert", "patch", "delete", "cancel"]
OPERATIONS: tuple[str, ...] = get_args(Operation)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a message; its place in ``Batch.documents`` is its index in the file."""

    op: Operation
    id: str
    data: Any = None
    """upsert: the Document; patch: a JSON merge patch (RFC 7396) as dict; cancel: a Cancellation; delete: None."""


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that is wrong in itself; it spoils the others only where the route does not take parts."""

    id: str
    """"" where it has none."""
    index: int
    problems: tuple[Problem, ...]
    raw: Any
    """The record as it stands in the file."""


class Cancellation(Model):
    """Data of a ``cancel`` record."""

    cancelled_by: Id
    """Id of the document that cancels."""
    reason: Text | None = None


class Partner(Model):
    """A system, and the company (Mandant) in it."""

    system: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,60}$")]
    company: Annotated[str, Field(min_length=1, max_length=20)] | None = None


class ControlTotals(Model):
    """What the sender counted; both are checked."""

    record_count: Count | None = None
    amount_sum: Money | None = None


def _canonical_uuid(text: str) -> str:
    return str(UUID(text))


MessageId = Annotated[
    str,
    Field(pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"),
    AfterValidator(_canonical_uuid),
]


class Attachment(Model):
    """A file that travels with the message: embedded, or lying beside it under the plain name ``href``."""

    attachment_id: Id
    filename: Annotated[str, Field(min_length=1, max_length=200)]
    media_type: Text | None = None
    size: Count | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    href: str | None = None
    content_base64: str | None = None


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """An attachment whose reference or content was found sound; it has either ``content`` or ``href``."""

    attachment_id: str
    filename: str
    """Plain file name."""
    content: bytes | None = None
    href: str | None = None
    """Plain name of the file that lies beside the message."""
    size: int | None = None
    sha256: str | None = None


class Envelope(Model):
    """Everything of a message but its records."""

    format: Literal["clue-exchange"]
    version: Annotated[str, Field(pattern=r"^1\.[0-9]{1,3}$")]
    message_id: MessageId
    type: EntityName
    mode: Literal["delta", "full"]
    created_at: Timestamp
    sender: Partner
    receiver: Partner | None = None
    stream: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    sequence: Count | None = None
    as_of: Day | None = None
    correlation_id: MessageId | None = None
    test: Annotated[bool, Field(strict=True)] = False
    attachments: tuple[Attachment, ...] = ()
    totals: ControlTotals | None = None


class AckRecord(Model):
    """What became of one record; a record with several faults has several of these."""

    id: str
    result: Literal["accepted", "unchanged", "stale", "rejected"]
    code: str | None = None
    pointer: str | None = None
    """JSON pointer (RFC 6901) into the message that is answered."""
    message_de: str | None = None


class AckCounts(Model):
    """How many records came, and what became of them."""

    received: Count | None = None
    """None where the message could not be read so far."""
    accepted: Count
    rejected: Count
    unchanged: Count = 0
    stale: Count = 0


class Ack(Document):
    """An acknowledgement (Quittung). Its fields stand beside those of the envelope, not in a record."""

    correlation_id: MessageId
    result: Literal["accepted", "partial", "duplicate", "rejected"]
    counts: AckCounts
    records: tuple[AckRecord, ...] = ()
    message_de: str | None = None
    """What concerns the message as a whole."""


def message_head(
    origin: Origin,
    company: str | None,
    receiver: str,
    *,
    mode: Literal["delta", "full"] = "delta",
    as_of: date | None = None,
    correlation_id: str | None = None,
) -> tuple[tuple[str, Any], ...]:
    """Make the ``Output.head`` of a message that Cluedrop sends because of this drop."""
    head: Mapping[str, Any] = {
        "as_of": as_of,
        "company": company,
        "correlation_id": correlation_id,
        "created_at": origin.received_at,
        "drop_id": origin.drop_id,
        "mode": mode,
        "receiver": receiver,
    }
    return tuple((key, value) for key, value in head.items() if value is not None)
