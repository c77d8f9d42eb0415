"""Values as TOML, written the way a person would write them."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.units import Notation

WIDTH = 110


def assignment(key: str, value: Any, field: FieldInfo) -> list[str]:
    """The lines of ``key = value``; a long list takes several."""
    written = _noted(value, field) or toml(value)
    line = f"{toml_key(key)} = {written}"
    if len(line) <= WIDTH or not isinstance(value, list | tuple):
        return [line]
    inside = ", ".join(toml(element) for element in value) + ","
    return [f"{toml_key(key)} = [", *wrapped(inside, ""), "]"]


def comment(text: str) -> list[str]:
    """The lines of a comment; nothing for an empty text."""
    return wrapped(text, "# ") if text else []


def wrapped(text: str, sign: str) -> list[str]:
    """Lines that begin with the sign; quoted text and amounts with their units stay together."""
    held = re.sub(r'"[^"\n]{0,40}"', lambda match: match[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
    lines = textwrap.wrap(
        held, WIDTH, initial_indent=sign, subsequent_indent=sign, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def toml(value: Any) -> str:
    """One value on one line; models are inline tables, what TOML does not know is text."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True, by_alias=True)
    match value:
        case Enum():
            return toml(value.value)
        case bool():
            return str(value).lower()
        case int() | float() | date():
            return str(value)
        case time():
            return _quoted(value.strftime("%H:%M"))
        case Mapping():
            inside = ", ".join(f"{toml_key(str(key))} = {toml(each)}" for key, each in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case list() | tuple() | AbstractSet():
            elements: Sequence[Any] = sorted(value) if isinstance(value, AbstractSet) else value
            return "[" + ", ".join(toml(element) for element in elements) + "]"
        case _:
            return _quoted(str(value))


def toml_key(key: str) -> str:
    """A key, quoted where it has to be."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)


def _noted(value: Any, field: FieldInfo) -> str | None:
    note = next((entry for entry in field.metadata if isinstance(entry, Notation)), None)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _quoted(note.show(value)) if note and note.show and is_number else None


def _quoted(text: str) -> str:
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in escaped) + '"'
