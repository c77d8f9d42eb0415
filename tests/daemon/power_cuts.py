"""Cuts the power at every sync of a scene: ``python -m tests.daemon.power_cuts [--every N] [--seeds N]``."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path

import spool.folders.durable
from tests.daemon.harm import count_harm
from tests.daemon.scene import Known, assert_whole, half_files, is_settled, play, recovered, serve
from tests.faultfs.disks import MAKE, format_disk, on_disk
from tests.faultfs.mounted import mounted, sync_filesystem
from tests.faultfs.power import Model, after_cut
from tests.faultfs.tree import Operation

MODELS: tuple[Model, ...] = ("ordered", "strict")


@contextmanager
def own_syncfs() -> Iterator[None]:
    """This process syncs the test file system in the way that it understands."""
    original = spool.folders.durable.sync_filesystem
    spool.folders.durable.sync_filesystem = sync_filesystem
    try:
        yield
    finally:
        spool.folders.durable.sync_filesystem = original


def record(folder: Path, disk: str = "") -> list[Operation]:
    """Play the scene and return everything that was done to the test file system, or to a real one on it."""
    with mounted(folder / "site") as fs:
        if disk:
            format_disk(fs, disk)
        with on_disk(fs, folder / "disk") if disk else nullcontext():
            root = folder / "disk" if disk else fs.root
            daemon = serve(root, folder / "daemon.log")
            try:
                play(fs, daemon, root)
            finally:
                daemon.kill()
                daemon.wait()
            return fs.log()


def moments(log: Sequence[Operation]) -> list[int]:
    """Just before and just after every sync."""
    syncs = [index for index, operation in enumerate(log) if operation.kind in {"sync", "sync all"}]
    return sorted({moment for index in syncs for moment in (index, index + 1)})


def cut(folder: Path, log: Sequence[Operation], moment: int, model: Model, seed: int, disk: str = "") -> None:
    """Start the daemon on what a power cut leaves, and look whether everything is whole."""
    with ExitStack() as stack:
        fs = stack.enter_context(mounted(folder, after_cut(log, moment, model, seed)))
        if disk:
            folder = folder.with_suffix(".disk")
            stack.enter_context(on_disk(fs, folder))
        half = half_files(folder)
        assert not half, half
        running = recovered(folder)
        try:
            running.for_a_while(0.1)
            running.until(lambda: is_settled(running))
            assert_whole(running, Known.at(log, moment))
        finally:
            running.stop()


def main() -> int:
    """Return 0 when no cut has done harm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every n-th moment")
    parser.add_argument("--seeds", type=int, default=3, help="how often the coin is thrown; 0 loses all, 1 nothing")
    parser.add_argument("--disk", choices=["", *MAKE], default="", help="a real file system on a disk")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # what is mounted shall be unmounted
    with tempfile.TemporaryDirectory(prefix="cluedrop-power-") as name, own_syncfs():
        folder = Path(name)
        log = record(folder, options.disk)
        begin = 0 if not options.disk else next(i for i, operation in enumerate(log) if operation.kind == "mark")
        chosen = [moment for moment in moments(log) if moment > begin][options.every - 1 :: options.every]
        models = MODELS[:1] if options.disk else MODELS
        rounds = [(moment, model, seed) for moment in chosen for model in models for seed in range(options.seeds)]
        print(f"{len(log)} operations, {len(moments(log))} moments at syncs, {len(rounds)} cuts", flush=True)
        cuts = (
            (
                f"at {moment} of {len(log)}, {model}, seed {seed}: {log[max(0, moment - 1)]}",
                partial(cut, folder / "cut", log, moment, model, seed, options.disk),
            )
            for moment, model, seed in rounds
        )
        return count_harm("cuts", cuts, say_every=100)


if __name__ == "__main__":
    raise SystemExit(main())
