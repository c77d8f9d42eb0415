"""The loop of the daemon: take what is ready, hand it to workers, make the results true, look after everything.

One thread owns all state. Watcher threads and signal handlers only leave hints and wake it.
"""

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from loguru import logger

from core.errors import JournalError, TransportError
from core.site import Site
from spool.bell import Bell
from spool.canary import remove_canary
from spool.folders.durable import is_gone
from spool.folders.ownership import Ownership
from spool.folders.places import Destinations
from spool.inbox.pauses import Pauses
from spool.inbox.taking import Taking
from spool.inbox.watching import FolderWatch
from spool.journal.store import Journal
from spool.repair.recovery import Recovery
from spool.results import file_problems
from spool.results.committing import Committer, Handled, Settled
from spool.results.completing import Completer, Unfinished
from spool.work.dispatch import Dispatcher
from spool.work.messages import DropRef, Outcome
from spool.work.streams import Stream, Waiting, again
from spool.work.waiting import WaitingRoom
from spool.work.worker import WorkerSetup

_COMPLETE_AGAIN_SECONDS = 5.0
_COMPLETE_AGAIN_MOST = 0.5


class Engine:
    """One site at work. ``step`` again and again; ``close`` in the end."""

    def __init__(self, setup: WorkerSetup, journal: Journal) -> None:
        self.site: Site = setup.site
        self.journal = journal
        # Somebody who opens a file in the very moment in which we ask for its lease must not end us.
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        journal.prepare([route.name for route in self.site.routes])
        self.dispatcher = Dispatcher(setup)
        self.ownership = Ownership(self.site)
        self.destinations = Destinations(self.site, self.ownership)
        self.taking = Taking(self.site, journal, self.ownership, self.dispatcher.stream, self._is_held_back)
        self.intakes = self.taking.intakes
        self.handling = Pauses(self.site.routes, journal)
        self.unfinished: list[Unfinished] = []
        self.outcomes: dict[str, int] = {}
        """How often each fate has come since the start."""
        self.bugs: dict[str, str] = {}
        """Last drop of a route that met a bug of ours since the start."""
        self.disk_low = False
        """A disk is nearly full: nothing new is taken."""
        self.on_canary: Callable[[Handled], None] = lambda handled: remove_canary(handled.drop, handled.outcome)
        self._away = set(self.intakes)
        self._complete_at = 0.0
        self._bell = Bell()
        self._taking = True
        self._full: set[str] = set()
        self._written_by: dict[str, set[str]] = {}
        self._waiting = WaitingRoom(self.intakes, journal)
        self._committer = Committer(self.site, journal)
        self._completer = Completer(self.site, journal, self.ownership.hold)
        self._watch = FolderWatch(
            [str(route.folder) for route in self.site.routes if route.watch == "events"], self._hint
        )

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Put right what the last run left behind, then begin to watch."""
        self.taking.prepare()
        self._recover([name for name in self.intakes if self.taking.is_present(name)])
        self._watch.start()

    def _recover(self, routes: Sequence[str]) -> None:
        """Go on with what the journal and the folders of these routes tell. Raise OSError when one goes away."""
        intakes = {route: self.intakes[route] for route in routes}
        recovery = Recovery(self.site, self.journal, intakes, self.ownership.is_held)
        settled = recovery.settled()
        # A target that results were staged on is not made anew: without them it is not the same place (a share away).
        self.destinations.look(recovery.staged_on, make=True, begun=self._completer.has_begun)
        self._complete(settled, fresh=False)
        for route, drop in recovery.claimed():
            self.hand_in(route, drop)
        self._away.difference_update(routes)
        recovery.tidy()

    def _welcome_back(self) -> None:
        """Shares that were away at the start may hold files that were claimed before."""
        for route in [route for route in self._away if self.taking.is_present(route)]:
            try:
                self._recover([route])
            except OSError as error:
                self.taking.pauses.pause(route, str(error))

    def stop_taking(self) -> None:
        """Take nothing new; what is in hand is finished."""
        self._taking = False

    def wake(self) -> None:
        """Go round now. Safe in signal handlers and other threads."""
        self._bell.ring()

    def rest(self, seconds: float) -> None:
        """Do nothing for a while, unless somebody wakes us; what the workers have to say can wait."""
        self._bell.rest(seconds)

    def close(self) -> None:
        """End workers and watchers. Files that were claimed stay claimed; the next start goes on with them."""
        self._watch.stop()
        self.dispatcher.close()
        self._bell.close()

    def step(self) -> None:
        """Go round once; waits until there is something to do, one second at most."""
        if self._away:
            self._welcome_back()
        self.taking.take()
        if self._taking:
            self.dispatcher.hand_out(self.handling.paused())
        self.dispatcher.wait(self._bell, self._patience())
        self._bell.hear()
        for stream, handled in self.dispatcher.collect():
            self._sort(stream, handled)
        streams = self.dispatcher.streams
        due = [stream for stream in streams if stream.wants_commit(worker_busy=self.dispatcher.is_busy(stream))]
        if due and self._taking:
            self.dispatcher.hand_out(self.handling.paused())  # the workers go on while we commit
        for stream in due:
            self._commit(stream)
        if self.unfinished and time.monotonic() >= self._complete_at:
            self._complete_again()

    def _patience(self) -> float:
        if any(stream.results for stream in self.dispatcher.streams):
            return 0.02
        moments = [self.taking.next_look(), *([self._complete_at] if self.unfinished else [])]
        return max(0.0, min(moments) - time.monotonic())

    # ── what others of this room may ask for ──────────────────────────────────────────────────────────────────────

    @property
    def idle(self) -> bool:
        """Nothing to do until something arrives, a pause ends or a person acts."""
        queued = any(not stream.idle for stream in self.dispatcher.streams)
        return not (self.dispatcher.in_hand or queued or self.unfinished or self.taking.has_hints)

    @property
    def is_held_up(self) -> bool:
        """All that could be done waits for a pause to end."""
        paused = self.handling.paused() | self.taking.pauses.paused()
        queues = [stream.queues.items() for stream in self.dispatcher.streams]
        return not self.dispatcher.in_hand and all(name in paused for items in queues for name, queue in items if queue)

    @property
    def has_waiting(self) -> bool:
        """Files wait for others that should come first."""
        return any(stream.waiting for stream in self.dispatcher.streams)

    def mend_watches(self) -> dict[str, str]:
        """Watch again what was replaced; returns the folders that cannot be watched, with the reason."""
        return self._watch.mend()

    def block(self, target: str, *, blocked: bool) -> None:
        """Back-pressure: routes that have written to this target take nothing new while it is full."""
        (self._full.add if blocked else self._full.discard)(target)

    def look_at_destinations(self) -> None:
        """Find out whether targets and archive are there; one that somebody has made anew becomes ours."""
        awaited = {made.target for left in self.unfinished for made in left.drop.publications}
        self.destinations.look(awaited, begun=self._completer.has_begun)

    def hand_in(self, route: str, drop: DropRef) -> None:
        """Handle a file that a person has brought back."""
        self.dispatcher.stream(route).push(route, [drop])

    def lay_down(self, drop: Settled) -> None:
        """Complete a drop that is committed already."""
        self._complete([drop], fresh=False)

    def look_after_waiting(self) -> None:
        """Attachments may have come, or the time to wait may be over."""
        self._waiting.look(self.dispatcher.streams)

    def reason_of_pause(self, route: str) -> str | None:
        """Why nothing is taken from a route or handled; None when it works."""
        return self.destinations.archive_trouble or self.taking.pauses.reason(route) or self.handling.reason(route)

    def _hint(self, folder: str, name: str | None, moved: bool) -> None:
        self.taking.hint(folder, name, moved=moved)
        self.wake()

    def _is_held_back(self, route: str) -> bool:
        if not self._taking or self.disk_low or route in self._away or self.handling.is_paused(route):
            return True
        if any(left.drop.route == route for left in self.unfinished):
            return True  # as long as results cannot be laid down, more of them only lie about
        return bool(self.destinations.archive_trouble or self._full & self._written_by.get(route, set()))

    # ── handling ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _sort(self, stream: Stream, handled: Handled) -> None:
        """Where an outcome goes: most are committed, the rest wait or are tried again."""
        outcome, drop, route = handled.outcome, handled.drop, handled.route.name
        self.outcomes[outcome.fate] = self.outcomes.get(outcome.fate, 0) + 1
        if outcome.fate in {"canary", "companions", "waiting"}:
            self.handling.resume(route)
        match outcome.fate:
            case "retry":
                self._try_again(stream, handled)
            case "canary":
                self.on_canary(handled)
            case "companions":
                self._waiting.bring_companions(stream, handled)
            case "waiting":
                self._waiting.park(stream, Waiting(handled.route, again(drop), outcome.problems[0]))
            case _:
                stream.add_result(handled)

    def _try_again(self, stream: Stream, handled: Handled) -> None:
        drop, route = handled.drop, handled.route.name
        if self.intakes[route].is_held and is_gone(drop.path):
            logger.error("somebody has removed {} ({}) from the work folder; it is forgotten", drop.id, drop.name)
            with suppress(TransportError):  # a restart forgets it too
                self.journal.forget([drop.id])
            return
        stream.push_back(route, [again(drop)])
        self.look_at_destinations()
        self.handling.pause(route, handled.outcome.trouble)

    # ── making it true ────────────────────────────────────────────────────────────────────────────────────────────

    def _commit(self, stream: Stream) -> None:
        group, stream.results = stream.results, []
        for handled in group:
            if handled.outcome.trouble:
                logger.error("drop {} ({}): {}", handled.drop.id, handled.drop.name, handled.outcome.trouble)
            if handled.outcome.fate == "bug":
                self.bugs[handled.route.name] = handled.drop.id
        try:
            settled = self._committer.commit(group)
        except (JournalError, TransportError) as error:
            # Nothing has happened: these files are handled again, later.
            self.dispatcher.take_back(stream, group)
            for route in {handled.route.name for handled in group}:
                self.handling.pause(route, str(error))
            if isinstance(error, JournalError):
                raise
            return
        except Exception:
            if len(group) == 1 and group[0].outcome.fate == "bug":
                raise
            self._isolate(stream, group)
            return
        for route in {handled.route.name for handled in group}:
            self.handling.resume(route)
        self._complete(settled, fresh=True)
        if any(drop.state == "committed" for drop in settled):
            stream.wake_waiting(lambda waiting: not waiting.companions)

    def _isolate(self, stream: Stream, group: Sequence[Handled]) -> None:
        """A bug in the middle of a group: find the file that it belongs to, and let the others through."""
        logger.exception("a group of {} cannot be committed", len(group))
        self.dispatcher.take_back(stream, group)
        if len(group) > 1:
            stream.one_by_one = len(group)
            return
        handled = group[0]
        stream.queues[handled.route.name].popleft()
        problem = file_problems.bug(handled.drop.id)
        stream.add_result(Handled(handled.route, handled.drop, Outcome(handled.drop.id, "bug", problems=(problem,))))

    def _complete(self, drops: Sequence[Settled], *, fresh: bool) -> None:
        for drop in drops:
            self._written_by.setdefault(drop.route, set()).update(made.target for made in drop.publications)
        failed = self._completer.complete(drops, fresh=fresh)
        tried = {drop.drop_id for drop in drops}
        self.unfinished = [*(left for left in self.unfinished if left.drop.drop_id not in tried), *failed]
        for left in failed:
            logger.warning("results of drop {} cannot be laid down yet: {}", left.drop.drop_id, left.reason)
        self._complete_at = time.monotonic() + _COMPLETE_AGAIN_SECONDS

    def _complete_again(self) -> None:
        """Lay down what could not be laid down; when all fail together, one may be what is in the way of the others."""
        left = self.unfinished
        self._complete([unfinished.drop for unfinished in left], fresh=False)
        deadline = time.monotonic() + _COMPLETE_AGAIN_MOST
        if len(self.unfinished) == len(left) > 1:
            for unfinished in left:
                if time.monotonic() > deadline:
                    break
                self._complete([unfinished.drop], fresh=False)
