"""Folders, disks and shares that go away: routes pause, say so, and go on; nothing is rejected, lost or doubled."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import spool.archive.filing
import spool.repair.recovery
import spool.results.committing
import spool.results.completing
import spool.results.publishing
from core.errors import TransportError
from spool.canary import send_canary
from spool.inbox.intake import OWN_FOLDERS
from spool.journal.store import Journal
from spool.work.pool import Pool
from tests.sites import Running, a_route, a_site, a_target

pytestmark = pytest.mark.slow

Start = Callable[..., Running]


def _assert_all_came_once(running: Running, count: int) -> None:
    assert running.count("archived") == count
    assert running.count("rejected") == 0
    assert len(running.outputs()) == count
    assert running.ledger("count") == {"files": f'{{"files":{count}}}'}
    assert running.leftovers() == []
    assert running.findings() == []


def _after_commits(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Something happens right after a commit, before anything is published."""
    commit = Journal.commit

    def commit_and_act(journal: Journal, results: Any) -> None:
        commit(journal, results)
        act()

    monkeypatch.setattr(Journal, "commit", commit_and_act)


@pytest.mark.parametrize("keep_hidden", [True, False])
def test_a_target_that_goes_away_and_comes_back(site: Running, keep_hidden: bool) -> None:
    site.drop("a.txt", "a\n")
    site.until_archived(1)
    away = site.root / "away"
    site.outbox().rename(away)

    site.drop("b.txt", "b\n")
    site.until(lambda: "paused" in site.alerts())
    site.for_a_while(0.3)
    assert site.count("rejected") == 0

    if not keep_hidden:
        shutil.rmtree(away / ".staged")
    away.rename(site.outbox())
    site.until_archived(2)
    site.until(lambda: site.alerts() == {})
    _assert_all_came_once(site, 2)


