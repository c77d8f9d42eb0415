"""Checks that no table can do for itself: names given twice, names that mean nothing, folders inside one another."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from config.mistakes import Mistake
from config.nearest import unknown
from config.remote import Sftp
from config.settings import Folders, Route, Target
from config.toml_lines import KeyPath
from core.company import Company


@dataclass(frozen=True, slots=True)
class Sound:
    """The parts of a configuration that are right by themselves, each with its path; wrong ones are left out."""

    root: Path
    """Absolute."""
    folders: Folders
    companies: Sequence[tuple[KeyPath, Company]]
    targets: Sequence[tuple[KeyPath, Target]]
    routes: Sequence[tuple[KeyPath, Route]]
    sftp: Sequence[tuple[KeyPath, Sftp]]
    names: Mapping[str, Sequence[tuple[KeyPath, str]]]
    """Names of every company, target and route, those of the wrong ones too: "company" -> (path, name)."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder and the setting that names it."""

    path: KeyPath
    owner: str
    """Words for the setting, e.g. ``route "clue"``."""
    folder: Path
    real: Path
    """Absolute, symlinks resolved."""
    holder: Path | None = None
    """The folder in which this one may lie."""


def check(sound: Sound) -> Iterator[Mistake]:
    """All mistakes between the tables."""
    yield from _doubled(sound)
    yield from _dangling(sound)
    yield from _without_effect(sound)
    yield from _remote(sound)
    places = list(_places(sound))
    for place in places:
        yield from _outside(place, sound.root)
    yield from _overlaps(places)


def _doubled(sound: Sound) -> Iterator[Mistake]:
    for noun, names in sound.names.items():
        seen: dict[str, str] = {}
        for path, name in names:
            # shares do not tell upper from lower case
            if name.casefold() in seen:
                other = seen[name.casefold()]
                yield Mistake(path, f'there is already a {noun} "{other}", every {noun} needs a name of its own')
            seen.setdefault(name.casefold(), name)


def _dangling(sound: Sound) -> Iterator[Mistake]:
    known = {noun: {name for _, name in names} for noun, names in sound.names.items()}
    for path, company in sound.companies:
        yield from _unknown_references(path, company, known)
        if not company.target and company.fibu not in known["target"]:
            text = unknown("target", company.fibu, known["target"])
            yield Mistake((*path, "fibu"), f"{text}; or name another one with target")
    for path, route in sound.routes:
        yield from _unknown_references((*path, "settings"), route.handler_settings, known)
        if route.company is not None and route.company not in known["company"]:
            yield Mistake((*path, "company"), unknown("company", route.company, known["company"]))


def references(path: KeyPath, value: object) -> Iterator[tuple[KeyPath, str, str]]:
    """Names of targets and companies inside settings, as (path, "target" or "company", name).

    A key names a target when it is ``target`` or ends in ``_target``, or ``targets``/``_targets`` for a list or a table
    of them; likewise ``company``. Empty names and those that begin with "@" (the engine's own) are no references.
    """
    for name, field in type(value).model_fields.items() if isinstance(value, BaseModel) else ():
        key = field.alias or name
        inside = getattr(value, name)
        nouns = [n for n, plural in (("target", "targets"), ("company", "companies")) if _last_word(key) in {n, plural}]
        for step, leaf in _leaves((*path, key), inside):
            if isinstance(leaf, BaseModel):
                yield from references(step, leaf)
            elif nouns and isinstance(leaf, str) and leaf and not leaf.startswith("@"):
                yield step, nouns[0], leaf


def _last_word(key: str) -> str:
    return key.rpartition("_")[2]


def _leaves(path: KeyPath, value: object) -> Iterator[tuple[KeyPath, object]]:
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _leaves((*path, str(key)), inside)
    elif isinstance(value, tuple | list):
        for number, inside in enumerate(value):
            yield from _leaves((*path, number), inside)
    else:
        yield path, value


def _unknown_references(path: KeyPath, settings: BaseModel, known: Mapping[str, set[str]]) -> Iterator[Mistake]:
    for place, noun, name in references(path, settings):
        if name not in known[noun]:
            yield Mistake(place, unknown(noun, name, known[noun]))


