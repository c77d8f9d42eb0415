"""How fast bytes may go over a partner's line."""

import time


class Pace:
    """Lets no more bytes through than so many a second, over a second or so."""

    def __init__(self, bytes_per_second: int) -> None:
        """0: as fast as it goes."""
        self._rate = bytes_per_second
        self._free_at = time.monotonic()

    def take(self, count: int) -> None:
        """Wait until so many bytes may go."""
        if self._rate <= 0:
            return
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + count / self._rate
        if self._free_at - now > 0.05:
            time.sleep(self._free_at - now)
