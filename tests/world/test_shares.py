"""Shares that go away, come back, hang or lie about time and names: nothing is rejected, lost or doubled for it."""

import os
import shutil
import signal
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spool.folders.places import adopt_folders
from spool.folders.reach import answers
from spool.health.checks import check_site
from tests.sites import Running, a_route, a_site, a_target
from tests.world.mounts import Mounts
from tests.world.served import Served

pytestmark = pytest.mark.slow

Start = Callable[..., Running]


def _share_site(root: Path, folder: str, **limits: object) -> object:
    route = a_route(root, watch="poll", ready="stable") if folder.startswith("inbox") else a_route(root)
    return a_site(root, route, **limits)


def _assert_all_came_once(running: Running, count: int) -> None:
    running.engine._complete_at = 0.0
    running.until_archived(count, seconds=30)
    assert running.count("rejected") == 0
    assert len(running.outputs()) == count
    running.until(lambda: running.alerts() == {})
    assert running.leftovers() == []
    assert running.findings() == []


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("folder", ["inbox/in", "outbox/out", "archive"])
def test_a_share_that_is_unmounted_and_mounted_again(
    start: Start, mounts: Mounts, tmp_path: Path, folder: str, lazy: bool
) -> None:
    """No sentinel is needed; results never go into the empty mount point, and nothing of ours keeps a share busy."""
    root = tmp_path / "site"
    place = root / folder
    image = mounts.ext4(place)
    running = start(_share_site(root, folder))
    running.drop("a.txt", "a\n")
    running.until_archived(1)
    mounts.unmount(place, lazy=lazy)
    running.until(lambda: {"away", "paused"} & running.alerts().keys())
    said = " ".join(running.alerts().values())
    assert str(place) in said
    assert "mounted?" in said
    if not folder.startswith("inbox"):
        running.drop("b.txt", "b\n")
    running.for_a_while(0.4)
    assert [path for path in place.rglob("*") if path.is_file()] == [], "nothing goes into an empty mount point"
    mounts.image(place, image)
    if folder.startswith("inbox"):
        running.drop("b.txt", "b\n")
    _assert_all_came_once(running, 2)


@pytest.mark.parametrize("folder", ["inbox/in", "outbox/out", "archive"])
def test_a_share_that_is_not_mounted_when_the_daemon_starts(
    start: Start, mounts: Mounts, tmp_path: Path, folder: str
) -> None:
    root = tmp_path / "site"
    place = root / folder
    image = mounts.ext4(place)
    first = start(_share_site(root, folder))
    first.drop("a.txt", "a\n")
    first.until_archived(1)
    first.stop()
    mounts.unmount(place)
    second = start(_share_site(root, folder))
    second.until(lambda: {"away", "paused"} & second.alerts().keys())
    second.for_a_while(0.3)
    assert [path for path in place.rglob("*") if path.is_file()] == []
    mounts.image(place, image)
    second.drop("b.txt", "b\n")
    _assert_all_came_once(second, 2)


@pytest.mark.parametrize("folder", ["inbox/in", "outbox/out"])
def test_something_else_that_is_mounted_over_a_folder_is_not_the_folder(
    start: Start, mounts: Mounts, tmp_path: Path, folder: str
) -> None:
    root = tmp_path / "site"
    place = root / folder
    running = start(_share_site(root, folder))
    running.drop("a.txt", "a\n")
    running.until_archived(1)
    mounts.tmpfs(place, "size=1m")
    running.until(lambda: {"away", "paused"} & running.alerts().keys())
    assert ".owner is missing" in " ".join(running.alerts().values())
    (running.inbox() / "b.txt").write_text("b\n")
    running.for_a_while(0.4)
    assert len(running.rows()) == (1 if folder == "inbox/in" else len(running.rows()))
    mounts.unmount(place)
    if folder == "inbox/in":
        running.drop("b.txt", "b\n")
    _assert_all_came_once(running, 2)


