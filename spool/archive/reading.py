"""What does the archive tell of a site? Every manifest in the order of the chain, and where the chain is broken."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import CluedropError, Problem
from core.site import Site
from spool.archive.checking import Finding, entry_folders
from spool.archive.files import ArchiveConflict
from spool.archive.filing import CHAIN_DRAFT, CHAIN_NAME, MANIFEST_DRAFT, Archive
from spool.archive.manifest import (
    GENESIS,
    MANIFEST_NAME,
    ArchivedFile,
    ArchiveEntry,
    ChainFile,
    ChainHead,
    Effects,
    MadeFile,
    Manifest,
    SourceFile,
    chain_digest,
)
from spool.folders.durable import sync_paths
from spool.results.effects import LEDGER_FILE
from spool.results.leftovers import claimed_files
from spool.work.handling import WORK_FOLDER


@dataclass(frozen=True, slots=True)
class Entry:
    """One archived drop, as short as a million of them need it."""

    sequence: int
    number: int
    drop_id: str
    folder: str
    """Below the root."""
    previous: str
    digest: str


@dataclass(slots=True)
class Told:
    """All that the archive tells."""

    entries: list[Entry] = field(default_factory=list)
    """In the order of the chain."""
    head: ChainHead = GENESIS
    promised: int = 0
    """The highest number of a commit that ``chain.json`` names."""
    findings: list[Finding] = field(default_factory=list)
    """What cannot be read or does not fit; ``verify`` says more."""

    @property
    def committed(self) -> int:
        """The highest number of a commit, also where its entry is missing."""
        return max([self.promised, *(entry.number for entry in self.entries)])


def manifest_in(root: Path, folder: str) -> tuple[Manifest, str]:
    """The manifest of an entry and its chain digest. Raise OSError or ValueError where it cannot be read."""
    data = (root / folder / MANIFEST_NAME).read_bytes()
    return Manifest.from_bytes(data), chain_digest(data)


def read_archive(site: Site, progress: Callable[[int, int], None]) -> Told:
    """Finish what was under way when the daemon ended, then read every manifest."""
    told = Told()
    if not site.archive.is_dir():
        what = "is not there; is it mounted? Where nothing was ever archived, all is well"
        told.findings.append(Finding(str(site.archive), what))
        return told
    _finish(site, told)
    for found in entry_folders(site.archive):
        if isinstance(found, Finding):
            told.findings.append(found)
            continue
        try:
            manifest, digest = manifest_in(site.archive, found)
        except (OSError, ValueError) as error:
            told.findings.append(Finding(found, f"its manifest cannot be read ({type(error).__name__})"))
            continue
        told.entries.append(Entry(manifest.sequence, manifest.number, manifest.id, found, manifest.previous, digest))
        progress(len(told.entries), max(len(told.entries), told.head.sequence))
    told.entries.sort(key=lambda entry: entry.sequence)
    told.findings += _broken_links(told.entries)
    _settle_head(site, told)
    return told


def _broken_links(entries: list[Entry]) -> Iterator[Finding]:
    before = GENESIS
    for entry in entries:
        if entry.sequence != before.sequence + 1:
            yield Finding(entry.folder, f"is number {entry.sequence}; the one before it is number {before.sequence}")
        elif entry.previous != before.digest:
            yield Finding(entry.folder, f"was chained to another number {before.sequence} than the one that is there")
        before = ChainHead(entry.sequence, entry.digest)


def _settle_head(site: Site, told: Told) -> None:
    """Agree on the head: what the newest entry says where ``chain.json`` is lost or was copied before the entries."""
    newest = told.entries[-1] if told.entries else None
    reached = ChainHead(newest.sequence, newest.digest) if newest else GENESIS
    try:
        found = Archive(site.archive, sync_paths).chain()
    except ArchiveConflict:
        found = ChainFile(sequence=GENESIS.sequence, digest=GENESIS.digest, group=())
    told.head, told.promised = found.head, found.committed
    if found.head == reached:
        return
    if found.sequence < reached.sequence and (found.head == GENESIS or not told.findings):
        told.head = reached
        _write_chain(site.archive, reached, told.committed)
        if found.head == GENESIS:
            told.findings.append(Finding(CHAIN_NAME, f"was lost or damaged; made anew, for number {reached.sequence}"))
        return
    what = f"ends at number {found.sequence}, the entries at number {reached.sequence}, or with another digest"
    told.findings.append(Finding(CHAIN_NAME, what))


def _write_chain(archive: Path, head: ChainHead, committed: int) -> None:
    chain = ChainFile(sequence=head.sequence, digest=head.digest, group=(), committed=committed)
    draft = archive / CHAIN_DRAFT
    draft.write_bytes(chain.model_dump_json(indent=1).encode())
    sync_paths([str(draft)], [])
    draft.replace(archive / CHAIN_NAME)
    sync_paths([], [str(archive)])


# ── what was under way ────────────────────────────────────────────────────────────────────────────────────────────


def _finish(site: Site, told: Told) -> None:
    """Bring the entries into the chain that were being placed: they were committed and shown before."""
    archive = Archive(site.archive, sync_paths)
    try:
        head = archive.settle()
    except ArchiveConflict:
        return  # chain.json is written anew from the entries, and these are told of as findings
    told.head = head
    claimed = {found.drop_id: found.path for found in claimed_files(site) if not found.companion}
    attached = {(found.drop_id, found.name): found.path for found in claimed_files(site) if found.companion}
    for folder in list(entry_folders(site.archive)):
        if isinstance(folder, Finding) or not (site.archive / folder / MANIFEST_DRAFT).exists():
            continue
        with suppress(OSError, ValueError, CluedropError):  # what stays is a finding, as its manifest is missing
            draft = Manifest.from_bytes((site.archive / folder / MANIFEST_DRAFT).read_bytes())
            head = archive.place([_entry_again(draft, site, claimed, attached)], head)
    told.head = head


def _entry_again(
    draft: Manifest, site: Site, claimed: dict[str, str], attached: dict[tuple[str, str], str]
) -> ArchiveEntry:
    folder = next((route.folder for route in site.routes if route.name == draft.route), site.state)
    gone = f"{folder}/{WORK_FOLDER}/{draft.id} "

    def source(file: ArchivedFile, path: str) -> SourceFile:
        return SourceFile(file.name, path, file.size, file.sha256)

    spilled = draft.ledger_file
    return ArchiveEntry(
        draft.id,
        draft.route,
        draft.outcome,
        draft.received_at,
        draft.archived_at,
        source(draft.original, claimed.get(draft.id, gone)),
        [source(file, attached.get((draft.id, file.name), gone)) for file in draft.companions],
        [MadeFile(made.target, made.name, made.size, made.sha256) for made in draft.outputs],
        [Problem(**warning) for warning in draft.warnings],
        Effects(
            draft.number,
            draft.flags,
            draft.keys,
            draft.ledger,
            source(spilled, os.path.join(site.state, f"{draft.id} {LEDGER_FILE}")) if spilled else None,
        ),
    )
