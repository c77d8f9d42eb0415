"""What a restart does: the folders say what is there, the journal says how far it had come, both are made to agree.

| journal says          | the folder says                      | so                                               |
|-----------------------|--------------------------------------|--------------------------------------------------|
| nothing               | a file in the work folder            | claimed, not yet noted: note it, handle it       |
| claimed, waiting      | it is in the work folder             | handle it again from the start                   |
| claimed, waiting      | it is not                            | the claim went down with the power: forget it    |
| committed, rejected … | whatever                             | complete it; the inodes tell what is done already |
| whatever              | staged files that no commit names    | of a group that never became true: remove them   |
| whatever              | one inode in inbox and work folder   | crash inside the claim: the inbox name goes      |
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from core.site import Site
from spool.committing import Settled, visible_name, warnings_of
from spool.handling import WORK_FOLDER
from spool.identifiers import LENGTH
from spool.intake import Intake
from spool.journal.store import Journal
from spool.journal.tables import Row
from spool.messages import DropRef
from spool.publishing import Folders
from spool.staging import STAGED_FOLDER

_OPEN_STATES = ("claimed", "waiting")
_WORK_NAME = re.compile(rf"(?P<id>[0-9a-f]{{{LENGTH}}})(?P<companion>\+[0-9]+)? (?P<name>.*)", re.DOTALL)


class Recovery:
    """Looks at folders and journal once, when the daemon starts."""

    def __init__(self, site: Site, journal: Journal, intakes: Mapping[str, Intake]) -> None:
        self._site = site
        self._journal = journal
        self._intakes = intakes
        self._folders = Folders(site)
        self._files: dict[str, tuple[str, str, str]] = {}
        self._companions: dict[str, dict[str, str]] = {}
        for intake in intakes.values():
            self._look_into(intake)
        self._rows = {row["id"]: row for row in journal.unfinished()}
        self._outputs = journal.outputs_of(list(self._rows))

    def _look_into(self, intake: Intake) -> None:
        with suppress(OSError), os.scandir(intake.work) as entries:  # a share that is away is looked into at its return
            for entry in entries:
                found = _WORK_NAME.fullmatch(entry.name)
                if found is None:
                    continue
                if found["companion"]:
                    self._companions.setdefault(found["id"], {})[found["name"]] = entry.path
                else:
                    self._files[found["id"]] = (intake.route.name, found["name"], entry.path)
                _drop_twin(f"{intake.folder}/{found['name']}", entry.path)

    def claimed(self) -> list[tuple[str, DropRef]]:
        """Route and drop of everything that must be handled (again), oldest first."""
        self._adopt()
        lost = [
            row["id"] for row in self._rows.values() if row["state"] in _OPEN_STATES and row["id"] not in self._files
        ]
        self._journal.forget(lost)
        found = []
        for drop_id, (route, name, path) in sorted(self._files.items()):
            row = self._rows.get(drop_id)
            if row is None or row["state"] in _OPEN_STATES:
                found.append((route, self._drop(drop_id, name, path, row)))
        return found

    def _drop(self, drop_id: str, name: str, path: str, row: Row | None) -> DropRef:
        flags = row["flags"].split() if row else []
        return DropRef(
            drop_id,
            path,
            name,
            int(drop_id[:11], 16) if row is None else row["claimed_at"],
            released="released" in flags,
            forced="forced" in flags,
            companions=self._companions.get(drop_id, {}),
        )

    def _adopt(self) -> None:
        rows = []
        for drop_id, (route, name, path) in self._files.items():
            if drop_id in self._rows or self._journal.drop(drop_id) is not None:
                continue
            status = os.lstat(path)
            rows.append(
                {
                    "id": drop_id,
                    "route": route,
                    "name": visible_name(name),
                    "size": status.st_size,
                    "mtime_ns": status.st_mtime_ns,
                    "state": "claimed",
                    "claimed_at": int(drop_id[:11], 16),
                }
            )
        if rows:
            self._journal.claim(rows)

    def settled(self) -> list[Settled]:
        """Everything that was committed and may not be laid down yet, oldest first."""
        return [self._settled(row) for row in self._rows.values() if row["state"] not in _OPEN_STATES]

    def _settled(self, row: Row) -> Settled:
        drop_id = row["id"]
        _route, _name, path = self._files.get(drop_id, ("", "", ""))
        if not path:
            path = self._intakes[row["route"]].work_path(drop_id, row["name"])
        return Settled(
            row["route"],
            drop_id,
            row["state"],
            row["name"],
            path,
            row["size"],
            row["sha256"] or "",
            row["claimed_at"],
            [self._folders.publication(row["route"], output) for output in self._outputs.get(drop_id, ())],
            self._companions.get(drop_id, {}),
            warnings_of(row["report"]),
        )

    def tidy(self) -> None:
        """Remove what was staged for groups that never became true."""
        named = {
            os.path.basename(output["staged"]) for outputs in self._outputs.values() for output in outputs
        }  # fmt: skip
        for path in self._staged():
            if os.path.basename(path) not in named:
                with suppress(OSError):
                    os.unlink(path)

    def _staged(self) -> Iterator[str]:
        for target in self._site.targets.values():
            yield from _files_of(f"{target.folder}/{STAGED_FOLDER}")
        for route in self._site.routes:
            # Claimed files carry a blank behind their id; what we write ourselves never does.
            yield from (
                path for path in _files_of(f"{route.folder}/{WORK_FOLDER}") if " " not in os.path.basename(path)
            )
        yield from (path for path in _files_of(str(self._site.state)) if path.endswith(".ledger"))


def _drop_twin(inbox_path: str, work_path: str) -> None:
    """Finish a claim that was cut between link and unlink."""
    with suppress(OSError):
        if os.path.samestat(os.lstat(inbox_path), os.lstat(work_path)):
            os.unlink(inbox_path)


def _files_of(folder: str) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            yield entry.path
