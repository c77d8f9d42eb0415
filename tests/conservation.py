"""The conservation invariant: what must hold of a site in every quiet moment, whatever has happened to it before.

Every dropped file lies in exactly one place, every result was made visible exactly once (what somebody has taken away
counts), bytes are those that were dropped and made (compared by hash), the archive's chain is whole, the journal agrees
with the archive and with itself, nothing hidden is left over, and every drop has come to an end.
"""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, select

from core.batch import REJECTED_FOLDER
from core.site import Site
from spool.archive.checking import verify
from spool.archive.manifest import MANIFEST_NAME, Manifest, entry_folder
from spool.canary import is_canary
from spool.folders.ownership import OWNER_FILE
from spool.identifiers import LENGTH
from spool.inbox.intake import HELD, REJECTED
from spool.journal.store import Journal
from spool.journal.tables import drops, keys, ledger, outputs
from spool.results.effects import LEDGER_FILE
from spool.results.publishing import HELD_FOLDER, NOTE_ENDINGS, NOTES_FOLDER
from spool.work.handling import WORK_FOLDER
from spool.work.staging import STAGED_FOLDER

FINAL = frozenset({"archived", "rejected", "duplicate", "held", "discarded"})
_GIVEN_BACK = frozenset({REJECTED_FOLDER, HELD_FOLDER, NOTES_FOLDER})
_ARCHIVED = frozenset({"archived", "discarded"})
_OF_AN_ENTRY = frozenset({MANIFEST_NAME, LEDGER_FILE})
"""What we lay beside an original in the archive."""
_SHOWN = 12
"""So many differences are spelled out; their number says the rest."""


@dataclass(slots=True)
class Expected:
    """What the outside has done, and what should have come of it. Contents are told by their SHA-256."""

    dropped: Counter[str]
    """Every file that was laid into an inbox, attachments too."""
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(target, content) of every result that somebody has taken away."""
    taken_back: Counter[str] = field(default_factory=Counter)
    """Originals that a clerk has taken out of a folder of rejected or held files."""
    results: Counter[tuple[str, str]] | None = None
    """(target, content) of every result there should ever be, where the test knows it; the journal's word else."""
    ledger: Mapping[tuple[str, str, str], Any] | None = None
    """Body by (company, kind, key), of the kinds that the test knows all about."""
    states: Collection[str] = FINAL
    """States in which drops may be now."""


def violations(site: Site, journal: Journal, expected: Expected) -> list[str]:
    """Everything that is not as it should be; the site must be quiet: nothing in hand, nothing to be laid down."""
    rows = list(journal.stream(select(drops)))
    made = list(journal.stream(select(outputs)))
    state = {row["id"]: row["state"] for row in rows}
    parts = Counter(
        row["sha256"] for row in made if row["target"] == REJECTED_FOLDER and state[row["drop_id"]] == "archived"
    )
    found = [*_places(site, expected, parts), *_results(site, rows, made, expected)]
    if expected.results is not None:
        awaited = Counter({made[1]: count for made, count in expected.results.items() if made[0] == REJECTED_FOLDER})
        found += [f"parts that came back: {parts}, awaited were {awaited}"] * (parts != awaited)
    waiting = {row["id"] for row in rows if row["state"] == "waiting" and "waiting" in expected.states}
    found += [f"left over: {path}" for path in leftovers(site) if Path(path).name[:LENGTH] not in waiting]
    found += [f"archive: {finding}" for finding in verify(site.archive, journal.head)]
    found += [f"{row['id']} ({row['name']}) is {row['state']}" for row in rows if row["state"] not in expected.states]
    found += [*_against_archive(site, rows, made), *_books(journal, rows, expected), *_database(site)]
    return found


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def originals(site: Site) -> Iterator[Path]:
    """Every file that people gave us, wherever it lies now."""
    for route in site.routes:
        yield from (path for path in _files(route.folder) if not is_canary(path.name))
        for folder in (REJECTED, HELD):
            yield from (path for path in _files(route.folder / folder) if not path.name.endswith(NOTE_ENDINGS))
        yield from (path for path in _files(route.folder / WORK_FOLDER, hidden=True) if " " in path.name)
    for day in site.archive.glob("*/*/*"):
        yield from (path for entry in day.iterdir() for path in _files(entry) if path.name not in _OF_AN_ENTRY)


def results(site: Site) -> Iterator[tuple[str, Path]]:
    """Target and path of every result that lies ready."""
    for target in site.targets.values():
        yield from ((target.name, path) for path in _files(target.folder))


def leftovers(site: Site) -> Iterator[str]:
    """Hidden files of the engine that must not outlive a quiet moment."""
    yield from (str(path) for path in _hidden(site) if path.name != OWNER_FILE)


def _hidden(site: Site) -> Iterator[Path]:
    for target in site.targets.values():
        yield from _files(target.folder / STAGED_FOLDER, hidden=True)
    for route in site.routes:
        yield from _files(route.folder / WORK_FOLDER, hidden=True)
        yield from (path for path in _files(route.folder, hidden=True) if path.name.startswith(".cluedrop"))
    yield from (path for path in _files(site.state) if path.suffix == ".ledger")
    yield from site.archive.rglob(".*")


