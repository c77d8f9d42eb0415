"""Files of an export run that was taken back: nobody shall import them any more, so they go where they still lie.

Whoever has taken a file away already keeps it; a person must see to that.
"""

import hashlib
import os
import time
from pathlib import Path

from loguru import logger
from sqlalchemy import select

from core.fibu.export_run import WITHDRAWN, WithdrawnFile
from core.site import Site
from spool.engine import Engine
from spool.folders.durable import sync_file
from spool.identifiers import now_ms
from spool.journal.store import Journal
from spool.journal.tables import Row, ledger, requests

WITHDRAW = "withdraw"
"""Verb of the request; its reason is the id of the order that took the run back."""
_LOOK_SECONDS = 1.0
_OF_THE_SITE = ""


class Withdrawals:
    """Sees to it that every order that takes something back is followed by one withdrawal."""

    def __init__(self, engine: Engine) -> None:
        self._journal = engine.journal
        self._known: set[str] = set()
        self._next = 0.0

    def look(self) -> None:
        """The same, when it is time to; the request remembers that it is done."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LOOK_SECONDS
            self.ask()

    def ask(self) -> None:
        """Ask for what was not asked for yet, now."""
        for order in sorted(_orders(self._journal) - self._known):
            if not _requests(self._journal, order):
                self._journal.ask(WITHDRAW, order, order, now_ms())
            self._known.add(order)


def is_withdrawn(journal: Journal, order: str) -> bool:
    """Whether everything that an order takes back is withdrawn."""
    asked = _requests(journal, order)
    return all(row["done"] for row in asked) and (bool(asked) or order not in _orders(journal))


def _requests(journal: Journal, order: str) -> list[Row]:
    return list(journal.stream(select(requests).where(requests.c.verb == WITHDRAW, requests.c.reason == order)))


def _orders(journal: Journal) -> set[str]:
    keys = select(ledger.c.drop_id).distinct().where(ledger.c.company == _OF_THE_SITE, ledger.c.kind == WITHDRAWN)
    return {row["drop_id"] for row in journal.stream(keys)}


def withdraw(order: str, site: Site, journal: Journal) -> str:
    """Remove the files that an order takes back, each only while it is the one that was published, unchanged."""
    of_order = select(ledger.c.body).where(
        ledger.c.company == _OF_THE_SITE, ledger.c.kind == WITHDRAWN, ledger.c.drop_id == order
    )
    files = [WithdrawnFile.model_validate_json(row["body"]) for row in journal.stream(of_order)]
    published = journal.outputs_of(sorted({file.drop_id for file in files}))
    gone, folders = 0, set()
    for file in files:
        row = next((row for row in published.get(file.drop_id, ()) if _is(row, file)), None)
        target = site.targets.get(file.target)
        if row is not None and target is not None and _is_there(path := target.folder / file.name, row, order):
            path.unlink()
            folders.add(str(target.folder))
            gone += 1
            logger.info("{}: withdrawn, its run was taken back", path)
    for folder in folders:
        sync_file(folder)
    return f"{gone} of {len(files)} files withdrawn; the others were no longer there"


def _is(row: Row, file: WithdrawnFile) -> bool:
    return (row["target"], row["name"]) == (file.target, file.name)


def _is_there(path: Path, row: Row, order: str) -> bool:
    """Whether the published file lies there still, and not another that has taken its name, or its inode, since."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    earlier = status.st_mtime_ns // 1_000_000 < int(order[:11], 16)
    if not earlier or (status.st_ino, status.st_size) != (row["inode"], row["size"]):
        return False
    with path.open("rb") as file:
        return bool(hashlib.file_digest(file, "sha256").hexdigest() == row["sha256"])
