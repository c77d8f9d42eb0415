"""Protocols of an invented cash register, chained as a real one chains them; the signatures are nonsense."""

import base64
from collections.abc import Sequence
from typing import Any

from core.rksv import chain_link

HEADER = "eyJhbGciOiJFUzI1NiJ9"


def machine_code(
    register: str, number: str, sums: Sequence[str], previous: str, *, day: str = "2026-11-20", counter: str = "8Gn4"
) -> str:
    """The payload of a receipt."""
    return "_".join(
        ("", "R1-AT1", register, number, f"{day}T10:02:11", *sums, counter, "4A9F", previous),
    )


def signed(code: str, signature: str = "signiert") -> str:
    """A receipt as JWS in compact form."""
    return ".".join((HEADER, *(base64.urlsafe_b64encode(t.encode()).decode().rstrip("=") for t in (code, signature))))


def protocol(register: str, receipts: Sequence[dict[str, Any]], *, certificate: str = "MIIB") -> dict[str, Any]:
    """A protocol of these receipts: number, sums, and what else ``machine_code`` and ``signed`` take."""
    lines: list[str] = []
    link = chain_link(register)
    for receipt in receipts:
        values = dict(receipt)
        signature = values.pop("signature", "signiert")
        lines.append(signed(machine_code(register, previous=link, **values), signature))
        link = chain_link(lines[-1])
    group = {"Signaturzertifikat": certificate, "Zertifizierungsstellen": [], "Belege-kompakt": lines}
    return {"Belege-Gruppe": [group]}
