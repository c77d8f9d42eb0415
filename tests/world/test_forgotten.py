"""What the configuration names no more is shown, and so is what waits for a person."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spool.health.checks import check_site
from spool.health.status import status_of
from tests.sites import Running, a_route, a_site
from tests.world.served import ROOT

pytestmark = pytest.mark.slow

Start = Callable[..., Running]


def test_a_route_that_is_removed_while_files_of_it_are_open_is_an_alert_until_it_is_named_again(
    start: Start, tmp_path: Path
) -> None:
    both = a_site(tmp_path, a_route(tmp_path), a_route(tmp_path, "gone"))
    first = start(both)
    first.drop("held.txt", "hold\n", "gone")
    first.drop("waits.txt", "wait X\n", "gone")
    first.until(lambda: first.count("held") == 1 and first.count("waiting") == 1)
    first.stop()

    second = start(a_site(tmp_path))
    second.until(lambda: "forgotten" in second.alerts())
    said = second.alerts()["forgotten"]
    assert said.startswith("2 drops of the route gone are not finished (1 held, 1 waiting)")
    assert [found.trouble for found in check_site(second.site) if found.trouble] == [said]
    second.stop()

    third = start(both)
    third.until(lambda: third.alerts() == {})


def test_the_status_counts_what_waits_for_a_person(site: Running) -> None:
    site.drop("a.txt", "hold\n")
    site.drop("b.txt", "wrong\n")
    site.drop("c.txt", "unclear\n")
    site.until(lambda: site.count("held") == site.count("rejected") == site.count("unclear") == 1)
    (route,) = status_of(site.site, site.journal).routes
    assert (route.held, route.unclear, route.to_correct) == (1, 1, 1)
    (site.inbox() / "rejected" / "b.txt").unlink()
    (route,) = status_of(site.site, site.journal).routes
    assert route.to_correct == 0


def test_a_mistyped_root_makes_nothing(tmp_path: Path) -> None:
    configuration = tmp_path / "cluedrop.toml"
    configuration.write_text('root = "mistyped"\n[[target]]\nname = "out"\n')
    for verb in ("check", "run"):
        found = subprocess.run(
            [sys.executable, "daemon.py", verb, "--config", configuration],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (found.returncode, found.stdout) == (2, "")
        assert f"root: there is no folder {tmp_path / 'mistyped'}, allowed: one that is there" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cluedrop.toml"]
