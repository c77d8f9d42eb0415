"""The protocol of a registered cash register, DEP7 as JSON (RKSV, Detailspezifikation; facts/domain.md 3).

Groups of receipts by certificate. Each receipt is a JWS in compact form whose payload is the machine code: register,
number, time, five sums, turnover counter, certificate, link to the receipt before it. The signature itself is not
verified, only that it is there and that the links hold together.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from core.batch import Batch, Origin
from core.documents.problems import LIMIT, pointer, shown
from core.documents.salvage import opening
from core.errors import FormatError, Problem
from core.rksv import DOCUMENT_TYPE, DepReceipt, chain_link
from formats._strict_json import parsed, unpacked

LABEL = "RKSV-Datenerfassungsprotokoll (DEP7)"

_GROUPS, _RECEIPTS = "Belege-Gruppe", "Belege-kompakt"
_CERTIFICATES = ("Signaturzertifikat", "Signatur- bzw. Siegelzertifikat")
_OUTAGE = "Sicherheitseinrichtung ausgefallen"
_TRAINING = base64.b64encode(b"TRA").decode()
_AMOUNT = re.compile(r"-?[0-9]{1,13}[,.][0-9]{2}")
_FIELDS = 13
"""Parts of the machine code: an empty one, suite, register, number, time, five sums, counter, certificate, link."""


class Settings(BaseModel):
    """Settings of a route for this format."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=200_000_000, ge=1000, description="Largest content of a file in bytes, unpacked.")


def sniff(head: bytes, name: str) -> bool:  # noqa: ARG001 - the content says it, whatever the name
    """Say whether this is a protocol."""
    start = opening(head)
    return start.startswith(b"{") and b'"Belege-Gruppe"' in start


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read a protocol; ``documents`` are DepReceipt in the order of the file.

    ``head["uncertified"]`` counts the groups that come without the certificate of their signatures, which is allowed.
    """
    tree = parsed(unpacked(source, settings.max_bytes))
    groups = tree.get(_GROUPS) if isinstance(tree, dict) else None
    if not isinstance(groups, list) or not all(_is_group(group) for group in groups):
        what = "Die Datei ist kein Datenerfassungsprotokoll: Es fehlen die Gruppen mit den Belegen."
        todo = "Bitte das DEP in der Registrierkasse als DEP7 (JSON) exportieren."
        raise FormatError(Problem("not_a_dep", what, todo, pointer=pointer(_GROUPS)))
    found = list(_receipts(groups))
    problems = [one for one in found if isinstance(one, Problem)]
    if problems:
        raise FormatError(*problems[:LIMIT])
    receipts = tuple(one for one in found if isinstance(one, DepReceipt))
    if not receipts:
        what = "Das Datenerfassungsprotokoll enthält keinen einzigen Beleg."
        todo = "Bitte beim Export in der Registrierkasse den Zeitraum prüfen."
        raise FormatError(Problem("empty", what, todo, pointer=pointer(_GROUPS)))
    uncertified = sum(1 for group in groups if not any(group.get(name) for name in _CERTIFICATES))
    return Batch(origin, DOCUMENT_TYPE, receipts, head={"uncertified": uncertified})


def _is_group(group: Any) -> bool:
    return isinstance(group, dict) and isinstance(group.get(_RECEIPTS), list)


def _receipts(groups: list[dict[str, Any]]) -> Iterator[DepReceipt | Problem]:
    for group, content in enumerate(groups):
        for index, compact in enumerate(content[_RECEIPTS]):
            at = pointer(_GROUPS, group, _RECEIPTS, index)
            receipt = _receipt(compact, at) if isinstance(compact, str) else None
            if receipt is None:
                what = f"Der {index + 1}. Beleg in der {group + 1}. Gruppe ist nicht lesbar."
                todo = "Bitte das DEP in der Registrierkasse neu exportieren."
                yield Problem("dep_receipt", what, todo, pointer=at, value=shown(compact))
            else:
                yield receipt


def _receipt(compact: str, at: str) -> DepReceipt | None:
    """A receipt from its JWS in compact form, None where it is none."""
    parts = compact.split(".")
    if len(parts) != 3:  # header, payload, signature
        return None
    payload, signature = _decoded(parts[1]), _decoded(parts[2])
    code = payload.split("_") if payload else []
    if len(code) < _FIELDS or code[0] or not code[1].startswith("R"):
        return None
    *_, number, moment, normal, first, second, zero, special, counter, _certificate, previous = code
    amounts = (normal, first, second, zero, special)
    if not all(_AMOUNT.fullmatch(amount) for amount in amounts):
        return None
    try:
        issued_at = datetime.fromisoformat(moment).replace(tzinfo=None)
    except ValueError:
        return None
    return DepReceipt(
        pointer=at,
        register_id="_".join(code[2 : 3 + len(code) - _FIELDS]),  # an id may hold the separator itself
        number=number,
        issued_at=issued_at,
        sums=tuple(Decimal(amount.replace(",", ".")) for amount in amounts),
        training=counter == _TRAINING,
        signed=bool(parts[2]) and signature != _OUTAGE,
        previous=previous,
        link=chain_link(compact),
    )


def _decoded(part: str) -> str:
    """Text of a part of a JWS; what is no text (a signature) as far as it is one."""
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.decode("utf-8", "replace")
