"""Whatever is done to an archive of real drops, ``verify`` names the place; what it cannot know it says."""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spool.archive.checking import verify
from spool.archive.manifest import ChainFile, ChainHead, Manifest, chain_digest
from tests.sites import Running, a_site

pytestmark = pytest.mark.slow
DROPS = 300
ROUNDS = 12
"""Random places for each kind of damage."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ChainHead]]:
    """The archive of a site that has taken some hundred drops, laid over four days, and the head that it knows."""
    root = tmp_path_factory.mktemp("lived")
    running = Running(a_site(root))
    for number in range(DROPS):
        running.drop(f"{number:04}.txt", f"remember K{number}\nline {number}\n")
    running.until(lambda: running.count("archived") == DROPS and running.engine.idle, 60)
    head = running.journal.head()
    running.stop()
    assert list(verify(root / "archive", head)) == []
    yield root / "archive", head
    for path in (root / "archive").rglob("*"):
        if path.is_dir():
            path.chmod(0o700)


@pytest.fixture
def archive(lived: tuple[Path, ChainHead], tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    shutil.copytree(lived[0], tmp_path / "archive")
    return tmp_path / "archive"


def _entries(archive: Path) -> list[Path]:
    return sorted(path.parent for path in archive.glob("*/*/*/*/manifest.json"))


class Damage:
    """Changes one thing and takes it back."""

    def __init__(self, archive: Path, chance: random.Random) -> None:
        self.archive, self.chance = archive, chance
        self.entries = _entries(archive)
        self.entry = chance.choice(self.entries)
        self.files = sorted(self.entry.iterdir())
        self.file = chance.choice(self.files)
        self.undo: Callable[[], object] = lambda: None

    def flip(self) -> Path:
        content = self.file.read_bytes()
        changed, bit = bytearray(content), self.chance.randrange(len(content) * 8)
        changed[bit // 8] ^= 1 << bit % 8
        self.file.chmod(0o640)
        self.file.write_bytes(changed)
        self.file.chmod(0o440)
        self.undo = lambda: (self.file.chmod(0o640), self.file.write_bytes(content), self.file.chmod(0o440))
        return self.entry

    def remove(self) -> Path:
        kept = self.archive.parent / "kept"
        os.rename(self.file, kept)
        self.undo = lambda: os.rename(kept, self.file)
        return self.entry

    def remove_entry(self) -> Path:
        chain = sorted(self.entries, key=lambda entry: Manifest.from_bytes(_read(entry)).sequence)
        kept, behind = self.archive.parent / "kept", chain.index(self.entry) + 1
        os.rename(self.entry, kept)
        self.undo = lambda: os.rename(kept, self.entry)
        return chain[behind] if behind < len(chain) else self.archive  # of the last one only the head knows

    def insert_file(self) -> Path:
        added = self.entry / "more.csv"
        added.write_text("more")
        self.undo = added.unlink
        return added

    def insert_entry(self) -> Path:
        added = self.entry.with_name(self.entry.name[:-6] + "ffffff")
        shutil.copytree(self.entry, added)
        self.undo = lambda: shutil.rmtree(added)
        return added

    def swap(self) -> Path:
        other = self.chance.choice([entry for entry in self.entries if entry != self.entry])
        self._exchange(self.entry, other)
        self.undo = lambda: self._exchange(self.entry, other)
        return self.entry

    def _exchange(self, one: Path, other: Path) -> None:
        kept = self.archive.parent / "kept"
        os.rename(one, kept)
        os.rename(other, one)
        os.rename(kept, other)

    def forge(self) -> Path:
        """Change the original, and its manifest so that it agrees."""
        path = self.entry / "manifest.json"
        content = path.read_bytes()
        manifest = Manifest.from_bytes(content)
        path.chmod(0o640)
        path.write_bytes(manifest.model_copy(update={"route": "forged"}).to_bytes())
        path.chmod(0o440)
        self.undo = lambda: (path.chmod(0o640), path.write_bytes(content), path.chmod(0o440))
        return self.entry

    def open_up(self) -> Path:
        self.file.chmod(0o660)
        self.undo = lambda: self.file.chmod(0o440)
        return self.file

    def open_folder(self) -> Path:
        self.entry.chmod(0o750)
        self.undo = lambda: self.entry.chmod(0o550)
        return self.entry

    def link(self) -> Path:
        kept = self.archive.parent / "kept"
        os.rename(self.file, kept)
        self.file.symlink_to(kept)
        self.undo = lambda: os.replace(kept, self.file)
        return self.file


KINDS = [name for name, value in vars(Damage).items() if callable(value) and not name.startswith("_")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_damage_is_found_and_named_by_its_place(lived: tuple[Path, ChainHead], archive: Path, kind: str) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        damage = Damage(archive, chance)
        place = getattr(damage, kind)().relative_to(archive).as_posix()
        found = [str(finding) for finding in verify(archive, lived[1])]
        assert any(line.startswith(place) for line in found), (seed, place, found)
        assert len(found) <= 6, (seed, found)
        damage.undo()
    assert list(verify(archive, lived[1])) == [], seed


def test_a_day_that_was_removed_is_found(lived: tuple[Path, ChainHead], archive: Path) -> None:
    day = _entries(archive)[0].parent
    shutil.rmtree(day)

    assert [str(finding) for finding in verify(archive, lived[1])] == [
        f"{day.parent.relative_to(archive)}: is empty",
        f".: the end is missing: the head is number {DROPS}, the last entry 0",
    ]


def test_an_archive_without_any_rights_is_one_finding(lived: tuple[Path, ChainHead], archive: Path) -> None:
    """There are shares that keep no rights; that shall not hide what else is wrong."""
    for path in archive.rglob("*"):
        path.chmod(0o770)

    found = [str(finding) for finding in verify(archive, lived[1])]

    assert len(found) == 1
    assert "is read-only: its file system keeps no rights" in found[0]


def test_who_rewrites_everything_is_betrayed_only_by_a_head_that_was_written_down(
    lived: tuple[Path, ChainHead], archive: Path
) -> None:
    """This is not provable from within: archive and journal agree, and both lie."""
    entries = sorted(_entries(archive), key=lambda folder: Manifest.from_bytes(_read(folder)).sequence)
    digest = ChainHead(0, "0" * 64).digest
    for entry in entries:
        manifest = Manifest.from_bytes(_read(entry))
        forged = manifest.model_copy(update={"previous": digest, "route": "forged"}).to_bytes()
        (entry / "manifest.json").chmod(0o640)
        (entry / "manifest.json").write_bytes(forged)
        (entry / "manifest.json").chmod(0o440)
        digest = chain_digest(forged)
    forged_head = ChainHead(DROPS, digest)
    (archive / "chain.json").write_text(ChainFile(sequence=DROPS, digest=digest, group=()).model_dump_json())

    assert list(verify(archive, forged_head)) == []
    assert [str(finding) for finding in verify(archive, forged_head, anchors=[lived[1]])] == [
        f"{entries[-1].relative_to(archive)}: is not the number {DROPS} that was written down"
    ]


def _read(entry: Path) -> bytes:
    return (entry / "manifest.json").read_bytes()
