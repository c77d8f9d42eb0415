"""How does a rebuilt journal take the place of the old one? In one step at the very end, and the old one is kept."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from core.errors import JournalError
from spool.folders.durable import sync_paths, twin_new
from spool.journal.database import check_pages, copy_of, dated, file_of, open_database, trouble, upgrade


@dataclass(slots=True)
class OldJournal:
    """What became of the journal that was there."""

    kept_as: Path | None = None
    """Where it lies now."""
    was_kept: bool = False
    """It could be read, and what it knew was kept."""


@contextmanager
def journal_to_be(url: str, old: OldJournal) -> Iterator[Connection]:
    """A transaction on the journal that shall be; at its end it takes its place, after an error all is as it was."""
    file = file_of(url)
    if file is None:
        upgrade(url)
        with _database(url) as engine, engine.begin() as connection:
            old.was_kept = True
            yield connection
        return
    draft = file.with_name(f"{file.name}.rebuilding")
    for name in (draft.name, f"{draft.name}-wal", f"{draft.name}-shm"):
        draft.with_name(name).unlink(missing_ok=True)
    old.was_kept = _copied(url, file, draft)
    new = f"sqlite:///{draft}"
    upgrade(new)
    with _database(new) as engine:
        with engine.begin() as connection:
            yield connection
        check_pages(engine)
    draft.chmod(0o640)
    sync_paths([str(draft)], [])
    old.kept_as = _set_aside(file)
    os.replace(draft, file)
    sync_paths([], [str(file.parent)])


@contextmanager
def _database(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _copied(url: str, file: Path, draft: Path) -> bool:
    """Begin with a copy of the old journal where it is whole; say False where it is not, or is not there."""
    if not file.exists():
        return False
    try:
        with _database(url) as engine:
            check_pages(engine)
            with engine.connect() as connection:
                copy_of(connection, draft)
    except JournalError:
        return False
    except DBAPIError as error:
        found = trouble(error, "read", f" ({file})")
        if isinstance(found, JournalError):
            return False
        raise found from error  # one that is only locked, or may not be read, knows more than the archive
    return True


def _set_aside(file: Path) -> Path | None:
    """Give the old journal a second name, so that there is one at every moment; its log goes with it."""
    if not file.exists():
        return None
    kept = dated(file.with_name(f"{file.name}.before-rebuild-"))
    for ending in ("-wal", "-shm"):  # a new journal must not find the log of the old one
        log = file.with_name(file.name + ending)
        if log.exists():
            log.rename(kept.with_name(kept.name + ending))
    twin_new(str(file), str(kept), f"{kept}.new")
    return kept
