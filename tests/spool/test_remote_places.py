"""Places outside at work: what stands in the way of one is tried again for ever, is told, and touches no other."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.remote import CollectFolder, DeliverFolder, RemotePlace
from spool.health.status import RemoteStatus, status_of
from spool.remote.place_worker import delay_after
from spool.remote.places import RemotePlaces
from spool.work.worker import WorkerSetup
from tests.sftp_servers import SftpServer, sftp_server
from tests.sites import FORMATS, HANDLERS, Running, a_route, a_site
from tests.world.mounts import Mounts

pytestmark = pytest.mark.slow


def a_place(server: SftpServer, name: str = "partner", answer_seconds: float = 20.0, **more: object) -> RemotePlace:
    """Collects ``out`` into the route "in" and delivers the target "out" to ``in``; quick."""
    collect = CollectFolder(str(server.folder("out")), "in", settle_seconds=0.05)
    deliver = DeliverFolder(str(server.folder("in")), "out")
    values: dict[str, object] = {
        "collect": (collect,),
        "deliver": (deliver,),
        "poll_seconds": 0.1,
        "retry_first_seconds": 0.2,
        "retry_most_seconds": 1.0,
    }
    return RemotePlace(name, "sftp", server.access(answer_seconds=answer_seconds), **{**values, **more})  # type: ignore[arg-type]


class AtWork:
    """An engine with its places outside."""

    def __init__(self, running: Running) -> None:
        self.running = running
        setup = WorkerSetup(running.site, FORMATS, HANDLERS, {}, "connectors")
        self.places = RemotePlaces(setup, running.engine)
        self.places.start()

    def until(self, condition: Callable[[], object]) -> None:
        def looked() -> object:
            self.places.look(self.running.health.tell)
            return condition()

        self.running.until(looked)

    def status(self, name: str = "partner") -> RemoteStatus:
        found = status_of(self.running.site, self.running.journal).remote
        return next(place for place in found if place.name == name)

    def alerts(self) -> dict[tuple[str, str], str]:
        return {(row["code"], row["subject"]): row["text"] for row in self.running.journal.alerts()}


@pytest.fixture
def server() -> Iterator[SftpServer]:
    with sftp_server() as started:
        yield started


@pytest.fixture
def at_work(start: Callable[..., Running], tmp_path: Path) -> Iterator[Callable[..., AtWork]]:
    made: list[AtWork] = []

    def make(*places: RemotePlace, **site: object) -> AtWork:
        made.append(AtWork(start(replace(a_site(tmp_path, **site), remote=places))))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.places.stop()


def test_a_file_comes_from_outside_is_handled_and_its_result_stands_outside(
    at_work: Callable[..., AtWork], server: SftpServer
) -> None:
    house = at_work(a_place(server))
    server.lay(server.home / "out" / "order.txt", b"hello\n")

    house.until((server.home / "in" / "order.out.txt").exists)
    house.until(lambda: house.status().delivered == 1)

    assert (server.home / "in" / "order.out.txt").read_bytes() == b"begin\nhello\nend\n"
    assert list((server.home / "out").iterdir()) == []
    assert (house.status().connected, house.status().collected, house.status().trouble) == (True, 1, None)
    assert house.running.findings() == []


def test_a_server_that_goes_and_comes_back_is_told_and_goes_on(
    at_work: Callable[..., AtWork], server: SftpServer
) -> None:
    house = at_work(a_place(server))
    house.until(lambda: house.status().connected)

    server.kill()
    house.until(lambda: house.status().next_try)
    assert not house.status().connected
    assert ("away", "partner") in house.alerts()

    server.lay(server.home / "out" / "late.txt", b"late\n")
    server.start()
    house.until((server.home / "in" / "late.out.txt").exists)
    house.until(lambda: house.status().next_try is None)
    house.until(lambda: ("away", "partner") not in house.alerts())


def test_one_that_freezes_touches_no_other(at_work: Callable[..., AtWork], server: SftpServer, tmp_path: Path) -> None:
    with sftp_server() as frozen:
        collect = CollectFolder(str(frozen.folder("out")), "other", settle_seconds=0.05)
        other = a_place(frozen, "frozen", 2.0, collect=(collect,), deliver=())
        routes = (a_route(tmp_path), a_route(tmp_path, "other"))
        site = replace(a_site(tmp_path, *routes), remote=(other, a_place(server)))
        house = AtWork(Running(site))
        try:
            house.until(lambda: house.status("frozen").connected)
            frozen.signal(signal.SIGSTOP)
            server.lay(server.home / "out" / "quick.txt", b"quick\n")

            house.until((server.home / "in" / "quick.out.txt").exists)
            house.until(lambda: "has not answered" in str(house.status("frozen").trouble))
            assert house.status().connected
        finally:
            house.places.stop()
            house.running.stop()


def test_a_server_that_comes_back_with_another_key_is_refused(
    at_work: Callable[..., AtWork], server: SftpServer
) -> None:
    house = at_work(a_place(server))
    house.until(lambda: house.status().connected)
    server.kill()
    server.make_key("host_key")
    server.start()

    house.until(lambda: "not pinned" in str(house.status().trouble))

    assert server.host_key().key in str(house.status().trouble)
    server.lay(server.home / "out" / "x.txt", b"x\n")
    house.running.for_a_while(1.0)
    assert (server.home / "out" / "x.txt").exists()


def test_what_is_refused_there_is_shown_and_the_place_counts_as_reached(
    at_work: Callable[..., AtWork], server: SftpServer
) -> None:
    house = at_work(a_place(server))
    server.folder("in").chmod(0o555)
    house.running.outbox().mkdir(parents=True, exist_ok=True)
    (house.running.outbox() / "x.csv").write_bytes(b"x")

    house.until(lambda: "x.csv: cannot be written" in str(house.status().trouble))
    assert house.status().connected
    house.until(lambda: ("not-moved", "partner") in house.alerts())

    server.folder("in").chmod(0o755)
    house.until((server.home / "in" / "x.csv").exists)
    house.until(lambda: house.status().trouble is None)


def test_what_was_refused_there_and_is_taken_back_is_told_no_longer(
    at_work: Callable[..., AtWork], server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spool.remote.place_worker._PROBE_SECONDS", 0.2)
    house = at_work(a_place(server, collect=()))
    server.folder("in").chmod(0o555)
    house.running.outbox().mkdir(parents=True, exist_ok=True)
    (house.running.outbox() / "x.csv").write_bytes(b"x")
    house.until(lambda: "x.csv: cannot be written" in str(house.status().trouble))

    (house.running.outbox() / "x.csv").unlink()

    house.until(lambda: house.status().trouble is None)


def test_a_disk_of_our_own_that_is_full_is_told_as_ours_and_the_place_counts_as_reached(
    at_work: Callable[..., AtWork], server: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is tried again soon, however long a server in trouble is left alone."""
    monkeypatch.setattr("spool.remote.place_worker._OURS_MOST_SECONDS", 0.5)
    mounts, content = Mounts(tmp_path), os.urandom(2_000_000)
    inbox = a_site(tmp_path).routes[0].folder
    inbox.mkdir(parents=True)
    mounts.tmpfs(inbox, "size=1m")
    try:
        house = at_work(a_place(server, deliver=(), retry_first_seconds=900.0, retry_most_seconds=900.0))
        server.lay(server.home / "out" / "large.bin", content)

        house.until(lambda: "our own side is in the way" in str(house.status().trouble))

        assert "No space left on device" in str(house.status().trouble)
        assert house.status().connected
        house.until(lambda: ("not-moved", "partner") in house.alerts())
        assert ("away", "partner") not in house.alerts()
        mounts.remount(inbox, "size=10m")
        house.until(lambda: house.status().collected == 1)
        house.until(lambda: house.status().trouble is None)
        house.places.stop()
    finally:
        mounts.close()


