"""What is said to be on the disk was synced, by one call or by many side by side, and every failure is told."""

import errno
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import spool.folders.durable
from spool.folders.durable import remove_files, sync_paths
from tests.faultfs.faults import SYNCING, Fault
from tests.faultfs.mounted import Mounted, mounted, sync_filesystem
from tests.needs import need_root


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mounted]:
    """A file system that remembers what was synced."""
    need_root("a file system of our own is mounted")
    monkeypatch.setattr(spool.folders.durable, "sync_filesystem", sync_filesystem)
    with mounted(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process has no memory for one thread more."""
    monkeypatch.setattr(spool.folders.durable, "_SIDE_BY_SIDE", ThreadPoolExecutor(4))
    before = threading.stack_size(1 << 46)
    yield
    threading.stack_size(before)


def _written(disk: Mounted, count: int) -> tuple[list[Path], Path]:
    """Fresh files, and the folder that names them."""
    folder = disk.root / "folder"
    folder.mkdir()
    files = [folder / str(number) for number in range(count)]
    for file in files:
        file.write_text("content\n")
    return files, folder


def _synced(disk: Mounted) -> set[str]:
    """Names of what was synced by itself."""
    log = disk.log()
    names = {operation.key: operation.name for operation in log if operation.name}
    return {names[operation.key] for operation in log if operation.kind == "sync"}


@pytest.mark.parametrize("count", [0, 1, 4, 11])
def test_few_files_and_their_folder_are_synced_each_by_itself(disk: Mounted, count: int) -> None:
    files, folder = _written(disk, count)

    sync_paths([str(file) for file in files], [str(folder)])

    assert _synced(disk) == {path.name for path in (*files, folder)}


def test_many_files_are_synced_with_their_whole_file_system(disk: Mounted) -> None:
    files, folder = _written(disk, 20)

    sync_paths([str(file) for file in files], [str(folder)])

    assert "sync all" in {operation.kind for operation in disk.log()}
    assert _synced(disk) == set()


@pytest.mark.usefixtures("no_threads")
def test_without_threads_all_is_synced_one_after_the_other(disk: Mounted) -> None:
    files, folder = _written(disk, 4)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        threading.Thread().start()

    sync_paths([str(file) for file in files], [str(folder)])

    assert _synced(disk) == {path.name for path in (*files, folder)}


@pytest.mark.parametrize("skip", range(5))
def test_a_sync_that_fails_is_told_whichever_it_is(disk: Mounted, skip: int) -> None:
    files, folder = _written(disk, 4)
    disk.fail(Fault(SYNCING, errno.EIO, skip=skip))

    with pytest.raises(OSError, match="Input/output error"):
        sync_paths([str(file) for file in files], [str(folder)])


def test_what_can_be_synced_is_when_something_else_cannot(disk: Mounted) -> None:
    files, folder = _written(disk, 4)

    with pytest.raises(FileNotFoundError):
        sync_paths([str(files[0]), f"{folder}/gone", *map(str, files[1:])], [str(folder)])

    assert _synced(disk) == {path.name for path in (*files, folder)}


def test_files_are_removed_side_by_side_and_what_cannot_go_is_told(tmp_path: Path) -> None:
    names = [tmp_path / str(number) for number in range(40)]
    for path in names:
        path.touch()
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError, match="folder"):
        remove_files([str(path) for path in (*names[:20], tmp_path / "missing", tmp_path / "folder", *names[20:])])

    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
