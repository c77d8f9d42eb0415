"""What every benchmark of the engine needs: drops, waiting for results, and the CPU and memory of processes."""

import contextlib
import ctypes
import os
import select
import statistics
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from bench.op_samples import HEADINGS, row
from core.open_items import printed

ROWS = 20
"""Rows of a small open-item list."""

_LIBC = ctypes.CDLL(None, use_errno=True)
_IN_CLOSE_WRITE, _IN_MOVED_TO, _IN_CREATE = 0x8, 0x80, 0x100
_EVENT = struct.Struct("iIII")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


# ── drops ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def make_drops(folder: Path, count: int, first: int = 0) -> list[Path]:
    """Write small lists of which no two hold the same document; list number n holds rows n*ROWS and following."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(first, first + count):
        path = folder / f"op_{number:06}.csv"
        lines = (row(index) for index in range(number * ROWS, (number + 1) * ROWS))
        text = [";".join(HEADINGS), *(";".join(map(_cell, line)) for line in lines), ""]
        path.write_text("\r\n".join(text), encoding="cp1252", newline="")
        paths.append(path)
    return paths


def _cell(value: object) -> str:
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    return printed(value) if isinstance(value, Decimal) else str(value)


def drop(paths: Sequence[Path], inbox: Path) -> None:
    """Rename files into an inbox, as fast as it goes."""
    target = str(inbox)
    for path in paths:
        os.rename(path, f"{target}/{path.name}")


# ── waiting ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Arrivals:
    """Names as they become visible in a folder, by raw inotify: a closed file, a hard link or a rename."""

    def __init__(self, folder: Path, *, written_in_place: bool = False) -> None:
        self._descriptor = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        mask = _IN_MOVED_TO | (_IN_CLOSE_WRITE if written_in_place else _IN_CREATE)
        if _LIBC.inotify_add_watch(self._descriptor, os.fsencode(folder), mask) < 0:
            raise OSError(ctypes.get_errno(), f"cannot watch {folder}")

    def close(self) -> None:
        os.close(self._descriptor)

    def wait(self, seconds: float) -> list[str]:
        """Visible names that have come; empty when the time is over."""
        deadline = time.monotonic() + seconds
        names: list[str] = []
        while not names and select.select([self._descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
            names = [name for name in _names(os.read(self._descriptor, 1 << 16)) if not name.startswith(".")]
        return names


def _names(events: bytes) -> Iterator[str]:
    position = 0
    while position < len(events):
        length = _EVENT.unpack_from(events, position)[3]
        position += _EVENT.size
        name = os.fsdecode(events[position : position + length].rstrip(b"\0"))
        position += length
        if name:
            yield name


def wait_for(folder: Path, count: int, seconds: float = 120.0) -> None:
    """Return when so many visible files lie in a folder; raise TimeoutError when they do not come."""
    deadline = time.monotonic() + seconds
    while (found := sum(not name.startswith(".") for name in os.listdir(folder))) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} of {count} results after {seconds:.0f} s in {folder}")
        time.sleep(0.02)


# ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds used so far, and memory in use now."""

    cpu: float
    rss_mb: float


def usage(pid: int) -> Usage:
    """Usage of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return Usage((int(fields[11]) + int(fields[12])) / _TICKS, int(fields[21]) * _PAGE / 1e6)


def family(pid: int) -> list[int]:
    """A process and all that it has started, directly or not."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                parent = int(Path(f"/proc/{entry}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry))
    found = [pid]
    for member in found:
        found.extend(children.get(member, ()))
    return found


def usage_of_all(pid: int) -> Usage:
    """Usage of a process and all that it has started."""
    every = [usage(member) for member in family(pid)]
    return Usage(sum(one.cpu for one in every), sum(one.rss_mb for one in every))


# ── figures ───────────────────────────────────────────────────────────────────────────────────────────────────────


def percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def show(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers stand right."""
    lines = [list(headings), *(list(_texts(row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        cells = [cell.ljust(width) if column == 0 else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(line, widths, strict=True))]  # fmt: skip
        print("  ".join(cells).rstrip(), flush=True)


def _texts(cells: Sequence[object]) -> Iterator[str]:
    for cell in cells:
        yield f"{cell:,.2f}" if isinstance(cell, float) else str(cell)
