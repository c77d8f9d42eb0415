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


def billed(key: str, kind: str, net: str, *, prepaid: str = "0.00", **more: Any) -> dict[str, Any]:
    """An outgoing document of 20 % VAT in one line to the customer K1; ``net`` has two decimals."""
    cents = int(net.replace(".", ""))
    vat, gross = _amount(cents // 5), _amount(cents + cents // 5)
    group = {"vat_category": "S", "vat_rate": "20", "net": net, "vat": vat, "vat_treatment": "domestic"}
    line = {"line_id": "1", "qty": "1", "unit_price": net, "net": net, "vat_category": "S", "vat_rate": "20"}
    payable = _amount(cents + cents // 5 - int(prepaid.replace(".", "")))
    data = {
        "direction": "ar",
        "document_type": kind,
        "number": key,
        "issue_date": "2026-11-20",
        "party_id": "K1",
        "currency": "EUR",
        "lines": [line],
        "vat_breakdown": [group],
        "totals": {"net": net, "vat": vat, "gross": gross, "prepaid": prepaid, "payable": payable},
        **more,
    }
    return {"op": "upsert", "id": key, "data": data}


def paid_in_cash(key: str, of: str, amount: str) -> dict[str, Any]:
    """A receipt of a register for an invoice that was paid there."""
    data = {
        "register_id": "KASSA1",
        "receipt_number": key,
        "receipt_type": "invoice_payment",
        "issued_at": "2026-11-21T10:00:00+01:00",
        "currency": "EUR",
        "total": amount,
        "invoice_id": of,
        "vat_breakdown": [],
        "payments": [{"method": "cash", "amount": amount}],
    }
    return {"op": "upsert", "id": f"KASSA1/{key}", "data": data}


def sold(key: str, cents: int, day: int) -> dict[str, Any]:
    """A receipt of a register for a sale with 20 % VAT on a day of November 2026."""
    vat, gross = _amount(cents // 5), _amount(cents + cents // 5)
    data = {
        "register_id": "KASSA1",
        "receipt_number": key,
        "receipt_type": "sale",
        "issued_at": f"2026-11-{day:02}T10:00:00+01:00",
        "currency": "EUR",
        "total": gross,
        "vat_breakdown": [{"vat_rate": "20", "net": _amount(cents), "vat": vat, "account": "4000"}],
        "payments": [{"method": "cash", "amount": gross}],
    }
    return {"op": "upsert", "id": f"KASSA1/{key}", "data": data}


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
