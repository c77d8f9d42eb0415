"""When is a place outside looked at? Every so often, or by a schedule."""

import math
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from core.cron import cron_trigger
from core.remote import RemotePlace


class LookTimes:
    """The times of one place. At its start it is looked at; with a schedule, only when it was missed meanwhile."""

    def __init__(self, place: RemotePlace, timezone: str) -> None:
        self._poll_seconds = place.poll_seconds
        self._trigger = cron_trigger(place.collect_at, ZoneInfo(timezone)) if place.collect_at else None
        self._at = 0.0
        self._due: datetime | None = None

    def begin(self, reached_at: datetime | None) -> None:
        """The place has answered last at this time, None for never."""
        if self._trigger is not None and reached_at is not None:
            self._schedule(self._trigger, reached_at)

    def is_due(self) -> bool:
        """Now is the time."""
        return time.monotonic() >= self._at or (self._due is not None and datetime.now(UTC) >= self._due)

    def looked(self, soon: float | None) -> None:
        """It was looked at; in ``soon`` seconds another look is worth while, None for the usual time."""
        if self._trigger is not None:
            self._schedule(self._trigger, datetime.now(UTC))
        else:
            self._at = time.monotonic() + self._poll_seconds
        if soon is not None:
            self._at = min(self._at, time.monotonic() + soon)

    def _schedule(self, trigger: CronTrigger, after: datetime) -> None:
        """The first time of the schedule after this moment; by the clock of the wall, which may be set meanwhile."""
        self._at = math.inf
        self._due = trigger.get_next_fire_time(None, after + timedelta(seconds=1))
