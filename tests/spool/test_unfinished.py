"""Uploads that broke off: a file under its final name gets patience, and what never comes to its end is reported."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.site import Route
from tests.sites import Running, a_route, a_site

pytestmark = pytest.mark.slow

_COARSE = 5
Start = Callable[..., Running]


@pytest.fixture
def patient(start: Start, tmp_path: Path) -> Callable[..., Running]:
    """An engine whose route has much patience."""

    def begin(**more: Any) -> Running:
        route: Route = a_route(tmp_path, **{"patience_seconds": 3600.0, **more})
        running = start(a_site(tmp_path, route))
        running.for_a_while(0.2)
        return running

    return begin


def test_an_upload_that_broke_off_can_be_resumed(patient: Callable[..., Running]) -> None:
    running = patient(patience_seconds=1.0)
    path = running.inbox() / "order.txt"

    path.write_text("first\n")  # closed, as a server does when its client is gone
    running.for_a_while(0.6)
    with path.open("a") as file:
        file.write("second\n")
    running.until_archived(1)

    assert running.outputs() == {"order.out.txt": "begin\nfirst\nsecond\nend\n"}
    assert running.count("archived") == 1


def _renamed(path: Path) -> None:
    path.with_name(".upload").write_text("line\n")
    path.with_name(".upload").rename(path)


def _linked(path: Path) -> None:
    """As OpenSSH carries out a rename: it tells watchers nothing."""
    part = path.with_name("order.txt.filepart")
    part.write_text("line\n")
    while time.clock_gettime_ns(_COARSE) <= part.stat().st_mtime_ns:  # some way through the network lies between
        continue
    os.link(part, path)
    part.unlink()


def _dated(path: Path) -> None:
    path.write_text("line\n")
    os.utime(path, (1, 1))


@pytest.mark.parametrize("finish", [_renamed, _linked, _dated])
def test_what_its_sender_has_finished_needs_no_patience(
    patient: Callable[..., Running], finish: Callable[[Path], None]
) -> None:
    running = patient()

    finish(running.inbox() / "order.txt")

    running.until_archived(1, seconds=5)


def test_a_rename_that_no_event_tells_of_is_noticed_soon(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, rescan_seconds=3600.0))
    running.for_a_while(0.3)

    _linked(running.inbox() / "order.txt")

    running.until_archived(1, seconds=5)


def test_a_route_without_the_setting_has_no_patience(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path))
    (running.inbox() / "order.txt").write_text("line\n")
    running.until_archived(1, seconds=5)


def _temporary(folder: Path) -> None:
    (folder / "order.txt.filepart").write_text("half")


def _unmarked(folder: Path) -> None:
    (folder / "order.txt").write_text("whole, perhaps")


@pytest.mark.parametrize(
    ("leave", "ready", "name"), [(_temporary, "closed", "order.txt.filepart"), (_unmarked, "marker", "order.txt")]
)
def test_an_upload_that_never_comes_to_its_end_stays_and_is_reported(
    start: Start, tmp_path: Path, leave: Callable[[Path], None], ready: str, name: str
) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, ready=ready, unfinished_seconds=0.5)))
    running.for_a_while(0.2)

    leave(running.inbox())
    running.until(lambda: "unfinished" in running.alerts())

    assert name in running.alerts()["unfinished"]
    assert running.waiting() == {name}
    (running.inbox() / name).unlink()
    running.until(lambda: "unfinished" not in running.alerts())


def test_an_upload_that_stalls_while_it_is_open_stays_and_is_reported(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, unfinished_seconds=0.5)))
    running.for_a_while(0.2)

    with (running.inbox() / "order.txt").open("w") as file:
        file.write("half")
        file.flush()
        running.until(lambda: "unfinished" in running.alerts())
        assert running.rows() == []
        file.write(" and half\n")
    running.until_archived(1)

    assert running.outputs() == {"order.out.txt": "begin\nhalf and half\nend\n"}
    running.until(lambda: running.alerts() == {})


def test_a_file_that_somebody_opens_in_the_moment_of_its_claim_is_read_when_it_is_closed(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start(a_site(tmp_path))
    running.for_a_while(0.2)
    with monkeypatch.context() as patching, (running.inbox() / "order.txt").open("w") as file:
        patching.setattr(
            "spool.inbox.intake.has_writer", lambda path: False
        )  # it was opened a moment after we had asked
        file.write("half")
        file.flush()
        running.until(lambda: "paused" in running.alerts())
        assert running.outputs() == {}
        file.write(" and half\n")
    running.until_archived(1)

    assert running.outputs() == {"order.out.txt": "begin\nhalf and half\nend\n"}
