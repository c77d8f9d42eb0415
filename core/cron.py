"""Schedules as administrators write them: five fields of cron."""

import re
from datetime import UTC, datetime, tzinfo

from apscheduler.triggers.cron import CronTrigger

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LEAP_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
_NUMBERS = re.compile(r"(?P<first>[0-7])(?:-(?P<last>[0-7]))?(?:/(?P<step>[0-9]{1,2}))?")


def cron_trigger(text: str, zone: tzinfo | None = None) -> CronTrigger:
    """Read "minute hour day month weekday". Raise ValueError where it is none, or no day ever meets it.

    Weekdays are those of cron, 0 and 7 are Sunday; APScheduler alone would take 0 for Monday.
    """
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"{len(fields)} fields instead of five: minute hour day month weekday")
    fields[4] = ",".join(_weekdays(part) for part in fields[4].split(","))
    trigger = CronTrigger.from_crontab(" ".join(fields), timezone=zone or "UTC")
    if trigger.get_next_fire_time(None, _LEAP_YEAR) is None:
        raise ValueError("there is no such day")
    return trigger


def _weekdays(part: str) -> str:
    """A number, or a span of numbers, as names; a span may not go beyond Saturday there, but here it may."""
    found = _NUMBERS.fullmatch(part)
    if found is None:
        return part
    first, last = int(found["first"]), int(found["last"] or found["first"])
    if found["step"] and not found["last"]:
        last = 6
    if last < first or found["step"] == "0":
        raise ValueError(f"{part} is no span of weekdays")
    return ",".join(dict.fromkeys(_DAYS[first : last + 1 : int(found["step"] or 1)]))
