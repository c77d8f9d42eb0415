"""A journal that was deleted, damaged or restored is made right, and no result comes a second time."""

import itertools
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import spool.journal.replacing
import spool.repair.rebuilding
import spool.results.committing
import spool.results.publishing
from core.errors import CluedropError, JournalError
from core.site import Site
from spool.archive.filing import Archive
from spool.archive.manifest import ChainFile
from spool.journal.database import open_database
from spool.journal.store import Journal
from spool.journal.tables import metadata
from spool.repair.rebuilding import Report, rebuild
from spool.repair.soundness import make_ready
from spool.results.completing import Completer
from tests.postgres import postgres
from tests.repair.scenes import SCENE, archived_part, is_ready, journal_file, known, live
from tests.sites import Running, a_site

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


class PowerCut(BaseException):
    """Ends everything at once, as no error does."""


def _cut(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, nth: int) -> None:
    """Cut before the n-th call."""
    original, calls = getattr(owner, name), itertools.count(1)

    def cut(*arguments: Any, **named: Any) -> Any:
        if next(calls) == nth:
            raise PowerCut
        return original(*arguments, **named)

    monkeypatch.setattr(owner, name, cut)


def _drop_and_cut(
    running: Running, drop: tuple[str, str], monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, nth: int = 1
) -> None:
    """Drop a file, and cut before the n-th call; what is left is stopped."""
    with monkeypatch.context() as patching:
        _cut(patching, owner, name, nth)
        running.drop(*drop)
        with pytest.raises(PowerCut):
            running.until(lambda: False)
    running.stop()


@pytest.mark.parametrize(
    ("owner", "name", "nth", "shown", "state"),
    [
        (spool.results.committing, "sync_paths", 1, 0, "unclear"),
        (Completer, "complete", 1, 0, "unclear"),
        (spool.results.publishing, "link_new", 2, 1, "unclear"),
        (Archive, "place", 1, 3, "unclear"),
        (Archive, "_commit", 1, 3, "archived"),
        (Archive, "_finish", 2, 3, "archived"),
        (Journal, "finish", 1, 3, "archived"),
        (Completer, "_tidy", 1, 3, "archived"),
    ],
)
def test_what_was_in_work_when_the_journal_was_lost_is_never_published_again(
    start: Start, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, nth: int, shown: int, state: str
) -> None:
    """What the archive has is done; of the rest nobody can know, so a person is asked, and can say that it is done."""
    running = start()
    _drop_and_cut(running, ("x.txt", "claim X\nremember X\nx\nmany 2\n"), monkeypatch, owner, name, nth)
    published = running.outputs()
    assert len(published) == shown
    _lose(running.site)

    report = _rebuilt(running.site)

    assert len(report.parked) == (state == "unclear")
    again = start(running.site)
    again.for_a_while(0.3)
    assert [row["state"] for row in again.rows()] == [state], again.picture()
    assert again.outputs() == published
    if state == "unclear":
        note = " ".join(again.note("x.txt", "held").split())
        assert "ist unklar, ob sie schon verarbeitet wurde" in note
        assert note.count("liegt noch in outbox/out als") == shown
        again.ask("settle", report.parked[0])
        again.until(lambda: again.count("archived") == 1 and again.engine.idle)
        assert (again.outputs(), again.held()) == (published, set())
    assert again.ledger("known") == {"X": '{"is":"known"}'}
    again.drop("twice.txt", "claim X\nremember X\nx\nmany 2\n")
    again.until(lambda: again.count("duplicate") == 1)
    assert (again.leftovers(), again.findings()) == ([], [])