def test_a_new_share_in_the_place_of_an_old_one_is_taken_when_a_person_says_so(
    start: Start, mounts: Mounts, tmp_path: Path
) -> None:
    """First started before the share was mounted, say: the mount point was taken for the target."""
    running = start(a_site(tmp_path / "site"))
    running.drop("a.txt", "a\n")
    running.until_archived(1)
    mounts.ext4(running.outbox())
    running.drop("b.txt", "b\n")
    running.until(lambda: {"away", "paused"} <= running.alerts().keys())
    assert running.alerts()["away"].endswith("If this is its new place: daemon.py check --adopt")
    troubles = [found.trouble for found in check_site(running.site) if found.trouble]
    assert troubles == [running.alerts()["away"]]

    assert adopt_folders(running.site, of_others=True) == [str(running.outbox())]
    assert [found.trouble for found in check_site(running.site) if found.trouble] == []
    running.until_archived(2)
    running.until(lambda: running.alerts() == {})
    assert set(running.outputs()) == {"b.out.txt"}

    mounts.unmount(running.outbox())
    running.drop("c.txt", "c\n")
    running.until(lambda: "away" in running.alerts())
    assert "another folder of this site than the one that was used until now" in running.alerts()["away"]
    assert set(running.outputs()) == {"a.out.txt"}, "the mount point was ours once, and is not any more"


def test_a_target_with_a_sentinel_is_away_without_it(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, targets=(a_target(tmp_path, sentinel=".mounted"),)))
    running.drop("a.txt", "a\n")
    running.until(lambda: {"away", "paused"} == running.alerts().keys())
    assert ".mounted is missing, so the share is not mounted" in running.alerts()["away"]
    assert not running.outbox().exists()
    running.outbox().mkdir(parents=True)
    (running.outbox() / ".mounted").touch()
    _assert_all_came_once(running, 1)


def test_a_folder_that_is_deleted_on_its_own_disk_is_made_anew(start: Start, tmp_path: Path) -> None:
    first = start(a_site(tmp_path))
    first.drop("a.txt", "a\n")
    first.until_archived(1)
    first.stop()
    shutil.rmtree(tmp_path / "outbox")
    shutil.rmtree(tmp_path / "inbox")
    second = start(a_site(tmp_path))
    second.drop("b.txt", "b\n")
    second.until_archived(2)
    assert set(second.outputs()) == {"b.out.txt"}
    assert second.alerts() == {}


def test_no_folder_is_made_outside_of_the_root(start: Start, tmp_path: Path) -> None:
    from dataclasses import replace

    root, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    site = a_site(root, a_route(root, folder=elsewhere / "in"), targets=(a_target(root, folder=elsewhere / "out"),))
    running = start(replace(site, root=root))
    running.until(lambda: {"away", "paused"} <= running.alerts().keys())
    assert "(outside of root no folder is made)" in running.alerts()["paused"]
    assert [found.trouble for found in check_site(running.site) if found.trouble] == [
        running.alerts()["paused"],
        running.alerts()["away"],
    ]
    assert not elsewhere.exists()
    for name in ("in", "out"):
        (elsewhere / name).mkdir(parents=True)
    running.until(lambda: running.alerts() == {})
    running.drop("a.txt", "a\n")
    running.until_archived(1)


# ── a server that hangs ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.daemon
@pytest.mark.parametrize("when", ["before the start", "at work"])
@pytest.mark.parametrize("folder", ["inbox/shared", "outbox/shared"])
def test_a_share_whose_server_hangs_holds_up_nobody_else(
    serve: Callable[..., Served], mounts: Mounts, tmp_path: Path, folder: str, when: str
) -> None:
    root = tmp_path / "site"
    server = mounts.share(tmp_path / "behind", root / folder)
    differs: dict[str, Any] = {
        "routes": [{}, {"name": "shared", "watch": "poll", "ready": "stable", "poll_seconds": 1.0}]
    }
    if folder.startswith("outbox"):
        differs = {"targets": [{}, {"name": "shared"}]}
    if when == "before the start":
        server.send_signal(signal.SIGSTOP)
    served = serve(root, differs)
    served.until_at_work()
    served.drop("before.txt", "before\n")
    served.until(lambda: served.states() == {"before.txt": "archived"})
    server.send_signal(signal.SIGSTOP)
    served.until(lambda: any("does its server hang?" in text for text in served.alerts().values()))
    served.drop("meanwhile.txt", "meanwhile\n")
    served.until(lambda: served.states().get("meanwhile.txt") == "archived")
    server.send_signal(signal.SIGCONT)
    served.until(lambda: served.alerts() == {})
    if folder.startswith("inbox"):
        served.drop("shared.txt", "shared\n", route=1)
        served.until(lambda: served.states().get("shared.txt") == "archived")


