"""The journal: its ledger behaves like a dictionary, its schema is what the migrations make, its index is used."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from core.contracts import Entry, Put
from spool.journal.database import open_database, upgrade
from spool.journal.ledger import WorkingLedger
from spool.journal.store import Journal, Results, as_json
from spool.journal.tables import metadata


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = f"sqlite:///{tmp_path_factory.mktemp('journal')}/deep/journal.sqlite3"
    upgrade(found)
    return found


def test_migrations_lead_to_the_tables_of_this_release(url: str) -> None:
    engine = open_database(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_upgrading_twice_changes_nothing(url: str) -> None:
    upgrade(url)


def test_what_is_unfinished_is_found_by_the_partial_index(url: str) -> None:
    engine = open_database(url, readonly=True)
    with engine.connect() as connection:
        plan = connection.execute(
            text("EXPLAIN QUERY PLAN SELECT * FROM drops WHERE finished_at IS NULL ORDER BY id")
        ).all()
    engine.dispose()
    assert "ix_drops_unfinished" in str(plan)


def test_a_group_of_the_ledger_is_found_by_its_index(url: str) -> None:
    engine = open_database(url, readonly=True)
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *seen: asked.append((seen[2], seen[3])))
    ledger = WorkingLedger(engine)
    ledger.of("1").get_groups("item", ["a", "b"])
    statement, parameters = asked[-1]
    plan = ledger._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    ledger.release()
    ledger._connection.close()
    engine.dispose()
    assert "ix_ledger_group" in str(plan)


# ── the ledger against a dictionary ───────────────────────────────────────────────────────────────────────────────

KEYS = st.sampled_from(["", "a", "b", "c", "ä", "z", "a b", "a%"])
COMPANIES = st.sampled_from(["", "1", "2"])
KINDS = st.sampled_from(["item", "other"])
BODIES = st.none() | st.fixed_dictionaries({"amount": st.sampled_from(["1.00", "2.50", "-3"])})
PUTS = st.builds(Put, COMPANIES, KINDS, KEYS, BODIES, st.sampled_from(["", "g", "h"]))
ACTS = st.lists(st.tuples(st.lists(PUTS, max_size=6), st.booleans()), max_size=8)


class Model:
    """What the ledger should hold."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], dict[str, Entry]] = {}

    def apply(self, puts: list[Put]) -> None:
        for put in puts:
            kept = self.entries.setdefault((put.company, put.kind), {})
            if put.body is None:
                kept.pop(put.key, None)
            else:
                kept[put.key] = Entry(put.key, put.body, put.group)


def _rows(puts: list[Put]) -> Iterator[dict[str, Any]]:
    for put in puts:
        body = None if put.body is None else as_json(put.body)
        names = ("company", "kind", "key", "group", "body", "drop_id")
        yield dict(zip(names, (put.company, put.kind, put.key, put.group, body, "d"), strict=True))


@given(ACTS)
@settings(max_examples=60, deadline=None)
def test_the_working_ledger_is_the_journal_with_the_changes_on_top(
    url: str, acts: list[tuple[list[Put], bool]]
) -> None:
    journal, reading = Journal(url), open_database(url, readonly=True)
    ledger, model = WorkingLedger(reading), Model()
    uncommitted: list[Put] = []
    try:
        for puts, commits in acts:
            ledger.release()
            ledger.apply(puts, {})
            model.apply(puts)
            uncommitted += puts
            if commits:
                journal.commit(Results([], [], [], _rows(uncommitted)))
                uncommitted = []
                ledger.release()
                ledger.settle()
            _assert_equal(ledger, model)
    finally:
        ledger.release()
        ledger._connection.close()
        reading.dispose()
        with journal._durable.begin():
            journal._durable.execute(text("DELETE FROM ledger"))
        journal.close()


def _assert_equal(ledger: WorkingLedger, model: Model) -> None:
    keys = ["", "a", "b", "c", "ä", "z", "a b", "a%", "unknown"]
    for company in ("", "1", "2"):
        for kind in ("item", "other"):
            found, expected = ledger.of(company), model.entries.get((company, kind), {})
            in_order = sorted(expected.values(), key=lambda entry: entry.key)
            assert [found.get(kind, key) for key in keys] == [expected.get(key) for key in keys]
            assert dict(found.get_many(kind, keys)) == expected
            assert list(found.all(kind)) == in_order
            groups = {name: [entry for entry in in_order if entry.group == name] for name in ("", "g", "h", "x")}
            assert {name: list(entries) for name, entries in found.get_groups(kind, list(groups)).items()} == {
                name: entries for name, entries in groups.items() if entries
            }
            for name, entries in groups.items():
                assert list(found.group(kind, name)) == entries


def test_many_entries_are_streamed_in_the_order_of_their_keys(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.sqlite3"
    upgrade(url)
    journal, reading = Journal(url), open_database(url, readonly=True)
    stored = [Put("1", "item", f"{number * 7919 % 2003:05}", {"n": number}) for number in range(0, 2003, 2)]
    journal.commit(Results([], [], [], _rows(stored)))
    ledger = WorkingLedger(reading)
    ledger.apply([Put("1", "item", f"{number * 7919 % 2003:05}", {"n": -number}) for number in range(1, 2003, 2)], {})
    ledger.apply([Put("1", "item", "00000", None), Put("1", "item", "01000", None)], {})

    keys = [entry.key for entry in ledger.of("1").all("item")]
    assert keys == [f"{number:05}" for number in range(2003) if number not in {0, 1000}]
    assert len(ledger.of("1").get_many("item", [f"{number:05}" for number in range(2003)])) == 2001
    ledger.release()
    ledger._connection.close()
    reading.dispose()
    journal.close()


def test_claims_are_seen_before_and_after_the_commit(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.sqlite3"
    upgrade(url)
    journal, reading = Journal(url), open_database(url, readonly=True)
    ledger = WorkingLedger(reading)
    assert ledger.claimed("company:1", "AR-1") is None
    ledger.apply([], {("company:1", "AR-1"): ("digest", "drop")})
    assert ledger.claimed("company:1", "AR-1") == ("digest", "drop")
    journal.commit(Results([], [], [{"scope": "company:1", "key": "AR-1", "digest": "digest", "drop_id": "drop"}], ()))
    ledger.release()
    ledger.settle()
    assert ledger.claimed("company:1", "AR-1") == ("digest", "drop")
    assert ledger.claimed("company:2", "AR-1") is None
    ledger.release()
    ledger._connection.close()
    reading.dispose()
    journal.close()
