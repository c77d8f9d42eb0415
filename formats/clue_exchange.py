"""clue-exchange 1.0: messages of JSON between CLUE and Cluedrop (facts/domain.md 2; docs/exchange/)."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.batch import Batch, Origin, Output
from core.contracts import Writer
from core.documents import ENTITIES, AttachedFile, BadRecord, Cancellation, Document, Envelope, MasterData, Record
from core.documents.messages import OPERATIONS
from core.documents.problems import LIMIT, pointer, problems_of, shown
from core.documents.salvage import opening
from core.documents.validate import document, model
from core.errors import ContentError, FormatError, Problem
from core.money import total
from formats._exchange.attached_files import attached_files
from formats._exchange.writer import ExchangeWriter
from formats._strict_json import parsed, unpacked

LABEL = "CLUE-Austauschdatei"
_MASTER_DATA = frozenset(name.encode() for name, entity in ENTITIES.items() if issubclass(entity, MasterData))
_TYPE = re.compile(rb'"type"\s*:\s*"([a-z_]+)"')
_ID_LENGTH = 120


class Settings(BaseModel):
    """Settings of a route for this format."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=100_000_000, ge=1000, description="Largest content of a file in bytes, unpacked.")
    max_records: int = Field(default=200_000, ge=1, description="Most records of one message.")


class WriterSettings(BaseModel):
    """Settings of a target for this format: there are none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def sniff(head: bytes, name: str) -> bool:  # noqa: ARG001 - the content says it, whatever the name
    """Say whether this is a message of the format."""
    start = opening(head)
    return start.startswith(b"{") and b'"clue-exchange"' in start


def rank(head: bytes) -> int:
    """Master data before the documents that need it."""
    found = _TYPE.search(opening(head))
    return 0 if found and found[1] in _MASTER_DATA else 1


def open_writer(output: Output, settings: WriterSettings) -> Writer:  # noqa: ARG001 - the contract hands it in
    """Make the writer of one message; see ``core.documents.message_head`` for what ``output.head`` holds."""
    return ExchangeWriter(output)


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read a message.

    ``documents`` are Record and, for records that are wrong in themselves, BadRecord, each at its index in the file.
    ``head`` holds the envelope: message_id, sender and receiver ({system, company}), mode, created_at, stream,
    sequence, as_of, correlation_id, test, ``attachments`` (AttachedFile) and ``sha256`` of the unpacked content.
    FormatError means that the message as a whole cannot be trusted.
    """
    content = unpacked(source, settings.max_bytes)
    tree = parsed(content)
    if not isinstance(tree, dict) or "format" not in tree:
        what = "Die Datei ist keine Nachricht: Am Anfang fehlen die Angaben zu Format und Absender."
        raise FormatError(Problem("not_a_message", what, "Bitte die Formatbeschreibung beachten.", pointer=""))
    envelope, problems = _envelope(tree)
    problems += _records_problems(tree, settings.max_records)
    files: list[AttachedFile] = []
    if envelope is not None:
        files, wrong = attached_files(envelope.attachments)
        problems += wrong
    if envelope is None or problems:
        raise FormatError(*problems[:LIMIT])
    records = _ack(tree, envelope) if envelope.type == "ack" else tuple(_records(envelope.type, tree["records"]))
    wrong = list(_totals_problems(envelope, records))
    if wrong:
        raise FormatError(*wrong)
    return Batch(
        origin=origin,
        document_type=envelope.type,
        documents=records,
        head=_head(envelope, files, content),
        companions=tuple(dict.fromkeys(file.href for file in files if file.href is not None)),
    )


