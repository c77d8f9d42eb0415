"""A daemon runs for months: what is over is forgotten, also by the interpreter."""

import gc
import sys
import weakref
from collections.abc import Iterator
from itertools import pairwise

import pytest

from spool.health.garbage import Garbage
from tests.sites import Running

_WAVE = 800
"""So many files come at once."""


class _Ring:
    """Something that only the garbage collector can end."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def by_itself() -> Iterator[None]:
    """Python looks for nothing by itself, as in a daemon that has a hundred thousand objects from its start."""
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


def _pass_through(site: Running, wave: int) -> None:
    for number in range(_WAVE):
        site.drop(f"{wave}-{number}.txt", f"warn {wave} {number}\nremember {number}\n{wave}-{number}\n")
    site.until(lambda: site.engine.idle and not site.waiting())
    for folder in (site.outbox(), site.inbox() / "notes"):
        for path in folder.iterdir():
            if not path.name.startswith("."):
                path.unlink()


def _kept() -> int:
    """Pieces of memory that Python has in use for something that can still be reached."""
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.slow
def test_of_the_drops_that_went_through_the_daemon_keeps_nothing(site: Running) -> None:
    """What it kept of each would show in every wave; statements prepared for a number of drops show in one."""
    _pass_through(site, 0)
    kept = [_kept()]
    for wave in range(1, 6):
        _pass_through(site, wave)
        kept.append(_kept())

    assert site.engine.outcomes["done"] == 6 * _WAVE
    grown = [after - before for before, after in pairwise(kept)]
    assert sorted(grown)[1] < 0.5 * _WAVE, grown  # a set of their names alone would be a wave


@pytest.mark.usefixtures("by_itself")
def test_dead_rings_are_found_by_the_next_look() -> None:
    garbage = Garbage(every=0.0)
    dead = weakref.ref(_Ring())
    assert dead() is not None

    garbage.look()

    assert dead() is None


@pytest.mark.usefixtures("by_itself")
def test_a_new_configuration_frees_what_was_permanent_under_the_last_one() -> None:
    ring = _Ring()
    dead, garbage = weakref.ref(ring), Garbage(every=0.0)
    del ring
    garbage.look()
    assert dead() is not None  # not looked through: that is what makes a look cheap

    Garbage()

    assert dead() is None
