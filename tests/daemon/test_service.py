"""The real daemon as a process: signals, systemd, one daemon a site, and ``once``."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.configurations import one_company

ROOT = Path(__file__).resolve().parents[2]
CONFIG = one_company()
pytestmark = [pytest.mark.daemon, pytest.mark.slow]


class Daemon:
    """A daemon under ``daemon.py run``, its log and what it tells systemd."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "cluedrop.toml"
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(str(folder / "notify"))
        self._notices.settimeout(60)
        self.log = folder / "log"
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "3000000"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "daemon.py", "run", "--config", str(self.config)],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def hears(self, word: str) -> str:
        """Wait until systemd would have heard a word."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            notice = self._notices.recv(4096).decode()
            if word in notice:
                return notice
        raise AssertionError(f"{word} was never said:\n{self.log.read_text()}")

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            os.sched_yield()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._notices.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    (tmp_path / "cluedrop.toml").write_text(CONFIG)
    running = Daemon(tmp_path)
    running.hears("READY=1")
    yield running
    running.close()


def _refused(folder: Path, route: str, name: str) -> Path:
    """Drop a file that no format knows; returns the note that must come."""
    path = folder / "inbox" / route / name
    path.write_text(f"{name} is nothing that anybody knows\n")
    return path.parent / "rejected" / f"{name}.hinweis.txt"


def test_systemd_hears_of_start_progress_and_end(daemon: Daemon) -> None:
    daemon.hears("WATCHDOG=1")
    daemon.process.send_signal(signal.SIGTERM)
    daemon.hears("STOPPING=1")
    assert daemon.process.wait(30) == 0


def test_a_file_comes_back_with_a_note_from_the_real_daemon(daemon: Daemon) -> None:
    note = _refused(daemon.folder, "clue", "x.bin")
    daemon.until(note.exists)
    assert "Der Inhalt der Datei passt nicht zu diesem Ordner" in " ".join(note.read_text("utf-8-sig").split())


def test_a_wrong_configuration_changes_nothing_and_a_good_one_is_taken_over(daemon: Daemon) -> None:
    daemon.config.write_text(CONFIG.replace("clue_intake", "no_such_handler"))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: "no_such_handler" in daemon.log.read_text())
    daemon.until(_refused(daemon.folder, "clue", "still.bin").exists)

    more = CONFIG + '\n[[route]]\nname = "second"\nformats = ["clue_exchange"]\nhandler = "clue_intake"\n'
    daemon.config.write_text(more)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until((daemon.folder / "inbox" / "second" / ".work").is_dir)
    daemon.until(_refused(daemon.folder, "second", "new.bin").exists)


def test_a_second_daemon_is_told_that_it_is_one_too_many(daemon: Daemon) -> None:
    second = subprocess.run(
        [sys.executable, "daemon.py", "once", "--config", str(daemon.config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert second.returncode == 3
    assert f"process {daemon.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(("name", "code"), [(None, 0), ("x.bin", 1)])
def test_once_says_by_its_exit_code_how_it_went(tmp_path: Path, name: str | None, code: int) -> None:
    (tmp_path / "cluedrop.toml").write_text(CONFIG)
    (tmp_path / "inbox" / "clue").mkdir(parents=True)
    if name:
        _refused(tmp_path, "clue", name)
    command = [sys.executable, "daemon.py", "once", "--config", str(tmp_path / "cluedrop.toml")]
    done = subprocess.run(command, cwd=ROOT, timeout=120, check=False, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    if name:
        assert (tmp_path / "inbox" / "clue" / "rejected" / name).exists()


def test_once_takes_what_is_complete_however_slow_the_machine_is(tmp_path: Path) -> None:
    """As on a busy one each step here takes longer than a file has to stand still."""
    (tmp_path / "cluedrop.toml").write_text(CONFIG.replace('settle = "0.1 s"', 'settle = "0.001 s"'))
    (tmp_path / "inbox" / "clue").mkdir(parents=True)
    refused = _refused(tmp_path, "clue", "x.bin")
    command = [sys.executable, "daemon.py", "once", "--config", str(tmp_path / "cluedrop.toml")]
    done = subprocess.run(command, cwd=ROOT, timeout=120, check=False, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert refused.exists()


def test_a_wrong_configuration_refuses_the_start(tmp_path: Path) -> None:
    (tmp_path / "cluedrop.toml").write_text(CONFIG + "\nnonsense = 1\n")
    command = [sys.executable, "daemon.py", "run", "--config", str(tmp_path / "cluedrop.toml")]
    done = subprocess.run(command, cwd=ROOT, timeout=120, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "nonsense" in done.stderr


@pytest.mark.parametrize("verb", [["status"], ["status", "--json"], ["check"]])
def test_looking_at_a_site_that_never_ran(tmp_path: Path, verb: list[str]) -> None:
    done = _asked(tmp_path, *verb)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / ".state" / "lock").exists(), "who looks may be somebody else than the daemon's user"


def test_an_archive_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    done = _asked(tmp_path, "verify")
    assert (done.returncode, done.stderr) == (1, "")
    assert "cannot be read" in done.stdout


@pytest.mark.parametrize(
    "verb", [["run"], ["once"], ["status"], ["show", "1"], ["retry", "1"], ["preview", "cluedrop.toml"]]
)
def test_a_journal_that_is_none_is_said_in_a_line(tmp_path: Path, verb: list[str]) -> None:
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state" / "journal.sqlite3").write_text("no database\n" * 500)
    file = [str(tmp_path / verb.pop()), "--route", "clue"] if verb[0] == "preview" else []
    done = _asked(tmp_path, *verb, *file)
    assert done.returncode == 4
    assert "is damaged: file is not a database" in done.stderr
    assert "rebuild" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_archive_is_looked_at_also_without_its_journal(tmp_path: Path) -> None:
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state" / "journal.sqlite3").write_text("no database\n" * 500)
    done = _asked(tmp_path, "verify")
    assert (done.returncode, done.stderr) == (1, "")
    assert "is damaged: file is not a database" in done.stdout
    assert "looked at without its journal" in done.stdout


def test_a_preview_of_what_is_no_file_says_so(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = _asked(tmp_path, "preview", str(tmp_path / "pipe"))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "keine Datei" in done.stderr


def _asked(folder: Path, *verb: str) -> subprocess.CompletedProcess[str]:
    """Run a verb on a site that is not running."""
    (folder / "cluedrop.toml").write_text(CONFIG)
    command = [sys.executable, "daemon.py", *verb, "--config", str(folder / "cluedrop.toml")]
    return subprocess.run(command, cwd=ROOT, timeout=120, check=False, capture_output=True, text=True)
