"""kill -9 at every step of ours: ``python -m tests.connectors.lives SERVER PORT ROOT STRIDE AFTER`` beside a server.

Every request that goes out, before and after, every change of a folder and every statement for the journal is one
event. The first life ends at event n, the one that recovers at an event of its own, the last one must put all right.
Between two lives everybody takes what he sees: what was published or delivered may be gone when the next life begins.
"""

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from connectors._sftp.wire import Wire
from tests.connectors.rigs import OWN, Rig
from tests.daemon.crashing import on_event
from tests.sftp_servers import SftpServer
from tests.sites import visible

_ROUNDS = 3
_MOST_EVENTS = 2_000


class Scene:
    """One site beside one server, again and again."""

    def __init__(self, server: SftpServer, root: Path, after: str) -> None:
        self.server, self.root, self.after = server, root, after
        self.number = 0
        self.inbox, self.outbox = root / "inbox" / "in", root / "outbox" / "out"
        self.outside, self.inside = server.home / "out", server.home / "in"
        self.expected: dict[str, bytes] = {}
        self.came: Counter[bytes] = Counter()
        self.stood: Counter[bytes] = Counter()

    def lay(self) -> None:
        """New files to collect and to deliver."""
        self.number += 1
        stamp = str(self.number).encode()
        self.expected = {"a.csv": b"a" + stamp, "b.csv": b"b" + stamp, "long.csv": stamp + b"x" * 300_000}
        self.came.clear()
        self.stood.clear()
        for name, content in self.expected.items():
            path = self.server.lay(self.outside / name, content)
            os.utime(path, (self.number, self.number))  # on a fast machine two rounds fall into one second
            (self.outbox / name).write_bytes(content)

    def consume(self) -> None:
        """Everybody takes what he sees."""
        for name in visible(self.inbox) - OWN:
            self.came[(self.inbox / name).read_bytes()] += 1
            (self.inbox / name).unlink()
        for name in visible(self.inside):
            self.stood[(self.inside / name).read_bytes()] += 1
            (self.inside / name).unlink()

    def live(self, doom: int = 0) -> bool:
        """One life in a process of its own; True when it came to its end."""
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                if doom:
                    _arm(doom)
                self._work()
                code = 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        if not (os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0):
            raise SystemExit(f"a life has ended with {status}")
        return not os.WIFSIGNALED(status)

    def _work(self) -> None:
        rig = Rig(self.root, self.server, after=self.after)
        for _ in range(_ROUNDS):
            rig.collect()
            rig.deliver()
        rig.close()

    def violations(self) -> list[str]:
        """What is not as it must be after the last life."""
        once = Counter(self.expected.values())
        found = []
        if self.came != once:
            found.append(f"came {[(key[:9], count) for key, count in self.came.items()]}")
        if self.stood != once:
            found.append(f"stood {[(key[:9], count) for key, count in self.stood.items()]}")
        left = {path.name for path in self.outside.iterdir()}
        if left != (set(self.expected) if self.after == "keep" else set()):
            found.append(f"outside lie {left}")
        found += [f"left: {path}" for path in self.inside.iterdir()]
        found += [f"left: {path}" for path in self.outbox.iterdir() if path.name != ".staged"]
        drafts = (self.inbox / ".arriving").iterdir()
        return found + [f"left: {path}" for path in drafts if path.name != ".owner"]


def _arm(nth: int) -> None:
    count = 0

    def come() -> None:
        nonlocal count
        count += 1
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    original = Wire._send

    def send(self: Wire, data: bytes) -> None:
        come()
        original(self, data)
        come()

    Wire._send = send  # type: ignore[method-assign]
    on_event(come)


def main(server: str, port: str, root: str, stride: str, after: str) -> dict[str, Any]:
    """Returns how many steps there were, and what was violated at which of them."""
    scene = Scene(SftpServer.at_work(Path(server), int(port)), Path(root), after)
    scene.live()  # everything that is made only once
    scene.consume()
    found = {}
    for nth in range(1, _MOST_EVENTS, int(stride)):
        scene.lay()
        whole = scene.live(nth)
        scene.consume()
        scene.live(nth % 37 + 1)
        scene.consume()
        scene.live()
        scene.consume()
        if violations := scene.violations():
            found[nth] = violations
        if whole:
            return {"steps": nth, "violations": found}
    return {"steps": 0, "violations": {0: ["there was no end"]}}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
