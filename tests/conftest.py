"""Fixtures for all tests: a real site on disk with an engine at work."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from core.site import Site
from tests.sites import Running, a_site

# What is promised of an input holds on a busy machine too; speed is measured in bench/.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


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
