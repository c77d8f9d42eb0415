"""The commented reference: every option with its meaning, what is allowed and its default, written from the models.

A line that begins with ``#`` and no blank is a setting: a default, or an example where there is none to show. The text
loads as it is, and also with every such line taken in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config.checks import references
from config.plugins import NoSettings, Plugins
from config.settings import Settings
from config.shapes import Option, allowed, options
from config.toml_text import assignment, comment, toml_key

_HEAD = """\
# Every option of a Cluedrop configuration. Generated from the models: change those, not this file.
#
# A line that begins with "#" and has no blank after it shows a default, or an example where nothing is set by
# default; take the "#" away to change it.
# Windows paths: a backslash may stand in 'single quotes'; in "double quotes" it starts an escape.
"""


def reference(plugins: Plugins) -> str:
    """The whole reference as TOML; one route for each handler, so that the settings of every handler are shown."""
    return _HEAD + _written(_example(plugins), plugins, full=True)


def commented(values: Mapping[str, Any], plugins: Plugins, head: str) -> str:
    """A configuration with just these values, each explained where it stands for the first time."""
    return head + _written(values, plugins, full=False)


def _example(plugins: Plugins) -> Mapping[str, Any]:
    """The least that shows everything: a company, a route for each handler, and every target that is named."""
    handlers = sorted(plugins.handlers) if plugins.formats else []
    routes: list[dict[str, Any]] = [
        {"name": name, "formats": sorted(plugins.formats), "handler": name} for name in handlers
    ]
    defaults = [model() for model in plugins.handlers.values() if not _has_required(model)]
    named = {name for model in defaults for _, noun, name in references((), model) if noun == "target"}
    targets = [{"name": name} for name in sorted({"bmd", "clue"} | named)]
    example = {"company": [{"id": "1", "fibu": "bmd"}], "target": targets, "route": routes}
    return example | ({"sftp": [_remote(handlers[0])]} if routes else {})


def _remote(route: str) -> Mapping[str, Any]:
    """The least that shows a place outside."""
    return {
        "name": "partner",
        "host": "sftp.example.org",
        "user": "muster",
        "key": "credential:partner-key",
        "collect": [{"folder": "/out", "route": route}],
        "deliver": [{"folder": "/in", "target": "clue"}],
    }


def _written(values: Mapping[str, Any], plugins: Plugins, *, full: bool) -> str:
    page = _Page(plugins, full)
    page.table((), Settings, values, live=True, whole=full)
    return "\n".join(page.lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Inner:
    """One table behind an option. ``live`` is False where it is only shown, as a default or an example."""

    model: type[BaseModel]
    values: Mapping[str, Any]
    live: bool
    name: str | None = None


class _Page:
    def __init__(self, plugins: Plugins, full: bool) -> None:
        self.lines: list[str] = []
        self._plugins = plugins
        self._full = full
        self._explained: set[object] = set()

    def table(
        self, path: tuple[str, ...], model: type[BaseModel], values: Mapping[str, Any], *, live: bool, whole: bool
    ) -> None:
        """The inside of a table; ``whole`` asks for every option of it, those explained elsewhere too."""
        found = list(options(model, values, self._plugins))
        # in TOML the keys of a table stand before the tables inside it
        for option in found:
            if option.kind == "value":
                self._value(model, option, values, live=live, whole=whole)
        for option in found:
            for inner in _inner(option, values.get(option.key)):
                self._inside(path, model, option, inner, live=live and inner.live)

    def _value(
        self, model: type[BaseModel], option: Option, values: Mapping[str, Any], *, live: bool, whole: bool
    ) -> None:
        is_new = self._is_new((model, option.key))
        is_given = option.key in values
        if not is_given and not whole and not option.field.is_required():
            return
        if is_new:
            self._explain(option.field)
        shown = values[option.key] if is_given else _default_or_example(option.field)
        sign = "" if live and (is_given or option.field.is_required()) else "#"
        self.lines += [f"{sign}{line}" for line in assignment(option.key, shown, option.field)]

    def _explain(self, field: FieldInfo) -> None:
        self.lines += ["", *comment(field.description or "")]
        if field.is_required():
            end = " Must be given."
        elif field.default is None or field.default == ():
            end = " Default: nothing."
        else:
            end = ""
        self.lines += comment(f"Allowed: {allowed(field)}.{end}")

    def _inside(
        self, path: tuple[str, ...], owner: type[BaseModel], option: Option, inner: _Inner, *, live: bool
    ) -> None:
        is_given = inner.live and bool(inner.values)
        is_new = self._is_new((owner, option.key, inner.name, inner.model))
        if inner.model is NoSettings or not (is_given or (is_new and self._full and inner.model.model_fields)):
            return
        where = (*path, option.key, *([inner.name] if inner.name is not None else []))
        header = ".".join(toml_key(step) for step in where)
        self.lines += ["", *(comment(option.field.description or "") if is_new else [])]
        self.lines.append(f"{'' if live else '#'}{f'[[{header}]]' if option.kind == 'tables' else f'[{header}]'}")
        self.table(where, inner.model, inner.values, live=live, whole=is_new and self._full)

    def _is_new(self, what: object) -> bool:
        is_new = what not in self._explained
        self._explained.add(what)
        return is_new


def _inner(option: Option, given: Any) -> Iterator[_Inner]:
    values: Mapping[str, Any]
    default = option.field.default
    if option.kind == "table" and option.model:
        if given is None and isinstance(default, BaseModel) and default != _empty(option.model):
            yield _Inner(option.model, default.model_dump(exclude_none=True, by_alias=True), live=False)
        else:
            yield _Inner(option.model, given or {}, live=given is not None or default is not None)
    elif option.kind == "tables" and option.model:
        for values in given or ({},):
            yield _Inner(option.model, values, live=bool(given))
    elif option.models is not None:
        for name, model in option.models.items():
            yield _Inner(model, (given or {}).get(name, {}), live=True, name=name)
    elif option.kind == "named" and option.model:
        for name, values in (given or {"NAME": {}}).items():
            yield _Inner(option.model, values, live=bool(given), name=name)


def _has_required(model: type[BaseModel]) -> bool:
    return any(field.is_required() for field in model.model_fields.values())


def _empty(model: type[BaseModel]) -> BaseModel | None:
    return None if _has_required(model) else model()


def _default_or_example(field: FieldInfo) -> Any:
    shows_little = field.default_factory is not None or field.default in (PydanticUndefined, None, ())
    if field.examples and (shows_little or "Default:" in (field.description or "")):
        return field.examples[0]
    return _example_of(field) if shows_little and field.default != () else field.default


_CANDIDATES: tuple[Any, ...] = ("...", "4000", "1", "EUR", "2026-01-31", "07:00", 1, Decimal(1), False, ["..."], {}, [])


def _example_of(field: FieldInfo) -> Any:
    """A value that the field takes."""
    if get_origin(field.annotation) is Literal:
        return get_args(field.annotation)[0]
    adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
    for candidate in _CANDIDATES:
        try:
            adapter.validate_python(candidate)
        except ValidationError:
            continue
        return candidate
    raise ValueError(f"no example fits ({field.description}): give the field one with examples=[...]")
