"""Every golden case of formats/op_list.py: input beside what comes of it.

``CLUEDROP_UPDATE_GOLDEN=1`` writes the expected files anew; then read them, line by line, before committing.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.batch import Batch, Origin
from core.errors import FormatError, Problem
from core.open_items import DOCUMENT_TYPE, ListReading
from formats import op_list
from formats._fibu.rzl_fields import FIELDS

GOLDEN = Path(__file__).parents[1] / "golden" / "op_list"
CASES = sorted(folder.name for folder in GOLDEN.iterdir())
UPDATE = os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1"
ORIGIN = Origin("20261120T101112-000001", "bmd", "op.csv", datetime(2026, 11, 20, 10, 11, 12, tzinfo=UTC), "1")


def as_tree(reading: ListReading) -> dict[str, Any]:
    return {field.name: getattr(reading, field.name) for field in fields(reading)}


def as_json(batch: Batch) -> str:
    documents = [row._asdict() for row in batch.documents]
    tree: dict[str, Any] = {
        "document_type": batch.document_type,
        "head": {**batch.head, "reading": as_tree(batch.head["reading"])},  # complete now that the rows are read
        "documents": documents,
    }
    return json.dumps(tree, default=str, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def as_text(problems: Sequence[Problem]) -> str:
    """One problem a paragraph, only the places that it has."""
    paragraphs = []
    for problem in problems:
        said = {key: value for key, value in asdict(problem).items() if value not in (None, "")}
        paragraphs.append("".join(f"{key}: {value}\n" for key, value in said.items()))
    return "\n".join(paragraphs)


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    folder = GOLDEN / name
    source_path = next(folder.glob("input.*"))
    given = folder / "settings.json"
    settings = op_list.Settings(**{
        "without_key_date": "arrival", **json.loads(given.read_text("utf-8") if given.exists() else "{}")
    })  # fmt: skip
    dropped_as = folder / "name.txt"
    origin = replace(ORIGIN, name=dropped_as.read_text("utf-8").strip()) if dropped_as.exists() else ORIGIN
    with source_path.open("rb") as source:
        try:
            found, kind = as_json(op_list.read(source, origin, settings)), "json"
        except FormatError as error:
            found, kind = as_text(error.problems), "err"
        assert not source.closed
    expected = folder / f"expected.{kind}"
    if UPDATE:
        assert "CI" not in os.environ, "golden files are not made in CI"
        for old in folder.glob("expected.*"):
            old.unlink()
        expected.write_text(found, encoding="utf-8", newline="\n")
    assert [file.name for file in folder.glob("expected.*")] == [expected.name]
    assert found == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_sniff_takes_what_can_be_read(name: str) -> None:
    path = next((GOLDEN / name).glob("input.*"))
    named = (GOLDEN / name / "settings.json").exists() and "columns" in (GOLDEN / name / "settings.json").read_text()
    taken = op_list.sniff(path.read_bytes()[:4096], path.name)
    if (GOLDEN / name / "expected.json").exists() and not named:
        assert taken
    if name in {"json", "bmd_bookings", "not_a_table", "empty", "no_heading"}:
        assert not taken


def test_sniff_leaves_the_text_files_of_other_formats_alone() -> None:
    others = [path for name in ("bmd_bookings", "bmd55_bookings", "bmd55_fixed", "bmd_accounts", "rzl_bookings",
                                "rzl_accounts", "datev_bookings", "datev_accounts", "rksv_dep7")
              for path in (GOLDEN.parent / name).glob("*/input.*")]  # fmt: skip
    headed = ";".join(FIELDS).encode("cp1252") + b"\r\n20001;4000;1;20112026;;;120,00;0,00;20,00\r\n"

    assert len(others) > 20
    assert [path for path in others if op_list.sniff(path.read_bytes()[:4096], path.name)] == []
    assert not op_list.sniff(headed, "export.csv")


def test_rows_are_counted_anew_with_each_iteration() -> None:
    with (GOLDEN / "rzl_printed" / "input.txt").open("rb") as source:
        batch = op_list.read(source, ORIGIN, op_list.Settings(encoding="cp850"))
        list(batch.documents)
        first = as_tree(batch.head["reading"])
        list(batch.documents)
        assert as_tree(batch.head["reading"]) == first
        assert sum(first["ignored"].values()) + first["items"] + first["joined"] == 21 - 1


def test_documents_can_be_iterated_again() -> None:
    with (GOLDEN / "bmd_plain_cp1252" / "input.csv").open("rb") as source:
        batch = op_list.read(source, ORIGIN, op_list.Settings(without_key_date="arrival"))
        assert batch.document_type == DOCUMENT_TYPE
        assert list(batch.documents) == list(batch.documents)


def test_table_shows_the_rows_as_a_person_sees_them() -> None:
    with (GOLDEN / "wrong_cells" / "input.csv").open("rb") as source:
        rows = list(op_list.table(source, op_list.Settings()))
    assert rows[0] == ["Konto", "OP-Nr.", "Datum", "Saldo"]
    assert rows[1] == ["20001", "1", "20.11.2026", "1.79x"]
    assert len(rows) == 11
