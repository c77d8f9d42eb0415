"""Crash at every step: the same scene again and again, each time the daemon dies one event later, then once more.

The first life ends at event n, the second one, which recovers, at an event of its own; the third must put all right.
"""

import os
import signal

from tests.torture.rounds import Torture, Violated

DROPPED = ("several", "attach", "again", "wait", "claim", "back", "warn", "hold", "wrong", "table", "poison", "kill")
"""Kinds of the scene; between them they come by every arrow in the life of a drop."""
_LIFE_SECONDS = 8.0


class Steps(Torture):
    """Scenes that end at a chosen event. ``close`` in the end."""

    def run(self, _rounds: int, share: int = 0, shares: int = 1) -> None:
        """Every step of both scenes, as far as they fall to this share. Raise Violated."""
        for crash in (self.dropped, self.asked_for):
            nth, over = share + 1, 0
            while over < 3:  # the number of events varies a little with the grouping
                over = 0 if crash(nth, again_at=self.chance.randint(1, 60)) else over + 1
                nth += shares

    def dropped(self, nth: int, *, again_at: int = 0) -> bool:
        """Crash at the n-th event after a scene was dropped; False when there are no more so many events."""
        self.leave()
        self._begin_site()
        self._lay_scene()
        return self._crash(nth, again_at)

    def asked_for(self, nth: int, *, again_at: int = 0) -> bool:
        """Crash at the n-th event of a life that obeys a person; False when there are no more so many events."""
        self.leave()
        self._begin_site()
        self._lay_scene()
        self.count()
        return self._crash(nth, again_at)

    def _lay_scene(self) -> None:
        self.scene.drop_kinds(["plain", *DROPPED])
        while self.scene.late:
            self.scene.bring_late()
        self._start_consumer()

    def _crash(self, nth: int, again_at: int) -> bool:
        self.counted["rounds"] += 1
        self._say(f"step {nth}, again at {again_at}")
        if not self._dies_at(nth):
            self.count()
            return False
        if again_at:
            self._dies_at(again_at)
        self.count()
        return True

    def _dies_at(self, nth: int) -> bool:
        """Say whether a life came as far as its n-th event."""
        pid = self._cradle.start(self.root, ("event", nth), "tests.torture.scene:quiet")
        code = self._until_quiet(pid, _LIFE_SECONDS)
        if code is None:
            os.kill(pid, signal.SIGKILL)
            code = self._cradle.wait(pid)
            self.kills["in a quiet moment"] += 1
            return False
        if code != -signal.SIGKILL:
            raise Violated(f"the daemon has ended by itself with {code}")
        self.kills["the nth event"] += 1
        return True
