"""Real small disks that fill up, run out of inodes or turn read-only: routes pause, say so, and go on by themselves."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.needs import need
from tests.sites import Running, a_site
from tests.world.mounts import Mounts, fill, use_up_inodes
from tests.world.served import Served

Start = Callable[..., Running]
pytestmark = [pytest.mark.slow]
FILES = 5
CONTENT = "line\n" * 3000


def _drop_outside(running: Running, number: int) -> None:
    """Drop a file as another machine does, whose disk cache the full disk does not stop."""
    running.drop(f"{number}.txt", f"{number}\n{CONTENT}")


def _trouble(running: Running) -> str:
    alerts = running.alerts()
    return " ".join(alerts.get(code, "") for code in ("away", "paused", "not-published"))


def _assert_whole(running: Running) -> None:
    running.engine._complete_at = 0.0
    running.until_archived(FILES, seconds=30)
    assert running.count("rejected") == 0
    assert len(running.outputs()) == FILES
    assert running.ledger("count") == {"files": f'{{"files":{FILES}}}'}
    running.until(lambda: running.alerts() == {})
    assert running.leftovers() == []
    assert running.findings() == []


def _make_way(place: Path, what: str, mounts: Mounts) -> Callable[[], object]:
    """Put something in the way; returns what takes it away again."""
    match what:
        case "full":
            return fill(place).unlink
        case "out of inodes":
            folder = use_up_inodes(place)
            return lambda: [path.unlink() for path in folder.iterdir()] and folder.rmdir()
        case _:
            mounts.remount(place, "ro")
            return lambda: mounts.remount(place, "rw")


@pytest.mark.parametrize("what", ["full", "out of inodes", "read-only"])
@pytest.mark.parametrize("folder", ["outbox/out", "archive"])
@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_a_place_for_results_that_takes_nothing_more(
    start: Start, mounts: Mounts, tmp_path: Path, kind: str, folder: str, what: str
) -> None:
    place = tmp_path / "site" / folder
    if kind == "tmpfs":
        mounts.tmpfs(place, "size=256k,nr_inodes=200")
    else:
        mounts.ext4(place, "-N", "200", megabytes=2)
    running = start(a_site(tmp_path / "site"))
    make_room = _make_way(place, what, mounts)
    for number in range(FILES):
        _drop_outside(running, number)
    running.until(lambda: str(place) in _trouble(running))
    words = {"full": errno.ENOSPC, "out of inodes": errno.ENOSPC, "read-only": errno.EROFS}
    assert os.strerror(words[what]) in _trouble(running)
    running.for_a_while(0.5)
    assert running.count("rejected") == 0
    make_room()
    _assert_whole(running)


@pytest.mark.parametrize("what", ["full", "out of inodes", "read-only"])
def test_an_inbox_whose_disk_takes_nothing_more(start: Start, mounts: Mounts, tmp_path: Path, what: str) -> None:
    place = tmp_path / "site" / "inbox" / "in"
    mounts.ext4(place, "-N", "200", megabytes=2)
    running = start(a_site(tmp_path / "site"))
    running.engine.stop_taking()
    for number in range(FILES):
        _drop_outside(running, number)
    make_room = _make_way(place, what, mounts)
    running.engine._taking = True
    running.for_a_while(1.0)
    assert running.count("rejected") == 0
    if what == "read-only":
        running.until(lambda: os.strerror(errno.EROFS) in _trouble(running))
        assert running.count("archived") == 0
    make_room()
    _assert_whole(running)


@pytest.mark.daemon
def test_without_room_for_the_journal_nothing_is_taken_and_then_it_goes_on(
    serve: Callable[..., Served], mounts: Mounts, tmp_path: Path
) -> None:
    state = tmp_path / "site" / "state"
    mounts.ext4(state, megabytes=4)
    served = serve(tmp_path / "site")
    served.until_at_work()
    served.drop("before.txt", "before\n")
    served.until(lambda: served.states() == {"before.txt": "archived"})
    served.journal.close()
    served._journal = None
    make_room = _make_way(state, "full", mounts)
    for number in range(FILES):
        served.drop(f"{number}.txt", f"{number}\n{CONTENT}")
    served.until(lambda: "the journal cannot be written" in served.log.read_text())
    assert served.outputs() == {"before.out.txt"}
    make_room()
    served.until(lambda: len(served.outputs()) == FILES + 1)
    served.until(lambda: set(served.states().values()) == {"archived"})
    served.until(lambda: served.alerts() == {})
    assert served.findings() == []


@pytest.mark.daemon
@pytest.mark.parametrize("folder", ["inbox/in/.work", "outbox/out", "archive"])
def test_a_folder_whose_rights_are_taken_away(
    serve: Callable[..., Served], mounts: Mounts, tmp_path: Path, folder: str
) -> None:
    """A daemon that rights can stop, as those of ordinary users are."""
    setpriv = need("setpriv", "util-linux")
    without = "-dac_override,-dac_read_search,-fowner"
    root = tmp_path / "site"
    served = serve(root, before=[setpriv, f"--bounding-set={without}", f"--inh-caps={without}"])
    served.until_at_work()
    served.drop("before.txt", "before\n")
    served.until(lambda: served.states() == {"before.txt": "archived"})
    place = root / folder
    place.chmod(0)
    for number in range(FILES):
        served.drop(f"{number}.txt", f"{number}\n")
    served.until(lambda: any(str(place.parent) in text for text in served.alerts().values()))
    said = " ".join(served.alerts().values())
    assert str(place) in said
    assert os.strerror(errno.EACCES) in said
    assert "rejected" not in served.states().values()
    place.chmod(0o750)
    served.until(lambda: len(served.outputs()) == FILES + 1)
    served.until(lambda: set(served.states().values()) == {"archived"})
    served.until(lambda: served.alerts() == {})
    assert len(served.states()) == FILES + 1
    assert served.findings() == []
