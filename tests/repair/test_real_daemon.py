"""The real program: backup of a running daemon, loss of the machine, restore; and a journal that goes away under it."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "tests" / "golden" / "demo"
QUICK = '\n[engine]\nsettle = "0.1 s"\ncanary_interval = "0 s"\nmin_free_space = 0\n'
OP_LIST = (
    "OP-Liste per 20.11.2026\r\n\r\nKonto;Name;OP-Nr.;Belegdatum;Fälligkeit;offener Betrag\r\n"
    "200001;Muster GmbH;2026-0001;02.11.2026;16.11.2026;400,00\r\n"
    "200001;Muster GmbH;2026-0009;02.11.2026;16.11.2026;300,00\r\n"
    "200001;Muster GmbH;2026-0003;05.11.2026;;-120,00\r\n"
    "200002;Müller & Söhne OG;2026-0002;03.11.2026;03.12.2026;350,00\r\n;;;;Summe;930,00\r\n"
)
pytestmark = [pytest.mark.daemon, pytest.mark.slow]


class Site:
    """A site with the configuration of the demo, run by ``daemon.py`` alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "cluedrop.toml"
        text = (ROOT / "config" / "demo.toml").read_text("utf-8")
        self.config.write_text(text.replace("\n[[company]]", f"{QUICK}\n[[company]]", 1), encoding="utf-8")
        for route in ("clue", "bmd", "rzl"):
            (folder / "inbox" / route).mkdir(parents=True)
        self.journal = folder / ".state" / "journal.sqlite3"

    def asked(self, *verb: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "daemon.py", *verb, "--config", str(self.config)]
        return subprocess.run(command, cwd=ROOT, timeout=90, check=False, capture_output=True, text=True)

    def once(self, *drops: tuple[str, str, bytes]) -> None:
        for route, name, content in drops:
            (self.folder / "inbox" / route / name).write_bytes(content)
        done = self.asked("once")
        assert done.returncode == 0, done.stderr

    def outbox(self, target: str) -> dict[str, bytes]:
        folder = self.folder / "outbox" / target
        return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}

    def states(self) -> list[str]:
        """Of all drops, as the journal has them."""
        with closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)) as journal:
            return [state for (state,) in journal.execute("SELECT state FROM drops")]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def running(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon of the site, at work; killed in the end."""
    with (site.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "daemon.py", "run", "--config", str(site.config)], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        _until(lambda: "is at work" in (site.folder / "log").read_text(), site)
        yield process
    finally:
        process.kill()
        process.wait()


def _until(condition: Callable[[], object], site: Site) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, (site.folder / "log").read_text()
        os.sched_yield()


def _sample(name: str) -> tuple[str, str, bytes]:
    return ("clue", name, (DEMO / "clue" / name).read_bytes())


def _later_invoice() -> tuple[str, str, bytes]:
    message = json.loads((DEMO / "clue" / "2_rechnungen.json").read_text("utf-8"))
    message |= {"message_id": "3b1f0c52-6a51-4f0e-9d4b-000000000009", "sequence": 3, "totals": {"record_count": 1}}
    message["records"] = message["records"][:1]
    message["records"][0]["id"] = "AR-2026-0009"
    message["records"][0]["data"]["number"] = "2026-0009"
    return ("clue", "5_rechnung.json", json.dumps(message).encode())


def test_a_lost_machine_is_restored_from_its_backup_and_no_invoice_is_exported_twice(site: Site) -> None:
    """Open items from before and after the backup are known; what went out is not sent again."""
    site.once(_sample("1_kunden.json"), _sample("2_rechnungen.json"))
    made = site.asked("backup", str(site.folder / "backups"))
    assert (made.returncode, made.stderr) == (0, "")
    copy = Path(made.stdout.split(": whole")[0])
    site.once(_later_invoice())
    exported = site.outbox("bmd")
    shutil.rmtree(site.journal.parent)
    site.journal.parent.mkdir()
    shutil.copy(copy, site.journal)

    for verb in ("once", "check"):
        refused = site.asked(verb)
        said = refused.stdout if verb == "check" else refused.stderr
        assert refused.returncode == (1 if verb == "check" else 4), said
        assert "the journal is a backup, made on" in said
        assert "daemon.py rebuild" in said
    rebuilt = site.asked("rebuild")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert "The archive holds 3 drops; 1 of them were written into the journal." in rebuilt.stdout

    acknowledged = set(site.outbox("clue"))
    site.once(_sample("2_rechnungen.json"), _later_invoice(), ("bmd", "OP.csv", OP_LIST.encode("cp1252")))
    assert site.outbox("bmd") == exported
    answers = [content.decode() for name, content in site.outbox("clue").items() if name not in acknowledged]
    assert sum('"duplicate"' in answer for answer in answers) == 2
    paid = " ".join(answer for answer in answers if '"payment"' in answer)
    assert "2026-0001" in paid
    assert "2026-0009" in paid
    proved = site.asked("verify")
    assert proved.returncode == 0, proved.stdout
    head = re.search(r"Its head is (\d+:[0-9a-f]{64})", proved.stdout)
    assert head is not None
    assert site.asked("verify", "--anchor", head[1]).returncode == 0
    assert site.asked("verify", "--anchor", f"1:{'0' * 64}").returncode == 1


def test_a_backup_of_a_daemon_at_work_is_whole(site: Site, running: subprocess.Popen[bytes]) -> None:
    made = site.asked("backup", str(site.folder / "backups"))

    assert (made.returncode, made.stderr) == (0, "")
    assert running.poll() is None


@pytest.mark.parametrize("what", ["deleted", "replaced"])
def test_a_journal_that_goes_away_under_the_daemon_is_kept(
    site: Site, running: subprocess.Popen[bytes], what: str
) -> None:
    """The daemon stops before it promises anything more, and lays all that it knew beside."""
    _, name, content = _sample("1_kunden.json")
    (site.folder / "inbox" / "clue" / name).write_bytes(content)
    _until(lambda: site.outbox("clue"), site)
    if what == "replaced":
        shutil.copy(site.journal, site.folder / "other")
        os.replace(site.folder / "other", site.journal)
    else:
        site.journal.unlink()

    assert running.wait(60) == 4
    log = (site.folder / "log").read_text()
    assert f"was {what}" in log
    assert "Traceback" not in log
    command = re.search(r"mv (\S+) (\S+)", log)
    assert command is not None
    os.replace(command[1], command[2])
    site.once(_sample("2_rechnungen.json"))
    assert site.asked("verify").returncode == 0


def test_a_damaged_page_stops_the_daemon_and_rejects_nothing(site: Site, running: subprocess.Popen[bytes]) -> None:
    """It is met in the middle of the work, and said in a line for each look.

    Before the second file is claimed or behind: then nobody knows any more whether its results have arrived.
    """
    _, name, content = _sample("1_kunden.json")
    (site.folder / "inbox" / "clue" / name).write_bytes(content)
    _until(lambda: site.states() == ["archived"], site)
    with site.journal.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        for page in range(1, size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    _, name, content = _sample("2_rechnungen.json")
    (site.folder / "inbox" / "clue" / name).write_bytes(content)

    assert running.wait(60) == 4
    log = (site.folder / "log").read_text()
    assert "is damaged: database disk image is malformed" in log
    assert "daemon.py rebuild" in log
    assert log.count("Looking again") < 10
    rejected = site.folder / "inbox" / "clue" / "rejected"
    assert list(rejected.iterdir()) == []
    rebuilt = site.asked("rebuild")
    parked = re.findall(r"^  - (\w+)$", rebuilt.stdout, re.MULTILINE)
    assert rebuilt.returncode == len(parked)
    for drop_id in parked:
        assert site.asked("release", drop_id).returncode == 0
    site.once()
    assert len(site.outbox("bmd")) == 2


def test_verbs_that_repair_leave_a_site_at_work_alone(site: Site, running: subprocess.Popen[bytes]) -> None:
    refused = site.asked("rebuild")

    assert refused.returncode == 3
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0
