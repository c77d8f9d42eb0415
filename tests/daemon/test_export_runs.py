"""The runs of the FIBU export as an administrator sees them: on the command line, in the folders, on a schedule."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.exchange.intake_site import example
from tests.exchange.messages import customer, message
from tests.needs import need_library

pytestmark = [pytest.mark.slow, pytest.mark.daemon]

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
root = "."
site = "Test"

[engine]
settle = "0.1 s"
min_free_space = 0

[[company]]
id = "1"
fibu = "bmd"
export_at = "0 0 * * *"

[[target]]
name = "bmd"

[[target]]
name = "clue"

[[route]]
name = "clue"
formats = ["clue_exchange"]
handler = "clue_intake"
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site whose run is handed over at midnight; a customer and an invoice with its PDF wait in the inbox."""
    (tmp_path / "cluedrop.toml").write_text(CONFIG)
    for folder in ("inbox/clue", "outbox/bmd", "outbox/clue"):
        (tmp_path / folder).mkdir(parents=True)
    invoice = example("invoice")
    [record, _] = invoice["records"]
    record["data"]["party_id"] = "K1"
    drop(tmp_path, "1.json", message("customer", customer("K1")))
    drop(tmp_path, "2.json", message("invoice", record, attachments=invoice["attachments"]))
    return tmp_path


@pytest.fixture
def at_work(site: Path) -> Iterator[Path]:
    """The same, with a daemon at work."""
    command = [sys.executable, str(ROOT / "daemon.py"), "run", "--config", str(site / "cluedrop.toml")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        until(lambda: len(list((site / "outbox" / "clue").glob("ack-*"))) == 2)
        yield site
        process.terminate()


def until(condition: Callable[[], object]) -> None:
    """Wait for something that the daemon does."""
    deadline = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def drop(site: Path, name: str, content: object) -> None:
    (site / "inbox" / "clue" / name).write_text(json.dumps(content))


def daemon(site: Path, *words: str, clock: str = "") -> subprocess.CompletedProcess[str]:
    """Run a verb; ``clock`` as libfaketime reads it."""
    command = [sys.executable, str(ROOT / "daemon.py"), *words, "--config", str(site / "cluedrop.toml")]
    fake = (
        {"LD_PRELOAD": need_library("*/faketime/libfaketime.so.1", "libfaketime"), "FAKETIME": clock} if clock else {}
    )
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=100, env={**os.environ, **fake})


def shown(site: Path, ending: str = "") -> list[Path]:
    """What the FIBU finds."""
    folder = site / "outbox" / "bmd"
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.name.endswith(ending))


def the_run(site: Path, state: str) -> str:
    """Id of the one run in this state."""
    rows = [line.split("\t") for line in daemon(site, "runs").stdout.splitlines()]
    [run] = [row[0] for row in rows if row[3] == state]
    return run


def test_a_run_is_tried_handed_over_taken_back_and_run_again(at_work: Path) -> None:
    run = the_run(at_work, "open")
    [pdf] = shown(at_work)
    assert pdf.suffix == ".pdf"

    [waiting] = json.loads(daemon(at_work, "status", "--json").stdout)["open_runs"]
    assert (waiting["run"], waiting["documents"]) == (run, 1)
    assert run in daemon(at_work, "status").stdout

    trial = daemon(at_work, "runs", run, "--preview")
    assert "2_buchungen.csv" in trial.stdout
    assert shown(at_work) == [pdf]

    daemon(at_work, "hand-over", run)
    until(lambda: len(shown(at_work)) == 3)
    bookings = shown(at_work, "2_buchungen.csv")[0].read_bytes()
    assert pdf.name.encode() in bookings

    daemon(at_work, "take-back", run, "--again", "--reason", "falsches Konto")
    until(lambda: shown(at_work) == [pdf])
    until(lambda: len(list((at_work / "outbox" / "clue").glob("ack-*"))) == 3)
    assert the_run(at_work, "taken back") == run

    daemon(at_work, "hand-over", the_run(at_work, "open"))
    until(lambda: len(shown(at_work)) == 3)
    assert shown(at_work, "2_buchungen.csv")[0].read_bytes() == bookings


def test_what_the_fibu_has_taken_is_not_looked_for_and_another_file_of_its_name_stays(at_work: Path) -> None:
    run = the_run(at_work, "open")
    daemon(at_work, "hand-over", run)
    until(lambda: len(shown(at_work)) == 3)
    [bookings] = shown(at_work, "2_buchungen.csv")
    bookings.unlink()
    bookings.write_bytes(b"von jemand anderem")

    daemon(at_work, "take-back", run)

    until(lambda: shown(at_work) == [bookings])
    assert the_run(at_work, "taken back") == run


def test_what_was_due_while_no_daemon_was_at_work_goes_out_at_its_start(site: Path) -> None:
    daemon(site, "once", clock="-1d")
    assert shown(site, ".csv") == []

    daemon(site, "once")

    assert the_run(site, "written")
    assert len(shown(site, "2_buchungen.csv")) == 1
