"""The life of a drop: when is a file ready, who comes first, what is never taken."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sites import Running, a_route, a_site, visible

pytestmark = pytest.mark.slow

Start = Callable[..., Running]


# ── ways in which files arrive ────────────────────────────────────────────────────────────────────────────────────


def _written(path: Path) -> None:
    path.write_text("hello\n")


def _renamed_in(path: Path) -> None:
    hidden = path.with_name(".hidden")
    hidden.write_text("hello\n")
    hidden.rename(path)


def _copied(path: Path) -> None:
    source = path.parent.parent.parent / "elsewhere.txt"
    source.write_text("hello\n")
    shutil.copy2(source, path)


def _linked(path: Path) -> None:
    source = path.parent.parent.parent / "elsewhere.txt"
    source.write_text("hello\n")
    path.hardlink_to(source)


def _moved_from_elsewhere(path: Path) -> None:
    source = path.parent.parent.parent / "elsewhere.txt"
    source.write_text("hello\n")
    source.rename(path)


def _old(path: Path) -> None:
    _renamed_in(path)
    os.utime(path, (1, 1))


def _from_the_future(path: Path) -> None:
    _written(path)
    os.utime(path, (4_000_000_000, 4_000_000_000))


ARRIVALS = [_written, _renamed_in, _copied, _linked, _moved_from_elsewhere, _old, _from_the_future]


@pytest.mark.parametrize("arrive", ARRIVALS)
@pytest.mark.parametrize("watch", ["events", "poll"])
def test_every_way_to_arrive_leads_to_one_result(
    start: Start, tmp_path: Path, watch: str, arrive: Callable[[Path], None]
) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, watch=watch)))

    arrive(running.inbox() / "a.txt")
    running.until_archived(1)

    assert running.outputs() == {"a.out.txt": "begin\nhello\nend\n"}
    assert running.waiting() == set()
    assert running.leftovers() == []
    assert running.findings() == []


@pytest.mark.parametrize("arrive", ARRIVALS)
def test_files_that_are_there_at_the_start_go_the_same_way(
    start: Start, tmp_path: Path, arrive: Callable[[Path], None]
) -> None:
    site = a_site(tmp_path)
    site.routes[0].folder.mkdir(parents=True)
    arrive(site.routes[0].folder / "a.txt")

    running = start(site)
    running.until_archived(1)

    assert running.outputs() == {"a.out.txt": "begin\nhello\nend\n"}


def test_an_event_brings_a_file_through_without_waiting_for_a_scan(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, rescan_seconds=3600.0))
    running.for_a_while(0.2)

    _written(running.inbox() / "closed.txt")
    _moved_from_elsewhere(running.inbox() / "moved.txt")
    (running.inbox() / "other.txt").write_text("other\n")

    running.until_archived(2, seconds=5)


@pytest.mark.parametrize("ready", ["closed", "stable"])
def test_a_file_that_is_being_written_is_left_in_peace(start: Start, tmp_path: Path, ready: str) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, ready=ready)))
    path = running.inbox() / "slow.txt"

    with path.open("w") as file:
        for number in range(8):
            file.write(f"line {number}\n")
            file.flush()
            running.for_a_while(0.1)
            assert running.rows() == []
        running.for_a_while(0.5)  # longer than the settle time, and still open
        assert running.rows() == []
        file.write("last\n")

    running.until_archived(1)
    assert running.outputs()["slow.out.txt"].endswith("line 7\nlast\nend\n")


def test_a_writer_that_was_at_work_before_the_start_is_left_in_peace(start: Start, tmp_path: Path) -> None:
    site = a_site(tmp_path)
    site.routes[0].folder.mkdir(parents=True)
    with (site.routes[0].folder / "slow.txt").open("w") as file:
        file.write("first\n")
        file.flush()
        running = start(site)
        running.for_a_while(0.5)
        assert running.rows() == []
        file.write("last\n")
    running.until_archived(1)
    assert running.outputs() == {"slow.out.txt": "begin\nfirst\nlast\nend\n"}


def test_a_file_that_is_closed_and_opened_again_needs_the_settle_time(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, ready="stable", settle_seconds=0.6)))
    path = running.inbox() / "twice.txt"

    path.write_text("first\n")
    running.for_a_while(0.3)
    with path.open("a") as file:
        file.write("second\n")
    running.for_a_while(0.3)
    assert running.rows() == []

    running.until_archived(1)
    assert running.outputs() == {"twice.out.txt": "begin\nfirst\nsecond\nend\n"}


@pytest.mark.parametrize("ready", ["stable", "marker"])
def test_a_route_with_another_readiness_is_woken_by_events_too(start: Start, tmp_path: Path, ready: str) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, ready=ready), rescan_seconds=3600.0))
    running.for_a_while(0.2)

    _written(running.inbox() / "a.txt")
    if ready == "marker":
        (running.inbox() / "a.txt.ok").touch()

    running.until_archived(1, seconds=5)


def test_a_route_with_markers_takes_a_file_when_its_marker_lies_there(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, ready="marker")))

    running.drop("a.txt", "a\n")
    running.drop("b.txt", "b\n")
    running.for_a_while(0.5)
    assert running.rows() == []

    running.drop("b.txt.ok", "")
    running.until_archived(1)
    assert running.waiting() == {"a.txt"}
    assert set(running.outputs()) == {"b.out.txt"}


# ── what is never taken ───────────────────────────────────────────────────────────────────────────────────────────

IGNORED = [
    ".hidden", "~$Mappe1.xlsx", "a.tmp", "A.TMP", "b.part", "b.partial", "c.filepart", "d.crdownload", "Thumbs.db",
    "THUMBS.DB", "desktop.ini", "e.txt.hinweis.txt", "mine.skip",
]  # fmt: skip


def test_some_names_are_never_taken(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, ignore=("*.skip",))))
    for name in IGNORED:
        (running.inbox() / name).write_text("not for us\n")
    (running.inbox() / "a folder").mkdir()
    (running.inbox() / "a folder" / "inside.txt").write_text("nor this\n")
    running.drop("taken.txt", "taken\n")

    running.until_archived(1)
    running.until(lambda: "folder-dropped" in running.alerts())
    running.for_a_while(0.3)

    assert {row["name"] for row in running.rows()} == {"taken.txt"}
    assert set(IGNORED) <= set(os.listdir(running.inbox()))
    (running.inbox() / "a folder" / "inside.txt").unlink()
    (running.inbox() / "a folder").rmdir()
    running.until(lambda: running.alerts() == {})


def test_an_ignored_name_is_taken_as_soon_as_it_gets_its_own(site: Running) -> None:
    part = site.inbox() / "big.txt.filepart"
    part.write_text("complete\n")
    site.for_a_while(0.3)
    assert site.rows() == []

    part.rename(site.inbox() / "big.txt")
    site.until_archived(1)
    assert site.outputs() == {"big.out.txt": "begin\ncomplete\nend\n"}


def test_an_empty_file_gets_time_to_fill_and_is_refused_after_that(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, settle_seconds=0.6)))
    (running.inbox() / "filled.txt").touch()
    (running.inbox() / "empty.txt").touch()
    running.for_a_while(0.2)
    (running.inbox() / "filled.txt").write_text("now\n")

    running.until_archived(1)
    running.until(lambda: running.count("rejected") == 1)

    assert running.rejected() == {"empty.txt", "empty.txt.hinweis.txt"}
    assert "Die Datei ist leer." in running.note("empty.txt")
    assert running.outputs() == {"filled.out.txt": "begin\nnow\nend\n"}


# ── order ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_lies_there_goes_through_oldest_first(start: Start, tmp_path: Path) -> None:
    site = a_site(tmp_path)
    site.routes[0].folder.mkdir(parents=True)
    names = [f"{number * 7919 % 100:02}.txt" for number in range(40)]
    for age, name in enumerate(names):
        path = site.routes[0].folder / name
        path.write_text(f"claim {name}\n")
        os.utime(path, ns=(10**18 + age * 10**9, 10**18 + age * 10**9))

    running = start(site)
    running.until_archived(40)

    assert [row["name"] for row in running.rows()] == names


def test_master_data_goes_before_what_needs_it(start: Start, tmp_path: Path) -> None:
    site = a_site(tmp_path)
    site.routes[0].folder.mkdir(parents=True)
    for age, (name, content) in enumerate(
        [("a.txt", "wait X\na\n"), ("b.txt", "b\n"), ("c.txt", "master\nremember X\n")]
    ):
        path = site.routes[0].folder / name
        path.write_text(content)
        os.utime(path, ns=(10**18 + age * 10**9, 10**18 + age * 10**9))

    running = start(site)
    running.until_archived(3)

    assert "waiting" not in running.engine.outcomes


# ── shares that come and go ───────────────────────────────────────────────────────────────────────────────────────


def test_a_share_without_its_sentinel_is_away_and_not_empty(start: Start, tmp_path: Path) -> None:
    route = a_route(tmp_path, watch="poll", sentinel="mounted.marker")
    site = a_site(tmp_path, route)
    route.folder.mkdir(parents=True)
    (route.folder / "a.txt").write_text("a\n")

    running = start(site)
    running.until(lambda: "paused" in running.alerts())
    assert running.rows() == []
    assert visible(route.folder) == {"a.txt"}, "nothing is made on what may be an empty mount point"

    (route.folder / "mounted.marker").touch()
    running.until_archived(1)
    running.until(lambda: running.alerts() == {})

    (route.folder / "mounted.marker").unlink()
    running.drop("b.txt", "b\n")
    running.until(lambda: "paused" in running.alerts())
    assert len(running.rows()) == 1

    (route.folder / "mounted.marker").touch()
    running.until_archived(2)


def test_files_claimed_before_a_share_went_away_are_taken_up_when_it_returns(start: Start, tmp_path: Path) -> None:
    route = a_route(tmp_path, watch="poll", sentinel="mounted.marker")
    site = a_site(tmp_path, route)
    route.folder.mkdir(parents=True)
    (route.folder / "mounted.marker").touch()
    first = start(site)
    first.drop("a.txt", "wait X\na\n")
    first.until(lambda: first.count("waiting") == 1)
    first.stop()

    away = tmp_path / "unplugged"
    route.folder.rename(away)
    second = start(site)
    second.until(lambda: "paused" in second.alerts())
    assert not route.folder.exists(), "nothing is made in the place of a share that is away"
    away.rename(route.folder)
    second.drop("b.txt", "remember X\n")
    second.until_archived(2)

    assert second.outputs() == {"a.out.txt": "begin\na\nend\n"}


# ── calm ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _paused(running: Running) -> None:
    running.engine.taking.pauses._limits["in"] = (100.0, 100.0)
    running.engine.taking.pauses.pause("in", "a test")


def _being_written(running: Running) -> None:
    _OPEN.append((running.inbox() / "open.txt").open("w"))
    _OPEN[-1].write("half")
    _OPEN[-1].flush()


def _low(running: Running) -> None:
    running.engine._full.add("out")
    running.engine._written_by["in"] = {"out"}


def _dead_worker(running: Running) -> None:
    running.engine.dispatcher._pool.workers[0].process.kill()


_OPEN: list = []


@pytest.mark.parametrize("trouble", [None, _paused, _being_written, _low, _dead_worker])
def test_a_daemon_with_nothing_to_do_sleeps(
    start: Start, tmp_path: Path, trouble: Callable[[Running], None] | None
) -> None:
    running = start(a_site(tmp_path, rescan_seconds=3600.0))
    running.for_a_while(0.3)
    if trouble is not None:
        trouble(running)
    running.for_a_while(0.3)

    rounds = running.rounds_in(1.0)
    while _OPEN:
        _OPEN.pop().close()

    assert rounds < 25, f"{rounds} rounds in a second of rest"


def test_settings_of_a_route_reach_its_handler(start: Start, tmp_path: Path) -> None:
    route = replace(a_route(tmp_path), max_bytes=100)
    running = start(a_site(tmp_path, route))
    running.drop("big.txt", "x" * 101)
    running.until(lambda: running.count("rejected") == 1)
    assert "angenommen werden höchstens" in running.note("big.txt")


def test_whoever_has_closed_a_file_can_still_set_its_times_and_rights(start: Start, tmp_path: Path) -> None:
    route = a_route(tmp_path, breath_seconds=0.5)
    running = start(a_site(tmp_path, route, rescan_seconds=3600.0))
    running.for_a_while(0.2)
    path = running.inbox() / "copied.txt"

    _written(path)
    running.for_a_while(0.1)
    os.utime(path, (1, 1))  # what cp -p and partners' SFTP clients do last, by the file's name
    path.chmod(0o600)

    running.until_archived(1, seconds=5)


def test_a_file_that_is_moved_in_is_taken_at_once(start: Start, tmp_path: Path) -> None:
    route = a_route(tmp_path, breath_seconds=3600.0)
    running = start(a_site(tmp_path, route, rescan_seconds=3600.0))
    running.for_a_while(0.2)

    _moved_from_elsewhere(running.inbox() / "moved.txt")

    running.until_archived(1, seconds=5)
