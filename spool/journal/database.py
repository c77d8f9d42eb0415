"""Opening the journal's database: everything that is special about one kind of database stands here.

SQLite: write-ahead log, so that readers never wait; ``synchronous=FULL`` on the connection that commits results,
``NORMAL`` on the one that only notes what the folders say anyway; writers take the write lock at once
(``BEGIN IMMEDIATE``), because a transaction that reads first and writes later fails busy in spite of the timeout
(facts/ecosystem.md 3).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, Insert, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from core.errors import CluedropError, JournalError, TransportError
from spool.folders.durable import sync_file, sync_paths

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
FAULTS_OF_OURS = (DataError, IntegrityError, ProgrammingError)
"""Errors that say nothing of the database's state, but that it was asked wrongly."""
_BUSY_MILLISECONDS = 30_000
REBUILD = (
    "Nothing was touched. Stop the daemon and run `daemon.py rebuild`: it makes the journal right from the archive and "
    "the folders (docs/recovery.md)."
)


def open_database(url: str, *, durable: bool = True, readonly: bool = False) -> Engine:
    """Open the journal's database; the schema must be there (``upgrade``). Raise SQLAlchemyError if it cannot be."""
    engine = create_engine(url, pool_pre_ping=False)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, durable=durable, readonly=readonly)
    return engine


def _prepare_sqlite(engine: Engine, *, durable: bool, readonly: bool) -> None:
    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        if readonly:
            cursor.execute("PRAGMA query_only=ON")
        else:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        cursor.execute("PRAGMA cache_size=-16000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def file_of(url: str) -> Path | None:
    """The file of a journal on SQLite; None for a server."""
    place = make_url(url)
    return Path(place.database) if place.get_backend_name() == "sqlite" and place.database else None


def trouble(error: DBAPIError, done: str, where: str = "") -> CluedropError:
    """What an error of the database means: it is damaged, or something is in the way of it for a while."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return JournalError(f"the journal{where} is damaged: {error.orig}. {REBUILD}", doubtful=True)
    return TransportError(f"the journal{where} cannot be {done}: {error.orig}")


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """One transaction. Raise TransportError when disk or server are in the way: then nothing is written."""
    with reachable("written"), connection.begin():
        yield


@contextmanager
def reachable(done: str) -> Iterator[None]:
    """Make the database's errors ours, ``trouble`` says which; a fault of our own stays what it is."""
    try:
        yield
    except FAULTS_OF_OURS:
        raise
    except DBAPIError as error:
        raise trouble(error, done) from error


def upgrade(url: str, migrations: Path = _MIGRATIONS) -> None:
    """Bring the schema to this release's, all or nothing; an empty database gets all of it.

    Before an older journal is changed a copy of it is laid beside it. Raise TransportError when the database cannot
    be opened or written, JournalError when it is none, is damaged, or is of a later version of the program.
    """
    # Only the daemon comes here; alembic would be a fifth of the time in which a short command starts.
    from alembic import command
    from alembic.config import Config as AlembicConfig
    from alembic.script import ScriptDirectory

    configuration = AlembicConfig()
    configuration.set_main_option("script_location", str(migrations))
    script = ScriptDirectory.from_config(configuration)
    where = f" ({make_url(url).database})"
    engine = open_database(url)
    try:
        if file := file_of(url):
            file.parent.mkdir(parents=True, exist_ok=True)
        with engine.begin() as connection:
            found, newest = _revision(connection), script.get_current_head()
            if found is not None and found not in {known.revision for known in script.walk_revisions()}:
                raise JournalError(
                    f"the journal{where} was written by a later version of Cluedrop (schema {found}, this one knows "
                    f"{newest}). Nothing was touched. Start the later version, or see docs/recovery.md, Upgrade."
                )
            if found == newest:
                return
            if found is not None and file:
                # From a second connection: SQLite would wait for ever for the transaction of this one.
                with engine.connect() as reading:
                    copy_of(reading, file.with_name(f"{file.name}.before-{newest}"))
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
    except DBAPIError as error:
        raise trouble(error, "opened or brought up to date", where) from error
    except OSError as error:
        raise TransportError(f"the journal{where} cannot be opened: {error}") from error
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def check_pages(engine: Engine) -> None:
    """Look at every page of a journal on SQLite. Raise JournalError where one is damaged."""
    if engine.dialect.name != "sqlite":
        return  # a server looks after its own
    with engine.connect() as connection:
        found = list(connection.exec_driver_sql("PRAGMA quick_check(3)").scalars())
    if found != ["ok"]:
        raise JournalError(f"the journal is damaged: {'; '.join(found)}. {REBUILD}")


def dated(beginning: Path, ending: str = "") -> Path:
    """A name that is free: the beginning, the date and time of now, the ending."""
    name = f"{beginning.name}{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    numbers = ("", *(f"-{number}" for number in range(2, 1000)))
    return next(path for more in numbers if not (path := beginning.with_name(f"{name}{more}{ending}")).exists())


def copy_of(connection: Connection, path: Path) -> None:
    """Copy a SQLite journal, also one at work, and return when the copy is whole and on the disk."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    source = connection.connection.driver_connection
    if source is None:
        raise TransportError("the journal's connection is gone")
    with closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    draft.chmod(0o600)
    sync_paths([str(draft)], [])
    draft.replace(path)
    sync_paths([], [str(path.parent)])


def sync_names(engine: Engine) -> None:
    """Bring the names of the database's files to the disk: a commit syncs what is in them, not that they are there.

    SQLite does so itself only where the connection that commits has made the write-ahead log. Raise TransportError.
    """
    place = engine.url.database
    if engine.dialect.name == "sqlite" and place:
        try:
            sync_file(str(Path(place).resolve().parent))
        except OSError as error:
            raise TransportError(f"the journal ({place}) cannot be written: {error.strerror}") from error


def upsert(dialect: Dialect, table: Table) -> Insert:
    """An INSERT that replaces the other columns where the primary key is there already."""
    insert = sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)
    names = {column.name for column in table.primary_key}
    return insert.on_conflict_do_update(
        index_elements=sorted(names),
        set_={column.name: insert.excluded[column.name] for column in table.columns if column.name not in names},
    )
