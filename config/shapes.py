"""What stands behind a key: a value, a table, a list of tables, tables by name? And what is allowed there?

Read from the pydantic models alone, so that whatever a company or a plug-in adds to its settings appears in the
reference and in the mistakes by itself.
"""

import types
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.plugins import Plugins, PluginTable
from config.toml_lines import KeyPath
from config.units import Notation

Kind = Literal["value", "table", "tables", "named"]
"""A plain value; one table ``[key]``; a list of tables ``[[key]]``; tables by name ``[key.NAME]``."""


@dataclass(frozen=True, slots=True)
class Option:
    """One key of a table."""

    key: str
    field: FieldInfo
    kind: Kind
    model: type[BaseModel] | None = None
    """Model of the table or tables; None for a value, and where every name has a model of its own."""
    models: Mapping[str, type[BaseModel]] | None = None
    """Models by name, for the tables of plug-ins."""


def options(model: type[BaseModel], table: Mapping[str, Any], plugins: Plugins) -> Iterator[Option]:
    """The keys that may stand in a table of this model; ``table`` is what stands in it now."""
    for name, field in model.model_fields.items():
        yield _option(field.alias or name, field, table, plugins)


def model_at(model: type[BaseModel], data: object, path: KeyPath, plugins: Plugins) -> type[BaseModel] | None:
    """The model of the table at a path, starting from ``model``; None where the path leads to no table."""
    if not path:
        return model
    table = data if isinstance(data, Mapping) else {}
    found = next((option for option in options(model, table, plugins) if option.key == path[0]), None)
    if found is None or found.kind == "value":
        return None
    inside = table.get(found.key)
    if found.kind == "table":
        return model_at(found.model, inside, path[1:], plugins) if found.model else None
    if len(path) == 1:
        return None
    models = found.models or {}
    step = found.model or models.get(str(path[1]))
    return model_at(step, _inside(inside, path[1]), path[2:], plugins) if step else None


def allowed(field: FieldInfo) -> str:
    """English words for what may be written, e.g. ``a whole number, at least 1``."""
    words = _words(field.annotation, field.metadata)
    return words or "any value"


def _option(key: str, field: FieldInfo, table: Mapping[str, Any], plugins: Plugins) -> Option:
    for note in field.metadata:
        if isinstance(note, PluginTable):
            models = note.models(plugins, table)
            if note.room == "handlers":
                return Option(key, field, "table", next(iter(models.values()), None))
            return Option(key, field, "named", models=models)
    kind, model = _kind(field.annotation)
    return Option(key, field, kind, model)


def _kind(annotation: Any) -> tuple[Kind, type[BaseModel] | None]:
    annotation = _bare(annotation)
    if _is_model(annotation):
        return "table", annotation
    origin, arguments = get_origin(annotation), [_bare(argument) for argument in get_args(annotation)]
    if isinstance(origin, type) and arguments:
        if issubclass(origin, Mapping) and _is_model(arguments[-1]):
            return "named", arguments[-1]
        if issubclass(origin, Sequence | AbstractSet) and _is_model(arguments[0]):
            return "tables", arguments[0]
    return "value", None


def _bare(annotation: Any) -> Any:
    """The type without ``Annotated`` and without ``| None``."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    choices = _choices(annotation)
    return _bare(choices[0]) if len(choices) == 1 else annotation


def _choices(annotation: Any) -> list[Any]:
    if get_origin(annotation) not in {Union, types.UnionType}:
        return []
    return [choice for choice in get_args(annotation) if choice is not type(None)]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _inside(value: object, step: str | int) -> object:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


_TYPE_WORDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number"),
    (Decimal, 'a number, such as 0.5 or "0.5"'),
    (str, "text"),
    (Path, "a file or folder"),
    (time, "a time of day"),
    (date, "a date such as 2026-01-31"),
)


def _words(annotation: Any, metadata: Sequence[Any]) -> str:
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        return _words(annotation, [*more, *metadata])
    note = next((entry for entry in metadata if isinstance(entry, Notation)), None)
    if note:
        return note.allowed
    return ", ".join([_type_words(annotation), *_limits(metadata)])


def _type_words(annotation: Any) -> str:
    choices = _choices(annotation)
    if choices:
        return " or ".join(dict.fromkeys(_words(choice, ()) for choice in choices))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _one_of(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a table of names, each with {_words(arguments[-1], ())}"
    if isinstance(origin, type) and issubclass(origin, Sequence | AbstractSet):
        return f"a list of: {_words(arguments[0], ())}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _one_of([member.value for member in annotation])
    if _is_model(annotation):
        return "a table"
    for known, words in _TYPE_WORDS:
        if isinstance(annotation, type) and issubclass(annotation, known):
            return words
    return "any value"


def _one_of(values: Sequence[object]) -> str:
    words = ", ".join(f'"{value}"' if isinstance(value, str) else str(value).lower() for value in values)
    return f"one of {words}" if len(values) > 1 else words


def _limits(metadata: Sequence[Any]) -> Iterator[str]:
    for entry in metadata:
        match entry:
            case Ge():
                yield f"at least {entry.ge}"
            case Gt():
                yield f"more than {entry.gt}"
            case Le():
                yield f"at most {entry.le}"
            case Lt():
                yield f"less than {entry.lt}"
            case MinLen():
                yield "not empty" if entry.min_length == 1 else f"length at least {entry.min_length}"
            case MaxLen():
                yield f"length at most {entry.max_length}"
            case _ if getattr(entry, "pattern", None):
                yield f"matching {entry.pattern}"