def test_a_file_that_was_only_claimed_is_handled_as_if_nothing_had_been(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start()
    _drop_and_cut(running, ("x.txt", "x\n"), monkeypatch, Journal, "claim")
    _lose(running.site)

    with pytest.raises(JournalError, match="the journal is new"):
        make_ready(running.site)
    assert _rebuilt(running.site).parked == []

    again = start(running.site)
    again.until_archived(1)
    assert list(again.outputs()) == ["x.out.txt"]


def test_a_rebuild_that_is_cut_off_is_run_again(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every moment there is the old journal or the new one."""
    running = start()
    live(running)
    running.stop()
    file, before = journal_file(running.site), known(running.site.journal_url)
    damaged = b"no database" + file.read_bytes()[11:]
    file.write_bytes(damaged)
    for owner, name in (
        (spool.journal.replacing, "upgrade"),
        (spool.repair.rebuilding, "write_ledger"),
        (spool.journal.replacing, "check_pages"),
        (spool.journal.replacing, "_set_aside"),
        (os, "replace"),
    ):
        with monkeypatch.context() as patching:
            _cut(patching, owner, name, 2 if name == "check_pages" else 1)
            with pytest.raises(PowerCut):
                _rebuilt(running.site)
        assert file.read_bytes() == damaged, name

    _rebuilt(running.site)

    assert archived_part(known(running.site.journal_url)) == archived_part(before)


# ── the archive ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_archive_that_ends_too_early_is_noticed_and_its_loss_must_be_accepted(start: Start) -> None:
    """It may just not be mounted; what the journal knows stays known, so nothing is exported twice."""
    running = start()
    live(running)
    running.stop()
    before = known(running.site.journal_url)
    shutil.move(running.site.archive, running.site.archive.with_name("away"))
    running.site.archive.mkdir()

    waiting = start(running.site)
    waiting.drop("new.txt", "new\n")
    waiting.until(lambda: "is it mounted?" in waiting.alerts().get("away", ""))
    assert waiting.waiting() == {"new.txt"}
    waiting.stop()
    with pytest.raises(CluedropError, match="Is it mounted"):
        _rebuilt(running.site)
    assert known(running.site.journal_url) == before
    _rebuilt(running.site, accept_loss=True)

    assert is_ready(running.site)
    again = start(running.site)
    again.drop("again.txt", SCENE["b.txt"])
    again.until(lambda: again.count("duplicate") == 2 and again.count("archived") == 7)
    assert again.findings() == []


def test_the_archive_of_another_site_is_noticed(start: Start, tmp_path: Path) -> None:
    """It may even be as long as ours."""
    sites = [a_site(tmp_path / name) for name in ("one", "other")]
    for site in sites:
        running = start(site)
        running.drop("a.txt", "a\n")
        running.until_archived(1)
        running.stop()
    shutil.rmtree(sites[0].archive)
    shutil.copytree(sites[1].archive, sites[0].archive)

    with pytest.raises(JournalError, match="is not the one that the journal knows: its last entry, number 1"):
        make_ready(sites[0])


@pytest.mark.parametrize("damage", ["lost", "damaged", "copied before the entries"])
def test_a_head_file_is_made_anew_from_the_entries(start: Start, damage: str) -> None:
    running = start()
    running.drop("a.txt", "a\n")
    running.until_archived(1)
    chain_file = running.site.archive / "chain.json"
    early = chain_file.read_bytes()
    running.drop("b.txt", "b\n")
    running.until_archived(2)
    running.stop()
    whole = ChainFile.model_validate_json(chain_file.read_bytes())
    if damage == "lost":
        chain_file.unlink()
    else:
        chain_file.write_bytes(b"{}" if damage == "damaged" else early)

    with pytest.raises(JournalError):
        make_ready(running.site)
    report = _rebuilt(running.site)

    assert len(report.findings) == (damage != "copied before the entries")
    found = ChainFile.model_validate_json(chain_file.read_bytes())
    assert (found.head, found.committed) == (whole.head, whole.committed)
    assert is_ready(running.site)
    again = start(running.site)
    again.drop("c.txt", "c\n")
    again.until_archived(3)
    assert again.findings() == []


def test_an_entry_that_is_missing_is_told_and_the_others_are_taken(start: Start) -> None:
    running = start()
    for name in ("a", "b", "c"):
        running.drop(f"{name}.txt", f"remember {name}\n{name}\n")
        running.until(lambda name=name: running.count("archived") == "abc".index(name) + 1)
    running.stop()
    lost = running.row("b.txt")["id"]
    [folder] = running.site.archive.glob(f"*/*/*/{lost}")
    shutil.rmtree(folder)
    _lose(running.site)

    report = _rebuilt(running.site)

    assert [finding.split(": ", 1)[1] for finding in report.findings] == ["is number 3; the one before it is number 1"]
    assert is_ready(running.site)
    ledger = known(running.site.journal_url)["ledger"]
    assert sorted(row["key"] for row in ledger if row["kind"] == "known") == ["a", "c"]


def test_a_power_cut_that_leaves_the_journal_behind_the_archive_is_no_alarm(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is noted after the archive is not durable; the commit before it is."""
    running = start()
    _drop_and_cut(running, ("a.txt", "a\n"), monkeypatch, Journal, "finish")
    assert known(running.site.journal_url)["chain"][0]["sequence"] == 0

    assert is_ready(running.site)


def test_a_drop_that_was_committed_and_is_archived_after_a_crash_keeps_its_effects(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then they are read from the journal's tables, forgotten entries and very many of them too."""
    running = start()
    running.drop("first.txt", "remember OLD\nfirst\n")
    running.until_archived(1)
    _drop_and_cut(running, ("a.txt", "remember A\nforget OLD\nclaim AR-1\na\n"), monkeypatch, Completer, "complete")
    running = start(running.site)
    _drop_and_cut(running, ("big.txt", "puts 6000\nbig\n"), monkeypatch, Completer, "complete")
    running = start(running.site)
    running.until_archived(3)
    running.stop()
    before = known(running.site.journal_url)
    _lose(running.site)

    _rebuilt(running.site)

    assert archived_part(known(running.site.journal_url)) == archived_part(before)


def test_a_journal_on_a_server_is_made_right_in_one_transaction(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres() as url:
        site = replace(a_site(tmp_path), journal_url=url)
        running = start(site)
        live(running)
        running.stop()
        before = known(url)
        engine = open_database(url)
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        engine.dispose()

        with pytest.raises(JournalError, match="the journal is new"):
            make_ready(site)
        with monkeypatch.context() as patching:
            _cut(patching, spool.repair.rebuilding, "write_ledger", 1)
            with pytest.raises(PowerCut):
                _rebuilt(site)
        assert known(url)["drops"] == []
        _rebuilt(site)

        assert archived_part(known(url)) == archived_part(before)
        assert is_ready(site)
