"""Formats and handlers: each is found by its file name, explained, and has golden cases."""

import ast
from types import ModuleType

import pytest

from spool.work.plugins import load
from tests.house.source import ROOT, tree

FOUND = load("formats", "handlers")
FORMATS = {**FOUND.readers, **FOUND.writers}
ALL = {**FORMATS, **FOUND.handlers}
GOLDEN = ROOT / "tests" / "golden"


def test_no_name_is_used_twice() -> None:
    """Golden folders and settings are named by the module, so a format and a handler cannot share a name."""
    assert FORMATS.keys() & FOUND.handlers.keys() == set()


def test_every_public_module_of_formats_reads_or_writes() -> None:
    """A helper begins with an underscore."""
    public = {path.stem for path in (ROOT / "formats").glob("*.py") if not path.name.startswith("_")}

    assert public == set(FORMATS)


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_has_a_golden_folder(name: str) -> None:
    """One case at least, each with an input and what is expected of it."""
    cases = [path for path in (GOLDEN / name).glob("*") if path.is_dir()]

    assert cases, f"lay a case into tests/golden/{name}/<case>/"
    assert [case.name for case in cases if len(list(case.iterdir())) < 2] == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_tells_clerks_and_colleagues_what_it_is(name: str) -> None:
    """A German LABEL for clerks, a docstring with more than a heading for whoever reads the code."""
    module = ALL[name]

    assert module.LABEL.strip() == module.LABEL != ""
    assert len((module.__doc__ or "").split()) > 5


@pytest.mark.parametrize(("name", "module"), sorted(FOUND.readers.items()))
def test_a_reader_keeps_its_contract(name: str, module: ModuleType) -> None:
    """It offers what core/contracts.py asks for, and works without any setting."""
    module.Settings()

    assert isinstance(module.sniff(b"", "x"), bool)
    assert callable(module.read)


@pytest.mark.parametrize(("name", "module"), sorted(FOUND.writers.items()))
def test_a_writer_works_without_any_setting(name: str, module: ModuleType) -> None:
    """Every WriterSettings has only defaults."""
    module.WriterSettings()

    assert callable(module.open_writer)


@pytest.mark.parametrize(("name", "module"), sorted(FOUND.handlers.items()))
def test_a_handler_keeps_its_contract(name: str, module: ModuleType) -> None:
    """It says which documents it takes and whether a sender waits for an answer to a duplicate."""
    module.Settings()

    assert module.ACCEPTS
    assert isinstance(module.ANSWERS_DUPLICATES, bool)
    assert callable(module.handle)


def test_a_file_is_known_by_one_reader_only() -> None:
    """Readers never leave it to chance who takes an empty head."""
    claims = [name for name, module in FOUND.readers.items() if module.sniff(b"", "unbekannt.dat")]

    assert claims == []


@pytest.mark.parametrize("room", ["formats", "handlers", "connectors", "spool", "config", "core"])
def test_a_room_opens_with_what_lives_there(room: str) -> None:
    """Its ``__init__`` says what lives here, what must not, and which file to read first."""
    text = ast.get_docstring(tree(ROOT / room / "__init__.py")) or ""

    assert len(text.split()) > 20, f"{room}/__init__.py should open with three sentences"
