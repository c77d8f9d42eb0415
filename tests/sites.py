"""A real site in a temporary folder, and a running engine over it that tests drive round by round."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.readiness import FOLDERS_OF_SYSTEMS
from core.site import Limits, Route, Site, Target
from spool.archive.checking import verify
from spool.engine import Engine
from spool.folders.ownership import OWNER_FILE
from spool.health.alerts import Health
from spool.identifiers import now_ms
from spool.inbox.intake import OWN_FOLDERS
from spool.journal.database import upgrade
from spool.journal.store import Journal
from spool.journal.tables import ledger
from spool.results.committing import NOTE_SUFFIX
from spool.verbs.control import Control
from spool.work.worker import WorkerSetup
from tests.plugins.formats import lines, table
from tests.plugins.handlers import echo

FORMATS, HANDLERS = "tests.plugins.formats", "tests.plugins.handlers"
DEADLINE = 60.0
LIMITS = Limits(
    workers=1, worker_bytes=400_000_000, worker_seconds=20.0, rescan_seconds=0.2, canary_seconds=0.0, free_bytes=0
)


def a_route(root: Path, name: str = "in", **more: Any) -> Route:
    """A route with the test formats, quick and by events unless said otherwise."""
    values: dict[str, Any] = {
        "name": name,
        "folder": root / "inbox" / name,
        "formats": {"lines": lines.Settings(), "table": table.Settings()},
        "handler": "echo",
        "handler_settings": echo.Settings(),
        "settle_seconds": 0.1,
        "poll_seconds": 0.05,
        "retry_first_seconds": 0.05,
        "retry_most_seconds": 0.2,
        "companions": ("*.pdf",),
    }
    return Route(**{**values, **more})


def a_target(root: Path, name: str = "out", **more: Any) -> Target:
    return Target(**{"name": name, "folder": root / "outbox" / name, **more})


def a_site(root: Path, *routes: Route, targets: tuple[Target, ...] = (), **limits: Any) -> Site:
    """A site below ``root``: one route "in" and one target "out" unless others are handed in."""
    return Site(
        name="Test",
        archive=root / "archive",
        state=root / "state",
        journal_url=f"sqlite:///{root}/state/journal.sqlite3",
        timezone="Europe/Vienna",
        routes=routes or (a_route(root),),
        targets={target.name: target for target in targets or (a_target(root),)},
        limits=replace(LIMITS, **limits),
    )


def two_workers(root: Path) -> Site:
    """The usual site with two workers."""
    return a_site(root, workers=2)


class Running:
    """An engine at work, with everything that ``service`` puts around it; tests call ``until``."""

    def __init__(self, site: Site, formats: str = FORMATS, handlers: str = HANDLERS) -> None:
        """``formats`` and ``handlers`` are the packages of the plugins, by default those of the tests."""
        self.site = site
        self.root = site.state.parent
        self.setup = WorkerSetup(site, formats, handlers)
        for folder in (site.archive, site.state):
            folder.mkdir(parents=True, exist_ok=True)
        upgrade(site.journal_url)
        self.journal = Journal(site.journal_url)
        self.engine = Engine(self.setup, self.journal)
        self.engine.start()
        self.health, self.control = Health(self.engine), Control(self.engine)
        self.stopped = False
        self._pace = threading.Event()
        self._pacemaker = threading.Thread(target=self._keep_pace, daemon=True)
        self._pacemaker.start()
        self._look_at = 0.0

    # ── going round ──────────────────────────────────────────────────────────────────────────────────────────────

    def _keep_pace(self) -> None:
        """Wake the engine often, so that a test looks at its condition often."""
        while not self._pace.wait(0.03):
            with suppress(OSError):
                self.engine.wake()

    def step(self) -> None:
        self.engine.step()
        self.control._next = 0.0
        self.control.look()
        if time.monotonic() >= self._look_at:  # health looks more often than in real life
            self._look_at = time.monotonic() + 0.1
            for what in ("look", "folders", "mend"):
                self.health._next.pop(what, None)
        self.health.look()

    def until(self, condition: Callable[[], object], seconds: float = DEADLINE) -> None:
        """Go round until the condition holds; fail with what lies where if it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited for {seconds} s:\n{self.picture()}")
            self.step()

    def until_archived(self, count: int, seconds: float = DEADLINE) -> None:
        self.until(lambda: self.count("archived") >= count, seconds)

    def for_a_while(self, seconds: float) -> None:
        """Go round for some time, where nothing is expected to happen."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.step()

    def rounds_in(self, seconds: float) -> int:
        """How often the engine goes round by itself in some time."""
        self._pace.set()
        deadline, rounds = time.monotonic() + seconds, 0
        while time.monotonic() < deadline:
            self.engine.step()
            rounds += 1
        return rounds

    def stop(self) -> None:
        self.stopped = True
        self._pace.set()
        self._pacemaker.join()  # what it writes to shall not be another's descriptor by then
        self.engine.close()
        self.journal.close()

    # ── dropping and looking ─────────────────────────────────────────────────────────────────────────────────────

    def inbox(self, route: str = "in") -> Path:
        return next(found.folder for found in self.site.routes if found.name == route)

    def outbox(self, target: str = "out") -> Path:
        return self.site.targets[target].folder

    def drop(self, name: str, content: str | bytes, route: str = "in") -> Path:
        """Write a file into an inbox as a careful sender does: hidden first, then renamed."""
        path = self.inbox(route) / name
        hidden = path.with_name(".writing")
        hidden.write_bytes(content if isinstance(content, bytes) else content.encode())
        hidden.rename(path)
        return path

    def drop_until_archived(self, name: str) -> None:
        """Drop a file, and wait until it has gone through."""
        self.drop(name, f"{name}\n")
        self.until_archived(self.count("archived") + 1)

    def rejected(self, route: str = "in") -> set[str]:
        return visible(self.inbox(route) / "rejected")

    def held(self, route: str = "in") -> set[str]:
        return visible(self.inbox(route) / "held")

    def waiting(self, route: str = "in") -> set[str]:
        return visible(self.inbox(route)) - OWN_FOLDERS

    def outputs(self, target: str = "out") -> dict[str, str]:
        return {name: (self.outbox(target) / name).read_text() for name in sorted(visible(self.outbox(target)))}

    def note(self, name: str, folder: str = "rejected", route: str = "in") -> str:
        return (self.inbox(route) / folder / (name + NOTE_SUFFIX)).read_bytes().decode("utf-8-sig")

    def rows(self, state: str | None = None) -> list[dict[str, Any]]:
        return [row for row in reversed(self.journal.latest(100_000)) if state is None or row["state"] == state]

    def count(self, state: str) -> int:
        return len(self.rows(state))

    def row(self, name: str) -> Mapping[str, Any]:
        """The latest drop of this name."""
        return next(row for row in self.journal.latest(100_000) if row["name"] == name)

    def ledger(self, kind: str) -> dict[str, str]:
        """Bodies of all entries of a kind, by key."""
        query = select(ledger.c.key, ledger.c.body).where(ledger.c.kind == kind)
        return {row["key"]: row["body"] for row in self.journal.stream(query)}

    def ask(self, verb: str, drop_id: str) -> int:
        return self.journal.ask(verb, drop_id, "test", now_ms())

    def alerts(self) -> dict[str, str]:
        return {row["code"]: row["text"] for row in self.journal.alerts()}

    def leftovers(self) -> list[str]:
        """Hidden files of the engine that should not outlive a quiet moment."""
        hidden = [target.folder / ".staged" for target in self.site.targets.values()]
        hidden += [route.folder / ".work" for route in self.site.routes]
        found = [
            str(path) for folder in hidden if folder.exists() for path in folder.iterdir() if path.name != OWNER_FILE
        ]
        return found + [str(path) for path in self.site.state.iterdir() if path.suffix == ".ledger"]

    def findings(self) -> list[str]:
        """What is wrong with the archive."""
        return [str(finding) for finding in verify(self.site.archive, self.journal.head)]

    def picture(self) -> str:
        files = "\n".join(str(path.relative_to(self.root)) for path in sorted(self.root.rglob("*")))
        rows = "\n".join(str({key: row[key] for key in ("id", "name", "state", "report")}) for row in self.rows())
        return f"{files}\n{rows}\n{self.journal.alerts()}"


def visible(folder: Path) -> set[str]:
    """Names that people see in a folder."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return {name for name in names - FOLDERS_OF_SYSTEMS if not name.startswith(".")}
