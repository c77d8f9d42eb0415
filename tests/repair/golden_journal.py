"""Writes the sample of this release's journal: ``python -m tests.repair.golden_journal`` (before a migration is added).

A site lives through the scene, and its journal is written as SQL text to ``tests/golden/journals/<revision>.sql``.
Later releases load it, bring it up to date and work with it.
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from tests.repair.scenes import SCENE, journal_file, live
from tests.sites import Running, a_site

SAMPLES = Path(__file__).resolve().parents[1] / "golden" / "journals"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        running = Running(a_site(Path(folder)))
        try:
            live(running, {**SCENE, "big.txt": "puts 12\nbig\n"})
            with running.journal._durable.begin():
                running.journal._durable.exec_driver_sql("INSERT INTO alerts VALUES ('paused', 'in', 'away', 5)")
            running.ask("retry", running.row("f.txt")["id"])
        finally:
            running.stop()
        with closing(sqlite3.connect(journal_file(running.site))) as journal:
            revision = journal.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            text = "\n".join(journal.iterdump())
    SAMPLES.mkdir(parents=True, exist_ok=True)
    (SAMPLES / f"{revision}.sql").write_text(text.replace(folder, "/srv/cluedrop") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
