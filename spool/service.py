"""Running an engine: as a service until somebody stops it, or once over what is waiting."""

import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import FrameType

from loguru import logger

from core.errors import ConfigError, JournalError, TransportError
from spool.engine import Engine
from spool.health.alerts import Health
from spool.health.garbage import Garbage
from spool.health.notify import Notifier
from spool.instance import only_one
from spool.journal.store import Journal
from spool.remote.places import RemotePlaces
from spool.repair.soundness import make_ready
from spool.schedule import Schedule
from spool.verbs.control import Control
from spool.verbs.withdrawing import Withdrawals
from spool.work.worker import WorkerSetup

_REST_SECONDS = 2.0
_DOUBT_SECONDS = 10.0
"""How long a journal may look damaged before it is believed."""


class _Signals:
    """Signal handlers only set flags; the loop acts."""

    def __init__(self) -> None:
        self.stop = False
        self.reload = False
        self.wake: Callable[[], None] = lambda: None
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._reload)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop = True
        self.wake()

    def _reload(self, _number: int, _frame: FrameType | None) -> None:
        self.reload = True
        self.wake()


def serve(configure: Callable[[], WorkerSetup]) -> None:
    """Serve until SIGTERM or SIGINT. SIGHUP calls ``configure`` again: a wrong configuration changes nothing.

    Raise ConfigError when the first configuration is wrong, AlreadyRunning when the site is taken, JournalError when
    the journal is not to be believed.
    """
    notifier, signals = Notifier(), _Signals()
    setup = configure()
    with only_one(setup.site.state):
        make_ready(setup.site, thoroughly=True)
        while not signals.stop:
            setup = _serve_one(setup, configure, notifier, signals)
    notifier.send("STOPPING=1")
    logger.info("stopped")


def _serve_one(
    setup: WorkerSetup, configure: Callable[[], WorkerSetup], notifier: Notifier, signals: _Signals
) -> WorkerSetup:
    """Serve one configuration; returns the next one."""
    journal = Journal(setup.site.journal_url)
    engine = Engine(setup, journal)
    signals.wake = engine.wake
    remote = RemotePlaces(setup, engine)
    try:
        engine.start()
        looks = (Control(engine).look, Schedule(engine).look, Withdrawals(engine).look)
        remote.start()
        health, garbage = Health(engine), Garbage()
        logger.info("{} is at work on {} routes", setup.site.name, len(setup.site.routes))
        notifier.send("READY=1", f"STATUS=at work on {len(setup.site.routes)} routes")
        following: WorkerSetup | None = None
        while following is None and not signals.stop:
            _round(engine, health, looks, remote, notifier)
            garbage.look()
            if signals.reload:
                signals.reload = False
                following = _reconfigured(setup, configure, notifier)
        _finish(engine)
        return following or setup
    finally:
        signals.wake = lambda: None
        remote.stop()
        engine.close()
        journal.close()


def _round(
    engine: Engine,
    health: Health,
    looks: Iterable[Callable[[], None]],
    remote: RemotePlaces,
    notifier: Notifier,
) -> None:
    """One round. Without its journal the daemon can do nothing but wait; no file is touched meanwhile."""
    try:
        engine.step()
        for look in looks:
            look()
        healthy = health.look()
        if healthy:
            remote.look(health.tell)
    except TransportError as error:
        logger.error("{}; trying again", error)
        engine.rest(_REST_SECONDS)
        healthy = True
    except JournalError as error:
        _look_again(engine, error)
        healthy = True
    if healthy and notifier.watchdog_seconds:
        notifier.send("WATCHDOG=1")


def _look_again(engine: Engine, error: JournalError) -> None:
    """A disk that fails for a while makes a whole journal look damaged. Raise the error when it stays so."""
    deadline = time.monotonic() + _DOUBT_SECONDS
    while error.doubtful and time.monotonic() < deadline:
        logger.error("{} Looking again", error)
        engine.rest(_REST_SECONDS)
        with suppress(JournalError, TransportError):
            engine.journal.prove()
            logger.warning("the journal is whole after all: the disk had failed")
            return
    raise error


def _reconfigured(setup: WorkerSetup, configure: Callable[[], WorkerSetup], notifier: Notifier) -> WorkerSetup | None:
    try:
        following = configure()
    except ConfigError as error:
        logger.error("the new configuration is wrong, the old one stays:\n{}", error)
        notifier.send("STATUS=the new configuration is wrong, the old one stays")
        return None
    if (following.site.state, following.site.journal_url) != (setup.site.state, setup.site.journal_url):
        logger.error("folders.state and journal.url take effect at a restart only; the old configuration stays")
        return None
    logger.info("configuration read again")
    return following


def _finish(engine: Engine) -> None:
    """Let the current group come to its end; what is only claimed is gone on with at the next start."""
    engine.stop_taking()
    deadline = time.monotonic() + engine.site.limits.worker_seconds
    while engine.dispatcher.in_hand and time.monotonic() < deadline:
        try:
            engine.step()
        except TransportError as error:  # what cannot be committed now is handled again at the next start
            logger.error("{}; trying again", error)
            engine.rest(_REST_SECONDS)


def once(setup: WorkerSetup) -> bool:
    """Take what is waiting, here and outside, finish it, return. True when nothing was rejected, held or in the way."""
    with only_one(setup.site.state):
        make_ready(setup.site, thoroughly=True)
        journal = Journal(setup.site.journal_url)
        engine = Engine(setup, journal)
        try:
            engine.start()
            remote = RemotePlaces(setup, engine)
            reached = remote.once(collect=True)
            Schedule(engine).look()
            control, withdrawals = Control(engine), Withdrawals(engine)
            engine.taking.scan_all()
            control.carry_out()
            _until_idle(engine)
            withdrawals.ask()
            while control.carry_out():
                _until_idle(engine)
            engine.stop_taking()
            reached = remote.once(collect=False) and reached
            if not reached or engine.has_waiting or (engine.is_held_up and not engine.idle):
                return False
            return not engine.outcomes.keys() & {"rejected", "bug", "held", "unclear", "duplicate"}
        finally:
            engine.close()
            journal.close()


def _until_idle(engine: Engine) -> None:
    """Go on until nothing is left that can be done now, nor a file that may be complete in a moment."""
    settle = max((max(route.settle_seconds, route.patience_seconds) for route in engine.site.routes), default=0.0)
    engine.step()
    looked_at, is_late = time.monotonic(), False
    while not (engine.idle or engine.is_held_up) or (engine.taking.is_expecting and not is_late):
        # the last look begins when all has had its time: on a busy machine a step may take longer than a file needs
        is_late = time.monotonic() - looked_at > 2 * settle
        engine.step()
        if not engine.idle:
            looked_at, is_late = time.monotonic(), False
