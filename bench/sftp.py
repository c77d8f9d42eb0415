"""Files from an SFTP server and to it: ``python -m bench.sftp [--rounds 3] [--delayed-rounds 1] [--sync]``.

A thousand small files and one long one, both ways, without delay and with 20 ms there and back, beside OpenSSH's
``sftp -b`` and lftp. Ours goes the whole way: claimed there, fetched, synced, journalled, visible in the inbox and
deleted there; or uploaded under a hidden name, journalled, renamed and taken from the outbox. The others sync and note
nothing; the limit is the ``sftp -b`` that moves as we do. Ours asks the server for a sync of every file as a rule; here
only with ``--sync``, and then ``sftp -b`` does too (``-f``). All use the same server, one after the other; the login is
left out for all, because ours keeps its connection.

``--crowd 100000`` measures only how a folder of so many files is emptied.
"""

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.delaying import delayed
from bench.measuring import median, show
from bench.sites import fresh_site
from tests.connectors.rigs import Rig
from tests.sftp_servers import SftpServer, sftp_server

_DELAYS = (0.0, 0.010)
"""Seconds each way."""
_PIECE = 1_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """So many files of so many bytes."""

    name: str
    files: int
    size: int
    limit: float
    """The share of the rate of ``sftp -b`` that ours must reach; with delay it must reach all of it."""


SMALL, LONG = Load("1,000 x 4 KB", 1_000, 4_096, 1.0), Load("1 x 500 MB", 1, 500_000_000, 0.8)


@dataclass(slots=True)
class Ground:
    """A server with its folders, our site beside it, and a folder for the others."""

    server: SftpServer
    port: int
    """Of the way to the server."""
    rig: Rig
    local: Path
    sync: bool
    """Whoever can brings what he delivers onto the server's disk."""
    done: Path
    """What was measured lies here until the end: new files beside removed ones are dear, see ``bench.sites``."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """Somebody who can fetch all that lies in ``outside``, and bring all of his folder to ``inside``."""

    name: str
    fetched: Callable[[Ground], Path]
    to_bring: Callable[[Ground], Path]
    collect: Callable[[Ground], float]
    """Seconds."""
    deliver: Callable[[Ground], float]


# ── who does it ───────────────────────────────────────────────────────────────────────────────────────────────────


def _timed(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


CLUEDROP = Contestant(
    "Cluedrop, the whole way",
    lambda ground: ground.rig.inbox,
    lambda ground: ground.rig.outbox,
    lambda ground: _timed(ground.rig.collect),
    lambda ground: _timed(ground.rig.deliver),
)


def _options(ground: Ground) -> list[str]:
    """What OpenSSH's clients need to log in here."""
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes")
    return ["-i", str(ground.server.root / "client_key"), *(f"-o{option}" for option in options)]


def _sftp(ground: Ground, commands: str) -> float:
    login = f"{ground.server.user}@127.0.0.1"
    flags = ["-q", *(["-f"] if ground.sync else [])]
    return _run(["sftp", *flags, "-b", "-", *_options(ground), "-P", str(ground.port), login], commands)


def _lftp(ground: Ground, commands: str) -> float:
    program = " ".join(["ssh", "-a", "-x", *_options(ground)])
    settings = f'set sftp:connect-program "{program}"\nset cmd:fail-exit yes\nset net:max-retries 2\n'
    login = f"open -u {ground.server.user},x sftp://127.0.0.1:{ground.port}\n"
    return _run(["lftp", "-f", "/dev/stdin"], settings + login + commands)


def _run(command: Sequence[str], commands: str) -> float:
    return _timed(lambda: subprocess.run(command, input=commands.encode(), check=True, stdout=subprocess.DEVNULL))


def _there_and_away(ground: Ground) -> str:
    """What a careful script says: nobody shall see half a file, and what was fetched shall go."""
    names = sorted(path.name for path in _plain_files(ground.local))
    where = ground.rig.inside
    return "".join(f"put {ground.local}/{one} {where}/.{one}\nrename {where}/.{one} {where}/{one}\n" for one in names)


COPIES = Contestant(
    "sftp -b, copies only",
    lambda ground: ground.local,
    lambda ground: ground.local,
    lambda ground: _sftp(ground, f"get {ground.rig.outside}/* {ground.local}/") - _sftp(ground, "pwd"),
    lambda ground: _sftp(ground, f"put {ground.local}/* {ground.rig.inside}/") - _sftp(ground, "pwd"),
)
OPENSSH = replace(
    COPIES,
    name="sftp -b, and rm or rename",
    collect=lambda ground: (
        _sftp(ground, f"get {ground.rig.outside}/* {ground.local}/\nrm {ground.rig.outside}/*") - _sftp(ground, "pwd")
    ),
    deliver=lambda ground: _sftp(ground, _there_and_away(ground)) - _sftp(ground, "pwd"),
)
LFTP = Contestant(
    "lftp mirror -P 8, copies only",
    lambda ground: ground.local,
    lambda ground: ground.local,
    lambda ground: _lftp(ground, f"mirror -P 8 {ground.rig.outside} {ground.local}") - _lftp(ground, "cls -q"),
    lambda ground: _lftp(ground, f"mirror -R -P 8 {ground.local} {ground.rig.inside}") - _lftp(ground, "cls -q"),
)
EVERYBODY = (CLUEDROP, OPENSSH, COPIES, LFTP)


