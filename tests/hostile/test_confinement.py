"""A file that takes over its worker gets nothing out: no network, no programs, no writing elsewhere, no secrets."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.site import Site
from spool.health.checks import check_site
from spool.work import confinement
from tests.needs import need, need_root
from tests.sites import Running, a_route, a_site

pytestmark = pytest.mark.slow

Start = Callable[..., Running]
ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd" / "cluedrop.service"


@pytest.fixture
def breakout(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """Let a file try things; what it was told about each."""
    assert confinement.missing_layers(a_site(tmp_path)) == [], "this machine cannot confine a worker"

    def attempt(*lines: str) -> dict[str, str]:
        running = start(a_site(tmp_path, a_route(tmp_path, handler="breakout")))
        running.drop("evil.txt", "".join(f"{line}\n" for line in lines))
        running.until(lambda: running.outputs() or running.rejected())
        told = running.outputs()["told.txt"].splitlines()[1:-1]
        running.drop("next.txt", "thread\n")
        running.until_archived(2)
        assert running.findings() == []
        return {line.partition(": ")[0]: line.partition(": ")[2] for line in told}

    return attempt


def test_nothing_gets_out_over_the_network(breakout: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    with socket.socket() as listening, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waiting:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        waiting.bind(("127.0.0.1", 0))
        waiting.setblocking(False)
        with socket.socket(socket.AF_UNIX) as local:
            local.bind(str(tmp_path / "s"))
            local.listen()
            stream, packets = (f"127.0.0.1:{channel.getsockname()[1]}" for channel in (listening, waiting))
            tried = (f"connect {stream}", f"datagram {packets}", f"local {tmp_path}/s", f"fetch http://{stream}/")
            told = breakout(*tried)
        with pytest.raises(BlockingIOError):
            listening.accept()
        with pytest.raises(BlockingIOError):
            waiting.recv(1)
    assert [told[line] for line in tried[:3]] == ["EPERM"] * 3
    assert "Operation not permitted" in told[tried[3].partition(": ")[0]]


def test_no_program_and_no_process_is_started(breakout: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    told = breakout(*(f"{verb} {trace}" for verb in ("exec", "program", "fork")), "anonymous", "namespace", "thread")
    assert [told[f"{verb} {trace}"] for verb in ("exec", "program", "fork")] == ["EPERM"] * 3
    assert (told["anonymous"], told["namespace"]) == ("EPERM", "EPERM")
    assert told["thread"] == "ran 1", "libraries may use threads"
    assert not trace.exists()


def test_a_shell_command_comes_to_nothing(breakout: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    told = breakout(f"shell {tmp_path}/trace")
    assert told[f"shell {tmp_path}/trace"] != "ended 0"
    assert not (tmp_path / "trace").exists()


def test_nothing_is_written_where_people_or_other_programs_look(
    breakout: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    places = [tmp_path / place for place in ("archive", "outbox/out", "inbox/in", "inbox/in/rejected", "", "outbox")]
    made = [place / "planted.txt" for place in places]
    kept = tmp_path / "kept"
    kept.write_text("kept\n")
    tried = [*(f"write {path}" for path in made), f"write {kept}", f"remove {kept}"]

    told = breakout(*tried, f"link {kept} {tmp_path}/state/kept")

    assert {told[line] for line in tried} == {"EACCES"}
    assert told[f"link {kept} {tmp_path}/state/kept"] == "EXDEV"
    assert [path for path in made if path.exists()] == []
    assert kept.read_text() == "kept\n"


def test_the_daemon_is_out_of_reach(breakout: Callable[..., dict[str, str]]) -> None:
    own = os.getpid()
    told = breakout(f"signal {own}", "signal 1", f"trace {own}", f"memory {own}")
    assert told == {f"signal {own}": "EPERM", "signal 1": "EPERM", f"trace {own}": "EPERM", f"memory {own}": "EACCES"}


def test_the_environment_holds_no_secrets(start: Start, tmp_path: Path) -> None:
    """Asked of a fresh process, for the one that starts all workers outlives the engines of a test run."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.sites import Running, a_route, a_site\n"
        "if __name__ == '__main__':\n"
        "    root = Path(sys.argv[1])\n"
        "    running = Running(a_site(root, a_route(root, handler='breakout')))\n"
        "    running.drop('a.txt', 'environment SHOP_SECRET\\nenvironment CREDENTIALS_DIRECTORY\\nenvironment TZ\\n')\n"
        "    running.until_archived(1)\n"
        "    print(running.outputs()['told.txt'])\n"
        "    running.stop()\n"
    )
    secrets = {"SHOP_SECRET": "hunter2", "CREDENTIALS_DIRECTORY": "/run/credentials/x", "TZ": "Europe/Vienna"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT, env={**os.environ, **secrets}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    told = done.stdout.splitlines()[1:4]
    assert [line.rpartition(": ")[2] for line in told] == ["unknown", "unknown", "still in /proc"], done.stderr


def test_the_unit_lets_a_worker_confine_itself(tmp_path: Path) -> None:
    """Under the unit's filter of system calls and without any capability."""
    need_root("the capabilities of root are taken away")
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tests.hostile.unit_filter import apply_unit_filter\n"
        "from tests.sites import Running, a_route, a_site\n"
        "if __name__ == '__main__':\n"
        "    root = Path(sys.argv[1])\n"
        "    apply_unit_filter()\n"
        "    running = Running(a_site(root, a_route(root, handler='breakout')))\n"
        "    tried = ['connect 127.0.0.1:9', 'fork x', f'write {root}/x', 'thread', f'memory {os.getpid()}']\n"
        "    tried += [f'peek {os.getpid()}', 'zone Europe/Vienna']\n"
        "    running.drop('a.txt', '\\n'.join(tried))\n"
        "    running.until_archived(1)\n"
        "    print(running.outputs()['told.txt'])\n"
        "    running.stop()\n"
    )
    bare = [need("setpriv", "util-linux"), "--bounding-set=-all", "--inh-caps=-all"]
    done = subprocess.run(
        [*bare, sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    told = [line.rpartition(": ")[2] for line in done.stdout.splitlines()[1:-2]]
    expected = ["EPERM", "EPERM", "EACCES", "ran 1", "EACCES", "EACCES", "Europe/Vienna"]
    assert told == expected, done.stderr + done.stdout


@pytest.mark.parametrize(
    ("url", "needed"),
    [
        ("sqlite:////var/lib/x/journal.sqlite3", "none"),
        ("postgresql+psycopg:///cluedrop", "local"),
        ("postgresql+psycopg:///cluedrop?host=/run/postgresql", "local"),
        ("postgresql+psycopg://cluedrop@db.example.com/cluedrop", "all"),
        ("postgresql+psycopg:///cluedrop?host=/run/postgresql&host=db.example.com", "all"),
    ],
)
def test_only_as_much_network_is_left_as_the_journal_needs(url: str, needed: str) -> None:
    assert confinement.network_of(url) == needed


def test_a_journal_on_another_machine_is_said_to_leave_the_network_open(tmp_path: Path) -> None:
    site: Site = a_site(tmp_path)
    object.__setattr__(site, "journal_url", "postgresql+psycopg://cluedrop@db.example.com/cluedrop")
    [missing] = confinement.missing_layers(site)
    assert "network" in missing


def test_check_says_how_workers_are_confined(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    for folder in (site.state, site.archive):
        folder.mkdir()
    [found] = [check for check in check_site(site) if check.subject == "workers"]
    assert (found.trouble, found.note) == (None, None)


def test_a_share_that_is_mounted_anew_is_written_to_again(start: Start, tmp_path: Path) -> None:
    """The kernel's rules hold on to the folder that was there; a worker that meets another gives way to a fresh one."""
    running = start(a_site(tmp_path))
    running.drop("a.txt", "a\n")
    running.until_archived(1)
    running.outbox().rename(tmp_path / "other")
    (running.outbox() / ".staged").mkdir(parents=True)
    running.drop("b.txt", "b\n")
    running.until_archived(2)
    assert list(running.outputs()) == ["b.out.txt"]
    assert running.count("rejected") == 0
