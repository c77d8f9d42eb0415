"""The archive: placing groups, completing what a crash left, and proving that nothing was altered."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Problem, TransportError
from spool.archive.checking import Finding
from spool.archive.checking import verify as verify_all
from spool.archive.files import ArchiveConflict
from spool.archive.filing import CHAIN_NAME, Archive
from spool.archive.manifest import (
    GENESIS,
    ArchiveEntry,
    ChainFile,
    ChainHead,
    MadeFile,
    Manifest,
    SourceFile,
    chain_digest,
)
from spool.folders.durable import sync_paths

VIENNA = ZoneInfo("Europe/Vienna")
NOON = datetime(2026, 3, 12, 12, 0, tzinfo=VIENNA)


def _no_sync(files: Sequence[str], folders: Iterable[str]) -> None:
    """Leave it to the operating system: these tests cut no power."""


def _source(folder: Path, name: str, content: bytes) -> SourceFile:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(os.fsencode(name) + content).hexdigest()
    path.write_bytes(content)
    return SourceFile(name, str(path), len(content), hashlib.sha256(content).hexdigest())


def _entry(folder: Path, number: int, **more: object) -> ArchiveEntry:
    given_fields = {
        "drop_id": f"0198f3{number:04}",
        "route": "rzl",
        "outcome": "done",
        "received_at": NOON + timedelta(hours=5 * number),
        "archived_at": NOON + timedelta(hours=5 * number, seconds=1),
        "original": _source(folder, f"OP {number}.csv", b"content %d" % number),
        "outputs": [MadeFile("clue", f"op-{number}.json", 7, "0" * 64)],
    }
    return ArchiveEntry(**{**given_fields, **more})  # type: ignore[arg-type]


def _filled(root: Path, count: int = 6) -> ChainHead:
    """Make an archive of some entries over several days, the fourth with a companion."""
    archive, head = Archive(root, _no_sync), GENESIS
    root.mkdir(parents=True, exist_ok=True)
    waiting = root.parent / "work"
    for number in range(1, count + 1):
        more = {"companions": [_source(waiting, "AR-1.pdf", b"%PDF")]} if number == 4 else {}
        head = archive.place([_entry(waiting, number, **more)], head)
    return head


def verify(root: Path, *arguments: Any, **named: Any) -> list[Finding]:
    """Everything but the rights, which these archives lost when they were made writable for their damage."""
    return [finding for finding in verify_all(root, *arguments, **named) if "read-only" not in finding.what]


def _paths(findings: Iterable[Finding]) -> list[str]:
    return [finding.path for finding in findings]


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def _writable(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


# ── placing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_group_is_moved_sealed_and_chained(tmp_path: Path) -> None:
    root, work = tmp_path / "archive", tmp_path / "work"
    root.mkdir()
    warning = Problem("odd", "Seltsam.", value="\udcff")
    entries = [
        _entry(work, 1, warnings=[warning]),
        _entry(work, 2, companions=[_source(work, "manifest.json", b"{}"), _source(work, "op 2.CSV", b"x")]),
    ]

    head = Archive(root, sync_paths).place(entries, GENESIS)

    folder = root / "2026/03/12/0198f30001"
    manifest = Manifest.from_bytes((folder / "manifest.json").read_bytes())
    second = root / "2026/03/12/0198f30002"
    assert not list(work.iterdir())
    assert (folder / "OP 1.csv").read_bytes() == b"content 1"
    assert (manifest.sequence, manifest.previous, manifest.keep_until.isoformat()) == (1, GENESIS.digest, "2033-12-31")
    assert manifest.warnings == ({"code": "odd", "what": "Seltsam.", "value": "\\udcff"},)
    assert sorted(path.name for path in second.iterdir()) == [
        "OP 2.csv",
        "manifest (2).json",
        "manifest.json",
        "op 2 (2).CSV",
    ]
    assert head == ChainHead(2, chain_digest((second / "manifest.json").read_bytes()))
    assert Archive(root, sync_paths).head() == head
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o440}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o550
    assert list(verify(root, head)) == []


def test_the_manifest_is_written_in_one_form(tmp_path: Path) -> None:
    _filled(tmp_path / "archive")

    for path in (tmp_path / "archive").rglob("manifest.json"):
        assert Manifest.from_bytes(path.read_bytes()).to_bytes() == path.read_bytes()


def test_an_undecodable_name_is_kept_readable(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    entry = _entry(tmp_path / "work", 1, original=_source(tmp_path / "work", "M\udce4rz.csv", b"x"))

    head = Archive(tmp_path / "archive", _no_sync).place([entry], GENESIS)

    (manifest,) = (tmp_path / "archive").rglob("manifest.json")
    original = Manifest.from_bytes(manifest.read_bytes()).original
    assert (original.name, original.file) == ("M\\udce4rz.csv", "M_rz.csv")
    assert list(verify(tmp_path / "archive", head)) == []


def test_everything_is_synced_before_the_head_moves_on(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    root.mkdir()
    synced: list[tuple[bool, set[str]]] = []

    def note(files: Sequence[str], folders: Iterable[str]) -> None:
        synced.append(((root / CHAIN_NAME).exists(), {*files, *folders}))

    Archive(root, note).place([_entry(tmp_path / "work", 1)], GENESIS)

    day = root / "2026/03/12"
    above = {str(folder) for folder in (day, day.parent, day.parents[1], root)}
    folder = f"{day}/0198f30001"
    files = {str(root), folder, f"{folder}/OP 1.csv", f"{folder}/.manifest.new", f"{root}/.chain.json.new"}
    assert synced == [(False, above), (False, files), (True, {str(root)})]


def test_a_source_that_cannot_be_sealed_is_copied_and_goes_only_when_the_copy_is_durable(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    root.mkdir()
    entry = _entry(Path("/dev/shm") / f"cluedrop-{os.getpid()}-{tmp_path.name}", 1)
    source = Path(entry.original.path)
    seen: list[bool] = []

    try:
        assert source.stat().st_dev != root.stat().st_dev, "the test needs two file systems"
        head = Archive(root, lambda files, folders: seen.append(source.exists())).place([entry], GENESIS)

        assert seen == [True, True, True]
        assert not source.exists()
        assert list(verify(root, head)) == []
    finally:
        shutil.rmtree(source.parent)


def test_a_source_that_was_altered_after_it_was_read_is_not_archived(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    entry = _entry(tmp_path / "work", 1)
    Path(entry.original.path).write_bytes(b"something longer than before")

    with pytest.raises(ArchiveConflict, match="has changed since it was read"):
        Archive(tmp_path / "archive", _no_sync).place([entry], GENESIS)

    assert Path(entry.original.path).exists()


def test_a_disk_that_fails_is_a_matter_of_transport(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"a file where the folder should be")

    with pytest.raises(TransportError, match="archive"):
        Archive(tmp_path / "archive", _no_sync).place([_entry(tmp_path / "work", 1)], GENESIS)


# ── after a crash ─────────────────────────────────────────────────────────────────────────────────────────────────


class _PowerCut(Exception):  # noqa: N818 - an event of the test
    pass


def _cut_at(step: int) -> Iterator[None]:
    """Let so many file-system acts through, then stop."""
    yield from [None] * step
    raise _PowerCut


def _place_until(step: int, archive: Archive, entries: Sequence[ArchiveEntry], head: ChainHead) -> bool:
    """Place entries, but crash before this file-system act; say whether it came to that."""
    steps = _cut_at(step)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("mkdir", "rename", "chmod", "fchmod", "write", "replace", "unlink"):
            act = getattr(os, name)
            patch.setattr(os, name, lambda *given, act=act, **more: (next(steps), act(*given, **more))[1])
        try:
            archive.place(entries, head)
        except _PowerCut:
            return True
    return False


@pytest.mark.parametrize("restarted", [True, False])
def test_whatever_the_moment_of_the_crash_a_second_attempt_completes(tmp_path: Path, restarted: bool) -> None:
    for step in count():
        root, work = tmp_path / str(step) / "archive", tmp_path / str(step) / "work"
        head = _filled(root, 2)
        entries = [_entry(work, 3, companions=[_source(work, "b.pdf", b"b")]), _entry(work, 4)]
        fresh = _entry(work, 5)
        archive = Archive(root, _no_sync)
        crashed = _place_until(step, archive, entries, head)

        # The drops come again in another order and company, and the journal knows the head of before.
        archive = Archive(root, _no_sync) if restarted else archive
        later = _entry(tmp_path / "unused", 4, original=entries[1].original, archived_at=NOON + timedelta(days=9))
        repeated = archive.place([entries[0]], archive.place([fresh, later], head))

        assert repeated.sequence == 5
        assert list(verify(root, repeated)) == []
        assert not list(work.iterdir())
        if not crashed:
            break
    assert step > 15


def test_an_entry_that_is_in_the_chain_already_is_left_as_it_is(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    root.mkdir()
    archive = Archive(root, _no_sync)
    entry = _entry(tmp_path / "work", 1)
    head = archive.place([entry], GENESIS)

    assert archive.place([entry], head) == head
    assert archive.place([_entry(tmp_path / "work", 1)], head) == head  # the source is there again: taken away
    assert not list((tmp_path / "work").iterdir())
    assert list(verify(root, head)) == []


def test_other_content_under_the_same_id_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    root.mkdir()
    archive = Archive(root, _no_sync)
    head = archive.place([_entry(tmp_path / "work", 1)], GENESIS)
    other = _entry(tmp_path / "work", 1, original=_source(tmp_path / "work", "OP 1.csv", b"other"))

    with pytest.raises(ArchiveConflict, match="exists with other content"):
        archive.place([other], head)
    with pytest.raises(ArchiveConflict, match="part of the archive already"):
        archive.place([_entry(tmp_path / "work", 1, outcome="held")], head)

    assert Path(other.original.path).exists()


# ── proving ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ChainHead]:
    """A sound archive, made writable so that it can be copied and damaged."""
    root = tmp_path_factory.mktemp("sound") / "archive"
    head = _filled(root)
    assert list(verify(root, head)) == list(verify(root)) == []
    _writable(root)
    return root, head


def _copy(sound: tuple[Path, ChainHead], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ChainHead]:
    root = tmp_path_factory.mktemp("copy") / "archive"
    shutil.copytree(sound[0], root)
    return root, sound[1]


quick = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(data=st.data())
@quick
def test_any_flipped_bit_is_found(
    sound: tuple[Path, ChainHead], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root, head = _copy(sound, tmp_path_factory)
    path = data.draw(st.sampled_from(_files(root)))
    content = bytearray(path.read_bytes())
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)

    findings = _paths(verify(root, head))

    if path.name == CHAIN_NAME:  # white space may flip into other white space: the head is the same then
        assert findings or Archive(root, _no_sync).head() == head
    else:
        entry = path.relative_to(root).parent.as_posix()
        assert any(found.startswith(entry) for found in findings)


@given(data=st.data())
@quick
def test_anything_removed_is_found(
    sound: tuple[Path, ChainHead], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root, head = _copy(sound, tmp_path_factory)
    path = data.draw(st.sampled_from(sorted(root.rglob("*"))))
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()

    assert list(verify(root, head))
    assert list(verify(root))


@given(data=st.data())
@quick
def test_anything_inserted_is_found(
    sound: tuple[Path, ChainHead], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root, head = _copy(sound, tmp_path_factory)
    folder = data.draw(st.sampled_from([root, *(path for path in sorted(root.rglob("*")) if path.is_dir())]))
    name = data.draw(st.sampled_from(["x.csv", ".hidden", "2027", "13", "0198f39999", "manifest.json.part"]))
    kind = data.draw(st.sampled_from(["file", "folder", "link"]))
    if (folder / name).exists():
        return
    if kind == "file":
        (folder / name).write_bytes(b"")
    elif kind == "folder":
        (folder / name).mkdir()
    else:
        (folder / name).symlink_to(folder)

    assert list(verify(root, head))


@given(data=st.data())
@quick
def test_a_copied_or_renamed_entry_is_found(
    sound: tuple[Path, ChainHead], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root, head = _copy(sound, tmp_path_factory)
    path = data.draw(st.sampled_from(sorted(path.parent for path in root.rglob("manifest.json"))))
    other = path.with_name(data.draw(st.sampled_from(["0198f30000", "0198f39999"])))
    if data.draw(st.booleans()):
        shutil.copytree(path, other)
    else:
        path.rename(other)

    assert other.relative_to(root).as_posix() in _paths(verify(root, head))


def test_a_cut_off_tail_is_found_by_the_journals_head(sound, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    root, head = _copy(sound, tmp_path_factory)
    *_, first_of_last_two, last = sorted(path.parent for path in root.rglob("manifest.json"))
    for folder in (last, first_of_last_two):
        shutil.rmtree(folder)
        if not list(folder.parent.iterdir()):
            folder.parent.rmdir()
    four = Manifest.from_bytes(max(root.rglob("manifest.json"), key=lambda path: path.parent.name).read_bytes())
    newest = max(root.rglob("manifest.json"), key=lambda path: path.parent.name)
    forged = ChainFile(sequence=four.sequence, digest=chain_digest(newest.read_bytes()), group=())
    (root / CHAIN_NAME).write_text(forged.model_dump_json())

    assert list(verify(root)) == []  # a forger who also rewrites the head is not seen by the archive alone
    assert [str(finding) for finding in verify(root, head)] == [
        ".: the end is missing: the head is number 6, the last entry 4",
        "chain.json: ends at number 4, the journal at number 6",
    ]


def test_a_gap_is_told_from_both_sides(sound, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    root, head = _copy(sound, tmp_path_factory)
    folders = sorted(path.parent for path in root.rglob("manifest.json"))
    shutil.rmtree(folders[3])

    found = {str(finding) for finding in verify(root, head) if "is empty" not in finding.what}

    assert found == {
        f"{folders[4].relative_to(root)}: the entry before it, number 4, is missing",
        f"{folders[2].relative_to(root)}: the entry after it, number 4, is missing",
    }


def test_two_entries_that_swap_their_manifests_are_found(sound, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    root, head = _copy(sound, tmp_path_factory)
    first, second, *_ = sorted(root.rglob("manifest.json"))
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)

    assert {str(path.parent.relative_to(root)) for path in (first, second)} <= set(_paths(verify(root, head)))


def test_a_renumbered_tail_is_found(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    head = _filled(root)
    _writable(root)
    last = max(root.rglob("manifest.json"), key=lambda path: path.parent.name)
    renumbered = Manifest.from_bytes(last.read_bytes()).model_copy(update={"sequence": 7})
    last.write_bytes(renumbered.to_bytes())

    assert any("number 6" in finding.what for finding in verify(root, head))


def test_an_archive_at_work_is_no_finding(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    heads = [_filled(root)]
    archive = Archive(root, _no_sync)
    steps: list[tuple[int, int]] = []

    def work_on(done: int, expected: int) -> None:
        steps.append((done, expected))
        if done in {1, 4}:  # one entry falls behind the walker, one before it
            number = 100 + done if done == 1 else 0
            heads.append(archive.place([_entry(tmp_path / "work", number)], heads[-1]))

    findings = list(verify(root, lambda: heads[-1], work_on))

    assert findings == []
    assert steps[0] == (1, 6)
    assert len(heads) == 3
    assert list(verify(root, heads[-1])) == []


def test_a_damaged_or_missing_head_file_is_found(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    root.mkdir()
    assert list(verify(root)) == list(verify(root, GENESIS)) == []
    head = _filled(root)
    _writable(root)

    (root / CHAIN_NAME).write_bytes(b"{}")
    assert _paths(verify(root)) == _paths(verify(root, head)) == [CHAIN_NAME]
    with pytest.raises(ArchiveConflict, match="is damaged"):
        Archive(root, _no_sync).head()
    (root / CHAIN_NAME).unlink()
    assert _paths(verify(root)) == _paths(verify(root, head)) == [CHAIN_NAME]


def test_a_readme_and_what_the_caller_names_may_lie_in_the_root(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    head = _filled(root)
    (root / "README.md").touch()
    (root / ".mounted").touch()

    assert _paths(verify(root, head)) == [".mounted"]
    assert list(verify(root, head, ignore={".mounted"})) == []


def test_moments_keep_their_zone(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    root.mkdir()
    entry = _entry(tmp_path / "work", 1, received_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC).astimezone(VIENNA))

    head = Archive(root, _no_sync).place([entry], GENESIS)

    assert (root / "2026/07/02/0198f30001").is_dir()
    assert list(verify(root, head)) == []
