"""The real command line with a place outside, set up in the words of an administrator."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.configurations import one_company
from tests.sftp_servers import SftpServer, sftp_server

ROOT = Path(__file__).resolve().parents[2]
NAME = "3_eingangsrechnung.json"
INVOICES = (
    (ROOT / "tests" / "golden" / "demo" / "clue" / NAME).read_bytes().replace(b'"company": "2"', b'"company": "1"')
)
PLACE = """
[[sftp]]
name = "partner"
host = "127.0.0.1"
port = {port}
user = "{user}"
key = "env:PARTNER_KEY"
host_keys = [{{ key = "{key}" }}]

[[sftp.collect]]
folder = "{home}/out"
route = "clue"
settle = "0.1 s"

[[sftp.deliver]]
folder = "{home}/in"
target = "bmd"
"""
pytestmark = [pytest.mark.daemon, pytest.mark.slow]


@pytest.fixture
def server() -> Iterator[SftpServer]:
    with sftp_server() as started:
        started.folder("out")
        started.folder("in")
        yield started


def cluedrop(site: Path, server: SftpServer, *words: str, key: str | None = None) -> tuple[int, str]:
    """Run a verb on a site with this server as its place; the exit code and all that was said."""
    place = PLACE.format(port=server.port, user=server.user, home=server.home, key=key or server.host_key().key)
    (site / "cluedrop.toml").write_text(one_company("bmd") + place)
    done = subprocess.run(
        [sys.executable, "daemon.py", *words, "--config", str(site / "cluedrop.toml")],
        cwd=ROOT,
        env={**os.environ, "PARTNER_KEY": (server.root / "client_key").read_text(), "COLUMNS": "500"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_once_fetches_what_is_there_and_takes_out_what_becomes_of_it(tmp_path: Path, server: SftpServer) -> None:
    server.lay(server.home / "out" / NAME, INVOICES)

    code, said = cluedrop(tmp_path, server, "once")
    assert code == 0, said
    arrived = {path.name: path.read_bytes() for path in (server.home / "in").iterdir()}

    assert list((server.home / "out").iterdir()) == []
    assert {Path(name).suffix for name in arrived} == {".csv"}
    assert not [path for path in (tmp_path / "outbox" / "bmd").iterdir() if path.is_file()]
    assert cluedrop(tmp_path, server, "once") == (0, "")
    assert {path.name: path.read_bytes() for path in (server.home / "in").iterdir()} == arrived


def test_once_says_that_a_place_is_away_and_does_the_rest(tmp_path: Path, server: SftpServer) -> None:
    (tmp_path / "inbox" / "clue").mkdir(parents=True)
    (tmp_path / "inbox" / "clue" / NAME).write_bytes(INVOICES)
    server.kill()

    code, said = cluedrop(tmp_path, server, "once")

    assert code == 1
    assert f"partner: 127.0.0.1:{server.port}: no SSH server listens there" in said
    waiting = sorted(path.name for path in (tmp_path / "outbox" / "bmd").iterdir() if path.is_file())
    assert waiting
    server.start()
    assert cluedrop(tmp_path, server, "once")[0] == 0
    assert sorted(path.name for path in (server.home / "in").iterdir()) == waiting


def test_check_says_what_works_and_which_key_the_server_has_shown(tmp_path: Path, server: SftpServer) -> None:
    cluedrop(tmp_path, server, "once")  # makes the folders
    code, said = cluedrop(tmp_path, server, "check", "--connect")
    assert (code, "FAIL" in said) == (0, False), said
    assert all(f"{server.home}/{folder}" in said for folder in ("out", "in"))

    shown = server.host_key().key
    server.make_key("other")
    pinned = " ".join((server.root / "other.pub").read_text().split()[:2])
    code, said = cluedrop(tmp_path, server, "check", "--connect", key=pinned)
    assert code == 1
    assert shown in said
