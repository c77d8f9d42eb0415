"""A real file system on a disk whose power is cut: an image on the test file system, mounted through a loop device.

The kernel's own ext4 writes and flushes; what of it was not flushed survives by chance, sector by sector.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faultfs.mounted import Mounted
from tests.needs import need

_BYTES = 24 << 20
_IMAGE = "disk.image"
MAKE = {
    "ext4": ("mkfs.ext4", "e2fsprogs", ["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"]),
    "btrfs": ("mkfs.btrfs", "btrfs-progs", ["-q", "-f", "--mixed"]),
}
"""Program, package and arguments, by file system."""


def format_disk(fs: Mounted, kind: str) -> None:
    """Lay an empty disk of this kind onto the test file system."""
    image = fs.root / _IMAGE
    with image.open("wb") as file:
        file.truncate(_BYTES if kind == "ext4" else 5 * _BYTES)
    program, package, arguments = MAKE[kind]
    subprocess.run([need(program, package), *arguments, image], check=True)


@contextmanager
def on_disk(fs: Mounted, mountpoint: Path) -> Iterator[None]:
    """Mount the disk; unmount it in the end, whatever is still open."""
    mountpoint.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-o", "loop", fs.root / _IMAGE, mountpoint], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", mountpoint], check=True)
