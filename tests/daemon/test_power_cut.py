"""The power goes while the daemon works: no result is lost or doubled, and nobody ever sees half a file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.daemon.power_cuts import MODELS, cut, moments, own_syncfs, record
from tests.faultfs.power import Model
from tests.faultfs.tree import Operation
from tests.needs import need_root

CUTS = 8
"""Moments of the scene at which the power is cut here; ``make powercut`` takes them all."""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Operation]:
    """All that was done in the scene, by everybody."""
    need_root("a file system of our own is mounted")
    return record(tmp_path_factory.mktemp("scene"))


@pytest.fixture(autouse=True)
def _syncfs() -> Iterator[None]:
    with own_syncfs():
        yield


@pytest.mark.daemon
@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("part", range(CUTS))
def test_whenever_the_power_goes_everything_is_there_once(
    log: Sequence[Operation], tmp_path: Path, part: int, model: Model
) -> None:
    possible = moments(log)
    moment = possible[(2 * part + 1) * len(possible) // (2 * CUTS)]

    cut(tmp_path / "cut", log, moment, model, seed=0 if model == "strict" else part)
