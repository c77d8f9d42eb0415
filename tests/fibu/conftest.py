"""The invoices and master data that tests of the export start from."""

import json
from typing import Any

import pytest

from core.contracts import Put
from tests.fibu.rendering import GOLDEN
from tests.ledgers import MemoryLedger


@pytest.fixture
def case() -> dict[str, Any]:
    """Invoices and master data of the golden case."""
    content: dict[str, Any] = json.loads((GOLDEN / "fibu_export" / "bmd_invoices" / "input.json").read_text())
    return content


@pytest.fixture
def ledger(case: dict[str, Any]) -> MemoryLedger:
    """A ledger with the master data of the golden case."""
    ledger = MemoryLedger()
    for kind, entries in case["ledger"].items():
        for key, data in entries.items():
            ledger.of("1").put(Put("1", kind, key, {"data": data}))
    return ledger
