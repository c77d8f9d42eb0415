"""Why nothing is lost and nothing doubled: one group of handled files becomes true in one transaction.

1. Staged outputs and claims are synced.               A crash before 2 leaves claims without results: handled again.
2. One journal transaction: outputs, business keys, ledger.   Before it nothing has happened, after it everything will.
3. ``complete`` publishes, archives, notes "finished".  A crash in between: ``complete`` runs again and finds out by
   the inodes what has happened already.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from zoneinfo import ZoneInfo

from core.batch import REJECTED_FOLDER
from core.errors import Problem, TransportError
from core.site import Route, Site
from spool.archive.manifest import Effects, SourceFile
from spool.folders.durable import sync_paths
from spool.folders.own_folders import open_new
from spool.journal.store import Journal, Results, as_json
from spool.journal.tables import Row
from spool.results.effects import effects_of, ledger_rows, unseen
from spool.results.notes import NoteKind, note_text
from spool.results.publishing import HELD_FOLDER, NOTES_FOLDER, Folders, Naming, Publication
from spool.work.handling import WORK_FOLDER
from spool.work.messages import DropRef, Outcome

NOTE_SUFFIX = ".hinweis.txt"
WORKBOOK_SUFFIX = ".hinweis.xlsx"
PARKED = frozenset({"held", "unclear"})
"""States in which a drop stays until a person decides."""
_KEPT_PROBLEMS = 100
_PROBLEM_FIELDS = tuple(one.name for one in fields(Problem))
_STATES = {
    "done": "committed",
    "rejected": "rejected",
    "bug": "rejected",
    "duplicate": "duplicate",
    "held": "held",
    "unclear": "unclear",
}
_NOTES = {
    "done": NoteKind.REMARKS,
    "rejected": NoteKind.REJECTED,
    "bug": NoteKind.BUG,
    "duplicate": NoteKind.DUPLICATE,
    "held": NoteKind.HELD,
    "unclear": NoteKind.UNCLEAR,
}


@dataclass(slots=True)
class Handled:
    """One file with the outcome that its worker reported."""

    route: Route
    drop: DropRef
    outcome: Outcome


@dataclass(slots=True)
class Settled:
    """One drop that is committed: what is still to be done for it."""

    route: str
    drop_id: str
    state: str
    name: str
    path: str
    size: int
    sha256: str
    claimed_at: int
    publications: list[Publication]
    companions: Sequence[SourceFile] = ()
    warnings: Sequence[Problem] = ()
    effects: Effects = field(default_factory=Effects)
    leftovers: list[str] = field(default_factory=list)
    """Files of our own to remove in the end."""


class Committer:
    """Makes groups of outcomes true."""

    def __init__(self, site: Site, journal: Journal) -> None:
        self._site = site
        self._journal = journal
        self._folders = Folders(site)
        self._zone = ZoneInfo(site.timezone)

    def commit(self, group: Sequence[Handled]) -> list[Settled]:
        """Make the outcomes of a group true; all or nothing.

        Raise TransportError when a disk or the journal is in the way: then nothing has happened.
        """
        naming = Naming()
        try:
            settled = [self._plan(handled, naming) for handled in group]
            results = self._results(group, settled)
            staged = [publication.staged for drop in settled for publication in drop.publications]
            staged += [drop.effects.spilled.path for drop in settled if drop.effects.spilled]
            # The inboxes too: a claimed file that came back after a power cut would be handled a second time.
            inboxes = {str(handled.route.folder) for handled in group}
            sync_paths(staged, inboxes.union(map(os.path.dirname, staged)))
            self._journal.commit(results)
        except OSError as error:
            raise TransportError(f"cannot stage results: {error}") from error
        return settled

    # ── planning ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _plan(self, handled: Handled, naming: Naming) -> Settled:
        drop, outcome, route = handled.drop, handled.outcome, handled.route
        publications = [
            self._publication(route, output.target, output.name, output.path, naming, output.sha256)
            for output in outcome.outputs
        ]
        leftovers = [outcome.spilled_puts] if outcome.spilled_puts else []
        if outcome.fate != "done":
            publications.extend(self._returned(handled, naming))
        elif outcome.warnings:
            publications.append(self._written_note(handled, NOTES_FOLDER, naming, drop.name + NOTE_SUFFIX))
        return Settled(
            route.name,
            drop.id,
            _STATES[outcome.fate],
            drop.name,
            drop.path,
            os.lstat(drop.path).st_size,
            outcome.sha256 or "",
            drop.claimed_at,
            publications,
            [companion(name, path) for name, path in drop.companions.items()],
            outcome.warnings,
            leftovers=leftovers,
        )

    def _publication(
        self, route: Route, target: str, name: str, staged: str, naming: Naming, sha256: str
    ) -> Publication:
        folder = self._folders.visible(route.name, target)
        return Publication.planned(target, naming.free(folder, name), staged, folder, sha256)

    def _returned(self, handled: Handled, naming: Naming) -> Iterator[Publication]:
        """The file on its way back to the clerk: first its note, then the marked table, then itself."""
        drop, outcome, route = handled.drop, handled.outcome, handled.route
        target = HELD_FOLDER if outcome.fate in PARKED else REJECTED_FOLDER
        folder = self._folders.visible(route.name, target)
        name = naming.free(folder, drop.name, with_notes=True)
        yield self._written_note(handled, target, naming, name + NOTE_SUFFIX)
        if outcome.workbook is not None:
            yield Publication.planned(target, name + WORKBOOK_SUFFIX, outcome.workbook, folder)
        for attached, path in drop.companions.items():
            yield Publication.planned(target, naming.free(folder, attached), path, folder)
        yield Publication.planned(target, name, drop.path, folder, outcome.sha256 or "")

    def _written_note(self, handled: Handled, target: str, naming: Naming, name: str) -> Publication:
        """The note of a file, ready to be shown beside it, or alone where the file went through."""
        staged = f"{handled.route.folder}/{WORK_FOLDER}/{handled.drop.id}{NOTE_SUFFIX}"
        content = self._note(handled).encode("utf-8")
        with open(open_new(staged), "wb") as file:
            file.write(content)
        folder = self._folders.visible(handled.route.name, target)
        shown = naming.free(folder, name) if target == NOTES_FOLDER else name
        return Publication.planned(target, shown, staged, folder, hashlib.sha256(content).hexdigest())

    def _note(self, handled: Handled) -> str:
        drop, outcome, route = handled.drop, handled.outcome, handled.route
        return note_text(
            _NOTES[outcome.fate],
            drop.name,
            [*outcome.problems, *outcome.warnings],
            received_at=self._local(drop.claimed_at),
            route_label=f"inbox/{route.name}",
            reference=drop.id,
            processed_at=self._local(outcome.earlier_at) if outcome.earlier_at else None,
        )

    def _local(self, milliseconds: int) -> datetime:
        return datetime.fromtimestamp(milliseconds / 1000, tz=self._zone)

    # ── journal rows ──────────────────────────────────────────────────────────────────────────────────────────────

    def _results(self, group: Sequence[Handled], settled: Sequence[Settled]) -> Results:
        results = Results([], [], [], ())
        ledger: list[Iterable[Row]] = []
        for handled, drop in zip(group, settled, strict=True):
            outcome = handled.outcome
            rows = () if outcome.spilled_puts else tuple(ledger_rows(outcome))
            if drop.state == "committed":
                drop.effects = effects_of(handled.drop, outcome, self._journal.next_number(), rows)
            results.drops.append(
                {
                    "b_id": drop.drop_id,
                    "b_state": drop.state,
                    "b_sha256": outcome.sha256,
                    "b_companions": companions_row(drop.companions),
                    "b_report": report_of(outcome.problems, outcome.warnings),
                    "b_number": drop.effects.number,
                    "b_effects": unseen(drop.effects, rows),
                }
            )
            results.outputs.extend(
                publication.row(drop.drop_id, ordinal, self._folders.base(drop.route, publication.target))
                for ordinal, publication in enumerate(drop.publications)
            )
            results.keys.extend(
                {"scope": scope, "key": key, "digest": digest, "drop_id": drop.drop_id}
                for (scope, key), digest in outcome.claims.items()
            )
            ledger.append(rows or ledger_rows(outcome))
        results.ledger = (row for rows in ledger for row in rows)
        return results


def report_of(problems: Sequence[Problem], warnings: Sequence[Problem]) -> str | None:
    """What the clerk was told, for the journal."""
    if not problems and not warnings:
        return None
    return as_json(
        {
            "problems": [_as_dict(problem) for problem in problems[:_KEPT_PROBLEMS]],
            "warnings": [_as_dict(problem) for problem in warnings[:_KEPT_PROBLEMS]],
        }
    )


def _as_dict(problem: Problem) -> dict[str, object]:
    """Like ``asdict``, which copies every value: a problem holds only texts and numbers."""
    return {name: getattr(problem, name) for name in _PROBLEM_FIELDS}


def companion(name: str, path: str) -> SourceFile:
    """An attachment as the archive will remember it. Raise OSError when it cannot be read."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return SourceFile(name, path, file.tell(), digest)


def companions_row(companions: Sequence[SourceFile]) -> str | None:
    """Attachments for the journal: where they lay is known from the folders, what they were must be kept."""
    if not companions:
        return None
    return as_json([[file.name, os.path.basename(file.path), file.size, file.sha256] for file in companions])


def companions_of(row: Row, work: str) -> list[SourceFile]:
    """The attachments of a journal row; ``work`` is the route's work folder."""
    kept = json.loads(row["companions"]) if row["companions"] else []
    return [SourceFile(name, f"{work}/{file}", size, digest) for name, file, size, digest in kept]


def warnings_of(report: str | None) -> tuple[Problem, ...]:
    """The warnings of a journal report."""
    return tuple(Problem(**values) for values in json.loads(report)["warnings"]) if report else ()
