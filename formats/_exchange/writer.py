"""Writes messages of clue-exchange record by record, one a line, with control totals at the end."""

import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic_core import to_json

from core.batch import Output
from core.documents import Ack, BadRecord, Model, Record
from core.documents.messages import FORMAT, SYSTEM, VERSION
from core.money import ZERO

NAMESPACE = uuid.UUID("6f0d3a4e-6c1b-5f2e-9d57-0c1ed09e0001")
"""Makes message ids of what the message comes from, so that a replay makes the same ones."""


def message_id(head: Mapping[str, Any], output: Output) -> str:
    """Id of the message that this output becomes: the same for the same drop and the same file."""
    made_of = "\n".join([str(head.get("drop_id", "")), output.target, output.name, output.document_type])
    return str(head.get("message_id") or uuid.uuid5(NAMESPACE, made_of))


class ExchangeWriter:
    """Writer of one message; see ``core.contracts.Writer``."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._count = 0
        self._sum: Decimal | None = None
        self._countable = True
        self._ack: Ack | None = None
        packed = output.name.lower().endswith(".gz")
        self._packer = zlib.compressobj(6, wbits=31) if packed else None

    def begin(self) -> bytes:
        """The envelope up to its records."""
        head = json.dumps(self._envelope(), ensure_ascii=False, separators=(",", ":"))
        return self._packed(head[:-1].encode() + b',"records":[')

    def add(self, documents: Sequence[Any]) -> bytes:
        """The lines of these records (Record, or BadRecord that goes back as it came)."""
        lines = []
        for document in documents:
            if isinstance(document, Record) and isinstance(document.data, Ack):
                if self._ack is not None:
                    raise ValueError("a message acknowledges one message")
                self._ack = document.data
                rows = [to_json(row, exclude_none=True) for row in document.data.records]
                lines.extend(rows)
            else:
                lines.append(self._line(document))
        if not lines:
            return b""
        first = b"\n" if self._count == 0 else b",\n"
        self._count += len(lines)
        return self._packed(first + b",\n".join(lines))

    def end(self) -> bytes:
        """What stands after the records: control totals, or the result of an acknowledgement."""
        if self._ack is not None:
            rest = to_json(self._ack, exclude_none=True, exclude={"id", "records", "correlation_id", "external_ids"})
            tail = b"," + rest[1:]
        else:
            totals: dict[str, Any] = {"record_count": self._count}
            if self._sum is not None and self._countable:
                totals["amount_sum"] = str(self._sum)
            tail = b',"totals":' + json.dumps(totals, separators=(",", ":")).encode() + b"}"
        whole = self._packed(b"\n]" + tail + b"\n")
        return whole + (self._packer.flush() if self._packer else b"")

    def _line(self, document: Record | BadRecord) -> bytes:
        if isinstance(document, BadRecord):
            self._countable = False
            return json.dumps(document.raw, ensure_ascii=False, separators=(",", ":")).encode()
        start = b'{"op":"' + document.op.encode() + b'","id":' + to_json(document.id)
        data = document.data
        if data is None:
            return start + b"}"
        if not isinstance(data, Model):
            return start + b',"data":' + to_json(data) + b"}"
        if document.op == "upsert":
            amount = data.control_amount  # type: ignore[attr-defined]  # an upsert carries a Document
            if amount is not None:
                self._sum = (self._sum or ZERO) + amount
        text = data.__pydantic_serializer__.to_json(data, exclude_none=True, exclude={"id"})
        return start + b',"data":' + text + b"}"

    def _envelope(self) -> dict[str, Any]:
        head = dict(self._output.head)
        made: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "message_id": message_id(head, self._output),
            "type": self._output.document_type,
            "mode": head.get("mode", "delta"),
            "created_at": head["created_at"].isoformat(),
            "sender": _partner(head.get("sender", SYSTEM), head.get("company")),
        }
        if head.get("receiver"):
            made["receiver"] = _partner(head["receiver"], head.get("receiver_company"))
        if head.get("as_of"):
            made["as_of"] = head["as_of"].isoformat()
        if head.get("correlation_id"):
            made["correlation_id"] = head["correlation_id"]
        if head.get("test"):
            made["test"] = True
        if head.get("attachments"):
            made["attachments"] = json.loads(head["attachments"])
        return made

    def _packed(self, piece: bytes) -> bytes:
        return self._packer.compress(piece) if self._packer else piece


def _partner(system: str, company: str | None) -> dict[str, str]:
    return {"system": system} if company is None else {"system": system, "company": company}
