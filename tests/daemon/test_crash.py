"""Whatever the moment of a crash: every file in exactly one place, every result exactly once, the archive whole."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spool.ownership import OWNER_FILE
from tests.consumers import Consumer
from tests.daemon.crashing import POINTS
from tests.sites import Running, a_site

Start = Callable[..., Running]
ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = [sys.executable, "-m", "tests.daemon.crashing"]


@pytest.fixture
def launch() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start daemons; none outlives its test."""
    started: list[subprocess.Popen[bytes]] = []

    def launch_one(root: Path, *point: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([*LAUNCHER, str(root), *point], cwd=ROOT))
        return started[-1]

    yield launch_one
    for process in started:
        process.kill()
        process.wait()


def _drop(root: Path, name: str, content: str) -> str:
    """Lay a file into the inbox in one step; returns its content."""
    folder = root / "inbox" / "in"
    folder.mkdir(parents=True, exist_ok=True)
    hidden = folder / f".{name}"
    hidden.write_text(content)
    hidden.rename(folder / name)
    return content


def _places(root: Path) -> Counter[str]:
    """Every file that people gave us, by content, wherever it lies."""
    inbox = root / "inbox" / "in"
    folders = [inbox, inbox / "rejected", inbox / "held", inbox / ".work"]
    files = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    files += [path for path in (root / "archive").rglob("*") if path.is_file() and path.name != "manifest.json"]
    ours = (".hinweis.txt", ".hinweis.xlsx", "chain.json", OWNER_FILE)
    return Counter(path.read_text() for path in files if not path.name.endswith(ours))


def _assert_whole(running: Running, dropped: list[str], results: Counter[str], taken: Counter[str]) -> None:
    """The conservation invariant."""
    assert _places(running.root) == Counter(dropped), running.picture()
    assert Counter(running.outputs().values()) + taken == results
    assert running.leftovers() == []
    assert running.findings() == []
    assert {row["state"] for row in running.rows()} <= {"archived", "rejected", "duplicate", "held", "discarded"}


def _result(*lines: str) -> str:
    return "".join(f"{line}\n" for line in ("begin", *lines, "end"))


SCENE = {
    "a.txt": "claim A\na\n",
    "b.txt": "b\nmany 2\n",
    "c.txt": "wrong\n",
    "d.txt": "needs d.pdf\nd\n",
    "e.txt": "hold\n",
    "f.txt": "remember F\nf\n",
}
RESULTS = [_result("a"), _result("b"), _result("0"), _result("1"), "attached\n", _result("d"), _result("f")]
DROPPING = [point for point in POINTS if point not in {"link back", "reopen", "take away", "answer"}]


@pytest.mark.daemon
@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", DROPPING)
@pytest.mark.slow
def test_a_crash_at_every_step(
    start: Start, launch: Callable[..., subprocess.Popen[bytes]], tmp_path: Path, point: str, when: str, nth: int
) -> None:
    if nth == 3 and point not in {"claim", "link of a claim", "publish"}:
        nth = 1
    _drop(tmp_path, "d.pdf", "attached\n")
    dropped = [_drop(tmp_path, name, content) for name, content in SCENE.items()] + ["attached\n"]

    assert launch(tmp_path, point, when, str(nth)).wait(30) == -signal.SIGKILL

    running = start(a_site(tmp_path))
    running.until(lambda: _all_settled(running, 4, 1, 1))
    running.for_a_while(0.3)
    _assert_whole(running, dropped, Counter(RESULTS), Counter())
    assert running.engine.intakes["in"].stuck == {}


def _all_settled(running: Running, archived: int, rejected: int, held: int) -> bool:
    counted = Counter(row["state"] for row in running.rows())
    return counted == Counter({"archived": archived, "rejected": rejected, "held": held}) and running.engine.idle


COMING_BY = {
    "release": ["link back", "reopen", "take away", "commit", "note the end", "answer"],
    "discard": ["link back", "commit", "take away", "chain", "note the end", "answer"],
    "retry": ["link back", "reopen", "take away", "commit", "note the end", "answer"],
    "replay": ["note the claim", "commit", "note the end", "answer"],
}
"""Points that a verb comes by."""


