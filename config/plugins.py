"""The settings of formats and handlers, as daemon.py hands them in; this room does not import theirs.

The tables ``settings`` and ``format.<id>`` are checked with the model of the very handler or format they are for,
inside the validation of their route, so that a mistake in them has its full path like any other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, ValidationInfo, create_model

from config.nearest import unknown

Room = Literal["formats", "handlers", "writers"]


@dataclass(frozen=True, slots=True)
class Plugins:
    """What can be named in a configuration, each with the model of its settings."""

    formats: Mapping[str, type[BaseModel]]
    """Format id -> ``Settings`` of its reading half."""
    handlers: Mapping[str, type[BaseModel]]
    """Handler id -> ``Settings``."""
    writers: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    """Format id -> ``WriterSettings`` of its writing half."""


@dataclass(frozen=True, slots=True)
class PluginTable:
    """Stands in the metadata of a field whose model is known only when its neighbours are."""

    room: Room

    def models(self, plugins: Plugins, neighbours: Mapping[str, Any]) -> Mapping[str, type[BaseModel]]:
        """The models that count beside these neighbours: of the named handler, of the named formats, of all writers."""
        if self.room == "writers":
            return plugins.writers
        if self.room == "handlers":
            return _known(plugins.handlers, (neighbours.get("handler"),))
        named = neighbours.get("formats")
        return _known(plugins.formats, named if isinstance(named, list | tuple) else ())


class NoSettings(BaseModel):
    """Stands for the settings of a handler that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def require_known(room: Literal["formats", "handlers"], noun: str, name: str, info: ValidationInfo) -> str:
    """Return an id that is known, or any if there are no plug-ins to compare with. Raise ValueError naming all."""
    if isinstance(info.context, Plugins):
        models = info.context.formats if room == "formats" else info.context.handlers
        if name not in models:
            raise ValueError(unknown(noun, name, models))
    return name


def _known(models: Mapping[str, type[BaseModel]], names: Iterable[object]) -> Mapping[str, type[BaseModel]]:
    return {name: models[name] for name in names if isinstance(name, str) and name in models}


def _handler_settings(value: Any, info: ValidationInfo) -> BaseModel:
    if isinstance(value, BaseModel):
        return value
    if not isinstance(info.context, Plugins):
        return NoSettings.model_validate(value)
    for model in _HANDLERS.models(info.context, info.data).values():
        return _checked(model, value, info)
    return NoSettings()  # the handler itself is the mistake; its settings cannot be judged


def _format_settings(table: PluginTable) -> PlainValidator:
    def check(value: Any, info: ValidationInfo) -> Mapping[str, BaseModel]:
        if isinstance(value, Mapping) and all(isinstance(settings, BaseModel) for settings in value.values()):
            given = dict(value)
            rest = {}
        else:
            given = {}
            rest = value
        if not isinstance(info.context, Plugins):
            return given
        if table.room == "formats" and "formats" not in info.data:
            return given  # the list of formats is the mistake; the tables cannot be judged
        models = table.models(info.context, info.data)
        return {**_each(models, rest, info), **given}

    return PlainValidator(check)


def _each(models: Mapping[str, type[BaseModel]], value: Any, info: ValidationInfo) -> Mapping[str, BaseModel]:
    """Check one table for each model; those that are not there get the model's defaults."""
    checked = _checked(_tables_model(tuple(models.items())), value, info)
    return {name: getattr(checked, f"table_{number}") for number, name in enumerate(models)}


@lru_cache(maxsize=64)
def _tables_model(models: tuple[tuple[str, type[BaseModel]], ...]) -> type[BaseModel]:
    """A model with one table for each name; kept, because many routes name the same formats."""
    fields: dict[str, Any] = {
        f"table_{number}": (model, Field(default_factory=dict, alias=name, validate_default=True))
        for number, (name, model) in enumerate(models)
    }
    return create_model("FormatTables", **fields)


def _checked(model: type[BaseModel], value: Any, info: ValidationInfo) -> BaseModel:
    return model.model_validate(value, context=info.context, extra="forbid", by_alias=True, by_name=False)


def _dumped(settings: BaseModel) -> dict[str, Any]:
    return settings.model_dump(mode="json")


def _each_dumped(tables: Mapping[str, BaseModel]) -> dict[str, dict[str, Any]]:
    return {name: _dumped(settings) for name, settings in tables.items()}


_HANDLERS = PluginTable("handlers")
_FORMATS = PluginTable("formats")
_WRITERS = PluginTable("writers")

HandlerTable = Annotated[BaseModel, PlainValidator(_handler_settings), PlainSerializer(_dumped), _HANDLERS]
"""The settings of the route's handler, an instance of the handler's own model."""
FormatTables = Annotated[Mapping[str, BaseModel], _format_settings(_FORMATS), PlainSerializer(_each_dumped), _FORMATS]
"""Format id -> settings, for every format of the route."""
WriterTables = Annotated[Mapping[str, BaseModel], _format_settings(_WRITERS), PlainSerializer(_each_dumped), _WRITERS]
"""Format id -> settings of its writing half, for every format that writes."""
