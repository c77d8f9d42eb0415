"""Cuts the power at every sync of a scene: ``python -m tests.daemon.power_cuts [--every N] [--seeds N]``."""

import argparse
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import spool.durable
from tests.daemon.scene import Known, assert_whole, half_files, is_settled, play, recovered, serve
from tests.faultfs.mounted import mounted, sync_filesystem
from tests.faultfs.power import Model, after_cut
from tests.faultfs.tree import Operation

MODELS: tuple[Model, ...] = ("ordered", "strict")


@contextmanager
def own_syncfs() -> Iterator[None]:
    """This process syncs the test file system in the way that it understands."""
    original = spool.durable.sync_filesystem
    spool.durable.sync_filesystem = sync_filesystem
    try:
        yield
    finally:
        spool.durable.sync_filesystem = original


def record(folder: Path) -> list[Operation]:
    """Play the scene and return everything that was done."""
    with mounted(folder / "site") as fs:
        daemon = serve(fs.root, folder / "daemon.log")
        try:
            play(fs, daemon)
        finally:
            daemon.kill()
            daemon.wait()
        return fs.log()


def moments(log: Sequence[Operation]) -> list[int]:
    """Just before and just after every sync."""
    syncs = [index for index, operation in enumerate(log) if operation.kind in {"sync", "sync all"}]
    return sorted({moment for index in syncs for moment in (index, index + 1)})


def cut(folder: Path, log: Sequence[Operation], moment: int, model: Model, seed: int) -> None:
    """Start the daemon on what a power cut leaves, and look whether everything is whole."""
    with mounted(folder, after_cut(log, moment, model, seed)):
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
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cluedrop-power-") as name, own_syncfs():
        folder = Path(name)
        log = record(folder)
        chosen = moments(log)[options.first :: options.every]
        rounds = [(moment, model, seed) for moment in chosen for model in MODELS for seed in range(options.seeds)]
        print(f"{len(log)} operations, {len(moments(log))} moments at syncs, {len(rounds)} cuts", flush=True)
        begun, harm = time.monotonic(), 0
        for number, (moment, model, seed) in enumerate(rounds, 1):
            try:
                cut(folder / "cut", log, moment, model, seed)
            except Exception:
                harm += 1
                print(f"HARM at {moment} of {len(log)}, {model}, seed {seed}: {log[max(0, moment - 1)]}", flush=True)
                traceback.print_exc()
            if number % 100 == 0:
                print(f"{number} cuts, {harm} with harm, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{len(rounds)} cuts, {harm} with harm, {time.monotonic() - begun:.0f} s")
    return 1 if harm else 0


if __name__ == "__main__":
    raise SystemExit(main())
