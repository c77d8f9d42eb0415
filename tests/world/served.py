"""A test site that a process of its own serves, as seen from outside: its folders, its journal, its log."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import TransportError
from spool.archive.checking import verify
from spool.journal.store import Journal
from tests.sites import visible
from tests.world.serving import site_of

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 120.0
_PACE = threading.Event()


class Served:
    """One daemon over one site."""

    def __init__(
        self,
        root: Path,
        differs: Mapping[str, Any],
        *,
        before: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """``before`` is put before the command, to start it with other rights for instance."""
        self.site = site_of(root, dict(differs))
        self._journal: Journal | None = None
        root.mkdir(parents=True, exist_ok=True)
        self.log = root.parent / f"{root.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*before, sys.executable, "-m", "tests.world.serving", root, json.dumps(differs)],
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdout=log,
                stderr=log,
            )

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition; the process must live meanwhile."""
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.log.read_text()}\n{self.alerts()}\n{self.states()}")
            _PACE.wait(0.03)

    def until_at_work(self) -> None:
        self.until(lambda: "is at work on" in self.log.read_text())

    def drop(self, name: str, content: str, route: int = 0) -> None:
        folder = self.site.routes[route].folder
        hidden = folder / f".writing-{name}"
        hidden.write_text(content)
        hidden.rename(folder / name)

    @property
    def journal(self) -> Journal:
        if self._journal is None:
            self._journal = Journal(self.site.journal_url)
        return self._journal

    def states(self) -> dict[str, str]:
        """State of every drop by name; nothing as long as there is no journal."""
        try:
            return {row["name"]: row["state"] for row in self.journal.latest(100_000)}
        except TransportError:
            return {}

    def alerts(self) -> dict[str, str]:
        try:
            return {row["code"]: row["text"] for row in self.journal.alerts()}
        except TransportError:
            return {}

    def outputs(self, target: str = "out") -> set[str]:
        return visible(self.site.targets[target].folder)

    def findings(self) -> list[str]:
        return [str(finding) for finding in verify(self.site.archive, self.journal.head)]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self._journal is not None:
            self._journal.close()
