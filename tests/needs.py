"""What a test needs of the machine: missing in CI it fails, on a user's machine the test is skipped and says why."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def need(program: str, package: str) -> str:
    """Return the path of a program; ``package`` is the Debian package that brings it."""
    # Tools of an administrator are often not on the path of other users.
    path = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    return path or _missing(f"{program} is missing; install it with: apt-get install {package}")


def need_library(pattern: str, package: str) -> str:
    """Return the path of a library below /usr/lib; ``package`` is the Debian package that brings it."""
    found = sorted(Path("/usr/lib").glob(pattern))
    return str(found[0]) if found else _missing(f"{pattern} is missing; install it with: apt-get install {package}")


def need_root(reason: str) -> None:
    """Go on only as root."""
    if os.geteuid() != 0:
        _missing(f"needs root: {reason}")


def _missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
