"""What do the folders tell of drops that the journal does not know? Files that were given back, and files in work.

A note names the drop that its file belongs to. A file in the work folder of which no result was prepared yet has led
to nothing, and the daemon handles it again. Where results were prepared nobody can know whether they were committed,
shown and taken away: such a file is laid into ``held/`` for a person, and never handled again by itself.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from core.batch import REJECTED_FOLDER
from core.errors import Problem
from core.site import Route, Site
from spool.archive.manifest import SourceFile
from spool.canary import is_canary
from spool.folders.durable import move_new, sync_paths
from spool.folders.names import visible_name
from spool.inbox.intake import HELD, REJECTED
from spool.journal.tables import Row
from spool.results.committing import NOTE_SUFFIX, companion, companions_row, report_of
from spool.results.leftovers import ClaimedFile, claimed_of, staged_for_targets
from spool.results.notes import NoteKind, counted, note_text, read_note
from spool.results.publishing import HELD_FOLDER, Naming
from spool.work.handling import WORK_FOLDER

_STATES = {
    NoteKind.HELD: "held",
    NoteKind.UNCLEAR: "unclear",
    NoteKind.FORGOTTEN: "unclear",
    NoteKind.DUPLICATE: "duplicate",
    NoteKind.REJECTED: "rejected",
    NoteKind.CRASHED: "rejected",
    NoteKind.BUG: "rejected",
}
_WAITS_FOR_A_PERSON = frozenset({"held", "unclear"})


@dataclass(slots=True)
class Adopted:
    """A drop as the folders tell of it: rows of the journal."""

    drop: Row
    outputs: list[Row] = field(default_factory=list)


def given_back(route: Route) -> Iterator[Adopted]:
    """The drops whose files lie in ``rejected/`` and ``held/`` with their notes. Raise OSError for a place away."""
    for folder, target in ((REJECTED, REJECTED_FOLDER), (HELD, HELD_FOLDER)):
        place = f"{route.folder}/{folder}"
        for name in sorted(os.listdir(place)):
            path = f"{place}/{name.removesuffix(NOTE_SUFFIX)}"
            if not name.endswith(NOTE_SUFFIX) or not os.path.isfile(path):
                continue
            with suppress(UnicodeDecodeError):
                found = read_note(Path(place, name).read_text("utf-8"))
                if found is not None and (state := _STATES.get(found[0])):
                    yield _adopted(route, found[1], state, target, path)


def _adopted(
    route: Route, drop_id: str, state: str, target: str, path: str, companions: Sequence[SourceFile] = ()
) -> Adopted:
    status = os.lstat(path)
    name = os.path.basename(path)
    row = {
        "id": drop_id,
        "route": route.name,
        "name": visible_name(name),
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "sha256": None,
        "state": state,
        "claimed_at": int(drop_id[:11], 16),
        "finished_at": None if state in _WAITS_FOR_A_PERSON else status.st_ctime_ns // 1_000_000,
        "flags": "",
        "companions": companions_row(companions),
        "report": None,
        "number": None,
        "effects": None,
    }
    shown = [*(file.path for file in companions), path]
    return Adopted(row, [_output(drop_id, ordinal, target, shown_at) for ordinal, shown_at in enumerate(shown)])


def _output(drop_id: str, ordinal: int, target: str, path: str) -> Row:
    status = os.lstat(path)
    return {
        "drop_id": drop_id,
        "ordinal": ordinal,
        "target": target,
        "name": os.path.basename(path),
        "staged": f"{WORK_FOLDER}/{drop_id} {ordinal}",
        "place": 0,
        "inode": status.st_ino,
        "ctime_ns": status.st_ctime_ns,
        "size": status.st_size,
        "sha256": "",
    }


# ── in work ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Parking:
    """Lays files that nobody can judge into ``held/``. Killed in the middle, it can be run again."""

    def __init__(self, site: Site) -> None:
        self._zone = ZoneInfo(site.timezone)
        self._staged = staged_for_targets(site)
        self._targets = {name: str(target.folder) for name, target in site.targets.items()}

    def park(self, route: Route, settled: Collection[str]) -> Iterator[Adopted]:
        """Park what is unclear on a route; ``settled`` are drops that the journal can judge. Raise OSError."""
        claimed = list(claimed_of(route))
        for file in sorted(claimed, key=lambda found: found.drop_id):
            is_unclear = file.drop_id in self._staged and file.drop_id not in settled
            if is_unclear and not file.companion and not is_canary(file.name):
                attached = [other for other in claimed if other.companion and other.drop_id == file.drop_id]
                yield self._parked(route, file, sorted(attached, key=lambda other: other.path))

    def _parked(self, route: Route, file: ClaimedFile, attached: Sequence[ClaimedFile]) -> Adopted:
        held = f"{route.folder}/{HELD}"
        naming = Naming()
        name = _noted_before(held, file.drop_id) or naming.free(held, file.name, with_notes=True)
        problems = list(self._prepared(file.drop_id))
        note = Path(held, name + NOTE_SUFFIX)
        note.write_bytes(self._note(route, file, problems).encode())
        kept = []
        for other in attached:
            shown = f"{held}/{naming.free(held, other.name)}"
            move_new(other.path, shown)
            kept.append(companion(other.name, shown))
        move_new(file.path, f"{held}/{name}")
        sync_paths([str(note)], [held, os.path.dirname(file.path)])
        adopted = _adopted(route, file.drop_id, "unclear", HELD_FOLDER, f"{held}/{name}", kept)
        adopted.drop |= {"name": visible_name(file.name), "report": report_of(problems, ())}
        return adopted

    def _note(self, route: Route, file: ClaimedFile, problems: Sequence[Problem]) -> str:
        received = datetime.fromtimestamp(int(file.drop_id[:11], 16) / 1000, tz=self._zone)
        label = f"inbox/{route.name}"
        return note_text(
            NoteKind.FORGOTTEN, file.name, problems, received_at=received, route_label=label, reference=file.drop_id
        )

    def _prepared(self, drop_id: str) -> Iterator[Problem]:
        """What can still be seen of the results."""
        for target, path in self._staged[drop_id]:
            shown = _second_name(self._targets[target], path)
            size = counted(os.lstat(path).st_size)
            if shown is not None:
                what = f"Ein Ergebnis wurde übergeben und liegt noch in outbox/{target} als „{shown}“ ({size} Bytes)."
                todo = "Bitte nachsehen, ob es noch gebraucht wird."
            else:
                what = f"Für outbox/{target} war ein Ergebnis vorbereitet ({size} Bytes). Dort liegt es nicht."
                todo = "Bitte nachsehen, ob es schon abgeholt wurde."
            yield Problem("forgotten", what, todo)


def _noted_before(folder: str, drop_id: str) -> str | None:
    """The name under which an earlier attempt was about to lay down a file."""
    for name in os.listdir(folder):
        shown = name.removesuffix(NOTE_SUFFIX)
        if name.endswith(NOTE_SUFFIX) and not os.path.lexists(f"{folder}/{shown}"):
            with suppress(UnicodeDecodeError):
                found = read_note(Path(folder, name).read_text("utf-8"))
                if found is not None and found[1] == drop_id:
                    return shown
    return None


def _second_name(folder: str, path: str) -> str | None:
    """The visible name of a staged file, where it lies in its outbox."""
    status = os.lstat(path)
    if status.st_nlink > 1:
        with os.scandir(folder) as entries:
            return next((entry.name for entry in entries if entry.inode() == status.st_ino), None)
    return None
