"""A copy of the journal for the day on which the machine is lost, made while the daemon is at work."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from core.errors import CluedropError, JournalError
from core.site import Site
from spool.folders.durable import sync_paths
from spool.identifiers import now_ms
from spool.journal.database import copy_of, dated, file_of, open_database, trouble


def back_up(site: Site, folder: Path) -> Path:
    """Lay a copy of the journal into a folder, proved to be whole; returns its path.

    The copy is marked as one: a daemon does not work with it before ``rebuild`` has told it what was done since. Raise
    CluedropError for a journal on a server, which has its own means, JournalError when it is damaged, OSError.
    """
    file = file_of(site.journal_url)
    if file is None:
        raise CluedropError("the journal lies on a server: back it up with pg_dump, as docs/recovery.md shows")
    if not file.exists():
        raise CluedropError(f"there is no journal yet ({file}); the daemon makes it when it starts")
    folder.mkdir(parents=True, exist_ok=True)
    path = dated(folder / "journal-", ".sqlite3")
    engine = open_database(site.journal_url, readonly=True)
    try:
        with engine.connect() as connection:
            copy_of(connection, path)
    except DBAPIError as error:
        raise trouble(error, "read") from error
    finally:
        engine.dispose()
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("UPDATE chain SET copied_at = ?", (now_ms(),))
        copy.commit()
        found = [row[0] for row in copy.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        path.unlink()
        raise JournalError(f"the journal is damaged, so there is no backup of it: {'; '.join(found)}")
    sync_paths([str(path)], [str(folder)])
    return path
