"""The bad records of a partly taken message, as a message of their own that can be corrected and dropped again."""

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from core.batch import REJECTED_FOLDER, Batch, Output
from core.contracts import Attach, Context, Effect, Emit
from core.documents import AttachedFile, BadRecord, Record


def rejected_part(batch: Batch, records: Sequence[Record | BadRecord], context: Context) -> Iterator[Effect]:
    """Give these records back with their attachments, under a new message id and outside any numbering."""
    head = batch.head
    fields: dict[str, Any] = {
        "as_of": head["as_of"],
        "attachments": _attachments_text(head["attachments"]),
        "company": head["sender"]["company"],
        "created_at": batch.origin.received_at,
        "drop_id": batch.origin.drop_id,
        "mode": head["mode"],
        "sender": head["sender"]["system"],
    }
    name = f"{PurePosixPath(batch.origin.name).name.split('.')[0]}-korrigieren.json"
    given = tuple((key, value) for key, value in fields.items() if value)
    yield Emit(Output(REJECTED_FOLDER, "clue_exchange", name, batch.document_type, given), tuple(records))
    for href in dict.fromkeys(file.href for file in head["attachments"] if file.href is not None):
        yield Attach(REJECTED_FOLDER, href, context.companions[href].path)


def _attachments_text(files: Sequence[AttachedFile]) -> str:
    """The attachments as JSON text: a head of an output can be compared."""
    return json.dumps([_attachment(file) for file in files], ensure_ascii=False) if files else ""


def _attachment(file: AttachedFile) -> dict[str, Any]:
    made: dict[str, Any] = {"attachment_id": file.attachment_id, "filename": file.filename}
    if file.size is not None:
        made["size"] = file.size
    if file.sha256 is not None:
        made["sha256"] = file.sha256
    if file.href is not None:
        return {**made, "href": file.href}
    return {**made, "content_base64": base64.b64encode(file.content or b"").decode()}
