"""The files of the checkout, as the house tests look at them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PURE = ("core", "formats", "handlers")
"""Rooms without files, clock, log and environment."""
ROOMS = tuple(
    sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name not in {"tests", "bench"})
)
"""Every room of the house; a new one is found by itself."""

_NOT_OURS = {".git", ".venv", "node_modules", "__pycache__", "dist"}
_DATA = {"inbox", "outbox", "archive"}


def python_files(*folders: str) -> list[Path]:
    """All modules below these folders of the checkout."""
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if not _NOT_OURS & set(path.parts)
    )


def house_files() -> list[Path]:
    """The modules that are delivered: the rooms and daemon.py, without generated migrations."""
    return [
        ROOT / "daemon.py",
        *(path for path in python_files(*ROOMS) if path.parent.name != "versions"),
    ]


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def shown(path: Path, node: ast.AST | None = None) -> str:
    """Where something stands, as ``file:line``."""
    line = getattr(node, "lineno", 0)
    return f"{path.relative_to(ROOT).as_posix()}:{line}" if line else path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[tuple[ast.Call, str, str]]:
    """Every call in a module with what it is called on ("" for a plain name) and the name that is called."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name):
                    yield node, "", name
                case ast.Attribute(value=owner, attr=name):
                    yield node, ast.unparse(owner), name


def imports(path: Path) -> Iterator[tuple[ast.stmt, str, str]]:
    """Every import in a module: its statement, the module, and the name taken from it ("" for the module itself)."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, node.module or "", alias.name) for alias in node.names)


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the checkout that is ours, with its content; dropped files are not ours."""
    for path in sorted(_ours(ROOT)):
        try:
            yield path, path.read_text("utf-8")
        except UnicodeDecodeError:
            continue


def _ours(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        hidden = path.name.startswith(".") and path.name not in {".ci", ".gitignore", ".gitattributes"}
        if hidden or path.name in _NOT_OURS or path.is_symlink():
            continue
        if path.is_dir():
            yield from [path / "README.md"] if folder == ROOT and path.name in _DATA else _ours(path)
        elif path.name != "uv.lock":
            yield path
