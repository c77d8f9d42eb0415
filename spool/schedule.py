"""When is an open run of the FIBU export due? Then an order to write it is asked for.

A run that is due is due for good: a daemon that was away then orders it at its start.
"""

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from loguru import logger
from sqlalchemy import select

from core.cron import cron_trigger
from spool.engine import Engine
from spool.export_runs import Found, open_run, write_order
from spool.identifiers import now_ms
from spool.journal.tables import requests
from spool.verbs.orders import ORDER, Order

_LOOK_SECONDS = 2.0


class Schedule:
    """Orders what is due; call ``look`` in every round."""

    def __init__(self, engine: Engine) -> None:
        self._site = engine.site
        self._journal = engine.journal
        self._zone = ZoneInfo(engine.site.timezone)
        self._next = 0.0

    def look(self) -> None:
        """Order every open run whose time has come."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _LOOK_SECONDS
        opened = [found for company in self._site.companies if (found := open_run(self._journal, company))]
        for found in opened:
            due = self._due(found)
            if due is not None:
                order = write_order(found, due)
                if not self._is_ordered(found, order):
                    logger.info("export run {} of company {} is due since {}", found.run_id, found.company, due)
                    self._journal.ask(ORDER, found.run_id, order.as_text(), now_ms())

    def _due(self, found: Found) -> datetime | None:
        """The last moment of the company's schedule since the run was opened; at once where it has none any more."""
        opened = found.run.opened_at.astimezone(self._zone)
        text = self._site.companies[found.company].export_at
        if not text:
            return opened
        trigger, now, due = cron_trigger(text, self._zone), datetime.now(self._zone), None
        following = trigger.get_next_fire_time(None, opened + timedelta(seconds=1))
        while following is not None and following <= now:
            due, following = following, trigger.get_next_fire_time(None, following + timedelta(seconds=1))
        return due

    def _is_ordered(self, found: Found, order: Order) -> bool:
        asked = select(requests.c.id).where(
            requests.c.verb == ORDER, requests.c.drop_id == found.run_id, requests.c.reason == order.as_text()
        )
        return bool(list(self._journal.stream(asked.limit(1))))
