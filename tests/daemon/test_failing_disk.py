"""A disk that fails, at whatever call: nothing is rejected for it, nothing lost or doubled, and the daemon goes on."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.failing_disk import withstand
from tests.daemon.power_cuts import own_syncfs
from tests.faultfs.faults import CHANGING, SHORT, SYNCING, Fault
from tests.needs import need_root

FAULTS = [
    Fault(CHANGING | SYNCING, errno.ENOSPC, skip=30, times=None),
    Fault(CHANGING | SYNCING, errno.EROFS, skip=90, times=None),
    Fault(frozenset({"WRITE"}), SHORT, skip=60, times=3),
    Fault(SYNCING, errno.EIO, skip=5, times=3, lose=False),
    Fault(frozenset({"READ", "OPEN", "OPENDIR"}), errno.EIO, skip=20, times=10),
    Fault(frozenset({"FLUSH"}), errno.EDQUOT, skip=20, times=5),
]
"""A few of those that ``make failing-disk`` goes through."""


@pytest.fixture(autouse=True)
def _syncfs() -> Iterator[None]:
    need_root("a file system of our own is mounted")
    with own_syncfs():
        yield


@pytest.mark.daemon
@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_disk_that_fails_for_a_while_costs_nothing(tmp_path: Path, fault: Fault) -> None:
    withstand(tmp_path, fault)
