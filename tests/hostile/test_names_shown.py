"""Names come from strangers: in the log, on the terminal and in lists they steer nothing and pass for nothing else."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loguru import logger

from spool.health.logs import log_to
from spool.health.status import DropStatus
from spool.verbs.console import print_drops
from tests.sites import Running, a_route, a_site

pytestmark = pytest.mark.slow

EVIL = "a\x1b[2J\x1b]0;owned\x07b\n12:00:00 INFO    route in: all is well\r\u202egpj\x9b31m.txt"
STEERING = ("\x1b", "\x07", "\r", "\x9b", "\u202e")


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The log goes where it was going before, afterwards."""
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    yield
    logger.remove()
    logger.add(sys.stderr)


def test_a_name_in_the_log_steers_no_terminal_and_forges_no_line(
    logged: None, capfd: pytest.CaptureFixture[str]
) -> None:
    log_to("INFO", None)
    logger.info("drop {} is rejected: {}", "1", EVIL)
    told = capfd.readouterr().err
    assert [sign for sign in STEERING if sign in told] == []
    lines = told.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("    "), "it is seen to go on, not to begin"


def test_in_the_journal_of_systemd_too(
    logged: None, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    log_to("INFO", None)
    logger.info("drop {} is rejected: {}", "1", EVIL)
    told = capfd.readouterr().out
    assert [sign for sign in STEERING if sign in told] == []
    assert all(line.startswith(("<6>drop", "<6>    ")) for line in told.splitlines())


def test_a_list_has_one_line_for_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    print_drops(
        "Last files", [DropStatus("1", "in", EVIL, "rejected", "now"), DropStatus("2", "in", "a\tb", "x", "now")]
    )
    told = capsys.readouterr().out
    assert [sign for sign in STEERING if sign in told] == []
    assert [line.count("\t") for line in told.splitlines()] == [4, 4]


@pytest.mark.parametrize("name", ["a.hinweis.txt", "a.hinweis.xlsx", "~$a.xlsx", ".a", "a.part"])
def test_a_name_that_looks_like_ours_is_left_where_it_is(site: Running, name: str) -> None:
    (site.inbox() / name).write_text("x\n")
    site.drop("b.txt", "b\n")
    site.until_archived(1)
    site.for_a_while(0.3)
    assert (site.inbox() / name).read_text() == "x\n"
    assert len(site.rows()) == 1


@pytest.mark.parametrize(
    "name",
    [
        "0123456789abcdef0123 a.txt",
        "0123456789abcdef0123+0 a.txt",
        "+0",
        "+0 a",
        "CON",
        "CON.txt",
        "a:b?.txt",
        "%s{0}",
    ],
)
def test_a_name_that_could_confuse_us_gets_through_like_any_other(site: Running, name: str) -> None:
    site.drop(name, "hello\n")
    site.until_archived(1)
    assert list(site.outputs().values()) == ["begin\nhello\nend\n"]
    site.drop(name, "wrong\n")
    site.until(lambda: site.count("rejected") == 1)
    assert site.findings() == []
    assert site.leftovers() == []


def test_a_folder_with_a_great_many_files_that_are_not_for_us(site: Running) -> None:
    place = os.open(site.inbox(), os.O_PATH)
    for number in range(30_000):
        os.close(os.open(f"{number}.tmp", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)
    site.drop("a.txt", "a\n")
    site.until_archived(1)
    assert len(site.rows()) == 1


def test_a_file_of_a_thousand_gigabytes_of_nothing_is_refused(site: Running) -> None:
    with (site.inbox() / ".big").open("wb") as file:
        file.truncate(10**12)
    (site.inbox() / ".big").rename(site.inbox() / "big.txt")
    site.until(lambda: "big.txt" in site.rejected())
    assert "Die Datei ist 1,0 TB groß" in site.note("big.txt")


def test_a_file_that_shrinks_while_it_is_read_gives_no_half_result(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    site = start(a_site(tmp_path, a_route(tmp_path, watch="poll", ready="stable")))
    path: Path = site.inbox() / "a.txt"
    with path.open("w") as file:
        file.write("".join(f"line {number}\n" for number in range(100_000)))
        file.flush()
        site.until(site.rows)
        file.truncate(10)
        site.until(lambda: site.engine.idle)
        made = site.outputs()
    assert [len(text.splitlines()) for text in made.values()] in ([], [100_002], [4])
