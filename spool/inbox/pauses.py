"""Which routes pause because the world is in their way, and for how long: doubling, never given up."""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from loguru import logger

from core.errors import JournalError, TransportError
from core.site import Route
from spool.identifiers import now_ms
from spool.journal.store import Journal


@dataclass(slots=True)
class _Pause:
    until: float
    delay: float
    reason: str


class Pauses:
    """The pauses of all routes, shown in the journal as far as it can be written."""

    def __init__(self, routes: Iterable[Route], journal: Journal) -> None:
        self._limits = {route.name: (route.retry_first_seconds, route.retry_most_seconds) for route in routes}
        self._journal = journal
        self._pauses: dict[str, _Pause] = {}

    def pause(self, route: str, reason: str) -> None:
        """Pause a route, twice as long as the last time. A pause that still runs is kept."""
        now = time.monotonic()
        known = self._pauses.get(route)
        if known is not None and now < known.until:
            known.reason = reason
            return
        first, most = self._limits[route]
        delay = first if known is None else min(most, known.delay * 2)
        self._pauses[route] = _Pause(now + delay, delay, reason)
        logger.warning("route {} pauses for {:.0f} s: {}", route, delay, reason)
        with suppress(JournalError, TransportError):  # the journal itself may be what is in the way
            self._journal.set_route(route, paused_until=now_ms() + round(delay * 1000), pause_reason=reason)

    def resume(self, route: str) -> None:
        """The route works again."""
        if self._pauses.pop(route, None) is not None:
            logger.info("route {} goes on", route)
            with suppress(JournalError, TransportError):
                self._journal.set_route(route, paused_until=None, pause_reason=None)

    def is_paused(self, route: str) -> bool:
        """Say whether the route must still wait."""
        known = self._pauses.get(route)
        return known is not None and time.monotonic() < known.until

    def paused(self) -> frozenset[str]:
        """All routes that must still wait."""
        return frozenset(route for route in self._pauses if self.is_paused(route))

    def reason(self, route: str) -> str | None:
        """Why a route pauses, or last paused without having worked since."""
        known = self._pauses.get(route)
        return known.reason if known else None
