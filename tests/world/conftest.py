"""Fixtures: real mounts, and daemons as processes; all of it is gone after the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.world.mounts import Mounts
from tests.world.served import Served


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounts]:
    scratch = tmp_path / "disks"
    scratch.mkdir()
    made = Mounts(scratch)
    yield made
    made.close()


@pytest.fixture
def serve(mounts: Mounts) -> Iterator[Callable[..., Served]]:
    """Start daemons; all are killed before the mounts go."""
    started: list[Served] = []

    def start(root: Path, differs: dict[str, Any] | None = None, **more: Any) -> Served:
        started.append(Served(root, differs or {}, **more))
        return started[-1]

    yield start
    mounts.wake()
    for served in started:
        served.close()
