"""The Abgleichsbericht as text and as workbook. ``CLUEDROP_UPDATE_GOLDEN=1`` writes the expected files anew."""

import json
import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import TypeAdapter

from core.batch import Output
from core.reconciliation_report import FindingSum, OpenSums, ReconciliationReport, ReportLine
from formats import reconciliation_report_txt, reconciliation_report_xlsx
from tests.op_reconciliation.workbooks import shown_workbook

GOLDEN = Path(__file__).parents[1] / "golden"


def report(**changed: Any) -> ReconciliationReport:
    body = json.loads((GOLDEN / "reconciliation_report_txt" / "everything" / "input.json").read_text("utf-8"))
    body["lines"] = TypeAdapter(tuple[ReportLine, ...]).validate_python(body["lines"])
    body["findings"] = TypeAdapter(tuple[FindingSum, ...]).validate_python(body["findings"])
    body["sums"] = OpenSums(*map(Decimal, body["sums"]))
    body["ignored"] = tuple(map(tuple, body["ignored"]))
    body |= {"key_date": date.fromisoformat(body["key_date"]), "created": datetime.fromisoformat(body["created"])}
    return ReconciliationReport(**{**body, **changed})


def written(module: ModuleType, made: ReconciliationReport) -> bytes:
    writer = module.open_writer(Output("protokolle", "x", "x", "x"), module.WriterSettings())
    content: bytes = writer.begin() + writer.add([made]) + writer.end()
    return content


@pytest.mark.parametrize(
    ("module", "name"), [(reconciliation_report_txt, "expected.txt"), (reconciliation_report_xlsx, "expected.xlsx.txt")]
)
def test_a_report_shows_exactly_this(module: ModuleType, name: str) -> None:
    content = written(module, report())
    shown = content if name == "expected.txt" else shown_workbook(content).encode()
    path = GOLDEN / module.__name__.rpartition(".")[2] / "everything" / name
    if os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1":
        assert "CI" not in os.environ, "golden files are not made in CI"
        path.write_bytes(shown)
    assert shown == path.read_bytes()


def test_the_same_report_is_the_same_workbook_to_the_byte() -> None:
    assert written(reconciliation_report_xlsx, report()) == written(reconciliation_report_xlsx, report())


def test_where_nothing_is_to_be_clarified_the_report_says_so() -> None:
    calm = tuple(line for line in report().lines if line.finding in {"paid", "unchanged"})
    text = written(reconciliation_report_txt, report(lines=calm, hidden=0)).decode()
    assert "In dieser Liste ist nichts zu klären." in text
    assert "Zu klären" not in text
