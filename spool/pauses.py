"""Which routes pause because the world is in their way, and for how long: doubling, never given up."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.site import Route


@dataclass(slots=True)
class _Pause:
    until: float
    delay: float
    reason: str


class Pauses:
    """Delays per route, in seconds of the monotonic clock."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._limits = {route.name: (route.retry_first_seconds, route.retry_most_seconds) for route in routes}
        self._pauses: dict[str, _Pause] = {}

    def pause(self, route: str, reason: str, now: float) -> float:
        """Pause a route, twice as long as the last time; returns for how long. A pause that still runs is kept."""
        first, most = self._limits[route]
        known = self._pauses.get(route)
        if known is not None and now < known.until:
            known.reason = reason
            return known.until - now
        delay = first if known is None else min(most, known.delay * 2)
        self._pauses[route] = _Pause(now + delay, delay, reason)
        return delay

    def resume(self, route: str) -> bool:
        """The route works again; True when it did not before."""
        return self._pauses.pop(route, None) is not None

    def is_paused(self, route: str, now: float) -> bool:
        """Say whether the route must still wait."""
        known = self._pauses.get(route)
        return known is not None and now < known.until

    def paused(self, now: float) -> frozenset[str]:
        """All routes that must still wait."""
        return frozenset(route for route in self._pauses if self.is_paused(route, now))

    def reason(self, route: str) -> str | None:
        """Why a route pauses, or last paused without having worked since."""
        known = self._pauses.get(route)
        return known.reason if known else None
