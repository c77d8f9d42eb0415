"""Two daemons on the same folders: each file goes through once, and who comes second is told whose folder it is."""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import TransportError
from spool.folders.ownership import OWNER_FILE, Ownership, Place
from spool.folders.places import adopt_folders, places_of
from tests.sites import Running, a_site
from tests.world.served import Served
from tests.world.serving import site_of

pytestmark = pytest.mark.slow

Start = Callable[..., Running]
Serve = Callable[..., Served]


def _copied(first: Path, second: Path, **shared: str) -> dict[str, Any]:
    """What the configuration of a second site says that an administrator made of the first one's."""
    differs: dict[str, Any] = {"name": "Copy", "routes": [{}], "targets": [{}]}
    if "inbox" in shared:
        differs["routes"] = [{"folder": str(first / "inbox" / "in")}]
    if "target" in shared:
        differs["targets"] = [{"folder": str(first / "outbox" / "out")}]
    if "archive" in shared:
        differs["archive"] = str(first / "archive")
    return differs


@pytest.mark.parametrize("shared", ["inbox", "target", "archive"])
def test_a_second_site_on_a_folder_of_the_first_is_refused_there(start: Start, tmp_path: Path, shared: str) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    first = start(a_site(one))
    first.drop("a.txt", "a\n")
    first.until_archived(1)
    second = start(site_of(two, _copied(one, two, **{shared: "yes"})))
    second.until(lambda: {"paused", "away"} & second.alerts().keys())
    said = " ".join(second.alerts().values())
    assert 'belongs to the site "Test" on ' in said
    assert str(one / "state") in said
    assert "daemon.py check --adopt" in said
    first.drop("b.txt", "b\n")
    if shared != "inbox":
        second.drop("c.txt", "c\n")
    second.for_a_while(0.3)
    assert second.count("archived") == 0
    assert second.count("rejected") == 0
    first.until_archived(2)
    assert set(first.outputs()) == {"a.out.txt", "b.out.txt"}
    assert first.findings() == []


