"""Who wants the daemon to go round now rings; the one thread that goes round hears it, also while it rests."""

import os
from contextlib import suppress
from multiprocessing.connection import wait


class Bell:
    """An eventfd: its descriptor can be waited for beside others."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Can be read when somebody has rung."""
        return self._descriptor

    def ring(self) -> None:
        """Safe in signal handlers and other threads."""
        os.eventfd_write(self._descriptor, 1)

    def hear(self) -> None:
        """Whoever has rung until now is heard."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._descriptor)

    def rest(self, seconds: float) -> None:
        """Do nothing for a while, unless somebody rings."""
        wait([self._descriptor], seconds)
        self.hear()

    def close(self) -> None:
        """Nobody may ring any more."""
        os.close(self._descriptor)
