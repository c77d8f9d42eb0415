"""What can be told of a message from the first bytes of its file, even when the rest is damaged."""

import json
import re
import zlib
from dataclasses import dataclass
from typing import Any

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_FIELDS = frozenset({"message_id", "sender", "type", "stream", "sequence"})
_MESSAGE_ID = re.compile(rf'"message_id"\s*:\s*"({_UUID})"')
_SENDER = re.compile(r'"sender"\s*:\s*(\{[^{}]*\})')
_TYPE = re.compile(r'"type"\s*:\s*"([a-z_]+)"')
_STREAM = re.compile(r'"stream"\s*:\s*("[^"\\]{1,60}")')
_SEQUENCE = re.compile(r'"sequence"\s*:\s*([0-9]{1,15})\b')


@dataclass(frozen=True, slots=True)
class Salvaged:
    """Fields of the envelope, "" or None where they could not be found."""

    message_id: str
    system: str
    company: str
    type: str
    stream: str | None
    sequence: int | None


def opening(head: bytes) -> bytes:
    """The beginning of a file as text bytes without BOM, unpacked as far as it goes; never raise."""
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, 65536)
        except zlib.error:
            return b""
    return head.removeprefix(_BOM).lstrip()


def salvaged(head: bytes) -> Salvaged:
    """Look for the envelope's fields, in a damaged or long file before the records; never raise."""
    text = opening(head).decode("utf-8", "replace")
    whole = _object(text)
    if whole:
        text = json.dumps({name: value for name, value in whole.items() if name in _FIELDS}, ensure_ascii=False)
    text = text.split('"records"')[0]
    sender = _object(_first(_SENDER, text))
    sequence = _first(_SEQUENCE, text)
    return Salvaged(
        message_id=_first(_MESSAGE_ID, text).lower(),
        system=_text(sender.get("system")),
        company=_text(sender.get("company")),
        type=_first(_TYPE, text),
        stream=_first(_STREAM, text).strip('"') or None,
        sequence=int(sequence) if sequence else None,
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _object(text: str) -> dict[str, Any]:
    try:
        made = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return made if isinstance(made, dict) else {}


def _text(value: object) -> str:
    return value[:60] if isinstance(value, str) and value.isprintable() else ""
