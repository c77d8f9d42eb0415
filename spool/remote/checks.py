"""Can the places outside be used? Tries login and every folder, as ``check --connect`` is asked to."""

from collections.abc import Iterator

from spool.health.checks import Check
from spool.remote.places import load_connector
from spool.work.worker import WorkerSetup


def check_remote(setup: WorkerSetup) -> Iterator[Check]:
    """Try every place; probe files are removed again."""
    if not setup.site.remote:
        yield Check("servers", note="this configuration names none")
    for place in setup.site.remote:
        for subject, trouble in load_connector(setup, place).check(place):
            yield Check(subject, trouble)
