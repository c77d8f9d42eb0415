"""What people ask for from the command line: release, discard, retry, replay, orders. The command notes it, the daemon
does it.

So the verbs work whether the daemon runs or not, and there is never a second writer in the folders.
"""

import filecmp
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from loguru import logger

from core.batch import REJECTED_FOLDER
from core.errors import CluedropError, JournalError, TransportError
from spool.archive.manifest import MANIFEST_NAME, Effects, Manifest, entry_folder
from spool.engine import Engine
from spool.folders.durable import sync_file, twin_new
from spool.folders.own_folders import open_new
from spool.identifiers import requested_id
from spool.journal.store import Results
from spool.journal.tables import Row
from spool.results.committing import Settled, companion, companions_of, companions_row
from spool.results.publishing import HELD_FOLDER, NOTE_ENDINGS, Folders
from spool.verbs.orders import ORDER, Order, order_before
from spool.verbs.releasing import Preceding
from spool.verbs.withdrawing import WITHDRAW, is_withdrawn, withdraw
from spool.work.messages import DropRef

_LOOK_SECONDS = 1.0


@dataclass(slots=True)
class _Back:
    """A file on its way back into the work folder: until the journal knows, it lies here and there."""

    path: str
    companions: dict[str, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)

    def link(self, shown: str, path: str) -> None:
        """Raise FileNotFoundError when somebody has taken it away."""
        try:
            hidden = os.path.basename(path).partition(" ")[0]  # what has no blank in the work folder is ours to tidy
            twin_new(shown, path, f"{os.path.dirname(path)}/{hidden}.back")
        except FileExistsError:  # an earlier attempt came thus far
            if not filecmp.cmp(shown, path, shallow=False):
                raise
        self.shown.append(shown)

    def take_away(self) -> None:
        """Nobody shall see it where it was shown any more."""
        for path in self.shown:
            with suppress(FileNotFoundError):
                os.unlink(path)
        for folder in {os.path.dirname(path) for path in self.shown}:
            sync_file(folder)


class Refused(CluedropError):  # noqa: N818 - an answer, not a fault
    """What was asked for cannot be done; the text says why."""


