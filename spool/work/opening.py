"""Opening a claimed file: what is it, is it fit to be read, and what is its hash? Trusts nothing about it."""

import errno
import hashlib
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from core.contracts import CompanionFile
from core.errors import FormatError, Problem
from spool.folders.own_folders import entered
from spool.results import file_problems

_LONGEST_NAME = 255
_IN_MEMORY_BYTES = 4_000_000


def open_regular(path: str) -> io.FileIO:
    """Open a plain file for reading, never through a link and never waiting on a pipe.

    Raise FormatError for anything that is no plain file, OSError when it cannot be opened.
    """
    with entered(path) as (folder, name):
        # Before the opening: to open a device can already be an act. And behind it: it may be another by then.
        _refuse_others(os.stat(name, dir_fd=folder, follow_symlinks=False))
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            raise FormatError(file_problems.not_a_file(stat.S_IFLNK)) from None
    file = io.FileIO(descriptor, "r")
    try:
        _refuse_others(os.fstat(descriptor))
    except FormatError:
        file.close()
        raise
    return file


def _refuse_others(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise FormatError(file_problems.not_a_file(status.st_mode))


def unfit(status: os.stat_result, name: str, most_bytes: int) -> Problem | None:
    """What is wrong with a file before anybody reads it; None when nothing is."""
    if status.st_size == 0:
        return file_problems.empty_file()
    if status.st_size > most_bytes:
        return file_problems.too_big(status.st_size, most_bytes)
    if not name.isprintable() or len(os.fsencode(name)) > _LONGEST_NAME:
        return file_problems.unusable_name(name)
    return None


def with_digest(file: io.FileIO, size: int) -> tuple[BinaryIO, str]:
    """The file ready to be read from its start, and its SHA-256; small files are read once."""
    if size <= _IN_MEMORY_BYTES:
        data = file.readall()
        return io.BytesIO(data), hashlib.sha256(data).hexdigest()
    digest = _hash(file)
    file.seek(0)
    return io.BufferedReader(file, buffer_size=1 << 18), digest


def companion_file(path: str) -> CompanionFile:
    """An attachment as a handler knows it. Raise like ``open_regular``."""
    with open_regular(path) as file:
        return CompanionFile(Path(path), os.fstat(file.fileno()).st_size, _hash(file))


def _hash(file: io.FileIO) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()