def test_a_person_can_make_a_folder_over_to_another_site(start: Start, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    first = start(a_site(one))
    first.drop("a.txt", "a\n")
    first.until_archived(1)
    moved = site_of(two, _copied(one, two, inbox="yes", target="yes"))
    second = start(moved)
    second.until(lambda: {"paused", "away"} == second.alerts().keys())

    assert set(adopt_folders(moved, of_others=True)) == {str(one / "inbox" / "in"), str(one / "outbox" / "out")}
    assert adopt_folders(moved, of_others=True) == []
    first.until(lambda: "paused" in first.alerts())
    assert 'belongs to the site "Copy"' in first.alerts()["paused"]
    first.drop("b.txt", "b\n")
    second.until_archived(1)
    first.for_a_while(0.3)
    assert first.count("archived") == 1
    assert set(second.outputs()) == {"a.out.txt", "b.out.txt"}


@pytest.mark.parametrize("what", ["deleted", "copied"])
def test_a_state_folder_that_is_not_the_one_it_was_takes_no_claims_over(
    start: Start, tmp_path: Path, what: str
) -> None:
    """Who deletes or copies the journal would else get every result a second time."""
    first = start(a_site(tmp_path))
    first.drop("a.txt", "a\n")
    first.until_archived(1)
    first.stop()
    old = tmp_path / "old"
    (tmp_path / "state").rename(old)
    if what == "copied":
        shutil.copytree(old, tmp_path / "state")
    (tmp_path / "inbox" / "in" / ".work" / "1a2070ec76800017d7ce claimed.txt").write_text("claimed\n")
    second = start(a_site(tmp_path))
    second.until(lambda: {"paused", "away"} <= second.alerts().keys())
    said = second.alerts()["paused"]
    assert "deleted, copied or restored" in said
    assert "daemon.py rebuild" in said
    second.for_a_while(0.3)
    assert set(second.outputs()) == {"a.out.txt"}
    adopt_folders(second.site, of_others=True)
    second.until_archived(2 if what == "copied" else 1)
    second.until(lambda: second.alerts() == {})
    assert set(second.outputs()) == {"a.out.txt", "claimed.out.txt"}


def test_a_site_that_was_moved_goes_on_with_its_folders(start: Start, tmp_path: Path) -> None:
    first = start(a_site(tmp_path / "old"))
    first.drop("a.txt", "a\n")
    first.until_archived(1)
    first.stop()
    (tmp_path / "old").rename(tmp_path / "new")
    second = start(a_site(tmp_path / "new"))
    second.drop("b.txt", "b\n")
    second.until_archived(2)
    assert second.alerts() == {}
    assert second.findings() == []


@pytest.mark.daemon
def test_daemons_that_start_at_once_on_one_inbox_take_each_file_once(serve: Serve, tmp_path: Path) -> None:
    """Three sites, copies of one configuration, all at the same moment: one gets the folders, the others are told."""
    shared = tmp_path / "shared"
    inbox = shared / "inbox" / "in"
    inbox.mkdir(parents=True)
    for number in range(40):
        (inbox / f"{number}.txt").write_text(f"{number}\n")
    sites = [tmp_path / f"site{number}" for number in range(3)]
    daemons = [serve(root, _copied(shared, root, inbox="yes", target="yes")) for root in sites]
    daemons[0].until(lambda: len(daemons[0].outputs()) >= 40)
    for daemon in daemons:
        daemon.until(lambda daemon=daemon: daemon.states() or "paused" in daemon.alerts())
    workers = [daemon for daemon in daemons if daemon.states()]
    assert len(workers) == 1
    workers[0].until(lambda: set(workers[0].states().values()) == {"archived"})
    assert len(workers[0].states()) == 40
    assert workers[0].outputs() == {f"{number}.out.txt" for number in range(40)}


def test_of_many_who_enter_at_once_one_gets_all_folders(tmp_path: Path) -> None:
    """Without daemons around it, and many times over. Each a part of the folders, nobody could work."""
    for attempt in range(30):
        root = tmp_path / str(attempt)
        places = list(places_of(a_site(root)))
        start = threading.Barrier(6)

        def enter(number: int, root: Path = root, start: threading.Barrier = start) -> list[str]:
            state = root / str(number)
            state.mkdir(parents=True)
            ownership = Ownership(replace(a_site(root), state=state))
            start.wait()
            return [_entered(ownership, place) for place in places_of(a_site(root))]

        with ThreadPoolExecutor(6) as racers:
            ended = sorted(racers.map(enter, range(6)), key=lambda said: said[0] == "entered")
        assert ended[-1] == ["entered"] * len(places)
        assert ["entered" in said for said in ended[:-1]] == [False] * 5
        assert all("belongs to the site" in said[0] for said in ended[:-1])
        assert [{path.name for path in Path(place.hidden).iterdir()} for place in places] == [{OWNER_FILE}] * 3


def _entered(ownership: Ownership, place: Place) -> str:
    try:
        ownership.enter(place)
    except TransportError as error:
        return str(error)
    return "entered"


def test_a_site_on_a_folder_of_another_takes_no_new_one(tmp_path: Path) -> None:
    """What it has already stays its own, and a person's word ends it."""
    inbox, outbox, archive = places_of(a_site(tmp_path))
    Ownership(replace(a_site(tmp_path), state=_made(tmp_path / "first"))).enter(inbox)
    second = Ownership(replace(a_site(tmp_path), state=_made(tmp_path / "second")))
    second.enter(archive)

    assert "belongs to the site" in _entered(second, inbox)
    assert _entered(second, outbox).startswith(f"{outbox.folder}: waits, because {inbox.folder}: belongs to the site")
    assert _entered(second, archive) == "entered"

    assert second.adopt([inbox]) == [inbox.folder]
    assert _entered(second, outbox) == "entered"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
