"""Tries to get out of its worker, as the lines of a file tell it to, and writes down how that went."""

import contextlib
import ctypes
import errno
import os
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from core.batch import Batch, Output
from core.contracts import Context, Effect, Emit

LABEL = "Ausbruch"
ACCEPTS = frozenset({"line"})
ANSWERS_DUPLICATES = False


class Settings(BaseModel):
    """Where to."""

    target: str = "out"


def handle(batch: Batch, context: Context) -> Iterator[Effect]:
    told = []
    for line in batch.documents:
        word, _, rest = str(line).partition(" ")
        try:
            told.append(f"{line}: {_ATTEMPTS[word](rest)}")
        except OSError as error:
            told.append(f"{line}: {errno.errorcode.get(error.errno or 0, error)}")
    yield Emit(Output(context.settings.target, "lines", "told.txt", "line"), told)


def _connect(rest: str) -> str:
    host, _, port = rest.partition(":")
    with socket.create_connection((host, int(port)), timeout=2) as channel:
        channel.sendall(b"the books\n")
    return "sent"


def _datagram(rest: str) -> str:
    host, _, port = rest.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.sendto(b"the books\n", (host, int(port)))
    return "sent"


def _local(rest: str) -> str:
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(rest)
    return "connected"


def _fetch(rest: str) -> str:
    with urllib.request.urlopen(rest, timeout=2) as answer:
        return f"fetched {len(answer.read())}"


def _exec(rest: str) -> str:
    os.execv("/bin/touch", ["touch", rest])
    return "never"


def _program(rest: str) -> str:
    return f"ended {subprocess.run(['/bin/touch', rest], check=False).returncode}"


def _shell(rest: str) -> str:
    return f"ended {os.system(f'touch {rest}')}"


def _fork(rest: str) -> str:
    child = os.fork()
    if child == 0:
        Path(rest).write_text("forked")
        os._exit(0)
    os.waitpid(child, 0)
    return "forked"


def _write(rest: str) -> str:
    Path(rest).write_text("written")
    return "written"


def _remove(rest: str) -> str:
    os.unlink(rest)
    return "removed"


def _link(rest: str) -> str:
    source, _, destination = rest.partition(" ")
    os.link(source, destination)
    return "linked"


def _signal(rest: str) -> str:
    os.kill(int(rest) if rest else os.getppid(), 0)
    return "may be killed"


def _environment(rest: str) -> str:
    with contextlib.suppress(FileNotFoundError):
        if rest in Path("/proc/self/environ").read_text(errors="replace"):
            return "still in /proc"
    return "known" if rest in os.environ else "unknown"


def _memory(rest: str) -> str:
    with open(f"/proc/{rest or os.getppid()}/mem", "rb") as memory:
        return f"readable {memory.fileno()}"


def _peek(rest: str) -> str:
    return f"read {len(Path(f'/proc/{rest}/environ').read_bytes())}"


def _trace(rest: str) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, int(rest) if rest else os.getppid(), None, None):  # PTRACE_ATTACH
        raise OSError(ctypes.get_errno(), "ptrace")
    return "traced"


def _namespace(rest: str) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000):  # CLONE_NEWUSER
        raise OSError(ctypes.get_errno(), "unshare")
    return "alone"


def _anonymous(rest: str) -> str:
    return f"made {os.memfd_create('x')}"


def _thread(rest: str) -> str:
    done = []
    thread = threading.Thread(target=lambda: done.append(1))
    thread.start()
    thread.join()
    return f"ran {len(done)}"


def _zone(rest: str) -> str:
    return str(ZoneInfo(rest))


_ATTEMPTS: dict[str, Callable[[str], str]] = {
    "connect": _connect,
    "datagram": _datagram,
    "local": _local,
    "fetch": _fetch,
    "exec": _exec,
    "program": _program,
    "shell": _shell,
    "fork": _fork,
    "write": _write,
    "remove": _remove,
    "link": _link,
    "signal": _signal,
    "environment": _environment,
    "memory": _memory,
    "peek": _peek,
    "trace": _trace,
    "namespace": _namespace,
    "anonymous": _anonymous,
    "thread": _thread,
    "zone": _zone,
}
