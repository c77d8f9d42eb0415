"""May the daemon work with this journal? Only with one that knows all that the archive holds.

A journal that was deleted, or restored from a backup, would take invoices a second time that were handed over long
ago. After a crash or a power cut the journal always knows more than the archive: a commit is on the disk before
anything of it is shown or archived. So whoever knows less is not the journal that this archive belongs to.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from core.errors import JournalError
from core.site import Site
from spool.archive.files import ArchiveConflict
from spool.archive.filing import CHAIN_NAME, Archive
from spool.archive.manifest import ChainFile
from spool.folders.durable import sync_paths
from spool.folders.reach import answers
from spool.identifiers import LENGTH
from spool.journal.database import REBUILD, check_pages, open_database, trouble, upgrade
from spool.journal.tables import Row, chain
from spool.work.handling import WORK_FOLDER
from spool.work.staging import STAGED_FOLDER

_SHOWN = 3
_LOST = (
    "Nothing was touched. Is the archive mounted, and is it the right one? If it had to be restored from a backup, or "
    r"is lost, see docs/recovery.md, \“The archive is damaged or lost”."
)


def make_ready(site: Site, *, thoroughly: bool = False) -> None:
    """Bring the journal of a site up to date, and make sure that it is the right one.

    ``thoroughly`` also looks at every page of it. Raise JournalError, which says what to do, or TransportError.
    """
    site.state.mkdir(parents=True, exist_ok=True)
    upgrade(site.journal_url)
    engine = open_database(site.journal_url, readonly=True)
    try:
        if thoroughly:
            check_pages(engine)
        with engine.connect() as connection:
            row = connection.execute(select(chain)).mappings().one_or_none()
    except DBAPIError as error:
        raise trouble(error, "read") from error
    finally:
        engine.dispose()
    with suppress(PermissionError):  # who only looks may be somebody else than the daemon's user
        _compare(site, None if row is None else dict(row))


def _compare(site: Site, row: Row | None) -> None:
    if not answers(str(site.archive)):
        return  # nothing is taken until it does, and the daemon says so
    try:
        archived = Archive(site.archive, sync_paths).chain()
    except ArchiveConflict as error:
        raise JournalError(f"{error}. {REBUILD}") from error
    if row is None:
        _check_new(site, archived)
        return
    if row["copied_at"] is None and not _has_archive(site):
        return  # away, perhaps only for now: the daemon takes nothing until it is there, and says so
    if row["copied_at"] is not None:
        made = datetime.fromtimestamp(row["copied_at"] / 1000, tz=ZoneInfo(site.timezone))
        raise JournalError(
            f"the journal is a backup, made on {made:%Y-%m-%d at %H:%M:%S}: it does not know what was done since. "
            f"{REBUILD}"
        )
    if archived.committed > row["committed"]:
        raise JournalError(
            f"the journal does not know all that the archive holds: it has seen {row['committed']} commits, the "
            f"archive {archived.committed}. It was restored from an older backup, or is another one. {REBUILD}"
        )
    if archived.sequence < row["sequence"]:
        raise JournalError(
            f"the archive ({site.archive}) ends at number {archived.sequence}, the journal knows it up to number "
            f"{row['sequence']}. {_LOST}"
        )
    if archived.sequence == row["sequence"] and archived.digest != row["digest"]:
        raise JournalError(
            f"the archive ({site.archive}) is not the one that the journal knows: its last entry, number "
            f"{row['sequence']}, is another one. {_LOST}"
        )


def _has_archive(site: Site) -> bool:
    """Something of an archive lies there: its head, or the folder of a year."""
    with suppress(OSError):
        return any(name == CHAIN_NAME or name.isdigit() for name in os.listdir(site.archive))
    return False


def _check_new(site: Site, archived: ChainFile) -> None:
    """A journal that no daemon has worked with belongs to a site where nothing has happened yet."""
    traces = [f"{archived.sequence} entries in {site.archive}"] if archived.sequence else []
    traces += list(traces_of_work(site))
    if traces:
        more = f" and {len(traces) - _SHOWN} more" if len(traces) > _SHOWN else ""
        raise JournalError(
            f"the journal is new, but this site has been at work: {', '.join(traces[:_SHOWN])}{more}. Was the journal "
            f"deleted, or does the configuration name another one (folders.state, journal.url)? {REBUILD}"
        )


def traces_of_work(site: Site) -> Iterator[str]:
    """Hidden files that a daemon has left behind in the folders of a site."""
    folders = [f"{target.folder}/{STAGED_FOLDER}" for target in site.targets.values()]
    folders += [f"{route.folder}/{WORK_FOLDER}" for route in site.routes]
    for folder in filter(answers, folders):
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if all(sign in "0123456789abcdef" for sign in entry.name[:LENGTH]):
                    yield entry.path
