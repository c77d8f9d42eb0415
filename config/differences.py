"""What a reload changes: what is taken over at once, and what needs a restart."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from config.settings import Settings

_NEEDS_RESTART = ("root", "timezone", "folders", "journal", "log", "engine.workers", "engine.worker_memory")
"""Settings that the daemon reads once, when it starts."""


def changes(old: Settings, new: Settings) -> list[str]:
    """Every setting that differs, as ``key: needs a restart`` (these first) or ``key: taken over``; no values."""
    keys = sorted(set(_differing("", old, new)), key=lambda key: (not needs_restart(key), key))
    return [f"{key}: {'needs a restart' if needs_restart(key) else 'taken over'}" for key in keys]


def needs_restart(key: str) -> bool:
    """Say whether a change of this setting takes effect only after a restart."""
    return any(key == name or key.startswith(f"{name}.") for name in _NEEDS_RESTART)


def _differing(key: str, old: object, new: object) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, BaseModel) and type(old) is type(new):
        for name, field in type(old).model_fields.items():
            step = field.alias or name
            yield from _differing(f"{key}.{step}" if key else step, getattr(old, name), getattr(new, name))
    elif (tables := _named(old, new)) is not None:
        before, after = tables
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _differing(f"{key}[{name}]", before.get(name), after.get(name))
        if list(before) != list(after) and set(before) == set(after):
            yield key
    else:
        yield key


def _named(old: object, new: object) -> tuple[Mapping[Any, object], Mapping[Any, object]] | None:
    """Routes, targets and companies are compared by name, not by position."""
    before, after = _by_name(old), _by_name(new)
    return (before, after) if before is not None and after is not None else None


def _by_name(tables: object) -> Mapping[Any, object] | None:
    if isinstance(tables, Mapping):
        return tables
    if not isinstance(tables, tuple):
        return None
    named: dict[object, object] = {
        getattr(table, "id", None) or getattr(table, "name", None): table for table in tables
    }
    return None if None in named or len(named) < len(tables) else named
