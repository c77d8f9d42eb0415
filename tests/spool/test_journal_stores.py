"""One suite over every database that can hold the journal: SQLite, and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.contracts import Put
from spool.archive.manifest import ChainHead
from spool.journal.database import open_database, upgrade
from spool.journal.ledger import WorkingLedger
from spool.journal.store import Journal, Results
from spool.journal.tables import Row
from tests.postgres import postgres

ONE, TWO = "1a" * 10, "1b" * 10


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An upgraded, empty journal."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path}/journal.sqlite3"
        upgrade(address)
        yield address
        return
    with postgres() as address:
        upgrade(address)
        upgrade(address)  # what is up to date stays as it is
        yield address


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    """The journal with two claimed drops."""
    made = Journal(url)
    made.prepare(["clue"])
    made.claim([_drop(ONE, "Größe.json"), _drop(TWO, "b.json")])
    yield made
    made.close()


def _drop(drop_id: str, name: str) -> Row:
    claimed = {"state": "claimed", "claimed_at": 1_700_000_000_000}
    return {"id": drop_id, "route": "clue", "name": name, "size": 3_000_000_000, "mtime_ns": 1, **claimed}


def _settled(drop_id: str, state: str = "committed") -> Row:
    values = {"id": drop_id, "state": state, "sha256": "0" * 64, "companions": None, "report": None}
    values |= {"number": 7, "effects": None}
    return {f"b_{name}": value for name, value in values.items()}


def _entry(key: str, body: str | None, group: str = "") -> Row:
    return {"company": "1", "kind": "thing", "key": key, "group": group, "body": body, "drop_id": ONE}


def test_a_commit_is_found_again_and_finished(journal: Journal) -> None:
    output = {"target": "bmd", "name": "a.csv", "staged": ".staged/a", "sha256": "1" * 64, "size": 1}
    places = {"inode": 2**62, "ctime_ns": 1_700_000_000_000_000_000}
    journal.commit(Results([_settled(ONE)], [{"drop_id": ONE, "ordinal": 0, **output, **places}], [], ()))

    assert [row["state"] for row in journal.unfinished()] == ["committed", "claimed"]
    assert journal.outputs_of([ONE, TWO])[ONE][0]["inode"] == 2**62

    rows = [{"b_id": ONE, "b_state": "archived", "b_finished_at": 5}]
    journal.finish(rows, {("clue", "archived"): 1}, ChainHead(1, "f" * 64), 5)

    assert [row["id"] for row in journal.unfinished()] == [TWO]
    assert journal.routes()["clue"]["archived"] == 1
    assert journal.head() == ChainHead(1, "f" * 64)


def test_a_drop_is_found_by_the_beginning_of_its_id_if_that_is_clear(journal: Journal) -> None:
    found = journal.drop("1a1a")

    assert found is not None
    assert found["name"] == "Größe.json"
    assert journal.drop("1") is None


def test_the_ledger_is_written_overwritten_and_forgotten(journal: Journal, url: str) -> None:
    journal.commit(Results([], [], [], [_entry("a", '{"n":1}', "g"), _entry("b", "{}", "g"), _entry("B", "{}")]))
    journal.commit(Results([], [], [], [_entry("a", '{"n":2}', "h"), _entry("b", None)]))
    engine = open_database(url, readonly=True)
    ledger = WorkingLedger(engine)
    company = ledger.of("1")

    entry = company.get("thing", "a")
    assert entry is not None
    assert entry.body == {"n": 2}
    assert company.get("thing", "b") is None
    assert ledger.of("2").get("thing", "a") is None
    assert [found.key for found in company.group("thing", "h")] == ["a"]
    ledger.apply([Put("1", "thing", "C", {})], {})
    assert [found.key for found in company.all("thing")] == ["B", "C", "a"]
    ledger.close()
    engine.dispose()


def test_a_key_is_claimed_for_its_drop(journal: Journal, url: str) -> None:
    journal.commit(Results([], [], [{"scope": "content:clue", "key": "k", "digest": "d", "drop_id": ONE}], ()))
    engine = open_database(url, readonly=True)
    ledger = WorkingLedger(engine)

    assert ledger.claimed("content:clue", "k") == ("d", ONE)
    assert ledger.claimed("content:bmd", "k") is None
    assert ledger.drop(ONE) == ("Größe.json", 1_700_000_000_000)
    ledger.close()
    engine.dispose()


def test_a_request_waits_until_it_is_answered(journal: Journal) -> None:
    number = journal.ask("retry", ONE, "", 1)

    assert [request["id"] for request in journal.asked()] == [number]
    assert journal.answered(number) is None
    journal.answer(number, "handled again")
    assert journal.answered(number) == "handled again"
    assert journal.asked() == []


def test_an_alert_is_renewed_and_cleared(journal: Journal) -> None:
    journal.raise_alert("paused", "clue", "the share is away", 1)
    journal.raise_alert("paused", "clue", "still away", 2)

    assert [alert["text"] for alert in journal.alerts()] == ["still away"]
    journal.clear_alert("paused", "clue")
    assert journal.alerts() == []


def test_a_drop_that_is_opened_again_has_no_outputs_of_before(journal: Journal) -> None:
    output = {"target": "@held", "name": "a", "staged": "a", "sha256": "", "size": 1, "inode": 1, "ctime_ns": 1}
    journal.commit(Results([_settled(ONE, "held")], [{"drop_id": ONE, "ordinal": 0, **output}], [], ()))
    journal.reopen(ONE, "released")

    assert journal.outputs_of([ONE]) == {}
    found = journal.drop(ONE)
    assert found is not None
    assert (found["state"], found["flags"]) == ("claimed", "released")
