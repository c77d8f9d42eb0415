"""First in, first out: over all routes of a company, whatever the daemon is doing when the files arrive."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.site import Site
from spool.identifiers import now_ms
from spool.verbs.orders import ORDER, Order
from tests.sites import Running, a_route, a_site

Start = Callable[..., Running]


def _two_routes(root: Path, **limits: object) -> Site:
    """Lists, named first, and invoices; both of one company."""
    routes = [a_route(root, name, company="1", settle_seconds=0.4) for name in ("lists", "invoices")]
    return a_site(root, *routes, **limits)


def _lay(root: Path, route: str, name: str) -> None:
    folder = root / "inbox" / route
    folder.mkdir(parents=True, exist_ok=True)
    hidden = folder / f".{name}"
    hidden.write_text(f"{name}\n")
    hidden.rename(folder / name)


def _handled(running: Running) -> list[str]:
    """Names in the order in which they were handled: the chain of the archive."""
    manifests = [path.read_text() for path in (running.root / "archive").rglob("manifest.json")]
    in_chain = sorted(manifests, key=lambda text: int(text.partition('"sequence": ')[2].partition(",")[0]))
    return [text.partition('"name": "')[2].partition('"')[0] for text in in_chain]


def test_what_came_while_the_daemon_was_down_is_handled_in_the_order_of_its_arrival(
    start: Start, tmp_path: Path
) -> None:
    came = [("invoices", "1.txt"), ("lists", "2.txt"), ("invoices", "0.txt"), ("lists", "3.txt"), ("invoices", "9.txt")]
    for route, name in came:
        _lay(tmp_path, route, name)
        (tmp_path / "inbox" / route / name).touch()  # a moment of its own
    running = start(_two_routes(tmp_path))
    running.until_archived(5)
    names = [name for _route, name in came]
    in_route = {"invoices": ["1.txt", "0.txt", "9.txt"], "lists": ["2.txt", "3.txt"]}
    handled = _handled(running)
    assert handled == names
    assert [name for name in handled if name in in_route["lists"]] == in_route["lists"]


@pytest.mark.parametrize("route", ["lists", "invoices"])
def test_what_comes_just_after_the_start_does_not_overtake_what_lay_there(
    start: Start, tmp_path: Path, route: str
) -> None:
    _lay(tmp_path, "invoices", "a.txt")
    _lay(tmp_path, "invoices", "b.txt")
    running = start(_two_routes(tmp_path))
    running.step()
    running.drop("at-once.txt", "at once\n", route)
    running.until_archived(3)
    assert _handled(running) == ["a.txt", "b.txt", "at-once.txt"]


def test_a_list_waits_for_the_whole_burst_before_it(start: Start, tmp_path: Path) -> None:
    running = start(_two_routes(tmp_path, group_files=2))
    running.until(lambda: running.engine.idle)
    for number in range(40):
        running.drop(f"{number:02}.txt", f"{number}\n", "invoices")
    running.drop("list.txt", "list\n", "lists")
    running.until_archived(41)
    assert _handled(running) == [*(f"{number:02}.txt" for number in range(40)), "list.txt"]


def test_a_route_that_pauses_does_not_hold_up_the_others(start: Start, tmp_path: Path) -> None:
    running = start(_two_routes(tmp_path))
    running.until(lambda: running.engine.idle)
    running.engine.handling.pause("invoices", "its target is away")
    running.drop("invoice.txt", "invoice\n", "invoices")
    running.drop("list.txt", "list\n", "lists")
    running.until_archived(2)
    assert set(_handled(running)) == {"list.txt", "invoice.txt"}


def test_what_is_released_is_handled_after_what_the_route_has_in_hand(start: Start, tmp_path: Path) -> None:
    """Decisions about a held file come before its release, and the file has the older id."""
    running = start(a_site(tmp_path))
    running.drop("held.txt", "hold\nheld\n")
    running.until(lambda: running.count("held") == 1 and running.engine.idle)
    held = running.row("held.txt")["id"]
    running.journal.ask(ORDER, held, Order("decision.txt", "decision\n").as_text(), now_ms())
    release = running.ask("release", held)

    running.control.carry_out()
    assert [row["id"] for row in running.journal.asked()] == [release]

    running.until_archived(2)
    assert _handled(running) == ["decision.txt", "held.txt"]