def test_once_fetches_what_is_complete_however_long_a_look_takes(
    start: Callable[..., Running], server: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a slow line each look here takes longer than a file has to stand still."""
    monkeypatch.setattr("spool.remote.place_worker._LOOK_SECONDS", 0.0)
    folder = CollectFolder(str(server.folder("out")), "in", settle_seconds=0.0001)
    running = start(replace(a_site(tmp_path), remote=(a_place(server, collect=(folder,), deliver=()),)))
    server.lay(server.home / "out" / "a.txt", b"a\n")

    places = RemotePlaces(WorkerSetup(running.site, FORMATS, HANDLERS, {}, "connectors"), running.engine)

    assert places.once(collect=True)
    assert list((server.home / "out").iterdir()) == []
    running.until_archived(1)


def test_stopping_does_not_wait_for_a_server_that_hangs(at_work: Callable[..., AtWork], server: SftpServer) -> None:
    place = a_place(server)
    house = at_work(replace(place, access=replace(place.access, answer_seconds=60.0)))
    house.until(lambda: house.status().connected)
    server.signal(signal.SIGSTOP)

    house.places.stop()

    assert [started.thread.is_alive() for started in house.places._places if started.thread] == [False]


@given(st.integers(1, 10_000))
def test_the_delay_grows_to_the_most_and_no_further(failures: int) -> None:
    place = RemotePlace("p", "sftp", None)  # type: ignore[arg-type]

    delay = delay_after(failures, place)

    assert 0.75 * min(900.0, 5.0 * 2 ** min(failures - 1, 20)) <= delay <= 900.0
    assert delay_after(failures, place, is_ours=True) <= 60.0
