"""Decisions about single documents: how they are read, and what they change. Golden cases as everywhere."""

import io
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.batch import Origin
from core.errors import FormatError, RuleError
from formats import op_decisions
from tests.op_reconciliation.lists import COMPANY, Site, document, row

GOLDEN = Path(__file__).parents[1] / "golden" / "op_decisions"
ORIGIN = Origin("d-000001", "bmd", "entscheidung.csv", datetime(2026, 11, 23, 8, tzinfo=UTC), COMPANY)
FIRST, SECOND = date(2026, 11, 1), date(2026, 11, 8)


@pytest.mark.parametrize("name", sorted(folder.name for folder in GOLDEN.iterdir()))
def test_a_file_of_decisions(name: str) -> None:
    content = (GOLDEN / name / "input.csv").read_bytes()
    assert op_decisions.sniff(content[:4096], "x.csv")
    try:
        batch = op_decisions.read(io.BytesIO(content), ORIGIN, op_decisions.Settings())
        found = [each._asdict() for each in batch.documents]
    except FormatError as error:
        found = [{"row": problem.row, "what": problem.what, "todo": problem.todo} for problem in error.problems]
    expected = GOLDEN / name / "expected.json"
    if os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1":
        assert "CI" not in os.environ, "golden files are not made in CI"
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert json.loads(expected.read_text("utf-8")) == found


@pytest.mark.parametrize(
    "content", [b"", b"\x81\n\xff", b"Konto;Beleg\n1;2\n", b"Konto;Beleg;Entscheidung\n" + b"x" * 2_000_000]
)
def test_what_is_no_table_of_decisions_is_refused(content: bytes) -> None:
    with pytest.raises(FormatError):
        op_decisions.read(io.BytesIO(content), ORIGIN, op_decisions.Settings())


def held_site() -> Site:
    site = Site()
    site.export(document(), document("2026-2"))
    site.drop(FIRST, row(), row("2026-2"))
    assert site.drop(SECOND, row("X", "5.00")).held == ["none_of_ours", "would_be_paid", "would_be_paid"]
    return site


def test_what_is_decided_as_open_stays_open_when_the_list_is_released() -> None:
    site = held_site()
    site.decide("2026-1", "open")
    result = site.drop(SECOND, row("X", "5.00"), released=True)
    assert [payment.document_number for payment in result.payments] == ["2026-2"]
    assert site.tracked().status == "open"
    assert site.drop(date(2026, 11, 15), row("X", "5.00"), released=True).payments == []
    site.decide("2026-1", "withdrawn")
    again = site.drop(date(2026, 11, 16), row("X", "5.00"), released=True)
    assert [payment.document_number for payment in again.payments] == ["2026-1"]


def test_what_is_decided_as_settled_no_longer_holds_a_list() -> None:
    site = held_site()
    site.export(document("2026-3", first_seen=FIRST))
    site.decide("2026-1", "settled")
    site.decide("2026-2", "settled")
    result = site.drop(SECOND, row("2026-3"))
    assert (result.held, [payment.document_number for payment in result.payments]) == ([], ["2026-1", "2026-2"])
    assert list(site.ledger.of(COMPANY).all("op_decision")) == []


def test_a_document_that_was_never_in_a_list_is_settled_by_decision_alone() -> None:
    site = Site()
    site.export(document(), document("2026-9", "50.00"))
    site.decide("2026-1", "settled")
    result = site.drop(SECOND, row("2026-9", "50.00"))
    assert [(payment.document_number, payment.inferred) for payment in result.payments] == [("2026-1", True)]


def test_a_decision_about_an_unknown_document_is_refused() -> None:
    with pytest.raises(RuleError, match="keine Rechnung 4711"):
        Site().decide("4711", "open")