@pytest.mark.daemon
@pytest.mark.slow
@pytest.mark.parametrize(("verb", "point"), [(verb, point) for verb, points in COMING_BY.items() for point in points])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_while_a_person_is_obeyed(
    start: Start, launch: Callable[..., subprocess.Popen[bytes]], tmp_path: Path, point: str, when: str, verb: str
) -> None:
    name, content, state = {
        "release": ("a.txt", "hold\na\n", "held"),
        "discard": ("a.txt", "hold\na\n", "held"),
        "retry": ("a.txt", "needs x.pdf\nrule no\n", "rejected"),
        "replay": ("a.txt", "a\n", "archived"),
    }[verb]
    dropped = [_drop(tmp_path, name, content)]
    if verb == "retry":
        dropped.append(_drop(tmp_path, "x.pdf", "x\n"))
    first = start(a_site(tmp_path))
    first.until(lambda: first.count(state) == 1)
    drop_id = first.row(name)["id"]
    for output in (tmp_path / "outbox" / "out").glob("*.txt"):
        output.unlink()
    first.ask(verb, drop_id)
    first.stop()

    assert launch(tmp_path, point, when, "1").wait(30) == -signal.SIGKILL

    running = start(a_site(tmp_path))
    running.until(lambda: running.journal.asked() == [] and running.engine.idle)
    final = {"release": "archived", "discard": "discarded", "retry": "rejected", "replay": "archived"}[verb]
    running.until(lambda: {row["state"] for row in running.rows()} <= {final, "duplicate"})
    running.for_a_while(0.2)
    places = _places(tmp_path)
    if verb != "replay":
        assert places == Counter(dropped), running.picture()
    assert running.leftovers() == []
    assert running.findings() == []
    if verb == "release":
        assert list(running.outputs().values()) == [_result("a")]


@pytest.mark.daemon
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_crashes_at_random_moments_of_a_burst(
    start: Start, launch: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    seed = int(os.environ.get("CRASH_SEED", "0")) or random.randrange(10**6)
    print(f"CRASH_SEED={seed}")
    chance = random.Random(seed)
    dropped: list[str] = []
    results: Counter[str] = Counter()
    done = 0
    (tmp_path / "outbox" / "out").mkdir(parents=True)
    consumer = Consumer(tmp_path / "outbox" / "out", seed)
    consumer.start()

    for round_number in range(15):
        process = launch(tmp_path)
        _wait_until_it_begins(tmp_path, process)
        end = time.monotonic() + chance.uniform(0.0, 0.8)
        for number in range(14):
            serial = f"{round_number}-{number}"
            kind = chance.choice(["plain", "plain", "plain", "wrong", "many"])
            content = {"plain": f"{serial}\n", "wrong": f"{serial}\nwrong\n", "many": f"to out {serial}\n{serial}\n"}[
                kind
            ]
            dropped.append(_drop(tmp_path, f"{serial}.txt", content))
            if kind != "wrong":
                done += 1
                results[_result(serial)] += 2 if kind == "many" else 1
        while time.monotonic() < end:
            os.sched_yield()
        process.kill()
        process.wait()

    running = start(a_site(tmp_path))
    running.until(lambda: running.engine.idle and running.count("archived") == done, 60)
    running.until(lambda: running.outputs() == {})
    taken = Counter(content for _name, content in consumer.finish())
    _assert_whole(running, dropped, results, taken)
    assert running.ledger("count") == {"files": f'{{"files":{done}}}'}


def _wait_until_it_begins(root: Path, process: subprocess.Popen[bytes]) -> None:
    """The daemon holds the site's lock, so it is about to begin."""
    lock = root / "state" / "lock"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None
        if lock.exists() and lock.read_text().strip() == str(process.pid):
            return
        os.sched_yield()
    raise AssertionError("the daemon does not start")
