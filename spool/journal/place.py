"""Is the journal that we have open still the one that lies there? Somebody may have deleted or replaced its file.

SQLite goes on with a file that has no name any more, and all that it is told is gone when the daemon ends.
"""

import os

from sqlalchemy import Connection

from core.errors import JournalError
from spool.journal.database import copy_of, dated, file_of


class Place:
    """The file of an open journal; on a server there is none, and nothing to be asked."""

    def __init__(self, connection: Connection) -> None:
        """``connection`` stays open; it alone still leads to a file that has lost its name."""
        self._connection = connection
        self._file = file_of(connection.engine.url.render_as_string(hide_password=False))
        self._known = self._seen()

    def _seen(self) -> tuple[int, int] | None:
        if self._file is None:
            return None
        try:
            status = os.stat(self._file)
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def check(self) -> None:
        """Raise JournalError when the file was deleted or replaced; what it held is laid beside it before."""
        seen = self._seen()
        if seen == self._known or self._file is None:
            return
        what = "deleted" if seen is None else "replaced by another one"
        kept = dated(self._file.with_name(f"{self._file.name}.rescued-"))
        copy_of(self._connection, kept)
        for ending in ("-wal", "-shm"):  # the log of what is gone must not meet the copy when it gets its name back
            self._file.with_name(self._file.name + ending).unlink(missing_ok=True)
        raise JournalError(
            f"the journal ({self._file}) was {what} while the daemon was at work, which has stopped. All that it knew "
            f"is in {kept.name} beside it. To go on, give it its name back and start the daemon: mv {kept} {self._file}"
        )
