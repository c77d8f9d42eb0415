"""The watcher at its limits: what it does not hear is found all the same, and who looks after the site is told why."""

import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sites import Running, a_site
from tests.world.limits import lowered
from tests.world.served import Served

pytestmark = pytest.mark.slow

Start = Callable[..., Running]


@pytest.mark.daemon
def test_a_burst_that_the_kernel_cannot_tell_of_is_found_by_a_scan(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    """The queue has room for eight events, the daemon sleeps while two hundred files come; it scans once an hour."""
    with lowered("max_queued_events", 8):
        served = serve(tmp_path / "site", {"limits": {"rescan_seconds": 3600.0}})
        served.until_at_work()
    served.drop("first.txt", "first\n")
    served.until(lambda: served.states() == {"first.txt": "archived"})
    served.process.send_signal(signal.SIGSTOP)
    for number in range(200):
        served.drop(f"{number}.txt", f"{number}\n")
    served.process.send_signal(signal.SIGCONT)
    served.until(lambda: len(served.states()) == 201 and set(served.states().values()) == {"archived"})
    assert "more files came than the kernel could tell of; every folder is scanned" in served.log.read_text()
    assert len(served.outputs()) == 201


@pytest.mark.parametrize(
    ("limit", "remedy"),
    [
        ("max_user_watches", "as root: sysctl fs.inotify.max_user_watches=524288"),
        ("max_user_instances", "as root: sysctl fs.inotify.max_user_instances=1024"),
    ],
)
def test_without_watches_files_are_found_by_scanning_and_the_limit_is_named(
    start: Start, tmp_path: Path, limit: str, remedy: str
) -> None:
    with lowered(limit, 0):
        running = start(a_site(tmp_path, rescan_seconds=0.2))
        running.until(lambda: "not-watched" in running.alerts())
        assert "arrivals are noticed by scanning only" in running.alerts()["not-watched"]
        assert running.alerts()["not-watched"].endswith(remedy)
        running.drop_until_archived("a.txt")
    running.until(lambda: running.alerts() == {})
    object.__setattr__(running.site.limits, "rescan_seconds", 3600.0)
    running.drop_until_archived("b.txt")


def test_a_watcher_that_has_ended_is_started_anew(deaf: Running) -> None:
    deaf.drop_until_archived("a.txt")
    observer = deaf.engine._watch._observer
    assert observer is not None
    observer.stop()
    observer.join()
    deaf.drop("while nobody listens.txt", "x\n")
    deaf.until_archived(2)
    deaf.drop_until_archived("b.txt")
    assert deaf.alerts() == {}


@pytest.mark.parametrize("how", ["deleted", "renamed away", "renamed onto", "symlink"])
def test_an_inbox_that_is_replaced_at_work_is_watched_again_and_nothing_is_missed(deaf: Running, how: str) -> None:
    deaf.drop_until_archived("a.txt")
    threads = threading.active_count()
    other = deaf.root / "other"
    other.mkdir()
    (other / "came with it.txt").write_text("x\n")
    match how:
        case "deleted":
            shutil.rmtree(deaf.inbox())
            deaf.until(deaf.inbox().is_dir)
            shutil.rmtree(other)
        case "renamed away":
            deaf.inbox().rename(deaf.root / "old")
            other.rename(deaf.inbox())
        case "renamed onto":
            shutil.rmtree(deaf.inbox())
            deaf.inbox().mkdir(exist_ok=True)
            os.rename(other, deaf.inbox()) if not any(deaf.inbox().iterdir()) else None
        case _:
            deaf.inbox().rename(deaf.root / "old")
            deaf.inbox().symlink_to(other)
    if how != "deleted":
        deaf.until_archived(2)
    deaf.until(lambda: deaf.engine.mend_watches() == {})
    deaf.for_a_while(0.2)
    deaf.drop_until_archived("b.txt")
    deaf.until(lambda: deaf.alerts() == {})
    assert threading.active_count() < threads + 5


def test_an_attachment_that_nobody_names_is_an_alert(start: Start, tmp_path: Path) -> None:
    from tests.sites import a_route

    running = start(a_site(tmp_path, a_route(tmp_path, wait_seconds=0.5)))
    running.drop("Rechnung.pdf", "%PDF")
    running.until(lambda: "attachment-alone" in running.alerts())
    assert running.alerts()["attachment-alone"] == (
        "attachments that no file names: Rechnung.pdf; ask who dropped them, then move them away"
    )
    (running.inbox() / "Rechnung.pdf").unlink()
    running.until(lambda: running.alerts() == {})
