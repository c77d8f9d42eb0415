"""The budget and the habits of the code, so that it stays readable for whoever comes next."""

import ast
import re
import statistics
from collections import Counter
from pathlib import Path

import pytest

from tests.house.source import PURE, ROOT, calls, house_files, imports, python_files, shown, texts, tree
from tests.needs import need

MODULE_LINES = 300
FUNCTION_LINES = 60
MEDIAN_LINES = 12
MODULES_A_FOLDER = 24
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")
NO_MONEY = {"formats/_strict_json.py"}
"""Reads JSON numbers as what they are, so that the models can refuse an amount that is no text."""
MACHINE_PATHS = ["/" + "work", "/" + "tmp/w", "/" + "root"]
NEEDS = ROOT / "tests" / "needs.py"
SKIPS = {"skip", "skipif", "xfail", "importorskip"}


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_module_says_what_it_is() -> None:
    """Its first sentence answers: which question does this module answer? An empty ``__init__`` asks none."""
    found = [
        shown(path)
        for path in [*house_files(), *python_files("tests", "bench")]
        if tree(path).body and not ast.get_docstring(tree(path))
    ]

    assert not found, "\n".join(found)


def test_no_folder_is_crowded() -> None:
    """Who looks for something reads the names of a folder at a glance; then it is divided by what is asked."""
    modules = Counter(path.parent for path in house_files() if path.name != "__init__.py")

    found = [f"{shown(folder)}: {count} modules" for folder, count in modules.items() if count > MODULES_A_FOLDER]

    assert not found, "\n".join(found)


def test_what_is_public_is_explained() -> None:
    """Public classes and functions of the house promise something in a docstring."""
    public = [
        (path, node)
        for path in house_files()
        for node in tree(path).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    ]
    generated = ROOT / "spool" / "migrations"

    found = [
        f"{shown(path, node)} {node.name}"
        for path, node in public
        if not ast.get_docstring(node) and not path.is_relative_to(generated)
    ]

    assert not found, "\n".join(found)


def test_modules_stay_short() -> None:
    """A longer module answers more than one question."""
    found = {
        shown(path): count
        for path in house_files()
        if (count := len(path.read_text("utf-8").splitlines())) > MODULE_LINES
    }

    assert found == {}


def test_functions_stay_short() -> None:
    """A longer function does more than one thing."""
    found = {
        f"{shown(path, node)} {node.name}": lines(node)
        for path in house_files()
        for node in functions(path)
        if lines(node) > FUNCTION_LINES
    }

    assert found == {}


def test_the_usual_function_is_small() -> None:
    """The median counts, not the exception."""
    assert statistics.median(lines(node) for path in house_files() for node in functions(path)) <= MEDIAN_LINES


def test_nothing_is_validated_by_assert() -> None:
    """``python -O`` must not change what is accepted."""
    found = [
        shown(path, node) for path in house_files() for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)
    ]

    assert not found, "\n".join(found)


def test_money_is_never_a_float() -> None:
    """Where amounts are read, handled and written, nothing is made a float."""
    found = [
        shown(path, node)
        for path in python_files(*PURE)
        for node, owner, name in calls(path)
        if name == "float" and not owner and shown(path) not in NO_MONEY
    ]

    assert not found, "\n".join(found)


def test_nothing_is_left_unfinished() -> None:
    """What is open stands in an issue or in docs/assumptions.md, not in a comment."""
    found = [
        shown(path)
        for path in [*house_files(), *python_files("tests", "bench")]
        if UNFINISHED.search(path.read_text("utf-8"))
    ]

    assert not found, "\n".join(found)


def test_no_file_names_the_machine_it_was_written_on() -> None:
    """A checkout works wherever it lies."""
    found = []
    for path, text in texts():
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{shown(path)}:{number} {name}" for name in MACHINE_PATHS if _names(line, name)]

    assert not found, "\n".join(found)


def _names(line: str, path: str) -> bool:
    before, hit, after = line.partition(path)
    return (
        bool(hit)
        and not before[-1:].isalnum()
        and before[-1:] not in {"}", ".", "_", "-", "/"}
        and (not after[:1].isalnum() and after[:1] not in {"_", "-"})
    )


def test_tests_wait_for_conditions_and_use_the_real_parts() -> None:
    """No sleeping and no mocks of our own code."""
    found = []
    for path in python_files("tests"):
        for node, module, name in imports(path):
            words = [*module.split("."), name]
            if "mock" in words or (name == "sleep" and module in {"time", "asyncio"}):
                found.append(f"{shown(path, node)} {module} {name}")
        found += [
            f"{shown(path, node)} {owner}.{name}"
            for node, owner, name in calls(path)
            if name == "sleep" and owner in {"time", "asyncio"}
        ]

    assert not found, "\n".join(found)


def test_nothing_is_left_out_or_expected_to_fail() -> None:
    """No skips and no expected failures; ``tests/needs.py`` alone may leave a test out, and never in CI."""
    found = [
        shown(path, node)
        for path in python_files("tests")
        if path != NEEDS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in SKIPS and ast.unparse(node).startswith("pytest.")
    ]

    assert not found, "\n".join(found)


def test_what_the_machine_lacks_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is silently untested."""
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="apt-get install nothing"):
        need("a-program-that-nobody-has", "nothing")