def test_a_target_that_goes_away_after_the_commit(site: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    away = site.root / "away"
    _after_commits(monkeypatch, lambda: site.outbox().rename(away))
    site.drop("a.txt", "a\n")
    site.until(lambda: "not-published" in site.alerts())
    monkeypatch.undo()
    site.drop("b.txt", "b\n")
    site.for_a_while(0.3)
    assert site.waiting() == {"b.txt"}, "nothing is taken while results cannot be laid down"

    away.rename(site.outbox())
    site.engine._complete_at = 0.0
    site.until_archived(2)
    _assert_all_came_once(site, 2)


def test_a_target_that_is_away_at_the_restart_loses_nothing(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(a_site(tmp_path))
    away = tmp_path / "away"
    _after_commits(monkeypatch, lambda: first.outbox().rename(away))
    first.drop("a.txt", "a\n")
    first.until(lambda: first.engine.unfinished != [])
    monkeypatch.undo()
    first.stop()

    second = start(a_site(tmp_path))
    second.for_a_while(0.2)
    assert second.count("archived") == 0
    assert not second.outbox().exists(), "a folder made in the place of a share would swallow results"
    away.rename(second.outbox())
    second.engine._complete_at = 0.0
    second.until_archived(1)
    _assert_all_came_once(second, 1)


def test_an_empty_mount_point_does_not_pass_for_the_share(site: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    away, commit = site.root / "away", Journal.commit

    def unmount() -> None:
        site.outbox().rename(away)
        (site.outbox() / ".staged").mkdir(parents=True)

    _after_commits(monkeypatch, unmount)
    monkeypatch.setattr("spool.engine._COMPLETE_AGAIN_SECONDS", 0.05)
    site.drop("a.txt", "a\n")
    site.until(lambda: "not-published" in site.alerts())
    monkeypatch.setattr(Journal, "commit", commit)
    site.for_a_while(0.3)
    assert site.count("archived") == 0

    shutil.rmtree(site.outbox())
    away.rename(site.outbox())
    site.until_archived(1)
    _assert_all_came_once(site, 1)


def test_with_too_little_room_nothing_is_taken(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path))
    object.__setattr__(running.site.limits, "free_bytes", 10**18)
    running.until(lambda: "disk-low" in running.alerts())
    running.drop("a.txt", "a\n")
    running.for_a_while(0.3)
    assert running.rows() == []
    object.__setattr__(running.site.limits, "free_bytes", 0)
    running.until_archived(1)
    running.until(lambda: running.alerts() == {})


class Failing:
    """A function of the house that fails some times, and then works."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: Exception, times: int = 3
    ) -> None:
        self.left, self._error, self._original = times, error, getattr(owner, name)
        monkeypatch.setattr(owner, name, self._wrapped())

    def _wrapped(self) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if self.left:
                self.left -= 1
                raise self._error
            return self._original(*arguments, **named)

        return call


NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
NO_JOURNAL = TransportError("the journal cannot be written: database or disk is full")


@pytest.mark.parametrize(
    ("owner", "name", "error"),
    [
        (spool.results.committing, "sync_paths", NO_SPACE),
        (spool.results.publishing, "link_new", OSError(errno.EROFS, "Read-only file system")),
        (spool.results.completing, "sync_paths", OSError(errno.EIO, "Input/output error")),
        (spool.archive.filing.Archive, "place", TransportError("archive: No space left on device")),
        (Journal, "claim", NO_JOURNAL),
        (Journal, "commit", NO_JOURNAL),
        (Journal, "finish", NO_JOURNAL),
        (Journal, "set_route", NO_JOURNAL),
        (Journal, "note", NO_JOURNAL),
    ],
)
def test_whatever_fails_for_a_while(
    site: Running, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: Exception
) -> None:
    failing = Failing(monkeypatch, owner, name, error)
    monkeypatch.setattr("spool.engine._COMPLETE_AGAIN_SECONDS", 0.05)
    for number in range(10):
        site.drop(f"{number}.txt", f"{number}\n" if number else "wait X\n0\n")
    site.drop("x.txt", "remember X\n")
    site.until(lambda: site.count("archived") == 11)
    if name not in {"set_route", "note"}:
        assert failing.left == 0
    assert site.ledger("count") == {"files": '{"files":11}'}
    assert len(site.outputs()) == 10
    assert site.findings() == []
    site.until(lambda: site.leftovers() == [] and "paused" not in site.alerts())


def test_a_machine_without_a_process_to_spare_is_waited_for(site: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Failing(monkeypatch, Pool, "_start", OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)))
    site.drop("a.txt", "kill SIGKILL\n")
    site.drop("b.txt", "b\n")
    site.until(lambda: site.count("rejected") == 1 and site.count("archived") == 1)
    assert failing.left == 0


@pytest.mark.parametrize("answer_lost", [True, False])
def test_a_claim_that_fails_half_way_takes_a_file_once(
    site: Running, monkeypatch: pytest.MonkeyPatch, answer_lost: bool
) -> None:
    def half(source: str, destination: str) -> None:
        monkeypatch.undo()
        os.link(source, destination)
        if answer_lost:
            os.unlink(source)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("spool.inbox.claiming.link_new", half)
    site.drop("a.txt", "a\n")
    site.until_archived(1)
    site.for_a_while(0.2)
    _assert_all_came_once(site, 1)


def test_a_share_that_fails_at_its_return_is_tried_again(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = a_route(tmp_path, sentinel="mounted")
    running = start(a_site(tmp_path, route))
    running.until(lambda: "paused" in running.alerts())
    failing = Failing(monkeypatch, spool.repair.recovery.Recovery, "claimed", OSError(errno.EIO, "Input/output error"))
    route.folder.mkdir(parents=True)
    (route.folder / "mounted").touch()
    (route.folder / "a.txt").write_text("a\n")
    running.until_archived(1)
    assert failing.left == 0
    _assert_all_came_once(running, 1)


def test_an_archive_that_is_away_is_not_begun_anew(site: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spool.engine._COMPLETE_AGAIN_SECONDS", 0.05)
    site.drop("a.txt", "a\n")
    site.until_archived(1)
    away = site.root / "unplugged"
    site.site.archive.rename(away)
    site.drop("b.txt", "b\n")
    site.until(lambda: "not-published" in site.alerts())
    site.for_a_while(0.3)
    assert not site.site.archive.exists() or not any(site.site.archive.iterdir())

    if site.site.archive.exists():
        site.site.archive.rmdir()
    away.rename(site.site.archive)
    site.until_archived(2)
    _assert_all_came_once(site, 2)


def test_one_conflict_in_the_archive_holds_up_nobody_else(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spool.engine._COMPLETE_AGAIN_SECONDS", 0.05)
    first = a_route(tmp_path, "first")
    running = start(a_site(tmp_path, first, a_route(tmp_path, "second")))
    commit = Journal.commit

    def commit_then_write_on(journal: Journal, results: Any) -> None:
        commit(journal, results)
        for path in (first.folder / ".work").glob("* evil.txt"):
            if any(path.name.startswith(drop["b_id"]) for drop in results.drops):
                path.write_text("written after it was read\n")

    monkeypatch.setattr(Journal, "commit", commit_then_write_on)
    for number in range(5):
        running.drop(f"{number}.txt", f"{number}\n", "second")
    running.drop("evil.txt", "evil\n", "first")
    running.until_archived(5)
    running.until(lambda: "not-published" in running.alerts())
    running.drop("later.txt", "later\n", "second")
    running.until_archived(6)


def test_a_file_that_somebody_takes_out_of_the_work_folder_is_forgotten(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path))
    running.drop("a.txt", "wait X\n")
    running.until(lambda: running.count("waiting") == 1)
    for path in (running.inbox() / ".work").iterdir():
        path.unlink()
    running.drop("b.txt", "remember X\nb\n")
    running.until(lambda: [row["state"] for row in running.rows()] == ["archived"])
    running.drop("c.txt", "c\n")
    running.until_archived(2)


# ── back-pressure and looking after everything ────────────────────────────────────────────────────────────────────


def test_a_full_outbox_stops_the_taking_until_somebody_picks_up(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, targets=(a_target(tmp_path, most_waiting=2),)))
    running.drop("a.txt", "many 3\n")
    running.until_archived(1)
    running.until(lambda: "outbox-full" in running.alerts())

    running.drop("b.txt", "b\n")
    running.for_a_while(0.4)
    assert running.waiting() == {"b.txt"}

    for path in running.outbox().glob("many*"):
        path.unlink()
    running.until_archived(2)
    running.until(lambda: running.alerts() == {})


def test_what_nobody_picks_up_is_an_alert(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, targets=(a_target(tmp_path, pickup_seconds=0.3),)))
    running.drop("a.txt", "a\n")
    running.until_archived(1)
    running.until(lambda: "not-picked-up" in running.alerts())
    (running.outbox() / "a.out.txt").unlink()
    running.until(lambda: running.alerts() == {})


def test_a_file_that_is_due_and_does_not_come_is_an_alert(start: Start, tmp_path: Path) -> None:
    from datetime import time

    running = start(a_site(tmp_path, a_route(tmp_path, due_by=time(0, 0), due_days=tuple(range(7)))))
    running.until(lambda: "overdue" in running.alerts())
    running.drop("a.txt", "a\n")
    running.until(lambda: running.alerts() == {})


@pytest.mark.parametrize("ready", ["closed", "stable", "marker"])
@pytest.mark.parametrize("watch", ["events", "poll"])
def test_a_canary_goes_the_real_way_and_leaves_nothing_behind(
    start: Start, tmp_path: Path, ready: str, watch: str
) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, ready=ready, watch=watch), canary_seconds=0.2))
    running.until(lambda: running.engine.outcomes.get("canary", 0) >= 2)
    object.__setattr__(running.site.limits, "canary_seconds", 0.0)
    running.until(lambda: running.engine.idle and not any(running.inbox().glob("*canary*")))
    running.until(lambda: running.leftovers() == [])
    assert running.rows() == []
    assert running.outputs() == {}
    assert running.journal.routes()["in"]["canary_at"] is not None
    assert {path.name for path in running.inbox().iterdir()} == OWN_FOLDERS
    assert running.journal.routes()["in"]["archived"] == 0


def test_a_target_that_is_away_is_an_alert_before_anybody_writes_to_it_and_stops_no_canary(
    start: Start, tmp_path: Path
) -> None:
    running = start(a_site(tmp_path, canary_seconds=0.2))
    running.until(lambda: running.engine.outcomes.get("canary", 0) >= 1)
    away = tmp_path / "away"
    running.outbox().rename(away)
    running.until(lambda: running.alerts().keys() == {"away"})
    before = running.engine.outcomes["canary"]
    running.until(lambda: running.engine.outcomes["canary"] > before + 1)
    assert running.alerts().keys() == {"away"}
    away.rename(running.outbox())
    running.until(lambda: running.alerts() == {})


def test_a_canary_that_got_lost_is_an_alert_and_the_next_one_clears_it(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spool.health.alerts._CANARY_LATE_SECONDS", 0.3)
    monkeypatch.setattr("spool.health.alerts.send_canary", lambda folder, number: f"{folder}/taken away at once")
    running = start(a_site(tmp_path, canary_seconds=0.2))
    running.until(lambda: "canary" in running.alerts())
    monkeypatch.setattr("spool.health.alerts.send_canary", send_canary)
    running.until(lambda: running.alerts() == {})
    assert running.engine.outcomes["canary"] >= 1
