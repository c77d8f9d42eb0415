"""What people ask for from the command line: release, discard, retry, replay. The command notes it, the daemon does it.

So the verbs work whether the daemon runs or not, and there is never a second writer in the folders.
"""

import os
import shutil
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from loguru import logger

from core.batch import REJECTED_FOLDER
from core.errors import CluedropError
from spool.committing import NOTE_SUFFIX, WORKBOOK_SUFFIX, Settled
from spool.durable import move_new
from spool.engine import Engine
from spool.identifiers import new_drop_id, now_ms
from spool.journal.tables import Row
from spool.manifest import MANIFEST_NAME, Manifest, entry_folder
from spool.messages import DropRef
from spool.publishing import HELD_FOLDER, Folders

_LOOK_SECONDS = 1.0


class Refused(CluedropError):  # noqa: N818 - an answer, not a fault
    """What was asked for cannot be done; the text says why."""


class Control:
    """Carries out what was asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._journal = engine.journal
        self._folders = Folders(engine.site)
        self._zone = ZoneInfo(engine.site.timezone)
        self._next = 0.0

    def look(self) -> None:
        """Carry out what was asked for since the last look."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _LOOK_SECONDS
        for request in self._journal.asked():
            try:
                answer = self._carry_out(request["verb"], request["drop_id"])
            except (Refused, OSError) as error:
                answer = f"not done: {error}"
            logger.info("{} {}: {}", request["verb"], request["drop_id"], answer)
            self._journal.answer(request["id"], answer)

    def _carry_out(self, verb: str, drop_id: str) -> str:
        row = self._journal.drop(drop_id)
        if row is None or row["route"] not in self._engine.intakes:
            raise Refused(f"there is no drop {drop_id}")
        match verb, row["state"]:
            case "release", "held":
                return self._again(row, HELD_FOLDER, "released")
            case "retry", "rejected":
                return self._again(row, REJECTED_FOLDER, "")
            case "retry", "duplicate":
                return self._again(row, REJECTED_FOLDER, "forced")
            case "discard", "held":
                return self._discard(row)
            case "replay", "archived":
                return self._replay(row)
        raise Refused(f"the drop is {row['state']}, so it cannot be asked to {verb}")

    def _again(self, row: Row, folder: str, flag: str) -> str:
        """Bring a file back from the folder where it is shown, and handle it once more under its own id."""
        path, companions = self._bring_back(row, folder)
        flags = " ".join(dict.fromkeys([*row["flags"].split(), *([flag] if flag else [])]))
        self._journal.reopen(row["id"], flags)
        drop = DropRef(
            row["id"],
            path,
            row["name"],
            row["claimed_at"],
            released="released" in flags,
            forced="forced" in flags,
            companions=companions,
        )
        self._engine.hand_in(row["route"], drop)
        return "handled again"

    def _bring_back(self, row: Row, folder: str) -> tuple[str, dict[str, str]]:
        shown = [
            output for output in self._journal.outputs_of([row["id"]]).get(row["id"], ()) if output["target"] == folder
        ]
        if not shown:
            raise Refused("its file is not where it was shown")
        place = self._folders.visible(row["route"], folder)
        intake = self._engine.intakes[row["route"]]
        original = shown[-1]["name"]
        path = intake.work_path(row["id"], row["name"])
        try:
            move_new(f"{place}/{original}", path)
        except FileNotFoundError:
            raise Refused(f"{place}/{original} is no longer there") from None
        companions: dict[str, str] = {}
        for output in shown[:-1]:
            name = output["name"]
            if name in {original + NOTE_SUFFIX, original + WORKBOOK_SUFFIX}:
                with suppress(FileNotFoundError):
                    os.unlink(f"{place}/{name}")
                continue
            kept = intake.work_path(f"{row['id']}+{len(companions)}", name)
            with suppress(FileNotFoundError):
                move_new(f"{place}/{name}", kept)
                companions[name] = kept
        return path, companions

    def _discard(self, row: Row) -> str:
        path, companions = self._bring_back(row, HELD_FOLDER)
        self._journal.reopen(row["id"], row["flags"])
        self._journal.note([{"b_id": row["id"], "b_state": "discarding", "b_report": row["report"]}])
        size = os.stat(path).st_size
        digest, claimed_at = row["sha256"] or "", row["claimed_at"]
        discarded = Settled(row["route"], row["id"], "discarding", row["name"], path, size, digest, claimed_at, [])
        discarded.companions = companions
        self._engine.lay_down(discarded)
        return "laid into the archive as discarded"

    def _replay(self, row: Row) -> str:
        received = datetime.fromtimestamp(row["claimed_at"] / 1000, tz=self._zone)
        folder = f"{self._engine.site.archive}/{entry_folder(received, row['id'])}"
        intake = self._engine.intakes[row["route"]]
        manifest = Manifest.from_bytes(Path(f"{folder}/{MANIFEST_NAME}").read_bytes())
        moment = now_ms()
        drop_id = new_drop_id(moment)
        path = intake.work_path(drop_id, row["name"])
        shutil.copyfile(f"{folder}/{manifest.original.file}", path)
        companions = {}
        for number, companion in enumerate(manifest.companions):
            companions[companion.name] = intake.work_path(f"{drop_id}+{number}", companion.name)
            shutil.copyfile(f"{folder}/{companion.file}", companions[companion.name])
        values = {"id": drop_id, "name": row["name"], "flags": "forced", "claimed_at": moment, "state": "claimed"}
        kept = {name: row[name] for name in ("route", "size", "mtime_ns")}
        self._journal.claim([{**kept, **values}])
        drop = DropRef(drop_id, path, row["name"], moment, forced=True, companions=companions)
        self._engine.hand_in(row["route"], drop)
        return f"handled again as {drop_id}"