@pytest.mark.daemon
def test_a_worker_whose_time_is_over_while_a_share_hangs_costs_no_file(
    serve: Callable[..., Served], mounts: Mounts, tmp_path: Path
) -> None:
    """It may have waited for the share, so nobody is told that his file was at fault."""
    root = tmp_path / "site"
    server = mounts.share(tmp_path / "behind", root / "outbox" / "shared")
    served = serve(root, {"targets": [{}, {"name": "shared"}], "limits": {"worker_seconds": 2.0}})
    served.until_at_work()
    served.drop("before.txt", "before\n")
    served.until(lambda: served.states() == {"before.txt": "archived"})
    server.send_signal(signal.SIGSTOP)
    served.drop("a.txt", "loop\n")
    served.until(lambda: "ended over nothing" in served.log.read_text())
    served.until(lambda: "does its server hang?" in served.alerts().get("paused", ""))
    assert served.states() == {"before.txt": "archived", "a.txt": "claimed"}


def test_a_folder_that_does_not_answer_costs_one_wait_and_no_more(mounts: Mounts, tmp_path: Path) -> None:
    server = mounts.share(tmp_path / "behind", tmp_path / "share")
    place = str(tmp_path / "share")
    assert answers(place)
    server.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + 60
    while answers(place):
        assert time.monotonic() < deadline
    begin = time.monotonic()
    assert not any(answers(place) for _ in range(100))
    assert time.monotonic() - begin < 20  # a hundred waits would be 500 s
    server.send_signal(signal.SIGCONT)
    while not answers(place):
        assert time.monotonic() < deadline


# ── times and names ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("moment", [0, -86_400, 2**31 + 1, 4_102_444_800, 1_700_000_000, None])
@pytest.mark.parametrize("ready", ["closed", "stable"])
def test_the_time_that_a_file_carries_means_nothing(
    start: Start, tmp_path: Path, ready: str, moment: int | None
) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, watch="poll" if ready == "stable" else "events", ready=ready)))
    hidden = running.inbox() / ".writing"
    hidden.write_text("a\n")
    claimed = time.time() + 3600 if moment is None else moment
    os.utime(hidden, (claimed, claimed))
    hidden.rename(running.inbox() / "a.txt")
    _assert_all_came_once(running, 1)


def test_a_file_whose_time_moves_backwards_is_still_being_written(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, watch="poll", ready="stable", settle_seconds=0.4)))
    path = running.inbox() / "a.txt"
    path.write_text("a\n")
    now = int(time.time())
    for step in range(4):
        os.utime(path, (now - step * 3600, now - step * 3600))
        running.for_a_while(0.2)
        assert running.rows() == []
    _assert_all_came_once(running, 1)


def test_names_that_differ_in_case_or_spelling_only_are_different_files(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path))
    composed = "Müller Übergröße.txt"
    names = ["Rechnung.txt", "RECHNUNG.TXT", "rechnung.txt", composed, unicodedata.normalize("NFD", composed)]
    for number, name in enumerate(names):
        running.drop(name, f"{number}\n")
    running.until_archived(len(names))
    shown = set(running.outputs())
    assert len(shown) == len(names)
    assert all(unicodedata.is_normalized("NFC", name) for name in shown)
    assert sorted(running.outputs().values()) == sorted(f"begin\n{number}\nend\n" for number in range(len(names)))


def test_a_share_that_does_not_tell_upper_from_lower_case(start: Start, mounts: Mounts, tmp_path: Path) -> None:
    """Two results whose names differ in case only get different names there, and neither overwrites the other."""
    root = tmp_path / "site"
    mounts.share(tmp_path / "behind", root / "outbox" / "out", "fold")
    running = start(a_site(root))
    for number, name in enumerate(["Rechnung.txt", "RECHNUNG.txt", "rechnung.txt"]):
        running.drop(name, f"{number}\n")
    running.until_archived(3)
    assert sorted(running.outputs().values()) == [f"begin\n{number}\nend\n" for number in range(3)]
    assert len({name.casefold() for name in running.outputs()}) == 3


@pytest.mark.parametrize(
    "name", ["CON.txt", 'a"b?.txt', "a\\b:c.txt", "ends with a dot..txt.", " blank .txt ", "a|b*<c>.txt"]
)
def test_names_that_windows_cannot_show_come_out_as_names_that_it_can(start: Start, tmp_path: Path, name: str) -> None:
    running = start(a_site(tmp_path))
    running.drop(name, "a\n")
    running.until_archived(1)
    (shown,) = running.outputs()
    assert not set(shown) & set('<>:"\\|?*')
    assert not shown.endswith((".", " "))
