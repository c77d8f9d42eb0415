"""Golden cases of the exchange format: a file beside the Batch or the problems that it becomes."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_jsonable_python

from core.batch import Batch, Origin
from core.documents import BadRecord, Record
from core.errors import FormatError, Problem
from formats import clue_exchange

CASES = Path(__file__).parents[1] / "golden" / "clue_exchange"
UPDATE = os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1"


def line(problem: Problem) -> str:
    place = problem.pointer if problem.row is None else f"Zeile {problem.row}"
    return f"{problem.code} @ {place or '-'} [{problem.record or '-'}]: {problem.what} | {problem.todo}"


def as_text(batch: Batch) -> str:
    shown: dict[str, Any] = {
        "companions": batch.companions,
        "document_type": batch.document_type,
        "documents": [as_plain(document) for document in batch.documents],
        "head": {**batch.head, "attachments": [asdict(file) for file in batch.head["attachments"]]},
    }
    plain = to_jsonable_python(shown, bytes_mode="base64", exclude_none=True)
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def as_plain(document: Record | BadRecord) -> dict[str, Any]:
    if isinstance(document, BadRecord):
        return {
            "index": document.index,
            "id": document.id,
            "problems": [line(problem) for problem in document.problems],
        }
    return {"op": document.op, "id": document.id, "data": document.data}


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_golden(case: str) -> None:
    folder = CASES / case
    [source] = folder.glob("input.*")
    origin = Origin("01J0000000", "clue", source.name, datetime(2026, 11, 22, 8, 15, tzinfo=UTC))
    try:
        with source.open("rb") as opened:
            name, text = "expected.json", as_text(clue_exchange.read(opened, origin, clue_exchange.Settings()))
    except FormatError as error:
        name, text = "expected.err", "".join(line(problem) + "\n" for problem in error.problems)
    if UPDATE:
        assert "CI" not in os.environ, "golden files are not updated in CI"
        for old in folder.glob("expected.*"):
            old.unlink()
        (folder / name).write_text(text, "utf-8")
    [expected] = folder.glob("expected.*")
    assert (name, text) == (expected.name, expected.read_text("utf-8"))
