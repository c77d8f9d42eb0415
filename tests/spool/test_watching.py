"""Events are hints, the scan is the truth: what the watcher misses or loses is found all the same."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sites import Running, a_site

pytestmark = pytest.mark.slow

Start = Callable[..., Running]


def test_a_folder_that_is_deleted_and_made_again_is_watched_again(deaf: Running) -> None:
    deaf.drop_until_archived("a.txt")
    shutil.rmtree(deaf.inbox())
    deaf.for_a_while(0.3)
    deaf.inbox().mkdir(exist_ok=True)
    deaf.until(lambda: deaf.engine.mend_watches() == {})
    deaf.for_a_while(0.3)
    deaf.drop_until_archived("b.txt")
    deaf.drop_until_archived("c.txt")


def test_a_folder_that_is_replaced_by_a_rename_is_watched_again(deaf: Running) -> None:
    deaf.drop_until_archived("a.txt")
    deaf.inbox().rename(deaf.root / "old")
    deaf.inbox().mkdir()
    (deaf.inbox() / "came-before-the-watch.txt").write_text("x\n")
    deaf.until(lambda: deaf.engine.mend_watches() == {})
    deaf.until_archived(2)
    deaf.drop_until_archived("b.txt")


def test_a_missing_folder_is_made_and_an_unwatchable_one_is_an_alert(deaf: Running) -> None:
    deaf.inbox().rename(deaf.root / "old")
    deaf.inbox().write_text("a file in the place of the folder\n")
    deaf.until(lambda: {"not-watched"} & deaf.alerts().keys())
    deaf.inbox().unlink()
    deaf.until(lambda: deaf.engine.mend_watches() == {})
    deaf.drop_until_archived("a.txt")
    deaf.until(lambda: deaf.alerts() == {})


def test_the_rescan_finds_what_no_event_told(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, rescan_seconds=0.3))
    running.engine._watch.stop()
    running.drop("a.txt", "a\n")
    running.until_archived(1)


def test_a_burst_is_seen_whole(deaf: Running) -> None:
    for number in range(1500):
        (deaf.inbox() / f"{number:04}.txt").write_text(f"{number}\n")
    deaf.until_archived(1500, seconds=40)
    assert len(deaf.outputs()) == 1500
