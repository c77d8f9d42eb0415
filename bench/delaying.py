"""A way to a server that takes its time: ``python -m bench.delaying PORT SECONDS`` relays to a port of this machine.

Prints the port that it listens on. What goes in comes out so many seconds later, in either direction; nothing but its
memory limits how much is on its way, so it adds delay and no other limit.
"""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_AT_ONCE = 1 << 20
_UNSENT = 256 << 20
"""More than anybody has on his way; beyond it the sender is held up, as by any network."""


def relay(port: int, seconds: float) -> None:
    """Listen, and relay every connection; never returns."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            near, _ = listening.accept()
            far = socket.create_connection(("127.0.0.1", port))
            for one, other in ((near, far), (far, near)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=_carry, args=(one, other, seconds), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket, seconds: float) -> None:
    """One direction: read as it comes, write as its time comes."""
    due: deque[tuple[float, bytes]] = deque()
    waiting, is_open = 0, True
    with suppress(OSError):
        while is_open or due:
            left = max(0.0, due[0][0] - time.monotonic()) if due else None
            if is_open and waiting < _UNSENT:
                if select.select([source], [], [], left)[0]:
                    data = source.recv(_AT_ONCE)
                    is_open = bool(data)
                    due.append((time.monotonic() + seconds, data))
                    waiting += len(data)
            elif left:
                time.sleep(left)
            while due and due[0][0] <= time.monotonic():
                data = due.popleft()[1]
                waiting -= len(data)
                sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """The port of a way that takes ``seconds`` in each direction; the server's own for none."""
    if not seconds:
        yield port
        return
    command = [sys.executable, "-m", "bench.delaying", str(port), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=os.getcwd()) as process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            yield int(line)
        finally:
            process.kill()


if __name__ == "__main__":
    relay(int(sys.argv[1]), float(sys.argv[2]))
