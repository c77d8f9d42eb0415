"""Worker processes that cannot be had: the daemon waits for better times, says so, and loses nothing."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.sites import Running

pytestmark = pytest.mark.slow


@contextmanager
def _no_descriptors() -> Iterator[None]:
    """The process may open nothing more."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def _workers(running: Running) -> list[int]:
    return [worker.process.pid or 0 for worker in running.engine.dispatcher._pool.workers]


def test_a_daemon_that_can_start_no_worker_goes_on_when_it_can_again(site: Running) -> None:
    site.drop("before.txt", "before\n")
    site.until_archived(1)
    with _no_descriptors():
        for pid in _workers(site):
            os.kill(pid, signal.SIGKILL)
        site.until(lambda: site.engine.dispatcher.trouble)
        site.for_a_while(0.5)
        assert _workers(site) == []
    site.until(lambda: "workers" in site.alerts())
    assert "Too many open files" in site.alerts()["workers"]
    site.drop("after.txt", "after\n")
    site.until_archived(2)
    site.until(lambda: "workers" not in site.alerts())
    assert site.findings() == []


def test_workers_that_end_at_once_are_not_replaced_in_a_tight_loop(site: Running) -> None:
    site.until(lambda: site.engine.idle)
    started: set[int] = set()
    for _ in range(200):
        for pid in _workers(site):
            started.add(pid)
            with suppress(ProcessLookupError):  # it has ended by the last blow
                os.kill(pid, signal.SIGKILL)
        site.step()
    assert len(started) <= 5
    site.drop("a.txt", "a\n")
    site.until_archived(1)
