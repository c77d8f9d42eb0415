"""Opening the journal's database: everything that is special about one kind of database stands here.

SQLite: write-ahead log, so that readers never wait; ``synchronous=FULL`` on the connection that commits results,
``NORMAL`` on the one that only notes what the folders say anyway; writers take the write lock at once
(``BEGIN IMMEDIATE``), because a transaction that reads first and writes later fails busy in spite of the timeout
(facts/ecosystem.md 3).
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, Engine, Insert, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from core.errors import TransportError
from spool.durable import sync_file

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
_BUSY_MILLISECONDS = 30_000


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


def upgrade(url: str) -> None:
    """Bring the schema to this release's; an empty database gets all of it.

    Raise TransportError when the database cannot be opened or written, is none, or is of a later release.
    """
    # Only the daemon comes here; alembic would be a fifth of the time in which a short command starts.
    from alembic import command
    from alembic.config import Config as AlembicConfig
    from alembic.util import CommandError

    place = make_url(url)
    configuration = AlembicConfig()
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    engine = open_database(url)
    try:
        if url.startswith("sqlite") and place.database:
            Path(place.database).parent.mkdir(parents=True, exist_ok=True)
        with engine.begin() as connection:
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
    except (DBAPIError, CommandError, OSError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise TransportError(
            f"the journal ({place.database}) cannot be opened or brought up to date: {reason}"
        ) from error
    finally:
        engine.dispose()


def is_in_the_way(error: Exception) -> bool:
    """Say whether disk or server have failed, not a statement of ours.

    SQLite calls a database malformed when the disk does not let it read; the plain class stands for that.
    """
    return isinstance(error, OperationalError) or type(error) is DatabaseError


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
