"""The budget and the habits of the code, so that it stays readable for whoever comes next."""

import ast
import statistics
from pathlib import Path

from tests.house.source import PURE, ROOT, calls, house_files, imports, python_files, shown, texts, tree

MODULE_LINES = 300
FUNCTION_LINES = 60
MEDIAN_LINES = 12
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
MACHINE_PATHS = ["/" + "work", "/" + "tmp/w", "/" + "root"]
SKIPS = {"skip", "skipif", "xfail", "importorskip"}


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_module_says_what_it_is() -> None:
    """Its first sentence answers: which question does this module answer?"""
    found = [
        shown(path) for path in [*house_files(), *python_files("tests", "bench")] if not ast.get_docstring(tree(path))
    ]

    assert found == []


def test_what_is_public_is_explained() -> None:
    """Public classes and functions of the house promise something in a docstring."""
    public = [(path, node) for path in house_files() for node in tree(path).body
              if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")]  # fmt: skip
    generated = ROOT / "spool" / "migrations"

    found = [f"{shown(path, node)} {node.name}" for path, node in public
             if not ast.get_docstring(node) and not path.is_relative_to(generated)]  # fmt: skip

    assert found == []


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
    found = {f"{shown(path, node)} {node.name}": lines(node) for path in house_files() for node in functions(path)
             if lines(node) > FUNCTION_LINES}  # fmt: skip

    assert found == {}


def test_the_usual_function_is_small() -> None:
    """The median counts, not the exception."""
    assert statistics.median(lines(node) for path in house_files() for node in functions(path)) <= MEDIAN_LINES


def test_nothing_is_validated_by_assert() -> None:
    """``python -O`` must not change what is accepted."""
    found = [
        shown(path, node) for path in house_files() for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)
    ]

    assert found == []


def test_money_is_never_a_float() -> None:
    """Where amounts are read, handled and written, nothing is made a float."""
    found = [shown(path, node) for path in python_files(*PURE) for node, owner, name in calls(path)
             if name == "float" and not owner]  # fmt: skip

    assert found == []


def test_nothing_is_left_unfinished() -> None:
    """What is open stands in an issue or in docs/assumptions.md, not in a comment."""
    found = [shown(path) for path in [*house_files(), *python_files("tests", "bench")]
             for word in UNFINISHED if word in path.read_text("utf-8")]  # fmt: skip

    assert found == []


def test_no_file_names_the_machine_it_was_written_on() -> None:
    """A checkout works wherever it lies."""
    found = []
    for path, text in texts():
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{shown(path)}:{number} {name}" for name in MACHINE_PATHS if _names(line, name)]

    assert found == []


def _names(line: str, path: str) -> bool:
    before, hit, after = line.partition(path)
    return bool(hit) and not before[-1:].isalnum() and before[-1:] not in {"}", ".", "_", "-", "/"} and (
        not after[:1].isalnum() and after[:1] not in {"_", "-"}
    )  # fmt: skip


def test_tests_wait_for_conditions_and_use_the_real_parts() -> None:
    """No sleeping, no mocks of our own code, no skipped and no expected failures."""
    found = []
    for path in python_files("tests"):
        taken = [(node, f"{module}.{name}".rstrip(".")) for node, module, name in imports(path)]
        found += [f"{shown(path, node)} {name}" for node, name in taken
                  if name in {"time.sleep", "asyncio.sleep"} or "mock" in name.split(".")]  # fmt: skip
        found += [f"{shown(path, node)} {owner}.{name}" for node, owner, name in calls(path)
                  if (name == "sleep" and owner in {"time", "asyncio"}) or (name in SKIPS and "pytest" in owner)]  # fmt: skip
        found += [shown(path, node) for node in ast.walk(tree(path))
                  if isinstance(node, ast.Attribute) and node.attr in SKIPS and "pytest.mark" in ast.unparse(node)]  # fmt: skip

    assert found == []
