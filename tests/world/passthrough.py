"""A file system over FUSE that hands everything on to a folder: a share whose server can be stopped.

``python -m tests.world.passthrough SOURCE PLACE [fold]`` serves until it is unmounted; with ``fold`` it does not tell
upper from lower case, as the shares of Windows machines. SIGSTOP makes it a server that hangs.
"""

import errno
import os
import sys
from pathlib import Path
from typing import Any

import mfusepy as fuse


class PassThrough(fuse.Operations):
    """Every call is the system's own on the folder behind."""

    use_ns = True

    def __init__(self, source: str, *, folds: bool) -> None:
        self._source = source
        self._folds = folds

    def _real(self, path: str) -> str:
        real = self._source
        for step in filter(None, path.split("/")):
            real = f"{real}/{self._spelled(real, step)}"
        return real

    def _spelled(self, folder: str, name: str) -> str:
        if not self._folds or os.path.lexists(f"{folder}/{name}") or not os.path.isdir(folder):
            return name
        return next((found for found in os.listdir(folder) if found.casefold() == name.casefold()), name)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        status = os.lstat(self._real(path)) if fh is None else os.fstat(fh)
        found = {
            name: getattr(status, name) for name in ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid", "st_ino")
        }
        return {**found, "st_atime": status.st_atime_ns, "st_mtime": status.st_mtime_ns, "st_ctime": status.st_ctime_ns}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *os.listdir(self._real(path))]

    def statfs(self, path: str) -> dict[str, int]:
        disk = os.statvfs(self._real(path))
        return {name: getattr(disk, name) for name in ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail")}

    def open(self, path: str, flags: int) -> int:
        return os.open(self._real(path), flags)

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        return os.open(self._real(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        os.truncate(self._real(path) if fh is None else fh, length)

    def release(self, path: str, fh: int) -> None:
        os.close(fh)

    def fsync(self, path: str, datasync: int, fh: int) -> None:
        os.fsync(fh)

    def fsyncdir(self, path: str, datasync: int, fh: int) -> None:
        return

    def mkdir(self, path: str, mode: int) -> None:
        os.mkdir(self._real(path), mode)

    def rmdir(self, path: str) -> None:
        os.rmdir(self._real(path))

    def unlink(self, path: str) -> None:
        os.unlink(self._real(path))

    def rename(self, old: str, new: str) -> None:
        os.rename(self._real(old), self._real(new))

    def link(self, target: str, source: str) -> None:
        if os.path.lexists(self._real(target)):
            raise fuse.FuseOSError(errno.EEXIST)
        os.link(self._real(source), self._real(target), follow_symlinks=False)

    def chmod(self, path: str, mode: int) -> None:
        os.chmod(self._real(path), mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        os.chown(self._real(path), uid, gid)

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> None:
        os.utime(self._real(path), ns=times)


if __name__ == "__main__":
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    fuse.FUSE(PassThrough(sys.argv[1], folds="fold" in sys.argv[3:]), sys.argv[2], foreground=True, nothreads=True)
