"""When a place outside is looked at."""

from datetime import UTC, datetime, timedelta

import pytest

from core.remote import RemotePlace
from spool.remote.look_times import LookTimes

IN_HALF_A_YEAR = f"0 0 1 {(datetime.now(UTC).month + 5) % 12 + 1} *"
EVERY_MINUTE = "* * * * *"


def times(collect_at: str = "", poll_seconds: float = 60.0) -> LookTimes:
    place = RemotePlace("p", "sftp", None, collect_at=collect_at, poll_seconds=poll_seconds)  # type: ignore[arg-type]
    return LookTimes(place, "Europe/Vienna")


@pytest.mark.parametrize("collect_at", ["", IN_HALF_A_YEAR])
def test_a_place_that_nobody_has_reached_yet_is_looked_at_once(collect_at: str) -> None:
    looked = times(collect_at)
    looked.begin(None)

    assert looked.is_due()
    looked.looked(None)
    assert not looked.is_due()


@pytest.mark.parametrize(("collect_at", "due"), [(EVERY_MINUTE, True), (IN_HALF_A_YEAR, False), ("", True)])
def test_a_time_of_the_schedule_that_was_missed_is_made_up_for(collect_at: str, due: bool) -> None:
    looked = times(collect_at)
    looked.begin(datetime.now(UTC) - timedelta(hours=1))

    assert looked.is_due() is due


@pytest.mark.parametrize("collect_at", ["", IN_HALF_A_YEAR])
def test_what_is_nearly_finished_there_is_looked_at_soon(collect_at: str) -> None:
    looked = times(collect_at)
    looked.looked(0.0)

    assert looked.is_due()
