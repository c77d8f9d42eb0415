"""Mounting the file system for a test, and talking to it."""

import ctypes
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import spool.folders.durable
from tests.faultfs.faults import Fault
from tests.faultfs.server import SYNC_ATTRIBUTE
from tests.faultfs.tree import Operation, Tree

_ROOT = Path(__file__).resolve().parents[2]
_MNT_DETACH = 2
_KERNELS_OWN = spool.folders.durable.sync_filesystem


class Mounted:
    """A file system that is served by a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]", root: Path) -> None:
        self.root = root
        self._process = process

    def _tell(self, **command: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def fail(self, fault: Fault) -> None:
        """Requests fail from now on."""
        self._tell(fault=fault.to_wire())

    def mend(self) -> tuple[dict[str, int], Sequence[str]]:
        """Nothing fails any more; returns how many requests of each kind could have failed, and which have."""
        found = self._tell(mend=True)
        return found["met"], found["failed"]

    def mark(self, text: str) -> int:
        """Note something in the log; returns how long it is by now."""
        return int(self._tell(mark=text))

    def log(self) -> list[Operation]:
        """Everything that was done since it was mounted."""
        with tempfile.NamedTemporaryFile(prefix="faultfs-log-") as file:
            self._tell(save=file.name)
            found: list[Operation] = pickle.load(file)
            return found


@contextmanager
def mounted(root: Path, tree: Tree | None = None) -> Iterator[Mounted]:
    """Mount a tree, an empty one if none is handed in; unmount it in the end, whatever still has it open."""
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="faultfs-tree-") as folder:
        arguments = [sys.executable, "-m", "tests.faultfs.server", str(root)]
        if tree is not None:
            saved = Path(folder) / "tree"
            saved.write_bytes(pickle.dumps(tree))
            arguments.append(str(saved))
        process = subprocess.Popen(
            arguments, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, close_fds=True
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "mounted\n", (
                "nothing can be mounted here; this needs root and /dev/fuse"
            )
            yield Mounted(process, root)
        finally:
            ctypes.CDLL(None).umount2(os.fsencode(root), _MNT_DETACH)
            process.communicate()


def sync_filesystem(path: str) -> None:
    """``spool.folders.durable.sync_filesystem`` for the test file system, to which the kernel does not hand ``syncfs`` on.

    What lies on a disk, be it one whose image lies here, is synced by the kernel.
    """
    if os.major(os.stat(path).st_dev):
        _KERNELS_OWN(path)
    else:
        os.setxattr(path, SYNC_ATTRIBUTE, b"")
