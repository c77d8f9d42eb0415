"""Carrying out the effects of a handler: documents become staged files, everything else is collected.

Runs in the worker. A staged file is complete, has its final mode and lies on its target's file system under a hidden
name that nobody else uses; only the engine makes it visible.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from core.batch import REJECTED_FOLDER, Output
from core.contracts import Attach, Claim, Effect, Emit, Hold, Put, Wait, Warn, Writer
from core.errors import Problem, RuleError
from spool.folders.own_folders import entered
from spool.work.messages import Staged
from spool.work.opening import open_regular

STAGED_FOLDER = ".staged"
_SPILL_AT = 5_000
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where the outputs of one target are staged, and how the files shall be readable."""

    folder: str
    file_mode: int
    group_id: int | None = None


@dataclass(slots=True)
class Collected:
    """Everything that one file has led to."""

    outputs: list[Staged] = field(default_factory=list)
    puts: list[Put] = field(default_factory=list)
    spilled: str | None = None
    claims: dict[tuple[str, str], str] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    stop: Hold | Wait | None = None


class _StagedFile:
    """A file that is being written under its hidden name."""

    def __init__(self, place: Place, path: str, target: str, name: str) -> None:
        self.target, self.name, self.path, self.size = target, name, path, 0
        self._hash = hashlib.sha256()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        with entered(path) as (folder, hidden):
            descriptor = os.open(hidden, flags, place.file_mode, dir_fd=folder)
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 16)
        self._place = place

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)
        with self._named():
            self._file.write(data)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """The system says that a disk is full, but not which one."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.path) from error

    def finish(self) -> Staged:
        descriptor = self._file.fileno()
        with self._named():
            os.fchmod(descriptor, self._place.file_mode)
            if self._place.group_id is not None:
                os.fchown(descriptor, -1, self._place.group_id)
            self._file.close()
        return Staged(self.target, self.name, self.path, self.size, self._hash.hexdigest())

    def abandon(self) -> None:
        with suppress(OSError):  # closing writes what is left over, perhaps on a full disk
            self._file.close()


class Staging:
    """Carries out the effects of one drop; ``discard`` takes everything back that was written."""

    def __init__(
        self,
        drop_id: str,
        attempt: int,
        places: Mapping[str, Place],
        writers: Mapping[str, ModuleType],
        writer_settings: Mapping[str, Any],
        spill_path: str,
        hold: Callable[[str], None],
    ) -> None:
        """``hold`` raises TransportError for a folder that is not ours, or not the one that it was."""
        self._hold = hold
        self._stem = f"{drop_id}.{attempt}"
        self._places = places
        self._writers = writers
        self._writer_settings = writer_settings
        self._spill_path = spill_path
        self._open: dict[Output, tuple[Writer, _StagedFile]] = {}
        self._order: list[Output | Staged] = []
        self._paths: list[str] = []

    def carry_out(self, effects: Iterable[Effect], digest: str) -> Collected:
        """Carry out every effect; stop at the first Hold or Wait. OSError means that a place cannot be written."""
        collected = Collected()
        for effect in effects:
            match effect:
                case Emit():
                    self._emit(effect)
                case Put():
                    collected.puts.append(effect)
                    if len(collected.puts) >= _SPILL_AT:
                        collected.spilled = self._spill(collected.puts)
                case Claim():
                    collected.claims[f"company:{effect.company}", effect.key] = digest
                case Warn():
                    collected.warnings.append(effect.problem)
                case Attach():
                    self._attach(effect)
                case Hold() | Wait():
                    self.discard()
                    return Collected(stop=effect, warnings=collected.warnings)
        if collected.spilled:
            self._spill(collected.puts)
        collected.outputs = self._finish()
        return collected

    def discard(self) -> None:
        """Remove everything that was staged, as far as the place allows it; a restart removes what remains."""
        for _writer, file in self._open.values():
            file.abandon()
        self._open.clear()
        self._order.clear()
        for path in self._paths:
            with suppress(OSError):
                os.unlink(path)
        self._paths.clear()

    def _emit(self, effect: Emit) -> None:
        opened = self._open.get(effect.output)
        if opened is None:
            module = self._writers[effect.output.format]
            settings = self._writer_settings.get(effect.output.format) or module.WriterSettings()
            file = self._new_file(effect.output.target, effect.output.name)
            opened = self._open[effect.output] = (module.open_writer(effect.output, settings), file)
            self._order.append(effect.output)
            file.write(opened[0].begin())
        writer, file = opened
        file.write(writer.add(effect.documents))

    def _attach(self, effect: Attach) -> None:
        file = self._new_file(effect.target, effect.name)
        if isinstance(effect.content, bytes):
            file.write(effect.content)
        else:
            with open_regular(str(effect.content)) as source:
                while block := source.read(_COPY_BYTES):
                    file.write(block)
        self._order.append(file.finish())

    def _new_file(self, target: str, name: str) -> _StagedFile:
        place = self._places.get(target)
        if place is None:
            raise RuleError(
                Problem(
                    "unknown_target",
                    f"Das Ziel „{target}“ ist nicht eingerichtet.",
                    "Bitte die Administration verständigen; danach die Datei noch einmal ablegen.",
                )
            )
        self._hold(place.folder)
        path = f"{place.folder}/{self._stem}.{len(self._paths)}"
        self._paths.append(path)
        return _StagedFile(place, path, target, name)

    def _finish(self) -> list[Staged]:
        staged: list[Staged] = []
        for item in self._order:
            if isinstance(item, Staged):
                staged.append(item)
                continue
            writer, file = self._open.pop(item)
            file.write(writer.end())
            staged.append(file.finish())
        # What comes back to the clerk is shown last, when everything else is in place.
        return sorted(staged, key=lambda output: output.target == REJECTED_FOLDER)

    def _spill(self, puts: list[Put]) -> str:
        with Path(self._spill_path).open("a", encoding="utf-8") as file:
            for put in puts:
                json.dump([put.company, put.kind, put.key, put.group, put.body], file, ensure_ascii=False)
                file.write("\n")
        puts.clear()
        return self._spill_path
