"""Whole lists, from the FIBU's file to the files that CLUE gets.

A case holds ``tracked.json`` (what was exported before), the lists ``1.csv``, ``2.csv``, ... that come one after the
other, and under ``expected/`` the files that come of them and ``notices.txt``. ``CLUEDROP_UPDATE_GOLDEN=1`` writes
the expected files anew; then read them, line by line, before committing.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.batch import Origin, Output
from core.contracts import Context, Emit, Hold, Put, Warn, Writer
from core.tracked import KIND, TrackedDocument, digits_key, match_key
from formats import clue_exchange, op_list
from handlers import op_reconciliation
from tests.ledgers import MemoryLedger

GOLDEN = Path(__file__).parents[1] / "golden" / "op_reconciliation"
CASES = sorted(folder.name for folder in GOLDEN.iterdir())
UPDATE = os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1"


def outcome(folder: Path) -> Mapping[str, bytes]:
    """Every file that comes of the lists of a case."""
    ledger = MemoryLedger()
    for body in json.loads((folder / "tracked.json").read_text("utf-8")):
        document = TrackedDocument.model_validate(body)
        keys = match_key(document.ledger_account, document.number), digits_key(document.ledger_account, document.number)
        ledger.of("1").put(Put("1", KIND, keys[0], document.body(), keys[1]))
    files: dict[str, bytes] = {}
    said: list[str] = []
    for number, path in enumerate(sorted(folder.glob("*.csv")), 1):
        day = date(2026, 11, 20 + number)
        origin = Origin(f"d-00000{number}", "bmd", path.name, datetime(2026, 11, 20 + number, 8, tzinfo=UTC), "1")
        context = Context(ledger, {}, op_reconciliation.Settings(complete=True), day)
        writers: dict[Output, Writer] = {}
        with path.open("rb") as source:
            batch = op_list.read(source, origin, op_list.Settings(without_key_date="arrival"))
            effects = ledger.commit(op_reconciliation.handle(batch, context))
        held = any(isinstance(effect, Hold) for effect in effects)
        for effect in effects:
            if isinstance(effect, Emit) and not held:
                if effect.output not in writers:
                    writers[effect.output] = clue_exchange.open_writer(effect.output, clue_exchange.WriterSettings())
                    files[effect.output.name] = writers[effect.output].begin()
                files[effect.output.name] += writers[effect.output].add(effect.documents)
            elif isinstance(effect, Warn):
                said.append(f"{path.name}: {effect.problem.what} {effect.problem.todo}")
            elif isinstance(effect, Hold):
                said.extend(f"{path.name}: angehalten: {problem.what} {problem.todo}" for problem in effect.problems)
        for output, writer in writers.items():
            files[output.name] += writer.end()
    return {**files, "notices.txt": "".join(line + "\n" for line in said).encode()}


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