# ── what is measured ──────────────────────────────────────────────────────────────────────────────────────────────


def measure(ground: Ground, who: Contestant, load: Load, *, collecting: bool) -> float:
    """Seconds of one contestant, with what he leaves cleared away afterwards."""
    begin, end = (ground.rig.outside, who.fetched(ground)) if collecting else (who.to_bring(ground), ground.rig.inside)
    _lay(ground.server, begin, load)
    seconds = (who.collect if collecting else who.deliver)(ground)
    come = [path.stat().st_size for path in _plain_files(end)]
    if come != [load.size] * load.files:
        raise AssertionError(f"{who.name}: {len(come)} files have come, not all of them whole")
    for number, path in enumerate([*_plain_files(begin), *_plain_files(end)]):
        if load is LONG:
            path.unlink()
        else:
            shutil.move(path, ground.done / f"{time.monotonic_ns()}-{number}")
    return seconds


def _lay(server: SftpServer, folder: Path, load: Load) -> None:
    for number in range(load.files):
        path = folder / f"file_{number:04}.csv"
        with path.open("wb") as file:
            for start in range(0, load.size, _PIECE):
                file.write(os.urandom(min(_PIECE, load.size - start)))
        server.give(path)
    os.sync()  # nobody shall pay for what was written before his time


def _plain_files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]


@contextmanager
def grounds(delay: float, *, sync: bool) -> Iterator[Ground]:
    """All of it, on the real disk."""
    site = fresh_site()
    site.root.chmod(0o755)
    tempfile.tempdir = str(site.root)
    with sftp_server() as server, delayed(server.port, delay) as port:
        rig = Rig(site.root / "ours", server, most_bytes=10 * LONG.size)
        login = replace(rig.place.access.login, port=port)
        rig.place = replace(rig.place, access=replace(rig.place.access, login=login, answer_seconds=60.0))
        rig.deliver_with(sync=sync)
        local, done = site.root / "theirs", site.root / "done"
        for folder in (local, done):
            folder.mkdir()
        yield Ground(server, port, rig, local, sync, done)
        rig.close()


def rows(
    delay: float, rounds: int, loads: Sequence[Load], *, sync: bool
) -> Iterator[tuple[str, Sequence[Sequence[object]], bool]]:
    """One table a load and direction: its heading, its rows, whether the limit is met."""
    with grounds(delay, sync=sync) as ground:
        measure(ground, CLUEDROP, replace(SMALL, files=1), collecting=True)  # what is done once only
        for load in loads:
            for collecting in (True, False):
                seconds: dict[Contestant, list[float]] = {who: [] for who in EVERYBODY}
                for _ in range(rounds):
                    for who in EVERYBODY:
                        seconds[who].append(measure(ground, who, load, collecting=collecting))
                ratio = {
                    who: median([theirs / ours for ours, theirs in zip(seconds[CLUEDROP], found, strict=True)])
                    for who, found in seconds.items()
                }
                heading = f"{'collect' if collecting else 'deliver'} {load.name}, {2000 * delay:.0f} ms"
                limit = 1.0 if delay else load.limit
                table = [
                    (
                        who.name,
                        min(found),
                        load.files / min(found),
                        load.files * load.size / min(found) / 1e6,
                        ratio[who],
                    )
                    for who, found in seconds.items()
                ]
                yield heading, table, ratio[OPENSSH] >= limit


def crowd(number: int) -> Sequence[Sequence[object]]:
    """Empty a folder of so many files: seconds of every round, and what the process has grown by."""
    with grounds(0.0, sync=False) as ground:
        measure(ground, CLUEDROP, replace(SMALL, files=1), collecting=True)
        _lay(ground.server, ground.rig.outside, replace(SMALL, files=number, size=100))
        before, left = _peak_mb(), number
        found: list[Sequence[object]] = []
        while left:
            seconds = _timed(ground.rig.collect)
            come = _plain_files(ground.rig.inbox)
            if not come:
                raise AssertionError(f"a round has brought nothing, and {left} files are left")
            left -= len(come)
            for path in come:
                path.rename(ground.done / path.name)
            found.append((left, len(come), seconds, len(come) / seconds, _peak_mb() - before))
        return found


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="everybody in turn, so often")
    parser.add_argument("--delayed-rounds", type=int, default=1, help="the same with delay; sftp -b needs minutes")
    parser.add_argument("--only", choices=("small", "long"), help="one of the two loads")
    parser.add_argument("--sync", action="store_true", help="what is delivered is synced there, by sftp -b too")
    parser.add_argument("--crowd", type=int, metavar="FILES", help="only empty one folder of so many files")
    arguments = parser.parse_args()
    if arguments.crowd:
        show(("files left", "fetched", "s", "files/s", "grown by MB"), crowd(arguments.crowd))
        return
    loads = {"small": (SMALL,), "long": (LONG,), None: (SMALL, LONG)}[arguments.only]
    for delay, rounds in zip(_DELAYS, (arguments.rounds, arguments.delayed_rounds), strict=True):
        if rounds:
            for heading, table, met in rows(delay, rounds, loads, sync=arguments.sync):
                show((heading, "s", "files/s", "MB/s", "ours/theirs"), table)
                print(f"limit: {'met' if met else 'NOT MET'}\n", flush=True)


if __name__ == "__main__":
    main()
