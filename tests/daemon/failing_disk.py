"""Lets every call to the disk fail in turn: ``python -m tests.daemon.failing_disk [--every N]``.

The daemon must pause and say so, go on by itself when the disk works again, reject nothing for it, and lose or double
nothing: neither then nor after a power cut, though what a failed sync has lost stays lost, whatever later syncs say.
"""

import argparse
import errno
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from pathlib import Path

from tests.daemon.harm import count_harm
from tests.daemon.power_cuts import cut, own_syncfs
from tests.daemon.scene import ATTACHMENTS, BURST, FIRST, SECOND, Known, Site, assert_whole, recovered, serve
from tests.faultfs.faults import CHANGING, CLOSING, LOOKING, SHORT, SYNCING, Fault
from tests.faultfs.mounted import mounted

BRIEF = [*(drop for drop in FIRST if drop.state != "waiting"), *BURST[:6], *SECOND[1:4]]
"""Dropped while the disk fails: some of everything."""
ERRORS = {
    **dict.fromkeys(sorted(CHANGING), (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ESTALE)),
    **dict.fromkeys(sorted(SYNCING), (errno.EIO, errno.ENOSPC, errno.EDQUOT)),
    **dict.fromkeys(sorted(CLOSING), (errno.EDQUOT, errno.EIO)),
    **dict.fromkeys(sorted(LOOKING), (errno.EIO, errno.ESTALE, errno.EACCES)),
}
_BAD_WORDS = ("a bug of ours", "cannot be committed")
_LASTING_SECONDS = 1.0


def faults(every: int) -> Iterator[Fault]:
    """Every call of the scene in turn, each with another error; then all of a kind for a while."""
    counts = _withstand_anew(Fault(frozenset(ERRORS), errno.EIO, skip=1 << 40))
    print(f"calls of the scene: {counts}", flush=True)
    serial = 0
    for kind, errors in ERRORS.items():
        numbers = cycle((*errors, SHORT) if kind == "WRITE" else errors)
        for skip, number in zip(range(counts.get(kind, 0)), numbers, strict=False):
            serial += 1
            if serial % every == 0:
                yield Fault(frozenset({kind}), number, skip, times=1 + skip % 3)
    for number in ERRORS["WRITE"]:
        for skip in range(0, 200, 20 * every):
            yield Fault(CHANGING | SYNCING, number, skip, times=None)


def withstand(folder: Path, fault: Fault) -> dict[str, int]:
    """Play a brief scene on a disk that fails; returns how many calls of each kind could have failed."""
    said = folder / "daemon.log"
    with mounted(folder / "site") as fs:
        daemon = serve(fs.root, said)
        site = Site(fs, daemon, said)
        try:
            site.until_ready()
            fault.spare = os.getpid()
            fs.fail(fault)
            site.drop([*ATTACHMENTS, *BRIEF])
            if fault.times is None:
                site.for_a_while(_LASTING_SECONDS)
                met, failed = fs.mend()
            site.until_settled(len(BRIEF))
            if fault.times is not None:
                met, failed = fs.mend()
            site.until(lambda: not {row["code"] for row in site.journal.alerts()} - {"not-watched"})
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(30) == 0
        finally:
            site.close()
            daemon.kill()
            daemon.wait()
        log = fs.log()
        text = said.read_text()
        assert not [word for word in _BAD_WORDS if word in text], text
        if fault.times is None and failed:
            assert "pauses" in text or "cannot be" in text, text
        running = recovered(fs.root)
        try:
            assert_whole(running, Known.at(log, len(log)))
        finally:
            running.stop()
    if SYNCING & fault.kinds and failed:
        cut(folder / "cut", log, len(log), "strict", 0)
    return met


def _withstand_anew(fault: Fault) -> dict[str, int]:
    with tempfile.TemporaryDirectory(prefix="cluedrop-disk-") as name:
        return withstand(Path(name), fault)


def main() -> int:
    """Return 0 when no failure has done harm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every n-th call")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # what is mounted shall be unmounted
    with own_syncfs():
        rounds = ((str(fault), partial(_withstand_anew, fault)) for fault in faults(options.every))
        return count_harm("failures", rounds, say_every=50)


if __name__ == "__main__":
    raise SystemExit(main())
