"""What a restart does: the folders say what is there, the journal says how far it had come, both are made to agree.

| journal says          | the folder says                      | so                                               |
|-----------------------|--------------------------------------|--------------------------------------------------|
| nothing               | a file in the work folder            | claimed, not yet noted: note it, handle it       |
| claimed, waiting      | it is in the work folder             | handle it again from the start                   |
| claimed, waiting      | it is not                            | the claim went down with the power: forget it    |
| committed, rejected … | whatever                             | complete it; the inodes tell what is done already |
| whatever              | staged files that no commit names    | of a group that never became true: remove them   |
| claimed, waiting      | its inode is in another folder too   | crash inside the claim: the work folder keeps it |
| finished              | it is still in the work folder       | the removal went down with the power: remove it  |
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from loguru import logger

from core.site import Site
from spool.folders.durable import sync_file
from spool.folders.names import visible_name
from spool.identifiers import LENGTH
from spool.inbox.intake import HELD, REJECTED, Intake
from spool.journal.store import Journal
from spool.journal.tables import Row
from spool.results.committing import Settled, companions_of, warnings_of
from spool.results.effects import recalled
from spool.results.leftovers import claimed_of, staged_files
from spool.results.publishing import NOTE_ENDINGS, Folders
from spool.work.messages import DropRef

_OPEN_STATES = ("claimed", "waiting")


class Recovery:
    """Looks at folders and journal once: when the daemon starts, and at the return of a share that was away then."""

    def __init__(
        self, site: Site, journal: Journal, intakes: Mapping[str, Intake], is_ours: Callable[[str], bool]
    ) -> None:
        """``intakes`` are those of the routes that are there; ``is_ours`` is asked before hidden files are removed."""
        self._site = site
        self._is_ours = is_ours
        self._journal = journal
        self._intakes = intakes
        self._folders = Folders(site)
        self._files: dict[str, tuple[str, str, str]] = {}
        """Route, dropped name and path of what lies in the work folders, by drop id."""
        self._companions: dict[str, dict[str, str]] = {}
        self._over: list[str] = []
        for intake in intakes.values():
            self._look_into(intake)
        unfinished = journal.unfinished()
        self._outputs = journal.outputs_of([row["id"] for row in unfinished])
        self._rows = {row["id"]: row for row in unfinished if row["route"] in intakes}
        self._of_others = {row["id"] for row in unfinished} - self._rows.keys()

    def _look_into(self, intake: Intake) -> None:
        for found in claimed_of(intake.route):
            if found.companion:
                self._companions.setdefault(found.drop_id, {})[found.name] = found.path
            else:
                self._files[found.drop_id] = (found.route, found.name, found.path)

    @property
    def staged_on(self) -> set[str]:
        """Targets on which something may still be staged, for whatever route."""
        return {made["target"] for outputs in self._outputs.values() for made in outputs}

    def claimed(self) -> list[tuple[str, DropRef]]:
        """Route and drop of everything that must be handled (again), oldest first."""
        self._adopt()
        lost = [
            row["id"] for row in self._rows.values() if row["state"] in _OPEN_STATES and row["id"] not in self._files
        ]
        if lost:
            logger.warning("{} claimed files are not in their work folders any more; they are forgotten", len(lost))
            self._journal.forget(lost)
        found = []
        for drop_id, (route, name, path) in sorted(self._files.items()):
            row = self._rows.get(drop_id)
            if row is None or row["state"] in _OPEN_STATES:
                found.append((route, self._drop(drop_id, name, path, row)))
        for name, intake in self._intakes.items():
            drops = [drop for route, drop in found if route == name]
            _remove_twins(intake, [path for drop in drops for path in (drop.path, *drop.companions.values())])
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
            settled="settled" in flags,
            companions=self._companions.get(drop_id, {}),
        )

    def _adopt(self) -> None:
        rows = []
        for drop_id, (route, name, path) in list(self._files.items()):
            if drop_id in self._rows:
                continue
            if self._journal.drop(drop_id) is not None:
                del self._files[drop_id]
                self._over.append(path)
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
        for drop_id in self._companions.keys() - self._files.keys() - self._rows.keys():
            if self._journal.drop(drop_id) is not None:
                self._over += self._companions[drop_id].values()

    def settled(self) -> list[Settled]:
        """Everything that was committed and may not be laid down yet, oldest first."""
        rows = [row for row in self._rows.values() if row["state"] not in _OPEN_STATES]
        self._effects = self._journal.effects_of([row["id"] for row in rows if row["state"] == "committed"])
        known = [row for row in rows if all(self._folders.knows(made["target"]) for made in self._made(row))]
        if len(known) < len(rows):
            logger.error("{} drops wait for targets that are not configured any more", len(rows) - len(known))
        return [self._settled(row) for row in known]

    def _made(self, row: Row) -> Sequence[Row]:
        return self._outputs.get(row["id"], ())

    def _settled(self, row: Row) -> Settled:
        drop_id = row["id"]
        made = self._made(row)
        effects = self._effects.get(drop_id, ((), ()))
        _route, _name, path = self._files.get(drop_id, ("", "", ""))
        warnings = warnings_of(row["report"])
        if row["state"] == "discarding":
            made, warnings = (), ()  # what was laid down is what goes now, and the archive keeps no more of it
            if path:
                _remove_twins(self._intakes[row["route"]], [path])
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
            [self._folders.publication(row["route"], output) for output in made],
            companions_of(row, self._intakes[row["route"]].work),
            warnings,
            recalled(row, effects[0], effects[1], str(self._site.state)),
        )

    def tidy(self) -> None:
        """Remove what was staged for groups that never became true, and what finished drops left behind."""
        for path in self._over:
            with suppress(OSError):
                os.unlink(path)
        named = {os.path.basename(output["staged"]) for outputs in self._outputs.values() for output in outputs}
        kept = [json.loads(row["effects"]) for row in self._rows.values() if row["effects"]]
        named |= {effects["spilled"][0] for effects in kept if "spilled" in effects}
        for path in staged_files(self._site, self._is_ours):
            name = os.path.basename(path)
            if name not in named and name[:LENGTH] not in self._of_others:  # those may be in a worker's hands
                with suppress(OSError):
                    os.unlink(path)


def _remove_twins(intake: Intake, paths: Iterable[str]) -> None:
    """Finish claims, and what people have asked for, that were cut between link and unlink."""
    statuses = [os.lstat(path) for path in paths]
    linked = {(status.st_dev, status.st_ino) for status in statuses if status.st_nlink > 1}
    if not linked:
        return
    for folder in (intake.folder, f"{intake.folder}/{REJECTED}", f"{intake.folder}/{HELD}"):
        removed = False
        for name in os.listdir(folder):
            path = f"{folder}/{name}"
            with suppress(FileNotFoundError):  # somebody takes it away at this moment
                status = os.lstat(path)
                if (status.st_dev, status.st_ino) in linked:
                    os.unlink(path)
                    removed = True
                    for ending in NOTE_ENDINGS:
                        Path(path + ending).unlink(missing_ok=True)
        if removed:
            sync_file(folder)
