"""The loop of the daemon: take what is ready, hand it to workers, make the results true, look after everything.

One thread owns all state. Watcher threads and signal handlers only leave hints and wake it.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from loguru import logger

from core.errors import TransportError
from core.site import Route, Site
from spool import file_problems
from spool.committing import Committer, Handled, Settled, report_of, visible_name
from spool.completing import Completer, Unfinished
from spool.dispatch import Dispatcher
from spool.identifiers import now_ms
from spool.intake import Claimed, Intake
from spool.journal.store import Journal
from spool.messages import DropRef, Outcome
from spool.pauses import Pauses
from spool.recovery import Recovery
from spool.staging import STAGED_FOLDER
from spool.streams import Stream, Waiting, again
from spool.watching import FolderWatch
from spool.worker import WorkerSetup

_BACKLOG_GROUPS = 4
_LONGEST_WAIT = 1.0
_COMPLETE_AGAIN_SECONDS = 5.0


class Engine:
    """One site at work. ``step`` again and again; ``close`` in the end."""

    def __init__(self, setup: WorkerSetup, journal: Journal) -> None:
        self.site: Site = setup.site
        self.journal = journal
        self.intakes = {route.name: Intake(route) for route in self.site.routes}
        self.dispatcher = Dispatcher(setup)
        self.taking = Pauses(self.site.routes)
        self.handling = Pauses(self.site.routes)
        self.unfinished: list[Unfinished] = []
        self.outcomes: dict[str, int] = {}
        """How often each fate has come since the start."""
        self.disk_low = False
        """A disk is nearly full: nothing new is taken."""
        self.on_canary: Callable[[Handled], None] = _ignore
        self.progress_at = time.monotonic()
        """When the loop last went round: what the watchdog of systemd is fed with."""
        self._routes = {route.name: route for route in self.site.routes}
        self._by_folder = {intake.folder: intake for intake in self.intakes.values()}
        self._scan_at = dict.fromkeys(self.intakes, 0.0)
        self._complete_at = 0.0
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._taking = True
        self._full: set[str] = set()
        self._written_by: dict[str, set[str]] = {}
        journal.prepare(list(self.intakes))
        self._committer = Committer(self.site, journal)
        self._completer = Completer(self.site, journal)
        self._watch = FolderWatch(
            [str(route.folder) for route in self.site.routes if route.watch == "events"], self._hint
        )

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Put right what the last run left behind, then begin to watch."""
        for target in self.site.targets.values():
            os.makedirs(f"{target.folder}/{STAGED_FOLDER}", exist_ok=True)
        for intake in self.intakes.values():
            self._guarded(intake.route, intake.prepare)
        recovery = Recovery(self.site, self.journal, self.intakes)
        self.unfinished = self._completer.complete(recovery.settled(), fresh=False)
        for route, drop in recovery.claimed():
            self.hand_in(route, drop)
        recovery.tidy()
        self._watch.start()

    def stop_taking(self) -> None:
        """Take nothing new; what is in hand is finished."""
        self._taking = False

    def wake(self) -> None:
        """Go round now. Safe in signal handlers and other threads."""
        os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """End workers and watchers. Files that were claimed stay claimed; the next start goes on with them."""
        self._watch.stop()
        self.dispatcher.close()
        os.close(self._wake)

    @property
    def idle(self) -> bool:
        """Nothing to do until something arrives, a pause ends or a person acts."""
        queued = any(not stream.idle for stream in self.dispatcher.streams)
        hinted = any(intake.has_hints for intake in self.intakes.values())
        return not (self.dispatcher.in_hand or queued or self.unfinished or hinted)

    def step(self) -> None:
        """Go round once; waits until there is something to do, one second at most."""
        self.progress_at = now = time.monotonic()
        if self._taking:
            for intake in self.intakes.values():
                self._take(intake, now)
            self.dispatcher.hand_out(self.handling.paused(now))
        self.dispatcher.wait(self._wake, self._patience())
        with suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        for stream, handled in self.dispatcher.collect():
            self._sort(stream, handled)
        for stream in self.dispatcher.streams:
            if stream.wants_commit(worker_busy=self.dispatcher.is_busy(stream)):
                self._commit(stream)
        if self.unfinished and time.monotonic() >= self._complete_at:
            self._complete([unfinished.drop for unfinished in self.unfinished], fresh=False)

    def _patience(self) -> float:
        now = time.monotonic()
        if any(stream.results for stream in self.dispatcher.streams):
            return 0.02
        moments = [*self._scan_at.values(), *(intake.next_look() or now + 1 for intake in self.intakes.values())]
        return max(0.0, min(_LONGEST_WAIT, min(moments, default=now + 1) - now))

    # ── what others of this room may ask for ──────────────────────────────────────────────────────────────────────

    def mend_watches(self) -> list[str]:
        """Watch again what was replaced; returns the folders that cannot be watched."""
        return self._watch.mend()

    def block(self, target: str, *, blocked: bool) -> None:
        """Back-pressure: routes that have written to this target take nothing new while it is full."""
        (self._full.add if blocked else self._full.discard)(target)

    def hand_in(self, route: str, drop: DropRef) -> None:
        """Handle a file that a person has brought back."""
        self.dispatcher.push(self._routes[route], [drop])

    def lay_down(self, drop: Settled) -> None:
        """Complete a drop that is committed already."""
        self._complete([drop], fresh=False)

    @property
    def is_expecting(self) -> bool:
        """Files lie in an inbox that are not known to be complete yet."""
        return any(intake.next_look() is not None for intake in self.intakes.values())

    @property
    def is_held_up(self) -> bool:
        """All that could be done waits for a pause to end."""
        now = time.monotonic()
        paused = self.handling.paused(now) | self.taking.paused(now)
        queues = [stream.queues.items() for stream in self.dispatcher.streams]
        return not self.dispatcher.in_hand and all(
            route in paused for items in queues for route, queue in items if queue
        )

    # ── taking ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _hint(self, folder: str, name: str | None) -> None:
        if name is None:
            self._scan_at[self._by_folder[folder].route.name] = 0.0
        else:
            self._by_folder[folder].hint(name)
        self.wake()

    def scan_all(self) -> None:
        """Look at every folder in the next round."""
        for name in self._scan_at:
            self._scan_at[name] = 0.0

    def _take(self, intake: Intake, now: float) -> None:
        route = intake.route
        if self.taking.is_paused(route.name, now) or self.handling.is_paused(route.name, now) or self.disk_low:
            return
        if self._full & self._written_by.get(route.name, set()):
            return
        room = _BACKLOG_GROUPS * self.site.limits.group_files - self.dispatcher.stream(route.name).backlog(route.name)
        if room > 0:
            self._guarded(route, lambda: self._take_ready(intake, now, room))

    def _take_ready(self, intake: Intake, now: float, room: int) -> None:
        name = intake.route.name
        ready = intake.hinted(now, room)
        look = intake.next_look()
        if now >= self._scan_at[name] or (look is not None and now >= look):
            intake.check_present()
            settings = intake.route
            gap = settings.poll_seconds if settings.watch == "poll" else self.site.limits.rescan_seconds
            self._scan_at[name] = now + gap
            self._resume(self.taking, name)
            ready = list(dict.fromkeys([*ready, *intake.scan(now)]))
        if ready:
            self._claim(intake, ready, room)
            if len(ready) > room:
                self._scan_at[name] = 0.0

    def _claim(self, intake: Intake, names: Sequence[str], room: int) -> None:
        route = intake.route.name
        claimed = intake.claim(names, now_ms(), room)
        if not claimed:
            return
        try:
            self.journal.claim([_claim_row(route, drop) for drop in claimed])
        except Exception:
            for drop in claimed:
                intake.give_back(drop)
            raise
        self.dispatcher.push(intake.route, [DropRef(c.id, c.path, c.name, c.claimed_at) for c in claimed])

    def _guarded(self, route: Route, act: Callable[[], None]) -> None:
        """Let a route act; what stands in its way pauses this route and no other."""
        try:
            act()
        except TransportError as error:
            self._pause(self.taking, route.name, str(error))

    def _pause(self, pauses: Pauses, route: str, reason: str) -> None:
        delay = pauses.pause(route, reason, time.monotonic())
        self.journal.set_route(route, paused_until=now_ms() + round(delay * 1000), pause_reason=reason)
        logger.warning("route {} pauses for {:.0f} s: {}", route, delay, reason)

    # ── handling ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _sort(self, stream: Stream, handled: Handled) -> None:
        """Where an outcome goes: most are committed, the rest wait or are tried again."""
        outcome, drop, route = handled.outcome, handled.drop, handled.route.name
        self.outcomes[outcome.fate] = self.outcomes.get(outcome.fate, 0) + 1
        match outcome.fate:
            case "retry":
                stream.push_back(route, [again(drop)])
                self._pause(self.handling, route, outcome.trouble)
            case "canary":
                self.on_canary(handled)
            case "companions":
                self._bring_companions(stream, handled)
            case "waiting":
                self._park(stream, Waiting(handled.route, again(drop), outcome.problems[0]))
            case _:
                stream.add_result(handled)

    # ── waiting ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _bring_companions(self, stream: Stream, handled: Handled) -> None:
        intake, drop = self.intakes[handled.route.name], handled.drop
        taken = intake.claim_companions(drop.id, handled.outcome.companions)
        if taken is None:
            problem = file_problems.attachment_missing(handled.outcome.companions[0])
            self._park(stream, Waiting(handled.route, again(drop), problem, handled.outcome.companions))
        else:
            stream.push_back(handled.route.name, [replace(again(drop), companions={**drop.companions, **taken})])

    def _park(self, stream: Stream, waiting: Waiting) -> None:
        drop = waiting.drop
        if now_ms() - drop.claimed_at > waiting.route.wait_seconds * 1000:
            stream.add_result(Handled(waiting.route, drop, Outcome(drop.id, "held", problems=(waiting.problem,))))
            return
        stream.waiting.append(waiting)
        self.journal.note([{"b_id": drop.id, "b_state": "waiting", "b_report": report_of((waiting.problem,), ())}])

    def look_after_waiting(self) -> None:
        """Attachments may have come, or the time to wait may be over."""
        for stream in self.dispatcher.streams:
            if stream.waiting and stream.idle:
                stream.wake_waiting()

    # ── making it true ────────────────────────────────────────────────────────────────────────────────────────────

    def _commit(self, stream: Stream) -> None:
        group, stream.results = stream.results, []
        for handled in group:
            if handled.outcome.trouble:
                logger.error("drop {} ({}): {}", handled.drop.id, handled.drop.name, handled.outcome.trouble)
        try:
            settled = self._committer.commit(group)
        except TransportError as error:
            self._take_back(stream, group, str(error))
            return
        for route in {handled.route.name for handled in group}:
            self._resume(self.handling, route)
        self._complete(settled, fresh=True)
        if any(drop.state == "committed" for drop in settled):
            stream.wake_waiting()

    def _take_back(self, stream: Stream, group: Sequence[Handled], reason: str) -> None:
        """Nothing has happened: these files are handled again, later."""
        self.dispatcher.take_back(stream, group)
        for route in {handled.route.name for handled in group}:
            self._pause(self.handling, route, reason)

    def _resume(self, pauses: Pauses, route: str) -> None:
        if pauses.resume(route):
            self.journal.set_route(route, paused_until=None, pause_reason=None)

    def _complete(self, drops: Sequence[Settled], *, fresh: bool) -> None:
        for drop in drops:
            self._written_by.setdefault(drop.route, set()).update(made.target for made in drop.publications)
        failed = self._completer.complete(drops, fresh=fresh)
        tried = {drop.drop_id for drop in drops}
        self.unfinished = [*(left for left in self.unfinished if left.drop.drop_id not in tried), *failed]
        for left in failed:
            logger.warning("results of drop {} cannot be laid down yet: {}", left.drop.drop_id, left.reason)
        self._complete_at = time.monotonic() + _COMPLETE_AGAIN_SECONDS


def _ignore(_handled: Handled) -> None:
    """Nobody looks after canaries, so none is sent."""


def _claim_row(route: str, drop: Claimed) -> dict[str, object]:
    return {
        "id": drop.id,
        "route": route,
        "name": visible_name(drop.name),
        "size": drop.size,
        "mtime_ns": drop.mtime_ns,
        "state": "claimed",
        "claimed_at": drop.claimed_at,
    }
