"""What every reader promises for any bytes: a Batch, or a FormatError that a clerk understands, soon, in little room.

Readers are found as the engine finds them, so a new one stands under this promise from its first day.
"""

import io
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from core.batch import Batch, Origin
from core.errors import LONGEST_PLACE, LONGEST_SENTENCE, ContentError, FormatError, Problem
from spool.results.notes import NoteKind, note_text
from spool.work.plugins import load

READERS = dict(load("formats", "handlers").readers)
MOST_SECONDS = 2.0
MOST_BYTES = 200_000_000
MOST_PROBLEMS = 1_000
RECEIVED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_CODE = re.compile(r"[a-z][a-z0-9_-]+")
_NO_GERMAN = re.compile(
    r"\b(?:error|invalid|expected|unexpected|must|should|cannot|codec|None|True|False|nan|Errno|Traceback)\b"
)
_QUOTED = re.compile(r"„.*?“|\(.*?\)", re.DOTALL)


class BrokenPromiseError(AssertionError):
    """A reader did what no reader may do."""


@dataclass(frozen=True, slots=True)
class Case:
    """A file for a reader: its bytes, its name, the settings of its route."""

    reader: str
    content: bytes
    name: str
    settings: Any


def default_settings(reader: str) -> Any:
    """The settings of a route that sets nothing."""
    return READERS[reader].Settings()


def exercise(case: Case) -> Batch | ContentError:
    """Do with a file all that the engine does with it, and judge what comes of it. Raise BrokenPromiseError."""
    module = READERS[case.reader]
    head = case.content[:4096]
    if module.sniff(head, case.name) not in {True, False}:
        raise BrokenPromiseError(f"sniff of {case.reader} says neither yes nor no")
    if hasattr(module, "rank") and not isinstance(module.rank(head), int):
        raise BrokenPromiseError(f"rank of {case.reader} is no number")
    source = io.BytesIO(case.content)
    origin = Origin("0192f3a17c10001", "in", case.name, RECEIVED, "1")
    try:
        batch: Batch = module.read(source, origin, case.settings)
        for _document in batch.documents:
            pass
    except FormatError as error:
        judge(error.problems)
        found: Batch | ContentError = error
    else:
        judge(batch.warnings)
        found = batch
    if source.closed:
        raise BrokenPromiseError("the file was closed, though it belongs to the caller")
    if isinstance(found, ContentError) and hasattr(module, "table"):
        _look_at_table(module, source, case.settings)
    return found


def _look_at_table(module: ModuleType, source: io.BytesIO, settings: Any) -> None:
    source.seek(0)
    try:
        for row in module.table(source, settings):
            len(row)
    except ContentError as error:
        judge(error.problems)


def judge(problems: Sequence[Problem]) -> None:
    """Look at problems as the clerk who gets them. Raise BrokenPromiseError."""
    if len(problems) > MOST_PROBLEMS:
        raise BrokenPromiseError(f"{len(problems)} problems of one file")
    for problem in problems:
        said = f"{problem.what} {problem.todo}"
        bare = _QUOTED.sub("", said)
        if not _CODE.fullmatch(problem.code):
            raise BrokenPromiseError(f"{problem.code!r} is no slug")
        if not problem.what.rstrip().endswith((".", "!", "?")) or _NO_GERMAN.search(bare):
            raise BrokenPromiseError(f"not a German sentence: {said!r}")
        if problem.row is not None and problem.row < 1:
            raise BrokenPromiseError(f"row {problem.row} of {said!r}")
        if max(len(problem.what), len(problem.todo)) > LONGEST_SENTENCE or len(problem.value or "") > LONGEST_PLACE:
            raise BrokenPromiseError(f"too long for a person: {said[:80]!r}")
    note = note_text(
        NoteKind.REJECTED, "a.csv", problems, received_at=RECEIVED, route_label="inbox/in", reference="1"
    ).encode("utf-8")
    if len(note) > 300_000:
        raise BrokenPromiseError(f"a note of {len(note)} bytes")


# ── time and memory ───────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def bounded(seconds: float = MOST_SECONDS, most_bytes: int = MOST_BYTES) -> Iterator[None]:
    """Raise BrokenPromiseError when the block takes more processor time, or more memory on top, than allowed."""
    _forget_peak()
    before, started = _memory("VmRSS"), time.process_time()
    yield
    took, grown = time.process_time() - started, _memory("VmHWM") - before
    if took > seconds:
        raise BrokenPromiseError(f"took {took:.1f} s of processor time, allowed are {seconds}")
    if grown > most_bytes:
        raise BrokenPromiseError(f"needed {grown >> 20} MB of memory, allowed are {most_bytes >> 20}")


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _memory(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
