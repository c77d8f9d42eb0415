"""Finding formats and handlers: every public module of a package is one, its file name is its id."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Plugins:
    """The modules by id. See ``core/contracts.py`` for what each promises to hold."""

    readers: Mapping[str, ModuleType]
    writers: Mapping[str, ModuleType]
    handlers: Mapping[str, ModuleType]


def module_names(package: str) -> tuple[str, ...]:
    """Full names of the public modules of a package; a leading underscore hides a helper."""
    path = importlib.import_module(package).__path__
    return tuple(f"{package}.{found.name}" for found in pkgutil.iter_modules(path) if not found.name.startswith("_"))


def load(formats: str, handlers: str) -> Plugins:
    """Import every module of the two packages."""
    found = _modules(formats)
    return Plugins(
        readers={name: module for name, module in found.items() if hasattr(module, "read")},
        writers={name: module for name, module in found.items() if hasattr(module, "open_writer")},
        handlers=_modules(handlers),
    )


def _modules(package: str) -> dict[str, ModuleType]:
    return {name.rpartition(".")[2]: importlib.import_module(name) for name in module_names(package)}
