"""A schedule of five fields means what cron means by it."""

from datetime import UTC, datetime, timedelta

import pytest

from core.cron import cron_trigger

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekdays(text: str) -> set[str]:
    """Days of one week on which a schedule with these weekdays comes."""
    trigger = cron_trigger(f"0 18 * * {text}")
    days = (MONDAY + timedelta(days) for days in range(7))
    return {NAMES[day.weekday()] for day in days if trigger.get_next_fire_time(None, day) < day + timedelta(1)}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("*", set(NAMES)),
        ("1-5", {"mon", "tue", "wed", "thu", "fri"}),
        ("0", {"sun"}),
        ("7", {"sun"}),
        ("0-2", {"sun", "mon", "tue"}),
        ("5-7", {"fri", "sat", "sun"}),
        ("1,3", {"mon", "wed"}),
        ("1-5/2", {"mon", "wed", "fri"}),
        ("2/2", {"tue", "thu", "sat"}),
        ("mon-fri", {"mon", "tue", "wed", "thu", "fri"}),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(text: str, days: set[str]) -> None:
    assert weekdays(text) == days


@pytest.mark.parametrize(
    "text",
    [
        "",
        "18:00",
        "0 18 * *",
        "0 18 * * 1-5 x",
        "61 18 * * *",
        "0 18 31 2 *",
        "0 18 * * 5-1",
        "0 18 * * 1-5/0",
        "a b c d e",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cron_trigger(text)
