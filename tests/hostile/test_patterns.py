"""Every pattern of the house against texts that make bad patterns take for ever."""

import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

ROOMS = ("core", "formats", "handlers", "spool", "config")
LONG = 10_000
MOST_SECONDS = 1.0
PUMPS = (
    "a", "1", " ", "\t", "\n", ".", ",", "-", "=", '"', "'", "\\", "(", "<", "<c", "<c r=", '<c r="A', "<f>", "<!--",
    "{", "/", "'a", "1.", "1,", "1 ", "a ", " a", "1.1", "per ", "Stichtag", "Konto ", "r=", 'r="', 'r="A', "ä",
    "\r\n", "#", "[", "x'", '"sender": ', "aA1", "0" * 7, "Summe", "::", "é\u0301",
)  # fmt: skip
ENDS = ("", "!", "\0", "1", "\n")


def _patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    for room in ROOMS:
        package = importlib.import_module(room)
        for found in pkgutil.walk_packages(package.__path__, f"{room}."):
            if "migrations" in found.name:
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                values = value if isinstance(value, tuple) else (value,)
                yield from ((f"{found.name}.{name}", one) for one in values if isinstance(one, re.Pattern))


PATTERNS = dict(_patterns())


def test_there_are_patterns() -> None:
    assert len(PATTERNS) > 30


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_no_pattern_takes_for_ever(name: str) -> None:
    """Anchored at the start for all; searched too where the house searches, on as much as a cell or a name can hold."""
    pattern = PATTERNS[name]
    for pump in PUMPS:
        for end in ENDS:
            text = pump * (LONG // len(pump)) + end
            subject = text.encode() if isinstance(pattern.pattern, bytes) else text
            started = time.process_time()
            pattern.match(subject)  # type: ignore[arg-type]
            pattern.fullmatch(subject)  # type: ignore[arg-type]
            took = time.process_time() - started
            assert took < MOST_SECONDS, f"{name} takes {took:.1f} s for {pump!r} again and again"


def _is_searched_for(name: str) -> bool:
    """In whole files, not only in a cell or a name."""
    module, _, short = name.rpartition(".")
    source = inspect.getsource(importlib.import_module(module))
    whole = module.startswith(("formats._tables.workbook", "formats._tables.delimited", "core.documents.salvage"))
    return whole and re.search(rf"{short}\.(?:search|finditer|findall|sub|split)\(", source) is not None


SEARCHED = sorted(name for name in PATTERNS if _is_searched_for(name))


@pytest.mark.parametrize("name", SEARCHED)
def test_no_pattern_that_looks_through_a_whole_file_takes_for_ever(name: str) -> None:
    pattern = PATTERNS[name]
    for pump in PUMPS:
        text = pump * (3 * LONG // len(pump))
        subject = text.encode() if isinstance(pattern.pattern, bytes) else text
        started = time.process_time()
        for _match in pattern.finditer(subject):  # type: ignore[arg-type]
            pass
        took = time.process_time() - started
        assert took < MOST_SECONDS, f"{name} takes {took:.1f} s for {pump!r} again and again"
