"""A process that has imported everything once and of which daemons are forked: a life costs 0.1 s instead of 2 s.

What is forked is the real service with its real fork server, workers and signals. Only the start of the interpreters is
left out: daemon and fork server go on from what the cradle has imported. ``Cradle`` is the other end, for the tests.
"""

import functools
import importlib
import json
import multiprocessing.forkserver
import multiprocessing.util
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_DEADLINE = 60.0


class Cradle:
    """Starts daemons and tells how they have ended. Not thread-safe."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.daemon.cradle"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, root: Path, doom: Sequence[str | int] = (), site: str = "tests.sites:two_workers") -> int:
        """Start a daemon on a site, doomed or not; returns its process id, which is that of its process group too.

        ``site`` names a function that makes the configuration of a root folder. The log is ``root/log``.
        """
        return int(self._ask({"root": str(root), "doom": list(doom), "site": site}))

    def wait(self, pid: int, seconds: float = _DEADLINE) -> int | None:
        """Wait for the end of a daemon; minus the signal that ended it, or its exit code; None when it goes on."""
        found = self._ask({"wait": pid, "seconds": seconds})
        return None if found is None else int(found)

    def close(self) -> None:
        """End the cradle and every daemon that is left."""
        with self._process:  # closes both ends and waits
            pass

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the cradle has ended")
        return json.loads(answer)


# ── in the cradle ─────────────────────────────────────────────────────────────────────────────────────────────────


def _live(root: Path, doom: Sequence[str | int], make_site: Any) -> None:
    """The life of a daemon, in a process of its own."""
    from loguru import logger

    import spool.service
    from spool.work.worker import WorkerSetup
    from tests.daemon.crashing import arm
    from tests.sites import FORMATS, HANDLERS

    os.setpgid(0, 0)
    logger.remove()
    logger.add(str(root / "log"), format="{time:HH:mm:ss.SSS} {process} {level} {message}", backtrace=False)
    if doom:
        arm(doom, root)
    fork_server()
    spool.service.serve(lambda: WorkerSetup(make_site(root), FORMATS, HANDLERS))


def fork_server() -> None:
    """Fork server and resource tracker begin as copies of this process; they run the code they always run.

    Before the journal is opened: no copy of an open SQLite connection may come into another process.
    """
    original = multiprocessing.util.spawnv_passfds
    multiprocessing.util.spawnv_passfds = _forked
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        multiprocessing.util.spawnv_passfds = original  # one that has died is started as in life


def _forked(_path: bytes, arguments: Sequence[str], descriptors: Sequence[int]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            for descriptor in map(int, os.listdir("/proc/self/fd")):
                if descriptor > 2 and descriptor not in descriptors:
                    _close(descriptor)
            exec(arguments[-1], {})
        except SystemExit:
            code = 0
        finally:
            os._exit(code)
    return pid


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        return  # that of the listing itself


@functools.cache
def _found(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _begin(request: dict[str, Any]) -> int:
    make_site, root = _found(request["site"]), Path(request["root"])
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(nothing, 1)
            _live(root, request["doom"], make_site)
            code = 0
        except BaseException:
            import traceback

            with (root / "log").open("a") as log:
                traceback.print_exc(file=log)
        finally:
            os._exit(code)
    return pid


def _wait(pid: int, seconds: float) -> int | None:
    """Status of a child when it has ended in this time."""
    descriptor = os.pidfd_open(pid)
    try:
        if not select.select([descriptor], [], [], seconds)[0]:
            return None
    finally:
        os.close(descriptor)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def preload() -> None:
    """Import what every life would import late."""
    import alembic.command
    import alembic.context
    import openpyxl

    import spool.service
    from spool.results.marked_table import marked_workbook
    from tests.daemon import crashing

    del alembic, openpyxl, spool, marked_workbook, crashing


def main() -> None:
    """Serve requests until the other end is closed."""
    from spool.work.plugins import load
    from tests.sites import FORMATS, HANDLERS

    preload()
    load(FORMATS, HANDLERS)
    ended: dict[int, int | None] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            pid = request["wait"]
            answer = ended[pid] = _wait(pid, request["seconds"]) if ended[pid] is None else ended[pid]
        else:
            answer = _begin(request)
            ended[answer] = None
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid, code in ended.items():
        if code is None:
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
