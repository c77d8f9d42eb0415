"""Dooms: at which moment of its life a daemon ends itself with SIGKILL. Nothing of the product knows of them.

``point NAME before|after N`` is the n-th call of a named function. ``event N`` names no place at all: every call that
is about to change a folder (an audit hook sees them all), every statement that is about to be sent to the journal and
every commit of it is one event, so a life that ends at event 1, at event 2 and so on to the last one has crashed at
every step. ``worker N`` is the n-th event of a worker process, of the first one that comes so far.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

import spool.inbox.claiming
import spool.results.committing
import spool.results.publishing
from spool.archive.filing import Archive
from spool.journal.store import Journal
from spool.repair.recovery import Recovery
from spool.results.completing import Completer
from spool.verbs.control import _Back
from spool.work.waiting import WaitingRoom

POINTS: dict[str, tuple[Any, str]] = {
    "link of a claim": (spool.inbox.claiming, "link_new"),
    "claim": (spool.inbox.claiming, "remove_old_name"),
    "note the claim": (Journal, "claim"),
    "bring attachments": (WaitingRoom, "bring_companions"),
    "let wait": (WaitingRoom, "park"),
    "sync what is staged": (spool.results.committing, "sync_paths"),
    "commit": (Journal, "commit"),
    "publish": (spool.results.publishing, "link_new"),
    "archive": (Archive, "place"),
    "chain": (Archive, "_commit"),
    "finish the archive's group": (Archive, "_finish"),
    "sync what is visible": (Completer, "_sync_visible"),
    "note the end": (Journal, "finish"),
    "tidy": (Completer, "_tidy"),
    "recover what is settled": (Recovery, "settled"),
    "recover what is claimed": (Recovery, "claimed"),
    "tidy after the recovery": (Recovery, "tidy"),
    "link back": (_Back, "link"),
    "reopen": (Journal, "reopen"),
    "take away": (_Back, "take_away"),
    "answer": (Journal, "answer"),
}
Doom = Sequence[str | int]
"""For example ``("point", "commit", "before", 1)``, ``("event", 17)``, ``("worker", 3)``."""

_CHANGES = frozenset(
    f"os.{name}" for name in ("link", "rename", "remove", "mkdir", "rmdir", "symlink", "truncate", "chmod", "utime")
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_MARK = "died-in-a-worker"


def arm(doom: Doom, root: Path) -> None:
    """Choose the moment at which this process, or one that it starts, will end."""
    match list(doom):
        case ["point", str(name), str(when), int(nth)]:
            _arm_point(name, when, nth)
        case ["event", int(nth)]:
            on_event(_at(nth, _die))
        case ["worker", int(nth)]:
            daemon, mark = os.getpid(), root / "state" / _MARK
            mark.unlink(missing_ok=True)
            on_event(_at(nth, lambda: _die_once(mark)), unless=daemon)
        case _:
            raise ValueError(f"no such doom: {doom}")


def _arm_point(point: str, when: str, nth: int) -> None:
    owner, name = POINTS[point]
    original = getattr(owner, name)
    calls = itertools.count(1)

    def deadly(*arguments: Any, **named: Any) -> Any:
        is_last = next(calls) == nth
        if is_last and when == "before":
            _die()
        result = original(*arguments, **named)
        if is_last:
            _die()
        return result

    setattr(owner, name, deadly)


def on_event(act: Callable[[], None], unless: int = 0) -> None:
    """Call ``act`` before every event; only in this process, or in every other one than ``unless``."""
    only = 0 if unless else os.getpid()
    is_inside = False

    def come() -> None:
        nonlocal is_inside
        if not is_inside and os.getpid() != unless and os.getpid() == (only or os.getpid()):
            is_inside = True
            try:
                act()
            finally:
                is_inside = False

    def seen(what: str, arguments: tuple[Any, ...]) -> None:
        if what in _CHANGES or (what == "open" and _is_writing(*arguments)):
            come()

    def sent(*_arguments: Any) -> None:
        come()

    sys.addaudithook(seen)
    event.listen(Engine, "before_cursor_execute", sent)
    event.listen(Engine, "commit", sent)


def _is_writing(path: Any, _mode: Any, flags: Any) -> bool:
    return isinstance(path, str) and isinstance(flags, int) and bool(flags & _WRITES) and not path.startswith("/dev/")


def _at(nth: int, act: Callable[[], None]) -> Callable[[], None]:
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == nth:
            act()

    return step


def _die_once(mark: Path) -> None:
    """End this worker, unless another one has done so already: twice over one file would be that file's fault."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
