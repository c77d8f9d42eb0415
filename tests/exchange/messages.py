"""Messages for tests of the intake, each with an id of its own."""

import copy
from typing import Any

from tests.exchange.intake_site import example

_NUMBER = iter(range(1, 10**9))


def message(kind: str, *records: dict[str, Any], **fields: Any) -> dict[str, Any]:
    made = {
        "format": "clue-exchange",
        "version": "1.0",
        "message_id": f"00000000-0000-4000-8000-{next(_NUMBER):012d}",
        "type": kind,
        "mode": "delta",
        "created_at": "2026-11-22T08:15:00+01:00",
        "sender": {"system": "clue", "company": "1"},
        "records": list(records),
    }
    if fields.get("mode") == "full":
        made["as_of"] = "2026-11-22"
    return {**made, **fields}


def customer(key: str = "K1", **data: Any) -> dict[str, Any]:
    fields = {"name": "Muster", "ledger_account": "200001", "addresses": [{"country": "AT"}], **data}
    return {"op": "upsert", "id": key, "data": fields}


def invoice(key: str = "AR-1", **data: Any) -> dict[str, Any]:
    fields = copy.deepcopy(example("invoice")["records"][0]["data"])
    fields.pop("attachments")
    return {"op": "upsert", "id": key, "data": {**fields, "number": key, **data}}
