"""Whatever the moment of a crash: every file in exactly one place, every result exactly once, the archive whole.

Crashes at named points, at any change of a folder or of the journal, and at random; ``make torture`` does it for long.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conservation import Expected, violations
from tests.daemon.cradle import Cradle
from tests.daemon.crashing import POINTS
from tests.sites import Running, a_site
from tests.torture.rounds import Torture
from tests.torture.scene import sha, text
from tests.torture.steps import Steps

Start = Callable[..., Running]
pytestmark = [pytest.mark.daemon, pytest.mark.slow]


@pytest.fixture(scope="module")
def cradle() -> Iterator[Cradle]:
    """Starts daemons; none outlives the tests."""
    made = Cradle()
    yield made
    made.close()


def _drop(root: Path, name: str, content: str) -> str:
    """Lay a file into the inbox in one step; returns its content."""
    folder = root / "inbox" / "in"
    folder.mkdir(parents=True, exist_ok=True)
    hidden = folder / f".{name}"
    hidden.write_text(content)
    hidden.rename(folder / name)
    return content


def _expected(dropped: list[str], results: list[str], done: int) -> Expected:
    """Results are those of the one target; ``done``: so many files have gone through."""
    ledger = {("", "count", "files"): f'{{"files":{done}}}'} if done else {}
    return Expected(Counter(map(sha, dropped)), results=Counter(("out", sha(made)) for made in results), ledger=ledger)


SCENE = {
    "g.txt": "wait F\ng\n",
    "a.txt": "claim A\na\n",
    "b.txt": "b\nmany 2\n",
    "c.txt": "wrong\n",
    "d.txt": "needs d.pdf\nd\n",
    "e.txt": "hold\n",
    "f.txt": "remember F\nf\n",
}
RESULTS = [text("a"), text("b"), text("0"), text("1"), "attached\n", text("d"), text("f"), text("g")]
DROPPING = [point for point in POINTS if point not in {"link back", "reopen", "take away", "answer"}]
MOMENTS = [(point, when, 1) for point in DROPPING for when in ("before", "after")]
MOMENTS += [(point, when, 3) for point in ("claim", "link of a claim", "publish") for when in ("before", "after")]


@pytest.mark.parametrize(("point", "when", "nth"), MOMENTS)
def test_a_crash_at_every_step(start: Start, cradle: Cradle, tmp_path: Path, point: str, when: str, nth: int) -> None:
    dropped = [_drop(tmp_path, "d.pdf", "attached\n")]
    dropped += [_drop(tmp_path, name, content) for name, content in SCENE.items()]

    assert cradle.wait(cradle.start(tmp_path, ("point", point, when, nth))) == -signal.SIGKILL

    running = start(a_site(tmp_path))
    running.until(lambda: _all_settled(running, 5, 1, 1))
    running.for_a_while(0.3)
    assert violations(running.site, running.journal, _expected(dropped, RESULTS, 5)) == [], running.picture()
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
VERBS = [(verb, point, when) for verb, points in COMING_BY.items() for point in points for when in ("before", "after")]


@pytest.mark.parametrize(("verb", "point", "when"), VERBS)
def test_a_crash_while_a_person_is_obeyed(
    start: Start, cradle: Cradle, tmp_path: Path, point: str, when: str, verb: str
) -> None:
    name, content, state, final, results = {
        "release": ("a.txt", "hold\na\n", "held", "archived", [text("a")]),
        "discard": ("a.txt", "warn somebody should know\nhold\na\n", "held", "discarded", []),
        "retry": ("a.txt", "needs x.pdf\nrule no\n", "rejected", "rejected", []),
        "replay": ("a.txt", "a\n", "archived", "archived", [text("a")] * 2),
    }[verb]
    dropped = [_drop(tmp_path, name, content)] * (2 if verb == "replay" else 1)
    if verb == "retry":
        dropped.append(_drop(tmp_path, "x.pdf", "x\n"))
    first = start(a_site(tmp_path))
    first.until(lambda: first.count(state) == 1 and first.engine.idle)
    first.ask(verb, first.row(name)["id"])
    first.stop()

    assert cradle.wait(cradle.start(tmp_path, ("point", point, when, 1))) == -signal.SIGKILL

    running = start(a_site(tmp_path))
    running.until(lambda: running.journal.asked() == [] and running.engine.idle)
    running.until(lambda: {row["state"] for row in running.rows()} == {final} and running.engine.idle)
    running.for_a_while(0.2)
    expected = _expected(dropped, results, len(results))
    assert violations(running.site, running.journal, expected) == [], running.picture()


def _seed() -> int:
    """By chance, unless CRASH_SEED repeats an earlier run; told where a test fails."""
    seed = int(os.environ.get("CRASH_SEED", "0")) or random.randrange(1, 10**6)
    print(f"CRASH_SEED={seed}")
    return seed


@pytest.mark.parametrize("nth", [3, 40, 80, 120, 160, 200, 240])
def test_a_crash_at_any_change_of_a_folder_or_of_the_journal_and_again_while_it_recovers(
    cradle: Cradle, tmp_path: Path, nth: int
) -> None:
    steps = Steps(tmp_path, _seed(), cradle)
    try:
        assert steps.dropped(nth, again_at=steps.chance.randint(1, 60))
    finally:
        steps.close()


@pytest.mark.parametrize("nth", [3, 20, 40, 60])
def test_a_crash_at_any_change_while_a_person_is_obeyed(cradle: Cradle, tmp_path: Path, nth: int) -> None:
    steps = Steps(tmp_path, _seed(), cradle)
    try:
        assert steps.asked_for(nth, again_at=steps.chance.randint(1, 60))
    finally:
        steps.close()


def test_random_crashes_of_daemon_workers_and_all_of_them(cradle: Cradle, tmp_path: Path) -> None:
    torture = Torture(tmp_path, _seed(), cradle)
    try:
        torture.run(16)
        assert torture.counted["countings"] == 2
    finally:
        torture.close()
