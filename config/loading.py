"""From a TOML file to Settings, or to all of its mistakes at once."""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from config.checks import Sound, check, folder_of
from config.mistakes import Mistake, of_syntax, of_validation, worded
from config.plugins import Plugins
from config.remote import Sftp
from config.settings import Engine, Folders, Journal, Route, Settings, Target
from config.toml_lines import KeyPath, locate
from core.company import Company
from core.errors import ConfigError

_LARGEST = 5_000_000
"""Bytes; a file that is larger is no configuration."""

_Model = TypeVar("_Model", bound=BaseModel)


def load(path: Path, plugins: Plugins) -> Settings:
    """Read a configuration; every folder in the result is absolute and every inherited setting filled in.

    Raise ConfigError with all mistakes, each as ``file:line: key: what is wrong, what is allowed``. Neither the folders
    nor the secrets need to be there yet.
    """
    file = str(path)
    text = _text(path, file)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([of_syntax(error, file, text)]) from None
    except RecursionError:
        raise ConfigError([f"{file}:1: lists or tables are nested too deeply"]) from None
    base = Path(os.path.abspath(path)).parent  # noqa: PTH100 - resolve() would follow a link to the file itself
    settings, mistakes = _checked(data, base, plugins)
    if settings is None or mistakes:
        # the validation error's context holds input values, and with them perhaps a secret: it ends here
        raise ConfigError(worded(mistakes, file, data, locate(text))) from None
    return resolved(settings, base)


def resolved(settings: Settings, base: Path) -> Settings:
    """The same with absolute folders, starting from ``base``, and with what routes and targets take from [engine]."""
    root = _absolute(base, settings.root)
    folders = Folders(**{name: _absolute(root, getattr(settings.folders, name)) for name in Folders.model_fields})
    engine = settings.engine
    routes = [
        _inheriting(route, engine, ("settle", "poll"), _absolute(root, folder_of(route, folders.inbox)))
        for route in settings.routes
    ]
    targets = [
        _inheriting(target, engine, ("max_waiting", "pickup_alert"), _absolute(root, folder_of(target, folders.outbox)))
        for target in settings.targets
    ]
    changes: dict[str, Any] = {
        "root": root,
        "folders": folders,
        "journal": Journal(url=_absolute_url(settings.journal, folders.state)),
        "routes": tuple(routes),
        "targets": tuple(targets),
    }
    if settings.log.json_file is not None:
        changes["log"] = settings.log.model_copy(update={"json_file": _absolute(root, settings.log.json_file)})
    return settings.model_copy(update=changes)


def _text(path: Path, file: str) -> str:
    try:
        with path.open("rb") as source:
            content = source.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError([f"{file}:1: cannot be read: {error.strerror or error}"]) from None
    if len(content) > _LARGEST:
        raise ConfigError([f"{file}:1: is larger than {_LARGEST} bytes, this is no configuration"])
    try:
        # tomllib does not take the byte order mark that some Windows editors write
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{file}:{line}: holds bytes that are not UTF-8, save the file as UTF-8"]) from None


def _checked(data: Mapping[str, Any], base: Path, plugins: Plugins) -> tuple[Settings | None, Sequence[Mistake]]:
    """Validate the whole, then check what is sound of it, so that one mistake does not hide another."""
    settings, mistakes = _validated(Settings, data, plugins)
    root_only = {"root": data["root"]} if "root" in data else {}
    root = _absolute(base, (_validated(Settings, root_only, plugins)[0] or Settings()).root)
    sound = Sound(
        root=root,
        folders=_validated(Folders, data.get("folders", {}), plugins)[0] or Folders(),
        companies=list(_sound(Company, "company", data, plugins)),
        targets=list(_sound(Target, "target", data, plugins)),
        routes=list(_sound(Route, "route", data, plugins)),
        sftp=list(_sound(Sftp, "sftp", data, plugins)),
        names={noun: list(_names(noun, key, data)) for noun, key in _NAMES},
    )
    return settings, [*mistakes, *check(sound)]


_NAMES = (("company", "id"), ("target", "name"), ("route", "name"), ("sftp", "name"))


def _validated(model: type[_Model], data: object, plugins: Plugins) -> tuple[_Model | None, Sequence[Mistake]]:
    try:
        # a plug-in's model may forget to forbid unknown keys; here they are never taken
        return model.model_validate(data, context=plugins, extra="forbid", by_alias=True, by_name=False), ()
    except ValidationError as error:
        return None, list(of_validation(error, model, data if isinstance(data, Mapping) else {}, plugins))


def _tables(key: str, data: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    found = data.get(key)
    for number, table in enumerate(found if isinstance(found, list) else ()):
        if isinstance(table, Mapping):
            yield (key, number), table


def _sound(
    model: type[_Model], key: str, data: Mapping[str, Any], plugins: Plugins
) -> Iterator[tuple[KeyPath, _Model]]:
    for path, table in _tables(key, data):
        found, _ = _validated(model, table, plugins)
        if found is not None:
            yield path, found


def _names(noun: str, key: str, data: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for path, table in _tables(noun, data):
        if isinstance(table.get(key), str):
            yield (*path, key), table[key]


def _inheriting(owner: _Model, engine: Engine, names: Sequence[str], folder: Path) -> _Model:
    update = {name: getattr(engine, name) for name in names if name not in owner.model_fields_set}
    return owner.model_copy(update={**update, "folder": folder})


def _absolute(base: Path, folder: Path) -> Path:
    return Path(os.path.normpath(base / folder))


def _absolute_url(journal: Journal, state: Path) -> Any:
    url = journal.url
    if isinstance(url, str) and url.startswith("sqlite:///"):
        return f"sqlite:///{_absolute(state, Path(url.removeprefix('sqlite:///')))}"
    return url
