"""Mistakes in a configuration, said as ``file:line: key: what is wrong, what is allowed``."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.credentials import NOT_SHOWN
from config.fields import BACKSLASH_HINT
from config.nearest import unknown
from config.plugins import Plugins
from config.shapes import Option, allowed, model_at, options
from config.toml_lines import KeyPath, line_of

_LONGEST_VALUE = 60
_KEYS = {"handler_settings": "settings", "format_settings": "format", "writer_settings": "format"}
"""Where a default is checked, pydantic names the field and not its alias."""
_FOLLOWS = {"default_factory_not_called"}
"""Errors that only follow from another one in the same table."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, and where."""

    path: KeyPath
    text: str


def of_syntax(error: tomllib.TOMLDecodeError, file: str, text: str) -> str:
    """The one mistake that keeps a file from being TOML, with its line."""
    found = re.fullmatch(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL)
    what, line, column = (found[1], found[2], found[3]) if found else (str(error), None, None)
    number = int(line) if line else text.rstrip("\n").count("\n") + 1
    place = f"column {column}: " if column else "end of the file: "
    # a Windows path in double quotes is the commonest mistake in TOML (facts/ecosystem.md 1)
    hint = f", {BACKSLASH_HINT}" if "\\" in text.split("\n")[number - 1] else ""
    return f"{file}:{number}: {place}{what[:1].lower()}{what[1:]}{hint}"


def of_validation(
    error: ValidationError, model: type[BaseModel], data: Mapping[str, Any], plugins: Plugins
) -> Iterator[Mistake]:
    """All mistakes that pydantic found, each with a path that exists in the file but for its last key."""
    seen = set()
    for details in error.errors(include_url=False):
        if details["type"] in _FOLLOWS:
            continue
        path = _real_path(details, data)
        mistake = Mistake(path, _text(details, path, model, data, plugins))
        if mistake not in seen:
            seen.add(mistake)
            yield mistake


def worded(mistakes: Iterable[Mistake], file: str, data: Mapping[str, Any], lines: Mapping[KeyPath, int]) -> list[str]:
    """The mistakes as lines of text, in the order of the file."""
    placed = [(line_of(lines, mistake.path), _key(mistake.path, data), mistake.text) for mistake in mistakes]
    return [f"{file}:{line}: {key}: {text}" if key else f"{file}:{line}: {text}" for line, key, text in sorted(placed)]


def _real_path(details: ErrorDetails, data: object) -> KeyPath:
    """Cut off what pydantic adds to a path of its own: union members, function names."""
    path: list[str | int] = []
    for step in details["loc"]:
        if isinstance(data, Mapping) and details["type"] == "missing" and step not in data:
            return (*path, *(_KEYS.get(str(rest), rest) for rest in details["loc"][len(path) :]))
        if not (isinstance(data, Mapping) and step in data) and not _is_position(step, data):
            break
        data = data[step]  # type: ignore[index]
        path.append(step)
    return tuple(path)


def _is_position(step: str | int, data: object) -> bool:
    return isinstance(data, list) and isinstance(step, int) and step < len(data)


def _text(
    details: ErrorDetails, path: KeyPath, model: type[BaseModel], data: Mapping[str, Any], plugins: Plugins
) -> str:
    owner = model_at(model, data, path[:-1], plugins) if path else None
    known = list(options(owner, {}, plugins)) if owner else []
    option = next((option for option in known if option.key == path[-1]), None)
    if details["type"] == "extra_forbidden":
        names = [option.key for option in known] or list(_names_beside(model, data, path, plugins))
        return unknown("setting", str(path[-1]), names)
    if details["type"] == "missing":
        return f"is missing, allowed: {allowed(option.field) if option else 'any value'}"
    if details["type"] == NOT_SHOWN:
        return details["msg"]
    what = details["msg"].removeprefix("Value error, ").replace("Input should", "must")
    if details["type"] != "value_error":
        what = _what_it_must_be(option) or _TABLE_WORDS.get(details["type"], what)
    return _shown(details["input"]) + what if what.startswith("must") else what


_TABLE_WORDS = {"model_type": "must be a table", "dict_type": "must be a table", "string_type": "must be text"}


def _what_it_must_be(option: Option | None) -> str | None:
    if option is None:
        return None
    if option.kind == "value":
        return f"must be {allowed(option.field)}"
    return f"must be a list of tables, each under [[{option.key}]]" if option.kind == "tables" else "must be a table"


def _names_beside(model: type[BaseModel], data: Mapping[str, Any], path: KeyPath, plugins: Plugins) -> Iterator[str]:
    """Names allowed where each name has a model of its own: ``format.<id>``."""
    owner = model_at(model, data, path[:-2], plugins) if len(path) > 1 else None
    table: Any = data
    for step in path[:-2]:
        table = table[step]
    if owner:
        for option in options(owner, table, plugins):
            if option.key == path[-2]:
                yield from option.models or {}


def _shown(value: object) -> str:
    """The offending value, as far as it is short and plain."""
    if isinstance(value, bool):
        return f"{str(value).lower()} "
    if isinstance(value, str) and len(value) <= _LONGEST_VALUE:
        return f'"{value}" '
    return f"{value} " if isinstance(value, int | float) else ""


def _key(path: KeyPath, data: object) -> str:
    """The path as a person reads it: ``route[clue].settings.target``; without a usable name ``route[2]``, from 1."""
    words = ""
    for step in path:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and step < len(data) else None
            words += f"[{_name(data) or step + 1}]"
        else:
            data = data.get(step) if isinstance(data, Mapping) else None
            words += f".{step}" if words else str(step)
    return words


def _name(table: object) -> str | None:
    if not isinstance(table, Mapping):
        return None
    name = table.get("name", table.get("id"))
    return name if isinstance(name, str) and re.fullmatch(r"[\w-]{1,40}", name) else None
