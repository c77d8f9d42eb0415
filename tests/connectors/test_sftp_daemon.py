"""The real daemon beside a real server, killed again and again: each message comes once, each answer goes once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.configurations import one_company
from tests.connectors.rigs import OWN
from tests.sftp_servers import SftpServer
from tests.sites import visible

ROOT = Path(__file__).resolve().parents[2]
_DEADLINE = 120.0
MESSAGES = 24
PLACE = """
[[sftp]]
name = "partner"
host = "127.0.0.1"
port = {port}
user = "{user}"
key = "env:CLUEDROP_TEST_KEY"
poll = "0.1 s"
host_keys = [{{ key = "{host_key}" }}]

[[sftp.collect]]
folder = "{home}/out"
route = "clue"
settle = "0.1 s"

[[sftp.deliver]]
folder = "{home}/in"
target = "clue"
"""


def _message(number: int) -> str:
    sample = json.loads((ROOT / "tests/golden/demo/clue/1_kunden.json").read_text("utf-8"))
    sample |= {"message_id": f"3b1f0c52-6a51-4f0e-9d4b-{number:012}", "sequence": number}
    return json.dumps(sample)


@contextmanager
def daemon(folder: Path, key: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A life; killed with all that it has started when it is left."""
    environment = {**os.environ, "CLUEDROP_TEST_KEY": key}
    command = [sys.executable, "daemon.py", "run", "--config", str(folder / "cluedrop.toml")]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _until(process: "subprocess.Popen[bytes]", log: Path, condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not condition():
        assert time.monotonic() < deadline, log.read_text()[-4000:]
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.005)
            raise AssertionError(log.read_text())


@pytest.mark.daemon
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_daemon_that_is_killed_again_and_again_fetches_and_delivers_each_file_once(
    server: SftpServer, tmp_path: Path
) -> None:
    outside, inside = server.folder("out"), server.folder("in")
    place = PLACE.format(port=server.port, user=server.user, home=server.home, host_key=server.host_key().key)
    (tmp_path / "cluedrop.toml").write_text(one_company() + place)
    key, log = (server.root / "client_key").read_text(), tmp_path / "log"
    inbox, outbox = tmp_path / "inbox" / "clue", tmp_path / "outbox" / "clue"
    moments: list[Callable[[], object]] = [
        lambda: any(path.name.startswith(".cluedrop-") for path in outside.iterdir()),
        lambda: (inbox / ".arriving").is_dir() and len(list((inbox / ".arriving").iterdir())) > 1,
        lambda: visible(inbox) - OWN,
        lambda: outbox.is_dir() and visible(outbox),
        lambda: any(path.name.endswith(".part") for path in inside.iterdir()),
        lambda: visible(inside),
    ]
    answers: Counter[str] = Counter()

    def pick_up() -> None:
        """The partner takes what he sees."""
        for name in visible(inside):
            path = inside / name
            answers[path.read_text()] += 1
            path.unlink()

    def is_reached(life: int, moment: Callable[[], object]) -> bool:
        """A moment may be over before it is seen; then the daemon is killed at rest."""
        is_done = not any(outside.iterdir()) and len(answers) + len(visible(inside)) == sent
        return log.read_text().count("is at work") == life and bool(moment() or is_done)

    sent = 0
    for life, moment in enumerate(moments, 1):
        for _ in range(MESSAGES // len(moments)):
            sent += 1
            hidden = server.lay(outside / ".writing", _message(sent).encode())
            hidden.rename(outside / f"{sent:04}.json")
        with daemon(tmp_path, key) as process:
            _until(process, log, partial(is_reached, life, moment))
        pick_up()
    with daemon(tmp_path, key) as process:
        _until(process, log, lambda: (pick_up(), sum(answers.values()) >= MESSAGES)[1])
        _until(process, log, lambda: not any(outside.iterdir()) and not visible(outbox))
        pick_up()

    acks = [json.loads(text) for text in answers.elements()]
    assert sorted((ack["correlation_id"], ack["result"]) for ack in acks) == [
        (json.loads(_message(number))["message_id"], "accepted") for number in range(1, MESSAGES + 1)
    ]
    assert visible(inbox) - OWN == set()
    assert list(inside.iterdir()) == []
