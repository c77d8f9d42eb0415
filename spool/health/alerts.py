"""Is the site well? Sends the canaries, compares what should be with what is, opens and clears alerts."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from loguru import logger

from core.errors import TransportError
from core.readiness import FOLDERS_OF_SYSTEMS
from core.site import Route, Target
from spool.canary import remove_canary, send_canary
from spool.engine import Engine
from spool.folders.durable import sync_paths
from spool.folders.places import SENT_FOLDER
from spool.folders.reach import check_answers
from spool.health.forgotten import forgotten
from spool.identifiers import now_ms
from spool.results.committing import Handled

_LOOK_SECONDS = 1.0
_FOLDERS_SECONDS = 5.0
_MEND_SECONDS = 60.0
_CANARY_LATE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Canary:
    path: str
    at: float
    """When it was sent (monotonic)."""


class Health:
    """Looks after one engine; call ``look`` in every round."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._site = engine.site
        self._journal = engine.journal
        self._zone = ZoneInfo(self._site.timezone)
        self._open = {(row["code"], row["subject"]): row["text"] for row in self._journal.alerts()}
        self._next: dict[str, float] = {}
        self._canaries: dict[str, _Canary] = {}
        """The last one of a route that has not come back yet."""
        self._last_drop = {name: row["last_drop_at"] or 0 for name, row in self._journal.routes().items()}
        engine.on_canary = self._canary_came
        known = {route.name for route in self._site.routes} | self._site.targets.keys() | self._places()
        known |= {self._site.name, *(place.name for place in self._site.remote)}
        for code, subject in list(self._open):
            if subject not in known:
                self._alert(code, subject, None)  # its route or target is no longer configured

    def look(self) -> bool:
        """Do what is due; returns True when it was time to look, which also says that the loop goes round."""
        if not self._is_due("look", _LOOK_SECONDS):
            return False
        self._engine.look_after_waiting()
        if self._is_due("folders", _FOLDERS_SECONDS):
            self._look_at_disks()
            self._engine.look_at_destinations()
            self._alert("away", str(self._site.archive), self._engine.destinations.archive_trouble)
            self._alert("workers", self._site.name, self._engine.dispatcher.trouble or None)
            for target in self._site.targets.values():
                self._look_at_target(target)
            for route in self._site.routes:
                self._look_at_route(route)
        if self._is_due("mend", _MEND_SECONDS):
            self._look_at_watches()
            self._look_at_forgotten()
        if self._site.limits.canary_seconds > 0:
            self._look_at_canaries()
        return True

    def _is_due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every
        return True

    # ── folders and disks ─────────────────────────────────────────────────────────────────────────────────────────

    def _places(self) -> set[str]:
        folders = (self._site.archive, self._site.state, *(target.folder for target in self._site.targets.values()))
        return {str(folder) for folder in folders}

    def _look_at_disks(self) -> None:
        places = self._places()
        low = []
        for place in sorted(places):
            with suppress(OSError, TransportError):
                check_answers(place)
                disk = os.statvfs(place)
                if disk.f_bavail * disk.f_frsize < self._site.limits.free_bytes:
                    low.append(place)
        for place in places:
            self._alert("disk-low", place, "too little free space; nothing new is taken" if place in low else None)
        self._engine.disk_low = bool(low)

    def _look_at_target(self, target: Target) -> None:
        trouble = self._engine.destinations.trouble.get(target.name)
        self._alert("away", target.name, trouble)
        if trouble:
            return
        waiting, oldest = _waiting_files(target.folder)
        full = waiting >= target.most_waiting
        self._engine.block(target.name, blocked=full)
        self._alert("outbox-full", target.name, f"{waiting} files wait to be picked up" if full else None)
        late = waiting and 0 < target.pickup_seconds < time.time() - oldest
        since = datetime.fromtimestamp(oldest, tz=self._zone).strftime("%Y-%m-%d %H:%M")
        self._alert(
            "not-picked-up", target.name, f"nobody has picked up {waiting} files since {since}" if late else None
        )

    def _look_at_route(self, route: Route) -> None:
        intake = self._engine.intakes[route.name]
        self._alert("paused", route.name, self._engine.reason_of_pause(route.name))
        stuck = ", ".join(f"{name}: {why}" for name, why in sorted(intake.stuck.items())[:5])
        self._alert("cannot-take", route.name, stuck or None)
        folders = ", ".join(sorted(intake.directories)[:5])
        self._alert("folder-dropped", route.name, f"folders are not processed: {folders}" if folders else None)
        unfinished = ", ".join(sorted(intake.unfinished)[:5])
        text = f"uploads that have not come to their end: {unfinished}; ask who sends them, or delete them"
        self._alert("unfinished", route.name, text if unfinished else None)
        alone = ", ".join(sorted(intake.attachments.alone)[:5])
        text = f"attachments that no file names: {alone}; ask who dropped them, then move them away"
        self._alert("attachment-alone", route.name, text if alone else None)
        self._last_drop[route.name] = max(self._last_drop[route.name], intake.last_claim)
        bug = self._engine.bugs.get(route.name)
        text = f"drop {bug} met a bug of ours; the log has the traceback"
        self._alert("bug", route.name, text if bug else None)
        self._alert("overdue", route.name, self._overdue(route))
        lost = [left for left in self._engine.unfinished if left.drop.route == route.name]
        self._alert("not-published", route.name, lost[0].reason if lost else None)

    def _overdue(self, route: Route) -> str | None:
        now = datetime.now(tz=self._zone)
        if route.due_by is None or now.weekday() not in route.due_days or now.time() < route.due_by:
            return None
        last = datetime.fromtimestamp(self._last_drop[route.name] / 1000, tz=self._zone)
        return None if last.date() == now.date() else f"no file has come today; it is due by {route.due_by:%H:%M}"

    def _look_at_watches(self) -> None:
        deaf = self._engine.mend_watches()
        for route in self._site.routes:
            self._alert("not-watched", route.name, deaf.get(str(route.folder)))

    def _look_at_forgotten(self) -> None:
        found = forgotten(self._site, self._journal)
        for subject in {*found, *(subject for code, subject in self._open if code == "forgotten")}:
            self._alert("forgotten", subject, found.get(subject))

    # ── canaries ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _look_at_canaries(self) -> None:
        now = time.monotonic()
        for route in self._site.routes:
            sent = self._canaries.get(route.name)
            late = sent is not None and now - sent.at > _CANARY_LATE_SECONDS
            if late:
                self._alert("canary", route.name, "the last canary has not come through")
            if (late or sent is None) and self._is_due(f"canary {route.name}", self._site.limits.canary_seconds):
                self._send(route, now)

    def _send(self, route: Route, now: float) -> None:
        earlier = self._canaries.pop(route.name, None)
        try:
            if earlier is not None:  # one that got lost must not be waited for, nor may they pile up
                Path(earlier.path).unlink(missing_ok=True)
            path = send_canary(str(route.folder), now_ms())
        except OSError as error:
            self._alert("canary", route.name, f"a canary cannot be dropped: {error.strerror}")
        else:
            self._canaries[route.name] = _Canary(path, now)

    def _canary_came(self, handled: Handled) -> None:
        """A canary has come back from its worker: make it durable like a result, then remove every trace."""
        paths = [output.path for output in handled.outcome.outputs]
        try:
            sync_paths(paths, {os.path.dirname(path) for path in paths})
        except OSError as error:
            self._alert("canary", handled.route.name, f"results cannot be written: {error.strerror}")
            return
        remove_canary(handled.drop, handled.outcome)
        self._canaries.pop(handled.route.name, None)
        with suppress(TransportError):  # told to people only; a restart forgets the drop too
            self._journal.forget([handled.drop.id])
            self._journal.set_route(handled.route.name, canary_at=now_ms())
            self._alert("canary", handled.route.name, None)

    # ── alerts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def tell(self, code: str, subject: str, text: str | None) -> None:
        """Somebody else has looked: open, renew or clear an alert."""
        self._alert(code, subject, text)

    def _alert(self, code: str, subject: str, text: str | None) -> None:
        """Open, renew or clear an alert; only a change is written and logged."""
        known = self._open.get((code, subject))
        if text == known:
            return
        if text is None:
            self._journal.clear_alert(code, subject)
            del self._open[code, subject]
            logger.info("alert over: {} {}", code, subject)
            return
        self._journal.raise_alert(code, subject, text, now_ms())
        self._open[code, subject] = text
        if known is None:
            logger.warning("alert: {} {}: {}", code, subject, text)


def _waiting_files(folder: Path) -> tuple[int, float]:
    """Number of visible files in a folder, and since when the oldest lies there."""
    found = list(_arrivals(folder))
    return len(found), min(found, default=time.time())


def _arrivals(folder: Path) -> Iterator[float]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.name.startswith(".") or entry.name in FOLDERS_OF_SYSTEMS | {SENT_FOLDER}):
                with suppress(FileNotFoundError):
                    yield entry.stat(follow_symlinks=False).st_ctime
