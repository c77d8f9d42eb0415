"""Whole lists, from the FIBU's file to the files that CLUE and the clerk get.

A case holds ``tracked.json`` (what was exported before), the lists ``1.csv``, ``2.csv``, ... that come one after the
other, and under ``expected/`` the files that come of them and ``notices.txt``. A list ``1.clearing.csv`` holds rows of
a clearing list by the names of their fields (``core.open_items.ClearingRow``). ``settings.json`` holds settings of the
handler, and under ``released`` the lists that a person lets go on. ``CLUEDROP_UPDATE_GOLDEN=1`` writes the expected
files anew; then read them, line by line, before committing.
"""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from core.batch import Batch, Origin, Output
from core.company import Company
from core.contracts import Context, Emit, Hold, Put, Warn, Writer
from core.errors import Problem, RuleError
from core.open_items import CLEARING_LIST_TYPE
from core.tracked import KIND, NUMBERS, digits_key, match_key, normalised_number
from formats import clue_exchange, op_list, reconciliation_report_txt, reconciliation_report_xlsx
from handlers import op_reconciliation
from tests.ledgers import MemoryLedger
from tests.op_reconciliation.lists import booking, document
from tests.op_reconciliation.workbooks import shown_workbook

GOLDEN = Path(__file__).parents[1] / "golden" / "op_reconciliation"
CASES = sorted(folder.name for folder in GOLDEN.iterdir())
UPDATE = os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1"
COMPANY = Company(id="1", name="Muster GmbH", fibu="rzl", report_target="protokolle")


def exported(folder: Path) -> MemoryLedger:
    """The ledger after the export of the documents of a case."""
    ledger = MemoryLedger()
    for body in json.loads((folder / "tracked.json").read_text("utf-8")):
        each = document(**body)
        key, digits = match_key(each.ledger_account, each.number), digits_key(each.ledger_account, each.number)
        ledger.of("1").put(Put("1", KIND, key, each.body(), digits))
        ledger.of("1").put(Put("1", NUMBERS, key, {}, normalised_number(each.number)))
    return ledger


def clearing_rows(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8", newline="") as file:
        for place, fields in enumerate(csv.DictReader(file, delimiter=";"), 2):
            number, amount, day = fields.pop("number"), fields.pop("amount"), fields.pop("document_date")
            yield booking(number, amount, date.fromisoformat(day), place, **fields)


def batch_of(path: Path, source: BinaryIO, origin: Origin) -> Batch:
    if path.name.endswith(".clearing.csv"):
        head = {"source": "rzl", "kind": "both", "key_date": None}
        return Batch(origin, CLEARING_LIST_TYPE, tuple(clearing_rows(path)), head)
    return op_list.read(source, origin, op_list.Settings(without_key_date="arrival"))


def outcome(folder: Path) -> Mapping[str, bytes]:
    """Every file that comes of the lists of a case."""
    ledger = exported(folder)
    given = json.loads(path.read_text("utf-8")) if (path := folder / "settings.json").exists() else {}
    released = given.pop("released", ())
    settings = op_reconciliation.Settings(**{"complete": True, **given})
    files: dict[str, bytes] = {}
    said: list[str] = []
    for number, path in enumerate(sorted(folder.glob("[0-9]*.csv")), 1):
        day = date(2026, 11, 20 + number)
        origin = Origin(f"d-00000{number}", "bmd", path.name, datetime(2026, 11, 20 + number, 8, tzinfo=UTC), "1")
        for release in (False, True) if path.name in released else (False,):
            context = Context(ledger, {"1": COMPANY}, settings, day, released=release)
            try:
                with path.open("rb") as source:
                    effects = ledger.commit(op_reconciliation.handle(batch_of(path, source, origin), context))
            except RuleError as error:
                said += [_told(path, "abgewiesen: ", problem) for problem in error.problems]
                continue
            held = [problem for effect in effects if isinstance(effect, Hold) for problem in effect.problems]
            said += [_told(path, "", effect.problem) for effect in effects if isinstance(effect, Warn)]
            said += [_told(path, "angehalten: ", problem) for problem in held]
            files |= {} if held else _written([effect for effect in effects if isinstance(effect, Emit)])
    return {**files, "notices.txt": "".join(line + "\n" for line in said).encode()}


def _told(path: Path, what: str, problem: Problem) -> str:
    return f"{path.name}: {what}{problem.what} {problem.todo}".rstrip()


def _written(emits: list[Emit]) -> Mapping[str, bytes]:
    formats = {"clue_exchange": clue_exchange, "reconciliation_report_txt": reconciliation_report_txt}
    writers: dict[Output, Writer] = {}
    files: dict[str, bytes] = {}
    for emit in emits:
        output = emit.output
        if output not in writers:
            module: Any = formats.get(output.format, reconciliation_report_xlsx)
            writers[output] = module.open_writer(output, module.WriterSettings())
            files[output.name] = writers[output].begin()
        files[output.name] += writers[output].add(emit.documents)
    for output, writer in writers.items():
        files[output.name] += writer.end()
        if output.name.endswith(".xlsx"):
            files[f"{output.name}.txt"] = shown_workbook(files.pop(output.name)).encode()
    return files


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    found, folder = outcome(GOLDEN / name), GOLDEN / name / "expected"
    if UPDATE:
        assert "CI" not in os.environ, "golden files are not made in CI"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for file, content in found.items():
            (folder / file).write_bytes(content)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == found
