"""A journal of every schema version is brought up to date, whole or not at all; one from the future is left alone."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, text

from core.errors import JournalError
from spool.journal.database import open_database, upgrade
from spool.journal.ledger import WorkingLedger
from spool.journal.store import Journal
from tests.postgres import postgres
from tests.repair.golden_journal import SAMPLES

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "spool" / "migrations"
REVISIONS = sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))
NEXT = '''"""Another journal, and the power goes while it is made"""

import os
import signal

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{newest}", None, None


def upgrade() -> None:
    with op.batch_alter_table("drops") as batch:
        batch.add_column(sa.Column("colour", sa.Text(), server_default="green"))
    op.execute("DELETE FROM ledger")
    {then}
'''


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/journal.sqlite3"
        return
    with postgres() as address:
        yield address


def _load(url: str, revision: str) -> None:
    """Make the journal that a release left behind: its schema by its migrations, its rows from the sample."""
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    engine = open_database(url)
    with closing(sqlite3.connect(":memory:")) as sample, engine.begin() as connection:
        sample.executescript((SAMPLES / f"{revision}.sql").read_text("utf-8"))
        sample.row_factory = sqlite3.Row
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)
        metadata = MetaData()
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name != "alembic_version":
                _fill(connection, table, sample)
    engine.dispose()


def _fill(connection, table: Table, sample: sqlite3.Connection) -> None:  # type: ignore[no-untyped-def]
    rows = [dict(row) for row in sample.execute(f'SELECT * FROM "{table.name}"')]
    if rows:
        connection.execute(insert(table), rows)


def test_every_schema_version_has_a_sample_of_its_journal() -> None:
    """Whoever adds a migration keeps a journal of the version before: ``python -m tests.repair.golden_journal``."""
    assert sorted(path.stem for path in SAMPLES.glob("*.sql")) == REVISIONS


def test_the_sample_of_the_newest_version_is_what_the_migrations_make(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/journal.sqlite3")
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"

    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as made, closing(sqlite3.connect(":memory:")) as sample:
        sample.executescript((SAMPLES / f"{REVISIONS[-1]}.sql").read_text("utf-8"))
        assert sample.execute(query).fetchall() == made.execute(query).fetchall()


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_journal_of_every_version_is_brought_up_to_date_and_works(url: str, revision: str) -> None:
    _load(url, revision)

    upgrade(url)

    journal = Journal(url)
    found = {row["name"]: row for row in journal.latest(100)}
    assert {name: row["state"] for name, row in found.items()} == {
        **dict.fromkeys(("a.txt", "b.txt", "c.txt", "d.txt", "big.txt", "e.txt"), "archived"),
        "f.txt": "rejected",
        "g.txt": "held",
        "again.txt": "duplicate",
    }
    assert (journal.head().sequence, journal.next_number()) == (6, 7)
    assert [(row["verb"], row["drop_id"]) for row in journal.asked()] == [("retry", found["f.txt"]["id"])]
    journal.reopen(found["f.txt"]["id"], "")
    assert [row["name"] for row in journal.unfinished()] == ["f.txt", "g.txt"]
    assert [row["name"] for row in journal.outputs_of([found["d.txt"]["id"]])[found["d.txt"]["id"]]] == [
        "d.pdf",
        "d.out.txt",
    ]
    engine = open_database(url, readonly=True)
    ledger = WorkingLedger(engine)
    assert [entry.key for entry in ledger.of("").all("known")] == ["A", "C", "E"]
    assert ledger.claimed("content:in", found["a.txt"]["sha256"]) == (found["a.txt"]["sha256"], found["a.txt"]["id"])
    ledger.close()
    engine.dispose()
    journal.close()


def _with_next(folder: Path, then: str) -> Path:
    """The migrations of a release to come."""
    scripts = folder / "migrations"
    copytree(MIGRATIONS, scripts, dirs_exist_ok=True)
    (scripts / "versions" / "9999_another_journal.py").write_text(NEXT.format(newest=REVISIONS[-1], then=then))
    return scripts


def _all(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine, metadata = open_database(url), MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
        found = {
            table.name: [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return found


def test_an_upgrade_that_is_killed_has_changed_nothing_and_is_done_at_the_next_start(url: str, tmp_path: Path) -> None:
    """Also the old journal is kept, as a copy beside it, where it is a file."""
    _load(url, REVISIONS[-1])
    before = _all(url)
    scripts = _with_next(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    program = (
        "import pathlib, sys; import spool.journal.database as d; d.upgrade(sys.argv[1], pathlib.Path(sys.argv[2]))"
    )

    killed = subprocess.run([sys.executable, "-c", program, url, str(scripts)], cwd=ROOT, check=False, timeout=120)

    assert killed.returncode == -signal.SIGKILL
    assert _all(url) == before
    upgrade(url, _with_next(tmp_path, ""))
    after = _all(url)
    assert (after["alembic_version"], after["ledger"]) == ([("9999",)], [])
    assert [row[:-1] for row in after["drops"]] == before["drops"]
    if url.startswith("sqlite"):
        assert _all(f"sqlite:///{tmp_path}/journal.sqlite3.before-9999") == before


def test_a_journal_of_a_later_version_is_refused_and_left_alone(url: str) -> None:
    upgrade(url)
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    before = _all(url)

    with pytest.raises(JournalError, match=r"written by a later version of Cluedrop \(schema 9999, this one knows 0"):
        upgrade(url)

    assert _all(url) == before


def test_the_schema_versions_are_one_line() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))

    assert [found.revision for found in ScriptDirectory.from_config(configuration).walk_revisions()] == REVISIONS[::-1]