def _without_effect(sound: Sound) -> Iterator[Mistake]:
    for path, route in sound.routes:
        useless = {
            "marker": None if route.ready == "marker" else 'ready = "marker"',
            "poll": None if route.watch == "poll" else 'watch = "poll"',
            "due_days": None if route.due_by is not None else "due_by",
        }
        for name, only_with in useless.items():
            # to write a default down does no harm
            if only_with and getattr(route, name) != Route.model_fields[name].default:
                yield Mistake((*path, name), f"has no effect, allowed only with {only_with}")


def _remote(sound: Sound) -> Iterator[Mistake]:
    """What is collected must land somewhere and be taken there; a file can be delivered to one place only."""
    by_marker = {route.name for _, route in sound.routes if route.ready == "marker"}
    delivered: dict[str, str] = {}
    for path, place in sound.sftp:
        for number, collect in enumerate(place.collect):
            where = (*path, "collect", number, "route")
            if collect.route not in {name for _, name in sound.names["route"]}:
                yield Mistake(where, unknown("route", collect.route, [name for _, name in sound.names["route"]]))
            elif collect.route in by_marker:
                text = f'"{collect.route}" waits for markers, and what is collected has none, allowed: another route'
                yield Mistake(where, f'{text}, or no ready = "marker" there')
        for number, deliver in enumerate(place.deliver):
            where = (*path, "deliver", number, "target")
            if deliver.target not in {name for _, name in sound.names["target"]}:
                yield Mistake(where, unknown("target", deliver.target, [name for _, name in sound.names["target"]]))
            elif deliver.target in delivered:
                yield Mistake(where, f'"{deliver.target}" is delivered by sftp "{delivered[deliver.target]}" already')
            delivered.setdefault(deliver.target, place.name)
        twice = [c.folder for c in place.collect]
        for number, folder in enumerate(twice):
            if folder in twice[:number]:
                yield Mistake((*path, "collect", number, "folder"), f'"{folder}" is collected from already')


def _places(sound: Sound) -> Iterator[_Place]:
    folders = sound.folders
    for name in Folders.model_fields:
        yield _place(("folders", name), f"folders.{name}", getattr(folders, name), sound.root)
    for route_path, route in sound.routes:
        folder = folder_of(route, folders.inbox)
        yield _place((*route_path, "folder"), f'route "{route.name}"', folder, sound.root, folders.inbox)
    for target_path, target in sound.targets:
        folder = folder_of(target, folders.outbox)
        yield _place((*target_path, "folder"), f'target "{target.name}"', folder, sound.root, folders.outbox)


def folder_of(owner: Route | Target, parent: Path) -> Path:
    """The folder of a route or target: its own, or the one of its name in the parent."""
    return owner.folder if "folder" in owner.model_fields_set else parent / owner.name


def _place(path: KeyPath, owner: str, folder: Path, root: Path, holder: Path | None = None) -> _Place:
    return _Place(path, owner, folder, _real(root / folder), _real(root / holder) if holder is not None else None)


def _real(folder: Path) -> Path:
    """Symlinks resolved, as far as the folder is there."""
    return Path(os.path.realpath(folder))


def _outside(place: _Place, root: Path) -> Iterator[Mistake]:
    written = Path(os.path.normpath(root / place.folder))
    if not place.folder.is_absolute() and not written.is_relative_to(root):
        text = f'"{place.folder}" leads out of root, allowed: a folder inside root, or an absolute one'
        yield Mistake(place.path, text)


def _overlaps(places: Sequence[_Place]) -> Iterator[Mistake]:
    """Each folder against the same one named before, or else the nearest one around; the rest follows from these."""
    first: dict[Path, _Place] = {}
    for place in places:
        first.setdefault(place.real, place)
    for place in places:
        nearest = next((first[parent] for parent in place.real.parents if parent in first), None)
        if first[place.real] is not place:
            yield _overlapping(place, "is the same folder as", first[place.real])
        elif nearest is not None and nearest.real != place.holder:
            yield _overlapping(place, "lies inside", nearest)


def _overlapping(place: _Place, how: str, other: _Place) -> Mistake:
    text = f'"{place.real}" {how} that of {other.owner} ("{other.real}"), every folder must stand by itself'
    return Mistake(place.path, text)
