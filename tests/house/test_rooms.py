"""The rooms of the house: who may import whom, and what the pure rooms must not do."""

import subprocess
import sys
from pathlib import Path

from tests.house.source import PURE, ROOMS, ROOT, calls, imports, python_files, shown

EXPLANATION = """
Imports run one way: core <- formats, handlers, spool, config <- commands <- daemon.py.
A room in the middle that needs something of another gets it handed in, typed by a protocol in core/contracts.py.
"""
WORLD = {
    "asyncio", "atexit", "glob", "http", "locale", "logging", "loguru", "multiprocessing", "os", "platform", "random",
    "secrets", "shutil", "signal", "socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
"""Modules that reach out of a pure room: files, clock, chance, environment, log, network, processes."""
CLOCKS = {"now", "today", "utcnow"}
CHANCE = {"uuid1", "uuid4"}
FILE_ACTS = {
    "exists", "is_dir", "is_file", "iterdir", "lstat", "mkdir", "open", "read_bytes", "read_text", "rename", "replace",
    "resolve", "rglob", "rmdir", "stat", "symlink_to", "touch", "unlink", "write_bytes", "write_text",
}  # fmt: skip
"""Methods of Path; ``str.replace`` and ``dataclasses.replace`` are told apart by their arguments."""


def test_imports_run_one_way() -> None:
    """The contracts of pyproject.toml are kept."""
    tool = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, EXPLANATION + run.stdout + run.stderr


def test_every_room_stands_under_the_import_contracts() -> None:
    """A new room cannot stay outside of the contracts by being forgotten."""
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    [listed] = [line for line in pyproject.splitlines() if line.startswith("root_packages")]

    assert [room for room in ROOMS if f'"{room}"' not in listed] == []


def test_nobody_imports_the_composition_root() -> None:
    """``daemon.py`` knows every room; no room knows it."""
    found = [
        shown(path, node)
        for path in python_files(*ROOMS)
        for node, module, _ in imports(path)
        if module.split(".")[0] == "daemon"
    ]

    assert not found, "\n".join(found)


def test_pure_rooms_import_nothing_that_reaches_out() -> None:
    """Files, clock, chance, log and environment stay out of core, formats and handlers."""
    found = [
        f"{shown(path, node)} imports {module}"
        for path in python_files(*PURE)
        for node, module, _ in imports(path)
        if module.split(".")[0] in WORLD
    ]

    assert not found, "\n".join(found)


def test_pure_rooms_open_no_file_and_ask_no_clock() -> None:
    """A format gets an open file, and the only moment that is known is that of the Origin."""
    found = []
    for path in python_files(*PURE):
        for node, owner, name in calls(path):
            is_clock = name in CLOCKS and owner.split(".")[-1] in {"datetime", "date"}
            if (
                is_clock
                or name in CHANCE
                or (name == "open" and not owner)
                or (name in FILE_ACTS and _acts_on_a_file(owner, name, node))
            ):
                found.append(f"{shown(path, node)} {owner}.{name}".rstrip("."))

    assert not found, "\n".join(found)


def _acts_on_a_file(owner: str, name: str, node: object) -> bool:
    """A method of a path; an archive that was opened from the given file may be looked into."""
    arguments = len(getattr(node, "args", ()))
    if name == "replace":
        return "path" in owner.casefold() and arguments == 1
    if name == "open":
        return owner not in {"archive", "container"}
    return bool(owner)
