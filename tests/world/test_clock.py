"""A clock that jumps by an hour, either way, while files wait: nothing is lost, doubled or out of order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.needs import need_library
from tests.world.served import Served

pytestmark = [pytest.mark.slow, pytest.mark.daemon]


@pytest.mark.parametrize("jump", ["+3600", "-3600"])
def test_a_clock_that_jumps_while_files_come_and_settle(
    serve: Callable[..., Served], tmp_path: Path, jump: str
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    environment = {
        "LD_PRELOAD": need_library("*/faketime/libfaketime.so.1", "libfaketime"),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    root = tmp_path / "site"
    differs = {
        "routes": [{"settle_seconds": 0.5, "wait_seconds": 600.0, "ready": "stable"}],
        "targets": [{"pickup_seconds": 100_000.0}],
    }
    served = serve(root, differs, environment=environment)
    served.until_at_work()
    served.drop("waits.txt", "needs waits.pdf\n")
    for number in range(5):
        served.drop(f"before {number}.txt", f"before {number}\n")
    served.until(lambda: set(served.states().values()) == {"archived", "waiting"} and len(served.states()) == 6)
    for number in range(5):
        served.drop(f"settling {number}.txt", f"settling {number}\n")
    clock.write_text(jump)
    served.until(lambda: sum(state == "archived" for state in served.states().values()) >= 10)
    served.close()

    again = serve(root, differs, environment=environment)
    again.until_at_work()
    for number in range(5):
        again.drop(f"after {number}.txt", f"after {number}\n")
    again.until(lambda: sum(state == "archived" for state in again.states().values()) >= 15)
    order = [row["name"].split()[0] for row in sorted(again.journal.latest(100), key=lambda row: str(row["id"]))]
    assert order == ["waits.txt", *["before"] * 5, *["settling"] * 5, *["after"] * 5]
    assert len(again.outputs()) == 15
    if jump == "+3600":
        assert again.states()["waits.txt"] == "held", "an hour is more than its wait limit"
    else:
        again.drop("waits.pdf", "%PDF")
        again.until(lambda: again.states()["waits.txt"] == "archived")
    assert again.findings() == []
    assert "rejected" not in again.states().values()
