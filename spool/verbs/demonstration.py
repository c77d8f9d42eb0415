"""The demo: a site of its own, a sample of every format, dropped in the ways that people and programs drop files.

The real daemon takes them as a process of its own; nothing here knows a short cut. Used by ``daemon.py demo``.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import CluedropError
from spool.journal.store import Journal
from spool.journal.tables import Row
from spool.verbs.console import print_line, print_table

_PATIENCE_SECONDS = 60.0
_CHUNK_BYTES = 200
_CHUNK_PAUSE = 0.01
_SETTLED = frozenset({"archived", "rejected", "duplicate", "held"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the demo and how it gets into its inbox."""

    route: str
    name: str
    drop: Callable[[Path, Path], None]


def _slowly(source: Path, destination: Path) -> None:
    """Like a scanner or a slow export: piece by piece under the final name."""
    data = source.read_bytes()
    with destination.open("wb", buffering=0) as file:
        for start in range(0, len(data), _CHUNK_BYTES):
            file.write(data[start : start + _CHUNK_BYTES])
            time.sleep(_CHUNK_PAUSE)


def _renamed(source: Path, destination: Path) -> None:
    """Like a careful program: under another name first."""
    part = destination.with_name(destination.name + ".part")
    shutil.copyfile(source, part)
    part.rename(destination)


def _copied(source: Path, destination: Path) -> None:
    """Like a clerk with a file manager."""
    shutil.copyfile(source, destination)


# In this order: the FIBU's lists speak of the invoices that came before.
SAMPLES = (
    (Sample("clue", "1_kunden.json", _slowly),),
    (
        Sample("clue", "2_rechnungen.json", _renamed),
        Sample("clue", "3_eingangsrechnung.json", _copied),
        Sample("clue", "4_kassabelege.json.gz", _copied),
    ),
    (
        Sample("bmd", "OP-Liste_November.csv", _renamed),
        Sample("bmd", "OP-Liste_fehlerhaft.csv", _slowly),
        Sample("rzl", "OP-Liste.xlsx", _copied),
    ),
    (Sample("rzl", "Ausgeglichene_OP.csv", _copied),),
)


def demonstrate(daemon: Path, folder: Path | None) -> int:
    """Run the demo with this checkout's ``daemon.py``; returns the exit code. Raise CluedropError if it gets stuck."""
    samples = daemon.parent / "tests" / "golden" / "demo"
    site = Path(tempfile.mkdtemp(prefix="cluedrop-demo-")) if folder is None else folder
    configuration = site / "cluedrop.toml"
    for name in ("inbox/clue", "inbox/bmd", "inbox/rzl"):
        (site / name).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(daemon.parent / "config" / "demo.toml", configuration)
    with _running(daemon, configuration, site):
        journal = Journal(f"sqlite:///{site}/.state/journal.sqlite3")
        expected = 0
        for together in SAMPLES:
            for sample in together:
                sample.drop(samples / sample.route / sample.name, site / "inbox" / sample.route / sample.name)
            expected += len(together)
            rows = _wait_for(journal, expected)
    _show(site, configuration, journal, rows)
    journal.close()
    return 0


@contextmanager
def _running(daemon: Path, configuration: Path, site: Path) -> Iterator[None]:
    """The daemon, from the moment that it is at work until the block ends."""
    log = site / "daemon.log"
    with log.open("wb") as output:
        command = [sys.executable, str(daemon), "run", "--config", str(configuration)]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=daemon.parent)
        try:
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while b"is at work" not in log.read_bytes():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise CluedropError(f"the daemon did not start:\n{log.read_text(encoding='utf-8')}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def _wait_for(journal: Journal, number: int) -> list[Row]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        rows = journal.latest(100)
        if sum(row["state"] in _SETTLED for row in rows) >= number:
            return rows
        time.sleep(0.05)
    states = ", ".join(f"{row['name']}: {row['state']}" for row in journal.latest(100))
    raise CluedropError(f"the demo got stuck: {states}")


def _show(site: Path, configuration: Path, journal: Journal, rows: Sequence[Row]) -> None:
    outputs = journal.outputs_of([row["id"] for row in rows])
    lines: list[tuple[str, str, str, str]] = []
    for row in reversed(rows):
        made = [f"{output['target']}/{output['name']}" for output in outputs.get(row["id"], ())]
        shown = [name.replace("@", f"inbox/{row['route']}/") for name in made]
        lines.extend(
            (row["name"] if first else "", row["route"] if first else "", row["state"] if first else "", name)
            for first, name in zip([True, *[False] * len(shown)], shown or ["(nothing: all was known)"], strict=False)
        )
    print_table(("file", "route", "outcome", "outputs"), lines)
    for note in sorted(site.glob("inbox/*/rejected/*.hinweis.txt")):
        print_line(f"\nThe note that the clerk finds beside it ({note.relative_to(site)}):\n")
        print_line(note.read_text(encoding="utf-8-sig"))
    print_line(f"The site lies in {site}: look into inbox, outbox and archive there.")
    print_line(f"Go on with it: .venv/bin/python daemon.py run --config {configuration}")
