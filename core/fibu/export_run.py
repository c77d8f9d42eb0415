"""A run of the FIBU export: what is remembered of it, and the orders that a person or a schedule gives for one.

A run is known by the id of the drop that began it. At once: one drop, one run. On a schedule it stays open, and takes
up what comes, until it is written.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.documents.messages import FORMAT, SYSTEM, VERSION

RUN = "export_run"
"""Ledger kind: one run; key = its id."""
EXPORTED = "exported_document"
"""Ledger kind: a document that was handed to the FIBU, or will be with the open run; group = the run."""
OPEN_RUN = "open_export_run"
"""Ledger kind: the run that takes up documents now; key = OPEN_RUN, body = {"run": id}."""
WITHDRAWN = "withdrawn_file"
"""Ledger kind of the site: a file of a run that was taken back, to be removed where it still lies (WithdrawnFile)."""
ORDER = "export_order"
"""Entity of the exchange format: an order for a run (``core.documents.ExportOrder``)."""

_NAMESPACE = uuid.UUID("6f0d3a4e-6c1b-5f2e-9d57-0c1ed09e0002")


class ExportRun(BaseModel):
    """What is remembered of a run. Moments have a time zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fibu: str
    """FIBU program of the company."""
    status: Literal["open", "written", "taken_back"]
    opened_at: datetime
    ended_at: datetime | None = None
    """When it was written, or taken back."""
    documents: int
    gross: Decimal
    """Sum of its documents, in the company's currency."""
    files: tuple[tuple[str, str], ...] = ()
    """Target and name of every file: for the FIBU, and the report."""
    written_by: str = ""
    """Id of the drop that wrote the files."""
    reason: str = ""
    """Why it was taken back."""

    def body(self) -> Mapping[str, Any]:
        """The ledger entry's JSON body."""
        return self.model_dump(mode="json")


class WithdrawnFile(BaseModel):
    """A published file that shall not be imported any more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drop_id: str
    """The drop that published it."""
    target: str
    name: str


def order_message(order: Mapping[str, Any], company: str, asked_at: datetime) -> bytes:
    """A message of the exchange format with one order (data of an ``ExportOrder``); the same for the same moment."""
    made_of = "\n".join([company, asked_at.isoformat(), json.dumps(order, sort_keys=True)])
    message_id = str(uuid.uuid5(_NAMESPACE, made_of))
    message = {
        "format": FORMAT,
        "version": VERSION,
        "message_id": message_id,
        "type": ORDER,
        "mode": "delta",
        "created_at": asked_at.isoformat(),
        "sender": {"system": SYSTEM, "company": company},
        "records": [{"op": "upsert", "id": message_id, "data": order}],
    }
    return json.dumps(message, ensure_ascii=False, indent=1).encode() + b"\n"
