"""A file's whole way through a worker, with the shipped formats and handlers: whatever it holds, it is never a bug."""

import os
import pickle
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import config
from config.new_site import make_folders
from spool.identifiers import new_drop_id, now_ms
from spool.journal.database import open_database, upgrade
from spool.journal.ledger import WorkingLedger
from spool.results.notes import NoteKind, note_text
from spool.work.handling import WORK_FOLDER, FileHandling
from spool.work.messages import DropRef, Outcome
from spool.work.plugins import load
from spool.work.staging import STAGED_FOLDER
from tests.config.shipped import CONFIG, SHIPPED_PLUGINS
from tests.fuzzing.contract import MOST_SECONDS, RECEIVED, bounded, judge
from tests.fuzzing.corpus import samples
from tests.fuzzing.mutations import damaged, damaged_inside
from tests.fuzzing.structured import messages, text_lists, workbooks

DEMO = Path(__file__).parents[1] / "golden" / "demo"
MOST_TOLD = 2_000_000
often = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
chances = st.integers(0, 2**32).map(random.Random)


class Bench:
    """A worker's hands without its process."""

    def __init__(self, root: Path) -> None:
        shutil.copy(CONFIG / "demo.toml", root / "cluedrop.toml")
        found = config.load(root / "cluedrop.toml", SHIPPED_PLUGINS)
        list(make_folders(found))
        self.site = config.site_of(found)
        for folder in [route.folder / WORK_FOLDER for route in self.site.routes]:
            folder.mkdir()
        for folder in [target.folder / STAGED_FOLDER for target in self.site.targets.values()]:
            folder.mkdir()
        upgrade(self.site.journal_url)
        self.database = open_database(self.site.journal_url, readonly=True)
        plugins = load("formats", "handlers")
        ledger = WorkingLedger(self.database)
        self.handling = FileHandling(self.site, plugins, found.writer_settings, ledger, hold=lambda _folder: None)
        self.fates: set[str] = set()

    def hand_in(self, route: str, content: bytes, name: str, seconds: float = MOST_SECONDS) -> Outcome:
        """Handle a file; raise AssertionError when anybody would be left without an answer."""
        moment = now_ms()
        path = self._work(route) / "file"
        path.write_bytes(content)
        drop = DropRef(new_drop_id(moment), str(path), name, moment)
        with bounded(seconds):
            outcome = self.handling.handle(route, drop)
        assert outcome.fate not in {"bug", "retry"}, outcome.trouble
        judge([*outcome.problems, *outcome.warnings])
        told = note_text(
            NoteKind.REJECTED, name, outcome.problems, received_at=RECEIVED, route_label=route, reference=drop.id
        )
        assert told.encode("utf-8")
        assert len(pickle.dumps(outcome)) < MOST_TOLD, "the daemon must be able to take it in"
        self.fates.add(outcome.fate)
        self._tidy(outcome)
        return outcome

    def _work(self, route: str) -> Path:
        return next(found.folder for found in self.site.routes if found.name == route) / WORK_FOLDER

    def _tidy(self, outcome: Outcome) -> None:
        made = [output.path for output in outcome.outputs]
        for path in [*made, *([outcome.workbook] if outcome.workbook else []), *_spilled(outcome)]:
            os.unlink(path)


def _spilled(outcome: Outcome) -> list[str]:
    return [outcome.spilled_puts] if outcome.spilled_puts else []


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """It knows the customers of the demo, so that invoices get through to the FIBU."""
    made = Bench(tmp_path_factory.mktemp("bench"))
    for path in sorted((DEMO / "clue").glob("*.json")):
        made.hand_in("clue", path.read_bytes(), path.name)
    yield made
    made.database.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("route", ["clue", "bmd", "rzl"])
@often
@given(data=st.data(), chance=chances)
def test_damaged_samples_are_never_a_bug(bench: Bench, route: str, data: st.DataObject, chance: random.Random) -> None:
    case = data.draw(st.sampled_from(samples("clue_exchange" if route == "clue" else "op_list")))
    way = data.draw(st.sampled_from([damaged, damaged_inside]))
    bench.hand_in(route, way(case.content, chance), case.name)


@pytest.mark.slow
@often
@given(content=messages())
def test_hostile_messages_are_never_a_bug(bench: Bench, content: bytes) -> None:
    bench.hand_in("clue", content, "a.json")


@pytest.mark.slow
@often
@given(content=text_lists() | workbooks())
def test_hostile_lists_are_never_a_bug(bench: Bench, content: bytes) -> None:
    bench.hand_in("bmd", content, "a.xlsx" if content.startswith(b"PK") else "a.csv")


@pytest.mark.parametrize("route", ["clue", "bmd"])
@pytest.mark.parametrize(
    "name", ["a\x1b[2Jb.json", "a\nb.csv", "\udcff.json", "n" * 300, "a.hinweis.txt", "CON.json", "=cmd.csv", "\u202ex"]
)
def test_hostile_names_are_never_a_bug(bench: Bench, route: str, name: str) -> None:
    bench.hand_in(route, b"Konto;OP-Nr.;Saldo\n20001;1;x\n", name)


@pytest.mark.slow
@pytest.mark.parametrize("partial", [False, True])
def test_a_message_of_a_great_many_wrong_records_stays_small(bench: Bench, partial: bool) -> None:
    route = next(route for route in bench.site.routes if route.name == "clue")
    number = "0192f3a1-7c1e-7b1a-9a55-3f6f0c1d2e9" + str(int(partial))
    message = (
        f'{{"format":"clue-exchange","version":"1.0","message_id":"{number}","type":"customer","mode":"delta",'
        '"created_at":"2026-11-22T08:15:00+01:00","sender":{"system":"clue","company":"1"},"records":['
    )
    good = '{"id":"K-1","op":"upsert","data":{"name":"Muster","addresses":[{"country":"AT","city":"Wien"}]}},'
    content = message + good + ",".join(f'{{"id":"{n}"}}' for n in range(50_000)) + "]}"
    object.__setattr__(route, "partial", partial)
    try:
        outcome = bench.hand_in("clue", content.encode(), "a.json", seconds=20.0)
    finally:
        object.__setattr__(route, "partial", False)
    told = outcome.warnings if partial else outcome.problems
    assert told, outcome.problems[:2]
    assert (outcome.fate, 0 < len(told) <= 1_000) == ("done" if partial else "rejected", True)
