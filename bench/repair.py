"""How long do rebuilding a journal and proving an archive take? ``python -m bench.repair [--drops 100000]``.

The archive is made by the archive's own code, group by group, of drops with an original of 2 kB and twelve changes of
the ledger each (about what an invoice message of four invoices leaves behind).
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.measuring import show
from core.site import Site
from spool.archive.checking import verify
from spool.archive.filing import Archive
from spool.archive.manifest import GENESIS, ArchiveEntry, Effects, MadeFile, SourceFile
from spool.identifiers import new_drop_id
from spool.repair.rebuilding import rebuild

_GROUP = 512
_ORIGINAL = 2_000
_PUTS = 12
_FIRST = datetime(2026, 1, 2, 8, 0, tzinfo=ZoneInfo("Europe/Vienna"))


def make_archive(site: Site, count: int) -> int:
    """Fill the archive; returns the bytes of all originals."""
    work = site.state.parent / "work"
    for folder in (site.archive, site.state, work):
        folder.mkdir(parents=True)
    archive, head = Archive(site.archive, _no_sync), GENESIS
    for start in range(0, count, _GROUP):
        group = [_entry(work, number) for number in range(start, min(start + _GROUP, count))]
        head = archive.place(group, head)
    return count * _ORIGINAL


def _no_sync(files: Sequence[str], folders: Iterable[str]) -> None:
    """Making the archive is not what is measured."""


def _entry(work: Path, number: int) -> ArchiveEntry:
    content = f"{number:08}".encode() * (_ORIGINAL // 8)
    path = work / str(number)
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    received = _FIRST + timedelta(seconds=30 * number)
    body = {"version": 1, "hash": digest, "updated_at": received.isoformat(), "state": "exported", "gross": "120.00"}
    puts = [json.dumps(["1", "record:invoice", f"AR-{number}-{at}", "200001", body]) for at in range(_PUTS)]
    return ArchiveEntry(
        new_drop_id(int(received.timestamp() * 1000)),
        "clue",
        "archived",
        received,
        received + timedelta(seconds=1),
        SourceFile(f"rechnungen_{number:06}.json", str(path), len(content), digest),
        outputs=[MadeFile("bmd", f"buchungen_{number}.csv", 900, digest)],
        effects=Effects(number + 1, "", [("content:clue", digest), ("company:1", f"invoice-export:AR-{number}")], puts),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drops", type=int, default=20_000)
    count = parser.parse_args().drops
    with tempfile.TemporaryDirectory(prefix="cluedrop-repair-") as folder:
        root = Path(folder)
        url = f"sqlite:///{root}/state/journal.sqlite3"
        site = Site("Bench", root / "archive", root / "state", url, "Europe/Vienna", (), {})
        size = make_archive(site, count)
        rows = []
        for what, act in (
            ("rebuild of a deleted journal", lambda: rebuild(site, lambda _done, _expected: None)),
            ("rebuild of a journal that knows all", lambda: rebuild(site, lambda _done, _expected: None)),
            ("verify", lambda: list(verify(site.archive))),
        ):
            begun = time.perf_counter()
            act()
            seconds = time.perf_counter() - begun
            rows.append((what, f"{seconds:.1f}", f"{count / seconds:,.0f}", f"{size / seconds / 1e6:,.1f}"))
        journal = (site.state / "journal.sqlite3").stat().st_size
    show((f"{count:,} drops", "seconds", "drops/s", "MB/s of originals"), rows)
    print(f"journal: {journal / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
