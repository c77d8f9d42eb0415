"""While files are fetched, what stands in the way loses and doubles nothing: the server goes, the disk here is full."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from core.connecting import OwnDiskError
from core.errors import TransportError
from tests.connectors.rigs import Rig
from tests.world.mounts import Mounts

pytestmark = pytest.mark.slow

MakeRig = Callable[..., Rig]


def _freeze(one: Rig) -> None:
    one.server.signal(signal.SIGSTOP)


def _kill(one: Rig) -> None:
    one.server.kill()


@pytest.mark.parametrize("strike", [pytest.param(_freeze, marks=pytest.mark.slow), _kill], ids=["frozen", "killed"])
def test_a_server_that_goes_in_the_middle_loses_and_doubles_nothing(
    rig: MakeRig, strike: Callable[[Rig], None]
) -> None:
    one = rig()
    one.restart_with(answer_seconds=2.0)
    contents = {f"f{number}.csv": os.urandom(90_000) for number in range(12)}
    for name, content in contents.items():
        one.lay(name, content)
    drafts = iter(range(100))
    one.landing.meddle = lambda: strike(one) if next(drafts) == 5 else None

    with pytest.raises(TransportError):
        one.collect()
    one.server.kill()
    one.server.start()
    one.restart_with(answer_seconds=20.0)
    one.collect()

    assert one.came() == contents
    assert one.left() == set()
    assert one.drafts() == []


def test_a_full_disk_here_loses_nothing(rig: MakeRig) -> None:
    one = rig()
    one.lay("x.csv")
    one.landing._free_bytes = 1 << 60

    with pytest.raises(TransportError, match="too little free space"):
        one.collect()

    assert one.left() == {"x.csv"}


@pytest.mark.parametrize("size", [200_000, 40_000_000], ids=["small", "long"])
def test_a_disk_here_that_is_full_in_the_middle_loses_and_doubles_nothing(
    rig: MakeRig, tmp_path: Path, size: int
) -> None:
    """The real error of a real disk; a long file does not leave it full either."""
    one = rig()
    one.restart()
    mounts = Mounts(tmp_path)
    mounts.tmpfs(one.inbox, f"size={size // 2}")
    contents = {"a.csv": b"a", "b.csv": os.urandom(size), "c.csv": b"c"}
    for name, content in contents.items():
        one.lay(name, content)
    try:
        with pytest.raises(OwnDiskError, match="No space left") as raised:
            one.collect()
        assert ".arriving" in str(raised.value)
        one.restart()
        one.landing.prepare()
        used = os.statvfs(one.inbox)
        assert (used.f_blocks - used.f_bfree) * used.f_frsize < size // 4
        mounts.remount(one.inbox, f"size={size * 2}")
        one.restart()
        one.collect()

        assert one.came() == contents
        assert one.left() == set()
        assert one.drafts() == []
    finally:
        mounts.close()


def test_nothing_lands_where_somebody_has_laid_a_link(rig: MakeRig, tmp_path: Path) -> None:
    one = rig()
    (tmp_path / "elsewhere").mkdir()
    (one.inbox / ".arriving").symlink_to(tmp_path / "elsewhere")
    one.lay("x.csv")

    with pytest.raises(TransportError):
        one.collect()

    assert list((tmp_path / "elsewhere").iterdir()) == []