def _head(envelope: Envelope, files: list[AttachedFile], content: bytes) -> dict[str, Any]:
    return {
        "message_id": envelope.message_id,
        "sender": {"system": envelope.sender.system, "company": envelope.sender.company},
        "receiver": envelope.receiver.model_dump() if envelope.receiver else None,
        "mode": envelope.mode,
        "created_at": envelope.created_at,
        "stream": envelope.stream,
        "sequence": envelope.sequence,
        "as_of": envelope.as_of,
        "correlation_id": envelope.correlation_id,
        "test": envelope.test,
        "attachments": tuple(files),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _envelope(tree: dict[str, Any]) -> tuple[Envelope | None, list[Problem]]:
    fields = {name: value for name, value in tree.items() if name != "records"}
    try:
        envelope = Envelope.model_validate(fields)
    except ValidationError as error:
        return None, list(problems_of(error))
    problems = []
    if envelope.as_of is None and (envelope.type == "open_item" or envelope.mode == "full"):
        what = "Bei einem Vollstand fehlt der Stichtag."
        problems.append(Problem("missing", what, "Bitte „as_of“ angeben.", pointer="/as_of"))
    if envelope.sequence is not None and envelope.stream is None:
        what = "Zur laufenden Nummer fehlt die Angabe, zu welcher Reihe sie gehört."
        problems.append(Problem("missing", what, "Bitte „stream“ angeben.", pointer="/stream"))
    return envelope, problems


def _records_problems(tree: dict[str, Any], limit: int) -> list[Problem]:
    records = tree.get("records")
    if not isinstance(records, list):
        what = "In der Nachricht fehlt die Liste der Datensätze."
        return [Problem("records_missing", what, "Bitte „records“ als Liste angeben.", pointer="/records")]
    if len(records) > limit:
        what = f"Die Nachricht hat {len(records)} Datensätze, erlaubt sind {limit}."
        return [Problem("too_many_records", what, "Bitte auf mehrere Nachrichten aufteilen.", pointer="/records")]
    return []


def _ack(tree: dict[str, Any], envelope: Envelope) -> tuple[Record, ...]:
    """An acknowledgement is one document; its fields stand in the message itself."""
    names = ("correlation_id", "result", "counts", "records", "message_de")
    fields = {name: tree[name] for name in names if name in tree}
    try:
        return (Record("upsert", envelope.message_id, document("ack", envelope.message_id, fields)),)
    except ContentError as error:
        raise FormatError(*error.problems) from None


def _records(entity: str, records: list[Any]) -> Iterator[Record | BadRecord]:
    seen: set[str] = set()
    for index, raw in enumerate(records):
        at = pointer("records", index)
        problems = _shape_problems(raw, at, seen)
        record_id = raw["id"] if isinstance(raw, dict) and isinstance(raw.get("id"), str) else ""
        if not problems:
            seen.add(record_id)
            try:
                yield Record(raw["op"], record_id, _data(entity, raw, at))
                continue
            except ContentError as error:
                problems = list(error.problems)
        yield BadRecord(record_id, index, tuple(problems), raw)


def _shape_problems(raw: Any, at: str, seen: set[str]) -> list[Problem]:
    if not isinstance(raw, dict):
        return [Problem("object_expected", "Der Datensatz ist leer oder unvollständig.", "Bitte prüfen.", pointer=at)]
    problems = []
    record_id, operation = raw.get("id"), raw.get("op")
    if not isinstance(record_id, str) or not 0 < len(record_id) <= _ID_LENGTH or not record_id.isprintable():
        what = "Dem Datensatz fehlt die Kennung, oder sie enthält unzulässige Zeichen."
        problems.append(Problem("id_missing", what, "Bitte „id“ als Text angeben.", pointer=at + "/id"))
    elif record_id in seen:
        what = f"Der Datensatz {record_id} kommt in der Nachricht mehrmals vor."
        todo = "Bitte jeden Datensatz nur einmal anführen."
        problems.append(Problem("duplicate_record", what, todo, pointer=at + "/id", record=record_id))
    if operation not in OPERATIONS:
        known = ", ".join(OPERATIONS)
        what = "Beim Datensatz fehlt die Art der Übergabe."
        if operation is not None:
            what = f"„{shown(operation)}“ ist keine Art der Übergabe."
        known_id = record_id if isinstance(record_id, str) else None
        place = at + "/op"
        problems.append(Problem("unknown_operation", what, f"Erlaubt sind: {known}.", pointer=place, record=known_id))
    return problems


def _data(entity: str, raw: dict[str, Any], at: str) -> Document | Cancellation | dict[str, Any] | None:
    """Data of a record; a patch stays raw until it is merged. Raise RuleError."""
    record_id, data, place = raw["id"], raw.get("data"), at + "/data"
    match raw["op"]:
        case "upsert":
            return document(entity, record_id, data, place)
        case "patch":
            if not isinstance(data, dict) or not data:
                what = f"Bei der Änderung von {record_id} fehlt, was sich ändert."
                raise FormatError(
                    Problem("data_missing", what, "Bitte „data“ angeben.", pointer=place, record=record_id)
                )
            return data
        case "cancel":
            return model(Cancellation, data if isinstance(data, dict) else {}, place, record_id)
        case _:
            return None


def _totals_problems(envelope: Envelope, records: tuple[Record | BadRecord, ...]) -> Iterator[Problem]:
    """Check the control totals; amounts only where every record could be read."""
    stated = envelope.totals
    if stated is None or envelope.type == "ack":
        return
    if stated.record_count not in {None, len(records)}:
        what = f"Angekündigt sind {stated.record_count} Datensätze, in der Datei stehen {len(records)}."
        todo = "Die Datei ist vermutlich unvollständig. Bitte neu erzeugen."
        yield Problem("record_count", what, todo, pointer="/totals/record_count", value=str(stated.record_count))
    sound = [record for record in records if isinstance(record, Record)]
    if stated.amount_sum is None or len(sound) < len(records):
        return
    documents = (record.data for record in sound if isinstance(record.data, Document))
    amounts = [amount for amount in (data.control_amount for data in documents) if amount is not None]
    if total(amounts) != stated.amount_sum:
        what = f"Die Kontrollsumme ist {stated.amount_sum}, die Belege ergeben aber {total(amounts)}."
        todo = "Bitte die Datei neu erzeugen."
        yield Problem("amount_sum", what, todo, pointer="/totals/amount_sum", value=str(stated.amount_sum))