class Control:
    """Carries out what was asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._journal = engine.journal
        self._preceding = Preceding(engine.journal)
        self._folders = Folders(engine.site)
        self._zone = ZoneInfo(engine.site.timezone)
        self._next = 0.0

    def look(self) -> None:
        """Carry out what was asked for since the last look, when it is time to."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LOOK_SECONDS
            self.carry_out()

    def carry_out(self) -> int:
        """Carry out what was asked for and can be done by now; returns how much that was."""
        done = 0
        in_time = (request for request in self._journal.asked() if not self._is_too_early(request))
        for request in in_time:  # each is asked about when those before it are done
            done += 1
            try:
                answer = self._carry_out(request)
            except (Refused, OSError) as error:
                answer = f"not done: {error}"
            except (JournalError, TransportError):
                raise  # the journal is in the way: asked again
            except Exception as error:  # asked again after a restart, it would end the daemon again
                logger.exception("{} {} met a bug of ours", request["verb"], request["drop_id"])
                answer = f"not done: {error!r}"
            logger.info("{} {}: {}", request["verb"], request["drop_id"], answer)
            self._journal.answer(request["id"], answer)
        return done

    def _is_too_early(self, request: Row) -> bool:
        """Whether it shall follow something that is not over."""
        order = order_before(request["reason"])
        if not order:
            return self._preceding.is_in_hand(request)
        row = self._journal.drop(order)
        return row is None or not row["finished_at"] or not is_withdrawn(self._journal, order)

    def _carry_out(self, request: Row) -> str:
        verb, drop_id = request["verb"], request["drop_id"]
        if verb == WITHDRAW:
            return withdraw(request["reason"], self._engine.site, self._journal)
        row = self._journal.drop(drop_id)
        if row is None or row["route"] not in self._engine.intakes:
            raise Refused(f"there is no drop {drop_id}")
        if verb == ORDER:
            drop_id = requested_id(request["id"], request["asked_at"])
            return self._order(row, drop_id, Order.from_text(request["reason"]))
        return self._decide(row, request)

    def _decide(self, row: Row, request: Row) -> str:
        verb, order = request["verb"], order_before(request["reason"])
        before = self._journal.drop(order) if order else None
        if before is not None and before["state"] != "archived":
            raise Refused(f"the order {order} was refused")
        match verb, row["state"]:
            case "release", "held" | "unclear":
                return self._again(row, HELD_FOLDER, "released")
            case "settle", "unclear":
                return self._again(row, HELD_FOLDER, "released settled")
            case "retry", "rejected":
                return self._again(row, REJECTED_FOLDER, "")
            case "retry", "duplicate":
                return self._again(row, REJECTED_FOLDER, "forced")
            case "discard", "held" | "unclear":
                return self._discard(row)
            case "replay", "archived":
                return self._replay(row, requested_id(request["id"], request["asked_at"]))
            case "release" | "retry" | "discard", "claimed" | "committed" | "discarding":
                return "it is being handled"  # asked for before a crash, and begun then
        raise Refused(f"the drop is {row['state']}, so it cannot be asked to {verb}")

    def _again(self, row: Row, folder: str, flag: str) -> str:
        """Bring a file back from the folder where it is shown, and handle it once more under its own id."""
        back = self._bring_back(row, folder)
        if "released" in flag.split():
            _refuse_another(row, back)
        flags = " ".join(dict.fromkeys([*row["flags"].split(), *flag.split()]))
        self._journal.reopen(row["id"], flags)
        back.take_away()
        drop = DropRef(
            row["id"],
            back.path,
            row["name"],
            row["claimed_at"],
            released="released" in flags,
            forced="forced" in flags,
            settled="settled" in flags,
            companions=back.companions,
        )
        self._engine.hand_in(row["route"], drop)
        return "handled again"

    def _bring_back(self, row: Row, folder: str) -> "_Back":
        """Link a file and its attachments back into the work folder; the journal must follow before they go here."""
        shown = [
            output for output in self._journal.outputs_of([row["id"]]).get(row["id"], ()) if output["target"] == folder
        ]
        if not shown:
            raise Refused("its file is not where it was shown")
        place = self._folders.visible(row["route"], folder)
        intake = self._engine.intakes[row["route"]]
        original = _shown_path(place, shown[-1])
        back = _Back(intake.work_path(row["id"], row["name"]))
        try:
            back.link(original, back.path)
        except FileNotFoundError:
            raise Refused(f"{original} is no longer there") from None
        back.shown += [f"{original}{ending}" for ending in NOTE_ENDINGS]
        attached = [output for output in shown[:-1] if not output["name"].endswith(NOTE_ENDINGS)]
        names = [kept.name for kept in companions_of(row, intake.work)]
        for number, (name, output) in enumerate(zip(names, attached, strict=False)):
            with suppress(FileNotFoundError):
                path = intake.work_path(f"{row['id']}+{number}", name)
                back.link(_shown_path(place, output), path)
                back.companions[name] = path
        sync_file(intake.work)
        return back

    def _discard(self, row: Row) -> str:
        back = self._bring_back(row, HELD_FOLDER)
        original = companion(row["name"], back.path)  # what waited in vain was never read: the journal has no hash
        companions = [companion(name, kept) for name, kept in back.companions.items()]
        values = {"state": "discarding", "sha256": original.sha256, "report": row["report"]}
        values |= {"id": row["id"], "companions": companions_row(companions), "effects": None}
        values["number"] = self._journal.next_number()
        self._journal.commit(Results([{f"b_{name}": value for name, value in values.items()}], [], [], ()))
        back.take_away()
        discarded = Settled(
            route=row["route"],
            drop_id=row["id"],
            state="discarding",
            name=row["name"],
            path=back.path,
            size=original.size,
            sha256=original.sha256,
            claimed_at=row["claimed_at"],
            publications=[],
            companions=companions,
            effects=Effects(values["number"], row["flags"]),
        )
        self._engine.lay_down(discarded)
        return "laid into the archive as discarded"

    def _replay(self, row: Row, drop_id: str) -> str:
        """Handle a copy of an archived file as a new drop, under the id that belongs to the request.

        So the same drop is meant when it is asked for again after a crash.
        """
        if self._journal.drop(drop_id) is not None:
            return f"handled again as {drop_id}"
        received = datetime.fromtimestamp(row["claimed_at"] / 1000, tz=self._zone)
        folder = f"{self._engine.site.archive}/{entry_folder(received, row['id'])}"
        intake = self._engine.intakes[row["route"]]
        try:
            manifest = Manifest.from_bytes(Path(f"{folder}/{MANIFEST_NAME}").read_bytes())
        except ValueError as error:
            raise Refused(f"the manifest in {folder} is damaged; verify the archive") from error
        path = intake.work_path(drop_id, row["name"])
        companions, copies = {}, {}
        for number, archived in enumerate(manifest.companions):
            companions[archived.name] = intake.work_path(f"{drop_id}+{number}", archived.name)
            copies[f"{intake.work}/{drop_id}.replay.{number}"] = companions[archived.name]
            _copy(f"{folder}/{archived.file}", f"{intake.work}/{drop_id}.replay.{number}")
        copies[f"{intake.work}/{drop_id}.replay"] = path  # the last, for without it the others are nothing
        _copy(f"{folder}/{manifest.original.file}", f"{intake.work}/{drop_id}.replay")
        kept = {name: row[name] for name in ("route", "name", "size", "mtime_ns")}
        self._begin(drop_id, kept, copies, companions, forced=True)
        return f"handled again as {drop_id}"

    def _order(self, row: Row, drop_id: str, order: Order) -> str:
        """Handle an order as a new drop on the route of the drop that it is about."""
        if self._journal.drop(drop_id) is None:
            intake = self._engine.intakes[row["route"]]
            path, hidden = intake.work_path(drop_id, order.name), f"{intake.work}/{drop_id}.order"
            content = order.content.encode()
            with open(open_new(hidden), "wb") as file:
                file.write(content)
            sync_file(hidden)
            kept = {"route": row["route"], "name": order.name, "size": len(content), "mtime_ns": 0}
            self._begin(drop_id, kept, {hidden: path}, {}, forced=False)
        return f"handled as {drop_id}"

    def _begin(
        self, drop_id: str, kept: Row, copies: Mapping[str, str], companions: Mapping[str, str], *, forced: bool
    ) -> None:
        """Give hidden files their names in the work folder, the drop's own the last, and hand the drop in.

        The journal has it, with its flag, before a restart can find its file.
        """
        moment = int(drop_id[:11], 16)
        flags = "forced" if forced else ""
        values = {"id": drop_id, "flags": flags, "claimed_at": moment, "state": "claimed"}
        self._journal.claim([{**kept, **values}], durable=True)
        for hidden, shown in copies.items():
            os.rename(hidden, shown)
        path = [*copies.values()][-1]
        drop = DropRef(drop_id, path, kept["name"], moment, forced=forced, companions=dict(companions))
        self._engine.hand_in(kept["route"], drop)


def _refuse_another(row: Row, back: _Back) -> None:
    """What is released is what a person has looked at, not what somebody has laid in its place since."""
    if row["sha256"] and companion(row["name"], back.path).sha256 != row["sha256"]:
        for path in (back.path, *back.companions.values()):
            os.unlink(path)
        raise Refused("the file that was held is not the one that lies there now; drop that one into the inbox")


def _shown_path(folder: str, output: Row) -> str:
    """Where a file that was given back lies now; people may have renamed it, or laid another under its name."""
    path = f"{folder}/{output['name']}"
    try:
        if os.lstat(path).st_ino == output["inode"]:
            return path
    except FileNotFoundError:
        pass
    with os.scandir(folder) as entries:
        return next((entry.path for entry in entries if entry.inode() == output["inode"]), path)


def _copy(source: str, hidden: str) -> None:
    """Copy to a name that no restart believes, whole and durable."""
    shutil.copyfile(source, hidden)
    sync_file(hidden)
