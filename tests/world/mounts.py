"""Real small file systems for tests: mounted where they are wanted, unmounted whatever happens."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.needs import need, need_root

ROOT = Path(__file__).resolve().parents[2]


class Mounts:
    """File systems of one test; ``close`` takes all of them away, the last one first."""

    def __init__(self, scratch: Path) -> None:
        need_root("to mount file systems")
        self._scratch = scratch
        self._mounted: list[Path] = []
        self._servers: list[subprocess.Popen[bytes]] = []

    def tmpfs(self, place: Path, options: str = "size=256k") -> None:
        """A disk in memory."""
        self._mount(place, "-t", "tmpfs", "-o", options, "tmpfs")

    def ext4(self, place: Path, *made_with: str, megabytes: int = 4, options: str = "loop") -> Path:
        """A disk in a file, made anew; returns the file, so that it can be mounted again."""
        mkfs = need("mkfs.ext4", "e2fsprogs")
        image = self._scratch / f"disk-{len(list(self._scratch.glob('disk-*')))}"
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        subprocess.run([mkfs, "-q", "-F", "-m", "0", *made_with, image], check=True)
        self.image(place, image, options)
        return image

    def image(self, place: Path, image: Path, options: str = "loop") -> None:
        """A disk that was made before."""
        self._mount(place, "-o", options, str(image))

    def bind(self, source: Path, place: Path) -> None:
        """The folder again under another name, as a mount of its own."""
        self._mount(place, "--bind", str(source))

    def share(self, source: Path, place: Path, *options: str) -> "subprocess.Popen[bytes]":
        """A share that a process serves from a folder; returns the process."""
        need("fusermount3", "fuse3")
        source.mkdir(parents=True, exist_ok=True)
        place.mkdir(parents=True, exist_ok=True)
        server = subprocess.Popen([sys.executable, "-m", "tests.world.passthrough", source, place, *options], cwd=ROOT)
        self._servers.append(server)
        self._mounted.append(place)
        deadline = time.monotonic() + 60
        while not place.is_mount():
            assert server.poll() is None
            assert time.monotonic() < deadline, "the share was never mounted"
            os.sched_yield()
        return server

    def remount(self, place: Path, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)

    def unmount(self, place: Path, *, lazy: bool = False) -> None:
        """Take the topmost mount of a place away; fails when something is still open there, unless it is lazy."""
        subprocess.run(["umount", *(["-l"] if lazy else []), place], check=True)
        self._mounted.remove(place)

    def wake(self) -> None:
        """Let every server answer again: whoever waits for one cannot even be killed."""
        for server in self._servers:
            server.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.wake()
        for place in reversed(self._mounted):
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)
        for server in self._servers:
            server.kill()
            server.wait()

    def _mount(self, place: Path, *arguments: str) -> None:
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", *arguments, place], check=True)
        self._mounted.append(place)


def fill(place: Path) -> Path:
    """Use up every byte of a file system; returns the file that does."""
    filler = place / ".filler"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def use_up_inodes(place: Path) -> Path:
    """Make files until the file system can hold no more; returns their folder."""
    folder = place / ".many"
    folder.mkdir()
    try:
        for number in range(1_000_000):
            (folder / str(number)).touch()
    except OSError:
        return folder
    raise AssertionError(f"{place} has no limit of files")
