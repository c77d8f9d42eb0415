"""Fixtures for all tests: a real site on disk with an engine at work."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pyfakefs.fake_filesystem import FakeFilesystem
from pyfakefs.fake_filesystem_unittest import Patcher

from core.site import Site
from tests.sites import Running, a_site

# What is promised of an input holds on a busy machine too; speed is measured in bench/.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def _temporary_folder_of_daemons() -> Iterator[None]:
    """A daemon that is killed leaves temporary folders behind: they lie in one that goes with this session.

    Not below ``tmp_path``: the address of a socket has room for 107 bytes.
    """
    tempfile.gettempdir()  # ours stays what it was
    with (
        tempfile.TemporaryDirectory(prefix="cluedrop-tests-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patching,
    ):
        patching.setenv("TMPDIR", folder)
        yield


@pytest.fixture
def other_disk() -> Iterator[FakeFilesystem]:
    """A disk that no test machine has: it refuses us, who are root, or takes capitals for small letters."""
    folder = tempfile.gettempdir()
    with Patcher() as patcher:
        assert patcher.fs is not None
        yield patcher.fs
    tempfile.tempdir = folder  # the disk has made it forgotten


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start engines; all are closed in the end."""
    started: list[Running] = []

    def start_one(site: Site | None = None) -> Running:
        started.append(Running(site or a_site(tmp_path)))
        return started[-1]

    yield start_one
    for running in started:
        if not running.stopped:
            running.stop()


@pytest.fixture
def site(start: Callable[..., Running]) -> Running:
    """A running site with one route "in" and one target "out"."""
    return start()


@pytest.fixture
def deaf(start: Callable[..., Running], tmp_path: Path) -> Running:
    """A running site that scans by itself only once."""
    running = start(a_site(tmp_path, rescan_seconds=3600.0))
    running.for_a_while(0.2)
    return running
