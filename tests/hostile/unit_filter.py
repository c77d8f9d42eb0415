"""The filter of system calls that systemd lays over the service, applied to this process as systemd would."""

import ctypes
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.needs import need

UNIT = Path(__file__).parents[2] / "systemd" / "cluedrop.service"


def apply_unit_filter() -> None:
    """Deny with EPERM whatever the unit does not allow, for this process and its children."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_load.argtypes = (ctypes.c_void_p,)
    rules = ctypes.c_void_p(library.seccomp_init(0x00050001))  # all is EPERM ...
    for name in sorted(_allowed()):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add_array(rules, ctypes.c_uint32(0x7FFF0000), number, 0, None)  # ... but these
    if library.seccomp_load(rules):
        raise OSError("the filter cannot be loaded")


def _allowed() -> set[str]:
    analyze = need("systemd-analyze", package="systemd")
    allowed: set[str] = set()
    for line in UNIT.read_text().splitlines():
        key, _, value = line.partition("=")
        if key == "SystemCallFilter":
            calls = _expanded(analyze, value.removeprefix("~").split())
            allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed | _expanded(analyze, ["@default"])


def _expanded(analyze: str, names: Iterable[str]) -> set[str]:
    calls: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            calls.add(name)
            continue
        told = subprocess.run(
            [analyze, "syscall-filter", "--no-pager", name], capture_output=True, text=True, check=True
        )
        inner = [line.strip() for line in told.stdout.splitlines()[1:]]
        calls |= _expanded(analyze, [word for word in inner if word and not word.startswith("#")])
    return calls
