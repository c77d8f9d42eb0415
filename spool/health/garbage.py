"""What lives as long as the process is never looked through again; what dies is found within a minute.

By itself Python looks through all its objects only when a quarter as many new ones have outlived the younger looks.
With the hundred thousand that a daemon has from its start that is never: rings of dead objects (expressions of
SQLAlchemy are some), and the empty tuples that the interpreter keeps until such a look, only became more.
"""

import gc
import time

_EVERY_SECONDS = 60.0


class Garbage:
    """The looks of one process; call ``look`` in every round."""

    def __init__(self, every: float = _EVERY_SECONDS) -> None:
        """What lives now counts as permanent, so that a look costs a few milliseconds."""
        gc.unfreeze()  # after a change of the configuration much of the last one is dead
        gc.collect()
        gc.freeze()
        self._every = every
        self._look_at = time.monotonic() + every

    def look(self) -> None:
        """Look, when it is time to."""
        if time.monotonic() >= self._look_at:
            gc.collect()
            self._look_at = time.monotonic() + self._every