def _files(folder: Path, *, hidden: bool = False) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_file() and (hidden or not path.name.startswith(".")))


def _places(site: Site, expected: Expected, parts: Counter[str]) -> Iterator[str]:
    """``parts`` of files that went through have come back to the clerk: made by us, they lie among what was dropped."""
    wanted = expected.dropped + parts
    where: dict[str, list[str]] = {}
    for path in originals(site):
        where.setdefault(digest(path), []).append(str(path))
    there = Counter({content: len(paths) for content, paths in where.items()}) + expected.taken_back
    for content, missing in _shown((wanted - there).items()):
        yield f"LOST: {missing} of {wanted[content]} files with content {content}"
    for content, more in _shown((there - wanted).items()):
        yield f"DOUBLED: {more} files too many with content {content}: {where.get(content, 'taken back')}"


def _results(
    site: Site, rows: Sequence[Mapping[str, Any]], made: Sequence[Mapping[str, Any]], expected: Expected
) -> Iterator[str]:
    seen = Counter((target, digest(path)) for target, path in results(site)) + expected.taken
    settled = {row["id"] for row in rows if row["state"] in expected.states}
    noted = Counter(
        (row["target"], row["sha256"]) for row in made if row["drop_id"] in settled and row["target"] not in _GIVEN_BACK
    )
    wanted = noted
    if expected.results is not None:
        wanted = Counter({made: count for made, count in expected.results.items() if made[0] not in _GIVEN_BACK})
    for (target, content), missing in _shown((wanted - seen).items()):
        yield f"RESULT LOST: {missing} for {target} with content {content}"
    for (target, content), more in _shown((seen - wanted).items()):
        yield f"RESULT DOUBLED: {more} too many for {target} with content {content}"


def _shown(items: Collection[Any]) -> Iterator[Any]:
    yield from sorted(items)[:_SHOWN]


# ── journal, archive, ledger ──────────────────────────────────────────────────────────────────────────────────────


def _against_archive(site: Site, rows: Sequence[Mapping[str, Any]], made: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Journal and archive tell the same of every drop."""
    manifests = {}
    for path in site.archive.rglob(MANIFEST_NAME):
        manifest = Manifest.from_bytes(path.read_bytes())
        if entry_folder(manifest.received_at, manifest.id) != str(path.parent.relative_to(site.archive)):
            yield f"archive: {path} is of another drop"
        manifests[manifest.id] = manifest
    by_drop: dict[str, set[tuple[str, str]]] = {}
    for row in made:
        by_drop.setdefault(row["drop_id"], set()).add((row["target"], row["sha256"]))
    for row in rows:
        found = manifests.pop(row["id"], None)
        if (found is not None) != (row["state"] in _ARCHIVED):
            yield f"{row['id']} is {row['state']}, the archive says {found.outcome if found else 'nothing'}"
        elif found is not None and (found.outcome, found.original.sha256) != (row["state"], row["sha256"]):
            yield f"{row['id']}: the archive says {found.outcome} and {found.original.sha256}, the journal {dict(row)}"
        elif found is not None and found.outcome == "archived":
            told = {(output.target, output.sha256) for output in found.outputs}
            if told != by_drop.get(row["id"], set()):
                yield f"{row['id']}: the archive and the journal tell of other results"
    yield from (f"{drop_id} is in the archive, the journal does not know it" for drop_id in manifests)


def _books(journal: Journal, rows: Sequence[Mapping[str, Any]], expected: Expected) -> Iterator[str]:
    """Business keys and ledger fit the drops that wrote them."""
    known = {row["id"]: row for row in rows}
    claimed = {(row["scope"], row["key"]): row for row in journal.stream(select(keys))}
    for row in rows:
        if row["state"] == "archived" and (f"content:{row['route']}", row["sha256"]) not in claimed:
            yield f"{row['id']} is archived, but its content is not among the business keys"
    for (scope, key), row in claimed.items():
        writer = known.get(row["drop_id"])
        if writer is None or (scope.startswith("content:") and writer["state"] not in {"archived", "committed"}):
            yield f"business key {scope} {key} was written by {row['drop_id']}, which is {writer and writer['state']}"
    books = {(row["company"], row["kind"], row["key"]): row for row in journal.stream(select(ledger))}
    for place, row in books.items():
        if row["drop_id"] not in known:
            yield f"ledger entry {place} was written by {row['drop_id']}, which nobody knows"
    if expected.ledger is not None:
        kinds = {kind for _company, kind, _key in expected.ledger}
        bodies = {place: row["body"] for place, row in books.items() if place[1] in kinds}
        if bodies != dict(expected.ledger):
            wrong = [
                place for place in bodies.keys() | expected.ledger if bodies.get(place) != expected.ledger.get(place)
            ]
            for place in _shown(wrong):
                yield f"LEDGER: {place} says {bodies.get(place)}, not {expected.ledger.get(place)}"


def _database(site: Site) -> Iterator[str]:
    place = make_url(site.journal_url)
    if place.get_backend_name() != "sqlite":
        return
    connection = sqlite3.connect(f"file:{place.database}?mode=ro", uri=True)
    try:
        told = [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
        told += [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
    finally:
        connection.close()
    yield from (f"journal: {line}" for line in told)
