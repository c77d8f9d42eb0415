"""A journal that was deleted, damaged or restored is made right, and no result comes a second time."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import JournalError
from core.site import Site
from spool.rebuilding import Report, rebuild
from spool.soundness import make_ready
from tests.repair.scenes import SCENE, archived_part, is_ready, journal_file, known, live
from tests.sites import Running

Start = Callable[..., Running]
pytestmark = pytest.mark.slow


def _rebuilt(site: Site, **more: bool) -> Report:
    return rebuild(site, lambda _done, _expected: None, **more)


def _lose(site: Site) -> None:
    for path in site.state.glob("journal.sqlite3*"):
        path.unlink()


def test_a_deleted_journal_is_noticed_and_rebuilt_and_nothing_is_doubled(start: Start, tmp_path: Path) -> None:
    """All that it knew of archived drops is there again; what lies in the folders is known again by its notes."""
    running = start()
    live(running)
    running.stop()
    site, before, published = running.site, known(running.site.journal_url), running.outputs()
    _lose(site)

    with pytest.raises(JournalError, match="the journal is new, but this site has been at work: 6 entries"):
        make_ready(site)
    report = _rebuilt(site)

    after = known(site.journal_url)
    assert archived_part(after) == archived_part(before)
    assert {(row["id"], row["state"]) for row in after["drops"]} == {
        (row["id"], row["state"]) for row in before["drops"]
    }
    assert (report.archived, report.written, report.findings, report.parked) == (6, 6, [], [])
    assert report.given_back == {"held": 1, "rejected": 1, "duplicate": 1}
    assert is_ready(site)

    again = start(site)
    for name, content in SCENE.items():
        if name in {"a.txt", "b.txt", "c.txt", "big.txt"}:
            again.drop(f"second {name}", content)
    again.ask("release", again.row("g.txt")["id"])
    again.until(lambda: again.count("duplicate") == 5 and again.count("archived") == 7 and again.engine.idle)
    assert {name: text for name, text in again.outputs().items() if name != "g.out.txt"} == published
    assert again.findings() == []


def test_a_restored_journal_is_noticed_and_learns_what_was_done_since(start: Start, tmp_path: Path) -> None:
    """What the backup knew stays, what it does not know comes from the archive, and both are one ledger."""
    running = start()
    running.drop("old.txt", "remember OLD\nold\n")
    running.drop("waits.txt", "hold\nremember WAITS\nwaits\n")
    running.until(lambda: running.count("archived") == 1 and running.count("held") == 1 and running.engine.idle)
    running.stop()
    backup = tmp_path / "backup.sqlite3"
    shutil.copy(journal_file(running.site), backup)
    running = start(running.site)
    running.ask("release", running.row("waits.txt")["id"])
    running.until(lambda: running.count("archived") == 2)
    live_more = {name: content for name, content in SCENE.items() if name in {"a.txt", "b.txt", "c.txt", "f.txt"}}
    for name, content in live_more.items():
        running.drop(name, content)
        running.until(lambda name=name: any(row["name"] == name for row in running.rows()) and running.engine.idle)
    running.stop()
    before = known(running.site.journal_url)
    _lose(running.site)
    shutil.copy(backup, journal_file(running.site))

    with pytest.raises(JournalError, match="it has seen 1 commits, the archive 5"):
        make_ready(running.site)
    report = _rebuilt(running.site)

    after = known(running.site.journal_url)
    assert archived_part(after) == archived_part(before)
    assert {row["name"]: row["state"] for row in after["drops"]} == {
        row["name"]: row["state"] for row in before["drops"]
    }
    assert {row["name"]: row["archived"] for row in after["routes"]} == {"in": 5}
    assert (report.was_kept, report.archived, report.written) == (True, 5, 4)
    assert is_ready(running.site)


@pytest.mark.parametrize("at", [0, 4096 + 100])
def test_a_damaged_journal_is_noticed_kept_and_made_anew(start: Start, at: int) -> None:
    running = start()
    live(running)
    running.stop()
    file, before = journal_file(running.site), known(running.site.journal_url)
    damaged = bytearray(file.read_bytes())
    damaged[at : at + 4000] = b"x" * 4000
    file.write_bytes(damaged)

    with pytest.raises(JournalError, match=r"is damaged: .*daemon.py rebuild"):
        make_ready(running.site, thoroughly=True)
    assert file.read_bytes() == damaged
    report = _rebuilt(running.site)

    assert report.kept_as is not None
    assert report.kept_as.read_bytes() == damaged
    assert not report.was_kept
    assert archived_part(known(running.site.journal_url)) == archived_part(before)
    assert is_ready(running.site)


def test_rebuilding_a_journal_that_is_right_changes_nothing(start: Start) -> None:
    running = start()
    live(running)
    running.stop()
    before = known(running.site.journal_url)

    assert _rebuilt(running.site).written == 0

    assert known(running.site.journal_url) == before
