"""Whoever may write into an inbox leads the daemon nowhere: not by links, swapped folders or a race."""

import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from spool.canary import send_canary
from spool.folders.own_folders import OWN_NAMES, check_real, entered, make_hidden, open_new
from spool.folders.places import ARRIVING_FOLDER, SENT_FOLDER
from spool.inbox.intake import OWN_FOLDERS
from spool.work.staging import STAGED_FOLDER
from tests.sites import Running, a_route, a_site, visible

pytestmark = pytest.mark.slow

Start = Callable[..., Running]
SECRET = "the wages of the boss\n"


def _told(root: Path) -> list[Path]:
    """Every file below the site that holds the secret; links are not followed."""
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and path.name != "secret"]
    return [path for path in files if SECRET.encode() in path.read_bytes()]


@contextmanager
def _meanwhile(act: Callable[[int], None]) -> Iterator[None]:
    """Do something again and again in another thread, as fast as it goes."""
    over = threading.Event()

    def again() -> None:
        number = 0
        while not over.is_set():
            with suppress(OSError):
                act(number)
            number += 1

    thread = threading.Thread(target=again, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


# ── links in the place of files ───────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_becomes_a_link_and_back_never_shows_what_it_points_to(site: Running) -> None:
    secret = site.root / "secret"
    secret.write_text(SECRET)

    def swap(number: int) -> None:
        name = site.inbox() / f"{number % 5}.txt"
        hidden = site.inbox() / f".{number % 5}"
        if number % 2:
            hidden.symlink_to(secret)
        else:
            hidden.write_text(f"harmless {number}\n")
        os.rename(hidden, name)

    with _meanwhile(swap):
        site.for_a_while(4.0)
    site.until(lambda: site.waiting() == set() and site.engine.idle)

    fates = {row["state"] for row in site.rows()}
    assert fates == {"archived", "rejected"}, "both must have been met for the race to be one"
    assert _told(site.root) == []
    assert site.findings() == []
    assert secret.read_text() == SECRET


@pytest.mark.parametrize("name", [".work", "rejected", "notes"])
def test_a_folder_of_ours_that_becomes_a_link_and_back_leads_nowhere(site: Running, name: str) -> None:
    """Even where somebody has the right to rename our folders, which an inbox that we make does not give him."""
    elsewhere = site.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret").write_text(SECRET)
    ours, aside = site.inbox() / name, site.inbox() / ".aside"

    def swap(number: int) -> None:
        if number % 2 == 0:
            os.rename(ours, aside)
            os.symlink(elsewhere, ours)
        else:
            with suppress(OSError):
                os.unlink(ours)
            os.rename(aside, ours)

    with _meanwhile(swap):
        for number in range(30):
            site.drop(f"{number}.txt", "wrong\n" if number % 2 else f"good {number}\nwarning look\n")
            site.for_a_while(0.05)
    if ours.is_symlink():
        ours.unlink()
    if aside.exists() and not ours.exists():
        aside.rename(ours)

    assert visible(elsewhere) == {"secret"}
    assert _told(site.root) == []
    assert site.findings() == []


def test_a_link_in_the_place_of_a_folder_of_ours_pauses_the_route_and_says_so(site: Running, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.rename(site.inbox() / "rejected", tmp_path / "aside")
    (site.inbox() / "rejected").symlink_to(elsewhere)
    site.drop("a.txt", "wrong\n")
    site.until(lambda: "paused" in site.alerts())
    assert "rejected is no folder" in site.alerts()["paused"]
    assert visible(elsewhere) == set()

    (site.inbox() / "rejected").unlink()
    os.rename(tmp_path / "aside", site.inbox() / "rejected")
    site.until(lambda: "a.txt" in site.rejected())


def test_a_link_in_the_place_of_the_hidden_folder_of_a_target_leads_nowhere(site: Running, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.rename(site.outbox() / ".staged", tmp_path / "aside")
    (site.outbox() / ".staged").symlink_to(elsewhere)
    site.drop("a.txt", "a\n")
    site.until(lambda: "paused" in site.alerts())
    assert visible(elsewhere) == set()

    (site.outbox() / ".staged").unlink()
    os.rename(tmp_path / "aside", site.outbox() / ".staged")
    site.until_archived(1)
    assert visible(elsewhere) == set()


def test_a_link_under_the_hidden_name_of_a_canary_is_not_written_through(site: Running) -> None:
    victim = site.root / "state" / "victim"
    victim.write_text("the journal\n")
    (site.inbox() / ".cluedrop-canary").symlink_to(victim)
    came: list[object] = []
    site.engine.on_canary = came.append
    send_canary(str(site.inbox()), 1)
    site.until(lambda: came)
    assert victim.read_text() == "the journal\n"


def test_our_folders_are_known_by_name() -> None:
    assert {*OWN_FOLDERS, STAGED_FOLDER, ARRIVING_FOLDER, SENT_FOLDER} == OWN_NAMES


def test_hidden_folders_are_for_us_alone_and_cannot_be_exchanged(site: Running) -> None:
    assert stat.S_IMODE(os.stat(site.inbox() / ".work").st_mode) == 0o700
    assert stat.S_IMODE(os.stat(site.outbox() / ".staged").st_mode) == 0o700
    assert os.stat(site.inbox()).st_mode & stat.S_ISVTX, "only who laid a file there may take it away"


def test_a_hidden_folder_that_others_could_use_is_closed(tmp_path: Path) -> None:
    (tmp_path / ".work").mkdir()
    (tmp_path / ".work").chmod(0o2777)
    make_hidden(str(tmp_path / ".work"))
    assert stat.S_IMODE(os.stat(tmp_path / ".work").st_mode) == 0o2700


def test_what_is_made_anew_is_never_written_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept\n")
    (tmp_path / "a").symlink_to(victim)
    with open(open_new(str(tmp_path / "a")), "w") as file:
        file.write("new\n")
    assert (victim.read_text(), (tmp_path / "a").read_text(), (tmp_path / "a").is_symlink()) == (
        "kept\n",
        "new\n",
        False,
    )


def test_a_link_is_entered_only_where_its_name_is_not_ours(tmp_path: Path) -> None:
    """An administrator may let an inbox be a link to a share."""
    (tmp_path / "share").mkdir()
    (tmp_path / "inbox").symlink_to(tmp_path / "share")
    (tmp_path / "held").symlink_to(tmp_path / "share")
    with entered(str(tmp_path / "inbox" / "a")) as (_, name):
        assert name == "a"
    with pytest.raises(NotADirectoryError), entered(str(tmp_path / "held" / "a")):
        pass
    with pytest.raises(Exception, match="held is no folder"):
        check_real(str(tmp_path))


def test_an_inbox_that_is_a_link_to_a_share_works(start: Start, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "in").symlink_to(tmp_path / "share")
    (tmp_path / "target").mkdir()
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / "out").symlink_to(tmp_path / "target")
    running = start(a_site(tmp_path))
    running.drop("a.txt", "a\n")
    running.drop("b.txt", "wrong\n")
    running.until(lambda: running.count("archived") == 1 and running.count("rejected") == 1)
    assert visible(tmp_path / "target") == {"a.out.txt"}


# ── second names of other files ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("content", ["good\n", "wrong\n"])
def test_a_second_name_of_an_archived_file_harms_the_archive_in_no_way(site: Running, content: str) -> None:
    site.drop("first.txt", "first\n")
    site.until_archived(1)
    [archived] = site.site.archive.rglob("first.txt")
    before = os.stat(archived)
    os.link(archived, site.inbox() / "again.txt")
    site.until(lambda: site.count("duplicate") == 1)
    site.drop("other.txt", content)
    site.until(lambda: site.count("archived") + site.count("rejected") == 2)

    after = os.stat(archived)
    assert (after.st_mode, after.st_ino, after.st_size) == (before.st_mode, before.st_ino, before.st_size)
    assert site.findings() == []


def test_a_second_name_of_the_journal_is_left_alone(site: Running) -> None:
    """Somebody writes into it, namely we; so it is never complete."""
    journal = site.root / "state" / "journal.sqlite3"
    before = os.stat(journal)
    os.link(journal, site.inbox() / "journal.bin")
    site.drop("a.txt", "a\n")
    site.until_archived(1)
    site.for_a_while(0.5)
    assert site.waiting() == {"journal.bin"}
    assert (os.stat(journal).st_mode, os.stat(journal).st_ino) == (before.st_mode, before.st_ino)


def test_a_file_with_a_second_name_is_archived_as_a_copy(site: Running) -> None:
    """Whoever keeps a second name could go on writing into it."""
    mine = site.root / "mine.txt"
    mine.write_text("good\n")
    os.link(mine, site.inbox() / "a.txt")
    site.until_archived(1)
    mine.write_text("evil\n")
    [archived] = site.site.archive.rglob("a.txt")
    assert archived.read_text() == "good\n"
    assert site.findings() == []


def test_what_is_released_is_what_was_held(site: Running) -> None:
    site.drop("a.txt", "hold\npay 100\n")
    site.until(site.held)
    held = site.inbox() / "held" / "a.txt"
    held.unlink()
    held.write_text("hold\npay 100000\n")
    asked = site.ask("release", site.row("a.txt")["id"])
    site.until(lambda: site.journal.answered(asked) is not None)
    assert "is not the one that lies there now" in (site.journal.answered(asked) or "")
    assert site.outputs() == {}
    assert site.leftovers() == []
    assert site.row("a.txt")["state"] == "held"


# ── attachments ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/b.pdf", "..", ".", "", "a\0b.pdf", "../other/a.pdf", "x" * 300]
)
def test_an_attachment_from_elsewhere_is_never_taken(start: Start, tmp_path: Path, name: str) -> None:
    other = a_route(tmp_path, "other")
    running = start(a_site(tmp_path, a_route(tmp_path, wait_seconds=0.2), other))
    (tmp_path / "inbox" / "secret").write_text(SECRET)
    (tmp_path / "inbox" / "other" / "a.pdf").write_text(SECRET)
    running.drop("a.txt", f"needs {name}\n")
    running.until(lambda: running.rejected() or running.held())
    assert running.outputs() == {}
    assert [path.name for path in _told(tmp_path)] == ["a.pdf"]


def test_an_attachment_that_is_a_link_is_never_taken(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, wait_seconds=0.3)))
    (tmp_path / "secret").write_text(SECRET)
    (running.inbox() / "a.pdf").symlink_to(tmp_path / "secret")
    running.drop("a.txt", "needs a.pdf\n")
    running.until(running.held)
    assert running.outputs() == {}
    assert _told(tmp_path) == []


def test_an_attachment_that_becomes_a_link_and_back_never_shows_what_it_points_to(site: Running) -> None:
    secret = site.root / "secret"
    secret.write_text(SECRET)

    def swap(number: int) -> None:
        hidden = site.inbox() / ".swap"
        if number % 2:
            hidden.symlink_to(secret)
        else:
            hidden.write_text("a picture\n")
        os.rename(hidden, site.inbox() / "a.pdf")

    with _meanwhile(swap):
        for number in range(40):
            site.drop(f"{number}.txt", f"needs a.pdf\nnumber {number}\n")
            site.for_a_while(0.05)
    assert _told(site.root) == []
    assert site.findings() == []
